//! The G-Counter: a counter that only grows, and that many processes increment without waiting for
//! each other.
//!
//! A counter keeps one count for each slot. Each process increments the count of its own slot. When
//! two counters merge, each slot gets the higher of its two counts. So neither the order of the
//! merges nor their number matters: all counters that know the same increments are equal. (A
//! state-based CRDT; Shapiro, Preguiça, Baquero and Zawirski 2011.)

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of the share that one process has in a counter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(String);

impl Slot {
    /// The slot of this name. Only one process may ever count in a slot.
    pub fn new(name: impl Into<String>) -> Slot {
        Slot(name.into())
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A counter that only grows. Two counters are equal when every slot has the same count in both. A
/// slot that is missing is 0.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GCounter {
    /// The count of each slot.
    counts: BTreeMap<Slot, u64>,
}

impl GCounter {
    /// A counter with the value 0.
    pub fn new() -> GCounter {
        GCounter::default()
    }

    /// Adds to the count of a slot.
    pub fn increment(&mut self, slot: &Slot, by: u64) {
        // ── gap 4: add
        // TODO(4): the count of this slot must grow by `by`. If `by` is 0, the counter must be
        // equal to what it was.
        // ── end 4
    }

    /// Takes in all that another counter knows.
    pub fn merge(&mut self, other: &GCounter) {
        // ── gap 4: merge
        // TODO(4): after this, the counter must know what either of the two knew. The other counter
        // may know less in one slot and more in another. The two may have merged before, directly
        // or through other counters, and will merge again.
        // ── end 4
    }

    /// The sum of all increments that this counter knows.
    pub fn value(&self) -> u64 {
        // ── gap 4: the sum
        todo!("TODO(4) the sum of all slots")
        // ── end 4
    }
    // ── gap 5: a part of a counter
    // ── end 5
}

/// A step of an experiment. The counters have the numbers 0, 1, 2, … in the order of their
/// creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Make a new counter.
    New,
    /// Add to a counter, on behalf of a slot.
    Increment {
        /// Which counter.
        counter: usize,
        /// Which slot of it grows.
        slot: Slot,
        /// By how much; may be 0.
        by: u64,
    },
    /// Merge a counter into another.
    Merge {
        /// The counter that learns.
        into: usize,
        /// The counter that is merged into the other, and stays as it is.
        from: usize,
    },
}

/// The result of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evaluated {
    /// The value of each counter.
    pub values: Vec<u64>,
    /// The pairs of counters (smaller number first) that are equal.
    pub equal: Vec<(usize, usize)>,
}

/// Runs the steps of an experiment. A step with a counter that does not exist has no effect.
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
