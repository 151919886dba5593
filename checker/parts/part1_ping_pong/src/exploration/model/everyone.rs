//! A producer asks everyone: which nodes must be in the answer, and with which totals.

use std::collections::{BTreeMap, BTreeSet};

use runtime::NodeName;
use testkit::cluster::{Cluster, Standing};
use testkit::scenario::{Stop, Told};
use tokio::time::{Instant, sleep};

use super::{TRANSIT_WHEN_BUSY, Table, not_written, ordered};
use crate::TRANSIT;
use crate::consumers::listed;
use crate::fact::Fact;
use crate::messages::{ASK_TIMEOUT, CONSUMER, ConsumerMsg, Everyone, PRODUCER, ProducerMsg};

impl Table {
    pub(super) async fn ask(&self, cluster: &Cluster<'_>, node: &str) -> Told {
        if cluster.standing(node) != Some(Standing::Running) {
            return Ok(());
        }
        let (mark, begun) = (cluster.mark(), Instant::now());
        let Ok(connected) = cluster.list(node).await else {
            return Ok(());
        };
        // Something may be done to the node while the others are looked at.
        let before = self.totals(cluster).await?;
        let limit = cluster
            .context()
            .limit(ASK_TIMEOUT + TRANSIT, 2 * ASK_TIMEOUT + TRANSIT_WHEN_BUSY);
        *self
            .state
            .borrow_mut()
            .asking
            .entry(node.to_owned())
            .or_default() += 1;
        // A node that goes once the question has arrived is in the answer, too.
        let arrived = async {
            sleep(TRANSIT).await;
            cluster.list(node).await
        };
        let answered = async {
            let question = ProducerMsg::AskEveryone;
            cluster.call_within(limit, node, &PRODUCER, question).await
        };
        let (asked, connected_then) = tokio::join!(answered, arrived);
        *self
            .state
            .borrow_mut()
            .asking
            .entry(node.to_owned())
            .or_default() -= 1;
        let everyone: Everyone = match asked {
            Ok(everyone) => everyone,
            Err(unanswered) => {
                return self.unanswered(
                    node,
                    begun,
                    unanswered,
                    &Fact::EveryoneLate {
                        asker: node.to_owned(),
                    },
                );
            }
        };
        let after = self.totals(cluster).await?;
        let Ok(still_connected) = connected_then else {
            return Ok(());
        };
        let met: BTreeSet<(String, String)> = cluster.opened_since(mark).into_iter().collect();
        let state = self.state.borrow();
        let is_untouched = |node: &str| {
            state
                .touched
                .get(node)
                .is_none_or(|at| *at < begun - TRANSIT)
        };
        if !is_untouched(node) {
            return Ok(());
        }
        let short = |name: &NodeName| name.short().to_owned();
        let totals: BTreeMap<String, u64> = everyone
            .totals
            .iter()
            .map(|(name, total)| (short(name), *total))
            .collect();
        let failed: BTreeMap<String, String> = everyone
            .failed
            .iter()
            .map(|(name, why)| (short(name), why.clone()))
            .collect();
        let wrong = |expected: String, why: &str| {
            let answer = format!(
                "the answer of {node} has the totals {} and the failures {:?}",
                listed(&totals),
                failed.keys().collect::<Vec<_>>()
            );
            let fact = Fact::Everyone {
                asker: node.to_owned(),
                totals: totals.clone(),
                failed: failed.clone(),
            };
            Err(Stop::from(
                cluster
                    .failed(answer, expected)
                    .node(node)
                    .fact(&fact)
                    .because(why),
            ))
        };
        const WHOLE: &str =
            "A caller that is not told which totals are missing takes a part for the whole.";
        for other in totals.keys().chain(failed.keys()) {
            if !cluster.everyone().contains(other) {
                return wrong(
                    format!("only nodes of the cluster are in the answer, and {other} is not one"),
                    WHOLE,
                );
            }
        }
        let asked: Vec<&String> = connected
            .iter()
            .filter(|other| still_connected.contains(*other))
            .collect();
        for other in asked.into_iter().map(String::as_str).chain([node]) {
            let (in_totals, in_failed) = (totals.get(other), failed.contains_key(other));
            if met.contains(&ordered(node, other)) {
                continue;
            }
            if in_totals.is_some() == in_failed {
                return wrong(
                    format!("{other} is in the answer once: with its total, or as failed"),
                    WHOLE,
                );
            }
            let quiet = other == node || state.is_quiet(cluster, node, other, begun);
            if quiet && in_totals.is_none() {
                return wrong(
                    format!("{other} is running and reachable, so the answer has its total"),
                    "No fault lay between the two nodes while the question was in transit.",
                );
            }
            if let (Some(total), Some(least), Some(most)) =
                (in_totals, before.get(other), after.get(other))
                && is_untouched(other)
                && !(*least..=*most).contains(total)
            {
                return wrong(
                    format!(
                        "the total of {other} is the one that it has, between {least} and {most}"
                    ),
                    "A total is the sum of the counts at the moment when the consumer answers.",
                );
            }
        }
        for other in cluster.everyone() {
            let silent = matches!(
                cluster.standing(&other),
                Some(Standing::Paused | Standing::Killed)
            );
            if silent && is_untouched(&other) && totals.contains_key(&other) {
                return wrong(
                    format!("{other} is silent, so the answer has no total for it"),
                    "A total that a node did not give is a guess.",
                );
            }
        }
        Ok(())
    }

    /// The totals of the consumers that answer at once.
    async fn totals(&self, cluster: &Cluster<'_>) -> Result<BTreeMap<String, u64>, Stop> {
        let mut totals = BTreeMap::new();
        for node in cluster.running() {
            let asked = cluster
                .call_within(TRANSIT, &node, &CONSUMER, ConsumerMsg::TotalPings)
                .await;
            match asked {
                Ok(total) => drop(totals.insert(node, total)),
                Err(unanswered) => not_written(unanswered)?,
            }
        }
        Ok(totals)
    }
}
