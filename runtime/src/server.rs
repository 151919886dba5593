//! Servers: state, and the messages that change it, one at a time.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ctx::Ctx;
use crate::name::NodeName;
use crate::process_id::{ExitReason, ProcessId};

/// A process with state that takes messages of one type, one after the other.
///
/// The messages are one enum. A variant that carries a [`Reply`](crate::Reply) is a *call*: its
/// sender waits for the answer. Every other variant is a *cast*: its sender goes on at once and
/// never learns what became of it. As there is only one handler and it sees one message at a
/// time, the state needs no lock; and while it waits, every later message waits too.
///
/// (Erlang's `gen_server` is the model. One enum, instead of a handler type a message, shows a
/// server's whole protocol in one place and lets the compiler check that each is handled.)
///
/// ```
/// use runtime::{Cookie, Ctx, MemoryNet, Net, Node, NodeConfig, Reply, Server, ServerName};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// enum CounterMsg {
///     Add(u64),
///     Total(Reply<u64>),
/// }
///
/// const COUNTER: ServerName<CounterMsg> = ServerName::new("counter");
///
/// struct Counter {
///     total: u64,
/// }
///
/// impl Server for Counter {
///     type Msg = CounterMsg;
///     type Args = ();
///
///     async fn init(_: (), _: &Ctx<CounterMsg>) -> Self {
///         Counter { total: 0 }
///     }
///
///     async fn handle(&mut self, msg: CounterMsg, _: &Ctx<CounterMsg>) {
///         match msg {
///             CounterMsg::Add(n) => self.total += n,
///             CounterMsg::Total(reply) => reply.send(self.total),
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let net = Net::Memory(MemoryNet::new(1));
/// let node = Node::start(NodeConfig::new("n1@sim".parse()?, Cookie::from_text("secret")?, net)).await?;
/// node.start_server::<Counter>(&COUNTER, ()).await?;
/// node.cast(&COUNTER.at(node.name()), CounterMsg::Add(2)).await?;
/// node.cast(&COUNTER.at(node.name()), CounterMsg::Add(3)).await?;
/// let total: u64 = node.call(&COUNTER.at(node.name()), CounterMsg::Total).await?;
/// assert_eq!(total, 5);
/// # Ok(())
/// # }
/// ```
///
/// # Not promised
/// That a message arrives: a cast to a dead process is lost silently. That a restarted server remembers
/// anything. That it stays responsive: while `handle` waits, every other message waits too.
///
/// # Source
/// Erlang's `gen_server` (OTP design principles). The actor model: Hewitt, Bishop and Steiger, *A Universal
/// Modular ACTOR Formalism for Artificial Intelligence*, 1973.
pub trait Server: Sized + Send + 'static {
    /// All messages that it understands.
    type Msg: Serialize + DeserializeOwned + Send + 'static;
    /// The arguments of its start. A supervisor keeps a copy, for the next start.
    type Args: Clone + Send + Sync + 'static;

    /// Makes the state. Messages that arrive meanwhile wait in the mailbox. A panic here means
    /// that the server did not start.
    fn init(args: Self::Args, ctx: &Ctx<Self::Msg>) -> impl Future<Output = Self> + Send;

    /// Handles one message. A panic here is a crash of this process, and of nothing else.
    fn handle(&mut self, msg: Self::Msg, ctx: &Ctx<Self::Msg>) -> impl Future<Output = ()> + Send;

    /// Handles news from the runtime that this server asked for; see [`Info`].
    fn handle_info(&mut self, info: Info, ctx: &Ctx<Self::Msg>) -> impl Future<Output = ()> + Send {
        let _ = (info, ctx);
        async {}
    }
}

/// News from the runtime, for servers that asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Info {
    /// A connection to this node is up: a new node, or one that was away. Comes before any message
    /// over that connection. Asked for with [`Ctx::watch_nodes`].
    NodeUp(NodeName),
    /// The connection to this node is gone: the node may be dead, paused, or cut off. Comes after
    /// every message that the connection still delivered.
    NodeDown(NodeName),
    /// A monitored process ended, or the connection to its node did. Asked for with
    /// [`Ctx::monitor`].
    Down {
        /// What [`Ctx::monitor`] returned.
        monitor: Monitor,
        /// Why it ended; [`ExitReason::NodeDown`] when that cannot be known.
        reason: ExitReason,
    },
    /// A process joined or left a group. Asked for with [`Ctx::watch_group`].
    Group(GroupChange),
    /// Another process has this name in the whole cluster now, and this one has lost it. Sent
    /// to those that were registered with [`Resolver::Notify`](crate::Resolver::Notify).
    NameLost(String),
}

/// One request for a notice when a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monitor(pub(crate) u64);

/// A change in the membership of a process group, as this node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupChange {
    /// It is a member now.
    Joined(String, ProcessId),
    /// It is no longer a member: it left, it ended, or its node is out of reach.
    Left(String, ProcessId),
}
