//! Where the output of a job comes from.
//!
//! A manager that computes a whole job by itself can write a right output while its workers report
//! work that they did not do. So the checker follows each word from its split into the output of a map
//! task, from there to the node that reduced it, and into the file that this node reported.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;

use batch::partitions::Piece;
use batch::{
    Attempt, Counters, JobStatus, MapOutput, OutputFolder, PARTITIONS, PartitionsMsg, Product,
    Report, TaskId,
};
use runtime::net::faults::{Fate, Kind};
use runtime::wire;
use testkit::cluster::{Cluster, Explained, RuleHandle};
use testkit::scenario::{Stop, Told};
use testkit::trouble::While;

use super::fact::{Fact, Reported};
use super::messages::{Fetching, JobKind, map_number};
use super::text::{self, Table, Words, shown};
use super::{Answered, Job, SOON, assignments, reports, results, status};

const MADE_OF: &str = "the output is made of what the workers did: map tasks leave what their splits contain, and reduce \
                       tasks fetch it from there";
const WHY: &str = "The manager's node alone could compute a job this small, and no scenario would notice. A job that is \
                   larger than one node needs the workers to do the work that they report.";

/// What a split contains.
struct Contents {
    words: Words,
    records: u64,
}

/// The output of one attempt at a map task, by partitions.
struct Left {
    partitions: Vec<Vec<u8>>,
}

/// States that the output of a job that is done, the last one so far, is made of what its workers did.
/// Each running node must be able to answer.
pub(super) async fn work_was_done(cluster: &Cluster<'_>, job: &Job) -> Told {
    let traced = trace(cluster, job).await;
    traced.because(WHY).map(drop)
}

/// The same. Says how many values the map tasks left, each attempt counted once.
pub(super) async fn values_left(cluster: &Cluster<'_>, job: &Job) -> Result<usize, Stop> {
    trace(cluster, job).await.because(WHY)
}

async fn trace(cluster: &Cluster<'_>, job: &Job) -> Result<usize, Stop> {
    let mut answered = results(cluster, job, job.since);
    answered.retain(|result| result.attempt.job == job.id);
    let reports = reports(cluster).await?;
    let splits = contents(job)?;
    let parts = match text::read_parts(&job.output, job.spec.partitions) {
        Ok(parts) => parts,
        Err(fact) => return Err(fact.of(cluster, job.manager, MADE_OF).into()),
    };
    let mut lengths = BTreeMap::new();
    let mut values = 0;
    for (node, report) in &reports {
        for attempt in attempts_of(job, report) {
            let Some(map) = map_number(attempt.task) else {
                continue;
            };
            let left = left_by(cluster, job, node, &attempt, map).await?;
            let of_split = splits.get(map).map(|split| &split.words);
            match left.compare(job.spec.kind, of_split, &parts) {
                Ok(count) => values += count,
                Err(wrong) => {
                    let fact = Fact::WrongMapOutput {
                        node: node.clone(),
                        map,
                        wrong,
                    };
                    return Err(fact.of(cluster, node, MADE_OF).into());
                }
            }
            for (partition, bytes) in left.partitions.iter().enumerate() {
                lengths.insert((map, partition), bytes.len() as u64);
            }
        }
    }
    if reports.len() == cluster.everyone().len()
        && let Some(map) = (0..splits.len()).find(|map| !lengths.contains_key(&(*map, 0)))
    {
        return Err(Fact::NoMapOutput { map }
            .of(cluster, job.manager, MADE_OF)
            .into());
    }
    let fetched = fetched(cluster, job);
    for result in &answered {
        let report = reports.get(&result.from);
        let told = match (&result.product, result.attempt.task) {
            (Product::Map(_, counters), TaskId::Map(map)) => {
                map_result(result, map, *counters, splits.get(map), report)
            }
            (Product::Reduce(_, counters), TaskId::Reduce(reduce)) => {
                reduce_counters(result, reduce, *counters, &parts, splits.len(), &lengths).and_then(
                    |()| {
                        inputs_were_had(job, result, reduce, splits.len(), report, fetched.as_ref())
                    },
                )
            }
            _ => Ok(()),
        };
        if let Err(fact) = told {
            return Err(fact.of(cluster, &result.from, MADE_OF).into());
        }
    }
    Ok(values)
}

/// States that a manager's summary of a job adds up.
pub(super) async fn summary_adds_up(cluster: &Cluster<'_>, job: &Job) -> Told {
    let JobStatus::Done(summary) = status(cluster, job).await? else {
        return Ok(());
    };
    let splits = contents(job)?;
    let records = splits.iter().map(|split| split.records).sum();
    let words: u64 = splits.iter().flat_map(|split| split.words.values()).sum();
    let different = splits.iter().map(|split| split.words.len() as u64).sum();
    let keys = job.expected.len() as u64;
    let reported = Reported::Summary {
        manager: job.manager.to_owned(),
    };
    let checked = counter(&reported, "records", summary.work.records, records, records)
        .and_then(|()| counter(&reported, "emitted", summary.work.emitted, different, words))
        .and_then(|()| counter(&reported, "keys", summary.work.keys, keys, keys));
    checked.map_err(|fact| fact.of(cluster, job.manager, MADE_OF).because(WHY).into())
}

/// States that no node keeps map output of a job once this job and another have ended: the given `partitions`
/// deletes it then, if the manager says that they have ended.
pub(super) async fn map_output_is_deleted(cluster: &Cluster<'_>, job: &Job) -> Told {
    for (node, report) in reports(cluster).await? {
        let Some(attempt) = attempts_of(job, &report).into_iter().next() else {
            continue;
        };
        let Some(map) = map_number(attempt.task) else {
            continue;
        };
        let is_deleted = async || {
            let question = |reply| PartitionsMsg::Fetch {
                output: MapOutput {
                    node: cluster.name(&node),
                    job: job.id.clone(),
                    map,
                    attempt: attempt.number,
                },
                partition: 0,
                from: 0,
                reply,
            };
            let answer: Result<Piece, String> = cluster.call(&node, &PARTITIONS, question).await?;
            match answer {
                Err(_) => Ok(()),
                Ok(_) => {
                    let node = node.clone();
                    Err(Fact::MapOutputLeft { node, map }.unmet(job.manager))
                }
            }
        };
        let expected =
            "the map output of a job is deleted once this job and the next one have ended";
        cluster.eventually(SOON, expected, is_deleted).await.because(
            "The disks of the nodes would fill up with the intermediate data of jobs that no longer need it.",
        )?;
    }
    Ok(())
}

/// The file that a node reported as the output of a reduce task, seen before the manager heard of it.
pub(super) struct ReportedFile {
    node: String,
    reduce: usize,
    file: String,
    content: Vec<u8>,
    inode: u64,
}

/// States that the file is there which a node names in a result of a reduce task that is held back.
pub(super) fn reported_file(
    cluster: &Cluster<'_>,
    job: &Job,
    held: &RuleHandle<'_>,
    node: &str,
) -> Result<Option<ReportedFile>, Stop> {
    if held.held() == 0 {
        return Ok(None);
    }
    let frames = cluster
        .since(job.since)
        .messages("Finished")
        .from(node)
        .to(job.manager);
    let waiting =
        frames.filter(|frame| matches!(frame.fate, Fate::Hold(_)) && frame.delivered_at.is_none());
    let named = waiting
        .iter()
        .find_map(|(_, frame)| match super::finished(cluster, frame)? {
            (_, Product::Reduce(output, _)) => Some(output),
            _ => None,
        });
    let Some(output) = named else { return Ok(None) };
    let (reduce, file) = (output.partition, output.file);
    let path = OutputFolder::new(&job.output, &job.id)
        .attempts()
        .join(&file);
    let read = std::fs::metadata(&path).and_then(|data| Ok((data.ino(), std::fs::read(&path)?)));
    match read {
        Ok((inode, content)) => Ok(Some(ReportedFile {
            node: node.to_owned(),
            reduce,
            file,
            content,
            inode,
        })),
        // What attempts wrote is removed when the job is done.
        Err(_) if !job.is_open() => Ok(None),
        Err(_) => {
            let fact = Fact::ReportedFileMissing {
                node: node.to_owned(),
                reduce,
                file,
            };
            Err(fact.of(cluster, node, MADE_OF).because(WHY).into())
        }
    }
}

impl ReportedFile {
    /// States that this file is the one in the output. When the manager heard of it late, another
    /// attempt may have come first; then the content must be the same.
    pub(super) fn became_output(self, cluster: &Cluster<'_>, job: &Job, in_time: bool) -> Told {
        let path = job.output.join(batch::output::part(self.reduce));
        let inode = std::fs::metadata(&path)
            .or_trouble(|| format!("look at {}", path.display()))?
            .ino();
        let content = std::fs::read(&path).or_trouble(|| format!("read {}", path.display()))?;
        if content == self.content && (inode == self.inode || !in_time) {
            return Ok(());
        }
        let ReportedFile {
            node, reduce, file, ..
        } = self;
        let fact = Fact::OtherFileCommitted { node, reduce, file };
        Err(fact.of(cluster, job.manager, MADE_OF).because(WHY).into())
    }
}

/// States that the crashes of a record, which the given `perform` counts, were panics of nodes that had
/// map tasks to do.
pub(super) async fn crashes_were_panics(
    cluster: &Cluster<'_>,
    job: &Job,
    file: &str,
    crashes: u64,
) -> Told {
    let expected = "a record that crashes its task does so on a node that does the task, and the node prints the panic";
    let mut panics = Vec::new();
    // What a node prints may reach the checker a little late.
    let printed = async || {
        let logs = cluster.trace().logs;
        let of_record = logs.into_iter().filter(|line| {
            line.text.contains("panicked at")
                && line.text.contains("the record at byte")
                && line.text.contains(file)
        });
        panics = of_record.map(|line| line.node).collect();
        match panics.len() {
            enough if enough as u64 >= crashes => Ok(()),
            panics => Err(Fact::CrashesUnseen { crashes, panics }.unmet(job.manager)),
        }
    };
    cluster
        .eventually(SOON / 5, expected, printed)
        .await
        .because(WHY)?;
    let mut given: BTreeSet<String> = assignments(cluster, job, job.since)
        .into_iter()
        .map(|(node, ..)| node)
        .collect();
    given.insert(job.manager.to_owned());
    match panics.into_iter().find(|node| !given.contains(node)) {
        None => Ok(()),
        Some(node) => {
            let fact = Fact::CrashWithoutTask { node: node.clone() };
            Err(fact.of(cluster, &node, expected).because(WHY).into())
        }
    }
}

fn contents(job: &Job) -> Result<Vec<Contents>, Stop> {
    let splits = batch::splits(&job.spec.input, job.spec.split_bytes)
        .or_trouble(|| "cut the input into splits")?;
    let mut contents = Vec::new();
    for split in splits {
        let bytes = split
            .read()
            .or_trouble(|| format!("read {}", split.path.display()))?;
        contents.push(Contents {
            words: text::words(&bytes),
            records: text::records(&bytes),
        });
    }
    Ok(contents)
}

fn attempts_of(job: &Job, report: &Report) -> BTreeSet<Attempt> {
    let own = report.kept.iter().filter(|attempt| attempt.job == job.id);
    own.cloned().collect()
}

/// Fetches the output of a map task, as a reduce task would.
async fn left_by(
    cluster: &Cluster<'_>,
    job: &Job,
    node: &str,
    attempt: &Attempt,
    map: usize,
) -> Result<Left, Stop> {
    let output = MapOutput {
        node: cluster.name(node),
        job: job.id.clone(),
        map,
        attempt: attempt.number,
    };
    let mut partitions = Vec::new();
    for partition in 0..job.spec.partitions {
        let mut bytes = Vec::new();
        loop {
            let question = |reply| PartitionsMsg::Fetch {
                output: output.clone(),
                partition,
                from: bytes.len() as u64,
                reply,
            };
            let answer: Result<Piece, String> = cluster.call(node, &PARTITIONS, question).await?;
            let piece = answer.map_err(|why| {
                let wrong = format!("cannot be fetched: {why}");
                let fact = Fact::WrongMapOutput {
                    node: node.to_owned(),
                    map,
                    wrong,
                };
                Stop::from(fact.of(cluster, node, MADE_OF))
            })?;
            bytes.extend_from_slice(&piece.bytes);
            if !piece.more {
                break;
            }
        }
        partitions.push(bytes);
    }
    Ok(Left { partitions })
}

impl Left {
    /// Compares it with the words of its split and with the keys of the output. Says how many values
    /// it holds, or what is wrong with it.
    fn compare(
        &self,
        kind: JobKind,
        of_split: Option<&Words>,
        parts: &[Table],
    ) -> Result<usize, String> {
        let of_split = of_split.ok_or("belongs to no split")?;
        let mut seen: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
        for (partition, bytes) in self.partitions.iter().enumerate() {
            let groups = batch::groups(bytes).ok_or("is not a list of keys and values")?;
            for (key, values) in groups {
                if !parts[partition].contains_key(key) {
                    let file = batch::output::part(partition);
                    return Err(format!(
                        "has `{}` in partition {partition}, and {file} has no such key",
                        shown(key)
                    ));
                }
                seen.entry(key).or_default().extend(values);
            }
        }
        if let Some(key) = seen.keys().find(|key| !of_split.contains_key(**key)) {
            return Err(format!("has `{}`, which is not in its split", shown(key)));
        }
        for (key, count) in of_split {
            let Some(values) = seen.get(&**key) else {
                return Err(format!("lacks `{}`, which is in its split", shown(key)));
            };
            if kind == JobKind::WordCount && !adds_up(values, *count) {
                let times = if *count == 1 {
                    "once".to_owned()
                } else {
                    format!("{count} times")
                };
                return Err(format!(
                    "miscounts `{}`, which is in its split {times}",
                    shown(key)
                ));
            }
        }
        Ok(seen.values().map(Vec::len).sum())
    }
}

/// Whether the values of a word can stand for its count. A learner chooses how a value is encoded:
/// numbers may be added up, the values may be counted, and other encodings are unknown here.
fn adds_up(values: &[&[u8]], count: u64) -> bool {
    let number = |value: &&[u8]| str::from_utf8(value).ok()?.parse::<u64>().ok();
    let numbers: Option<Vec<u64>> = values.iter().map(number).collect();
    let values = values.len() as u64;
    match numbers {
        Some(numbers) => numbers.iter().sum::<u64>() == count || values == count,
        None => values <= count,
    }
}

fn map_result(
    result: &Answered,
    map: usize,
    counters: Counters,
    split: Option<&Contents>,
    report: Option<&Report>,
) -> Result<(), Fact> {
    if report.is_some_and(|report| !report.kept.contains(&result.attempt)) {
        return Err(Fact::ReportedOutputMissing {
            node: result.from.clone(),
            map,
        });
    }
    let Some(split) = split else { return Ok(()) };
    let words = split.words.values().sum();
    let reported = result.reported();
    counter(
        &reported,
        "records",
        counters.records,
        split.records,
        split.records,
    )?;
    counter(
        &reported,
        "emitted",
        counters.emitted,
        split.words.len() as u64,
        words,
    )
}

fn reduce_counters(
    result: &Answered,
    reduce: usize,
    counters: Counters,
    parts: &[Table],
    maps: usize,
    lengths: &BTreeMap<(usize, usize), u64>,
) -> Result<(), Fact> {
    let keys = parts.get(reduce).map_or(0, |part| part.len() as u64);
    let reported = result.reported();
    counter(&reported, "keys", counters.keys, keys, keys)?;
    // What was lost with a node has no length any more.
    let of_maps: Option<u64> = (0..maps).map(|map| lengths.get(&(map, reduce))).sum();
    match of_maps {
        Some(bytes) => counter(&reported, "fetched", counters.fetched, bytes, bytes),
        None => Ok(()),
    }
}

/// The outputs for which each node asked other nodes: the node, the map, the partition. `None`: some of
/// the questions are no longer remembered.
fn fetched(cluster: &Cluster<'_>, job: &Job) -> Option<BTreeSet<(String, usize, usize)>> {
    let frames = cluster
        .since(job.since)
        .kind(Kind::Call)
        .messages("Fetch")
        .delivered();
    let mut fetched = BTreeSet::new();
    for (_, frame) in frames.iter() {
        let Ok(Fetching::Fetch { output, partition }) = wire::decode(&cluster.payload(frame)?)
        else {
            continue;
        };
        if output.job == job.id {
            fetched.insert((frame.from.short().to_owned(), output.map, partition));
        }
    }
    Some(fetched)
}

/// Each output that a reduce task needs was on its node, or the node asked another for it.
fn inputs_were_had(
    job: &Job,
    result: &Answered,
    reduce: usize,
    maps: usize,
    report: Option<&Report>,
    fetched: Option<&BTreeSet<(String, usize, usize)>>,
) -> Result<(), Fact> {
    let (Some(report), Some(fetched)) = (report, fetched) else {
        return Ok(());
    };
    let own: BTreeSet<usize> = attempts_of(job, report)
        .iter()
        .filter_map(|attempt| map_number(attempt.task))
        .collect();
    let lacks =
        |map: &usize| !own.contains(map) && !fetched.contains(&(result.from.clone(), *map, reduce));
    match (0..maps).find(lacks) {
        None => Ok(()),
        Some(map) => Err(Fact::NeverFetched {
            node: result.from.clone(),
            reduce,
            map,
        }),
    }
}

pub(super) fn counter(
    reported: &Reported,
    counter: &str,
    seen: u64,
    least: u64,
    most: u64,
) -> Result<(), Fact> {
    if (least..=most).contains(&seen) {
        return Ok(());
    }
    let wanted = match most {
        u64::MAX => format!("{least} or more"),
        _ if least == most => least.to_string(),
        _ => format!("{least} to {most}"),
    };
    Err(Fact::WrongCounter {
        reported: reported.clone(),
        counter: counter.to_owned(),
        seen,
        wanted,
    })
}

impl Answered {
    fn reported(&self) -> Reported {
        Reported::Result {
            node: self.from.clone(),
            task: self.attempt.task.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&[u8]], count: u64, expected: bool) {
        assert_eq!(adds_up(values, count), expected);
    }

    #[test]
    fn values_stand_for_a_count_in_any_encoding() {
        check(&[b"1", b"1", b"1"], 3, true);
        check(&[b"2", b"1"], 3, true);
        check(&[b"", b"", b""], 3, true);
        check(&[b"\x03\x00\x00\x00"], 3, true);
        check(&[b"1"], 3, false);
        check(&[b"", b""], 1, false);
    }

    #[test]
    fn map_output_is_compared_with_its_split() {
        let table = |keys: &[&str]| -> Table {
            keys.iter()
                .map(|key| (key.as_bytes().to_vec(), b"1".to_vec()))
                .collect()
        };
        let parts = [table(&["a"]), table(&["b"])];
        let left = |first: &[u8], second: &[u8]| Left {
            partitions: vec![first.to_vec(), second.to_vec()],
        };
        let of_split = text::words(b"a b b");
        let compare = |left: Left| left.compare(JobKind::WordCount, Some(&of_split), &parts);
        let (a, b, once) = (b"\x01a\x01\x011", b"\x01b\x01\x012", b"\x01b\x01\x011");
        assert_eq!(compare(left(a, b)), Ok(2));
        assert!(compare(left(a, b"")).unwrap_err().contains("lacks `b`"));
        assert!(
            compare(left(a, once))
                .unwrap_err()
                .contains("miscounts `b`")
        );
        assert!(compare(left(b, a)).unwrap_err().contains("in partition 0"));
        assert!(
            compare(left(b"\x07\x07", b))
                .unwrap_err()
                .contains("not a list")
        );
    }
}
