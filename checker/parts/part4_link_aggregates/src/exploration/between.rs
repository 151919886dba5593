//! What is between two nodes, and what was done to nodes: when a model may rely on them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use testkit::cluster::{Cluster, Standing};
use testkit::exploration::{Does, Fault};
use tokio::time::Instant;

/// How long something that was broken may have an effect after it was mended, on nodes that are
/// connected.
const AFTERMATH: Duration = Duration::from_millis(500);

/// What faults have done to nodes and to the network between them.
#[derive(Debug, Default)]
pub(super) struct Between {
    /// Pairs that the network keeps apart, or whose messages it delays.
    disturbed: BTreeSet<(String, String)>,
    /// Pairs of which single messages are lost or held back, until the end.
    ruled: BTreeSet<(String, String)>,
    /// When something was last done to a node, and to a pair.
    nodes: BTreeMap<String, Instant>,
    pairs: BTreeMap<(String, String), Instant>,
    /// How often each node was killed, or servers of it crashed.
    lives: BTreeMap<String, u32>,
}

impl Between {
    /// Takes note of a fault, before it happens. Returns the nodes and pairs that it may affect.
    pub(super) fn broken(&mut self, cluster: &Cluster<'_>, fault: &Fault) -> Affected {
        let now = Instant::now();
        let mut affected = Affected::default();
        match fault {
            Fault::Partition { a, b }
            | Fault::Blackhole { from: a, to: b }
            | Fault::Delay { from: a, to: b, .. }
            | Fault::Disconnect { node: a, from: b } => {
                self.disturbed.insert(ordered(a, b));
                affected.pairs.push(ordered(a, b));
            }
            Fault::Heal { a, b } | Fault::Connect { node: a, to: b } => {
                self.disturbed.remove(&ordered(a, b));
                affected.pairs.push(ordered(a, b));
            }
            Fault::HealAll => affected.pairs.extend(std::mem::take(&mut self.disturbed)),
            Fault::Message {
                does: Does::Duplicate,
                ..
            }
            | Fault::Cast {
                does: Does::Duplicate,
                ..
            }
            | Fault::Release
            | Fault::Store { .. } => {}
            Fault::Message { from, to, .. } | Fault::Cast { from, to, .. } => {
                self.ruled.insert(ordered(from, to));
                affected.pairs.push(ordered(from, to));
            }
            Fault::Kill { node } => {
                if matches!(
                    cluster.standing(node),
                    Some(Standing::Running | Standing::Paused)
                ) {
                    *self.lives.entry(node.clone()).or_default() += 1;
                    affected.forgets = Some(node.clone());
                }
                affected.nodes.push(node.clone());
            }
            // A program may keep in a server what its node knows.
            Fault::Crash { node, .. } => {
                if cluster.standing(node) == Some(Standing::Running) {
                    *self.lives.entry(node.clone()).or_default() += 1;
                    affected.forgets = Some(node.clone());
                }
                affected.nodes.push(node.clone());
            }
            Fault::Start { node } | Fault::Pause { node } | Fault::Resume { node } => {
                affected.nodes.push(node.clone())
            }
        }
        for node in &affected.nodes {
            self.nodes.insert(node.clone(), now);
        }
        for pair in &affected.pairs {
            self.pairs.insert(pair.clone(), now);
        }
        affected
    }

    /// How often a node has forgotten what it knew, before its present life.
    pub(super) fn life(&self, node: &str) -> u32 {
        self.lives.get(node).copied().unwrap_or_default()
    }

    /// All faults have ended.
    pub(super) fn mended(&mut self) {
        self.disturbed.clear();
        self.ruled.clear();
    }

    /// Whether two nodes run, and nothing was between them for a while. They need not be connected.
    pub(super) fn is_quiet(&self, cluster: &Cluster<'_>, a: &str, b: &str) -> bool {
        self.is_quiet_since(cluster, a, b, Instant::now())
    }

    /// The same, also for a while before a moment, and ever since.
    pub(super) fn is_quiet_since(
        &self,
        cluster: &Cluster<'_>,
        a: &str,
        b: &str,
        since: Instant,
    ) -> bool {
        let runs = |node| cluster.standing(node) == Some(Standing::Running);
        let over = |at: Option<&Instant>| at.is_none_or(|at| *at + AFTERMATH < since);
        let pair = ordered(a, b);
        runs(a)
            && runs(b)
            && over(self.nodes.get(a))
            && over(self.nodes.get(b))
            && (a == b
                || !self.disturbed.contains(&pair)
                    && !self.ruled.contains(&pair)
                    && over(self.pairs.get(&pair)))
    }

    /// Whether something was done to the network between two nodes since a moment.
    pub(super) fn was_pair_touched(&self, a: &str, b: &str, since: Instant) -> bool {
        self.pairs
            .get(&ordered(a, b))
            .is_some_and(|at| *at >= since)
    }

    /// Whether something was done to a node since a moment.
    pub(super) fn was_touched(&self, node: &str, since: Instant) -> bool {
        self.nodes.get(node).is_some_and(|at| *at >= since)
    }
}

/// What a fault may affect.
#[derive(Debug, Default)]
pub(super) struct Affected {
    pub(super) nodes: Vec<String>,
    pub(super) pairs: Vec<(String, String)>,
    /// A node that loses its memory.
    pub(super) forgets: Option<String>,
}

impl Affected {
    /// Whether it may keep two nodes apart.
    pub(super) fn concerns(&self, a: &str, b: &str) -> bool {
        self.nodes.iter().any(|node| node == a || node == b) || self.pairs.contains(&ordered(a, b))
    }
}

/// A pair of nodes, the same whichever is named first.
fn ordered(a: &str, b: &str) -> (String, String) {
    let (first, second) = if a <= b { (a, b) } else { (b, a) };
    (first.to_owned(), second.to_owned())
}
