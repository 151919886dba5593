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
        // We return the register as it is now, even if this visitor has not changed it: a node that
        // missed the visitor that did so learns it now.
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

    /// Takes in the visitors that another set knows.
    pub fn merge(&mut self, other: &Visitors) {
        // ── gap 9: other visitors
        for (number, &theirs) in &other.registers {
            let ours = self.registers.entry(*number).or_default();
            *ours = theirs.max(*ours);
        }
        // ── end 9
    }

    /// An estimate of the number of different visitors.
    pub fn estimate(&self) -> u64 {
        // ── gap 9: how many
        // The harmonic mean keeps one long run from deciding the estimate. For few visitors the
        // mean is far off; then the number of registers that are 0 says more.
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
/// The number of bits of a hash that choose the register. With 4,096 registers, the standard error
/// is 1.04 / 64, or 1.6 %.
const PRECISION: u32 = 12;
// ── end 9
