//! Each mode of the proxy does to a client what its name says, and no more.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::setting::Setting;
use crate::wire::{PATIENCE, Wire, encode};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use store::{Mode, Proxy};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

const OK: &[u8] = b"+OK\r\n";

fn entry(name: &str, key: &str, forwarded: bool) -> (String, Option<String>, bool) {
    (name.to_owned(), Some(key.to_owned()), forwarded)
}

/// A server that another test starts just now holds a copy of every listener, until it is its own program.
async fn is_refused(address: SocketAddr) -> bool {
    for _ in 0..20 {
        match TcpStream::connect(address).await {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return true,
            _ => sleep(Duration::from_millis(5)).await,
        }
    }
    false
}

#[tokio::test]
async fn open_proxy_passes_everything_and_counts() {
    let setting = Setting::new().await;
    assert_eq!(setting.proxy.mode(), Mode::Open);
    let mut node = setting.node().await;
    assert_eq!(node.call(&["SET", "a", "1"]).await.unwrap(), OK);
    assert_eq!(node.call(&["SELECT", "0"]).await.unwrap(), OK);
    let mark = setting.log.mark();
    assert_eq!(node.call(&["del", "a", "b"]).await.unwrap(), b":1\r\n");
    let pipeline = [encode(&["get", "a"]), b"*0\r\n".into(), encode(&["PING"])];
    node.stream.write_all(&pipeline.concat()).await.unwrap();
    assert_eq!(node.answer().await.unwrap(), b"$-1\r\n");
    assert_eq!(node.answer().await.unwrap(), b"+PONG\r\n");
    assert_eq!(setting.recorded(0)[..1], [entry("SET", "a", true)]);
    let expected = [
        entry("DEL", "a", true),
        entry("DEL", "b", true),
        entry("GET", "a", true),
    ];
    assert_eq!(setting.recorded(mark), expected);
    assert!(
        setting
            .log
            .since(0)
            .iter()
            .all(|command| command.node == "n1")
    );
    assert_eq!(setting.log.since(0)[0].args, ["a", "1"]);
}

#[tokio::test]
async fn command_on_the_server_gets_an_error_in_its_place_and_never_happens() {
    let setting = Setting::new().await;
    let mut node = setting.node().await;
    node.call(&["SET", "a", "1"]).await.unwrap();
    let mark = setting.log.mark();
    let pipeline = [
        encode(&["FLUSHALL"]),
        encode(&["EVAL", "return 1", "0"]),
        encode(&["GET", "a"]),
    ];
    node.stream.write_all(&pipeline.concat()).await.unwrap();
    for name in ["FLUSHALL", "EVAL"] {
        let answer = String::from_utf8(node.answer().await.unwrap()).unwrap();
        let expected = format!("-ERR unknown command '{name} (NOPERM: a node may not run it)'");
        assert!(answer.starts_with(&expected), "{answer}");
    }
    assert_eq!(node.answer().await.unwrap(), b"$1\r\n1\r\n");
    let forwarded: Vec<_> = setting
        .recorded(mark)
        .into_iter()
        .map(|(name, _, forwarded)| (name, forwarded))
        .collect();
    let expected = [("FLUSHALL", false), ("EVAL", false), ("GET", true)];
    assert_eq!(
        forwarded,
        expected.map(|(name, forwarded)| (name.to_owned(), forwarded))
    );
}

#[tokio::test]
async fn one_log_tells_the_nodes_apart() {
    let setting = Setting::new().await;
    let log = Arc::clone(&setting.log);
    let second = Proxy::start("n2", setting.store.address(), log)
        .await
        .unwrap();
    setting.node().await.call(&["GET", "a"]).await.unwrap();
    Wire::connect(second.address())
        .await
        .unwrap()
        .call(&["GET", "a"])
        .await
        .unwrap();
    let nodes: Vec<_> = setting
        .log
        .since(0)
        .into_iter()
        .map(|command| (command.node, command.number))
        .collect();
    assert_eq!(nodes, [("n1".to_owned(), 0), ("n2".to_owned(), 1)]);
    second.set(Mode::Refuse);
    assert!(is_refused(second.address()).await);
    assert!(
        !is_refused(setting.proxy.address()).await,
        "a fault of n2 is none of n1"
    );
}

#[tokio::test]
async fn refused_node_sees_a_dead_server_and_then_the_same_address_again() {
    let setting = Setting::new().await;
    let mut node = setting.node().await;
    for round in 0..20 {
        setting.proxy.set(Mode::Refuse);
        assert_eq!(setting.proxy.mode(), Mode::Refuse);
        // At once, not some time later.
        assert!(is_refused(setting.proxy.address()).await, "round {round}");
        assert_eq!(node.rest().await, b"");
        setting.proxy.set(Mode::Open);
        node = setting.node().await;
    }
    assert_eq!(node.call(&["SET", "a", "1"]).await.unwrap(), OK);
}

#[tokio::test]
async fn command_that_waited_when_the_store_was_refused_never_happens() {
    let mut waited = 0;
    let mut rounds = 0;
    // Only a command that the proxy had read is in the log, and nothing else shows it: so again
    // and again, until it has happened a few times.
    while waited < 5 {
        rounds += 1;
        assert!(rounds < 1_000, "the proxy never read the command in time");
        let setting = Setting::new().await;
        let mut node = setting.node().await;
        setting.proxy.set(Mode::Slow(Duration::MAX));
        node.send(&["SET", "a", "1"]).await.unwrap();
        node.stream.write_all(b"*3\r\n$3\r\nSET\r\n").await.unwrap();
        sleep(Duration::from_millis(1)).await;
        setting.proxy.set(Mode::Refuse);
        assert_eq!(node.rest().await, b"");
        waited += setting.log.mark();
        assert!(
            setting
                .log
                .since(0)
                .iter()
                .all(|command| !command.forwarded)
        );
        assert_eq!(setting.stored("a").await, None);
    }
}

#[tokio::test]
async fn stalled_command_never_happens_even_after_the_proxy_opens() {
    let setting = Setting::new().await;
    let (mut swallowed, mut half, mut idle) = (
        setting.node().await,
        setting.node().await,
        setting.node().await,
    );
    setting.proxy.set(Mode::Stall);
    swallowed
        .stream
        .write_all(&encode(&["SET", "a", "1"]).repeat(2))
        .await
        .unwrap();
    swallowed
        .send(&["EVAL", store::COMPARE_AND_DELETE, "1", "lock", "x"])
        .await
        .unwrap();
    half.stream
        .write_all(&encode(&["SET", "b", "1"]))
        .await
        .unwrap();
    half.stream.write_all(b"*3\r\n$3\r\nSET\r\n").await.unwrap();
    // New connections are made, and get no answer either.
    let mut new = Wire::connect(setting.proxy.address()).await.unwrap();
    new.send(&["GET", "c"]).await.unwrap();
    setting.logged(5).await;
    assert!(
        setting
            .log
            .since(0)
            .iter()
            .all(|command| !command.forwarded)
    );
    assert!(swallowed.is_silent() && half.is_silent() && new.is_silent());
    setting.proxy.set(Mode::Open);
    for wire in [&mut swallowed, &mut half, &mut new] {
        assert_eq!(wire.rest().await, b"");
    }
    // A connection that asked nothing meanwhile has nothing to lose.
    assert_eq!(
        idle.call(&["MGET", "a", "b"]).await.unwrap(),
        b"*2\r\n$-1\r\n$-1\r\n"
    );
    let sets = setting
        .log
        .since(0)
        .into_iter()
        .filter(|command| command.name == "SET");
    assert!(sets.map(|command| command.forwarded).eq([false; 3]));
}

#[tokio::test]
async fn answers_that_are_withheld_belong_to_commands_that_happened() {
    let setting = Setting::new().await;
    let (mut node, mut idle) = (setting.node().await, setting.node().await);
    setting.proxy.set(Mode::StallAnswers);
    node.send(&["SET", "a", "1"]).await.unwrap();
    node.send(&["GET", "a"]).await.unwrap();
    setting.logged(2).await;
    assert_eq!(
        setting.recorded(0),
        [entry("SET", "a", true), entry("GET", "a", true)]
    );
    while setting.stored("a").await.is_none() {}
    assert!(node.is_silent());
    // From one silence into another: even so, they are closed.
    setting.proxy.set(Mode::Stall);
    assert_eq!(node.rest().await, b"");
    setting.proxy.set(Mode::Open);
    assert_eq!(idle.call(&["GET", "a"]).await.unwrap(), b"$1\r\n1\r\n");
}

#[tokio::test]
async fn slow_commands_are_late_together_and_in_order() {
    let setting = Setting::new().await;
    let mut node = setting.node().await;
    let delay = Duration::from_millis(200);
    setting.proxy.set(Mode::Slow(delay));
    let begun = Instant::now();
    let mut pipeline = Vec::new();
    for number in 0..20 {
        pipeline.extend(encode(&["SET", "a", &number.to_string()]));
    }
    node.stream.write_all(&pipeline).await.unwrap();
    assert_eq!(
        setting.log.mark(),
        0,
        "a command counts when it is forwarded"
    );
    assert_eq!(node.answer().await.unwrap(), OK);
    let first = begun.elapsed();
    for _ in 1..20 {
        assert_eq!(node.answer().await.unwrap(), OK);
    }
    let last = begun.elapsed();
    assert!(first >= delay, "{first:?}");
    assert!(last < delay * 20, "the delays add up: {last:?}");
    assert_eq!(setting.stored("a").await.as_deref(), Some("19"));
    let values = setting
        .log
        .since(0)
        .into_iter()
        .map(|command| command.args[1].clone());
    assert!(values.eq((0..20).map(|number| number.to_string())));
}

#[tokio::test]
async fn slow_command_still_happens_after_its_node_has_given_up() {
    let setting = Setting::new().await;
    let mut node = setting.node().await;
    setting.proxy.set(Mode::Slow(Duration::from_millis(100)));
    node.send(&["SET", "a", "1"]).await.unwrap();
    drop(node);
    assert_eq!(setting.stored("a").await, None);
    setting.logged(1).await;
    let deadline = Instant::now() + PATIENCE;
    while setting.stored("a").await.is_none() {
        assert!(Instant::now() < deadline);
    }
}

#[tokio::test]
async fn slow_proxy_that_opens_lets_go_what_waits() {
    let setting = Setting::new().await;
    let mut node = setting.node().await;
    setting.proxy.set(Mode::Slow(Duration::MAX));
    node.send(&["SET", "a", "1"]).await.unwrap();
    setting.proxy.set(Mode::Open);
    assert_eq!(node.answer().await.unwrap(), OK);
}

#[tokio::test]
async fn client_of_the_course_survives_every_mode() {
    let setting = Setting::new().await;
    let client = redis::Client::open(format!("redis://{}", setting.proxy.address())).unwrap();
    let patience = ConnectionManagerConfig::new()
        .set_response_timeout(Some(Duration::from_millis(200)))
        .set_connection_timeout(Some(Duration::from_millis(200)))
        .set_number_of_retries(1);
    let mut manager = ConnectionManager::new_with_config(client, patience)
        .await
        .unwrap();
    let mut set = async |key: &str| -> Result<(), redis::RedisError> {
        redis::cmd("SET")
            .arg(key)
            .arg("1")
            .query_async(&mut manager)
            .await
    };
    set("first").await.unwrap();
    for (mode, key) in [
        (Mode::Refuse, "refused"),
        (Mode::Stall, "stalled"),
        (Mode::StallAnswers, "withheld"),
    ] {
        setting.proxy.set(mode);
        assert!(set(key).await.is_err(), "{mode:?}");
        setting.proxy.set(Mode::Open);
        let deadline = Instant::now() + PATIENCE;
        while set("after").await.is_err() {
            assert!(Instant::now() < deadline, "{mode:?}");
        }
    }
    assert_eq!(setting.stored("refused").await, None);
    assert_eq!(setting.stored("stalled").await, None);
    assert_eq!(setting.stored("withheld").await.as_deref(), Some("1"));
}
