//! Remote tasks: running a function on another node, and awaiting its result.
//!
//! Rust cannot send code as Erlang does, so both nodes must have the function, and one node sends its name
//! to the other. A task is tied to its caller: it ends when the caller gives up, ends, or
//! becomes unreachable, because its result would then reach no process. What it has done by then stays done.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tracing::warn;

use crate::address::ServerName;
use crate::ctx::{Ctx, Task};
use crate::error::CallError;
use crate::name::NodeName;
use crate::node::Node;
use crate::process_id::ExitReason;
use crate::reply::Reply;
use crate::server::{Info, Server};
use crate::wire::{self, NoAnswer};

/// The server that runs functions for other nodes.
pub const RPC: ServerName<RpcMsg> = ServerName::new("$rpc");

/// The name of a function that other nodes may have run here, with the types of its argument and
/// its result. To pass several arguments, use a tuple.
///
/// ```
/// use runtime::{CallError, Cookie, Function, MemoryNet, Net, Node, NodeConfig};
///
/// const DOUBLE: Function<u64, u64> = Function::new("double");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let net = Net::Memory(MemoryNet::new(1));
/// # let config = |name: &str| NodeConfig::new(name.parse().unwrap(), Cookie::from_text("secret").unwrap(), net.clone());
/// # let (n1, n2) = (Node::start(config("n1@sim")).await?, Node::start(config("n2@sim")).await?);
/// n2.register_function(&DOUBLE, async |x| x * 2);
/// assert_eq!(n1.run_on(n2.name(), &DOUBLE, 21).await?, 42);
///
/// // Several at once: they run while we do something else.
/// let (one, two) = (n1.spawn_on(n2.name(), &DOUBLE, 1), n1.spawn_on(n2.name(), &DOUBLE, 2));
/// assert_eq!((one.await?, two.await?), (2, 4));
///
/// // n1 itself has no such function.
/// let error = n1.run_on(n1.name(), &DOUBLE, 21).await.unwrap_err();
/// assert!(matches!(error, CallError::NotUnderstood(_)));
/// # Ok(())
/// # }
/// ```
///
/// # Not promised
/// That the function did not run, if the call failed; that it ran to its end, if the caller gave up; that two
/// calls run in their order.
///
/// # Source
/// Erlang's `erpc`. Birrell and Nelson, *Implementing Remote Procedure Calls*, 1984.
pub struct Function<A, R> {
    name: Cow<'static, str>,
    types: PhantomData<fn(A) -> R>,
}

impl<A, R> Function<A, R> {
    /// The function of this name.
    pub const fn new(name: &'static str) -> Self {
        Function {
            name: Cow::Borrowed(name),
            types: PhantomData,
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl<A, R> fmt::Debug for Function<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Node {
    /// Registers a function that other nodes, and this one, can run here. A later function of the same
    /// name takes the place of an earlier one.
    ///
    /// It runs beside everything else on the node, also beside itself. If it computes for long,
    /// let it `tokio::task::yield_now().await` now and then, so that the others get their turn.
    pub fn register_function<A, R, F, Fut>(&self, function: &Function<A, R>, body: F)
    where
        A: DeserializeOwned + Send + 'static,
        R: Serialize + Send + 'static,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
    {
        let body = Arc::new(body);
        let run = move |args: &[u8]| -> Result<Running, String> {
            let args: A = wire::decode(args).map_err(|error| error.to_string())?;
            let body = body.clone();
            Ok(Box::pin(async move {
                let result = body(args).await;
                wire::encode(&result)
                    .map(|bytes| ByteBuf::from(bytes.to_vec()))
                    .map_err(|error| error.to_string())
            }))
        };
        let mut functions = self.inner().functions.0.lock().unwrap();
        functions.insert(function.as_str().to_owned(), Arc::new(run));
    }

    /// Has a function run on a node and waits for its result, as long as a call waits
    /// ([`NodeConfig::call_timeout`](crate::NodeConfig::call_timeout)). If this is dropped
    /// earlier, the function is ended over there.
    ///
    /// # Errors
    /// [`CallError::NotUnderstood`] when the node has no such function;
    /// [`CallError::Exited`] when the function panicked; the others as for
    /// [`call`](Node::call).
    pub async fn run_on<A, R>(
        &self,
        on: &NodeName,
        function: &Function<A, R>,
        args: A,
    ) -> Result<R, CallError>
    where
        A: Serialize,
        R: DeserializeOwned,
    {
        let run = run(
            self.clone(),
            on.clone(),
            function.as_str().to_owned(),
            wire::encode(&args),
        );
        match timeout(self.config().call_timeout, run).await {
            Ok(result) => result,
            Err(_) => Err(CallError::Timeout(on.clone())),
        }
    }

    /// Runs a function on a node, however long it takes, and returns a handle to await its result
    /// with.
    pub fn spawn_on<A, R>(&self, on: &NodeName, function: &Function<A, R>, args: A) -> RemoteTask<R>
    where
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        let run = run(
            self.clone(),
            on.clone(),
            function.as_str().to_owned(),
            wire::encode(&args),
        );
        let (done, result) = oneshot::channel();
        let waiting = self.inner().spawn(async move {
            let _ = done.send(run.await);
        });
        RemoteTask {
            result,
            waiting,
            here: self.name().clone(),
        }
    }
}

/// A function that runs on another node. Awaiting it gives its result; dropping it ends it.
///
/// It waits as long as the function takes. The end of the other node, or of the connection to it,
/// is seen as [`CallError::NodeDown`].
#[must_use = "dropping it ends the function"]
pub struct RemoteTask<R> {
    result: oneshot::Receiver<Result<R, CallError>>,
    waiting: AbortHandle,
    here: NodeName,
}

impl<R> Future for RemoteTask<R> {
    type Output = Result<R, CallError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = Pin::new(&mut self.result).poll(cx);
        // Only a node that is being torn down forgets it.
        result.map(|result| result.unwrap_or_else(|_| Err(CallError::NodeDown(self.here.clone()))))
    }
}

impl<R> Drop for RemoteTask<R> {
    fn drop(&mut self) {
        self.waiting.abort();
    }
}

/// Asks for one run, and waits for its end. When this is dropped, the run is ended.
async fn run<R: DeserializeOwned>(
    node: Node,
    on: NodeName,
    function: String,
    args: Result<bytes::Bytes, wire::Malformed>,
) -> Result<R, CallError> {
    let args = args.map_err(|error| CallError::Unsendable(error.to_string()))?;
    // So that a run that is canceled before there is a connection is never requested.
    node.connect(&on)
        .await
        .map_err(|error| CallError::NotConnected(on.clone(), error.to_string()))?;
    let task = node.inner().numbers.next();
    let mut guard = Cancel {
        node: &node,
        on: &on,
        task,
        needed: true,
    };
    let (by, args) = (node.name().clone(), ByteBuf::from(args.to_vec()));
    let msg = |reply| RpcMsg::Run {
        function,
        args,
        by,
        task,
        reply,
    };
    let answer: Result<ByteBuf, _> = node.call_within(Duration::MAX, &RPC.at(&on), msg).await;
    guard.needed = false;
    wire::decode(&answer?).map_err(|error| CallError::BadAnswer(error.to_string()))
}

struct Cancel<'a> {
    node: &'a Node,
    on: &'a NodeName,
    task: u64,
    needed: bool,
}

impl Drop for Cancel<'_> {
    fn drop(&mut self) {
        if self.needed {
            let by = self.node.name().clone();
            self.node.cast_linked(
                self.on,
                &RPC,
                RpcMsg::Cancel {
                    by,
                    task: self.task,
                },
            );
        }
    }
}

/// What a node asks another to run.
#[derive(Debug, Serialize, Deserialize)]
pub enum RpcMsg {
    /// Run a function and answer with its result, encoded.
    Run {
        /// The name of the [`Function`].
        function: String,
        /// Its argument, encoded.
        args: ByteBuf,
        /// The node that asks.
        by: NodeName,
        /// That node's number for this run.
        task: u64,
        /// Takes the result.
        reply: Reply<ByteBuf>,
    },
    /// Nobody waits for the result any more.
    Cancel {
        /// The node that asked.
        by: NodeName,
        /// Its number for the run.
        task: u64,
    },
    /// To itself: a run has ended.
    Done(NodeName, u64),
}

/// The functions that can be run on a node.
#[derive(Default)]
pub(crate) struct Functions(Mutex<BTreeMap<String, Arc<RunFn>>>);

type RunFn = dyn Fn(&[u8]) -> Result<Running, String> + Send + Sync;
type Running = BoxFuture<'static, Result<ByteBuf, String>>;

/// Runs functions, each in a task of its own: a panic ends one task.
pub(crate) struct TaskServer {
    running: BTreeMap<(NodeName, u64), Task>,
}

impl Server for TaskServer {
    type Msg = RpcMsg;
    type Args = ();

    async fn init(_: (), ctx: &Ctx<RpcMsg>) -> Self {
        ctx.watch_nodes();
        TaskServer {
            running: BTreeMap::new(),
        }
    }

    async fn handle(&mut self, msg: RpcMsg, ctx: &Ctx<RpcMsg>) {
        match msg {
            RpcMsg::Run {
                function,
                args,
                by,
                task,
                reply,
            } => {
                let known = ctx
                    .inner()
                    .functions
                    .0
                    .lock()
                    .unwrap()
                    .get(&function)
                    .cloned();
                let Some(known) = known else {
                    let why = format!("{} has no function called {function:?}", ctx.name());
                    return reply.decline(NoAnswer::NotUnderstood(why));
                };
                match known(&args) {
                    Ok(running) => {
                        let over = (ctx.clone(), by.clone());
                        let handle = ctx.spawn(async move {
                            answer(running, &function, reply).await;
                            over.0.send_self(RpcMsg::Done(over.1, task));
                        });
                        self.running.insert((by, task), handle);
                    }
                    Err(why) => reply.decline(NoAnswer::NotUnderstood(why)),
                }
            }
            RpcMsg::Cancel { by, task } => {
                if let Some(handle) = self.running.remove(&(by, task)) {
                    handle.cancel();
                }
            }
            RpcMsg::Done(by, task) => drop(self.running.remove(&(by, task))),
        }
    }

    async fn handle_info(&mut self, info: Info, _: &Ctx<RpcMsg>) {
        if let Info::NodeDown(node) = info {
            for (_, handle) in self.running.extract_if(.., |(by, _), _| *by == node) {
                handle.cancel();
            }
        }
    }
}

async fn answer(running: Running, function: &str, reply: Reply<ByteBuf>) {
    match AssertUnwindSafe(running).catch_unwind().await {
        Ok(Ok(result)) => reply.send(result),
        Ok(Err(why)) => reply.decline(NoAnswer::Unsendable(why)),
        Err(panic) => {
            let reason = ExitReason::from_panic(&*panic);
            warn!(
                of = function,
                "the function {function:?}, run for another node, ended: {reason}"
            );
            reply.decline(NoAnswer::Exited(reason));
        }
    }
}
