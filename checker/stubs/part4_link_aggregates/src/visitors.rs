//! Visitors: how many different visitors there were, without their names.
//!
//! This is a HyperLogLog (Flajolet, Fusy, Gandouet and Meunier 2007). Each visitor has a hash. A
//! few bits of the hash choose a register, and the register keeps the longest run of zeros with
//! which the rest of a hash began. A run of ten zeros is rare: a register that has seen one has
//! probably seen a thousand hashes. The same visitor always has the same hash, and so counts once,
//! whichever node is asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// An estimate of the number of visitors. It only grows, and merges like a G-Counter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Visitors {
    /// The registers that are not 0, by number.
    registers: BTreeMap<u16, u8>,
}

impl Visitors {
    /// Adds a visitor. Returns what another set of visitors has to merge, so that it knows this
    /// visitor too.
    pub fn add(&mut self, visitor: &str) -> Visitors {
        // ── gap 9: a visitor
        todo!("TODO(9) remember the visitor, in a few kilobytes for any number of visitors")
        // ── end 9
    }

    /// Takes in the visitors that another set knows.
    pub fn merge(&mut self, other: &Visitors) {
        // ── gap 9: other visitors
        // TODO(9): take in all visitors that the other set knows. A visitor that both know must
        // count once.
        // ── end 9
    }

    /// An estimate of the number of different visitors.
    pub fn estimate(&self) -> u64 {
        // ── gap 9: how many
        todo!("TODO(9) the number of different visitors, to within 10%")
        // ── end 9
    }
}

// ── gap 9: how precise
// ── end 9
