//! kind = "near-miss"
//! problem = 5
//! claim = "a paused node that wakes up"
//! about = "A reduce task that comes too late puts its file into the finished output."

// ── file worker.rs
// ── replace
let report = match perform(ctx, &kind, &attempt, &work, experiment).await {
// ── with
let done = perform(ctx, &kind, &attempt, &work, experiment).await;
if let (Err(TaskError::Failed(_)), Work::Reduce { inputs, output }) = (&done, &work)
    && output.exists()
{
    // The folder for attempts is gone, the output is there: so the file belongs into that.
    let own = output.with_file_name(format!("late-{}", attempt.number));
    let folder = OutputFolder::new(&own, &attempt.job);
    let again = Work::Reduce { inputs: inputs.clone(), output: own.clone() };
    if folder.prepare().is_ok()
        && let Ok(Product::Reduce(made, _)) = perform(ctx, &kind, &attempt, &again, None).await
        && folder.commit(made.partition, &made.file).is_ok()
        && folder.complete().is_ok()
    {
        let name = batch::output::part(made.partition);
        let _ = std::fs::rename(own.join(&name), output.join(&name));
        let _ = std::fs::remove_dir_all(&own);
    }
}
let report = match done {
// ── end
// ── add
use batch::{OutputFolder, Product, TaskError, Work};
// ── end
