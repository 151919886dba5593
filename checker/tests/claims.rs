//! What the given store promises to the link shorteners, tried on the embedded store.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use shortener::{Claim, Code, Link, Store, StoreError, now};
use store::Embedded;
use tokio::time::sleep;

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
