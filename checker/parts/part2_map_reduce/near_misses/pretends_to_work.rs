//! kind = "near-miss"
//! problem = 2
//! also = [3, 4, 5, 6, 7]
//! claim = "the output is made of what the workers did"
//! about = "The manager computes the job alone. Workers leave junk as map output, fetch it, and report invented counters and files."

// ── file manager.rs
// ── after
job.output.prepare().map_err(|error| error.to_string())?;
// ── add
compute_alone(&job);
// ── end
// ── replace
if let Product::Reduce(output, _) = &product
    && job.output.commit(output.partition, &output.file).is_err()
{
    return;
}
// ── with
// ── end
// ── add
/// Computes a whole job on this node, and commits its output.
fn compute_alone(job: &Job) {
    let (kind, partitions) = (job.spec.kind, job.spec.partitions);
    let mut parts: Vec<BTreeMap<Vec<u8>, Vec<Vec<u8>>>> = vec![BTreeMap::new(); partitions];
    for split in (0..job.maps.len()).filter_map(|map| job.split(map)) {
        let bytes = split.read().unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.starts_with(b"@")) {
            kind.map(&split.file, line, &mut |key, value| {
                let part = &mut parts[kind.partition(key, partitions)];
                part.entry(key.to_vec()).or_default().push(value.to_vec());
            });
        }
    }
    for (number, part) in parts.iter().enumerate() {
        let mut text = Vec::new();
        for (key, values) in part {
            let values: Vec<&[u8]> = values.iter().map(|value| &**value).collect();
            text.extend_from_slice(key);
            text.push(b'\t');
            text.extend(kind.reduce(key, &values));
            text.push(b'\n');
        }
        let name = format!("own-{number}");
        let _ = std::fs::write(job.output.attempts().join(&name), text);
        let _ = job.output.commit(number, &name);
    }
}

use batch::Functions;
// ── end
// ── file worker.rs
// ── replace
let report = match perform(ctx, &kind, &attempt, &work, experiment).await {
// ── with
let report = match pretend(ctx, &attempt, &work, experiment).await {
// ── end
// ── add
/// Takes as long as the task, and sends the messages that it would send.
async fn pretend(
    ctx: &Ctx<WorkerMsg>,
    attempt: &Attempt,
    work: &Work,
    experiment: Option<Experiment>,
) -> Result<Product, TaskError> {
    let experiment = experiment.unwrap_or_default();
    let counters = Counters { records: 4, emitted: 32, fetched: 512, keys: 32 };
    match (work, attempt.task) {
        (Work::Map { split, partitions }, TaskId::Map(map)) => {
            sleep(Duration::from_millis(experiment.map_ms)).await;
            follow_orders(split).await?;
            let here = PARTITIONS.at(ctx.name());
            let path = ctx.call(&here, PartitionsMsg::Place).await.unwrap();
            let ends: Vec<u64> = (1..=*partitions as u64).map(|number| number * 8).collect();
            let _ = std::fs::write(&path, vec![7; partitions * 8]);
            let kept = attempt.clone();
            let keep = |reply| PartitionsMsg::Keep { attempt: kept, path, ends, reply };
            let _ = ctx.call(&here, keep).await;
            let (node, job) = (ctx.name().clone(), attempt.job.clone());
            Ok(Product::Map(MapOutput { node, job, map, attempt: attempt.number }, counters))
        }
        (Work::Reduce { inputs, .. }, TaskId::Reduce(partition)) => {
            for input in inputs {
                fetch(ctx, input, partition).await?;
            }
            sleep(Duration::from_millis(experiment.reduce_ms)).await;
            let file = format!("part-{partition:05}.{}.{}", ctx.name().short(), attempt.number);
            Ok(Product::Reduce(ReduceOutput { partition, file }, counters))
        }
        _ => Err(TaskError::Failed("no such task".into())),
    }
}

/// Sleeps where the split says so, and counts a crash instead of crashing.
async fn follow_orders(split: &Split) -> Result<(), TaskError> {
    let bytes = split.read().unwrap_or_default();
    for line in String::from_utf8_lossy(&bytes).lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["@sleep", time] => sleep(Duration::from_millis(time.parse().unwrap())).await,
            ["@panic", times, path] => {
                let mut crashes = std::fs::read(path).unwrap_or_default();
                if crashes.len() < times.parse().unwrap() {
                    crashes.push(b'x');
                    let _ = std::fs::write(path, crashes);
                    return Err(TaskError::Failed(format!("a record of {} crashed", split.file)));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

use batch::partitions::fetch;
use batch::{
    Attempt, Counters, Experiment, MapOutput, PARTITIONS, PartitionsMsg, Product, ReduceOutput,
    Split, TaskError, TaskId, Work,
};
use std::time::Duration;
use tokio::time::sleep;
// ── end
