//! A small simulated world for tests: nodes with short names, a counter server, and waiting for
//! what must become true.
// Each test file uses a part of it, and one server reaches a `todo!()` on purpose.
#![allow(dead_code, unreachable_pub, clippy::todo)]

use std::time::Duration;

use runtime::{
    Cookie, Ctx, Info, MemoryNet, Net, Node, NodeConfig, NodeName, Reply, Server, ServerName,
};
use serde::{Deserialize, Serialize};

pub fn name(short: &str) -> NodeName {
    format!("{short}@sim").parse().unwrap()
}

pub fn config(net: &MemoryNet, short: &str) -> NodeConfig {
    NodeConfig {
        tick_time: Duration::from_secs(4),
        ..NodeConfig::new(
            name(short),
            Cookie::from_text("biscuit").unwrap(),
            Net::Memory(net.clone()),
        )
    }
}

pub async fn node(net: &MemoryNet, short: &str) -> Node {
    Node::start(config(net, short)).await.unwrap()
}

/// Nodes n1, n2, … in a full mesh, each with a counter.
pub async fn cluster<const N: usize>(net: &MemoryNet) -> [Node; N] {
    let mut nodes = Vec::new();
    for number in 1..=N {
        let node = node(net, &format!("n{number}")).await;
        node.start_server::<Counter>(&COUNTER, ()).await.unwrap();
        nodes.push(node);
    }
    for node in &nodes[1..] {
        nodes[0].connect(node.name()).await.unwrap();
    }
    for node in &nodes {
        eventually("a full mesh", || node.list().len() == N - 1).await;
    }
    nodes.try_into().ok().unwrap()
}

/// Waits until a condition holds; for as long as an hour of the world's time.
#[track_caller]
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        for _ in 0..360_000 {
            if condition() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never happened: {what} (asked at {caller})");
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub enum CounterMsg {
    /// Adds a number, and remembers it.
    Add(u64),
    /// All numbers so far, in the order of their arrival.
    Seen(Reply<Vec<u64>>),
    /// Answers after that many milliseconds, without keeping others waiting.
    Later(u64, Reply<u64>),
    /// Answers after that many milliseconds, in the handler.
    Slow(u64, Reply<u64>),
    /// Keeps the `Reply` and never answers.
    Keep(Reply<u64>),
    /// Drops the `Reply`.
    Forget(Reply<u64>),
    /// Panics.
    Crash(String),
    /// Panics while it owes an answer.
    CrashOwing(Reply<u64>),
    /// Reaches a `todo!()`.
    Unwritten(Reply<u64>),
    /// Answers with that many bytes.
    Big(usize, Reply<serde_bytes::ByteBuf>),
    /// What news came, in order.
    News(Reply<Vec<String>>),
}

pub const COUNTER: ServerName<CounterMsg> = ServerName::new("counter");

#[derive(Default)]
pub struct Counter {
    seen: Vec<u64>,
    kept: Vec<Reply<u64>>,
    news: Vec<String>,
}

impl Server for Counter {
    type Msg = CounterMsg;
    type Args = ();

    async fn init(_: (), ctx: &Ctx<CounterMsg>) -> Self {
        ctx.watch_nodes();
        Counter::default()
    }

    async fn handle(&mut self, msg: CounterMsg, ctx: &Ctx<CounterMsg>) {
        match msg {
            CounterMsg::Add(n) => self.seen.push(n),
            CounterMsg::Seen(reply) => reply.send(self.seen.clone()),
            CounterMsg::Later(millis, reply) => {
                ctx.spawn(async move {
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                    reply.send(millis);
                });
            }
            CounterMsg::Slow(millis, reply) => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                reply.send(millis);
            }
            CounterMsg::Keep(reply) => self.kept.push(reply),
            CounterMsg::Forget(reply) => drop(reply),
            CounterMsg::Crash(why) => panic!("{why}"),
            CounterMsg::CrashOwing(_reply) => panic!("with an answer owed"),
            CounterMsg::Unwritten(_reply) => todo!("TODO(7) write this"),
            CounterMsg::Big(bytes, reply) => reply.send(serde_bytes::ByteBuf::from(vec![7; bytes])),
            CounterMsg::News(reply) => reply.send(self.news.clone()),
        }
    }

    async fn handle_info(&mut self, info: Info, _: &Ctx<CounterMsg>) {
        self.news.push(match info {
            Info::NodeUp(node) => format!("up {}", node.short()),
            Info::NodeDown(node) => format!("down {}", node.short()),
            other => format!("{other:?}"),
        });
    }
}

/// The news of a node's counter.
pub async fn news(node: &Node) -> Vec<String> {
    node.call(&COUNTER.at(node.name()), CounterMsg::News)
        .await
        .unwrap()
}

/// The numbers that a node's counter has seen.
pub async fn seen(node: &Node) -> Vec<u64> {
    node.call(&COUNTER.at(node.name()), CounterMsg::Seen)
        .await
        .unwrap()
}
