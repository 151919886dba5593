//! Connections: how they open and close, and what they promise meanwhile.

use std::time::Duration;

use futures_util::future::join_all;
use runtime::{
    ConnectError, ConnectionLoss, Cookie, HandshakeError, MemoryNet, Net, Node, NodeConfig,
    NodeEvent, Refusal, TcpNet,
};
use tokio::time::{Instant, sleep};

use crate::world::*;

#[tokio::test(start_paused = true)]
async fn messages_arrive_in_order_and_once() {
    let net = MemoryNet::new(1);
    let [n1, n2] = cluster(&net).await;
    for n in 0..2000 {
        n1.cast(&COUNTER.at(n2.name()), CounterMsg::Add(n))
            .await
            .unwrap();
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(seen(&n2).await, (0..2000).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_with_a_link_is_not_sent_again() {
    let net = MemoryNet::new(2);
    let [n1, n2] = cluster(&net).await;
    let sender = tokio::spawn({
        let (n1, n2) = (n1.clone(), n2.name().clone());
        async move {
            for n in 0..500 {
                n1.cast(&COUNTER.at(&n2), CounterMsg::Add(n)).await.unwrap();
                sleep(Duration::from_micros(300)).await;
            }
        }
    });
    for _ in 0..10 {
        sleep(Duration::from_millis(12)).await;
        net.sever(n1.name(), n2.name());
    }
    sender.await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let seen = seen(&n2).await;
    assert!(
        seen.is_sorted_by(|a, b| a < b),
        "in order, none twice: {seen:?}"
    );
    assert!(
        seen.len() < 500,
        "severing the connection lost nothing, so this test shows nothing"
    );
    assert_eq!(seen.last(), Some(&499), "the connection came back");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_joins_meets_all_the_others() {
    let net = MemoryNet::new(3);
    let mut nodes = Vec::new();
    for number in 0..10 {
        nodes.push(node(&net, &format!("n{number}")).await);
    }
    // A chain: each connects only to the one before it.
    for pair in nodes.windows(2) {
        pair[1].connect(pair[0].name()).await.unwrap();
    }
    for node in &nodes {
        eventually("ten nodes in a full mesh", || node.list().len() == 9).await;
    }
}

#[tokio::test(start_paused = true)]
async fn thirty_nodes_that_join_at_once_meet_and_lose_no_link() {
    for seed in 0..10 {
        let net = MemoryNet::new(seed);
        let mut nodes = Vec::new();
        for number in 0..30 {
            nodes.push(node(&net, &format!("n{number}")).await);
        }
        let mut events: Vec<_> = nodes.iter().map(Node::events).collect();
        let began = Instant::now();
        let joining = nodes[1..].iter().map(|node| node.connect(nodes[0].name()));
        for joined in join_all(joining).await {
            joined.unwrap();
        }
        for node in &nodes {
            eventually("thirty nodes in a full mesh", || node.list().len() == 29).await;
        }
        // With a millisecond for each frame there is no time for a second try after a pause.
        let took = began.elapsed();
        assert!(took < Duration::from_millis(200), "seed {seed}: {took:?}");
        sleep(Duration::from_secs(10)).await;
        for events in &mut events {
            for _ in 0..29 {
                assert!(matches!(events.try_recv(), Ok(NodeEvent::Up(_))));
            }
            assert!(
                events.try_recv().is_err(),
                "seed {seed}: a connection was lost"
            );
        }
        for node in &nodes {
            node.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_that_do_not_answer_hold_up_no_others() {
    let net = MemoryNet::new(17);
    let mut nodes = Vec::new();
    for number in 10..30 {
        nodes.push(node(&net, &format!("n{number}")).await);
    }
    for node in &nodes[1..] {
        node.connect(nodes[0].name()).await.unwrap();
    }
    let late = node(&net, "n05").await;
    let silent = &nodes[1..17];
    for node in silent {
        net.blackhole(node.name(), late.name());
    }
    let began = Instant::now();
    late.connect(nodes[0].name()).await.unwrap();
    eventually("the four that answer", || late.list().len() == 4).await;
    let took = began.elapsed();
    assert!(
        took < Duration::from_secs(1),
        "a handshake may take 5 s, and sixteen nodes leave one hanging: {took:?}"
    );
    net.heal_all();
    eventually("all", || late.list().len() == 20).await;
}

#[tokio::test(start_paused = true)]
async fn simultaneous_connects_settle_on_one_link() {
    let net = MemoryNet::new(4);
    for round in 0..200 {
        let (n1, n2) = (
            node(&net, &format!("a{round}")).await,
            node(&net, &format!("b{round}")).await,
        );
        let (mut at1, mut at2) = (n1.events(), n2.events());
        // From both at once, and a little apart in either direction.
        let lead = Duration::from_micros(100 * (round % 60));
        let (first, second) = if round % 2 == 0 {
            (&n1, &n2)
        } else {
            (&n2, &n1)
        };
        let late = async {
            sleep(lead).await;
            second.connect(first.name()).await
        };
        let (one, two) = tokio::join!(first.connect(second.name()), late);
        one.unwrap();
        two.unwrap();
        sleep(Duration::from_secs(10)).await;
        assert_eq!(
            at1.try_recv(),
            Ok(NodeEvent::Up(n2.name().clone())),
            "round {round}"
        );
        assert_eq!(
            at2.try_recv(),
            Ok(NodeEvent::Up(n1.name().clone())),
            "round {round}"
        );
        assert!(
            at1.try_recv().is_err() && at2.try_recv().is_err(),
            "round {round}: a connection came and went"
        );
        n1.stop().await;
        n2.stop().await;
    }
}

#[tokio::test]
async fn simultaneous_connects_over_tcp_settle_on_one_link() {
    let directory = runtime::directory::DirectoryServer::bind(
        "127.0.0.1:0".parse().unwrap(),
        std::sync::Arc::new(runtime::directory::AsRegistered),
    );
    let directory = directory.await.unwrap();
    let tcp = Net::Tcp(TcpNet::with(runtime::net::DirectoryMode::At(
        directory.address(),
    )));
    for round in 0..40 {
        let start = |name: String| {
            Node::start(NodeConfig::new(
                name.parse().unwrap(),
                Cookie::from_text("c").unwrap(),
                tcp.clone(),
            ))
        };
        let n1 = start(format!("a{round}@127.0.0.1")).await.unwrap();
        let n2 = start(format!("b{round}@127.0.0.1")).await.unwrap();
        let (mut at1, mut at2) = (n1.events(), n2.events());
        let (there, back) = tokio::join!(n1.connect(n2.name()), n2.connect(n1.name()));
        there.unwrap();
        back.unwrap();
        let pong = tokio::join!(n1.ping(n2.name()), n2.ping(n1.name()));
        assert!(pong.0.is_ok() && pong.1.is_ok(), "round {round}");
        assert_eq!(at1.recv().await, Ok(NodeEvent::Up(n2.name().clone())));
        assert_eq!(at2.recv().await, Ok(NodeEvent::Up(n1.name().clone())));
        assert!(
            at1.try_recv().is_err() && at2.try_recv().is_err(),
            "round {round}: a connection came and went"
        );
        n1.stop().await;
        n2.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_is_seen_at_once() {
    let net = MemoryNet::new(5);
    let [n1, n2] = cluster(&net).await;
    let mut events = n1.events();
    let cut_at = Instant::now();
    net.kill(n2.name());
    assert!(
        matches!(events.recv().await, Ok(NodeEvent::Down(name, ConnectionLoss::Closed(_))) if name == *n2.name())
    );
    assert!(
        cut_at.elapsed() < Duration::from_millis(50),
        "{:?}",
        cut_at.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn silence_is_seen_after_the_tick_time_and_not_before() {
    let net = MemoryNet::new(6);
    let [n1, n2] = cluster(&net).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(n1.list(), [n2.name().clone()], "idle connections stay");
    let mut events = n1.events();
    let cut_at = Instant::now();
    net.blackhole(n2.name(), n1.name());
    assert_eq!(
        events.recv().await,
        Ok(NodeEvent::Down(n2.name().clone(), ConnectionLoss::Silence))
    );
    let took = cut_at.elapsed();
    assert!(
        took >= Duration::from_secs(3) && took <= Duration::from_secs(6),
        "tick time 4 s, took {took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_peer_is_reached_again_after_heal() {
    let net = MemoryNet::new(7);
    let [n1, n2] = cluster(&net).await;
    net.partition(n1.name(), n2.name());
    sleep(Duration::from_secs(30)).await;
    assert_eq!(news(&n1).await, ["up n2", "down n2"]);
    net.heal(n1.name(), n2.name());
    let healed_at = Instant::now();
    eventually("a new connection", || {
        n1.list().len() == 1 && n2.list().len() == 1
    })
    .await;
    assert!(
        healed_at.elapsed() < Duration::from_secs(3),
        "the backoff is capped: {:?}",
        healed_at.elapsed()
    );
    assert_eq!(news(&n1).await, ["up n2", "down n2", "up n2"]);
    assert_eq!(news(&n2).await, ["up n1", "down n1", "up n1"]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_was_disconnected_on_purpose_stays_away() {
    let net = MemoryNet::new(8);
    let [n1, n2, n3] = cluster(&net).await;
    assert!(n1.disconnect(n2.name()));
    sleep(Duration::from_secs(60)).await;
    assert_eq!(n1.list(), [n3.name().clone()]);
    assert_eq!(n2.list(), [n3.name().clone()]);
    // Not through the mesh either.
    let n4 = node(&net, "n4").await;
    n4.connect(n1.name()).await.unwrap();
    eventually("n4 meets n2 and n3", || n4.list().len() == 3).await;
    sleep(Duration::from_secs(60)).await;
    assert!(!n1.list().contains(n2.name()));
    n2.connect(n1.name()).await.unwrap();
    eventually("both know", || {
        n1.list().contains(n2.name()) && n2.list().contains(n1.name())
    })
    .await;
    assert!(!n1.disconnect(&name("nobody")));
}

#[tokio::test(start_paused = true)]
async fn a_message_connects_and_waits_for_the_link() {
    let net = MemoryNet::new(9);
    let (n1, n2) = (node(&net, "n1").await, node(&net, "n2").await);
    n2.start_server::<Counter>(&COUNTER, ()).await.unwrap();
    n1.cast(&COUNTER.at(n2.name()), CounterMsg::Add(5))
        .await
        .unwrap();
    eventually("the connection", || n2.list().len() == 1).await;
    sleep(Duration::from_millis(10)).await;
    assert_eq!(seen(&n2).await, [5]);
    assert_eq!(
        news(&n2).await,
        ["up n1"],
        "the connection is announced before what comes over it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_restarted_node_is_never_refused_for_a_stale_link() {
    let net = MemoryNet::new(10);
    let [n1, n2] = cluster(&net).await;
    // n1 still has the connection when the new n2 arrives: the old one vanished in silence.
    net.blackhole(n2.name(), n1.name());
    net.blackhole(n1.name(), n2.name());
    n2.stop().await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(n1.list(), [n2.name().clone()]);
    let mut events = n1.events();
    net.heal_all();
    let again = node(&net, "n2").await;
    again.connect(n1.name()).await.unwrap();
    assert!(matches!(events.recv().await, Ok(NodeEvent::Down(..))));
    assert_eq!(events.recv().await, Ok(NodeEvent::Up(n2.name().clone())));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(
        (n1.list(), again.list()),
        (vec![n2.name().clone()], vec![n1.name().clone()])
    );
}

#[tokio::test(start_paused = true)]
async fn hidden_nodes_are_not_listed_not_announced_and_not_in_the_mesh() {
    let net = MemoryNet::new(11);
    let [n1, n2] = cluster(&net).await;
    let hidden = Node::start(NodeConfig {
        hidden: true,
        ..config(&net, "watcher")
    })
    .await
    .unwrap();
    let news_before = news(&n1).await;
    hidden.connect(n1.name()).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(
        hidden.list(),
        [n1.name().clone()],
        "no mesh for a hidden node"
    );
    assert_eq!(n1.list(), [n2.name().clone()]);
    assert_eq!(n1.list_hidden(), [hidden.name().clone()]);
    assert_eq!(news(&n1).await, news_before);
    // It can call, but not be reached by a broadcast, and brings no time along.
    let clock = n1.clock().now();
    hidden.clock().observe(1_000_000);
    let _: Vec<u64> = hidden
        .call(&COUNTER.at(n1.name()), CounterMsg::Seen)
        .await
        .unwrap();
    assert!(n1.clock().now() < clock + 1000);
    hidden.start_server::<Counter>(&COUNTER, ()).await.unwrap();
    n1.abcast(&COUNTER, CounterMsg::Add(3)).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(seen(&n2).await, [3]);
    assert_eq!(seen(&n1).await, [3]);
    assert!(seen(&hidden).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_cookie_is_refused_and_both_sides_go_on() {
    let net = MemoryNet::new(12);
    let [n1, n2] = cluster(&net).await;
    let stranger = NodeConfig {
        cookie: Cookie::from_text("guess").unwrap(),
        ..config(&net, "stranger")
    };
    let stranger = Node::start(stranger).await.unwrap();
    let refused = stranger.connect(n1.name()).await;
    assert!(
        matches!(
            refused,
            Err(ConnectError::Handshake(HandshakeError::Refused(
                Refusal::Cookie
            )))
        ),
        "{refused:?}"
    );
    let refused = n1.connect(stranger.name()).await;
    assert!(
        matches!(refused, Err(ConnectError::Handshake(_))),
        "{refused:?}"
    );
    assert_eq!(n1.list(), [n2.name().clone()]);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_while_its_node_lives() {
    let net = MemoryNet::new(13);
    let n1 = node(&net, "n1").await;
    assert!(Node::start(config(&net, "n1")).await.is_err());
    n1.stop().await;
    assert!(Node::start(config(&net, "n1")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_node_is_named_in_the_error() {
    let net = MemoryNet::new(14);
    let n1 = node(&net, "n1").await;
    let error = n1.connect(&name("nobody")).await.unwrap_err();
    assert_eq!(error.to_string(), "no node called nobody@sim is registered");
}

#[tokio::test(start_paused = true)]
async fn a_pending_connection_that_vanishes_is_given_up_in_time() {
    let net = MemoryNet::new(15);
    let (n1, n2) = (node(&net, "n1").await, node(&net, "n2").await);
    net.blackhole(n2.name(), n1.name());
    let began = Instant::now();
    let error = n1.connect(n2.name()).await.unwrap_err();
    assert_eq!(error, ConnectError::Handshake(HandshakeError::Timeout));
    assert!(began.elapsed() <= Duration::from_secs(6));
    net.heal_all();
    n2.connect(n1.name()).await.unwrap();
}
