//! Visitors: how many different ones there were, without keeping who.
//!
//! A HyperLogLog (Flajolet, Fusy, Gandouet and Meunier 2007). Each visitor is hashed; a few bits of
//! the hash choose a register, and the register keeps the longest run of zeros with which the rest
//! of a hash began. A run of ten zeros is rare: who has seen one has probably seen a thousand
//! hashes. The same visitor has the same hash, and so is counted once, wherever it was seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// An estimate of how many visitors there were. It only grows, and merges like a G-Counter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Visitors {
    /// The registers that are not 0, by number.
    registers: BTreeMap<u16, u8>,
}

impl Visitors {
    /// Adds a visitor. Gives the part that a set of visitors needs, to know of this one too.
    pub fn add(&mut self, visitor: &str) -> Visitors {
        // ── gap 9: a visitor
        todo!("TODO(9) remember the visitor, in a few kilobytes for any number of visitors")
        // ── end 9
    }

    /// Learns of the visitors that another has seen.
    pub fn merge(&mut self, other: &Visitors) {
        // ── gap 9: other visitors
        // TODO(9): learn of all visitors that the other has seen. Who was seen by both counts once.
        // ── end 9
    }

    /// About how many different visitors there were.
    pub fn estimate(&self) -> u64 {
        // ── gap 9: how many
        todo!("TODO(9) how many there were, to within a tenth")
        // ── end 9
    }
}

// ── gap 9: how precise
// ── end 9
