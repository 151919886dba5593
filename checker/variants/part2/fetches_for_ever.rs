//! kind = "near-miss"
//! problem = 3
//! claim = "a node that dies in the map phase"
//! about = "A reduce task tries to fetch until it can, and what lay on a dead node counts as done."
//! mistakes = ["lost-outputs-count-as-done"]

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
let performed = loop {
    match perform(ctx, &kind, &attempt, &work, experiment).await {
        Err(TaskError::Unfetched { .. }) => tokio::time::sleep(ASK_AGAIN).await,
        performed => break performed,
    }
};
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
// ── file manager.rs
// ── gap 3: a node goes
// ── end 3
