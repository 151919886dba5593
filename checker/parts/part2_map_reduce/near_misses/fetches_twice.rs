//! kind = "right"
//! about = "A worker that could not fetch tries once more before it reports that."

// ── file worker.rs
// ── replace
let report = match perform(ctx, &kind, &attempt, &work, experiment).await {
// ── with
let mut performed = perform(ctx, &kind, &attempt, &work, experiment).await;
if let Err(TaskError::Unfetched { .. }) = performed {
    performed = perform(ctx, &kind, &attempt, &work, experiment).await;
}
let report = match performed {
// ── end
// ── add
use batch::TaskError;
// ── end
