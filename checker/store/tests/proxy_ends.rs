//! Connections end in many ways, and whatever passes a proxy, it holds little of it.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use crate::setting::Setting;
use crate::wire::{Wire, encode, eventually};
use store::{Log, Mode, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const OK: &[u8] = b"+OK\r\n";

#[tokio::test]
async fn half_closed_connection_still_gets_its_answers() {
    let setting = Setting::new().await;
    let mut node = Wire::connect(setting.proxy.address()).await.unwrap();
    node.stream
        .write_all(&encode(&["SET", "a", "1"]).repeat(100))
        .await
        .unwrap();
    node.stream.shutdown().await.unwrap();
    assert_eq!(node.rest().await, OK.repeat(100));
}

#[tokio::test]
async fn garbage_is_answered_after_what_came_before_it() {
    let setting = Setting::new().await;
    let mut node = setting.node().await;
    let garbage = b"*1\r\n:5\r\n".to_vec();
    let sent = [encode(&["SET", "a", "1"]), garbage].concat();
    node.stream.write_all(&sent).await.unwrap();
    let expected = "+OK\r\n-ERR Protocol error: expected '$', got ':'\r\n";
    assert_eq!(String::from_utf8(node.rest().await).unwrap(), expected);
    assert_eq!(setting.stored("a").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn node_that_does_not_read_fills_no_memory() {
    let setting = Setting::new().await;
    let mut node = setting.node().await;
    // Each question has an answer as long. The writing must come to a halt, once the buffers of
    // the system on both sides of the proxy are full.
    let piece = encode(&["PING", &"x".repeat(100_000)]);
    let mut passed = 0;
    let patience = Duration::from_millis(500);
    while tokio::time::timeout(patience, node.stream.write_all(&piece))
        .await
        .is_ok()
    {
        passed += piece.len();
        assert!(passed < 100_000_000, "something keeps it all");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn port_stays_ours_while_it_is_closed() {
    let setting = Setting::new().await;
    setting.proxy.set(Mode::Refuse);
    let other = tokio::net::TcpSocket::new_v4().unwrap();
    let taken = other.bind(setting.proxy.address());
    assert!(taken.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse));
}

#[tokio::test]
async fn unreachable_store_closes_the_connection() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let proxy = Proxy::start("n1", address, Arc::new(Log::new()))
        .await
        .unwrap();
    let mut node = Wire::connect(proxy.address()).await.unwrap();
    assert_eq!(node.rest().await, b"");
}

#[tokio::test]
async fn store_that_dies_takes_the_connections_along() {
    let setting = Setting::new().await;
    let mut node = setting.node().await;
    drop(setting.store);
    assert_eq!(node.rest().await, b"");
}

#[tokio::test]
async fn dropped_proxy_leaves_nothing_behind() {
    let setting = Setting::new().await;
    let address = setting.proxy.address();
    let mut nodes = vec![setting.node().await, setting.node().await];
    setting.proxy.set(Mode::Slow(Duration::MAX));
    nodes[0].send(&["SET", "a", "1"]).await.unwrap();
    let Setting { store, proxy, log } = setting;
    drop(proxy);
    assert!(TcpStream::connect(address).await.is_err());
    for node in &mut nodes {
        assert_eq!(node.rest().await, b"");
    }
    eventually("the tasks are gone", || Arc::strong_count(&log) == 1).await;
    drop(store);
    let metrics = tokio::runtime::Handle::current().metrics();
    eventually("no task outlives its owner", || {
        metrics.num_alive_tasks() == 0
    })
    .await;
}

#[tokio::test]
async fn long_pipelines_and_large_values_pass_unharmed() {
    let setting = Setting::new().await;
    let mut node = setting.node().await;
    let value = "x".repeat(400_000);
    let mut sent = Vec::new();
    for number in 0..40 {
        sent.extend(encode(&["SET", &format!("k{number}"), &value]));
        sent.extend(encode(&["GET", &format!("k{number}")]));
    }
    let (mut reading, mut writing) = node.stream.split();
    let expected = (OK.len() + format!("$400000\r\n{value}\r\n").len()) * 40;
    let writer = async { writing.write_all(&sent).await.unwrap() };
    let reader = async {
        let mut received = vec![0; expected];
        reading.read_exact(&mut received).await.unwrap();
        received
    };
    let ((), received) = tokio::join!(writer, reader);
    assert!(received.starts_with(b"+OK\r\n$400000\r\nxxx") && received.ends_with(b"xxx\r\n"));
    assert_eq!(setting.log.mark(), 80);
}
