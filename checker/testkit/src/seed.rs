//! Where a run's chances come from.
//!
//! One number decides every choice that the checker makes: which node is killed, how many pings
//! are sent, how long the network is cut. It is printed, and `--seed` takes it. What the operating
//! system decides, such as the order in which processes get to run, it cannot repeat.

use std::ops::RangeInclusive;

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use sha2::{Digest, Sha256};

use crate::trouble::{Result, While};

/// A seed that nobody chose. Short, for people copy it by hand.
///
/// # Errors
/// When the operating system has no random numbers.
pub fn fresh() -> Result<u64> {
    Ok(getrandom::u64().or_trouble(|| "get a random seed from the operating system")? % 1_000_000)
}

/// What one scenario draws under a run's seed: the cast of its story, its counts and its words.
///
/// It depends on the seed and on the scenario's id and on nothing else, so that a scenario repeats
/// its choices whichever others run beside it.
///
/// ```ignore
/// let mut draw = cx.draw();
/// let [sender, lost, other] = draw.cast(["n1", "n2", "n3"]);
/// let pings = draw.number(2..=6);
/// cluster.step(format!("{sender} sends {}.", count_of(pings, "ping")));
/// ```
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// The first draw of a scenario; each of these begins anew.
    pub fn new(seed: u64, scenario: &str) -> Draw {
        let digest = Sha256::new()
            .chain_update(seed.to_be_bytes())
            .chain_update(scenario)
            .finalize();
        Draw(ChaCha8Rng::from_seed(digest.into()))
    }

    /// These names in any order: the first gets the first role of the story, and so on.
    pub fn cast<const N: usize>(&mut self, mut names: [&'static str; N]) -> [&'static str; N] {
        names.shuffle(&mut self.0);
        names
    }

    /// A number of this range.
    pub fn number(&mut self, range: RangeInclusive<u64>) -> u64 {
        self.0.random_range(range)
    }

    /// Numbers of this range, no two of which are the same; it must hold that many.
    pub fn numbers<const N: usize>(&mut self, range: RangeInclusive<u64>) -> [u64; N] {
        let mut all: Vec<u64> = range.collect();
        let (drawn, _) = all.partial_shuffle(&mut self.0, N);
        std::array::from_fn(|place| drawn[place])
    }

    /// One of two.
    pub fn either<T>(&mut self, this: T, that: T) -> T {
        if self.0.next_u64().is_multiple_of(2) {
            this
        } else {
            that
        }
    }
}

/// A count in a sentence: `one ping`, `three pings`, `48 map tasks`.
pub fn count_of(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", in_words(count))
}

/// A count as it stands in a sentence: up to twelve in a word.
pub fn in_words(count: u64) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    match usize::try_from(count).ok().and_then(|at| WORDS.get(at)) {
        Some(word) => (*word).to_owned(),
        None => count.to_string(),
    }
}

/// The place of something in a row, as it stands in a sentence: `third`, `13th`.
pub fn in_order(place: u64) -> String {
    const WORDS: [&str; 12] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth", "eleventh", "twelfth",
    ];
    let word = usize::try_from(place)
        .ok()
        .and_then(|at| WORDS.get(at.checked_sub(1)?));
    match (word, place % 10, place % 100) {
        (Some(word), ..) => (*word).to_owned(),
        (None, 1, ..=10 | 20..) => format!("{place}st"),
        (None, 2, ..=10 | 20..) => format!("{place}nd"),
        (None, 3, ..=10 | 20..) => format!("{place}rd"),
        _ => format!("{place}th"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn draws_depend_on_seed_and_scenario_alone() {
        let first = |seed, scenario| Draw::new(seed, scenario).number(0..=u64::MAX);
        assert_eq!(first(42, "late_joiner"), first(42, "late_joiner"));
        assert_ne!(first(42, "late_joiner"), first(43, "late_joiner"));
        assert_ne!(first(42, "late_joiner"), first(42, "netsplit"));
    }

    #[test]
    fn every_cast_occurs() {
        let cast = |seed| Draw::new(seed, "netsplit").cast(["n1", "n2", "n3"]);
        let casts: BTreeSet<_> = (0..100).map(cast).collect();
        assert_eq!(casts.len(), 6);
    }

    #[test]
    fn drawn_numbers_differ_from_each_other() {
        for seed in 0..100 {
            let [a, b, c] = Draw::new(seed, "netsplit").numbers(1..=3);
            assert_eq!(BTreeSet::from([a, b, c]), BTreeSet::from([1, 2, 3]));
        }
    }

    #[test]
    fn numbers_read_as_people_say_them() {
        assert_eq!(count_of(1, "ping"), "one ping");
        assert_eq!(count_of(3, "ping"), "three pings");
        assert_eq!(count_of(48, "map task"), "48 map tasks");
        let places = [1, 12, 13, 21, 22, 111, 113, 123].map(in_order);
        let said = [
            "first", "twelfth", "13th", "21st", "22nd", "111th", "113th", "123rd",
        ];
        assert_eq!(places, said);
    }
}
