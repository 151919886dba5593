//! What a claim of part 2 saw when it did not hold, as data, and the sentences that are made of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use testkit::cluster::{Cluster, Unmet};
use testkit::verdict::Failure;

/// What was seen instead of what a scenario claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "claim", rename_all = "snake_case")]
pub(super) enum Fact {
    JobRefused {
        manager: String,
        why: String,
    },
    JobGivenUp {
        manager: String,
        why: String,
    },
    JobUnknown {
        manager: String,
    },
    JobNotDone {
        maps_done: usize,
        maps: usize,
        reduces_done: usize,
        reduces: usize,
    },
    /// The manager reports something else of a job that it reported as done.
    JobNoLongerDone {
        manager: String,
        status: String,
    },
    /// The manager reports another end of a job than before.
    JobChangedItsEnd {
        manager: String,
        before: String,
        status: String,
    },
    /// A node was asked to do a job, or how a job stands, and did not answer.
    JobUnanswered {
        node: String,
    },
    /// A job does not come to an end.
    JobHangs {
        manager: String,
    },
    /// A job took longer than it takes if all workers are kept busy.
    JobSlow {
        manager: String,
        took_ms: u64,
        limit_ms: u64,
    },
    /// The manager gave a worker a task of a job that had ended.
    AssignedAfterEnd {
        manager: String,
        node: String,
        task: String,
    },
    /// A node could not do a job alone.
    LocalJobFailed {
        node: String,
        why: String,
    },
    SameJobId {
        first: usize,
        second: usize,
        id: String,
        /// What happened before the second of the two jobs.
        after: Option<Restart>,
    },

    OutputUnreadable {
        why: String,
    },
    /// The output folder holds other files than one for each partition.
    OutputFiles {
        found: Vec<String>,
        partitions: usize,
    },
    /// Some files of the output could be seen before the job was done.
    OutputInPart {
        files: usize,
        partitions: usize,
    },
    LineWithoutTab {
        file: String,
        line: String,
    },
    KeyTwiceInFile {
        key: String,
        file: String,
    },
    KeyInTwoFiles {
        key: String,
        files: [String; 2],
    },
    OutputDiffers {
        differences: Vec<Difference>,
        more: usize,
    },
    EmptyPartition {
        file: String,
        keys: usize,
    },
    OutputOfFailedJob {
        keys: Option<usize>,
    },
    FileWrittenAgain {
        file: String,
    },
    /// A file of an output is not what it was when the output appeared.
    FileChanged {
        file: String,
    },
    /// An output that could be seen is no longer there.
    OutputGone,
    /// The folder in which an output came together is still there.
    PartialLeft {
        folder: String,
    },

    NoResult,
    NoResultFrom {
        node: String,
    },
    NoReduceResultFrom {
        node: String,
    },
    TooFewResults {
        node: String,
        kind: String,
        results: usize,
    },
    NoOtherTask {
        node: String,
    },
    NoReduceTask {
        manager: String,
    },
    NoReduceTaskFor {
        node: String,
    },
    TaskNotEnded {
        node: String,
    },
    UnknownMessage {
        node: String,
        message: String,
        why: String,
    },

    TooFewOutputsKept {
        maps: u64,
        kept: u64,
    },
    NothingFetchedFrom {
        node: String,
        maps: usize,
    },
    NothingFetched,
    ReducedWithout {
        node: String,
        source: String,
        maps: usize,
    },
    NotComputedAgain {
        map: usize,
        gone: String,
    },
    MappedAgain {
        map: usize,
    },
    TooMuchFetched {
        bytes: u64,
        words: usize,
        different: u64,
    },
    TooManyPairs {
        pairs: usize,
        words: usize,
        different: u64,
    },

    /// A node still has the output of a map task, although no job needs it any longer.
    MapOutputLeft {
        node: String,
        map: usize,
    },
    /// What a map task left on a node is not what its split contains.
    WrongMapOutput {
        node: String,
        map: usize,
        wrong: String,
    },
    /// No node has the output of a map task.
    NoMapOutput {
        map: usize,
    },
    /// A node reported a map task as done, and has no output of it.
    ReportedOutputMissing {
        node: String,
        map: usize,
    },
    /// A reduce task never asked for the output of a map task that another node has.
    NeverFetched {
        node: String,
        reduce: usize,
        map: usize,
    },
    /// A node reported a reduce task as done, and the file that it named was not there.
    ReportedFileMissing {
        node: String,
        reduce: usize,
        file: String,
    },
    /// The file that a node reported is not the one in the output.
    OtherFileCommitted {
        node: String,
        reduce: usize,
        file: String,
    },
    WrongCounter {
        reported: Reported,
        counter: String,
        seen: u64,
        wanted: String,
    },
    CrashesUnseen {
        crashes: u64,
        panics: usize,
    },
    CrashWithoutTask {
        node: String,
    },

    CrashesWithoutEnd {
        crashes: u64,
    },
    JobNotOver {
        crashes: u64,
    },
    GivenUpEarly {
        crashes: u64,
        why: String,
    },
    ErrorWithoutSplit {
        why: String,
    },
}

/// One key of an output that has another value than counting the input gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Difference {
    pub(super) key: String,
    /// The value in the output, unless the key is missing.
    pub(super) seen: Option<String>,
    /// The right value, unless the key should not be there.
    pub(super) wanted: Option<String>,
}

/// Which report a counter stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reported {
    /// A node's result of a task.
    Result { node: String, task: String },
    /// A manager's summary of a job.
    Summary { manager: String },
}

/// What was started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Restart {
    Manager,
    Node,
}

/// Which step of a scenario it is, where the diagnosis must find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(super) enum Step {
    /// A node's manager is given a job.
    JobGiven { manager: String },
}

impl Step {
    pub(super) fn job_given(manager: &str) -> Step {
        Step::JobGiven {
            manager: manager.to_owned(),
        }
    }
}

impl Fact {
    /// A failure of the node that did what was seen.
    pub(super) fn of(
        self,
        cluster: &Cluster<'_>,
        node: &str,
        expected: impl Into<String>,
    ) -> Failure {
        cluster
            .failed(self.to_string(), expected)
            .node(node)
            .fact(&self)
    }

    /// What a node still has to do.
    pub(super) fn unmet(self, node: &str) -> Unmet {
        Unmet::at(node, self.to_string()).fact(&self)
    }
}

impl fmt::Display for Fact {
    /// As a learner reads it: a clause that says what was seen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Fact::*;
        match self {
            JobRefused { manager, why } => write!(f, "{manager}'s manager refused the job: {why}"),
            JobGivenUp { manager, why } => {
                write!(f, "{manager}'s manager gave up on the job: {why}")
            }
            JobUnknown { manager } => write!(f, "{manager}'s manager does not know the job"),
            JobNotDone {
                maps_done,
                maps,
                reduces_done,
                reduces,
            } => write!(
                f,
                "{maps_done} of {maps} map tasks and {reduces_done} of {reduces} reduce tasks are done"
            ),
            JobNoLongerDone { manager, status } => write!(
                f,
                "{manager}'s manager reported the job as done, and then as {status}"
            ),
            JobChangedItsEnd {
                manager,
                before,
                status,
            } => write!(
                f,
                "{manager}'s manager reported the job as {before}, and then as {status}"
            ),
            JobUnanswered { node } => write!(f, "{node} did not answer"),
            JobHangs { manager } => write!(f, "the job that {manager} was given does not end"),
            JobSlow {
                manager,
                took_ms,
                limit_ms: _,
            } => write!(
                f,
                "the job that {manager} was given has not ended after {took_ms} ms"
            ),
            AssignedAfterEnd {
                manager,
                node,
                task,
            } => write!(
                f,
                "{manager}'s manager gave {node} task {task} of a job that had ended"
            ),
            LocalJobFailed { node, why } => write!(f, "{node} could not do the job: {why}"),
            SameJobId {
                first,
                second,
                id,
                after,
            } => {
                let after = match after {
                    None => "",
                    Some(Restart::Manager) => ", which followed a crash of the manager,",
                    Some(Restart::Node) => ", which followed a restart of the node,",
                };
                write!(
                    f,
                    "job {first} and job {second}{after} have the same id `{id}`"
                )
            }

            OutputUnreadable { why } => write!(f, "the output cannot be read: {why}"),
            OutputFiles { found, partitions } => {
                let found = match &found[..] {
                    [] => "no file".to_owned(),
                    found => found.join(", "),
                };
                write!(
                    f,
                    "the output folder holds {found} instead of one file for each of the {partitions} partitions"
                )
            }
            OutputInPart { files, partitions } => write!(
                f,
                "the output folder showed {files} of {partitions} files while the job was running"
            ),
            LineWithoutTab { file, line } => write!(f, "{file} has a line without a tab: `{line}`"),
            KeyTwiceInFile { key, file } => write!(f, "the key `{key}` is in {file} twice"),
            KeyInTwoFiles {
                key,
                files: [one, other],
            } => {
                write!(f, "the key `{key}` is in {one} and in {other}")
            }
            OutputDiffers { differences, more } => {
                f.write_str("in the output ")?;
                for (place, difference) in differences.iter().enumerate() {
                    let comma = if place > 0 { ", " } else { "" };
                    write!(f, "{comma}{difference}")?;
                }
                match more {
                    0 => Ok(()),
                    more => write!(f, ", and {more} more keys are wrong"),
                }
            }
            EmptyPartition { file, keys } => write!(f, "none of {keys} keys is in {file}"),
            OutputOfFailedJob { keys: Some(keys) } => {
                write!(f, "the job failed and left an output of {keys} keys")
            }
            OutputOfFailedJob { keys: None } => f.write_str("the job failed and left an output"),
            FileWrittenAgain { file } => {
                write!(
                    f,
                    "{file} was written again after the job was reported as done"
                )
            }
            FileChanged { file } => {
                write!(f, "{file} is not what it was when the output appeared")
            }
            OutputGone => f.write_str("the output folder was visible, and is gone"),
            PartialLeft { folder } => write!(f, "the folder `{folder}` is still there"),

            NoResult => f.write_str("no result arrived"),
            NoResultFrom { node } => write!(f, "no result came from {node}"),
            NoReduceResultFrom { node } => write!(f, "no result of a reduce task came from {node}"),
            TooFewResults {
                node,
                kind,
                results,
            } => write!(f, "{results} results of {kind} tasks came from {node}"),
            NoOtherTask { node } => write!(f, "{node} was given no other task"),
            NoReduceTask { manager } => {
                write!(f, "{manager}'s manager gave no reduce task to another node")
            }
            NoReduceTaskFor { node } => write!(f, "{node} was given no reduce task"),
            TaskNotEnded { node } => write!(f, "{node} has not finished its task"),
            UnknownMessage { node, message, why } => write!(
                f,
                "{node} sent a `{message}` that differs from the one in protocol.rs: {why}"
            ),

            TooFewOutputsKept { maps, kept } => write!(
                f,
                "of {maps} map tasks, {kept} left their output with a node's `partitions`"
            ),
            NothingFetchedFrom { node, maps } => write!(
                f,
                "{node} keeps the output of {maps} map tasks, and no node fetched any of it"
            ),
            NothingFetched => f.write_str("no node sent a `Fetch` to another"),
            ReducedWithout { node, source, maps } => write!(
                f,
                "{node} finished a reduce task before it received anything from {source}, which keeps the output of {maps} map tasks"
            ),
            NotComputedAgain { map, gone } => write!(
                f,
                "no running node computed map task {map} again, and no node had fetched anything from {gone}"
            ),
            MappedAgain { map } => write!(
                f,
                "map task {map} was done before the crash, and once more after it"
            ),
            TooMuchFetched {
                bytes,
                words,
                different,
            } => write!(
                f,
                "{bytes} bytes were fetched to count {words} words, of which {different} are different"
            ),
            TooManyPairs {
                pairs,
                words,
                different,
            } => write!(
                f,
                "map tasks left {pairs} values of {words} words, of which {different} are different"
            ),

            MapOutputLeft { node, map } => write!(
                f,
                "{node} still has the output of map task {map} of a job that has ended"
            ),
            WrongMapOutput { node, map, wrong } => {
                write!(f, "the output of map task {map} on {node} {wrong}")
            }
            NoMapOutput { map } => write!(f, "no node has an output of map task {map}"),
            ReportedOutputMissing { node, map } => write!(
                f,
                "{node} reported map task {map} as done, and its `partitions` has no output of it"
            ),
            NeverFetched { node, reduce, map } => write!(
                f,
                "{node} reported reduce task {reduce} as done, and never had the output of map task {map} for it"
            ),
            ReportedFileMissing { node, reduce, file } => write!(
                f,
                "{node} reported the file `{file}` as the output of reduce task {reduce}, and there was no such file"
            ),
            OtherFileCommitted { node, reduce, file } => write!(
                f,
                "{node} reported the file `{file}` for reduce task {reduce}, and the manager committed another file"
            ),
            WrongCounter {
                reported,
                counter,
                seen,
                wanted,
            } => match reported {
                Reported::Result { node, task } => write!(
                    f,
                    "{node} reported {task} with `{counter}` {seen} instead of {wanted}"
                ),
                Reported::Summary { manager } => write!(
                    f,
                    "{manager}'s manager reported the job with `{counter}` {seen} instead of {wanted}"
                ),
            },
            CrashesUnseen { crashes, panics } => write!(
                f,
                "{crashes} crashes of the record were counted, and the nodes printed {panics} panics of it"
            ),
            CrashWithoutTask { node } => write!(
                f,
                "{node} printed a panic of the record, and no map task had been given to {node}"
            ),

            CrashesWithoutEnd { crashes } => write!(
                f,
                "the same record crashed its task {crashes} times, and the manager still tries again"
            ),
            JobNotOver { crashes } => write!(
                f,
                "the job has not ended, and the record has crashed its task {crashes} times"
            ),
            GivenUpEarly { crashes, why } => {
                write!(
                    f,
                    "the manager gave up on the job after {crashes} crashes: {why}"
                )
            }
            ErrorWithoutSplit { why } => write!(f, "the job failed with the error `{why}`"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match (&self.seen, &self.wanted) {
            (Some(seen), Some(wanted)) => write!(f, "`{key}` has `{seen}` instead of `{wanted}`"),
            (None, _) => write!(f, "`{key}` is missing"),
            (_, None) => write!(f, "`{key}` should not be there"),
        }
    }
}
