//! Supervisors: who is started again, who is not, and when a supervisor gives up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use runtime::{
    Address, CallError, ChildKind, ChildRefusal, Cookie, Ctx, ExitReason, Info, MemoryNet, Monitor,
    Net, Node, NodeConfig, Reply, Restart, Server, ServerName, StartChildError, StartError,
    Supervisor, SupervisorMsg,
};
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

const A: ServerName<Msg> = ServerName::new("a");
const B: ServerName<Msg> = ServerName::new("b");
const C: ServerName<Msg> = ServerName::new("c");
const WORKER: ChildKind<Worker> = ChildKind::new("worker");
const STEADY: ChildKind<Worker> = ChildKind::new("steady");
const TOP: ServerName<SupervisorMsg> = ServerName::new("top");

#[derive(Debug, Serialize, Deserialize)]
enum Msg {
    Crash(String),
    NotWritten,
    Stop,
    Ping(Reply<()>),
}

/// A server that counts its starts, and starts only as often as it is allowed to.
struct Flaky;

#[derive(Clone, Default)]
struct Starts {
    count: Arc<AtomicUsize>,
    /// With this start it begins to panic in `init`; 0 for never.
    broken_from: usize,
    not_written: bool,
}

impl Starts {
    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

impl Server for Flaky {
    type Msg = Msg;
    type Args = Starts;

    async fn init(starts: Starts, _: &Ctx<Msg>) -> Self {
        let count = starts.count.fetch_add(1, Ordering::SeqCst) + 1;
        if starts.not_written {
            not_written();
        }
        assert!(
            starts.broken_from == 0 || count < starts.broken_from,
            "no luck with start {count}"
        );
        Flaky
    }

    async fn handle(&mut self, msg: Msg, ctx: &Ctx<Msg>) {
        handle(msg, ctx);
    }
}

#[expect(clippy::todo, reason = "what a gap in an exercise does")]
fn not_written() {
    todo!("TODO(1) count")
}

fn handle(msg: Msg, ctx: &Ctx<Msg>) {
    match msg {
        Msg::Crash(why) => panic!("{why}"),
        Msg::NotWritten => not_written(),
        Msg::Stop => ctx.stop(ExitReason::Normal),
        Msg::Ping(reply) => reply.send(()),
    }
}

/// A server that can be started from anywhere: what it starts from can be encoded.
struct Worker;

impl Server for Worker {
    type Msg = Msg;
    type Args = u32;

    async fn init(number: u32, _: &Ctx<Msg>) -> Self {
        assert_ne!(number, 13, "13 brings bad luck");
        Worker
    }

    async fn handle(&mut self, msg: Msg, ctx: &Ctx<Msg>) {
        handle(msg, ctx);
    }
}

async fn node_on(net: &MemoryNet, name: &str) -> Node {
    let config = NodeConfig::new(
        name.parse().unwrap(),
        Cookie::from_text("secret").unwrap(),
        Net::Memory(net.clone()),
    );
    Node::start(config).await.unwrap()
}

async fn node() -> Node {
    node_on(&MemoryNet::new(1), "n1@sim").await
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    assert!(
        timeout(Duration::from_secs(60), wait).await.is_ok(),
        "never: {what}"
    );
}

/// Ends the server of that name, and waits until another one has the name.
async fn crash(node: &Node, name: &ServerName<Msg>) {
    let before = node.whereis(name).unwrap();
    node.cast(&before, Msg::Crash("on purpose".into()))
        .await
        .unwrap();
    eventually("started again", || {
        node.whereis(name).is_some_and(|now| now != before)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_for_one_restarts_only_the_child_that_crashed() {
    let node = node().await;
    Supervisor::one_for_one()
        .child::<Flaky>(&A, Starts::default())
        .child::<Flaky>(&B, Starts::default())
        .start(&node)
        .await
        .unwrap();
    let (a, b) = (node.whereis(&A), node.whereis(&B));
    crash(&node, &A).await;
    sleep(Duration::from_secs(1)).await;
    assert_ne!(node.whereis(&A), a);
    assert_eq!(node.whereis(&B), b);
}

#[tokio::test(start_paused = true)]
async fn rest_for_one_restarts_the_children_after_the_one_that_crashed() {
    let node = node().await;
    let starts = [Starts::default(), Starts::default(), Starts::default()];
    Supervisor::rest_for_one()
        .child::<Flaky>(&A, starts[0].clone())
        .child::<Flaky>(&B, starts[1].clone())
        .child::<Flaky>(&C, starts[2].clone())
        .start(&node)
        .await
        .unwrap();
    let a = node.whereis(&A);
    crash(&node, &B).await;
    eventually("c runs", || node.whereis(&C).is_some()).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(node.whereis(&A), a);
    assert_eq!(starts.each_ref().map(Starts::count), [1, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn too_many_restarts_end_the_supervisor_and_name_the_child() {
    let node = node().await;
    let starts = Starts::default();
    let supervisor = Supervisor::one_for_one()
        .child::<Flaky>(&A, starts.clone())
        .child::<Flaky>(&B, Starts::default())
        .start(&node)
        .await
        .unwrap();
    let fate = Fate::of(&node, &supervisor).await;
    for _ in 0..3 {
        crash(&node, &A).await;
    }
    node.cast(&A.at(node.name()), Msg::Crash("the last straw".into()))
        .await
        .unwrap();
    let reason = fate.known().await.to_string();
    assert!(
        reason.contains("was a, because it crashed: the last straw"),
        "{reason}"
    );
    assert_eq!(
        (starts.count(), node.whereis(&A), node.whereis(&B)),
        (4, None, None)
    );
}

#[tokio::test(start_paused = true)]
async fn restarts_that_are_far_apart_do_not_add_up() {
    let node = node().await;
    Supervisor::one_for_one()
        .intensity(1, Duration::from_secs(1))
        .child::<Flaky>(&A, Starts::default())
        .start(&node)
        .await
        .unwrap();
    for _ in 0..10 {
        crash(&node, &A).await;
        sleep(Duration::from_millis(1100)).await;
    }
    node.call(&A.at(node.name()), Msg::Ping).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn restart_that_fails_counts_as_a_failure() {
    let node = node().await;
    let starts = Starts {
        broken_from: 2,
        ..Starts::default()
    };
    let supervisor = Supervisor::one_for_one()
        .child::<Flaky>(&A, starts.clone())
        .start(&node)
        .await
        .unwrap();
    let fate = Fate::of(&node, &supervisor).await;
    node.cast(&A.at(node.name()), Msg::Crash("once".into()))
        .await
        .unwrap();
    let reason = fate.known().await.to_string();
    assert!(reason.contains("no luck with start 4"), "{reason}");
    assert_eq!(starts.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn supervisor_whose_child_does_not_start_does_not_start_and_leaves_nothing() {
    let node = node().await;
    let broken = Starts {
        broken_from: 1,
        ..Starts::default()
    };
    let tree = Supervisor::one_for_one()
        .child::<Flaky>(&A, Starts::default())
        .child::<Flaky>(&B, broken);
    let Err(StartError::Init(reason)) = tree.start(&node).await else {
        panic!("it started")
    };
    assert!(
        reason.to_string().contains("child b did not start"),
        "{reason}"
    );
    assert_eq!((node.whereis(&A), node.whereis(&B)), (None, None));
}

#[tokio::test(start_paused = true)]
async fn child_that_is_not_written_stays_away_and_the_others_go_on() {
    let node = node().await;
    let (a, b) = (
        Starts::default(),
        Starts {
            not_written: true,
            ..Starts::default()
        },
    );
    let supervisor = Supervisor::rest_for_one()
        .child::<Flaky>(&A, a.clone())
        .child::<Flaky>(&B, b.clone())
        .child::<Flaky>(&C, Starts::default())
        .start(&node)
        .await
        .unwrap();
    assert!(node.whereis(&B).is_none());
    let c = node.whereis(&C);
    node.cast(&A.at(node.name()), Msg::NotWritten)
        .await
        .unwrap();
    eventually("a is gone", || node.whereis(&A).is_none()).await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!((a.count(), b.count(), node.whereis(&C)), (1, 1, c));
    let children = node.children(&supervisor).await.unwrap();
    let not_written = Some(ExitReason::NotWritten("TODO(1) count".into()));
    let away: Vec<_> = children
        .into_iter()
        .map(|child| (child.label, child.away))
        .collect();
    assert_eq!(
        away,
        [
            ("a".into(), not_written.clone()),
            ("b".into(), not_written),
            ("c".into(), None)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn transient_child_is_restarted_only_after_a_crash_and_a_temporary_one_never() {
    let node = node().await;
    Supervisor::one_for_one()
        .child::<Flaky>(&A, Starts::default())
        .restart(Restart::Transient)
        .child::<Flaky>(&B, Starts::default())
        .restart(Restart::Temporary)
        .start(&node)
        .await
        .unwrap();
    crash(&node, &A).await;
    node.cast(&A.at(node.name()), Msg::Stop).await.unwrap();
    node.cast(&B.at(node.name()), Msg::Crash("on purpose".into()))
        .await
        .unwrap();
    eventually("both are gone", || node.registered().is_empty()).await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(node.registered(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn killed_supervisor_takes_its_children_along() {
    let node = node().await;
    let inner = Supervisor::one_for_one().child::<Flaky>(&B, Starts::default());
    let top = Supervisor::one_for_one()
        .child::<Flaky>(&A, Starts::default())
        .supervisor(inner)
        .start_named(&node, &TOP)
        .await
        .unwrap();
    let fate = Fate::of(&node, &top).await;
    assert_eq!(node.registered(), ["a", "b", "top"]);
    node.exit(&TOP.at(node.name()), ExitReason::Killed);
    assert_eq!(fate.known().await, ExitReason::Killed);
    // When its end is known, the children's names are free again.
    assert_eq!(node.registered(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn supervisor_that_gives_up_is_restarted_by_its_own() {
    let node = node().await;
    let starts = Starts::default();
    let inner = Supervisor::one_for_one()
        .intensity(0, Duration::from_secs(1))
        .child::<Flaky>(&A, starts.clone());
    Supervisor::one_for_one()
        .supervisor(inner)
        .start(&node)
        .await
        .unwrap();
    crash(&node, &A).await;
    assert_eq!(starts.count(), 2);
    crash(&node, &A).await;
    node.call(&A.at(node.name()), Msg::Ping).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn child_can_be_started_on_another_node_and_its_end_is_seen() {
    let net = MemoryNet::new(1);
    let (n1, n2) = (node_on(&net, "n1@sim").await, node_on(&net, "n2@sim").await);
    let top = TOP.at(n2.name());
    Supervisor::one_for_one()
        .kind(&WORKER)
        .start_named(&n2, &TOP)
        .await
        .unwrap();
    let (first, second) = (
        n1.start_child(&top, &WORKER, 1).await.unwrap(),
        n1.start_child(&top, &WORKER, 2).await.unwrap(),
    );
    assert_eq!(first.node(), n2.name());
    n1.call(&first, Msg::Ping).await.unwrap();

    let fate = Fate::of(&n1, &first).await;
    n1.cast(&first, Msg::Crash("on purpose".into()))
        .await
        .unwrap();
    assert_eq!(fate.known().await, ExitReason::Crashed("on purpose".into()));
    assert_eq!(
        n1.children(&top).await.unwrap().len(),
        1,
        "it was temporary"
    );

    let fate = Fate::of(&n1, &second).await;
    net.kill(n2.name());
    assert_eq!(fate.known().await, ExitReason::NodeDown);
    let error = n1.start_child(&top, &WORKER, 3).await.unwrap_err();
    assert!(
        matches!(&error, StartChildError::Call(CallError::NotConnected(node, _)) if node == n2.name()),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn dynamic_child_is_restarted_if_its_kind_says_so_until_it_is_terminated() {
    let node = node().await;
    let top = Supervisor::one_for_one()
        .kind(&WORKER)
        .kind(&STEADY)
        .restart(Restart::Permanent)
        .start(&node)
        .await
        .unwrap();
    let first = node.start_child(&top, &STEADY, 1).await.unwrap();
    node.exit(&first, ExitReason::Killed);
    node.ended(&first).await;
    let again: Address<()> = loop {
        let child = node.children(&top).await.unwrap().remove(0);
        match child.address {
            Some(address) if address != first.retype() => break address,
            _ => sleep(Duration::from_millis(1)).await,
        }
    };
    assert!(node.terminate_child(&top, &again).await.unwrap());
    assert_eq!(node.children(&top).await.unwrap(), []);
    assert!(!node.terminate_child(&top, &again).await.unwrap());
    let error = node.call(&again.retype(), Msg::Ping).await.unwrap_err();
    assert_eq!(error, CallError::NoProcess(node.name().clone()));
}

#[tokio::test(start_paused = true)]
async fn supervisor_refuses_what_it_cannot_start_and_goes_on() {
    let node = node().await;
    let top = Supervisor::one_for_one()
        .kind(&WORKER)
        .start(&node)
        .await
        .unwrap();
    let error = node.start_child(&top, &STEADY, 1).await.unwrap_err();
    assert_eq!(
        error,
        StartChildError::Refused(ChildRefusal::UnknownKind("steady".into()))
    );
    let error = node.start_child(&top, &WORKER, 13).await.unwrap_err();
    let StartChildError::Refused(ChildRefusal::NotStarted(reason)) = error else {
        panic!("{error}")
    };
    assert!(
        reason.to_string().contains("13 brings bad luck"),
        "{reason}"
    );
    let bad = |reply| SupervisorMsg::StartChild {
        kind: "worker".into(),
        args: b"alien".to_vec(),
        reply,
    };
    assert!(matches!(
        node.call(&top, bad).await.unwrap(),
        Err(ChildRefusal::BadArgs(_))
    ));
    node.start_child(&top, &WORKER, 1).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn terminated_child_of_the_plan_stays_away() {
    let node = node().await;
    let top = Supervisor::one_for_one()
        .child::<Flaky>(&A, Starts::default())
        .start(&node)
        .await
        .unwrap();
    assert!(
        node.terminate_child(&top, &A.at(node.name()))
            .await
            .unwrap()
    );
    sleep(Duration::from_secs(1)).await;
    assert_eq!(node.whereis(&A), None);
    assert_eq!(
        node.children(&top).await.unwrap()[0].away,
        Some(ExitReason::Shutdown)
    );
}

#[tokio::test(start_paused = true)]
async fn children_end_in_the_opposite_order_of_their_start_also_after_a_restart() {
    let node = node().await;
    let order: Order = Arc::default();
    let top = Supervisor::one_for_one()
        .child::<Last>(&A, ("a", order.clone()))
        .child::<Last>(&B, ("b", order.clone()))
        .child::<Last>(&C, ("c", order.clone()))
        .start(&node)
        .await
        .unwrap();
    crash(&node, &A).await;
    let fate = Fate::of(&node, &top).await;
    node.exit(&top, ExitReason::Shutdown);
    fate.known().await;
    assert_eq!(*order.lock().unwrap(), ["a", "c", "b", "a"]);
}

type Order = Arc<std::sync::Mutex<Vec<&'static str>>>;

/// A server that writes down when it is dropped.
struct Last(&'static str, Order);

impl Server for Last {
    type Msg = Msg;
    type Args = (&'static str, Order);

    async fn init((name, order): Self::Args, _: &Ctx<Msg>) -> Self {
        Last(name, order)
    }

    async fn handle(&mut self, msg: Msg, ctx: &Ctx<Msg>) {
        handle(msg, ctx);
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        self.1.lock().unwrap().push(self.0);
    }
}

/// A process that waits to learn why a process ended.
struct Fate(tokio::sync::oneshot::Receiver<ExitReason>);

impl Fate {
    async fn of<M: 'static>(node: &Node, address: &Address<M>) -> Fate {
        let (tell, told) = tokio::sync::oneshot::channel();
        let args = (
            address.retype(),
            Arc::new(std::sync::Mutex::new(Some(tell))),
        );
        let watcher = node.start_unnamed::<Watcher>(args).await.unwrap();
        node.call(&watcher, Msg::Ping).await.unwrap();
        Fate(told)
    }

    async fn known(self) -> ExitReason {
        timeout(Duration::from_secs(600), self.0)
            .await
            .expect("the end is reported")
            .unwrap()
    }
}

struct Watcher {
    monitor: Monitor,
    tell: Arc<std::sync::Mutex<Option<tokio::sync::oneshot::Sender<ExitReason>>>>,
}

impl Server for Watcher {
    type Msg = Msg;
    type Args = (
        Address<()>,
        Arc<std::sync::Mutex<Option<tokio::sync::oneshot::Sender<ExitReason>>>>,
    );

    async fn init((whom, tell): Self::Args, ctx: &Ctx<Msg>) -> Self {
        Watcher {
            monitor: ctx.monitor(&whom),
            tell,
        }
    }

    async fn handle(&mut self, msg: Msg, ctx: &Ctx<Msg>) {
        handle(msg, ctx);
    }

    async fn handle_info(&mut self, info: Info, _: &Ctx<Msg>) {
        if let Info::Down { monitor, reason } = info
            && monitor == self.monitor
            && let Some(tell) = self.tell.lock().unwrap().take()
        {
            let _ = tell.send(reason);
        }
    }
}
