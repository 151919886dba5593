//! Global names: one process has the name, and after a netsplit it is one again.

use std::time::Duration;

use futures_util::future::join_all;
use runtime::{
    Address, CallError, Ctx, ExitReason, GlobalName, Info, MemoryNet, Node, NodeConfig,
    RegisterError, Reply, Resolver, Server,
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::world::{cluster, config, eventually, node};

const LEADER: GlobalName<Msg> = GlobalName::new("leader");

#[derive(Debug, Serialize, Deserialize)]
enum Msg {
    Crash,
    Lost(Reply<Vec<String>>),
}

/// A server that writes down which names it lost.
struct Leader(Vec<String>);

impl Server for Leader {
    type Msg = Msg;
    type Args = ();

    async fn init(_: (), _: &Ctx<Msg>) -> Self {
        Leader(Vec::new())
    }

    async fn handle(&mut self, msg: Msg, _: &Ctx<Msg>) {
        match msg {
            Msg::Crash => panic!("on purpose"),
            Msg::Lost(reply) => reply.send(self.0.clone()),
        }
    }

    async fn handle_info(&mut self, info: Info, _: &Ctx<Msg>) {
        if let Info::NameLost(name) = info {
            self.0.push(name);
        }
    }
}

async fn leader(node: &Node) -> Address<Msg> {
    node.start_unnamed::<Leader>(()).await.unwrap()
}

fn owner(node: &Node) -> Option<Address<Msg>> {
    node.global().whereis(&LEADER)
}

async fn runs(process: &Address<Msg>, node: &Node) -> bool {
    match node.call(process, Msg::Lost).await {
        Ok(_) => true,
        Err(CallError::NoProcess(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn name_is_known_everywhere_at_once_and_a_second_owner_is_refused() {
    let [n1, n2, n3] = cluster(&MemoryNet::new(1)).await;
    let (a, b) = (leader(&n2).await, leader(&n1).await);
    n2.global().register(&LEADER, &a).await.unwrap();
    for node in [&n1, &n2, &n3] {
        assert_eq!(owner(node), Some(a.clone()));
    }
    for node in [&n1, &n3] {
        let refused = node.global().register(&LEADER, &b).await;
        assert_eq!(refused, Err(RegisterError::Taken(a.retype())));
    }
    // The attempt left nothing behind: the name can be had as soon as it is free.
    assert!(n3.global().unregister(&LEADER).await.unwrap());
    assert!(!n3.global().unregister(&LEADER).await.unwrap());
    n3.global().register(&LEADER, &b).await.unwrap();
    assert_eq!(owner(&n2), Some(b));
}

#[tokio::test(start_paused = true)]
async fn name_is_free_everywhere_when_its_process_ends() {
    let [n1, n2] = cluster(&MemoryNet::new(1)).await;
    let (a, b) = (leader(&n1).await, leader(&n2).await);
    n1.global().register(&LEADER, &a).await.unwrap();
    n1.cast(&a, Msg::Crash).await.unwrap();
    eventually("the name is free", || {
        owner(&n1).is_none() && owner(&n2).is_none()
    })
    .await;
    n2.global().register(&LEADER, &b).await.unwrap();
    assert_eq!(owner(&n1), Some(b));
    assert_eq!(
        n1.global().register(&LEADER, &a).await,
        Err(RegisterError::NoProcess)
    );
}

#[tokio::test(start_paused = true)]
async fn name_is_free_when_its_node_dies() {
    let net = MemoryNet::new(1);
    let [n1, n2, n3] = cluster(&net).await;
    let (a, b) = (leader(&n1).await, leader(&n3).await);
    n1.global().register(&LEADER, &a).await.unwrap();
    net.kill(n1.name());
    eventually("the name is free", || {
        owner(&n2).is_none() && owner(&n3).is_none()
    })
    .await;
    n3.global().register(&LEADER, &b).await.unwrap();
    assert_eq!(owner(&n2), Some(b));
}

#[tokio::test(start_paused = true)]
async fn names_of_a_lost_node_go_and_come_back() {
    let net = MemoryNet::new(1);
    let [n1, n2] = cluster(&net).await;
    let a = leader(&n1).await;
    n1.global().register(&LEADER, &a).await.unwrap();
    net.partition(n1.name(), n2.name());
    eventually("it is out of reach", || owner(&n2).is_none()).await;
    assert_eq!(owner(&n1), Some(a.clone()));
    net.heal_all();
    eventually("it is back", || owner(&n2) == Some(a.clone())).await;
    assert!(runs(&a, &n1).await);
}

/// Gives the name away on both sides of a split, and heals it. The process on n2 comes first.
async fn clash(net: &MemoryNet, resolver: Resolver) -> ([Node; 4], [Address<Msg>; 2]) {
    let nodes = cluster(net).await;
    let [n1, n2, n3, n4] = &nodes;
    let names = nodes.each_ref().map(|node| node.name().clone());
    net.split(&names[..2], &names[2..]);
    eventually("a split", || n1.list().len() == 1 && n3.list().len() == 1).await;
    let (a, b) = (leader(n2).await, leader(n3).await);
    n1.global()
        .register_with(&LEADER, &a, resolver)
        .await
        .unwrap();
    n4.global()
        .register_with(&LEADER, &b, resolver)
        .await
        .unwrap();
    assert_eq!((owner(n1), owner(n4)), (Some(a.clone()), Some(b.clone())));
    net.heal_all();
    for node in &nodes {
        eventually("a full mesh", || node.list().len() == 3).await;
    }
    sleep(Duration::from_secs(1)).await;
    (nodes, [a, b])
}

#[tokio::test(start_paused = true)]
async fn clash_after_heal_leaves_the_one_on_the_first_node() {
    for seed in 0..10 {
        let (nodes, [a, b]) = clash(&MemoryNet::new(seed), Resolver::KeepFirst).await;
        for node in &nodes {
            assert_eq!(owner(node), Some(a.clone()));
        }
        assert!(runs(&a, &nodes[0]).await && !runs(&b, &nodes[0]).await);
    }
}

#[tokio::test(start_paused = true)]
async fn clash_can_end_both() {
    let (nodes, [a, b]) = clash(&MemoryNet::new(1), Resolver::KillBoth).await;
    for node in &nodes {
        assert_eq!(owner(node), None);
    }
    assert!(!runs(&a, &nodes[0]).await && !runs(&b, &nodes[0]).await);
    nodes[3]
        .global()
        .register(&LEADER, &leader(&nodes[3]).await)
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn clash_can_take_the_name_and_leave_the_process() {
    let (nodes, [a, b]) = clash(&MemoryNet::new(1), Resolver::Notify).await;
    for node in &nodes {
        assert_eq!(owner(node), Some(a.clone()));
    }
    assert_eq!(nodes[0].call(&a, Msg::Lost).await.unwrap(), [""; 0]);
    assert_eq!(nodes[0].call(&b, Msg::Lost).await.unwrap(), ["leader"]);
}

#[tokio::test(start_paused = true)]
async fn concurrent_registrations_from_three_nodes_leave_one_owner() {
    for seed in 0..30 {
        let net = MemoryNet::new(seed);
        let nodes: [Node; 3] = cluster(&net).await;
        // They begin while the questions of the others are under way.
        net.set_latency(Duration::from_millis(10));
        let wait = Duration::from_millis(nodes[0].random() % 20);
        let attempts = nodes.iter().enumerate().map(async |(number, node)| {
            let process = leader(node).await;
            sleep(wait * number as u32).await;
            let outcome = node.global().register(&LEADER, &process).await;
            (process, outcome)
        });
        let (won, lost): (Vec<_>, Vec<_>) = join_all(attempts)
            .await
            .into_iter()
            .partition(|(_, outcome)| outcome.is_ok());
        let [(winner, _)] = won.as_slice() else {
            panic!("seed {seed}: {} owners", won.len())
        };
        assert_eq!(lost.len(), 2);
        for (_, outcome) in lost {
            assert_eq!(outcome, Err(RegisterError::Taken(winner.retype())));
        }
        for node in &nodes {
            assert_eq!(owner(node), Some(winner.clone()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn registrations_while_links_come_and_go_end_with_one_owner() {
    for seed in 0..30 {
        let net = MemoryNet::new(seed);
        let nodes: [Node; 3] = cluster(&net).await;
        let shaking = async {
            for _ in 0..8 {
                sleep(Duration::from_millis(nodes[0].random() % 20)).await;
                let (a, b) = (nodes[0].random() % 3, nodes[0].random() % 3);
                net.sever(nodes[a as usize].name(), nodes[b as usize].name());
            }
        };
        let attempts = nodes.iter().map(async |node| {
            let process = leader(node).await;
            for _ in 0..5 {
                let _ = node.global().register(&LEADER, &process).await;
                sleep(Duration::from_millis(node.random() % 20)).await;
            }
        });
        tokio::join!(shaking, join_all(attempts));
        eventually("all agree on one owner", || {
            let owners: Vec<_> = nodes.iter().map(owner).collect();
            owners[0].is_some() && owners.iter().all(|other| *other == owners[0])
        })
        .await;
        // A full second later still, and no other node claims to be it.
        sleep(Duration::from_secs(1)).await;
        let first = owner(&nodes[0]);
        assert!(first.is_some());
        for node in &nodes {
            assert_eq!(owner(node), first, "seed {seed}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silent_node_makes_a_registration_fail_and_keeps_nothing() {
    let net = MemoryNet::new(1);
    let quick = |short| NodeConfig {
        call_timeout: Duration::from_secs(1),
        ..config(&net, short)
    };
    let (n1, n2) = (
        Node::start(quick("n1")).await.unwrap(),
        Node::start(quick("n2")).await.unwrap(),
    );
    n1.connect(n2.name()).await.unwrap();
    let a = leader(&n1).await;
    net.blackhole(n1.name(), n2.name());
    let refused = n1.global().register(&LEADER, &a).await;
    assert!(
        matches!(&refused, Err(RegisterError::NoAnswer(node, _)) if node == n2.name()),
        "{refused:?}"
    );
    assert_eq!(owner(&n1), None);
    eventually("n2 is given up", || n1.list().is_empty()).await;
    n1.global().register(&LEADER, &a).await.unwrap();
    net.heal_all();
    eventually("n2 learns of it", || owner(&n2) == Some(a.clone())).await;
}

#[tokio::test(start_paused = true)]
async fn node_that_joins_late_learns_the_names() {
    let net = MemoryNet::new(1);
    let [n1, n2] = cluster(&net).await;
    let a = leader(&n1).await;
    n1.global().register(&LEADER, &a).await.unwrap();
    let n3 = node(&net, "n3").await;
    n3.connect(n2.name()).await.unwrap();
    eventually("n3 knows", || owner(&n3) == Some(a.clone())).await;
    n1.exit(&a, ExitReason::Normal);
    eventually("n3 knows that it ended", || owner(&n3).is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn hidden_node_has_names_of_its_own() {
    let net = MemoryNet::new(1);
    let [n1, n2] = cluster(&net).await;
    let hidden = Node::start(NodeConfig {
        hidden: true,
        ..config(&net, "h")
    })
    .await
    .unwrap();
    hidden.connect(n1.name()).await.unwrap();
    let (a, b) = (leader(&hidden).await, leader(&n2).await);
    hidden.global().register(&LEADER, &a).await.unwrap();
    n2.global().register(&LEADER, &b).await.unwrap();
    assert_eq!((owner(&hidden), owner(&n1)), (Some(a), Some(b)));
}
