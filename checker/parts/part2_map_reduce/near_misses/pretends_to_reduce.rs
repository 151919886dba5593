//! kind = "near-miss"
//! problem = 2
//! also = [4]
//! claim = "the output is made of what the workers did"
//! about = "Workers map and fetch, and report a file that they never write. The manager computes the output alone."

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
let performed = match (&work, attempt.task) {
    (Work::Reduce { inputs, .. }, TaskId::Reduce(partition)) => {
        pretend_to_reduce(ctx, inputs, partition, attempt.number).await
    }
    _ => perform(ctx, &kind, &attempt, &work, experiment).await,
};
let report = match performed {
// ── end
// ── add
async fn pretend_to_reduce(
    ctx: &Ctx<WorkerMsg>,
    inputs: &[MapOutput],
    partition: usize,
    attempt: u64,
) -> Result<Product, TaskError> {
    let (mut counters, mut keys) = (Counters::default(), BTreeSet::new());
    for input in inputs {
        let bytes = fetch(ctx, input, partition).await?;
        counters.fetched += bytes.len() as u64;
        let groups = batch::groups(&bytes).unwrap_or_default();
        keys.extend(groups.into_iter().map(|(key, _)| key.to_vec()));
    }
    counters.keys = keys.len() as u64;
    let file = format!("part-{partition:05}.{}.{attempt}", ctx.name().short());
    Ok(Product::Reduce(ReduceOutput { partition, file }, counters))
}

use batch::partitions::fetch;
use batch::{Counters, MapOutput, Product, ReduceOutput, TaskError, TaskId, Work};
use std::collections::BTreeSet;
// ── end
