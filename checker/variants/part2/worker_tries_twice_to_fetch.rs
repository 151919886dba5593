//! kind = "right"
//! about = "A worker that could not fetch tries once more before it says so."

// ── file worker.rs
// ── imports
use batch::TaskError;
// ── end imports
// ── gap 2: do a task
let Assignment {
    attempt,
    work,
    kind,
    experiment,
    manager,
} = assignment;
let worker = ctx.me().clone();
let mut performed = perform(ctx, &kind, &attempt, &work, experiment).await;
if let Err(TaskError::Unfetched { .. }) = performed {
    performed = perform(ctx, &kind, &attempt, &work, experiment).await;
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
