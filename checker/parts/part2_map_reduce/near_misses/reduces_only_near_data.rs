//! kind = "near-miss"
//! problem = 2
//! claim = "jobs of any size, some at the same time, while nodes join"
//! about = "Gives reduce tasks only to nodes that have some of the map output (locality), so a node that joins after the map tasks gets none."

// ── file manager.rs
// ── replace
            let next = |job: &Job| next_task(job).map(|task| (job.id.clone(), task));
            let Some((id, task)) = self.jobs.values().find_map(next) else {
                return;
            };
// ── with
            let node = worker.node();
            let next = |job: &Job| next_task(job, node).map(|task| (job.id.clone(), task));
            let Some((id, task)) = self.jobs.values().find_map(next) else {
                continue;
            };
// ── end
// ── replace
fn next_task(job: &Job) -> Option<TaskId> {
// ── with
fn next_task(job: &Job, node: &NodeName) -> Option<TaskId> {
// ── end
// ── replace
    let reduce = job.reduces.iter().position(Task::is_waiting);
    reduce.filter(|_| mapped).map(TaskId::Reduce)
// ── with
    let mut outputs = job.maps.iter().filter_map(Task::map_output);
    let is_near = job.maps.is_empty() || outputs.any(|output| output.node == *node);
    let reduce = job.reduces.iter().position(Task::is_waiting);
    reduce.filter(|_| mapped && is_near).map(TaskId::Reduce)
// ── end
