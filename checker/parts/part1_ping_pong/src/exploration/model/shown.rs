//! What consumers show is neither invented nor forgotten, and is not less than what they must know.

use std::collections::{BTreeMap, BTreeSet};

use runtime::NodeName;
use testkit::cluster::{Cluster, Explained, Standing};
use testkit::scenario::{Stop, Told};
use tokio::time::Instant;

use super::owed::answer_was_lost;
use super::{MEETING, Table, not_written};
use crate::TRANSIT;
use crate::consumers::{listed, shows};
use crate::fact::Counts;
use crate::fact::Fact;
use crate::messages::{CONSUMER, ConsumerMsg};

impl Table {
    /// What consumers show is neither invented nor forgotten.
    pub(super) async fn compare(&self, cluster: &Cluster<'_>) -> Told {
        self.notice_meetings(cluster);
        self.notice_reachable_producers(cluster);
        self.stay_disconnected(cluster).await?;
        for node in cluster.running() {
            let busy = self
                .state
                .borrow()
                .busy_until
                .get(&node)
                .is_some_and(|until| Instant::now() < *until);
            if busy {
                continue;
            }
            let begun = Instant::now();
            let asked = cluster
                .call_within(TRANSIT, &node, &CONSUMER, ConsumerMsg::Counts)
                .await;
            let seen: BTreeMap<NodeName, u64> = match asked {
                Ok(seen) => seen,
                Err(unanswered) => {
                    not_written(unanswered)?;
                    continue;
                }
            };
            let seen: Counts = seen
                .iter()
                .filter(|(_, count)| **count > 0)
                .map(|(name, count)| (name.short().to_owned(), *count))
                .collect();
            self.judge(cluster, &node, seen, begun)?;
        }
        Ok(())
    }

    fn judge(&self, cluster: &Cluster<'_>, node: &str, seen: Counts, looked: Instant) -> Told {
        let mut state = self.state.borrow_mut();
        let fails = |of: &str, wanted: u64, expected: String, why: &str| {
            let fact = Fact::Counts {
                node: node.to_owned(),
                seen: seen.clone(),
                wanted: Counts::from([(of.to_owned(), wanted)]),
            };
            let shows = format!("{node}'s consumer shows {}", listed(&seen));
            Err(Stop::from(
                cluster
                    .failed_at(node, shows, expected)
                    .node(node)
                    .fact(&fact)
                    .because(why),
            ))
        };
        for (of, count) in &seen {
            let most = state.attempts.get(of).copied().unwrap_or_default();
            if *count > most {
                return fails(
                    of,
                    most,
                    format!("{of} sent {most} pings, so no consumer shows more for it"),
                    "A count is the number of the latest ping, and no ping has a higher number than there were pings.",
                );
            }
        }
        for (of, before) in state.shown.get(node).cloned().unwrap_or_default() {
            let now = seen.get(&of).copied().unwrap_or_default();
            if now < before {
                return fails(
                    &of,
                    before,
                    format!("it showed {before} for {of} before, and a count never falls"),
                    "An older message does not overwrite a newer one, in whatever order they arrive, and a consumer that did not crash forgets nothing.",
                );
            }
        }
        let producers: Vec<String> = state.attempts.keys().cloned().collect();
        for of in producers {
            let floor = state
                .floors
                .entry((node.to_owned(), of.clone()))
                .or_default();
            if let Some((count, due)) = floor.pending
                && due <= looked
            {
                if !answer_was_lost(cluster, (&of, node), count, floor.since) {
                    floor.sure = floor.sure.max(count);
                }
                floor.pending = None;
            }
            let (sure, count) = (floor.sure, seen.get(&of).copied().unwrap_or_default());
            if count < sure {
                return fails(
                    &of,
                    sure,
                    format!(
                        "it shows at least {sure} for {of}: by now it must know {of}'s ping {sure}"
                    ),
                    "No fault between the two nodes could have kept it from knowing.",
                );
            }
        }
        state.shown.insert(node.to_owned(), seen);
        Ok(())
    }

    /// Nodes that were disconnected on purpose stay so.
    async fn stay_disconnected(&self, cluster: &Cluster<'_>) -> Told {
        let pairs = self.state.borrow().disconnected.clone();
        for ((node, other), was_seen) in pairs {
            if cluster.standing(&node) != Some(Standing::Running) {
                continue;
            }
            let Ok(connected) = cluster.list(&node).await else {
                continue;
            };
            if !connected.contains(&other) {
                let mut state = self.state.borrow_mut();
                state
                    .disconnected
                    .entry((node, other))
                    .and_modify(|seen| *seen = true);
            } else if was_seen {
                let failure = cluster.failed(
                    format!("{node} is connected to {other} again"),
                    format!("{node} was disconnected from {other} on purpose, and stays so"),
                );
                return Err(failure
                    .node(&node)
                    .because("A message to a node by its name connects to it. A ping goes to the connected nodes only.")
                    .into());
            }
        }
        Ok(())
    }

    /// Each consumer of the cluster shows these counts within a time.
    pub(super) async fn all_show(
        &self,
        cluster: &Cluster<'_>,
        pairs: &BTreeSet<(String, String)>,
        expected: &str,
        why: &str,
    ) -> Told {
        let sent = self.state.borrow().last.clone();
        let told = cluster
            .eventually(MEETING, expected, async || {
                for node in cluster.running() {
                    let seen = shows(cluster, &node).await?;
                    for (of, wanted) in &sent {
                        let count = seen.get(of).copied().unwrap_or_default();
                        if pairs.contains(&(node.clone(), of.clone())) && count < *wanted {
                            let fact = Fact::Counts {
                                node: node.clone(),
                                seen: seen.clone(),
                                wanted: Counts::from([(of.clone(), *wanted)]),
                            };
                            let text = format!(
                                "{node}'s consumer shows {}, where {of} has sent {wanted}",
                                listed(&seen)
                            );
                            return Err(testkit::cluster::Unmet::at(&node, text).fact(&fact));
                        }
                    }
                }
                Ok(())
            })
            .await;
        told.because(why)
    }
}
