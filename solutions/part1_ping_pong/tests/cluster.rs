//! The solution of part 1 on a simulated network, in virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use ping_pong_solution as part;

use part::protocol::{CONSUMER, ConsumerMsg, Everyone, PRODUCER, ProducerMsg};
use runtime::net::faults::{Action, Order, PatternKind, Rule};
use runtime::{Cookie, ExitReason, MemoryNet, Net, Node, NodeConfig, NodeName};
use tokio::time::{Instant, sleep, timeout};

const TICK_TIME: Duration = Duration::from_secs(10);

fn name(number: usize) -> NodeName {
    format!("n{number}@sim").parse().unwrap()
}

/// Nodes that run part 1, and a network that tests break.
struct Cluster {
    net: MemoryNet,
    nodes: BTreeMap<NodeName, Node>,
}

impl Cluster {
    async fn of(size: usize) -> Cluster {
        let mut cluster = Cluster {
            net: MemoryNet::new(7),
            nodes: BTreeMap::new(),
        };
        for number in 1..=size {
            cluster.join(number).await;
        }
        cluster
    }

    /// Starts a node, connects it to n1, and waits until all nodes are connected to it.
    async fn join(&mut self, number: usize) {
        let mut config = NodeConfig::new(
            name(number),
            Cookie::from_text("one for all").unwrap(),
            Net::Memory(self.net.clone()),
        );
        config.tick_time = TICK_TIME;
        let node = Node::start(config).await.unwrap();
        if let Some(other) = self.nodes.keys().next() {
            node.connect(other).await.unwrap();
        }
        part::start(node.clone()).await.unwrap();
        self.nodes.insert(name(number), node);
        self.meshed().await;
    }

    async fn meshed(&self) {
        let others = self.nodes.len() - 1;
        eventually("all are connected", async || {
            self.nodes.values().all(|node| node.list().len() == others)
        })
        .await;
    }

    fn node(&self, number: usize) -> &Node {
        &self.nodes[&name(number)]
    }

    async fn ping(&self, number: usize) -> u64 {
        let node = self.node(number);
        node.call(&PRODUCER.at(node.name()), ProducerMsg::SendPing)
            .await
            .unwrap()
    }

    async fn ask_everyone(&self, number: usize) -> Everyone {
        let node = self.node(number);
        node.call(&PRODUCER.at(node.name()), ProducerMsg::AskEveryone)
            .await
            .unwrap()
    }

    /// The counts that a node's consumer has, by the number of the producer's node.
    async fn counts(&self, number: usize) -> BTreeMap<NodeName, u64> {
        let node = self.node(number);
        node.call(&CONSUMER.at(node.name()), ConsumerMsg::Counts)
            .await
            .unwrap_or_default()
    }

    async fn shows(&self, on: usize, of: usize, count: u64) {
        let what = format!("n{on} shows {count} for n{of}");
        eventually(&what, async || {
            let seen = self.counts(on).await.get(&name(of)).copied();
            seen.unwrap_or(0) == count
        })
        .await;
    }

    fn crash_consumer(&self, number: usize) {
        let node = self.node(number);
        node.exit(&CONSUMER.at(node.name()), ExitReason::Killed);
    }

    fn crash_producer(&self, number: usize) {
        let node = self.node(number);
        node.exit(&PRODUCER.at(node.name()), ExitReason::Killed);
    }

    /// Makes a node silent, as a paused node is.
    fn silence(&self, number: usize) {
        for other in self.nodes.keys().filter(|other| **other != name(number)) {
            self.net.blackhole(&name(number), other);
        }
    }
}

/// Waits until a claim holds, for at most the 3 seconds that part 1 allows.
async fn eventually(what: &str, mut claim: impl AsyncFnMut() -> bool) {
    let waited = timeout(Duration::from_secs(3), async {
        while !claim().await {
            sleep(Duration::from_millis(10)).await;
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("after 3 s it still did not hold that {what}"));
}

#[tokio::test(start_paused = true)]
async fn ping_delivered_twice_counts_once() {
    let cluster = Cluster::of(3).await;
    let ping = Rule::new(Action::Duplicate).message("Ping").times(2);
    let twice = cluster.net.add_rule(ping);
    assert_eq!(cluster.ping(1).await, 1);
    assert_eq!(cluster.ping(1).await, 2);
    assert_eq!(cluster.ping(2).await, 1);
    for on in 1..=3 {
        cluster.shows(on, 1, 2).await;
        cluster.shows(on, 2, 1).await;
    }
    sleep(Duration::from_secs(2)).await;
    cluster.shows(2, 1, 2).await;
    assert_eq!(cluster.net.hits(twice), 2);
}

#[tokio::test(start_paused = true)]
async fn disconnected_node_stays_disconnected() {
    let cluster = Cluster::of(3).await;
    cluster.ping(1).await;
    cluster.shows(2, 1, 1).await;
    cluster.node(1).disconnect(&name(2));
    sleep(Duration::from_secs(1)).await;
    cluster.ping(1).await;
    cluster.shows(3, 1, 2).await;
    sleep(Duration::from_secs(1)).await;
    cluster.shows(2, 1, 1).await;
    assert_eq!(cluster.node(1).list(), [name(3)]);
}

#[tokio::test(start_paused = true)]
async fn answer_names_two_silent_nodes_in_time() {
    let cluster = Cluster::of(3).await;
    cluster.ping(1).await;
    cluster.ping(3).await;
    cluster.shows(1, 3, 1).await;
    cluster.shows(2, 3, 1).await;
    cluster.shows(3, 1, 1).await;
    cluster.shows(2, 1, 1).await;
    let everyone = cluster.ask_everyone(1).await;
    assert_eq!(everyone.totals, (1..=3).map(|n| (name(n), 2)).collect());
    assert!(everyone.failed.is_empty());
    cluster.ping(1).await;
    cluster.shows(3, 1, 2).await;
    cluster.shows(2, 1, 2).await;
    let everyone = cluster.ask_everyone(1).await;
    assert_eq!(everyone.totals, (1..=3).map(|n| (name(n), 3)).collect());

    cluster.silence(2);
    cluster.silence(3);
    let asked = Instant::now();
    let everyone = cluster.ask_everyone(1).await;
    assert!(asked.elapsed() < Duration::from_millis(1200));
    assert_eq!(everyone.totals, BTreeMap::from([(name(1), 3)]));
    assert!(everyone.failed.keys().eq([&name(2), &name(3)]));
}

#[tokio::test(start_paused = true)]
async fn restarted_consumer_recovers_every_count_after_a_lost_ping() {
    let cluster = Cluster::of(3).await;
    cluster.ping(1).await;
    cluster.ping(2).await;
    cluster.shows(1, 2, 1).await;
    let lost = Rule::new(Action::Drop).to(&name(1)).message("Ping");
    let lost = cluster.net.add_rule(lost);
    cluster.ping(2).await;
    cluster.shows(3, 2, 2).await;
    cluster.crash_consumer(1);
    sleep(Duration::from_millis(1)).await;
    cluster.shows(1, 2, 2).await;
    cluster.shows(1, 1, 1).await;
    assert_eq!(cluster.net.hits(lost), 1);
}

#[tokio::test(start_paused = true)]
async fn silent_producer_does_not_withhold_the_others() {
    let cluster = Cluster::of(3).await;
    cluster.ping(1).await;
    cluster.ping(3).await;
    cluster.shows(1, 3, 1).await;
    cluster.silence(2);
    cluster.crash_consumer(1);
    sleep(Duration::from_millis(1)).await;
    cluster.shows(1, 3, 1).await;
    cluster.shows(1, 1, 1).await;
}

#[tokio::test(start_paused = true)]
async fn late_answer_does_not_overwrite_a_newer_ping() {
    let cluster = Cluster::of(2).await;
    cluster.ping(2).await;
    cluster.shows(1, 2, 1).await;
    let held = Rule::new(Action::Hold).from(&name(2)).to(&name(1));
    let held = cluster.net.add_rule(held);
    cluster.crash_consumer(1);
    sleep(Duration::from_millis(600)).await;
    cluster.ping(2).await;
    cluster.shows(1, 2, 2).await;
    cluster.net.release(held, &Order::AsHeld);
    sleep(Duration::from_millis(300)).await;
    cluster.shows(1, 2, 2).await;
    assert_eq!(cluster.net.hits(held), 1);
}

#[tokio::test(start_paused = true)]
async fn both_sides_of_a_healed_partition_catch_up() {
    let cluster = Cluster::of(3).await;
    for round in 1..=2 {
        cluster.net.split(&[name(1)], &[name(2), name(3)]);
        sleep(Duration::from_secs(1)).await;
        cluster.ping(1).await;
        cluster.ping(2).await;
        cluster.shows(3, 2, round).await;
        cluster.shows(1, 2, round - 1).await;
        cluster.net.heal_all();
        cluster.meshed().await;
        cluster.shows(1, 2, round).await;
        cluster.shows(2, 1, round).await;
        cluster.shows(3, 1, round).await;
        sleep(Duration::from_secs(1)).await;
        cluster.shows(1, 2, round).await;
    }
}

#[tokio::test(start_paused = true)]
async fn both_sides_of_a_blackhole_catch_up() {
    let cluster = Cluster::of(3).await;
    cluster.ping(1).await;
    cluster.shows(2, 1, 1).await;
    for other in [2, 3] {
        cluster.net.blackhole(&name(1), &name(other));
        cluster.net.blackhole(&name(other), &name(1));
    }
    cluster.ping(1).await;
    cluster.ping(3).await;
    sleep(3 * TICK_TIME).await;
    assert!(cluster.node(1).list().is_empty());
    cluster.net.heal_all();
    cluster.meshed().await;
    cluster.shows(2, 1, 2).await;
    cluster.shows(3, 1, 2).await;
    cluster.shows(1, 3, 1).await;
}

#[tokio::test(start_paused = true)]
async fn late_and_restarted_nodes_learn_the_counts() {
    let mut cluster = Cluster::of(2).await;
    cluster.ping(1).await;
    cluster.ping(2).await;
    cluster.ping(2).await;
    cluster.join(3).await;
    cluster.shows(3, 1, 1).await;
    cluster.shows(3, 2, 2).await;

    let killed = cluster.nodes.remove(&name(3)).unwrap();
    cluster.net.kill(&name(3));
    killed.stop().await;
    cluster.ping(1).await;
    cluster.join(3).await;
    cluster.shows(3, 1, 2).await;
    cluster.shows(3, 2, 2).await;
}

#[tokio::test(start_paused = true)]
async fn consumer_that_crashed_in_a_partition_recovers_after_it() {
    let cluster = Cluster::of(3).await;
    cluster.ping(1).await;
    cluster.ping(2).await;
    cluster.shows(1, 2, 1).await;
    cluster.shows(2, 1, 1).await;
    cluster.net.split(&[name(1)], &[name(2), name(3)]);
    sleep(Duration::from_secs(1)).await;
    cluster.crash_consumer(2);
    sleep(Duration::from_secs(1)).await;
    cluster.net.heal_all();
    cluster.meshed().await;
    cluster.shows(1, 2, 1).await;
    cluster.shows(2, 1, 1).await;
    cluster.shows(3, 1, 1).await;
}

#[tokio::test(start_paused = true)]
async fn restarted_producer_continues_its_count() {
    let cluster = Cluster::of(3).await;
    cluster.ping(3).await;
    for _ in 0..5 {
        cluster.ping(2).await;
    }
    cluster.shows(3, 2, 5).await;
    let lost = Rule::new(Action::Drop).to(&name(1)).message("Ping");
    cluster.net.add_rule(lost);
    cluster.ping(2).await;
    cluster.shows(3, 2, 6).await;
    cluster.silence(1);
    cluster.crash_producer(2);
    cluster.crash_consumer(2);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(cluster.ping(2).await, 7);
    assert_eq!(cluster.ping(2).await, 8);
    cluster.shows(3, 2, 8).await;
    cluster.shows(2, 2, 8).await;
}

#[tokio::test(start_paused = true)]
async fn restarted_producer_continues_after_the_highest_count() {
    let cluster = Cluster::of(3).await;
    for _ in 0..5 {
        cluster.ping(3).await;
    }
    cluster.ping(2).await;
    cluster.shows(1, 2, 1).await;
    cluster.shows(2, 3, 5).await;
    let lost = Rule::new(Action::Drop).to(&name(1)).message("Ping");
    let lost = cluster.net.add_rule(lost);
    cluster.ping(2).await;
    cluster.shows(3, 2, 2).await;
    cluster.shows(1, 2, 1).await;
    cluster.crash_producer(2);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(cluster.ping(2).await, 3);
    cluster.shows(1, 2, 3).await;
    assert_eq!(cluster.net.hits(lost), 1);
}

#[tokio::test(start_paused = true)]
async fn cut_off_producer_continues_its_count() {
    let cluster = Cluster::of(2).await;
    let lost = Rule::new(Action::Drop)
        .kind(PatternKind::Cast)
        .times(usize::MAX);
    cluster.net.add_rule(lost);
    cluster.ping(1).await;
    cluster.net.split(&[name(1)], &[name(2)]);
    sleep(Duration::from_secs(1)).await;
    cluster.ping(1).await;
    cluster.crash_producer(1);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(cluster.ping(1).await, 3);
    cluster.shows(1, 1, 3).await;
}
