//! What a cluster stands on: real processes, or a simulation of them.
//!
//! A scenario does not know which. What it can do to nodes is narrow: start, kill, pause and resume
//! them, break the [network](crate::network) between them, ask them through a hidden node, and read
//! what they wrote. All else in [`cluster`](crate::cluster) is made of that.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use runtime::gate::Streams;
use runtime::{Node, NodeName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::cluster::Options;
use crate::guard::{self, Ending};
use crate::network::Network;
use crate::processes::{Busy, Processes};
use crate::ready::NotReady;
use crate::scenario::{Context, Stop};
use crate::simulation::Simulation;
use crate::store::Stores;
use crate::trouble::Result;

/// Something that takes its time.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What the clusters of a run stand on.
#[derive(Clone)]
pub enum Ground {
    /// Processes of the operating system: the authority for a verdict.
    Processes(Processes),
    /// Nodes in this process, in virtual time.
    Simulated(Simulation),
}

impl Ground {
    /// A world for one cluster.
    pub(crate) async fn world(
        &self,
        context: &Context,
    ) -> std::result::Result<Box<dyn World>, Stop> {
        Ok(match self {
            Ground::Processes(processes) => Box::new(processes.world(context).await?),
            Ground::Simulated(simulation) => Box::new(simulation.world(context.seed)?),
        })
    }

    /// The stores of the run, where they are programs of their own.
    pub fn stores(&self) -> Option<&Stores> {
        match self {
            Ground::Processes(processes) => Some(&processes.stores),
            Ground::Simulated(_) => None,
        }
    }
}

/// The world of one cluster.
pub(crate) trait World {
    /// The network between its nodes.
    fn network(&self) -> &dyn Network;

    /// Starts a hidden node of the checker's own. The manager's way to the others is past all faults,
    /// that of any other goes through the network.
    fn hidden(&self, name: NodeName, tick_time: Duration) -> Waiting<'_, Result<Node>>;

    /// Starts the program on a node, which is not ready yet.
    fn launch(&self, launch: Launch<'_>) -> Result<Arc<dyn Process>>;

    /// The longest time for which the checker, and with it the network, hung since a moment.
    fn stood_still_since(&self, begun: Instant) -> Duration;

    /// The busiest node, if the nodes left the checker no time to run.
    fn crowded_out(&self) -> Option<Busy>;

    /// The busiest node, if the nodes took the processors for so long that a failure should tell.
    fn busiest(&self) -> Option<Busy>;

    /// Connects to a port of 127.0.0.1 on which a node listens.
    fn connect(&self, port: u16) -> Waiting<'_, io::Result<Box<dyn Stream>>>;

    /// What stands in for sockets, if something does.
    fn streams(&self) -> Option<&Streams>;

    /// What the nodes of a name wrote: when, in microseconds since the record began, where, and what.
    fn lines(&self, node: &NodeName) -> Vec<(u64, guard::Stream, String)>;
}

/// A connection to a node that speaks HTTP.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// How a node is started.
pub(crate) struct Launch<'a> {
    pub(crate) name: &'a NodeName,
    /// Where its random numbers start.
    pub(crate) seed: u64,
    pub(crate) options: &'a Options,
    /// The folder for what it keeps to itself.
    pub(crate) scratch: &'a Path,
    /// The folder that it shares with the story and the other nodes.
    pub(crate) shared: &'a Path,
    /// The flags by which it finds its store.
    pub(crate) flags: Vec<String>,
}

/// A node that was started.
pub(crate) trait Process {
    /// Waits until it says that it is ready.
    fn ready(&self, within: Duration) -> Waiting<'_, std::result::Result<(), NotReady>>;
    /// Ends it at once, and waits until it is gone.
    fn kill(&self) -> Waiting<'_, Result<()>>;
    /// Pauses it, and waits until it is paused.
    fn pause(&self) -> Waiting<'_, Result<()>>;
    /// Lets it run on.
    fn resume(&self) -> Waiting<'_, Result<()>>;
    /// How it ended, if it has.
    fn ending(&self) -> Option<Ending>;
    /// The last lines of its standard error, oldest first.
    fn last_stderr_lines(&self, count: usize) -> Vec<String>;
}
