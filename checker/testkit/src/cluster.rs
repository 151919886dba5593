//! A cluster of real processes, and all that a scenario can do to it, ask it and wait for.
//!
//! A scenario is one function that reads like a story. Everything here returns what the story
//! needs and, with `?`, ends it with the right verdict:
//!
//! - what the learner's program did wrong is a *failure*, with the step, the picture of the last
//!   messages and the end of the node's stderr;
//! - a fault that had no effect, a connection that was lost without one, or a machine that
//!   hung is *inconclusive*;
//! - code that panicked with a `todo!` is *not written*.
//!
//! ```ignore
//! async fn ping_reaches_all(cx: &Context) -> Told {
//!     Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
//!         cluster.step("n1 sends a ping.");
//!         let number: u64 = cluster.call("n1", &PRODUCER, ProducerMsg::SendPing).await?;
//!         cluster
//!             .eventually(SOON, "every consumer shows 1 for n1", async || {
//!                 let total: u64 = cluster.call("n2", &CONSUMER, ConsumerMsg::TotalPings).await?;
//!                 if total == number { Ok(()) } else { Err(Unmet::at("n2", format!("n2 shows {total}"))) }
//!             })
//!             .await
//!             .because("A broadcast is for every node that is connected.")
//!     })
//!     .await
//! }
//! ```

mod asking;
mod by_hand;
mod explanation;
mod faults;
mod health;
mod http;
mod messages;
mod nodes;
mod rest;
mod sketch;
mod store;
mod trace;
mod wait;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runtime::{Node, NodeName};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::guard::Limits;
use crate::network::Network;
use crate::scenario::{Context, Stop, Told};
use crate::trace::{Violation, What, data};
use crate::verdict::Failure;
use crate::world::World;
pub use asking::Unanswered;
pub use explanation::Explained;
pub use faults::RuleHandle;
pub use faults::in_words as rule_in_words;
pub use http::{Answer, NoAnswer, Request, Silence};
pub use messages::{Frames, Mark};
use nodes::Member;
pub use nodes::Standing;
pub use sketch::message_in_words;
pub use store::Commands;
use store::Share;
pub use wait::Unmet;

/// The cluster of one try of a scenario. Dropping it ends all its processes.
pub struct Cluster<'a> {
    context: &'a Context,
    options: Options,
    /// What the seeds of the nodes are made of.
    seed_of_nodes: u16,
    world: Box<dyn World>,
    manager: Node,
    /// Nodes of this process that the scenario asked for.
    guests: Mutex<Vec<Node>>,
    members: Mutex<BTreeMap<String, Member>>,
    /// Pairs that were disconnected on purpose.
    parted: Mutex<BTreeSet<(String, String)>>,
    /// What the cluster has of the run's store, if its nodes use one.
    share: Option<Share>,
    begun: Instant,
    /// What the notes in the record mean that the cluster itself wrote, by their entries.
    meanings: Mutex<BTreeMap<u64, What>>,
    violation: Mutex<Option<Violation>>,
}

/// How the nodes of a cluster are set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Silence after which another node is declared down. Short only where silence is the subject:
    /// a busy machine is silent, too.
    pub tick_time: Duration,
    /// How long the nodes' own calls wait for an answer.
    pub call_timeout: Duration,
    /// How long the checker's calls and requests wait for an answer.
    pub patience: Duration,
    /// How long a node may take to say that it is ready.
    pub ready_within: Duration,
    /// How much a node may use.
    pub limits: Limits,
    /// Whether the nodes serve HTTP, and use the run's store: each gets the flags `--http`,
    /// `--store` and `--store-prefix`.
    pub store: bool,
}

impl Options {
    /// For nodes that serve HTTP and use the run's store.
    pub fn with_store() -> Options {
        Options {
            store: true,
            ..Options::default()
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            tick_time: Duration::from_secs(15),
            call_timeout: Duration::from_secs(5),
            patience: Duration::from_secs(5),
            ready_within: Duration::from_secs(10),
            limits: Limits::default(),
            store: false,
        }
    }
}

/// How long what the runtime does by itself may take: meeting, noticing a closed connection.
const RUNTIME_PATIENCE: Duration = Duration::from_secs(10);

/// How often a condition is looked at while it is waited for.
const LOOK: Duration = Duration::from_millis(20);

impl<'a> Cluster<'a> {
    /// Starts a cluster, tells a story with it, and says how that ended. What went wrong beside
    /// the story counts too: a node that ended by itself, a connection that was lost for no reason.
    ///
    /// # Errors
    /// The verdict, if it is not a pass.
    pub async fn tell<F>(context: &'a Context, nodes: &[&str], options: Options, story: F) -> Told
    where
        F: AsyncFnOnce(&Cluster<'a>) -> Told,
    {
        let cluster = Cluster::start(context, nodes, options).await?;
        let told = cluster.unless_flooded(story(&cluster)).await;
        let told = cluster.blame_the_busy(cluster.conclude(told).await);
        cluster.end().await;
        told
    }

    /// Starts nodes side by side, connects them with each other, and waits until each lists all
    /// others. The names are short: `n1` is `n1@127.0.0.1`.
    ///
    /// # Errors
    /// The verdict, when one of them does not come up.
    pub async fn start(
        context: &'a Context,
        nodes: &[&str],
        options: Options,
    ) -> Result<Cluster<'a>, Stop> {
        let cluster = Cluster::empty(context, options).await?;
        context.step(match nodes {
            [only] => format!("Start {only}."),
            [others @ .., last] => {
                format!("Start {} and {last}, and connect them.", others.join(", "))
            }
            [] => "Start a cluster without nodes.".to_owned(),
        });
        let up = cluster.unless_flooded(cluster.bring_up(nodes)).await;
        // A story has not begun yet, so that none can be told of this program.
        cluster.blame_the_busy(up).before_all()?;
        Ok(cluster)
    }

    async fn bring_up(&self, nodes: &[&str]) -> Told {
        for node in nodes {
            self.spawn(node).await?;
        }
        for node in nodes {
            self.ready(node).await?;
        }
        if let [first, others @ ..] = nodes {
            for other in others {
                self.connect(first, other).await?;
            }
        }
        self.await_mesh().await
    }

    async fn empty(context: &'a Context, options: Options) -> Result<Cluster<'a>, Stop> {
        let world = context.ground.world(context).await?;
        let share = match (context.ground.stores(), world.streams()) {
            _ if !options.store => None,
            (Some(stores), _) => Some(Share::of(stores).await?),
            (None, Some(streams)) => Some(Share::simulated(streams)),
            (None, None) => None,
        };
        let manager = world.hidden(manager(), options.tick_time).await?;
        Ok(Cluster {
            context,
            options,
            seed_of_nodes: context.seed_of_nodes(),
            world,
            manager,
            guests: Mutex::default(),
            members: Mutex::default(),
            parted: Mutex::default(),
            share,
            begun: Instant::now(),
            meanings: Mutex::default(),
            violation: Mutex::default(),
        })
    }

    /// Says what the scenario does next, as a sentence. The learner sees it go by, a failure
    /// names it, and it stands in the picture between the messages.
    pub fn step(&self, sentence: impl Into<String>) {
        self.take_step(sentence.into(), None);
    }

    /// The same, for a step that the diagnosis must find again: `fact` says which one it is.
    pub fn step_as(&self, fact: &impl Serialize, sentence: impl Into<String>) {
        self.take_step(sentence.into(), Some(data(fact)));
    }

    fn take_step(&self, text: String, fact: Option<Value>) {
        self.context.step(text.clone());
        self.write_down(What::Step { text, fact });
    }

    /// A claim that did not hold in the present step. The picture of the last messages is added
    /// when the story has ended.
    pub fn failed(&self, seen: impl Into<String>, expected: impl Into<String>) -> Failure {
        self.context.failed(seen, expected)
    }

    /// The whole name of a node: `n1@127.0.0.1`.
    pub fn name(&self, node: &str) -> NodeName {
        full_name(node)
    }

    /// The scenario's context.
    pub fn context(&self) -> &'a Context {
        self.context
    }

    pub(crate) fn network(&self) -> &dyn Network {
        self.world.network()
    }

    /// The checker's own node, hidden, whose connections go past all faults.
    pub fn manager(&self) -> &Node {
        &self.manager
    }

    /// A hidden node in the checker's own process. Other than the manager's, its connections go
    /// through the network like those of any node.
    ///
    /// # Errors
    /// When the system does not let it listen.
    pub async fn guest(&self, name: &str) -> Result<Node, Stop> {
        let tick_time = self.options.tick_time;
        let guest = self.world.hidden(full_name(name), tick_time).await?;
        lock(&self.guests).push(guest.clone());
        Ok(guest)
    }

    /// Ends everything. The trace is left behind when the cluster is dropped.
    pub async fn end(self) {
        let children: Vec<_> = lock(&self.members)
            .values()
            .map(|member| Arc::clone(&member.child))
            .collect();
        for child in children {
            let _ = child.kill().await;
        }
        if let Some(share) = &self.share {
            share.clear().await;
        }
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        self.leave_trace();
        let mut nodes = std::mem::take(&mut *lock(&self.guests));
        nodes.push(self.manager.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                for node in nodes {
                    node.stop().await;
                }
            });
        }
    }
}

/// The name of the checker's own node.
pub(crate) fn manager() -> NodeName {
    full_name("manager")
}

fn full_name(short: &str) -> NodeName {
    let whole = if short.contains('@') {
        short.to_owned()
    } else {
        format!("{short}@127.0.0.1")
    };
    whole
        .parse()
        .expect("scenarios give their nodes proper names")
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pair of nodes, the same whichever is named first.
fn unordered(a: &str, b: &str) -> (String, String) {
    if a <= b {
        (a.into(), b.into())
    } else {
        (b.into(), a.into())
    }
}
