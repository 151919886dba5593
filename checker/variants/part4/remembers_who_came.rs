//! kind = "right"
//! about = "Visitors are kept by name, in a set."

// ── file visitors.rs
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Visitors {
    names: BTreeSet<String>,
}

impl Visitors {
    pub fn add(&mut self, visitor: &str) -> Visitors {
        self.names.insert(visitor.to_owned());
        Visitors {
            names: BTreeSet::from([visitor.to_owned()]),
        }
    }

    pub fn merge(&mut self, other: &Visitors) {
        self.names.extend(other.names.iter().cloned());
    }

    pub fn estimate(&self) -> u64 {
        self.names.len() as u64
    }
}
