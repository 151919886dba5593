//! Supervisors: processes whose only work is to start other processes again when they crash.
//!
//! A server that has run into something unexpected cannot trust its own state any more. The
//! cheapest way back to a state that is known to be good is to end, and to be started again from
//! the beginning: "let it crash". For that, another process must notice the crash; and because the
//! supervisor does nothing else, it has almost nothing that could break.
//!
//! A restart does not cure a bug that strikes every time. So a supervisor counts restarts,
//! and when its children fail too often it ends itself, with all of them, and leaves the matter to
//! *its* supervisor, which starts a larger part of the program afresh.

mod tree;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::address::{Address, ServerName};
use crate::error::{CallError, StartError};
use crate::node::Node;
use crate::process_id::ExitReason;
use crate::reply::Reply;
use crate::server::Server;
use crate::wire;

use tree::{Kind, Spec, Tree};

/// What a supervisor is to start, in which order, and what it does when one of its children ends.
///
/// The children are started in the given order, and when the supervisor ends, for whatever
/// reason, they end in the opposite one.
///
/// A child that ends because it reached a `todo!()` ([`ExitReason::NotWritten`]) is not started
/// again, whatever its [`Restart`] says: it would reach the `todo!()` again. It stays down, and the others continue.
///
/// ```
/// use runtime::{Cookie, Ctx, ExitReason, MemoryNet, Net, Node, NodeConfig, Reply, Server, ServerName, Supervisor};
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
/// struct Counter(u64);
///
/// impl Server for Counter {
///     type Msg = CounterMsg;
///     type Args = ();
///
///     async fn init(_: (), _: &Ctx<CounterMsg>) -> Self {
///         Counter(0)
///     }
///
///     async fn handle(&mut self, msg: CounterMsg, _: &Ctx<CounterMsg>) {
///         match msg {
///             CounterMsg::Add(n) => self.0 = self.0.checked_add(n).expect("the total fits"),
///             CounterMsg::Total(reply) => reply.send(self.0),
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let net = Net::Memory(MemoryNet::new(1));
/// # let node = Node::start(NodeConfig::new("n1@sim".parse()?, Cookie::from_text("secret")?, net)).await?;
/// Supervisor::one_for_one().child::<Counter>(&COUNTER, ()).start(&node).await?;
/// let first = node.whereis(&COUNTER).unwrap();
/// node.cast(&first, CounterMsg::Add(u64::MAX)).await?;
/// node.cast(&first, CounterMsg::Add(1)).await?; // More than the counter can hold: it panics.
/// node.ended(&first).await;
///
/// // The supervisor starts it again, under the same name, with a state that is known to be good.
/// while node.whereis(&COUNTER).is_none() {
///     tokio::task::yield_now().await;
/// }
/// assert_eq!(node.call(&COUNTER.at(node.name()), CounterMsg::Total).await?, 0);
/// # Ok(())
/// # }
/// ```
///
/// # Not promised
/// That a restarted child has its old state, or that its messages of before the crash were handled. That it
/// is restarted forever: after too many crashes, the supervisor ends as well.
///
/// # Source
/// Armstrong, *Making reliable distributed systems in the presence of software errors*, 2003; Erlang's
/// `supervisor` (OTP design principles).
#[derive(Clone)]
pub struct Supervisor {
    strategy: Strategy,
    max_restarts: usize,
    within: Duration,
    children: Vec<Spec>,
    kinds: BTreeMap<String, Kind>,
    /// What [`Supervisor::restart`] speaks of.
    last: Last,
}

#[derive(Clone)]
enum Last {
    Nothing,
    Child,
    Kind(String),
}

/// Who has to start again when one child fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    OneForOne,
    RestForOne,
}

/// When a child that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Restart {
    /// Always: it is to be there as long as its supervisor is.
    Permanent,
    /// Only when it ended abnormally: it may finish its work.
    Transient,
    /// Never: the process that asked for it sees that it ended, and decides.
    Temporary,
}

impl Supervisor {
    /// A supervisor that restarts only the child that ended: for children that do not depend
    /// on each other.
    pub fn one_for_one() -> Self {
        Supervisor::new(Strategy::OneForOne)
    }

    /// A supervisor that also ends and starts again the children after the one that ended, for
    /// they may hold data from it: its address, or what it sent them at their start.
    pub fn rest_for_one() -> Self {
        Supervisor::new(Strategy::RestForOne)
    }

    fn new(strategy: Strategy) -> Self {
        Supervisor {
            strategy,
            max_restarts: 3,
            within: Duration::from_secs(5),
            children: Vec::new(),
            kinds: BTreeMap::new(),
            last: Last::Nothing,
        }
    }

    /// How many restarts there may be within a time, 3 in 5 seconds unless set. After one more, the
    /// supervisor gives up: it ends, and its children with it.
    pub fn intensity(mut self, max_restarts: usize, within: Duration) -> Self {
        (self.max_restarts, self.within) = (max_restarts, within);
        self
    }

    /// Adds a server under a name.
    pub fn child<S: Server>(self, name: &ServerName<S::Msg>, args: S::Args) -> Self {
        self.with::<S>(Some(name.clone()), args)
    }

    /// Adds a server that is only known by its address; see [`Node::children`].
    pub fn unnamed_child<S: Server>(self, args: S::Args) -> Self {
        self.with::<S>(None, args)
    }

    /// Adds another supervisor, with children of its own: so supervisors make a tree.
    pub fn supervisor(self, supervisor: Supervisor) -> Self {
        self.with::<Tree>(None, supervisor)
    }

    /// Adds another supervisor under a name.
    pub fn named_supervisor(
        self,
        name: &ServerName<SupervisorMsg>,
        supervisor: Supervisor,
    ) -> Self {
        self.with::<Tree>(Some(name.clone()), supervisor)
    }

    fn with<S: Server>(mut self, name: Option<ServerName<S::Msg>>, args: S::Args) -> Self {
        self.children
            .push(Spec::of::<S>(name, Restart::Permanent, args));
        self.last = Last::Child;
        self
    }

    /// Adds a kind of children that are started later, by [`Node::start_child`], as many as are
    /// asked for. They are [`Restart::Temporary`] unless said otherwise.
    pub fn kind<S: Server>(mut self, kind: &ChildKind<S>) -> Self
    where
        S::Args: Serialize + DeserializeOwned,
    {
        let name = kind.name.to_owned();
        self.last = Last::Kind(name.clone());
        let make = |args: &[u8], restart| {
            let args = wire::decode::<S::Args>(args).map_err(|error| error.to_string())?;
            Ok(Spec::of::<S>(None, restart, args))
        };
        self.kinds.insert(
            name,
            Kind {
                restart: Restart::Temporary,
                make: Arc::new(make),
            },
        );
        self
    }

    /// Sets when the child or kind that was added last is restarted.
    ///
    /// # Panics
    /// When none was added yet.
    pub fn restart(mut self, restart: Restart) -> Self {
        let place = match &self.last {
            Last::Nothing => None,
            Last::Child => self.children.last_mut().map(|child| &mut child.restart),
            Last::Kind(kind) => self.kinds.get_mut(kind).map(|kind| &mut kind.restart),
        };
        *place.expect("`restart` speaks of the child or kind that was added before it") = restart;
        self
    }

    /// Starts the supervisor and waits until all its children have started.
    ///
    /// # Errors
    /// [`StartError::Init`] when a child did not start: then none of them runs. A child that
    /// reached a `todo!()` is no reason not to start.
    pub async fn start(self, node: &Node) -> Result<Address<SupervisorMsg>, StartError> {
        start_tree(self, node, None).await
    }

    /// Starts the supervisor under a name.
    ///
    /// # Errors
    /// [`StartError::NameTaken`], and as for [`start`](Supervisor::start).
    pub async fn start_named(
        self,
        node: &Node,
        name: &ServerName<SupervisorMsg>,
    ) -> Result<Address<SupervisorMsg>, StartError> {
        start_tree(self, node, Some(name)).await
    }
}

/// Starts a supervisor. It is boxed, so that it is compiled once, here, and not again in each program that
/// has a supervisor.
fn start_tree<'a>(
    supervisor: Supervisor,
    node: &'a Node,
    name: Option<&'a ServerName<SupervisorMsg>>,
) -> StartedTree<'a> {
    Box::pin(async move {
        match name {
            Some(name) => node.start_server::<Tree>(name, supervisor).await,
            None => node.start_unnamed::<Tree>(supervisor).await,
        }
    })
}

type StartedTree<'a> =
    Pin<Box<dyn Future<Output = Result<Address<SupervisorMsg>, StartError>> + Send + 'a>>;

/// The name of a kind of children that a supervisor can be asked to start, from any node.
///
/// ```
/// use runtime::{ChildKind, Cookie, Ctx, MemoryNet, Net, Node, NodeConfig, Reply, Server, ServerName, Supervisor, SupervisorMsg};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// enum GreeterMsg {
///     Greet(Reply<String>),
/// }
///
/// struct Greeter(String);
///
/// impl Server for Greeter {
///     type Msg = GreeterMsg;
///     type Args = String;
///
///     async fn init(whom: String, _: &Ctx<GreeterMsg>) -> Self {
///         Greeter(whom)
///     }
///
///     async fn handle(&mut self, GreeterMsg::Greet(reply): GreeterMsg, ctx: &Ctx<GreeterMsg>) {
///         reply.send(format!("{} greets {}", ctx.name(), self.0));
///     }
/// }
///
/// const GREETER: ChildKind<Greeter> = ChildKind::new("greeter");
/// const GREETERS: ServerName<SupervisorMsg> = ServerName::new("greeters");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let net = Net::Memory(MemoryNet::new(1));
/// # let config = |name: &str| NodeConfig::new(name.parse().unwrap(), Cookie::from_text("secret").unwrap(), net.clone());
/// # let (n1, n2) = (Node::start(config("n1@sim")).await?, Node::start(config("n2@sim")).await?);
/// Supervisor::one_for_one().kind(&GREETER).start_named(&n2, &GREETERS).await?;
///
/// // n1 has a greeter started at n2, by the supervisor there.
/// let greeter = n1.start_child(&GREETERS.at(n2.name()), &GREETER, "the world".into()).await?;
/// assert_eq!(n1.call(&greeter, GreeterMsg::Greet).await?, "n2@sim greets the world");
/// # Ok(())
/// # }
/// ```
pub struct ChildKind<S> {
    name: &'static str,
    server: PhantomData<fn(S)>,
}

impl<S> ChildKind<S> {
    /// A kind of this name, unique within its supervisor.
    pub const fn new(name: &'static str) -> Self {
        ChildKind {
            name,
            server: PhantomData,
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.name
    }
}

impl Node {
    /// Has a supervisor, here or on another node, start one more child of a kind that it knows,
    /// and waits until the child has started.
    ///
    /// The child belongs to the supervisor, not to the caller: it continues when the caller ends.
    /// A process that wants to know of its end monitors it.
    ///
    /// # Errors
    /// [`StartChildError`]. After a lost connection or a timeout the child may have been started.
    pub async fn start_child<S: Server>(
        &self,
        supervisor: &Address<SupervisorMsg>,
        kind: &ChildKind<S>,
        args: S::Args,
    ) -> Result<Address<S::Msg>, StartChildError>
    where
        S::Args: Serialize + DeserializeOwned,
    {
        let args = wire::encode(&args)
            .map_err(|error| StartChildError::Refused(ChildRefusal::BadArgs(error.to_string())))?;
        let (kind, args) = (kind.name.to_owned(), args.to_vec());
        let answer = self
            .call(supervisor, |reply| SupervisorMsg::StartChild {
                kind,
                args,
                reply,
            })
            .await;
        let started = answer.map_err(StartChildError::Call)?;
        started
            .map(|child| child.retype())
            .map_err(StartChildError::Refused)
    }

    /// Has a supervisor end one of its children for good, and waits for that. Returns whether there
    /// was such a child. It stays away until the supervisor itself is started again.
    ///
    /// # Errors
    /// [`CallError`] when the supervisor did not answer.
    pub async fn terminate_child<M>(
        &self,
        supervisor: &Address<SupervisorMsg>,
        child: &Address<M>,
    ) -> Result<bool, CallError> {
        self.call(supervisor, |reply| {
            SupervisorMsg::TerminateChild(child.retype(), reply)
        })
        .await
    }

    /// The children of a supervisor, in the order in which they were started.
    ///
    /// # Errors
    /// [`CallError`] when the supervisor did not answer.
    pub async fn children(
        &self,
        supervisor: &Address<SupervisorMsg>,
    ) -> Result<Vec<ChildInfo>, CallError> {
        self.call(supervisor, SupervisorMsg::Children).await
    }
}

/// What a supervisor can be asked, from any node.
#[derive(Debug, Serialize, Deserialize)]
pub enum SupervisorMsg {
    /// Start one more child; see [`Node::start_child`].
    StartChild {
        /// The name of the [`ChildKind`].
        kind: String,
        /// What the child starts from, encoded.
        #[serde(with = "serde_bytes")]
        args: Vec<u8>,
        /// Answers with the child's address.
        reply: Reply<Result<Address<()>, ChildRefusal>>,
    },
    /// End a child for good; see [`Node::terminate_child`].
    TerminateChild(Address<()>, Reply<bool>),
    /// Which children there are; see [`Node::children`].
    Children(Reply<Vec<ChildInfo>>),
}

/// What a supervisor tells about one of its children.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildInfo {
    /// The name that it is registered under; if it has none, the name of its type.
    pub label: String,
    /// Where it runs; `None` when it has ended and was not started again.
    pub address: Option<Address<()>>,
    /// Why it is not there, if it is not.
    pub away: Option<ExitReason>,
    /// When it is started again.
    pub restart: Restart,
    /// Whether it was started by [`Node::start_child`].
    pub dynamic: bool,
}

/// Why a supervisor did not start a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChildRefusal {
    /// The supervisor knows no kind of this name.
    UnknownKind(String),
    /// What the child was to start from cannot be encoded, or is not what this kind starts from.
    BadArgs(String),
    /// The child ended in its `init`.
    NotStarted(ExitReason),
}

impl fmt::Display for ChildRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChildRefusal::UnknownKind(kind) => write!(
                f,
                "the supervisor knows no kind of children called {kind:?}"
            ),
            ChildRefusal::BadArgs(why) => {
                write!(f, "the child cannot start from these arguments: {why}")
            }
            ChildRefusal::NotStarted(reason) => write!(f, "the child did not start: {reason}"),
        }
    }
}

/// Why there is no new child, as far as the one who asked for it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartChildError {
    /// The supervisor refused: it did not happen.
    Refused(ChildRefusal),
    /// The supervisor did not answer; [`CallError::may_have_happened`] tells more.
    Call(CallError),
}

impl fmt::Display for StartChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartChildError::Refused(refusal) => refusal.fmt(f),
            StartChildError::Call(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartChildError {}
