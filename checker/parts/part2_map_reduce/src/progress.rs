//! How far a job has got, as the messages on the network show it.

use std::time::Duration;

use super::fact::Fact;
use super::messages::is_map;
use super::{Assignment, Job, LEASE, assignments, has_finished};
use testkit::cluster::{Cluster, Mark};
use testkit::scenario::Told;

/// How long a lease and what follows from its end may take.
pub(super) const PHASE_TIMEOUT: Duration = Duration::from_secs(LEASE.as_secs() + 5);

/// Waits until the manager has given a reduce task to another node.
pub(super) async fn reduces_begin(cluster: &Cluster<'_>, job: &Job, since: Mark) -> Told {
    let given = async || {
        let given = assignments(cluster, job, since);
        let is_reduce = |assignment: &Assignment| {
            assignment.attempt.job == job.id && !is_map(assignment.attempt.task)
        };
        match given.iter().any(|(_, assignment, _)| is_reduce(assignment)) {
            true => Ok(()),
            false => {
                cluster.written()?;
                let manager = job.manager.to_owned();
                Err(Fact::NoReduceTask { manager }.unmet(job.manager))
            }
        }
    };
    cluster
        .eventually(PHASE_TIMEOUT, "the job reaches its reduce phase", given)
        .await
}

/// Waits until a node has finished so many map tasks of a job.
pub(super) async fn maps_by(
    cluster: &Cluster<'_>,
    job: &Job,
    node: &str,
    count: usize,
    since: Mark,
) -> Told {
    has_finished(cluster, job, node, true, count, since).await
}
