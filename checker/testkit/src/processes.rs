//! Nodes as processes of the operating system, under a guard, with the switchboard between them.

use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runtime::gate::Streams;
use runtime::net::DirectoryMode;
use runtime::{Cookie, Net, Node, NodeConfig, NodeName, TcpNet};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::guard::{Child, Ending, Guard, Program, Stream, monotonic_micros, written_lines};
use crate::isolation::Sandbox;
use crate::network::Network;
use crate::ready::NotReady;
use crate::scenario::Context;
use crate::store::Stores;
use crate::switchboard::Switchboard;
use crate::trouble::{Result, While};
use crate::world::{self, Launch, Process, Waiting, World};

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
        Ok(OnProcesses {
            common: self.clone(),
            cookie,
            switchboard,
            pulse: Pulse::start(),
            data: context.data.clone(),
            logs: context.folder.clone(),
        })
    }
}

/// The processes of one cluster.
pub(crate) struct OnProcesses {
    common: Processes,
    cookie: Cookie,
    switchboard: Switchboard,
    pulse: Pulse,
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
        Ok(Arc::new(RealProcess {
            child: self.common.guard.spawn(program),
            sources: self.common.sources.clone(),
        }))
    }

    fn stood_still_since(&self, begun: Instant) -> Duration {
        self.pulse.longest_pause_since(begun)
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
    child: Child,
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

/// How often the pulse beats.
pub(crate) const BEAT: Duration = Duration::from_millis(25);

/// Notices when this process does not get to run.
struct Pulse {
    pauses: Arc<Mutex<VecDeque<(Instant, Duration)>>>,
    beating: JoinHandle<()>,
}

impl Pulse {
    /// Begins to watch.
    fn start() -> Pulse {
        const KEPT: usize = 1000;
        let pauses: Arc<Mutex<VecDeque<(Instant, Duration)>>> = Arc::default();
        let noted = Arc::clone(&pauses);
        let beating = tokio::spawn(async move {
            loop {
                let before = Instant::now();
                sleep(BEAT).await;
                let late = before.elapsed().saturating_sub(BEAT);
                if late > BEAT {
                    let mut pauses = lock(&noted);
                    pauses.push_back((Instant::now(), late));
                    if pauses.len() > KEPT {
                        pauses.pop_front();
                    }
                }
            }
        });
        Pulse { pauses, beating }
    }

    /// The longest time since `begun` in which this process did not get to run.
    fn longest_pause_since(&self, begun: Instant) -> Duration {
        let pauses = lock(&self.pauses);
        let since = pauses.iter().rev().take_while(|(at, _)| *at >= begun);
        since.map(|(_, late)| *late).max().unwrap_or_default()
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.beating.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pulse_notices_that_the_process_did_not_run() {
        let pulse = Pulse::start();
        let begun = Instant::now();
        sleep(Duration::from_millis(60)).await;
        let still = Instant::now();
        while still.elapsed() < Duration::from_millis(300) {
            std::hint::spin_loop();
        }
        sleep(Duration::from_millis(60)).await;
        assert!(pulse.longest_pause_since(begun) >= Duration::from_millis(200));
        assert!(pulse.longest_pause_since(Instant::now()).is_zero());
    }
}
