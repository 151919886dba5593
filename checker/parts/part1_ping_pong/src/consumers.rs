//! What consumers show, and the claims about it.

use std::collections::BTreeMap;
use std::time::Duration;

use runtime::NodeName;

use crate::fact::{Counts, Fact};
use crate::messages::{CONSUMER, ConsumerMsg};
use crate::{SOON, TRANSIT};
use testkit::cluster::{Cluster, Explained, Unanswered, Unmet};
use testkit::scenario::{Stop, Told};
use testkit::verdict::Failure;

/// How many counts a sentence lists. A cluster has five nodes at most, so a longer list is wrong
/// however it goes on.
const MAX_LISTED: usize = 12;

/// The counts that a consumer must show.
pub(super) struct Wanted {
    counts: Counts,
    /// Whether the consumer may show counts of other nodes as well.
    among_others: bool,
}

impl Wanted {
    /// These counts and no others.
    pub(super) fn exactly(wanted: &[(&str, u64)]) -> Wanted {
        Wanted {
            counts: counts(wanted),
            among_others: false,
        }
    }

    /// These counts, and of other nodes any.
    pub(super) fn among_others(wanted: &[(&str, u64)]) -> Wanted {
        Wanted {
            counts: counts(wanted),
            among_others: true,
        }
    }

    fn is_met_by(&self, seen: &Counts) -> bool {
        let has_all = || {
            self.counts
                .iter()
                .all(|(node, count)| seen.get(node) == Some(count))
        };
        *seen == self.counts || self.among_others && has_all()
    }

    /// The claim with the counts that it is about.
    pub(super) fn claim(&self, claim: &str, nodes: &[&str]) -> String {
        let (nodes, counts) = (nodes.join(", "), listed(&self.counts));
        format!("{claim} (wanted on {nodes}: {counts})")
    }

    /// Compares this with what a node's consumer shows.
    pub(super) fn compare(&self, node: &str, seen: Counts) -> Result<(), Unmet> {
        if self.is_met_by(&seen) {
            return Ok(());
        }
        let unmet = Unmet::at(node, shows_in_words(node, &seen));
        Err(unmet.fact(&self.fact(node, seen)))
    }

    fn fact(&self, node: &str, seen: Counts) -> Fact {
        Fact::Counts {
            node: node.to_owned(),
            seen,
            wanted: self.counts.clone(),
        }
    }

    /// The failure of a consumer that shows something else.
    pub(super) fn failure(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        seen: Counts,
        claim: &str,
    ) -> Failure {
        let expected = self.claim(claim, &[node]);
        cluster
            .failed_at(node, shows_in_words(node, &seen), expected)
            .node(node)
            .fact(&self.fact(node, seen))
    }
}

fn shows_in_words(node: &str, seen: &Counts) -> String {
    format!("{node}'s consumer shows {}", listed(seen))
}

fn counts(of: &[(&str, u64)]) -> Counts {
    of.iter()
        .filter(|(_, count)| *count > 0)
        .map(|(node, count)| (node.to_string(), *count))
        .collect()
}

/// `{n1: 3, n2: 5}`, as people read it.
pub(super) fn listed(counts: &Counts) -> String {
    if counts.is_empty() {
        return "no counts at all".into();
    }
    let mut listed: Vec<String> = counts
        .iter()
        .take(MAX_LISTED)
        .map(|(node, count)| format!("{node}: {count}"))
        .collect();
    if counts.len() > MAX_LISTED {
        listed.push(format!("and {} more", counts.len() - MAX_LISTED));
    }
    format!("{{{}}}", listed.join(", "))
}

/// What a node's consumer shows.
pub(super) async fn shows(cluster: &Cluster<'_>, node: &str) -> Result<Counts, Unanswered> {
    let counts: BTreeMap<NodeName, u64> =
        cluster.call(node, &CONSUMER, ConsumerMsg::Counts).await?;
    Ok(counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(node, count)| (node.short().to_owned(), count))
        .collect())
}

/// Waits until each of these consumers shows what `look` accepts. A consumer that gives no answer
/// is named in the failure.
pub(super) async fn await_each<F>(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    within: Duration,
    claim: String,
    mut look: F,
) -> Told
where
    F: AsyncFnMut(&str, Counts) -> Result<(), Unmet>,
{
    let mut asked = String::new();
    let told = cluster
        .eventually(within, claim, async || {
            for node in nodes {
                asked = (*node).to_owned();
                look(node, shows(cluster, node).await?).await?;
            }
            Ok(())
        })
        .await;
    told.map_err(|stop| match stop {
        Stop::Failed(failure) if failure.fact.is_none() && failure.node.is_none() => {
            failure.node(&asked).into()
        }
        other => other,
    })
    .fact(&Fact::ConsumerSilent { node: asked })
}

/// Waits until each of these consumers shows what is wanted.
pub(super) async fn all_show(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    wanted: &Wanted,
    within: Duration,
    claim: &str,
) -> Told {
    let claim = wanted.claim(claim, nodes);
    await_each(cluster, nodes, within, claim, async |node, seen| {
        wanted.compare(node, seen)
    })
    .await
}

/// Waits until each of these consumers shows what has been sent to it.
pub(super) async fn all_have(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    wanted: &Wanted,
    claim: &str,
) -> Told {
    let within = cluster.context().limit(TRANSIT, SOON);
    all_show(cluster, nodes, wanted, within, claim).await
}

/// After everything has come to rest, each of these consumers still shows what is wanted.
pub(super) async fn still_show(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    wanted: &Wanted,
    claim: &str,
) -> Told {
    cluster.quiesce().await?;
    for node in nodes {
        let seen = shows(cluster, node).await?;
        if !wanted.is_met_by(&seen) {
            return Err(wanted.failure(cluster, node, seen, claim).into());
        }
    }
    Ok(())
}
