//! Where a run's chances come from.
//!
//! One number decides every choice that the checker makes: which node is killed, how long the
//! network is cut. It is printed, and `--seed` takes it. What the operating system decides, such
//! as the order in which processes get to run, it cannot repeat.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use sha2::{Digest, Sha256};

use crate::trouble::{Result, While};

/// A seed that nobody chose. Short, for people copy it by hand.
///
/// # Errors
/// When the operating system has no random numbers.
pub fn fresh() -> Result<u64> {
    Ok(getrandom::u64().or_trouble(|| "get a random seed from the operating system")? % 1_000_000)
}

/// The generator of one scenario under a run's seed.
///
/// It depends on the scenario's id and on nothing else, so that a scenario repeats its choices
/// whichever others run beside it.
pub fn generator(seed: u64, scenario: &str) -> ChaCha8Rng {
    let digest = Sha256::new()
        .chain_update(seed.to_be_bytes())
        .chain_update(scenario)
        .finalize();
    ChaCha8Rng::from_seed(digest.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn choices_depend_on_seed_and_scenario_alone() {
        let first = generator(42, "late_joiner").next_u64();
        assert_eq!(first, generator(42, "late_joiner").next_u64());
        assert_ne!(first, generator(43, "late_joiner").next_u64());
        assert_ne!(first, generator(42, "netsplit").next_u64());
    }
}
