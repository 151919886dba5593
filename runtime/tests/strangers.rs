//! Strangers, liars and vandals at a node's port: they are refused, in bounded time and memory,
//! and the connections that there are do not notice.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use proptest::prelude::*;
use runtime::directory::{AsRegistered, DirectoryServer, Resolve};
use runtime::net::DirectoryMode;
use runtime::wire::{Header, Target, put_frame};
use runtime::{ConnectionLoss, Cookie, Net, Node, NodeConfig, NodeEvent, NodeName, TcpNet};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::world::{COUNTER, Counter, CounterMsg, eventually, seen};

async fn directory() -> (DirectoryServer, Net) {
    serving(Arc::new(AsRegistered)).await
}

async fn serving(resolve: Arc<dyn Resolve>) -> (DirectoryServer, Net) {
    let directory = DirectoryServer::bind("127.0.0.1:0".parse().unwrap(), resolve)
        .await
        .unwrap();
    let net = Net::Tcp(TcpNet::with(DirectoryMode::At(directory.address())));
    (directory, net)
}

async fn start(net: &Net, short: &str) -> Node {
    let name = format!("{short}@127.0.0.1").parse().unwrap();
    let config = NodeConfig {
        handshake_timeout: Duration::from_millis(700),
        ..NodeConfig::new(name, Cookie::from_text("biscuit").unwrap(), net.clone())
    };
    let node = Node::start(config).await.unwrap();
    node.start_server::<Counter>(&COUNTER, ()).await.unwrap();
    node
}

async fn pair(net: &Net) -> (Node, Node) {
    let (n1, n2) = (start(net, "n1").await, start(net, "n2").await);
    n1.connect(n2.name()).await.unwrap();
    eventually("both see the connection", || n2.list().len() == 1).await;
    (n1, n2)
}

/// The connection between the two works, and is still the first one.
async fn assert_undisturbed(
    n1: &Node,
    n2: &Node,
    events: &mut tokio::sync::broadcast::Receiver<NodeEvent>,
) {
    n1.cast(&COUNTER.at(n2.name()), CounterMsg::Add(42))
        .await
        .unwrap();
    let asked = n1
        .call(&COUNTER.at(n2.name()), CounterMsg::Seen)
        .await
        .unwrap();
    assert_eq!(asked.last(), Some(&42));
    assert!(events.try_recv().is_err(), "a connection came or went");
}

async fn dial(node: &Node) -> TcpStream {
    TcpStream::connect(node.address()).await.unwrap()
}

/// Whether the other side closes the connection within some seconds.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 4096];
    let closed = async { while stream.read(&mut answer).await.is_ok_and(|read| read > 0) {} };
    timeout(Duration::from_secs(5), closed).await.is_ok()
}

#[tokio::test]
async fn aliens_are_refused_and_disturb_nobody() {
    let (_directory, net) = directory().await;
    let (n1, n2) = pair(&net).await;
    let mut events = n1.events();
    let deep = [&[0, 0, 0x0f, 0xff][..], &[0x81; 0xfff]].concat();
    let aliens: [&[u8]; 8] = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x05hello",
        &deep,
        b"\x00\x15n\x00\x06\x00\x01\x00\x00",
    ];
    for alien in aliens {
        let mut stream = dial(&n1).await;
        stream.write_all(alien).await.unwrap();
        assert!(
            is_closed(&mut stream).await,
            "{:?}",
            &alien[..alien.len().min(20)]
        );
    }
    assert_undisturbed(&n1, &n2, &mut events).await;
}

#[tokio::test]
async fn who_says_nothing_is_shown_the_door() {
    let (_directory, net) = directory().await;
    let (n1, n2) = pair(&net).await;
    let mut events = n1.events();
    let mut silent = dial(&n1).await;
    // One byte at a time is as good as silence.
    let mut slow = dial(&n1).await;
    let began = Instant::now();
    let drip = async {
        for byte in [0, 0, 0, 200].into_iter().chain(std::iter::repeat(0x81)) {
            if slow.write_all(&[byte]).await.is_err() {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(
        timeout(Duration::from_secs(10), drip).await.is_ok(),
        "a slow stranger is kept forever"
    );
    assert!(is_closed(&mut silent).await);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_undisturbed(&n1, &n2, &mut events).await;
}

#[tokio::test]
async fn a_flood_of_connections_keeps_no_node_out() {
    let (_directory, net) = directory().await;
    let (n1, n2) = pair(&net).await;
    let mut events = n1.events();
    let mut flood = Vec::new();
    for _ in 0..300 {
        flood.push(dial(&n1).await);
    }
    let n3 = start(&net, "n3").await;
    timeout(Duration::from_secs(5), n3.connect(n1.name()))
        .await
        .unwrap()
        .unwrap();
    eventually("n3 is in the mesh", || {
        n3.list().len() == 2 && n1.list().len() == 2
    })
    .await;
    assert_eq!(events.recv().await, Ok(NodeEvent::Up(n3.name().clone())));
    assert_undisturbed(&n1, &n2, &mut events).await;
    // Only some of them were kept waiting at all.
    assert!(is_closed(&mut flood[0]).await);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_stranger_says_hurts(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..5)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_directory, net) = directory().await;
            let (n1, n2) = pair(&net).await;
            let mut events = n1.events();
            let mut stream = dial(&n1).await;
            for part in parts {
                let framed = [&(part.len() as u32).to_be_bytes()[..], &part].concat();
                if stream.write_all(&framed).await.is_err() {
                    break;
                }
            }
            drop(stream);
            assert_undisturbed(&n1, &n2, &mut events).await;
            n1.stop().await;
            n2.stop().await;
        });
    }
}

/// A program in the middle, which lets two nodes shake hands and then speaks for one of them.
struct Meddler {
    real: Mutex<Option<SocketAddr>>,
    own: SocketAddr,
}

impl Resolve for Meddler {
    fn answer(
        &self,
        _: Option<&NodeName>,
        wanted: &NodeName,
        registered: SocketAddr,
    ) -> SocketAddr {
        if wanted.short() != "victim" {
            return registered;
        }
        *self.real.lock().unwrap() = Some(registered);
        self.own
    }
}

/// A node, and a way to put bytes into the connection that n1 has with it.
async fn meddled_pair() -> (
    DirectoryServer,
    Net,
    Node,
    Node,
    mpsc::UnboundedSender<Vec<u8>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let meddler = Arc::new(Meddler {
        real: Mutex::default(),
        own: listener.local_addr().unwrap(),
    });
    let (directory, net) = serving(meddler.clone()).await;
    let (n1, victim) = (start(&net, "n1").await, start(&net, "victim").await);
    let (inject, mut injected) = mpsc::unbounded_channel::<Vec<u8>>();
    tokio::spawn(async move {
        let (near, _) = listener.accept().await.unwrap();
        let real = meddler.real.lock().unwrap().unwrap();
        let (mut near_in, mut near_out) = near.into_split();
        let (mut far_in, mut far_out) = TcpStream::connect(real).await.unwrap().into_split();
        tokio::spawn(async move { copy(&mut far_in, &mut near_out).await });
        let mut buffer = vec![0; 1 << 16];
        loop {
            let bytes = tokio::select! {
                Some(bytes) = injected.recv() => bytes,
                read = near_in.read(&mut buffer) => match read {
                    Ok(read) if read > 0 => buffer[..read].to_vec(),
                    _ => return,
                },
            };
            if far_out.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    n1.connect(victim.name()).await.unwrap();
    eventually("the victim sees the connection", || {
        victim.list().len() == 1
    })
    .await;
    (directory, net, n1, victim, inject)
}

fn framed(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_be_bytes()[..], body].concat()
}

#[tokio::test]
async fn a_link_that_breaks_the_protocol_is_closed_and_no_other() {
    let deep = framed(&[0x81; 1_000_000]);
    let unknown_kind = framed(&[0x82, 0x01, 0x61, b'z']);
    let cases: [(&str, Vec<u8>); 5] = [
        ("not CBOR", framed(&[0xff, 0xff, 0xff])),
        ("nested a million deep", deep),
        ("of an unknown kind", unknown_kind),
        ("too long", vec![0x7f, 0xff, 0xff, 0xff]),
        ("empty", framed(&[])),
    ];
    for (what, bytes) in cases {
        let (_directory, net, n1, victim, inject) = meddled_pair().await;
        let bystander = start(&net, "bystander").await;
        victim.connect(bystander.name()).await.unwrap();
        eventually("the bystander is in", || victim.list().len() == 2).await;
        let mut events = victim.events();
        inject.send(bytes).unwrap();
        let event = timeout(Duration::from_secs(5), events.recv())
            .await
            .unwrap_or_else(|_| panic!("{what}: not noticed"));
        assert!(
            matches!(&event, Ok(NodeEvent::Down(name, ConnectionLoss::Protocol(_))) if name == n1.name()),
            "{what}: {event:?}"
        );
        assert!(victim.list().contains(bystander.name()), "{what}");
        bystander
            .call(&COUNTER.at(victim.name()), CounterMsg::Seen)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_payload_that_is_not_understood_harms_neither_link_nor_server() {
    let (_directory, _net, n1, victim, inject) = meddled_pair().await;
    let mut events = victim.events();
    let payloads: [Vec<u8>; 4] = [
        vec![],
        vec![0xff],
        vec![0x81; 100_000],
        b"\x65Dance".to_vec(),
    ];
    for payload in payloads {
        for header in [
            Header::Cast(Target::Name("counter".into())),
            Header::Call(Target::Name("counter".into()), 999),
        ] {
            let mut frame = BytesMut::new();
            put_frame(&mut frame, 1, &header, &payload);
            inject.send(frame.to_vec()).unwrap();
        }
    }
    // Numbers that mean nothing here, and a clock near the end of time.
    for header in [
        Header::Answer(12345),
        Header::Unwatch(77),
        Header::Ended(5, runtime::ExitReason::Killed),
        Header::Tick,
    ] {
        let mut frame = BytesMut::new();
        put_frame(&mut frame, u64::MAX, &header, &[0xf6]);
        inject.send(frame.to_vec()).unwrap();
    }
    assert_undisturbed(&n1, &victim, &mut events).await;
    assert_eq!(seen(&victim).await, [42]);
}
