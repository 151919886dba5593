//! Nodes as processes of the operating system, under a guard, with the switchboard between them.

mod pulse;

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use runtime::gate::Streams;
use runtime::net::DirectoryMode;
use runtime::{Cookie, Net, Node, NodeConfig, NodeName, TcpNet};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::guard::{Child, Ending, Guard, Program, Stream, monotonic_micros, written_lines};
use crate::isolation::Sandbox;
use crate::network::Network;
use crate::ready::NotReady;
use crate::scenario::Context;
use crate::store::Stores;
use crate::switchboard::Switchboard;
use crate::trouble::{Result, While};
use crate::world::{self, Launch, Process, Waiting, World};
use pulse::Pulse;
pub(crate) use pulse::{BEAT, Busy};

/// What all clusters of real processes of a run have in common.
#[derive(Clone)]
pub struct Processes {
    /// Starts processes.
    pub guard: Guard,
    /// The program of a node.
    pub binary: PathBuf,
    /// What its nodes must say that they were built from, if that matters.
    pub sources: Option<String>,
    /// The run's store, for nodes that use one.
    pub stores: Stores,
    /// What walls the nodes in, if anything does.
    pub sandbox: Option<Sandbox>,
}

impl Processes {
    pub(crate) async fn world(&self, context: &Context) -> Result<OnProcesses> {
        let random =
            || getrandom::u64().or_trouble(|| "get random numbers from the operating system");
        let cookie = Cookie::from_text(format!("{:016x}{:016x}", random()?, random()?))
            .or_trouble(|| "make a cookie for the cluster")?;
        let manager = crate::cluster::manager();
        let switchboard = Switchboard::start(manager, cookie.clone(), context.seed).await?;
        let children: Children = Arc::default();
        let weighed = Arc::clone(&children);
        let pulse = Pulse::start(move || times(&weighed));
        Ok(OnProcesses {
            common: self.clone(),
            cookie,
            switchboard,
            pulse,
            children,
            data: context.data.clone(),
            logs: context.folder.clone(),
        })
    }
}

/// The child of each node that was started last, by the node's short name.
type Children = Arc<Mutex<BTreeMap<String, Arc<Child>>>>;

/// How long each node was on the processors so far.
fn times(children: &Children) -> BTreeMap<String, Duration> {
    let children = children.lock().unwrap_or_else(PoisonError::into_inner);
    let time =
        |(node, child): (&String, &Arc<Child>)| Some((node.clone(), child.processor_time()?));
    children.iter().filter_map(time).collect()
}

/// The processes of one cluster.
pub(crate) struct OnProcesses {
    common: Processes,
    cookie: Cookie,
    switchboard: Switchboard,
    pulse: Pulse,
    children: Children,
    data: PathBuf,
    logs: PathBuf,
}

impl World for OnProcesses {
    fn network(&self) -> &dyn Network {
        &self.switchboard
    }

    fn hidden(&self, name: NodeName, tick_time: Duration) -> Waiting<'_, Result<Node>> {
        let net = Net::Tcp(TcpNet::with(DirectoryMode::At(
            self.switchboard.directory(),
        )));
        let mut config = NodeConfig::new(name, self.cookie.clone(), net);
        config.hidden = true;
        config.tick_time = tick_time;
        Box::pin(async {
            Node::start(config)
                .await
                .or_trouble(|| "start the checker's own node in the cluster")
        })
    }

    fn launch(&self, launch: Launch<'_>) -> Result<Arc<dyn Process>> {
        let Launch {
            name,
            seed,
            options,
            scratch,
            shared,
            flags,
        } = launch;
        let seconds = |time: Duration| time.as_secs_f64().to_string();
        let sandbox = self.common.sandbox.clone().map(|sandbox| {
            let sandbox = sandbox
                .read(&self.common.binary)
                .read(&self.data)
                .write(scratch);
            match shared.is_dir() {
                true => sandbox.write(shared),
                false => sandbox,
            }
        });
        let program = Program::node(name.as_str(), &self.common.binary)
            .args(["--name", name.as_str()])
            .args([
                "--directory".to_owned(),
                self.switchboard.directory().to_string(),
            ])
            .args(["--tick-time".to_owned(), seconds(options.tick_time)])
            .args(["--call-timeout".to_owned(), seconds(options.call_timeout)])
            .args(["--seed".to_owned(), seed.to_string()])
            .arg("--exit-with-stdin")
            .args(flags)
            .env("SCRATCH_DIR", scratch)
            .env("TMPDIR", scratch)
            .cwd(scratch)
            .fills(scratch)
            .fills(shared)
            .logs(&self.logs)
            .limits(options.limits)
            .sandboxed(sandbox)
            .secrets(self.cookie.reveal())?;
        let child = Arc::new(self.common.guard.spawn(program));
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        children.insert(name.short().to_owned(), Arc::clone(&child));
        drop(children);
        Ok(Arc::new(RealProcess {
            child,
            sources: self.common.sources.clone(),
        }))
    }

    fn stood_still_since(&self, begun: Instant) -> Duration {
        self.pulse.longest_pause_since(begun)
    }

    fn crowded_out(&self) -> Option<Busy> {
        self.pulse.crowded_out()
    }

    fn busiest(&self) -> Option<Busy> {
        self.pulse.busiest()
    }

    fn connect(&self, port: u16) -> Waiting<'_, io::Result<Box<dyn world::Stream>>> {
        Box::pin(async move {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
            let _ = stream.set_nodelay(true);
            Ok(Box::new(stream) as Box<dyn world::Stream>)
        })
    }

    fn streams(&self) -> Option<&Streams> {
        None
    }

    fn lines(&self, node: &NodeName) -> Vec<(u64, Stream, String)> {
        let now = self.network().read(|record, _| record.now());
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        let begun = monotonic_micros().saturating_sub(now);
        let of = |stream| {
            let lines = written_lines(&self.logs, node.as_str(), stream).into_iter();
            lines.map(move |(at, text)| (at.saturating_sub(begun), stream, text))
        };
        of(Stream::Stdout).chain(of(Stream::Stderr)).collect()
    }
}

struct RealProcess {
    child: Arc<Child>,
    sources: Option<String>,
}

impl Process for RealProcess {
    fn ready(&self, within: Duration) -> Waiting<'_, std::result::Result<(), NotReady>> {
        Box::pin(async move {
            let ready = self.child.ready(within, self.sources.as_deref()).await;
            ready.map(drop)
        })
    }

    fn kill(&self) -> Waiting<'_, Result<()>> {
        Box::pin(async { self.child.kill().await.map(drop) })
    }

    fn pause(&self) -> Waiting<'_, Result<()>> {
        Box::pin(self.child.pause())
    }

    fn resume(&self) -> Waiting<'_, Result<()>> {
        Box::pin(self.child.resume())
    }

    fn ending(&self) -> Option<Ending> {
        self.child.ending()
    }

    fn last_stderr_lines(&self, count: usize) -> Vec<String> {
        self.child.last_stderr_lines(count)
    }
}
