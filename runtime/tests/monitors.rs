//! Monitors and links between processes, on one node and across nodes.

use std::time::Duration;

use runtime::{Address, Ctx, ExitReason, Info, MemoryNet, Node, Reply, Server};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::world::*;

#[derive(Serialize, Deserialize)]
enum WatchMsg {
    Monitor(Address<CounterMsg>),
    /// Monitors, and changes its mind at once.
    MonitorNot(Address<CounterMsg>),
    Link(Address<CounterMsg>),
    Seen(Reply<Vec<ExitReason>>),
    Crash,
}

#[derive(Default)]
struct Watchman(Vec<ExitReason>);

impl Server for Watchman {
    type Msg = WatchMsg;
    type Args = ();

    async fn init(_: (), _: &Ctx<WatchMsg>) -> Self {
        Watchman::default()
    }

    async fn handle(&mut self, msg: WatchMsg, ctx: &Ctx<WatchMsg>) {
        match msg {
            WatchMsg::Monitor(whom) => drop(ctx.monitor(&whom)),
            WatchMsg::MonitorNot(whom) => ctx.demonitor(ctx.monitor(&whom)),
            WatchMsg::Link(whom) => ctx.link(&whom),
            WatchMsg::Seen(reply) => reply.send(self.0.clone()),
            WatchMsg::Crash => panic!("on request"),
        }
    }

    async fn handle_info(&mut self, info: Info, _: &Ctx<WatchMsg>) {
        if let Info::Down { reason, .. } = info {
            self.0.push(reason);
        }
    }
}

async fn watchman(node: &Node) -> Address<WatchMsg> {
    node.start_unnamed::<Watchman>(()).await.unwrap()
}

async fn seen_ends(node: &Node, watchman: &Address<WatchMsg>) -> Vec<ExitReason> {
    sleep(Duration::from_millis(100)).await;
    node.call(watchman, WatchMsg::Seen).await.unwrap()
}

async fn watch(node: &Node, watchman: &Address<WatchMsg>, msg: WatchMsg) {
    node.cast(watchman, msg).await.unwrap();
    sleep(Duration::from_millis(100)).await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_process_is_told_once_with_its_reason() {
    let net = MemoryNet::new(1);
    let [n1, n2] = cluster(&net).await;
    for node in [&n1, &n2] {
        let man = watchman(&n1).await;
        watch(&n1, &man, WatchMsg::Monitor(COUNTER.at(node.name()))).await;
        assert_eq!(seen_ends(&n1, &man).await, []);
        n1.cast(&COUNTER.at(node.name()), CounterMsg::Crash("ouch".into()))
            .await
            .unwrap();
        assert_eq!(
            seen_ends(&n1, &man).await,
            [ExitReason::Crashed("ouch".into())]
        );
        // The next bearer of the name is another process.
        node.start_server::<Counter>(&COUNTER, ()).await.unwrap();
        n1.cast(&COUNTER.at(node.name()), CounterMsg::Crash("again".into()))
            .await
            .unwrap();
        assert_eq!(seen_ends(&n1, &man).await.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_process_is_told_at_once() {
    let net = MemoryNet::new(2);
    let [n1, n2] = cluster(&net).await;
    let man = watchman(&n1).await;
    for node in [&n1, &n2] {
        let nobody = runtime::ServerName::new("nobody").at(node.name());
        watch(&n1, &man, WatchMsg::Monitor(nobody)).await;
    }
    assert_eq!(
        seen_ends(&n1, &man).await,
        [ExitReason::NoProcess, ExitReason::NoProcess]
    );
}

#[tokio::test(start_paused = true)]
async fn losing_the_node_counts_as_the_end() {
    let net = MemoryNet::new(3);
    let [n1, n2, n3] = cluster(&net).await;
    let man = watchman(&n1).await;
    watch(&n1, &man, WatchMsg::Monitor(COUNTER.at(n2.name()))).await;
    watch(&n1, &man, WatchMsg::Monitor(COUNTER.at(n3.name()))).await;
    watch(&n1, &man, WatchMsg::MonitorNot(COUNTER.at(n3.name()))).await;
    net.kill(n2.name());
    assert_eq!(seen_ends(&n1, &man).await, [ExitReason::NodeDown]);
    net.blackhole(n3.name(), n1.name());
    sleep(Duration::from_secs(10)).await;
    assert_eq!(
        seen_ends(&n1, &man).await,
        [ExitReason::NodeDown, ExitReason::NodeDown]
    );
    // And a node that cannot be reached at all.
    watch(&n1, &man, WatchMsg::Monitor(COUNTER.at(name("nowhere")))).await;
    assert_eq!(seen_ends(&n1, &man).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn linked_processes_end_together_across_nodes() {
    let net = MemoryNet::new(4);
    let [n1, n2] = cluster(&net).await;
    // The linked one crashes: so does the one that linked.
    let man = watchman(&n1).await;
    watch(&n1, &man, WatchMsg::Link(COUNTER.at(n2.name()))).await;
    n1.cast(&COUNTER.at(n2.name()), CounterMsg::Crash("both".into()))
        .await
        .unwrap();
    sleep(Duration::from_millis(100)).await;
    assert!(n1.call(&man, WatchMsg::Seen).await.is_err());
    // The one that linked crashes: so does the linked one.
    n2.start_server::<Counter>(&COUNTER, ()).await.unwrap();
    let man = watchman(&n1).await;
    watch(&n1, &man, WatchMsg::Link(COUNTER.at(n2.name()))).await;
    watch(&n1, &man, WatchMsg::Crash).await;
    assert!(
        n2.call(&COUNTER.at(n2.name()), CounterMsg::Seen)
            .await
            .is_err()
    );
    // The network comes between them: both end.
    n2.start_server::<Counter>(&COUNTER, ()).await.unwrap();
    let man = watchman(&n1).await;
    watch(&n1, &man, WatchMsg::Link(COUNTER.at(n2.name()))).await;
    net.partition(n1.name(), n2.name());
    sleep(Duration::from_millis(100)).await;
    assert!(n1.call(&man, WatchMsg::Seen).await.is_err());
    assert!(
        n2.call(&COUNTER.at(n2.name()), CounterMsg::Seen)
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_of_one_process_only() {
    let net = MemoryNet::new(5);
    let [n1, n2] = cluster(&net).await;
    let other = n2.start_unnamed::<Counter>(()).await.unwrap();
    n1.cast(&COUNTER.at(n2.name()), CounterMsg::Crash("alone".into()))
        .await
        .unwrap();
    assert_eq!(n1.call(&other, |r| CounterMsg::Slow(1, r)).await, Ok(1));
    assert_eq!(n1.list(), [n2.name().clone()]);
}
