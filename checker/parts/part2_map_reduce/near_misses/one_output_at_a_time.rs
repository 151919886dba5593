//! kind = "near-miss"
//! problem = 5
//! claim = "nodes are cut off, silent, paused, killed and restarted"
//! about = "When an output cannot be fetched, computes only that one again: with many outputs on a node that another cannot reach, a job loses half a second for each."

// ── file manager.rs
// ── replace
self.lose_outputs(&output.node);
// ── with
// The others may still be fetched.
if let Some(job) = self.jobs.get_mut(&output.job)
    && job.outcome.is_none()
    && let Some(task) = job.maps.get_mut(output.map)
    && task.map_output() == Some(output)
{
    task.product = None;
}
// ── end
