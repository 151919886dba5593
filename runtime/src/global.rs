//! Global names: one process in the whole cluster has the name, and every node knows which.
//!
//! The node on which a process runs *owns* its names: it alone announces and withdraws them. To
//! own a new name, it must first get a grant from every node that it can reach, itself
//! included, in the order of the nodes' names. A node grants a name that it knows to be free to
//! one claimant at a time. Of any two claimants that can reach each other, one comes second at
//! the first node that both ask; it gives back what it has, waits a little, and tries again, until
//! it sees that the name is taken, or free. That the order is the same for all is what keeps two
//! claimants from holding one node each and waiting for the other forever.
//!
//! No such rule helps across a divided network: there, both sides may give away the same name. When
//! the network heals, the two owners learn of each other, for both sides of every new connection
//! tell each other the names that they own; and each decides by its [`Resolver`] what becomes of
//! its own process. Until they have, `whereis` gives the one on the node with the smaller name, on
//! every node that knows both.

mod claim;
mod server;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::address::{Address, ServerName};
use crate::error::CallError;
use crate::name::NodeName;
use crate::node::Node;
use crate::process_id::ProcessId;
use crate::reply::Reply;
use crate::wire::Target;
pub use claim::Verdict;
pub(crate) use server::GlobalServer;

/// The server that keeps a node's view of the global names.
pub const GLOBAL: ServerName<GlobalMsg> = ServerName::new("$global");

/// A name that one process in the cluster can have, and the type of the messages that it takes.
pub struct GlobalName<M> {
    name: Cow<'static, str>,
    messages: PhantomData<fn(M)>,
}

impl<M> GlobalName<M> {
    /// The name.
    pub const fn new(name: &'static str) -> Self {
        GlobalName {
            name: Cow::Borrowed(name),
            messages: PhantomData,
        }
    }

    /// A name that is only known when the program runs.
    pub fn dynamic(name: impl Into<String>) -> Self {
        GlobalName {
            name: Cow::Owned(name.into()),
            messages: PhantomData,
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl<M> Clone for GlobalName<M> {
    fn clone(&self) -> Self {
        GlobalName {
            name: self.name.clone(),
            messages: PhantomData,
        }
    }
}

impl<M> fmt::Debug for GlobalName<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What becomes of a process when, after a netsplit, another one turns out to have its name.
///
/// Each owner decides on its own process alone, and from the same facts: so the two need not
/// talk about it. To decide in a way of your own, take `Notify`, and decide in the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Resolver {
    /// It continues if its node has the smaller name of the two; otherwise it is killed.
    #[default]
    KeepFirst,
    /// It is killed. If the other owner decides the same, the name is free.
    KillBoth,
    /// It continues. If its node has the greater name of the two, it loses the name, and learns that from
    /// [`Info::NameLost`](crate::Info::NameLost).
    Notify,
}

/// A node's view of the global names; from [`Node::global`].
///
/// ```
/// use runtime::{Cookie, Ctx, GlobalName, MemoryNet, Net, Node, NodeConfig, RegisterError, Reply, Server};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// enum LeaderMsg {
///     WhereAreYou(Reply<String>),
/// }
///
/// const LEADER: GlobalName<LeaderMsg> = GlobalName::new("leader");
///
/// struct Leader;
///
/// impl Server for Leader {
///     type Msg = LeaderMsg;
///     type Args = ();
///
///     async fn init(_: (), _: &Ctx<LeaderMsg>) -> Self {
///         Leader
///     }
///
///     async fn handle(&mut self, LeaderMsg::WhereAreYou(reply): LeaderMsg, ctx: &Ctx<LeaderMsg>) {
///         reply.send(ctx.name().to_string());
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let net = Net::Memory(MemoryNet::new(1));
/// # let config = |name: &str| NodeConfig::new(name.parse().unwrap(), Cookie::from_text("secret").unwrap(), net.clone());
/// # let (n1, n2) = (Node::start(config("n1@sim")).await?, Node::start(config("n2@sim")).await?);
/// n1.connect(n2.name()).await?;
/// let first = n1.start_unnamed::<Leader>(()).await?;
/// let second = n2.start_unnamed::<Leader>(()).await?;
/// n1.global().register(&LEADER, &first).await?;
/// assert_eq!(n2.global().register(&LEADER, &second).await, Err(RegisterError::Taken(first.retype())));
///
/// let leader = n2.global().whereis(&LEADER).expect("n2 was told");
/// assert_eq!(n2.call(&leader, LeaderMsg::WhereAreYou).await?, "n1@sim");
/// # Ok(())
/// # }
/// ```
///
/// # Not promised
/// Uniqueness across a netsplit: each side may have a process of this name, until the two meet.
///
/// # Source
/// Erlang's `global`. Why no registry could promise more: Gilbert and Lynch, *Brewer's Conjecture*, 2002.
#[derive(Clone, Copy)]
pub struct Global<'a>(&'a Node);

impl Node {
    /// The names that are unique in the cluster, as this node sees them.
    pub fn global(&self) -> Global<'_> {
        Global(self)
    }
}

impl Global<'_> {
    /// Gives a process a name, unless another process that can be reached has it. The process has
    /// it until it ends, or is unregistered. When this returns, every connected node knows it.
    ///
    /// # Errors
    /// [`RegisterError`] says why it has not got the name.
    pub async fn register<M>(
        &self,
        name: &GlobalName<M>,
        process: &Address<M>,
    ) -> Result<(), RegisterError> {
        self.register_with(name, process, Resolver::default()).await
    }

    /// Like [`register`](Global::register), and says what is to happen if another process turns
    /// out to have the name after a netsplit.
    ///
    /// # Errors
    /// As for [`register`](Global::register).
    pub async fn register_with<M>(
        &self,
        name: &GlobalName<M>,
        process: &Address<M>,
        resolver: Resolver,
    ) -> Result<(), RegisterError> {
        let (name, target) = (name.as_str().to_owned(), process.target().clone());
        let msg = |reply| GlobalMsg::Register {
            name,
            target,
            resolver,
            reply,
        };
        // The owner asks each node and then tells each node, and may have to wait for a paused
        // one both times.
        let within = self.0.config().call_timeout * 3;
        let answer = self
            .0
            .call_within(within, &GLOBAL.at(process.node()), msg)
            .await;
        answer.unwrap_or_else(|error| {
            Err(RegisterError::NoAnswer(
                process.node().clone(),
                error.to_string(),
            ))
        })
    }

    /// Takes a name from the process that has it. Returns whether a process had it.
    ///
    /// # Errors
    /// [`CallError`] when the process's node did not answer.
    pub async fn unregister<M>(&self, name: &GlobalName<M>) -> Result<bool, CallError> {
        let Some(owner) = self.whereis(name) else {
            return Ok(false);
        };
        let name = name.as_str().to_owned();
        self.0
            .call(&GLOBAL.at(owner.node()), |reply| {
                GlobalMsg::Unregister(name, reply)
            })
            .await
    }

    /// The process that has a name, as far as this node knows. Asks no other node.
    pub fn whereis<M>(&self, name: &GlobalName<M>) -> Option<Address<M>> {
        self.0
            .inner()
            .global_names
            .whereis(name.as_str())
            .map(|process| process.address())
    }

    /// All names, with the processes that have them, as far as this node knows.
    pub fn registered(&self) -> BTreeMap<String, Address<()>> {
        let names = self.0.inner().global_names.0.lock().unwrap();
        let owned = |(name, owners): (&String, &Owners)| {
            Some((name.clone(), owners.values().next()?.address()))
        };
        names.iter().filter_map(owned).collect()
    }
}

/// Why a process has not got a global name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegisterError {
    /// This process has it.
    Taken(Address<()>),
    /// There is no such process.
    NoProcess,
    /// Other nodes kept trying to get it at the same time, and no node got it in time.
    Contended,
    /// This node did not answer; it may be paused. If it is the process's own node, the process
    /// may have the name.
    NoAnswer(NodeName, String),
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegisterError::Taken(by) => write!(f, "the name is taken by {by}"),
            RegisterError::NoProcess => f.write_str("there is no such process"),
            RegisterError::Contended => {
                f.write_str("others tried to get the name at the same time")
            }
            RegisterError::NoAnswer(node, why) => {
                write!(f, "{node} was asked and gave no answer: {why}")
            }
        }
    }
}

impl std::error::Error for RegisterError {}

/// The messages of the servers that keep the global names.
#[derive(Debug, Serialize, Deserialize)]
pub enum GlobalMsg {
    /// Give a process of this node a name.
    Register {
        /// The name.
        name: String,
        /// The process.
        target: Target,
        /// What to do when another process turns out to have it.
        resolver: Resolver,
        /// Answers when every connected node knows.
        reply: Reply<Result<(), RegisterError>>,
    },
    /// Take a name from the process of this node that has it; answers whether one had it.
    Unregister(String, Reply<bool>),
    /// All names, as this node sees them.
    View(Reply<BTreeMap<String, Address<()>>>),
    /// A node wants to own a name.
    Claim {
        /// The name.
        name: String,
        /// The node.
        by: NodeName,
        /// That node's number for this attempt.
        attempt: u64,
        /// Takes this node's verdict.
        reply: Reply<Verdict>,
    },
    /// A node gives up an attempt: the name, the node, its number for the attempt.
    Release(String, NodeName, u64),
    /// To itself: what came of an attempt.
    Settled(u64, Result<(), RegisterError>),
    /// From another node: a process of its own has the name now.
    Registered(String, ProcessId),
    /// From another node: no process of its own has the name any more.
    Unregistered(String, NodeName),
    /// From a node that has just come up: all names that it owns.
    Snapshot(NodeName, BTreeMap<String, ProcessId>),
    /// Answers when everything before it was handled.
    Sync(Reply<()>),
}

/// The processes that have a name, by their nodes: one, except for a moment after a netsplit.
type Owners = BTreeMap<NodeName, ProcessId>;

/// What a node knows of the global names. Only [`GlobalServer`] writes; every process reads.
#[derive(Default)]
pub(crate) struct GlobalNames(Mutex<BTreeMap<String, Owners>>);

impl GlobalNames {
    fn whereis(&self, name: &str) -> Option<ProcessId> {
        self.0.lock().unwrap().get(name)?.values().next().cloned()
    }

    /// The owner among the other nodes with the smallest name.
    fn rival(&self, name: &str, me: &NodeName) -> Option<NodeName> {
        self.0
            .lock()
            .unwrap()
            .get(name)?
            .keys()
            .find(|node| *node != me)
            .cloned()
    }

    fn of_node(&self, node: &NodeName) -> BTreeMap<String, ProcessId> {
        let names = self.0.lock().unwrap();
        let owned =
            |(name, owners): (&String, &Owners)| Some((name.clone(), owners.get(node)?.clone()));
        names.iter().filter_map(owned).collect()
    }

    fn put(&self, name: &str, process: ProcessId) {
        let mut names = self.0.lock().unwrap();
        names
            .entry(name.to_owned())
            .or_default()
            .insert(process.node.clone(), process);
    }

    fn remove(&self, name: &str, node: &NodeName) {
        let mut names = self.0.lock().unwrap();
        if let Some(owners) = names.get_mut(name) {
            owners.remove(node);
        }
        names.retain(|_, owners| !owners.is_empty());
    }

    fn remove_node(&self, node: &NodeName) {
        let mut names = self.0.lock().unwrap();
        names
            .values_mut()
            .for_each(|owners| drop(owners.remove(node)));
        names.retain(|_, owners| !owners.is_empty());
    }
}
