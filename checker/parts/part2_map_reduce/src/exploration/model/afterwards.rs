//! When all faults have ended: the manager still knows its jobs, and a last job is done as if nothing had happened.

use std::collections::BTreeSet;

use batch::JobId;
use tokio::time::sleep;

use super::{CRASHES_FORGOTTEN, Jobs, MAX_PLACE, SETTLED, Stands};
use crate::delivery::is_there;
use crate::exploration::input::{File, Given};
use crate::fact::Fact;
use crate::messages::{JobKind, MANAGER};
use crate::text;
use crate::{assignments_by, results_for};
use testkit::cluster::Cluster;
use testkit::exploration::Model;
use testkit::scenario::Told;

impl Jobs {
    /// The manager crashes once more, when all its jobs have ended, and must still know them.
    pub(super) async fn crash_again(&self, cluster: &Cluster<'_>, manager: &str) -> Told {
        sleep(CRASHES_FORGOTTEN).await;
        cluster.step(format!(
            "All jobs have ended. {manager}'s manager crashes, and its supervisor restarts it."
        ));
        cluster.crash(manager, &MANAGER).await?;
        is_there(cluster, manager).await?;
        self.look(cluster).await?;
        sleep(SETTLED).await;
        Ok(())
    }

    /// One more job, which nothing disturbs: nothing that happened before may be in its way.
    pub(super) async fn last_job(&self, cluster: &Cluster<'_>, manager: &str) -> Told {
        let running = cluster.running();
        let text: String = (0..4 * running.len())
            .map(|line| format!("{}\n", text::word(line % 5)))
            .collect();
        let given = Given {
            kind: JobKind::WordCount,
            files: vec![File::once("a", text)],
            split_bytes: 1,
            partitions: 2,
            map_ms: 200,
            reduce_ms: 100,
        };
        // The place of an earlier job, if there is one that may be removed.
        let place = {
            let state = self.state.borrow();
            let mut places = state.jobs.iter().map(|job| job.place);
            places
                .find(|place| state.is_free(*place))
                .unwrap_or(MAX_PLACE)
        };
        cluster.step(format!(
            "{manager} is given a last job while no fault is active: {} map tasks of 200 ms, and the output folder `out-{place}`.",
            given.maps()
        ));
        let over: BTreeSet<JobId> = {
            let state = self.state.borrow();
            let over = state.jobs.iter().filter(|job| job.ended.is_some());
            over.filter_map(|job| job.id.clone()).collect()
        };
        let since = cluster.mark();
        self.submit(cluster, manager, place, &given).await?;
        self.all_end(cluster).await?;
        let id = self
            .state
            .borrow()
            .jobs
            .last()
            .and_then(|job| job.id.clone());
        // A job whose manager crashed may still go on, and keep workers busy.
        let all_are_over = self
            .state
            .borrow()
            .jobs
            .iter()
            .all(|job| job.stands != Stands::Lost);
        let workers = running
            .iter()
            .filter(|node| *node != manager && all_are_over);
        for node in workers {
            let took_part = results_for(cluster, manager, since)
                .iter()
                .any(|result| result.from == *node && Some(&result.attempt.job) == id.as_ref());
            if !took_part {
                let expected = "every worker node finishes at least one task of a slow job";
                return Err(Fact::NoResultFrom { node: node.clone() }
                    .of(cluster, node, expected)
                    .because("The node runs and is connected. A job takes longer than it must when a node has nothing to do while tasks wait.")
                    .into());
            }
        }
        for (node, assignment, _) in assignments_by(cluster, manager, since) {
            if over.contains(&assignment.attempt.job) {
                let fact = Fact::AssignedAfterEnd {
                    manager: manager.to_owned(),
                    node,
                    task: assignment.attempt.task.to_string(),
                };
                return Err(fact
                    .of(
                        cluster,
                        manager,
                        "a job that has ended keeps no worker busy",
                    )
                    .because("Its tasks delay those of the next job.")
                    .into());
            }
        }
        Ok(())
    }
}
