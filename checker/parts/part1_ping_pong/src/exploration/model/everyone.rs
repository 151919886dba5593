//! A producer asks everyone: which nodes must be in the answer, and with which totals.

use std::collections::{BTreeMap, BTreeSet};

use runtime::NodeName;
use testkit::cluster::{Cluster, Standing};
use testkit::scenario::{Stop, Told};
use tokio::time::{Instant, sleep};

use super::{State, TRANSIT_WHEN_BUSY, Table, not_written, ordered};
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
        let is_owed = |other: &String| {
            connected.contains(other)
                && still_connected.contains(other)
                && !met.contains(&ordered(node, other))
        };
        let asked = Question {
            cluster,
            node,
            begun,
            owed: cluster.everyone().into_iter().filter(is_owed).collect(),
            before,
            after,
        };
        asked.judge(&self.state.borrow(), &Answer::of(&everyone))
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

/// A question to everyone that was answered, and what was seen around it.
struct Question<'a> {
    cluster: &'a Cluster<'a>,
    /// Whose producer was asked.
    node: &'a str,
    begun: Instant,
    /// The other nodes that must be in the answer.
    owed: BTreeSet<String>,
    /// The totals before the question and after the answer.
    before: BTreeMap<String, u64>,
    after: BTreeMap<String, u64>,
}

/// The answer, by the short names of nodes.
struct Answer {
    totals: BTreeMap<String, u64>,
    failed: BTreeMap<String, String>,
}

impl Answer {
    fn of(everyone: &Everyone) -> Answer {
        let short = |name: &NodeName| name.short().to_owned();
        let totals = everyone.totals.iter();
        let failed = everyone.failed.iter();
        Answer {
            totals: totals.map(|(name, total)| (short(name), *total)).collect(),
            failed: failed
                .map(|(name, why)| (short(name), why.clone()))
                .collect(),
        }
    }
}

const WHOLE: &str =
    "A caller that is not told which totals are missing takes a part for the whole.";

impl Question<'_> {
    /// States that each node is in the answer once, with a total that it had, or as failed if something
    /// was in the way.
    fn judge(&self, state: &State, answer: &Answer) -> Told {
        let is_untouched = |node: &str| {
            let at = state.touched.get(node);
            at.is_none_or(|at| *at < self.begun - TRANSIT)
        };
        if !is_untouched(self.node) {
            return Ok(());
        }
        let everyone = self.cluster.everyone();
        for other in answer.totals.keys().chain(answer.failed.keys()) {
            if !everyone.contains(other) {
                let expected =
                    format!("only nodes of the cluster are in the answer, and {other} is not one");
                return self.wrong(answer, expected, WHOLE);
            }
        }
        for other in self.owed.iter().map(String::as_str).chain([self.node]) {
            let (in_totals, in_failed) =
                (answer.totals.get(other), answer.failed.contains_key(other));
            if in_totals.is_some() == in_failed {
                let expected =
                    format!("{other} is in the answer once: with its total, or as failed");
                return self.wrong(answer, expected, WHOLE);
            }
            let is_quiet = || state.is_quiet(self.cluster, self.node, other, self.begun);
            if in_totals.is_none() && (other == self.node || is_quiet()) {
                return self.wrong(
                    answer,
                    format!("{other} is running and reachable, so the answer has its total"),
                    "No fault lay between the two nodes while the question was in transit.",
                );
            }
            if let (Some(total), Some(least), Some(most)) =
                (in_totals, self.before.get(other), self.after.get(other))
                && is_untouched(other)
                && !(*least..=*most).contains(total)
            {
                return self.wrong(
                    answer,
                    format!(
                        "the total of {other} is the one that it has, between {least} and {most}"
                    ),
                    "A total is the sum of the counts at the moment when the consumer answers.",
                );
            }
        }
        for other in everyone {
            let silent = matches!(
                self.cluster.standing(&other),
                Some(Standing::Paused | Standing::Killed)
            );
            if silent && is_untouched(&other) && answer.totals.contains_key(&other) {
                return self.wrong(
                    answer,
                    format!("{other} is silent, so the answer has no total for it"),
                    "A total that a node did not give is a guess.",
                );
            }
        }
        Ok(())
    }

    fn wrong(&self, answer: &Answer, expected: String, why: &str) -> Told {
        let seen = format!(
            "the answer of {} has the totals {} and the failures {:?}",
            self.node,
            listed(&answer.totals),
            answer.failed.keys().collect::<Vec<_>>()
        );
        let fact = Fact::Everyone {
            asker: self.node.to_owned(),
            totals: answer.totals.clone(),
            failed: answer.failed.clone(),
        };
        let failure = self.cluster.failed(seen, expected);
        Err(failure.node(self.node).fact(&fact).because(why).into())
    }
}
