//! The test that training/logs_and_debugger.md shows; a test of the checker compares them.

use ping_pong_solution as ping_pong;

// ── as the text shows it
use std::time::Duration;

use ping_pong::protocol::{CONSUMER, ConsumerMsg, PRODUCER, ProducerMsg};
use runtime::{Cookie, MemoryNet, Net, Node, NodeConfig};

#[tokio::test(start_paused = true)]
async fn ping_is_counted_on_the_other_node() {
    let net = MemoryNet::new(7);
    let mut nodes = Vec::new();
    for name in ["n1@sim", "n2@sim"] {
        let cookie = Cookie::from_text("mine").unwrap();
        let config = NodeConfig::new(name.parse().unwrap(), cookie, Net::Memory(net.clone()));
        let node = Node::start(config).await.unwrap();
        ping_pong::start(node.clone()).await.unwrap();
        nodes.push(node);
    }
    let (n1, n2) = (&nodes[0], &nodes[1]);
    n2.connect(n1.name()).await.unwrap();

    let sent = n1
        .call(&PRODUCER.at(n1.name()), ProducerMsg::SendPing)
        .await;
    assert_eq!(sent.unwrap(), 1);

    // Takes no time: the clock jumps when all nodes wait.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let counts = n2.call(&CONSUMER.at(n2.name()), ConsumerMsg::Counts).await;
    assert_eq!(counts.unwrap().get(n1.name()), Some(&1));
}
