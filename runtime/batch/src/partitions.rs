//! What map tasks have left on this node, and the shuffle that takes it from there.
//!
//! The output of a map task lies in the scratch folder of the node that it ran on, sorted into one
//! partition for each reduce task, and other nodes fetch it from there. When the node goes, its output
//! is lost. It would cost more to store it safely than to compute it again when necessary.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use runtime::{Ctx, Node, Reply, Server, ServerName};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use tempfile::TempDir;

use crate::task::{Attempt, JobId, MapOutput, TaskError, TaskId};

/// The server that keeps the map output of each node.
pub const PARTITIONS: ServerName<PartitionsMsg> = ServerName::new("partitions");

/// How long a node may take to answer a request for a piece of a partition.
pub const FETCH_TIMEOUT: Duration = Duration::from_millis(500);

/// The largest piece that is sent at once, in bytes.
const PIECE: u64 = 256 << 10;

/// What the server of a node's map output understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum PartitionsMsg {
    /// Where a map task of this node can write its output.
    Place(Reply<PathBuf>),
    /// An output is written; `ends` tells where each partition of the file ends.
    Keep {
        /// Whose output it is.
        attempt: Attempt,
        /// The file, at the place that was given.
        path: PathBuf,
        /// Where each partition ends, in bytes.
        ends: Vec<u64>,
        /// Answers when it can be fetched.
        reply: Reply<()>,
    },
    /// A piece of a partition.
    Fetch {
        /// Which output.
        output: MapOutput,
        /// Which partition of it.
        partition: usize,
        /// How many of its bytes the caller has already.
        from: u64,
        /// Answers with the next bytes.
        reply: Reply<Result<Piece, String>>,
    },
    /// The job has ended, and its output here can be deleted. That happens when the next job ends, so a late
    /// worker still finds it, and does not take a finished job for a broken node.
    Forget(JobId),
    /// What was kept and served so far, forgotten jobs included.
    Report(Reply<Report>),
}

/// A piece of a partition.
#[derive(Debug, Serialize, Deserialize)]
pub struct Piece {
    /// The next bytes.
    pub bytes: ByteBuf,
    /// Whether there is more behind them.
    pub more: bool,
}

/// What a node did with the output of map tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Every attempt of a map task whose output was kept here, in the order of their ends.
    pub kept: Vec<Attempt>,
    /// How many bytes of each job's output were served, to this node's own tasks too.
    pub served: BTreeMap<JobId, u64>,
}

/// Keeps and serves the map output of one node.
pub struct Partitions {
    /// A folder of this node alone, gone when this process ends.
    scratch: TempDir,
    files: BTreeMap<Attempt, Kept>,
    placed: u64,
    forgotten: Option<JobId>,
    report: Report,
}

struct Kept {
    path: PathBuf,
    ends: Vec<u64>,
}

impl Server for Partitions {
    type Msg = PartitionsMsg;
    type Args = ();

    async fn init((): (), _: &Ctx<PartitionsMsg>) -> Self {
        let root = scratch_root();
        let scratch = tempfile::Builder::new()
            .prefix("map-output-")
            .tempdir_in(&root);
        let scratch = scratch.unwrap_or_else(|error| {
            panic!(
                "cannot make a folder for map output in {}: {error}",
                root.display()
            )
        });
        Partitions {
            scratch,
            files: BTreeMap::new(),
            placed: 0,
            forgotten: None,
            report: Report::default(),
        }
    }

    async fn handle(&mut self, msg: PartitionsMsg, _: &Ctx<PartitionsMsg>) {
        match msg {
            PartitionsMsg::Place(reply) => {
                self.placed += 1;
                reply.send(self.scratch.path().join(format!("map-{}", self.placed)));
            }
            PartitionsMsg::Keep {
                attempt,
                path,
                ends,
                reply,
            } => {
                self.report.kept.push(attempt.clone());
                // An attempt may run twice, because its assignment came twice. Another node may already
                // be fetching its output, so the first file stays.
                if let Entry::Vacant(place) = self.files.entry(attempt) {
                    place.insert(Kept { path, ends });
                } else {
                    let _ = fs::remove_file(path);
                }
                reply.send(());
            }
            PartitionsMsg::Fetch {
                output,
                partition,
                from,
                reply,
            } => {
                let piece = self.piece(&output, partition, from);
                if let Ok(piece) = &piece {
                    *self.report.served.entry(output.job).or_default() += piece.bytes.len() as u64;
                }
                reply.send(piece);
            }
            PartitionsMsg::Forget(job) => {
                // A manager may send this twice, and the output must still stay until the next job.
                if self.forgotten.as_ref() == Some(&job) {
                    return;
                }
                let before = self.forgotten.replace(job);
                let goes = |attempt: &Attempt| before.as_ref() == Some(&attempt.job);
                for (_, kept) in self.files.extract_if(.., |attempt, _| goes(attempt)) {
                    let _ = fs::remove_file(kept.path);
                }
            }
            PartitionsMsg::Report(reply) => reply.send(self.report.clone()),
        }
    }
}

impl Partitions {
    fn piece(&self, output: &MapOutput, partition: usize, from: u64) -> Result<Piece, String> {
        let attempt = output.attempt();
        let kept = self.files.get(&attempt);
        let kept = kept.ok_or_else(|| format!("there is no output of {attempt} here"))?;
        let end = kept.ends.get(partition).copied();
        let end = end.ok_or_else(|| format!("{attempt} has no partition {partition}"))?;
        let start = partition
            .checked_sub(1)
            .map_or(0, |before| kept.ends[before]);
        let first = start.saturating_add(from).min(end);
        let last = first.saturating_add(PIECE).min(end);
        let bytes = read(&kept.path, first, last).map_err(|error| error.to_string())?;
        Ok(Piece {
            bytes: ByteBuf::from(bytes),
            more: last < end,
        })
    }
}

fn read(path: &PathBuf, first: u64, last: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; (last - first) as usize];
    if !bytes.is_empty() {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(first))?;
        file.read_exact(&mut bytes)?;
    }
    Ok(bytes)
}

/// Fetches a whole partition of a map task's output from the node where it lies, this one or
/// another.
///
/// # Errors
/// [`TaskError::Unfetched`], when the node cannot be reached, does not answer in time, or has it
/// no longer.
pub async fn fetch(
    node: &Node,
    output: &MapOutput,
    partition: usize,
) -> Result<Vec<u8>, TaskError> {
    let mut fetched = Vec::new();
    loop {
        let from = fetched.len() as u64;
        let question = |reply| PartitionsMsg::Fetch {
            output: output.clone(),
            partition,
            from,
            reply,
        };
        let answer = node
            .call_within(FETCH_TIMEOUT, &PARTITIONS.at(&output.node), question)
            .await;
        let piece = answer
            .map_err(|error| error.to_string())
            .flatten()
            .map_err(|why| TaskError::Unfetched {
                output: output.clone(),
                why,
            })?;
        if fetched.is_empty() {
            fetched = piece.bytes.into_vec();
        } else {
            fetched.extend_from_slice(&piece.bytes);
        }
        if !piece.more {
            return Ok(fetched);
        }
    }
}

/// Makes this node keep the output of a map task that was written to `path`.
pub(crate) async fn keep(
    node: &Node,
    attempt: &Attempt,
    path: PathBuf,
    ends: Vec<u64>,
) -> Result<MapOutput, TaskError> {
    let question = |reply| PartitionsMsg::Keep {
        attempt: attempt.clone(),
        path,
        ends,
        reply,
    };
    let kept = node.call(&PARTITIONS.at(node.name()), question).await;
    kept.map_err(|error| TaskError::Failed(error.to_string()))?;
    let TaskId::Map(map) = attempt.task else {
        return Err(TaskError::Failed(format!("{attempt} is not a map task")));
    };
    Ok(MapOutput {
        node: node.name().clone(),
        job: attempt.job.clone(),
        map,
        attempt: attempt.number,
    })
}

/// Where a node keeps what is its own: `SCRATCH_DIR` if that is set, else the system's folder for
/// temporary files.
fn scratch_root() -> PathBuf {
    if let Some(gate) = runtime::Gate::current() {
        return gate.scratch().to_owned();
    }
    std::env::var_os("SCRATCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from)
}
