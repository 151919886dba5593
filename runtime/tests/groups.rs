//! Process groups: who is a member, as seen from each node, whatever happens to the network.

use std::time::Duration;

use runtime::{
    Address, CallError, Ctx, ExitReason, Group, GroupChange, Info, MemoryNet, Node, NodeConfig,
    Reply, Server, ServerName,
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::world::{cluster, config, eventually, node};

const WORKERS: Group<Msg> = Group::new("workers");
const OTHERS: Group<Msg> = Group::new("others");
const SPY: ServerName<Msg> = ServerName::new("spy");

#[derive(Debug, Serialize, Deserialize)]
enum Msg {
    Crash,
    Seen(Reply<(Vec<Address<Msg>>, Vec<String>)>),
}

struct Worker;

impl Server for Worker {
    type Msg = Msg;
    type Args = ();

    async fn init(_: (), ctx: &Ctx<Msg>) -> Self {
        ctx.groups().join(&WORKERS, ctx.me()).await.unwrap();
        Worker
    }

    async fn handle(&mut self, msg: Msg, _: &Ctx<Msg>) {
        if let Msg::Crash = msg {
            panic!("on purpose");
        }
    }
}

/// Writes down what it is told of the group.
struct Spy {
    at_first: Vec<Address<Msg>>,
    news: Vec<String>,
}

impl Server for Spy {
    type Msg = Msg;
    type Args = ();

    async fn init(_: (), ctx: &Ctx<Msg>) -> Self {
        Spy {
            at_first: ctx.watch_group(&WORKERS),
            news: Vec::new(),
        }
    }

    async fn handle(&mut self, msg: Msg, _: &Ctx<Msg>) {
        if let Msg::Seen(reply) = msg {
            reply.send((self.at_first.clone(), self.news.clone()));
        }
    }

    async fn handle_info(&mut self, info: Info, _: &Ctx<Msg>) {
        self.news.push(match info {
            Info::Group(GroupChange::Joined(group, who)) => {
                format!("{} joined {group}", who.node.short())
            }
            Info::Group(GroupChange::Left(group, who)) => {
                format!("{} left {group}", who.node.short())
            }
            other => format!("{other:?}"),
        });
    }
}

async fn worker(node: &Node) -> Address<Msg> {
    node.start_unnamed::<Worker>(()).await.unwrap()
}

/// Waits until a node sees exactly these members.
#[track_caller]
fn sees<'a>(node: &'a Node, members: &'a [&'a Address<Msg>]) -> impl Future<Output = ()> + 'a {
    let mut expected: Vec<Address<Msg>> = members.iter().map(|&member| member.clone()).collect();
    expected.sort();
    eventually("the members are these", move || {
        node.groups().members(&WORKERS) == expected
    })
}

#[tokio::test(start_paused = true)]
async fn members_are_seen_on_all_nodes_and_their_own_node_tells_them_apart() {
    let [n1, n2, n3] = cluster(&MemoryNet::new(1)).await;
    let (a, b, c) = (worker(&n1).await, worker(&n2).await, worker(&n2).await);
    for node in [&n1, &n2, &n3] {
        sees(node, &[&a, &b, &c]).await;
    }
    assert_eq!(n1.groups().local_members(&WORKERS), [a]);
    assert_eq!(n2.groups().local_members(&WORKERS).len(), 2);
    assert_eq!(n3.groups().local_members(&WORKERS), []);
    assert_eq!(n3.groups().all(), ["workers"]);
}

#[tokio::test(start_paused = true)]
async fn each_side_of_a_partition_sees_its_own_and_all_see_all_after_heal() {
    let net = MemoryNet::new(1);
    let [n1, n2, n3] = cluster(&net).await;
    let (a, b) = (worker(&n1).await, worker(&n2).await);
    sees(&n3, &[&a, &b]).await;

    net.split(
        &[n1.name().clone()],
        &[n2.name().clone(), n3.name().clone()],
    );
    sees(&n1, &[&a]).await;
    sees(&n2, &[&b]).await;
    // What changes meanwhile is told after heal: one comes, one goes.
    let c = worker(&n3).await;
    n1.exit(&a, ExitReason::Killed);
    let d = worker(&n1).await;
    sees(&n1, &[&d]).await;
    sees(&n2, &[&b, &c]).await;

    net.heal_all();
    for node in [&n1, &n2, &n3] {
        sees(node, &[&b, &c, &d]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn members_behind_silence_go_after_the_tick_time_and_return_on_heal() {
    let net = MemoryNet::new(1);
    let [n1, n2] = cluster(&net).await;
    let (a, b) = (worker(&n1).await, worker(&n2).await);
    sees(&n1, &[&a, &b]).await;
    net.blackhole(n1.name(), n2.name());
    net.blackhole(n2.name(), n1.name());
    sees(&n1, &[&a]).await;
    sees(&n2, &[&b]).await;
    net.heal_all();
    sees(&n1, &[&a, &b]).await;
    sees(&n2, &[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn member_that_crashes_leaves() {
    let [n1, n2] = cluster(&MemoryNet::new(1)).await;
    let (a, b) = (worker(&n1).await, worker(&n2).await);
    n1.groups().join(&OTHERS, &b).await.unwrap();
    sees(&n1, &[&a, &b]).await;
    n1.cast(&b, Msg::Crash).await.unwrap();
    sees(&n1, &[&a]).await;
    sees(&n2, &[&a]).await;
    assert_eq!(n1.groups().members(&OTHERS), []);
    assert_eq!(
        n1.groups().join(&OTHERS, &b).await,
        Err(CallError::NoProcess(n2.name().clone()))
    );
}

#[tokio::test(start_paused = true)]
async fn members_of_a_disconnected_node_go_and_groups_do_not_connect_it_again() {
    let [n1, n2] = cluster(&MemoryNet::new(1)).await;
    let (a, b) = (worker(&n1).await, worker(&n2).await);
    sees(&n1, &[&a, &b]).await;
    n1.disconnect(n2.name());
    sees(&n1, &[&a]).await;
    sees(&n2, &[&b]).await;
    let c = worker(&n1).await;
    n1.exit(&a, ExitReason::Killed);
    sleep(Duration::from_secs(60)).await;
    assert_eq!((n1.list(), n2.list()), (vec![], vec![]));
    n2.connect(n1.name()).await.unwrap();
    sees(&n1, &[&b, &c]).await;
    sees(&n2, &[&b, &c]).await;
}

#[tokio::test(start_paused = true)]
async fn node_that_joins_late_or_again_learns_the_members() {
    let net = MemoryNet::new(1);
    let [n1, n2] = cluster(&net).await;
    let (a, b) = (worker(&n1).await, worker(&n2).await);
    let n3 = node(&net, "n3").await;
    assert_eq!(n3.groups().members(&WORKERS), []);
    n3.connect(n1.name()).await.unwrap();
    sees(&n3, &[&a, &b]).await;

    let c = worker(&n3).await;
    sees(&n1, &[&a, &b, &c]).await;
    net.kill(n3.name());
    sees(&n1, &[&a, &b]).await;
    let n3 = node(&net, "n3").await;
    n3.connect(n2.name()).await.unwrap();
    sees(&n3, &[&a, &b]).await;
    let d = worker(&n3).await;
    sees(&n1, &[&a, &b, &d]).await;
}

#[tokio::test(start_paused = true)]
async fn process_leaves_one_group_and_stays_in_the_other() {
    let [n1, n2] = cluster(&MemoryNet::new(1)).await;
    let a = worker(&n1).await;
    n1.groups().join(&OTHERS, &a).await.unwrap();
    n1.groups().join(&OTHERS, &a).await.unwrap();
    sees(&n2, &[&a]).await;
    assert!(n2.groups().leave(&WORKERS, &a).await.unwrap());
    assert!(!n2.groups().leave(&WORKERS, &a).await.unwrap());
    sees(&n1, &[]).await;
    eventually("only the other group is left", || {
        n2.groups().all() == ["others"]
    })
    .await;
    n1.cast(&a, Msg::Crash).await.unwrap();
    eventually("no group is left", || n2.groups().all().is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn watcher_is_told_of_every_change_once_and_in_order() {
    let net = MemoryNet::new(1);
    let [n1, n2, n3] = cluster(&net).await;
    let a = worker(&n1).await;
    let spy = n1.start_server::<Spy>(&SPY, ()).await.unwrap();
    let b = worker(&n2).await;
    sees(&n1, &[&a, &b]).await;
    n2.groups().leave(&WORKERS, &b).await.unwrap();
    sees(&n1, &[&a]).await;
    let c = worker(&n3).await;
    n1.groups().join(&OTHERS, &c).await.unwrap();
    sees(&n1, &[&a, &c]).await;
    net.kill(n3.name());
    sees(&n1, &[&a]).await;
    let (at_first, news) = n1.call(&spy, Msg::Seen).await.unwrap();
    assert_eq!(at_first, [a]);
    assert_eq!(
        news,
        [
            "n2 joined workers",
            "n2 left workers",
            "n3 joined workers",
            "n3 left workers"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn hidden_node_is_in_no_group_and_sees_none() {
    let net = MemoryNet::new(1);
    let [n1, n2] = cluster(&net).await;
    let hidden = Node::start(NodeConfig {
        hidden: true,
        ..config(&net, "h")
    })
    .await
    .unwrap();
    hidden.connect(n1.name()).await.unwrap();
    let (a, _, own) = (
        worker(&n1).await,
        hidden.connect(n2.name()).await.unwrap(),
        worker(&hidden).await,
    );
    sees(&n2, &[&a]).await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(n1.groups().members(&WORKERS), [a]);
    assert_eq!(hidden.groups().members(&WORKERS), [own]);
}

#[tokio::test(start_paused = true)]
async fn all_nodes_agree_after_many_splits() {
    for seed in 0..20 {
        let net = MemoryNet::new(seed);
        let nodes: [Node; 4] = cluster(&net).await;
        let mut members = Vec::new();
        for round in 0..6 {
            let (a, b) = (nodes[0].random() % 4, nodes[0].random() % 4);
            let (a, b) = (&nodes[a as usize], &nodes[b as usize]);
            match nodes[0].random() % 3 {
                0 => net.partition(a.name(), b.name()),
                1 => net.sever(a.name(), b.name()),
                _ => net.heal(a.name(), b.name()),
            }
            members.push(worker(a).await);
            if round % 2 == 1 {
                let gone: Address<Msg> =
                    members.remove((nodes[0].random() % members.len() as u64) as usize);
                let home = nodes
                    .iter()
                    .find(|node| node.name() == gone.node())
                    .unwrap();
                home.exit(&gone, ExitReason::Killed);
            }
            sleep(Duration::from_millis(nodes[0].random() % 200)).await;
        }
        net.heal_all();
        let expected: Vec<_> = members.iter().collect();
        for node in &nodes {
            sees(node, &expected).await;
        }
    }
}
