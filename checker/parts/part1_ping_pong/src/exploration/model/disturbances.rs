//! What the story did to nodes, and what it put between them.

use std::time::Duration;

use runtime::net::faults::Fate;
use testkit::cluster::{Cluster, Standing};
use tokio::time::Instant;

use super::{MessageRule, State, ordered};
use crate::TRANSIT;

impl State {
    /// Something gets in between two nodes.
    pub(super) fn disturb(&mut self, a: &str, b: &str) {
        self.unsettle(a, b);
        self.disturbed.insert(ordered(a, b));
    }

    /// What was about to be known may not be.
    pub(super) fn unsettle(&mut self, a: &str, b: &str) {
        let now = Instant::now();
        self.touched_pairs.insert(ordered(a, b), now);
        for (node, of) in [(a, b), (b, a)] {
            if let Some(floor) = self.floors.get_mut(&(node.to_owned(), of.to_owned())) {
                floor.pending = None;
            }
            // Its recovery may wait for an answer that does not come.
            if self.busy_until.get(node).is_some_and(|until| now < *until) {
                self.is_busy(node, self.recovery);
            }
        }
    }

    pub(super) fn mend(&mut self, a: &str, b: &str) {
        self.touched_pairs.insert(ordered(a, b), Instant::now());
        self.disturbed.remove(&ordered(a, b));
    }

    /// Something is done to a node, and to its producer as well or not.
    pub(super) fn touch(&mut self, node: &str, producer: bool) {
        let now = Instant::now();
        self.touched.insert(node.to_owned(), now);
        for ((consumer, of), floor) in &mut self.floors {
            if consumer == node || producer && of == node {
                floor.pending = None;
            }
        }
        for (_, until) in self
            .busy_until
            .iter_mut()
            .filter(|(_, until)| now < **until)
        {
            *until = now + self.recovery;
        }
        self.is_busy(node, TRANSIT);
    }

    pub(super) fn is_busy(&mut self, node: &str, time: Duration) {
        let until = self
            .busy_until
            .entry(node.to_owned())
            .or_insert_with(Instant::now);
        *until = (Instant::now() + time).max(*until);
    }

    /// Whether two nodes run, and nothing was put between them.
    pub(super) fn is_clean(&self, cluster: &Cluster<'_>, a: &str, b: &str) -> bool {
        let runs = |node| cluster.standing(node) == Some(Standing::Running);
        let is_free = || !self.disturbed.contains(&ordered(a, b));
        runs(a) && runs(b) && is_free() && !self.is_ruled(cluster, a, b)
    }

    /// Whether something may still happen to single messages between two nodes.
    pub(super) fn is_ruled(&self, cluster: &Cluster<'_>, a: &str, b: &str) -> bool {
        self.rules.iter().any(|rule| rule.concerns(cluster, a, b))
    }

    /// The same, also some time before a moment and ever since.
    pub(super) fn is_quiet(&self, cluster: &Cluster<'_>, a: &str, b: &str, since: Instant) -> bool {
        let late = self.late_between(a, b);
        let untouched = |at: Option<&Instant>| at.is_none_or(|at| *at + TRANSIT + late < since);
        self.is_clean(cluster, a, b)
            && untouched(self.touched.get(a))
            && untouched(self.touched.get(b))
            && untouched(self.touched_pairs.get(&ordered(a, b)))
    }

    /// By how much a question and its answer may be late.
    pub(super) fn late_between(&self, a: &str, b: &str) -> Duration {
        let late = |from: &str, to: &str| self.delays.get(&(from.to_owned(), to.to_owned()));
        [late(a, b), late(b, a)].into_iter().flatten().sum()
    }
}

impl MessageRule {
    /// Whether it may still get in between two nodes.
    fn concerns(&self, cluster: &Cluster<'_>, a: &str, b: &str) -> bool {
        if ordered(&self.from, &self.to) != ordered(a, b) {
            return false;
        }
        let came = || {
            let pings = cluster.since(self.since).messages("Ping");
            let pings = pings.from(&self.from).to(&self.to);
            pings.filter(|frame| frame.fate != Fate::Deliver).count()
        };
        self.pings.is_none_or(|times| came() < times)
    }
}
