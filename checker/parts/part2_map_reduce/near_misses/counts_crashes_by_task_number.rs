//! kind = "near-miss"
//! problem = 3
//! claim = "records that crash three times"
//! about = "The manager counts crashes by the number of the task, so those of one job count for the next."

// ── file manager.rs
// ── after
workers: BTreeMap<Address<WorkerMsg>, AtWork>,
// ── add
crashes: BTreeMap<TaskId, u32>,
// ── end
// ── replace
let Some(task) = self.task(attempt) else {
    return;
};
task.crashes += 1;
if task.crashes >= MAX_CRASHES {
// ── with
if self.task(attempt).is_none() {
    return;
}
let crashes = self.crashes.entry(attempt.task).or_default();
*crashes += 1;
if *crashes >= MAX_CRASHES {
// ── end
