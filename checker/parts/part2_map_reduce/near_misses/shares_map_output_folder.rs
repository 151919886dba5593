//! kind = "near-miss"
//! problem = 2
//! claim = "map output is fetched from the node that stores it"
//! about = "Workers copy map output into a folder that all nodes of this machine share, and read it there."

// ── file worker.rs
// ── replace
let report = match perform(ctx, &kind, &attempt, &work, experiment).await {
// ── with
let mut work = work;
if let Work::Reduce { inputs, .. } = &mut work {
    take_over(inputs, ctx).await;
}
let performed = perform(ctx, &kind, &attempt, &work, experiment).await;
if let (Ok(Product::Map(output, _)), Work::Map { partitions, .. }) = (&performed, &work) {
    hand_over(output, *partitions, ctx).await;
}
let report = match performed {
// ── end
// ── add
/// Where every node finds a partition of a map task's output.
fn shared(output: &MapOutput, partition: usize) -> PathBuf {
    let name = format!("{} {} {} {partition}", output.job, output.map, output.attempt);
    let own = PathBuf::from(std::env::var_os("SCRATCH_DIR").unwrap_or_default());
    own.with_file_name("map-reduce-shared").join(name)
}

/// Copies a map task's output to where every node finds it, with the ends of its partitions.
async fn hand_over(output: &MapOutput, partitions: usize, ctx: &Ctx<WorkerMsg>) {
    for partition in 0..partitions {
        let shared = shared(output, partition);
        let _ = fs::create_dir_all(shared.parent().unwrap());
        let _ = fs::write(shared, fetch(ctx, output, partition).await.unwrap_or_default());
    }
}

/// Takes copies of all outputs to this node.
async fn take_over(inputs: &mut [MapOutput], ctx: &Ctx<WorkerMsg>) {
    let here = PARTITIONS.at(ctx.name());
    for output in inputs {
        let path = ctx.call(&here, PartitionsMsg::Place).await.unwrap();
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        while let Ok(partition) = fs::read(shared(output, ends.len())) {
            bytes.extend(partition);
            ends.push(bytes.len() as u64);
        }
        let _ = fs::write(&path, bytes);
        let (job, task) = (output.job.clone(), TaskId::Map(output.map));
        let attempt = Attempt { job, task, number: output.attempt };
        let keep = |reply| PartitionsMsg::Keep { attempt, path, ends, reply };
        let _ = ctx.call(&here, keep).await;
        output.node = ctx.name().clone();
    }
}

use batch::partitions::fetch;
use batch::{Attempt, MapOutput, PARTITIONS, PartitionsMsg, Product, TaskId, Work};
use std::fs;
use std::path::PathBuf;
// ── end
