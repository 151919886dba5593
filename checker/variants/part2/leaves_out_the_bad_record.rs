//! kind = "right"
//! about = "A worker catches the panics of a task, and leaves a record out that has caused four of them."

// ── file worker.rs
// ── imports
use std::collections::BTreeMap;
use std::panic::resume_unwind;

use batch::Work;
use tokio::task::JoinSet;

use crate::protocol::MOST_CRASHES;
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
let mut crashes = BTreeMap::new();
let performed = loop {
    let mut going = JoinSet::new();
    let (me, attempt, now) = (ctx.clone(), attempt.clone(), work.clone());
    going.spawn(async move {
        perform(&me, &kind, &attempt, &now, experiment).await
    });
    let panic = match going.join_next().await {
        Some(Ok(performed)) => break performed,
        Some(Err(error)) if error.is_panic() => error.into_panic(),
        _ => return,
    };
    let record = panic.downcast_ref::<String>().and_then(|why| record(why));
    let (Some(record), Work::Map { split, .. }) = (record, &mut work) else {
        resume_unwind(panic);
    };
    let crashes = crashes.entry(record).or_insert(0);
    *crashes += 1;
    if *crashes >= MOST_CRASHES {
        split.skip.push(record);
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
// ── gap 0: functions of your own
/// Where the record begins that a panic speaks of.
fn record(why: &str) -> Option<u64> {
    let (_, behind) = why.split_once("the record at byte ")?;
    behind.split_once(' ')?.0.parse().ok()
}
// ── end 0
