//! kind = "right"
//! about = "When a worker cannot fetch an output, another one reduces. Only if none can, the output is computed again."

// ── file manager.rs
// ── after
distrusted: BTreeSet<NodeName>,
// ── add
/// Pairs of nodes: the first could not fetch from the second.
complaints: BTreeSet<(NodeName, NodeName)>,
// ── end
// ── replace
if let TaskError::Unfetched { output, .. } = &why
    // …
    self.distrusted.insert(output.node.clone());
// ── with
if let TaskError::Unfetched { output, .. } = &why {
    self.complaints.insert((worker.node().clone(), output.node.clone()));
// ── end
// ── after
async fn give_work(&mut self, ctx: &Ctx<ManagerMsg>) {
// ── add
    let silent = |node: &NodeName| self.complaints.iter().any(|(_, holder)| holder == node);
    let can = |worker: &&Address<WorkerMsg>| !silent(worker.node());
    let able = |job: &Job| self.workers.keys().filter(can).any(|to| self.can_reduce(to, job));
    if self.jobs.values().any(|job| job.outcome.is_none() && !able(job)) {
        for (_, holder) in std::mem::take(&mut self.complaints) {
            self.lose_outputs(&holder);
            self.distrusted.insert(holder);
        }
    }
// ── end
// ── replace
let Some((id, task)) = self.jobs.values().find_map(next) else {
    return;
// ── with
let can = |(id, task): &(JobId, TaskId)| match task {
    TaskId::Map(_) => true,
    TaskId::Reduce(_) => self.can_reduce(&worker, &self.jobs[id]),
};
let Some((id, task)) = self.jobs.values().filter_map(next).find(can) else {
    continue;
// ── end
// ── add
impl Manager {
    /// Whether a worker can fetch all that the job's map tasks have left, as far as we know.
    fn can_reduce(&self, worker: &Address<WorkerMsg>, job: &Job) -> bool {
        let mut outputs = job.maps.iter().filter_map(Task::map_output);
        let complaint = |holder: &NodeName| (worker.node().clone(), holder.clone());
        outputs.all(|output| !self.complaints.contains(&complaint(&output.node)))
    }
}
// ── end
