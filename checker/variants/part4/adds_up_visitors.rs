//! kind = "near-miss"
//! problem = 9
//! claim = "visitors are told apart"
//! about = "Each node counts its visitors, and their numbers are added up."
//! mistakes = ["second-visit-counts"]

// ── file visitors.rs
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Visitors {
    counts: BTreeMap<u32, u64>,
    #[serde(skip)]
    seen: BTreeSet<String>,
}

impl Visitors {
    pub fn add(&mut self, visitor: &str) -> Visitors {
        let count = self.counts.entry(std::process::id()).or_default();
        if self.seen.insert(visitor.to_owned()) {
            *count += 1;
        }
        Visitors {
            counts: BTreeMap::from([(std::process::id(), *count)]),
            seen: BTreeSet::new(),
        }
    }

    pub fn merge(&mut self, other: &Visitors) {
        for (node, &theirs) in &other.counts {
            let ours = self.counts.entry(*node).or_default();
            *ours = theirs.max(*ours);
        }
    }

    pub fn estimate(&self) -> u64 {
        self.counts.values().sum()
    }
}
