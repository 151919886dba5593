//! The caches of part 3 on a simulated network, in virtual time, and with a store that is down: so
//! whatever is in a table came from another node.

use std::collections::BTreeMap;
use std::time::Duration;

use link_shortener_solution as part;
use part::protocol::{CACHE, CacheMsg};
use runtime::{CallError, Cookie, ExitReason, MemoryNet, Net, Node, NodeConfig, NodeName};
use shortener::{Code, Flags, Link, Refusal, now};
use tokio::time::sleep;

struct Cluster {
    net: MemoryNet,
    nodes: BTreeMap<NodeName, Node>,
}

fn name(number: usize) -> NodeName {
    format!("n{number}@sim").parse().unwrap()
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

impl Cluster {
    async fn of(size: usize) -> Cluster {
        let mut cluster = Cluster {
            net: MemoryNet::new(7),
            nodes: BTreeMap::new(),
        };
        for number in 1..=size {
            cluster.start(number).await;
        }
        cluster
    }

    async fn start(&mut self, number: usize) {
        let cookie = Cookie::from_text("one for all").unwrap();
        let net = Net::Memory(self.net.clone());
        let node = Node::start(NodeConfig::new(name(number), cookie, net))
            .await
            .unwrap();
        let flags = Flags {
            http: 0,
            store: Some("redis://127.0.0.1:1".into()),
            store_prefix: String::new(),
        };
        part::start(node.clone(), flags).await.unwrap();
        if let Some(other) = self.nodes.keys().next() {
            node.connect(other).await.unwrap();
        }
        self.nodes.insert(name(number), node);
    }

    /// As if that node had created a link.
    async fn announce(&self, number: usize, text: &str, link: Link) {
        let node = &self.nodes[&name(number)];
        let cache = CACHE.at(node.name());
        let (own, others) = (link.clone(), link);
        node.cast(&cache, CacheMsg::Learn(code(text), own))
            .await
            .unwrap();
        node.cast(&cache, CacheMsg::Announce(code(text), others))
            .await
            .unwrap();
    }

    async fn peek(&self, number: usize, text: &str) -> Option<Link> {
        let node = &self.nodes[&name(number)];
        let peek = |reply| CacheMsg::Peek(code(text), reply);
        node.call(&CACHE.at(node.name()), peek).await.unwrap()
    }

    async fn has(&self, number: usize, text: &str, url: &str) {
        for _ in 0..200 {
            if self.peek(number, text).await == Some(link(url)) {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("n{number} does not know {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_node_is_told_of_a_link() {
    let cluster = Cluster::of(3).await;
    sleep(Duration::from_secs(1)).await;
    cluster.announce(2, "a", link("http://a.example")).await;
    for number in 1..=3 {
        cluster.has(number, "a", "http://a.example").await;
    }
}

#[tokio::test(start_paused = true)]
async fn tables_meet_after_a_netsplit() {
    let cluster = Cluster::of(3).await;
    sleep(Duration::from_secs(1)).await;
    cluster.net.split(&[name(1)], &[name(2), name(3)]);
    sleep(Duration::from_secs(1)).await;
    cluster.announce(1, "a", link("http://a.example")).await;
    cluster.announce(3, "b", link("http://b.example")).await;
    cluster.has(2, "b", "http://b.example").await;
    assert_eq!(cluster.peek(1, "b").await, None);
    cluster.net.heal_all();
    for number in 1..=3 {
        cluster.has(number, "a", "http://a.example").await;
        cluster.has(number, "b", "http://b.example").await;
    }
}

#[tokio::test(start_paused = true)]
async fn late_node_and_restarted_cache_hear_of_links() {
    let mut cluster = Cluster::of(2).await;
    cluster.announce(1, "a", link("http://a.example")).await;
    cluster.start(3).await;
    cluster.has(3, "a", "http://a.example").await;

    let n3 = &cluster.nodes[&name(3)];
    n3.exit(&CACHE.at(n3.name()), ExitReason::Killed);
    sleep(Duration::from_secs(1)).await;
    cluster.announce(1, "b", link("http://b.example")).await;
    cluster.has(3, "b", "http://b.example").await;
}

#[tokio::test(start_paused = true)]
async fn expired_link_is_not_learned() {
    let cluster = Cluster::of(2).await;
    let expired = Link {
        expires_at: Some(now() - 1),
        ..link("http://a.example")
    };
    cluster.announce(1, "a", expired).await;
    cluster.announce(1, "b", link("http://b.example")).await;
    cluster.has(2, "b", "http://b.example").await;
    assert_eq!(cluster.peek(2, "a").await, None);
}

#[tokio::test(start_paused = true)]
async fn later_expiry_of_a_link_is_in_every_table_and_stays() {
    let cluster = Cluster::of(3).await;
    sleep(Duration::from_secs(1)).await;
    let earlier = Link {
        expires_at: Some(now() + 600_000),
        ..link("http://a.example")
    };
    cluster.announce(1, "a", earlier.clone()).await;
    cluster.announce(2, "a", link("http://a.example")).await;
    for number in 1..=3 {
        cluster.has(number, "a", "http://a.example").await;
    }
    cluster.announce(3, "a", earlier).await;
    sleep(Duration::from_secs(1)).await;
    for number in 1..=3 {
        cluster.has(number, "a", "http://a.example").await;
    }
}

#[tokio::test(start_paused = true)]
async fn look_up_without_a_store_is_refused_and_not_remembered() {
    let cluster = Cluster::of(2).await;
    let n2 = &cluster.nodes[&name(2)];
    let load = |reply| CacheMsg::Load(code("a"), reply);
    let answer: Result<Result<Link, Refusal>, CallError> =
        n2.call(&CACHE.at(n2.name()), load).await;
    assert!(
        matches!(answer, Ok(Err(Refusal::Unavailable(_)))),
        "{answer:?}"
    );
    let size: usize = n2.call(&CACHE.at(n2.name()), CacheMsg::Size).await.unwrap();
    assert_eq!(size, 0);
}
