//! How many simulated schedules a core does in a second, beside empty ones in the same run, and whether
//! memory grows over ten thousand of them.
//!
//! `cargo bench -p benches` takes the figures of a release build, and `cargo test -p benches --bench
//! schedules` those of the profile that learners use. Only the ratios mean something on another machine.
#![allow(clippy::disallowed_methods)] // Real time is what is measured here.
#![allow(clippy::print_stdout)] // A bench that nobody reads may panic.

use std::time::{Duration, Instant};

use benches::{EMPTY, SHORT, Solved, part1, part3};
use testkit::scenario::Scenario;

const ROUNDS: u64 = 7;
const EMPTY_ONES: u64 = 200;
/// At least about so many schedules are timed together.
const ENOUGH: usize = 50;
const MANY: u64 = 10_000;

fn main() {
    let scratch = tempfile::tempdir().expect("a folder for what nodes keep");
    std::env::set_current_dir(&scratch).expect("the folder is there");
    compare(&part1(), "short schedules", &[&SHORT]);
    for solved in [part1(), part3()] {
        let scenarios: Vec<_> = solved.part.scenarios.iter().collect();
        compare(&solved, "scenarios", &scenarios);
    }
    watch_memory(&part1());
    // The folder can only be removed when nobody is in it.
    std::env::set_current_dir("/").expect("there is a root");
}

/// Scenarios of a part under one seed after the other, in turns with empty schedules.
fn compare(solved: &Solved, what: &str, scenarios: &[&'static Scenario]) {
    let rounds = (ENOUGH / scenarios.len()).max(1);
    let mut own = Vec::new();
    let mut empty = Vec::new();
    for seed in 1..=ROUNDS {
        let begun = Instant::now();
        for _ in 0..EMPTY_ONES {
            solved.simulate(&EMPTY, seed);
        }
        empty.push(begun.elapsed() / EMPTY_ONES as u32);
        let begun = Instant::now();
        for round in 0..rounds as u64 {
            for scenario in scenarios {
                solved.simulate(scenario, seed + round * ROUNDS);
            }
        }
        own.push(begun.elapsed() / (rounds * scenarios.len()) as u32);
    }
    let (own, empty) = (median(own), median(empty));
    println!(
        "{}: {:.0} {what}/s, {:.1} times an empty schedule ({:.0}/s)",
        solved.part.name,
        1.0 / own.as_secs_f64(),
        own.as_secs_f64() / empty.as_secs_f64(),
        1.0 / empty.as_secs_f64(),
    );
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn watch_memory(solved: &Solved) {
    let scenarios = solved.part.scenarios.iter().cycle();
    let mut first = 0;
    for (number, scenario) in (1..=MANY).zip(scenarios) {
        solved.simulate(scenario, number);
        if number == MANY / 10 {
            first = resident();
        }
    }
    println!(
        "{}: {first} MB after {} schedules, {} MB after {MANY}",
        solved.part.name,
        MANY / 10,
        resident()
    );
}

/// How much memory this process has, in megabytes; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
