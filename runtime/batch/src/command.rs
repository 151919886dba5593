//! `map-reduce run`: does one job on a cluster of this machine alone, and shows its progress.
//!
//! The nodes are processes of this program, with a directory and a cookie of their own, so that
//! they do not meet another cluster. They end when their standard input is closed. That happens however
//! this process ends, even by `kill -9`, so no node is left behind.

mod node_process;

use std::fmt::Display;
use std::future::Future;
use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use runtime::directory::{AsRegistered, DirectoryServer};
use runtime::net::DirectoryMode;
use runtime::system::{NODE, NodeMsg};
use runtime::terminal::{note, one_line, print};
use runtime::{
    CallError, Cookie, ExitReason, Net, Node, NodeConfig, NodeName, Reply, ServerName, TcpNet,
};
use serde::{Deserialize, Serialize};
use tokio::process::Command;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep, timeout_at};

use node_process::NodeProcess;

use crate::input::{Experiment, Input};
use crate::job::{JobSpec, JobStatus, Progress, Summary};
use crate::output::{OutputFolder, is_taken};
use crate::task::JobId;

/// The manager of each node, as far as the command talks to it. The learner's program defines the rest of
/// its messages; variants meet by their names.
const MANAGER: ServerName<ManagerMsg> = ServerName::new("manager");

#[derive(Serialize, Deserialize)]
enum ManagerMsg {
    Submit(JobSpec<Kind>, Reply<Result<JobId, String>>),
    Status(JobId, Reply<JobStatus>),
}

/// How long a node may take to end by itself, before it is killed.
const EXIT_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest pause between two looks at the job.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A map-reduce that survives its workers
#[derive(Parser)]
#[command(long_about = None)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Start some nodes, do one job on them, and end them
    Run(Flags),
}

#[derive(Args)]
struct Flags {
    /// Files to read
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    input: Vec<PathBuf>,

    /// Folder for the result; it must not exist yet
    #[arg(long, value_name = "DIR")]
    output: PathBuf,

    /// How many nodes to start
    #[arg(long, default_value = "3", value_parser = RangedU64ValueParser::<usize>::new().range(1..=32))]
    nodes: usize,

    /// What to compute: how often each word occurs, or in which files it does
    #[arg(long, value_enum, default_value = "count")]
    job: Kind,

    /// How many reduce tasks the job has; each writes one file of the result
    #[arg(long, value_name = "R", default_value = "4", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    partitions: usize,

    /// About how much each map task reads, in KiB
    #[arg(long, value_name = "N", default_value = "2048", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    split_kib: u64,

    /// Milliseconds by which each map task takes longer, so that you have time to kill a node
    #[arg(long, value_name = "MS")]
    map_ms: Option<u64>,

    /// Milliseconds by which each reduce task takes longer
    #[arg(long, value_name = "MS")]
    reduce_ms: Option<u64>,
}

/// What the learner's program calls `JobKind`.
#[derive(Clone, Copy, ValueEnum, Serialize, Deserialize)]
enum Kind {
    #[value(name = "count")]
    WordCount,
    #[value(name = "index")]
    InvertedIndex,
}

/// Why there is no result.
enum Failure {
    /// A signal asked this process to end.
    Interrupted,
    /// Something went wrong: a sentence for the person at the terminal.
    Failed(String),
    /// The job is done, but that could not be printed.
    Unprinted(String),
}

impl<S: Display> From<S> for Failure {
    fn from(why: S) -> Self {
        Failure::Failed(why.to_string())
    }
}

/// Does what the command line says, and prints the outcome. The `main` of a program calls it when the
/// first argument is `run`.
pub fn run() -> ExitCode {
    let Verb::Run(flags) = Cli::parse().verb;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(perform(&flags)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Interrupted) => {
            note("Interrupted: there is no output.");
            ExitCode::from(130)
        }
        Err(Failure::Failed(why)) => {
            note(why);
            ExitCode::FAILURE
        }
        Err(Failure::Unprinted(why)) => {
            note(why);
            ExitCode::from(4)
        }
    }
}

/// Does the job. Whatever the result, no node, scratch folder or partial output remains.
async fn perform(flags: &Flags) -> Result<(), Failure> {
    let spec = job(flags)?;
    let mut interrupt = Interrupt::new()?;
    let scratch = tempfile::Builder::new().prefix("map-reduce-").tempdir()?;
    let begun = Instant::now();
    let mut cluster = Cluster::new().await?;
    let started = cluster.start(flags.nodes, scratch.path());
    let mut outcome = interrupt.unless(started).await;
    let start_up = begun.elapsed();
    if outcome.is_ok() && spec.experiment.is_some() {
        let processes = cluster.processes.iter();
        let lines = processes.map(|node| format!("{} is process {}\n", node.name, node.id()));
        // The job goes on even if these lines cannot be printed.
        let _ = print(lines.collect::<String>());
    }

    let mut summary = Summary::default();
    let mut partial = None;
    if outcome.is_ok() {
        // No signal interrupts this: without the job's id, nothing could be removed.
        outcome = match cluster.submit(&spec).await {
            Ok(id) => {
                partial = Some(OutputFolder::new(&spec.output, &id));
                let done = interrupt.unless(cluster.watch(&id)).await;
                done.map(|done| summary = done)
            }
            Err(failure) => Err(failure),
        };
    }
    cluster.stop().await;
    // No node writes there any more.
    if let Some(partial) = partial {
        partial.discard();
    }
    if let Err(Failure::Failed(why)) = &mut outcome {
        why.push_str(&cluster.last_words());
    }
    outcome?;
    let output = shown(&spec.output);
    print(report(&summary, start_up, &spec.output)).map_err(|error| {
        Failure::Unprinted(format!(
            "The job is done, and its output is in {output}, but the report could not be printed: {error}."
        ))
    })
}

/// The job that the flags describe, after the checks that need no cluster.
fn job(flags: &Flags) -> Result<JobSpec<Kind>, Failure> {
    let mut input = Vec::new();
    for file in &flags.input {
        let (name, path) = (file.display().to_string(), place(file)?);
        let file = Input { name, path };
        file.open()
            .map_err(|why| format!("{} cannot be read: {why}.", one_line(&file.name)))?;
        input.push(file);
    }
    // Taken apart and put together, it has no slash at its end.
    let output: PathBuf = place(&flags.output)?.components().collect();
    if is_taken(&output) {
        let why = "already exists: name a folder that does not exist, or remove this one";
        return Err(format!("{} {why}.", shown(&flags.output)).into());
    }
    let slow = flags.map_ms.or(flags.reduce_ms).is_some();
    Ok(JobSpec {
        kind: flags.job,
        input,
        output,
        split_bytes: flags.split_kib << 10,
        partitions: flags.partitions,
        experiment: slow.then(|| Experiment {
            map_ms: flags.map_ms.unwrap_or(0),
            reduce_ms: flags.reduce_ms.unwrap_or(0),
        }),
    })
}

/// The whole path, as messages between nodes can carry it.
fn place(path: &Path) -> Result<PathBuf, Failure> {
    if path == "-" {
        return Err("The nodes read and write files, not standard input or output, so - does not work. For a file of this name, write ./-".into());
    }
    let whole = absolute(path)?;
    match whole.to_str() {
        Some(_) => Ok(whole),
        None => Err(format!("{} cannot be used: its path is not UTF-8.", shown(path)).into()),
    }
}

/// A path as a terminal can show it.
fn shown(path: &Path) -> String {
    one_line(&path.display().to_string())
}

fn report(summary: &Summary, start_up: Duration, output: &Path) -> String {
    let Summary {
        tasks, attempts, ..
    } = *summary;
    let retries = attempts.saturating_sub(tasks as u64);
    format!(
        "tasks           {tasks}\n\
         attempts        {attempts}, of these {retries} retries\n\
         records         {}\n\
         pairs emitted   {}\n\
         distinct keys   {}\n\
         bytes shuffled  {}\n\
         time            start-up {} ms, map {} ms, reduce {} ms\n\
         output          {}\n",
        summary.work.records,
        summary.work.emitted,
        summary.work.keys,
        summary.work.fetched,
        start_up.as_millis(),
        summary.map_ms,
        summary.reduce_ms,
        shown(output)
    )
}

/// The signals that ask this process to end. They are remembered from the beginning on.
struct Interrupt {
    signals: [Signal; 3],
}

impl Interrupt {
    fn new() -> Result<Self, Failure> {
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        let [interrupt, terminate, hangup] = kinds.map(signal);
        Ok(Interrupt {
            signals: [interrupt?, terminate?, hangup?],
        })
    }

    /// Does this, unless and until a signal comes.
    async fn unless<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! { biased;
            _ = interrupt.recv() => Err(Failure::Interrupted),
            _ = terminate.recv() => Err(Failure::Interrupted),
            _ = hangup.recv() => Err(Failure::Interrupted),
            done = work => done,
        }
    }
}

/// Some nodes, and one more, hidden from them, to talk to them.
struct Cluster {
    node: Node,
    cookie: Cookie,
    directory: DirectoryServer,
    processes: Vec<NodeProcess>,
}

impl Cluster {
    /// A cluster of no nodes yet.
    async fn new() -> Result<Self, Failure> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        let cookie = Cookie::from_text(format!("{:032x}", u128::from_ne_bytes(random)))?;
        let directory =
            DirectoryServer::bind(([127, 0, 0, 1], 0).into(), Arc::new(AsRegistered)).await?;
        let net = TcpNet::with(DirectoryMode::At(directory.address()));
        let mut config = NodeConfig::new(name("command"), cookie.clone(), Net::Tcp(net));
        config.hidden = true;
        Ok(Cluster {
            node: Node::start(config).await?,
            cookie,
            directory,
            processes: Vec::new(),
        })
    }

    /// Starts nodes, all at once, and connects them.
    async fn start(&mut self, nodes: usize, scratch: &Path) -> Result<(), Failure> {
        let program = std::env::current_exe()?;
        for number in 1..=nodes {
            let name = name(&format!("n{number}"));
            let mut command = Command::new(&program);
            command
                .args(["--name", name.as_str(), "--cookie", self.cookie.reveal()])
                .args(["--directory", &self.directory.address().to_string()])
                .arg("--exit-with-stdin")
                .env("SCRATCH_DIR", scratch);
            self.processes
                .push(NodeProcess::start(name, command, scratch)?);
        }
        for process in &mut self.processes {
            process.ready().await?;
        }
        let (first, others) = self.processes.split_first().ok_or("there are no nodes")?;
        for other in others {
            let connect = |reply| NodeMsg::Connect(other.name.clone(), reply);
            self.node.call(&NODE.at(&first.name), connect).await??;
        }
        Ok(())
    }

    async fn submit(&self, spec: &JobSpec<Kind>) -> Result<JobId, Failure> {
        let submit = |reply| ManagerMsg::Submit(spec.clone(), reply);
        let manager = MANAGER.at(&self.processes[0].name);
        match self.node.call(&manager, submit).await {
            Ok(Ok(id)) => Ok(id),
            Ok(Err(why)) => Err(refused(why, spec)),
            Err(CallError::Exited(ExitReason::NotWritten(what))) => Err(not_written(&what)),
            Err(error) => Err(refused(error.to_string(), spec)),
        }
    }

    /// Looks at the job until it ends.
    async fn watch(&mut self, id: &JobId) -> Result<Summary, Failure> {
        let manager = MANAGER.at(&self.processes[0].name);
        let bar = Bar::new();
        let mut pause = Duration::from_millis(1);
        loop {
            let status = |reply| ManagerMsg::Status(id.clone(), reply);
            // Without an answer the command asks again, as long as the node lives: a manager that
            // crashed may be back in a moment.
            match self.node.call(&manager, status).await {
                Ok(JobStatus::Running(progress)) => bar.show(progress),
                Ok(JobStatus::Done(summary)) => return Ok(summary),
                Ok(JobStatus::Failed(why)) => return Err(format!("The job failed: {why}.").into()),
                Ok(JobStatus::Unknown) => {
                    return Err("The manager on n1 has forgotten the job: it crashed.".into());
                }
                Err(_) => {}
            }
            for (place, process) in self.processes.iter_mut().enumerate() {
                let name = process.name.short().to_owned();
                if let Some(what) = process.said.not_written() {
                    return Err(not_written(&what));
                }
                match process.news()? {
                    Some(ended) if place == 0 => {
                        let why = format!("{name} managed the job and ended ({ended})");
                        return Err(format!("{why}: the job is lost.").into());
                    }
                    Some(ended) => bar.note(&format!("{name} ended ({ended}).")),
                    None => {}
                }
            }
            sleep(pause).await;
            pause = LOOK_INTERVAL.min(pause * 2);
        }
    }

    /// Ends the nodes, and waits until they are gone.
    async fn stop(&mut self) {
        for process in &mut self.processes {
            drop(process.child.stdin.take());
        }
        let patience = Instant::now() + EXIT_TIMEOUT;
        for process in &mut self.processes {
            if timeout_at(patience, process.child.wait()).await.is_err() {
                let _ = process.child.kill().await;
            }
        }
        self.node.stop().await;
    }

    fn last_words(&mut self) -> String {
        let mut words = String::new();
        for process in &mut self.processes {
            for line in process.said.last() {
                words.push_str(&format!("\n  {}: {line}", process.name.short()));
            }
        }
        words
    }
}

fn name(short: &str) -> NodeName {
    let name = format!("{short}@127.0.0.1").parse();
    name.expect("such names are names of nodes")
}

fn refused(why: String, spec: &JobSpec<Kind>) -> Failure {
    let output = shown(&spec.output);
    format!("The manager on n1 did not accept the job for {output}: {why}.").into()
}

fn not_written(what: &str) -> Failure {
    format!("The job needs code that is not written yet: {what}.").into()
}

/// A line at the terminal that shows the progress of the job, if stderr is a terminal. It is
/// gone when it is dropped.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}") {
            bar.set_style(style);
        }
        Bar(bar)
    }

    fn show(&self, progress: Progress) {
        let Progress {
            maps,
            maps_done,
            reduces,
            reduces_done,
        } = progress;
        self.0.set_length((maps + reduces) as u64);
        self.0.set_position((maps_done + reduces_done) as u64);
        self.0.set_message(format!(
            "maps {maps_done}/{maps}, reduces {reduces_done}/{reduces}"
        ));
    }

    fn note(&self, text: &str) {
        self.0.suspend(|| note(text));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
