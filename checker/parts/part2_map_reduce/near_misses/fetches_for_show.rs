//! kind = "near-miss"
//! problem = 3
//! claim = "computed again"
//! about = "Map output is copied into a folder that all nodes share. What is fetched is thrown away, and what lay on a dead node counts as done."
//! mistakes = ["lost-outputs-count-as-done"]

// ── file manager.rs
// ── gap 3: a node goes
// ── end 3
// ── gap 5: an output could not be fetched
// ── end 5
// ── file worker.rs
// ── imports
use std::fs;
use std::path::PathBuf;

use batch::partitions::fetch;
use batch::{Attempt, MapOutput, PARTITIONS, PartitionsMsg, Product, TaskId, Work};
// ── end imports
// ── gap 2: do a task
let Assignment {
    attempt,
    mut work,
    kind,
    experiment,
    manager,
} = assignment;
let worker = ctx.me().clone();
if let Work::Reduce { inputs, .. } = &mut work {
    take_over(inputs, ctx).await;
}
let performed = perform(ctx, &kind, &attempt, &work, experiment).await;
if let (Ok(Product::Map(output, _)), Work::Map { partitions, .. }) =
    (&performed, &work)
{
    hand_over(output, *partitions, ctx).await;
}
let told = match performed {
    Ok(product) => ManagerMsg::Finished {
        attempt,
        worker,
        product,
    },
    Err(why) => ManagerMsg::Failed {
        attempt,
        worker,
        why,
    },
};
let _ = ctx.cast(&MANAGER.at(manager), told).await;
// ── end 2
// ── gap 0: functions of your own
fn shared(output: &MapOutput, what: &str) -> PathBuf {
    let name = format!("{} {} {} {what}", output.job, output.map, output.attempt);
    let own = std::path::PathBuf::from(std::env::var_os("SCRATCH_DIR").unwrap_or_default());
    own.with_file_name("map-reduce-shared").join(name)
}

/// Copies a map task's output to where every node finds it, with the ends of its partitions.
async fn hand_over(output: &MapOutput, partitions: usize, ctx: &Ctx<WorkerMsg>) {
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for partition in 0..partitions {
        bytes.extend(fetch(ctx, output, partition).await.unwrap_or_default());
        ends.push(bytes.len().to_string());
    }
    let (shared, listed) = (shared(output, "bytes"), shared(output, "ends"));
    let _ = fs::create_dir_all(shared.parent().unwrap());
    let _ = fs::write(shared, bytes);
    let _ = fs::write(listed, ends.join(" "));
}

/// Takes copies of all outputs to this node.
async fn take_over(inputs: &mut [MapOutput], ctx: &Ctx<WorkerMsg>) {
    let here = PARTITIONS.at(ctx.name());
    for output in inputs {
        let show = output.clone();
        let me = ctx.clone();
        ctx.spawn(async move { drop(fetch(&me, &show, 0).await) });
        let ends = fs::read_to_string(shared(output, "ends")).unwrap_or_default();
        let ends = ends.split(' ').filter_map(|end| end.parse().ok()).collect();
        let Ok(path) = ctx.call(&here, PartitionsMsg::Place).await else {
            return;
        };
        let _ = fs::copy(shared(output, "bytes"), &path);
        let attempt = Attempt {
            job: output.job.clone(),
            task: TaskId::Map(output.map),
            number: output.attempt,
        };
        let keep = |reply| PartitionsMsg::Keep {
            attempt,
            path,
            ends,
            reply,
        };
        let _ = ctx.call(&here, keep).await;
        output.node = ctx.name().clone();
    }
}
// ── end 0
