use std::sync::atomic::{AtomicU32, Ordering};

use bytes::BytesMut;

use super::*;

fn cookie() -> Cookie {
    Cookie::from_text("secret").unwrap()
}

fn node(text: &str) -> NodeName {
    text.parse().unwrap()
}

/// A shared directory at a port that nobody uses.
///
/// Not one that the operating system picks: it would soon give the same port to some listening
/// node of another test, for until the first node starts nobody holds it.
async fn shared() -> (TcpNet, SocketAddr) {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let candidate = std::process::id()
            .wrapping_mul(101)
            .wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + u16::try_from(candidate % 10_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).await.is_ok() {
            return (
                TcpNet::with(DirectoryMode::Shared { port }),
                SocketAddr::from(([127, 0, 0, 1], port)),
            );
        }
    }
}

async fn known(directory: SocketAddr) -> Vec<String> {
    let names = directory::names(directory).await.unwrap_or_default();
    names
        .into_iter()
        .map(|(name, _)| name.to_string())
        .collect()
}

async fn eventually_known(directory: SocketAddr, expected: &[&str]) {
    let waiting = async {
        while known(directory).await != expected {
            sleep(Duration::from_millis(5)).await;
        }
    };
    if timeout(Duration::from_secs(10), waiting).await.is_err() {
        panic!(
            "the directory knows {:?}, not {expected:?}",
            known(directory).await
        );
    }
}

#[tokio::test]
async fn the_first_node_serves_the_directory_and_nodes_find_each_other() {
    let (net, _) = shared().await;
    let (gold, silver) = (node("gold@127.0.0.1"), node("silver@localhost"));
    let mut golden = net.listen(&gold, &cookie()).await.unwrap();
    let _silvern = net.listen(&silver, &cookie()).await.unwrap();
    let mut ours = net.dial(&silver, &gold).await.unwrap();
    let mut theirs = golden.accept().await;
    ours.writer
        .send(BytesMut::from(&[0, 0, 0, 2, b'h', b'i'][..]))
        .await
        .unwrap();
    assert_eq!(theirs.reader.recv().await.unwrap(), b"hi"[..]);
    let missing = net.dial(&gold, &node("bronze@127.0.0.1")).await.err();
    assert_eq!(
        missing,
        Some(DialError::NoSuchNode(node("bronze@127.0.0.1")))
    );
}

#[tokio::test]
async fn a_taken_name_is_refused_and_free_again_when_dropped() {
    let (net, directory) = shared().await;
    let gold = node("gold@127.0.0.1");
    let _other = net
        .listen(&node("other@127.0.0.1"), &cookie())
        .await
        .unwrap();
    let first = net.listen(&gold, &cookie()).await.unwrap();
    assert!(
        matches!(net.listen(&gold, &cookie()).await, Err(ListenError::NameTaken(name)) if name == gold)
    );
    drop(first);
    eventually_known(directory, &["other@127.0.0.1"]).await;
    assert!(net.listen(&gold, &cookie()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_takes_the_directory_over_each_time_its_server_dies() {
    let (net, directory) = shared().await;
    let names = [
        "n1@127.0.0.1",
        "n2@127.0.0.1",
        "n3@127.0.0.1",
        "n4@127.0.0.1",
        "n5@127.0.0.1",
    ];
    let mut listening = std::collections::VecDeque::new();
    for name in names {
        listening.push_back(net.listen(&node(name), &cookie()).await.unwrap());
    }
    eventually_known(directory, &names).await;
    for gone in 1..names.len() {
        // The node that serves is the first one, and then the quickest other one: dropping them in
        // order makes some takeovers, and some mere departures.
        drop(listening.pop_front());
        eventually_known(directory, &names[gone..]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_living_nodes_name_cannot_be_stolen_while_the_directory_changes_hands() {
    for _ in 0..20 {
        let (net, directory) = shared().await;
        let serving = net
            .listen(&node("first@127.0.0.1"), &cookie())
            .await
            .unwrap();
        let owner = net
            .listen(&node("gold@127.0.0.1"), &cookie())
            .await
            .unwrap();
        let owned = owner.address();
        drop(serving);
        let thief = net.listen(&node("gold@127.0.0.1"), &cookie()).await;
        let waiting = async {
            loop {
                let found = directory::lookup(directory, None, &node("gold@127.0.0.1")).await;
                if found.is_ok_and(|found| found.is_some_and(|at| at.to_string() == owned)) {
                    break;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(5), waiting)
            .await
            .expect("the name was stolen for good");
        drop(thief);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_nodes_may_start_at_once_on_an_empty_host() {
    let (net, directory) = shared().await;
    let mut starting = tokio::task::JoinSet::new();
    for number in 0..30 {
        let net = net.clone();
        starting.spawn(async move {
            net.listen(&node(&format!("n{number}@127.0.0.1")), &cookie())
                .await
                .unwrap()
        });
    }
    let listening = starting.join_all().await;
    assert_eq!(known(directory).await.len(), listening.len());
}

#[tokio::test]
async fn a_dial_bridges_the_moment_in_which_the_directory_changes_hands() {
    let (net, _) = shared().await;
    let (gold, silver) = (node("gold@127.0.0.1"), node("silver@127.0.0.1"));
    let first = net
        .listen(&node("first@127.0.0.1"), &cookie())
        .await
        .unwrap();
    let _golden = net.listen(&gold, &cookie()).await.unwrap();
    let _silvern = net.listen(&silver, &cookie()).await.unwrap();
    drop(first);
    assert!(net.dial(&silver, &gold).await.is_ok());
}

#[tokio::test]
async fn a_port_that_is_no_directory_is_said_with_the_remedy() {
    let stranger = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = stranger.local_addr().unwrap().port();
    let answering = tokio::spawn(async move {
        loop {
            let (stream, _) = stranger.accept().await.unwrap();
            let _ = stream.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let net = TcpNet::with(DirectoryMode::Shared { port });
    let Err(ListenError::Failed(why)) = net.listen(&node("gold@127.0.0.1"), &cookie()).await else {
        panic!("it listens")
    };
    assert!(
        why.contains("another program") && why.contains("DIRECTORY_PORT"),
        "{why}"
    );
    answering.abort();
}

#[tokio::test]
async fn a_directory_of_someone_else_is_never_embedded() {
    let (_, nowhere) = shared().await;
    let net = TcpNet::with(DirectoryMode::At(nowhere));
    let waited = timeout(
        Duration::from_millis(200),
        net.listen(&node("gold@127.0.0.1"), &cookie()),
    )
    .await;
    assert!(!matches!(waited, Ok(Ok(_))));
    assert!(matches!(
        directory::names(nowhere).await,
        Err(DirectoryError::NobodyThere(_))
    ));
}

#[tokio::test]
async fn a_name_that_others_could_not_reach_is_refused_with_a_remedy() {
    let (net, _) = shared().await;
    // An address of the range that is kept free for documentation: nobody's machine has it.
    let Err(ListenError::Failed(why)) = net.listen(&node("gold@192.0.2.1"), &cookie()).await else {
        panic!("it listens")
    };
    assert!(
        why.contains("not this machine") && why.contains("gold@127.0.0.1"),
        "{why}"
    );
}

#[test]
fn the_default_directory_port_lies_below_the_ephemeral_ones() {
    assert!((20_000..30_000).contains(&default_directory_port()));
}
