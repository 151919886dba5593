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
        // The register as it is now, also when this visitor has not changed it: who has missed the
        // visitor that did then gets it all the same.
        let hash = Sha256::digest(visitor);
        let hash = u64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes"));
        let number = (hash >> (64 - PRECISION)) as u16;
        let rest = (hash << PRECISION).leading_zeros().min(64 - PRECISION) as u8 + 1;
        let register = self.registers.entry(number).or_default();
        *register = rest.max(*register);
        Visitors {
            registers: BTreeMap::from([(number, *register)]),
        }
        // ── end 9
    }

    /// Learns of the visitors that another has seen.
    pub fn merge(&mut self, other: &Visitors) {
        // ── gap 9: other visitors
        for (number, &theirs) in &other.registers {
            let ours = self.registers.entry(*number).or_default();
            *ours = theirs.max(*ours);
        }
        // ── end 9
    }

    /// About how many different visitors there were.
    pub fn estimate(&self) -> u64 {
        // ── gap 9: how many
        // The harmonic mean, as one long run by luck must not decide. While many registers are 0,
        // how many those are tells more: as long as there are few visitors, the mean is far off.
        let all = f64::from(1 << PRECISION);
        let zeros = all - self.registers.len() as f64;
        let runs = self.registers.values().map(|run| (-f64::from(*run)).exp2());
        let mean = all / (zeros + runs.sum::<f64>());
        let estimate = 0.7213 / (1.0 + 1.079 / all) * all * mean;
        let few = all * (all / zeros).ln();
        (if estimate <= 2.5 * all && zeros > 0.0 {
            few
        } else {
            estimate
        })
        .round() as u64
        // ── end 9
    }
}

// ── gap 9: how precise
/// How many bits of a hash choose the register. 4,096 registers are off by 1.04 / 64, or 1.6 %, as
/// a rule.
const PRECISION: u32 = 12;
// ── end 9
