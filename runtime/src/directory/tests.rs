use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn node(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn cookie() -> Cookie {
    Cookie::from_text("secret").unwrap()
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

async fn directory() -> (DirectoryServer, SocketAddr) {
    let server = DirectoryServer::bind(address(0), Arc::new(AsRegistered))
        .await
        .unwrap();
    let at = server.address();
    (server, at)
}

async fn eventually_missing(at: SocketAddr, name: &NodeName) {
    timeout(Duration::from_secs(5), async {
        while lookup(at, None, name).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the name stays registered");
}

#[tokio::test]
async fn a_registered_name_is_found_while_its_connection_lives() {
    let (_server, at) = directory().await;
    let gold = node("gold@h");
    assert_eq!(lookup(at, None, &gold).await, Ok(None));
    let registration = Registration::make(at, &gold, address(99), false, &cookie())
        .await
        .unwrap();
    assert_eq!(lookup(at, None, &gold).await, Ok(Some(address(99))));
    assert_eq!(names(at).await, Ok(vec![(gold.clone(), address(99))]));
    drop(registration);
    eventually_missing(at, &gold).await;
}

#[tokio::test]
async fn a_duplicate_name_is_refused_and_disturbs_nobody() {
    let (_server, at) = directory().await;
    let gold = node("gold@h");
    let _first = Registration::make(at, &gold, address(1), false, &cookie())
        .await
        .unwrap();
    let second = Registration::make(at, &gold, address(2), false, &cookie())
        .await
        .err();
    assert_eq!(second, Some(DirectoryError::NameTaken(gold.clone())));
    assert_eq!(lookup(at, None, &gold).await, Ok(Some(address(1))));
}

#[tokio::test]
async fn an_older_owner_gets_its_name_back_from_a_young_directory() {
    let (_server, at) = directory().await;
    let gold = node("gold@h");
    let mut thief = Registration::make(at, &gold, address(1), false, &cookie())
        .await
        .unwrap();
    let _owner = Registration::make(at, &gold, address(2), true, &cookie())
        .await
        .unwrap();
    thief.lost().await;
    assert_eq!(
        lookup(at, None, &gold).await,
        Ok(Some(address(2))),
        "and the thief's end takes nothing along"
    );
    let second = Registration::make(at, &gold, address(3), true, &cookie())
        .await
        .err();
    assert_eq!(
        second,
        Some(DirectoryError::NameTaken(gold)),
        "two owners do not take it from each other forever"
    );
}

#[tokio::test]
async fn a_settling_directory_lets_old_nodes_in_before_new_ones() {
    let settling = Duration::from_millis(200);
    let server = DirectoryServer::bind_settling(address(0), Arc::new(AsRegistered), settling)
        .await
        .unwrap();
    let (at, gold) = (server.address(), node("gold@h"));
    let newcomer = tokio::spawn({
        let gold = gold.clone();
        async move {
            Registration::make(at, &gold, address(1), false, &cookie())
                .await
                .err()
        }
    });
    let asker = tokio::spawn({
        let gold = gold.clone();
        async move { lookup(at, None, &gold).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let _owner = Registration::make(at, &gold, address(2), true, &cookie())
        .await
        .unwrap();
    assert_eq!(
        newcomer.await.unwrap(),
        Some(DirectoryError::NameTaken(gold))
    );
    assert_eq!(asker.await.unwrap(), Ok(Some(address(2))));
}

#[derive(Default)]
struct Switchboard(Mutex<BTreeMap<NodeName, &'static str>>);

impl Resolve for Switchboard {
    fn answer(&self, asker: Option<&NodeName>, _: &NodeName, registered: SocketAddr) -> SocketAddr {
        if asker.is_some() {
            address(4000)
        } else {
            registered
        }
    }

    fn registered(&self, name: &NodeName, _: SocketAddr) {
        self.0.lock().unwrap().insert(name.clone(), "here");
    }

    fn gone(&self, name: &NodeName) {
        self.0.lock().unwrap().insert(name.clone(), "gone");
    }
}

/// Admits the clients that prove the cookie.
struct Bouncer;

impl Resolve for Bouncer {
    fn admits(&self, name: &NodeName, address: &str, proof: &[u8]) -> bool {
        proves(&cookie(), name, address, proof)
    }
}

#[tokio::test]
async fn directory_of_a_cluster_gives_no_name_to_a_stranger() {
    let server = DirectoryServer::bind(address(0), Arc::new(Bouncer))
        .await
        .unwrap();
    let (at, gold) = (server.address(), node("gold@h"));
    let other = Cookie::from_text("guessed").unwrap();
    for again in [false, true] {
        let stranger = Registration::make(at, &gold, address(1), again, &other).await;
        assert!(matches!(stranger.err(), Some(DirectoryError::Refused(_))));
    }
    assert_eq!(lookup(at, None, &gold).await, Ok(None));
    let friend = Registration::make(at, &gold, address(1), false, &cookie()).await;
    assert!(friend.is_ok());
}

#[tokio::test]
async fn a_resolver_may_answer_otherwise_and_sees_who_comes_and_goes() {
    let switchboard = Arc::new(Switchboard::default());
    let server = DirectoryServer::bind(address(0), switchboard.clone())
        .await
        .unwrap();
    let (at, n1, n2) = (server.address(), node("n1@h"), node("n2@h"));
    let _n1 = Registration::make(at, &n1, address(1), false, &cookie())
        .await
        .unwrap();
    let leaving = Registration::make(at, &n2, address(2), false, &cookie())
        .await
        .unwrap();
    assert_eq!(lookup(at, Some(&n1), &n2).await, Ok(Some(address(4000))));
    assert_eq!(lookup(at, None, &n2).await, Ok(Some(address(2))));
    drop(leaving);
    eventually_missing(at, &n2).await;
    assert_eq!(
        *switchboard.0.lock().unwrap(),
        BTreeMap::from([(n1, "here"), (n2, "gone")])
    );
}

#[tokio::test]
async fn dropping_the_server_closes_everything() {
    let (server, at) = directory().await;
    let mut registration = Registration::make(at, &node("gold@h"), address(1), false, &cookie())
        .await
        .unwrap();
    drop(server);
    timeout(Duration::from_secs(5), registration.lost())
        .await
        .expect("the connection stays open");
    timeout(Duration::from_secs(5), async {
        while names(at).await != Err(DirectoryError::NobodyThere(at)) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the port stays open");
}

/// Sends bytes to a fresh directory and gives back what it said, which must be a refusal.
async fn refusal_of(bytes: &[u8]) -> String {
    let (_server, at) = directory().await;
    let mut raw = TcpStream::connect(at).await.unwrap();
    raw.write_all(bytes).await.unwrap();
    let _ = raw.shutdown().await;
    let mut said = Vec::new();
    timeout(Duration::from_secs(3), raw.read_to_end(&mut said))
        .await
        .expect("it is not closed")
        .unwrap();
    assert!(names(at).await.is_ok(), "the directory still works");
    let mut rest = &said[..];
    let mut last = None;
    while let Some((prefix, body)) = rest.split_first_chunk::<4>() {
        let (frame, more) = body.split_at(u32::from_be_bytes(*prefix) as usize);
        last = Some(wire::decode::<Response>(frame).unwrap());
        rest = more;
    }
    match last {
        Some(Response::Refused(why)) => why,
        other => panic!("the last thing said was {other:?}"),
    }
}

#[tokio::test]
async fn a_client_of_another_version_is_told_so() {
    let mut hello = BytesMut::new();
    put(&mut hello, &Hello { directory: 99 });
    let why = refusal_of(&hello).await;
    assert!(why.contains("version 1") && why.contains("99"), "{why}");
}

#[tokio::test]
async fn garbage_is_refused_with_a_reason() {
    let mut greeted = BytesMut::new();
    put(&mut greeted, &Hello { directory: VERSION });
    let with = |more: &[u8]| [&greeted[..], more].concat();
    let deep = [&[0, 0, 0x0f, 0xf0][..], &[0x81; 0x0ff0]].concat();
    for (sent, expected) in [
        (
            b"GET / HTTP/1.1\r\nHost: here\r\n\r\n".to_vec(),
            "not one of its requests",
        ),
        (
            vec![0, 0, 0, 3, 0xff, 0xff, 0xff],
            "do not speak its protocol",
        ),
        (vec![0, 0, 0, 0], "do not speak its protocol"),
        (deep.clone(), "do not speak its protocol"),
        (with(&deep), "not understood"),
        (with(&[0, 0, 0, 1, 0xff]), "not understood"),
        (with(&[0xff; 5000]), "not one of its requests"),
    ] {
        let why = refusal_of(&sent).await;
        assert!(why.contains(expected), "{sent:.40x?}: {why}");
    }
}

#[tokio::test]
async fn an_idle_client_is_closed_however_slowly_it_speaks() {
    let (_server, at) = directory().await;
    let mut hello = BytesMut::new();
    put(&mut hello, &Hello { directory: VERSION });
    let mut silent = TcpStream::connect(at).await.unwrap();
    let slow = TcpStream::connect(at).await.unwrap();
    let (mut slow_read, mut slow_write) = slow.into_split();
    let dripping = tokio::spawn(async move {
        for byte in hello {
            tokio::time::sleep(Duration::from_millis(900)).await;
            if slow_write.write_u8(byte).await.is_err() {
                break;
            }
        }
    });
    let both = async {
        let mut nothing = Vec::new();
        let _ = silent.read_to_end(&mut nothing).await;
        let _ = slow_read.read_to_end(&mut nothing).await;
        assert!(nothing.is_empty());
    };
    timeout(Duration::from_secs(8), both)
        .await
        .expect("still open");
    dripping.abort();
}

#[tokio::test]
async fn a_flood_is_bounded_and_spares_the_registered() {
    let (_server, at) = directory().await;
    let gold = node("gold@h");
    let mut registration = Registration::make(at, &gold, address(1), false, &cookie())
        .await
        .unwrap();
    let mut flood = Vec::new();
    for _ in 0..400 {
        flood.push(TcpStream::connect(at).await.unwrap());
    }
    let crowded = timeout(Duration::from_secs(5), async {
        loop {
            if let Err(DirectoryError::Refused(why)) = names(at).await {
                return why;
            }
        }
    });
    let why = crowded.await.expect("nobody is refused");
    assert!(why.contains("too many"), "{why}");
    assert!(
        timeout(Duration::from_millis(50), registration.lost())
            .await
            .is_err(),
        "gold stays registered"
    );
    drop(flood);
    timeout(Duration::from_secs(5), async {
        while names(at).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the directory does not recover");
}

/// The test's runtime has one thread, so the directory accepts nobody until the test waits.
#[cfg(target_os = "linux")] // Elsewhere the system's own limit may be lower.
#[tokio::test]
async fn a_burst_of_clients_waits_in_line() {
    let (_server, at) = directory().await;
    let connected = (0..300).map(|_| {
        std::net::TcpStream::connect_timeout(&at, Duration::from_millis(500))
            .expect("there is room in the line")
    });
    let clients: Vec<_> = connected.collect();
    drop(clients);
    let gold = node("gold@h");
    let found = timeout(Duration::from_secs(5), async {
        while lookup(at, None, &gold).await.is_err() {
            tokio::task::yield_now().await;
        }
    });
    found.await.expect("the directory goes on");
}

#[tokio::test]
async fn a_port_held_by_something_else_is_named() {
    let stranger = tokio::net::TcpListener::bind(address(0)).await.unwrap();
    let at = stranger.local_addr().unwrap();
    let greeting = tokio::spawn(async move {
        let (mut stream, _) = stranger.accept().await.unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let error = names(at).await.unwrap_err();
    assert!(
        matches!(error, DirectoryError::NotADirectory(..)),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains("DIRECTORY_PORT") && text.contains(&at.to_string()),
        "{text}"
    );
    greeting.await.unwrap();
}

#[tokio::test]
async fn names_never_take_the_room_for_look_ups() {
    let (_server, at) = directory().await;
    let mut registrations = Vec::new();
    let refused = loop {
        let name = node(&format!("n{}@h", registrations.len()));
        match Registration::make(at, &name, address(1), false, &cookie()).await {
            Ok(registration) => registrations.push(registration),
            Err(error) => break error,
        }
    };
    assert_eq!(registrations.len(), 40);
    let why = "there are already 40 names, and there is no room for another";
    assert_eq!(refused, DirectoryError::Refused(why.into()));
    assert_eq!(lookup(at, None, &node("n0@h")).await, Ok(Some(address(1))));
    registrations.pop();
    eventually_missing(at, &node("n39@h")).await;
    let again = Registration::make(at, &node("n40@h"), address(1), false, &cookie()).await;
    assert!(again.is_ok(), "a name that is gone leaves its room");
}
