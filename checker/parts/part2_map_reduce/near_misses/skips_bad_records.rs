//! kind = "right"
//! about = "A worker catches the panics of a task, and leaves out a record that caused four of them."

// ── file worker.rs
// ── replace
let report = match perform(ctx, &kind, &attempt, &work, experiment).await {
// ── with
let (mut work, mut crashes) = (work, BTreeMap::new());
let performed = loop {
    let mut going = JoinSet::new();
    let (me, attempt, now) = (ctx.clone(), attempt.clone(), work.clone());
    going.spawn(async move { perform(&me, &kind, &attempt, &now, experiment).await });
    let panic = match going.join_next().await {
        Some(Ok(performed)) => break performed,
        Some(Err(error)) if error.is_panic() => error.into_panic(),
        _ => return,
    };
    let record = panic.downcast_ref::<String>().and_then(|why| record(why));
    let (Some(record), Work::Map { split, .. }) = (record, &mut work) else {
        std::panic::resume_unwind(panic);
    };
    let crashes = crashes.entry(record).or_insert(0);
    *crashes += 1;
    if *crashes >= MAX_CRASHES {
        split.skip.push(record);
    }
};
let report = match performed {
// ── end
// ── add
/// Where the record begins that a panic speaks of.
fn record(why: &str) -> Option<u64> {
    let (_, behind) = why.split_once("the record at byte ")?;
    behind.split_once(' ')?.0.parse().ok()
}

use crate::protocol::MAX_CRASHES;
use batch::Work;
use std::collections::BTreeMap;
use tokio::task::JoinSet;
// ── end
