//! What the given store promises to the link shorteners, tried on the embedded store, and on a private
//! Redis where the difference matters.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use servers::Server;
use shortener::{Claim, Code, Link, Store, StoreError, now};
use store::Embedded;
use tokio::time::{Instant, sleep};

#[path = "../store/tests/servers/mod.rs"]
mod servers;
#[path = "../store/tests/wire/mod.rs"]
mod wire;

async fn open() -> (Embedded, Store) {
    let server = Embedded::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .unwrap();
    let store = Store::at(&format!("redis://{}", server.address()), "test:").unwrap();
    (server, store)
}

fn code(text: &str) -> Code {
    text.parse().unwrap()
}

fn link(url: &str) -> Link {
    Link {
        url: url.into(),
        expires_at: None,
    }
}

fn expired(url: &str) -> Link {
    Link {
        expires_at: Some(now() - 1),
        ..link(url)
    }
}

#[tokio::test]
async fn code_is_given_to_one_url_however_many_claim_it() {
    let (_server, store) = open().await;
    for round in 0..20 {
        let wanted = code(&format!("code-{round}"));
        let claims = (0..30).map(|number| {
            let (store, wanted) = (store.clone(), wanted.clone());
            async move {
                let link = link(&format!("http://{number}.example"));
                store.claim(&[wanted], &link).await.unwrap()
            }
        });
        let claims = join_all(claims).await;
        let won = |claim: &&Claim| matches!(claim, Claim::Claimed(_));
        assert_eq!(claims.iter().filter(won).count(), 1, "{claims:?}");
        assert_eq!(
            claims
                .iter()
                .filter(|claim| **claim == Claim::Taken)
                .count(),
            29
        );
    }
}

#[tokio::test]
async fn url_keeps_its_code_when_an_earlier_choice_becomes_free() {
    let (_server, store) = open().await;
    let codes = Code::candidates("http://b.example");
    let (a, b) = (link("http://a.example"), link("http://b.example"));
    assert_eq!(
        store.claim(&codes[..1], &a).await,
        Ok(Claim::Claimed(codes[0].clone()))
    );
    assert_eq!(store.claim(&codes, &b).await, Ok(Claim::Taken));
    assert_eq!(
        store.claim(&codes[1..], &b).await,
        Ok(Claim::Claimed(codes[1].clone()))
    );
    assert_eq!(store.remove(&codes[0], &a).await, Ok(true));
    // The first choice is free now; but B has a code.
    assert_eq!(
        store.claim(&codes, &b).await,
        Ok(Claim::Known(codes[1].clone(), b.clone()))
    );
    assert_eq!(
        store.get(&codes[0]).await,
        Ok(None),
        "and the first is still free"
    );
}

#[tokio::test]
async fn expired_link_makes_way_and_a_new_one_does_not() {
    let (_server, store) = open().await;
    let (old, new) = (expired("http://old.example"), link("http://new.example"));
    assert_eq!(
        store.claim(&[code("a")], &old).await,
        Ok(Claim::Claimed(code("a")))
    );
    assert_eq!(store.expired().await, Ok(vec![(code("a"), old.clone())]));
    assert_eq!(
        store.claim(&[code("a")], &new).await,
        Ok(Claim::Claimed(code("a")))
    );
    // A sweeper that has read the old one does not remove the new one.
    assert_eq!(store.remove(&code("a"), &old).await, Ok(false));
    assert_eq!(store.get(&code("a")).await, Ok(Some(new)));
    assert_eq!(store.expired().await, Ok(vec![]));
}

#[tokio::test]
async fn link_that_has_not_ended_is_not_expired() {
    let (_server, store) = open().await;
    let soon = Link {
        expires_at: Some(now() + 300),
        ..link("http://soon.example")
    };
    store.claim(&[code("soon")], &soon).await.unwrap();
    store
        .claim(&[code("never")], &link("http://never.example"))
        .await
        .unwrap();
    assert_eq!(store.expired().await, Ok(vec![]));
    while now() < soon.expires_at.unwrap() {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        store.expired().await,
        Ok(vec![(code("soon"), soon.clone())])
    );
    assert_eq!(store.remove(&code("soon"), &soon).await, Ok(true));
    assert_eq!(store.expired().await, Ok(vec![]));
}

#[tokio::test]
async fn member_is_listed_once() {
    let (_server, store) = open().await;
    let n1: runtime::NodeName = "n1@127.0.0.1".parse().unwrap();
    assert_eq!(store.members().await, Ok(vec![]));
    store.add_member(&n1).await.unwrap();
    store.add_member(&n1).await.unwrap();
    assert_eq!(store.members().await, Ok(vec![n1]));
}

#[tokio::test]
async fn store_that_is_away_is_told_apart_from_one_that_is_back() {
    let (server, store) = open().await;
    let address = server.address();
    store
        .claim(&[code("a")], &link("http://a.example"))
        .await
        .unwrap();
    drop(server);
    // The first error may be that the connection broke, and then that there is none.
    let away = async {
        while !matches!(store.get(&code("a")).await, Err(StoreError::Unreachable(_))) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), away)
        .await
        .unwrap();
    let _server = Embedded::start(address).await.unwrap();
    assert_eq!(store.get(&code("a")).await, Ok(None), "at the first try");
}

fn store_at(server: &Server) -> Store {
    Store::at(&format!("redis://{}", server.address()), "test:").unwrap()
}

/// Says something to a server past the store, and returns the answer.
async fn command(server: &Server, words: &[&[u8]]) -> String {
    let client = redis::Client::open(format!("redis://{}", server.address())).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(str::from_utf8(words[0]).unwrap());
    command.arg(&words[1..]);
    let answer: redis::Value = command.query_async(&mut connection).await.unwrap();
    format!("{answer:?}")
}

#[tokio::test]
async fn later_end_counts_whichever_was_asked_for_first() {
    let in_a = |seconds: u64| Some(now() + seconds * 1000);
    for server in servers::all().await {
        let (store, wanted) = (store_at(&server), code("a"));
        let claim = async |expires_at: Option<u64>, ends_at: Option<u64>| {
            let (asked, stored) = (
                Link {
                    expires_at,
                    ..link("http://a.example/")
                },
                Link {
                    expires_at: ends_at,
                    ..link("http://a.example/")
                },
            );
            let claim = store.claim(std::slice::from_ref(&wanted), &asked).await;
            let known = Claim::Known(wanted.clone(), stored.clone());
            let claimed = Claim::Claimed(wanted.clone());
            assert!(claim == Ok(known) || claim == Ok(claimed), "{claim:?}");
            assert_eq!(
                store.get(&wanted).await,
                Ok(Some(stored)),
                "{}",
                server.name()
            );
        };
        let (short, middle, long) = (in_a(1), in_a(60), in_a(600));
        claim(short, short).await;
        claim(long, long).await;
        claim(middle, long).await;
        // The end that was first is no end any more, and its note goes.
        while now() < short.unwrap() {
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(store.expired().await, Ok(vec![]));
        claim(None, None).await;
        claim(long, None).await;
        assert_eq!(store.expired().await, Ok(vec![]));
    }
}

#[tokio::test]
async fn later_end_counts_for_a_url_that_has_a_later_code() {
    for server in servers::all().await {
        let (store, codes) = (store_at(&server), Code::candidates("http://b.example/"));
        let soon = Link {
            expires_at: Some(now() + 60_000),
            ..link("http://b.example/")
        };
        store.claim(&codes[1..], &soon).await.unwrap();
        let for_ever = link("http://b.example/");
        assert_eq!(
            store.claim(&codes, &for_ever).await,
            Ok(Claim::Known(codes[1].clone(), for_ever.clone()))
        );
        assert_eq!(store.get(&codes[0]).await, Ok(None));
        assert_eq!(store.get(&codes[1]).await, Ok(Some(for_ever)));
    }
}

#[tokio::test]
async fn of_many_ends_that_are_asked_for_at_once_the_latest_counts() {
    for server in servers::all().await {
        let (store, now) = (store_at(&server), now());
        let claims = (1..=30).map(|minutes| {
            let (store, wanted) = (store.clone(), code("a"));
            let link = Link {
                expires_at: Some(now + minutes * 60_000),
                ..link("http://a.example/")
            };
            async move { store.claim(&[wanted], &link).await }
        });
        for claim in join_all(claims).await {
            claim.unwrap();
        }
        let stored = store.get(&code("a")).await.unwrap().unwrap();
        assert_eq!(stored.expires_at, Some(now + 30 * 60_000));
    }
}

#[tokio::test]
async fn what_is_not_a_link_is_refused_in_time_and_stays() {
    for server in servers::all().await {
        let store = store_at(&server);
        let values: &[&[u8]] = &[
            b"",
            b"nonsense",
            b"+1000 https://a.example/",
            b"01000 https://a.example/",
            b"- \xff",
            b"- javascript:alert(1)",
        ];
        for value in values {
            command(&server, &[b"SET", b"test:link:a", value]).await;
            is_refused(&store, &code("a")).await;
            let left = command(&server, &[b"GET", b"test:link:a"]).await;
            assert_eq!(
                left,
                format!("{:?}", redis::Value::BulkString(value.to_vec()))
            );
        }
        // Nor does it keep other codes from being claimed.
        let codes = [code("b"), code("a")];
        let claim = store.claim(&codes, &link("http://a.example/")).await;
        assert_eq!(claim, Ok(Claim::Claimed(code("b"))));
        if let Server::Redis(_) = server {
            command(&server, &[b"DEL", b"test:link:a"]).await;
            command(&server, &[b"LPUSH", b"test:link:a", b"x"]).await;
            is_refused(&store, &code("a")).await;
        }
    }
}

async fn is_refused(store: &Store, wanted: &Code) {
    let begin = Instant::now();
    let claim = store
        .claim(std::slice::from_ref(wanted), &link("http://a.example/"))
        .await;
    assert!(matches!(claim, Err(StoreError::Refused(_))), "{claim:?}");
    let read = store.get(wanted).await;
    assert!(matches!(read, Err(StoreError::Refused(_))), "{read:?}");
    assert!(begin.elapsed() < shortener::store::ANSWER_WITHIN);
}

#[tokio::test]
async fn sweeper_passes_over_what_is_not_ours() {
    for server in servers::all().await {
        let (store, old) = (store_at(&server), expired("http://old.example/"));
        for (key, value) in [
            (&b"test:due:5:strange"[..], &b""[..]),
            (b"test:link:strange", b"nonsense"),
            (b"test:due:+5:old", b""),
            (b"test:due:\xff", b""),
            (b"test:due:5", b""),
            (b"test:member:\xff", b""),
            (b"test:member:n1@127.0.0.1", b""),
        ] {
            command(&server, &[b"SET", key, value]).await;
        }
        store.claim(&[code("old")], &old).await.unwrap();
        assert_eq!(store.expired().await, Ok(vec![(code("old"), old.clone())]));
        assert_eq!(store.remove(&code("old"), &old).await, Ok(true));
        assert_eq!(store.expired().await, Ok(vec![]));
        assert_eq!(store.members().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn store_that_refused_a_password_is_reached_once_it_takes_it() {
    for server in servers::all().await {
        let Server::Redis(_) = server else {
            continue;
        };
        let url = format!("redis://:secret@{}/", server.address());
        let store = Store::at(&url, "test:").unwrap();
        for _ in 0..5 {
            let begin = Instant::now();
            let read = store.get(&code("a")).await;
            assert!(matches!(read, Err(StoreError::Unreachable(_))), "{read:?}");
            assert!(begin.elapsed() < shortener::store::ANSWER_WITHIN);
        }
        command(&server, &[b"CONFIG", b"SET", b"requirepass", b"secret"]).await;
        assert_eq!(store.get(&code("a")).await, Ok(None), "at the first try");
    }
}

#[tokio::test]
async fn tries_to_connect_are_shared_and_apart() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.unwrap();
    let url = format!("redis://{}/", listener.local_addr().unwrap());
    let tries = tokio::spawn(async move {
        let mut tries = 0;
        let count = async {
            loop {
                // Accepts, and closes at once.
                let _ = listener.accept().await;
                tries += 1;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(2), count).await;
        tries
    });
    let store = Store::at(&url, "test:").unwrap();
    let end = Instant::now() + Duration::from_secs(2);
    let ask = (0..50).map(|_| async {
        while Instant::now() < end {
            let read = store.get(&code("a")).await;
            assert!(matches!(read, Err(StoreError::Unreachable(_))), "{read:?}");
        }
    });
    join_all(ask).await;
    let tries = tries.await.unwrap();
    assert!((5..=20).contains(&tries), "{tries} tries in 2 s");
}
