//! The G-Counter: a counter that many can add to, each without the others, and that only grows.
//!
//! It keeps a count for each slot. Whoever adds to it adds to the count of its own slot, and when
//! two counters meet, each slot gets the higher of its two counts. So it does not matter in which
//! order counters meet, nor how often, nor who has met whom before: all that have heard of the same
//! additions are equal. (A state-based CRDT; Shapiro, Preguiça, Baquero and Zawirski 2011.)

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::protocol::{Evaluated, Step};

/// Whose share of a counter it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(String);

impl Slot {
    /// The slot of this name. Only one process may ever count in it.
    pub fn new(name: impl Into<String>) -> Slot {
        Slot(name.into())
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A counter that only grows. Two are equal when no slot has more in one than in the other: what
/// was never added to and what 0 was added to is the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GCounter {
    /// The count of each slot.
    counts: BTreeMap<Slot, u64>,
}

impl GCounter {
    /// A counter to which nothing was added.
    pub fn new() -> GCounter {
        GCounter::default()
    }

    /// Adds to the share of a slot.
    pub fn increment(&mut self, slot: &Slot, by: u64) {
        // ── gap 4: add
        // Nothing is kept of a slot to which nothing is added. Else `{n1: 0}` would differ from `{}`,
        // which is worth the same and knows as much, and two nodes would never be equal.
        if by > 0 {
            let count = self.counts.entry(slot.clone()).or_default();
            *count = count.saturating_add(by);
        }
        // ── end 4
    }

    /// Learns all that another counter knows.
    pub fn merge(&mut self, other: &GCounter) {
        // ── gap 4: learn
        // The higher count, slot by slot: it was said later, as each slot only grows, and it
        // contains the lower one. To add the two is tempting, and right exactly once: a merge that
        // comes twice, or by way of a third node, would count everything again.
        for (slot, &theirs) in other.counts.iter().filter(|(_, count)| **count > 0) {
            let ours = self.counts.entry(slot.clone()).or_default();
            *ours = theirs.max(*ours);
        }
        // ── end 4
    }

    /// What was added to it, by all, as far as it knows.
    pub fn value(&self) -> u64 {
        // ── gap 4: the sum
        let add = |sum: u64, count: &u64| sum.saturating_add(*count);
        self.counts.values().fold(0, add)
        // ── end 4
    }
    // ── gap 5: a part of a counter
    /// The counter that knows of one slot only what this one does, and nothing of others.
    pub fn only(&self, slot: &Slot) -> GCounter {
        let count = self.counts.get_key_value(slot);
        let counts = count.map(|(slot, count)| (slot.clone(), *count));
        GCounter {
            counts: counts.into_iter().collect(),
        }
    }
    // ── end 5
}

/// Takes the steps of an experiment. What is to be done with a counter that does not exist is not
/// done.
pub fn evaluate(steps: &[Step]) -> Evaluated {
    let mut counters: Vec<GCounter> = Vec::new();
    for step in steps {
        match step {
            Step::New => counters.push(GCounter::new()),
            Step::Increment { counter, slot, by } => {
                if let Some(counter) = counters.get_mut(*counter) {
                    counter.increment(slot, *by);
                }
            }
            Step::Merge { into, from } => {
                if let Some(from) = counters.get(*from).cloned()
                    && let Some(into) = counters.get_mut(*into)
                {
                    into.merge(&from);
                }
            }
        }
    }
    let pairs =
        (0..counters.len()).flat_map(|one| (one + 1..counters.len()).map(move |two| (one, two)));
    Evaluated {
        values: counters.iter().map(GCounter::value).collect(),
        equal: pairs
            .filter(|(one, two)| counters[*one] == counters[*two])
            .collect(),
    }
}
