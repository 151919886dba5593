//! The tasks of a job: what is to be done, and doing it.

use std::fmt;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use runtime::{Node, NodeName};
use serde::{Deserialize, Serialize};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::functions::Functions;
use crate::grouped::{Grouped, read_group, write_group};
use crate::input::{Experiment, Order, Split};
use crate::output::{OutputFolder, part};
use crate::partitions::{PARTITIONS, PartitionsMsg, fetch, keep};

/// How many partitions a reduce task fetches at the same time.
const FETCHES: usize = 4;

/// How many bytes a map task looks at before it lets others run.
const TURN: usize = 64 << 10;

/// The id of a job, forever: no other job may ever have the same id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobId(pub String);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JobId {
    /// The id as a piece of a file's name; ids that differ stay different.
    pub(crate) fn as_file_name(&self) -> String {
        let mut name = String::new();
        for byte in self.0.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => name.push(byte.into()),
                other => name.push_str(&format!("_{other:02x}")),
            }
        }
        name
    }
}

/// One of the tasks of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaskId {
    /// The map task for the split of this number.
    Map(usize),
    /// The reduce task for the partition of this number.
    Reduce(usize),
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskId::Map(number) => write!(f, "map {number}"),
            TaskId::Reduce(number) => write!(f, "reduce {number}"),
        }
    }
}

/// One attempt at a task. A task may need several, and several may run at the same time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attempt {
    /// The job.
    pub job: JobId,
    /// The task.
    pub task: TaskId,
    /// Tells the attempts at one task apart.
    pub number: u64,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, attempt {}, of job {}",
            self.task, self.number, self.job
        )
    }
}

/// What is to be done in an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Map the records of a split, and leave what is emitted on this node, in partitions.
    Map {
        /// What to read.
        split: Split,
        /// How many partitions there are.
        partitions: usize,
    },
    /// Fetch one partition of each of these outputs, reduce, and write the partition's file.
    Reduce {
        /// The outputs: one of each map task of the job. Each is fetched and counted as often as
        /// it stands here.
        inputs: Vec<MapOutput>,
        /// The folder that the job's output will be in.
        output: PathBuf,
    },
}

/// Where the output of a map task lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MapOutput {
    /// On this node, and on no other.
    pub node: NodeName,
    /// The job that it belongs to,
    pub job: JobId,
    /// the number of the map task,
    pub map: usize,
    /// and the attempt.
    pub attempt: u64,
}

impl MapOutput {
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt {
            job: self.job.clone(),
            task: TaskId::Map(self.map),
            number: self.attempt,
        }
    }
}

/// A reduce task's file, to be committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReduceOutput {
    /// The partition that it holds.
    pub partition: usize,
    /// Its name, for [`OutputFolder::commit`].
    pub file: String,
}

/// The result of an attempt that succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Product {
    /// Of a map task.
    Map(MapOutput, Counters),
    /// Of a reduce task.
    Reduce(ReduceOutput, Counters),
}

/// The work of an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Records that were mapped.
    pub records: u64,
    /// Pairs that were emitted.
    pub emitted: u64,
    /// Bytes that were fetched from this node and others.
    pub fetched: u64,
    /// Keys that were written.
    pub keys: u64,
}

impl std::ops::AddAssign for Counters {
    fn add_assign(&mut self, other: Counters) {
        self.records += other.records;
        self.emitted += other.emitted;
        self.fetched += other.fetched;
        self.keys += other.keys;
    }
}

/// Why an attempt did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskError {
    /// An output of a map task could not be fetched.
    Unfetched {
        /// Which one.
        output: MapOutput,
        /// Why not.
        why: String,
    },
    /// Something else went wrong: a file could not be read or written.
    Failed(String),
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskError::Unfetched { output, why } => {
                let (map, node) = (output.map, output.node.short());
                write!(
                    f,
                    "the output of map {map} could not be fetched from {node}: {why}"
                )
            }
            TaskError::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for TaskError {}

impl From<io::Error> for TaskError {
    fn from(error: io::Error) -> Self {
        TaskError::Failed(error.to_string())
    }
}

/// Does the work of an attempt, on this node.
///
/// It lets others run now and then. If it is dropped earlier, or its process ends, nothing of it
/// counts.
///
/// # Errors
/// [`TaskError`] says what was missing.
///
/// # Panics
/// When the job's functions do.
pub async fn perform(
    node: &Node,
    functions: &dyn Functions,
    attempt: &Attempt,
    work: &Work,
    experiment: Option<Experiment>,
) -> Result<Product, TaskError> {
    let performed = async {
        match work {
            Work::Map { split, partitions } => {
                map(node, functions, attempt, split, *partitions, experiment).await
            }
            Work::Reduce { inputs, output } => {
                reduce(node, functions, attempt, inputs, output, experiment).await
            }
        }
    };
    // Work belongs to its node, also where the program performs it in a task that the runtime does not know.
    match &node.config().gate {
        Some(gate) => gate.guard(performed).await,
        None => performed.await,
    }
}

async fn map(
    node: &Node,
    functions: &dyn Functions,
    attempt: &Attempt,
    split: &Split,
    partitions: usize,
    experiment: Option<Experiment>,
) -> Result<Product, TaskError> {
    if let Some(experiment) = experiment {
        sleep(Duration::from_millis(experiment.map_ms)).await;
    }
    let bytes = split
        .read()
        .map_err(|error| TaskError::Failed(format!("{}: {error}", split.path.display())))?;
    let mut grouped = Grouped::new();
    let mut counters = Counters::default();
    let mut turn = 0;
    for (at, record) in split.records(&bytes) {
        if experiment.is_some()
            && let Some(order) = Order::read(record)
        {
            match order {
                Order::Sleep(time) => sleep(time).await,
                Order::Panic => panic!("the record at byte {at} of {} orders a panic", split.file),
            }
            continue;
        }
        counters.records += 1;
        functions.map(&split.file, record, &mut |key, value| {
            counters.emitted += 1;
            grouped.push(functions, key, value);
        });
        turn += record.len() + 1;
        if turn >= TURN {
            turn = 0;
            yield_now().await;
        }
    }
    drop(bytes);
    grouped.combine(functions);

    let mut parts = vec![Vec::new(); partitions.max(1)];
    for (key, count, values) in grouped.iter() {
        let place = functions.partition(key, parts.len());
        let part = parts.get_mut(place);
        let part =
            part.ok_or_else(|| TaskError::Failed(format!("there is no partition {place}")))?;
        write_group(part, key, count, values);
    }
    drop(grouped);
    let mut end = 0;
    let ends = parts.iter().map(|part| {
        end += part.len() as u64;
        end
    });
    let ends: Vec<u64> = ends.collect();
    let path = node
        .call(&PARTITIONS.at(node.name()), PartitionsMsg::Place)
        .await
        .map_err(|error| TaskError::Failed(error.to_string()))?;
    fs::write(&path, parts.concat())
        .map_err(|error| TaskError::Failed(format!("{}: {error}", path.display())))?;
    let output = keep(node, attempt, path, ends).await?;
    Ok(Product::Map(output, counters))
}

async fn reduce(
    node: &Node,
    functions: &dyn Functions,
    attempt: &Attempt,
    inputs: &[MapOutput],
    output: &Path,
    experiment: Option<Experiment>,
) -> Result<Product, TaskError> {
    let TaskId::Reduce(partition) = attempt.task else {
        return Err(TaskError::Failed(format!("{attempt} is not a reduce task")));
    };
    let mut grouped = Grouped::new();
    let mut counters = Counters::default();
    // In order, so that values come in the same order however long each fetch takes.
    let fetches = (0..inputs.len()).map(async |map| fetch(node, &inputs[map], partition).await);
    let mut fetched = stream::iter(fetches).buffered(FETCHES);
    while let Some(bytes) = fetched.next().await {
        let bytes = bytes?;
        counters.fetched += bytes.len() as u64;
        let mut rest = &bytes[..];
        while let Some((key, values)) = read_group(&mut rest) {
            for value in values {
                grouped.push(functions, key, value);
            }
        }
        if !rest.is_empty() {
            return Err(TaskError::Failed("a partition is incomplete".into()));
        }
        yield_now().await;
    }
    if let Some(experiment) = experiment {
        sleep(Duration::from_millis(experiment.reduce_ms)).await;
    }

    let attempts = OutputFolder::new(output, &attempt.job).attempts();
    let name = format!(
        "{}.{}.{}.{:08x}",
        part(partition),
        node.name().short(),
        attempt.number,
        // Should the same attempt be made twice at once, each writes a file of its own.
        node.random() >> 32
    );
    let unfinished = attempts.join(format!("{name}.unfinished"));
    let mut file = BufWriter::new(fs::File::create(&unfinished)?);
    for (place, (key, values)) in grouped.sorted().into_iter().enumerate() {
        file.write_all(key)?;
        file.write_all(b"\t")?;
        file.write_all(&functions.reduce(key, &values))?;
        file.write_all(b"\n")?;
        counters.keys += 1;
        if place % 1000 == 999 {
            yield_now().await;
        }
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?;
    fs::rename(&unfinished, attempts.join(&name))?;
    Ok(Product::Reduce(
        ReduceOutput {
            partition,
            file: name,
        },
        counters,
    ))
}
