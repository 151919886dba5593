//! What a server can do besides handling its messages.

use std::ops::Deref;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::{AbortHandle, JoinSet};

use crate::address::Address;
use crate::gate::{BoxedTask, spawn_boxed};
use crate::node::{Inner, Node};
use crate::process::{Letter, Mailbox, Process};
use crate::process_id::{ExitReason, ProcessId};
use crate::server::Monitor;

/// A server's surroundings: its node (a `Ctx` can do all that a [`Node`] can), its own address,
/// tasks and timers that end with it, and the news that it subscribes to.
///
/// Cloning is cheap, and a clone can be moved into a task.
///
/// ```
/// use runtime::{Address, Cookie, Ctx, ExitReason, Info, MemoryNet, Net, Node, NodeConfig, Reply, Server, ServerName};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// enum WatcherMsg {
///     Watch(Address<WatcherMsg>),
///     Stop,
///     Ended(Reply<u32>),
/// }
///
/// const WATCHED: ServerName<WatcherMsg> = ServerName::new("watched");
/// const WATCHER: ServerName<WatcherMsg> = ServerName::new("watcher");
///
/// struct Watcher {
///     ended: u32,
/// }
///
/// impl Server for Watcher {
///     type Msg = WatcherMsg;
///     type Args = ();
///
///     async fn init((): (), _: &Ctx<WatcherMsg>) -> Self {
///         Watcher { ended: 0 }
///     }
///
///     async fn handle(&mut self, msg: WatcherMsg, ctx: &Ctx<WatcherMsg>) {
///         match msg {
///             WatcherMsg::Watch(other) => {
///                 ctx.monitor(&other);
///             }
///             WatcherMsg::Stop => ctx.stop(ExitReason::Normal),
///             WatcherMsg::Ended(reply) => reply.send(self.ended),
///         }
///     }
///
///     async fn handle_info(&mut self, info: Info, _: &Ctx<WatcherMsg>) {
///         if let Info::Down { .. } = info {
///             self.ended += 1;
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let net = Net::Memory(MemoryNet::new(1));
/// # let node = Node::start(NodeConfig::new("n1@sim".parse()?, Cookie::from_text("secret")?, net)).await?;
/// let watched = node.start_server::<Watcher>(&WATCHED, ()).await?;
/// let watcher = node.start_server::<Watcher>(&WATCHER, ()).await?;
/// node.cast(&watcher, WatcherMsg::Watch(watched.clone())).await?;
/// node.cast(&watched, WatcherMsg::Stop).await?;
/// while node.call(&watcher, WatcherMsg::Ended).await? == 0 {
///     tokio::task::yield_now().await;
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Not promised
/// [`monitor`](Ctx::monitor) cannot tell a dead process from an unreachable one: both can end as
/// [`ExitReason::NodeDown`]. A task that was spawned here cannot touch the server's state; it sends a message.
///
/// # Source
/// Erlang's monitors, links and timers (reference manual, *Processes*).
pub struct Ctx<M> {
    shared: Arc<Shared<M>>,
}

struct Shared<M> {
    node: Node,
    me: Address<M>,
    process: Arc<Process>,
    mailbox: Mailbox<M>,
    tasks: Mutex<JoinSet<()>>,
    stopping: Mutex<Option<ExitReason>>,
}

impl<M> Clone for Ctx<M> {
    fn clone(&self) -> Self {
        Ctx {
            shared: self.shared.clone(),
        }
    }
}

impl<M> Deref for Ctx<M> {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.shared.node
    }
}

impl<M> Ctx<M> {
    pub(crate) fn new(
        node: Node,
        me: Address<M>,
        process: Arc<Process>,
        mailbox: Mailbox<M>,
    ) -> Self {
        Ctx {
            shared: Arc::new(Shared {
                node,
                me,
                process,
                mailbox,
                tasks: Mutex::default(),
                stopping: Mutex::default(),
            }),
        }
    }

    /// The address of this start of this server. To be found again after a restart, give others
    /// the server's name instead.
    pub fn me(&self) -> &Address<M> {
        &self.shared.me
    }

    /// The id of this start of this server.
    pub fn id(&self) -> ProcessId {
        self.shared.process.id(self.inner())
    }

    /// Ends this server after the current message.
    pub fn stop(&self, reason: ExitReason) {
        self.shared.stopping.lock().unwrap().get_or_insert(reason);
    }

    /// Subscribes to every connection that comes up or goes down from now on, as
    /// [`Info::NodeUp`](crate::Info::NodeUp) and [`Info::NodeDown`](crate::Info::NodeDown). Connections that are up already are not reported: ask [`Node::list`], *after*
    /// this call, so that none is missed in between.
    pub fn watch_nodes(&self) {
        self.inner().subscribe(&self.shared.process);
    }

    /// Subscribes to the end of that process: one [`Info::Down`](crate::Info::Down), also when the
    /// connection to its node goes, and at once if there is no such process.
    pub fn monitor<N>(&self, to: &Address<N>) -> Monitor {
        Monitor(
            self.inner()
                .watch(&self.shared.process, to.node(), to.target(), false),
        )
    }

    /// Ends a monitor. A notice that is already in the mailbox is still handled.
    pub fn demonitor(&self, monitor: Monitor) {
        self.inner().unwatch(monitor.0);
    }

    /// Ties this server's fate to that process: when either ends abnormally, or the connection
    /// between their nodes goes, the other ends too, for the same reason.
    pub fn link<N>(&self, to: &Address<N>) {
        self.inner()
            .watch(&self.shared.process, to.node(), to.target(), true);
    }

    pub(crate) fn process(&self) -> &Arc<Process> {
        &self.shared.process
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        self.shared.node.inner()
    }

    pub(crate) fn stopping(&self) -> Option<ExitReason> {
        self.shared.stopping.lock().unwrap().clone()
    }

    pub(crate) fn end_tasks(&self) {
        self.shared.tasks.lock().unwrap().abort_all();
    }
}

impl<M: Send + 'static> Ctx<M> {
    /// Runs a task beside the server, so that waiting for something does not keep the mailbox
    /// waiting. The task ends with the server, and a panic in it is a crash of the server.
    ///
    /// The task has no access to the state: let it send the server a message when it is done.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Task {
        let exit = self.shared.process.exit.clone();
        let mut tasks = self.shared.tasks.lock().unwrap();
        while tasks.try_join_next().is_some() {}
        let mut task: BoxedTask = Box::pin(async move {
            if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
                let _ = exit.send(ExitReason::from_panic(&*panic));
            }
        });
        let gate = self.inner().config.gate.as_ref();
        if let Some(gate) = gate {
            task = gate.serve(self.process().label(), true, task);
        }
        Task(spawn_boxed(gate, &mut tasks, task))
    }

    /// Puts a message into this server's own mailbox, behind those that wait there.
    pub fn send_self(&self, msg: M) {
        self.shared.mailbox.put(Letter::Local(msg, None));
    }

    /// Puts a message into this server's own mailbox after some time, unless it has ended.
    pub fn send_after(&self, after: Duration, msg: M) -> Task {
        let mailbox = self.shared.mailbox.clone();
        self.spawn(async move {
            tokio::time::sleep(after).await;
            mailbox.put(Letter::Local(msg, None));
        })
    }

    /// Puts a message into this server's own mailbox again and again, the first after `period`.
    pub fn send_every(
        &self,
        period: Duration,
        mut msg: impl FnMut() -> M + Send + 'static,
    ) -> Task {
        let mailbox = self.shared.mailbox.clone();
        self.spawn(async move {
            let mut ticks = tokio::time::interval(period);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            ticks.tick().await;
            loop {
                ticks.tick().await;
                mailbox.put(Letter::Local(msg(), None));
            }
        })
    }
}

/// A task or timer of a server. If this is dropped, it continues; it ends with the server.
#[derive(Debug, Clone)]
pub struct Task(AbortHandle);

impl Task {
    /// Ends it now. What it has done already stays done.
    pub fn cancel(&self) {
        self.0.abort();
    }
}
