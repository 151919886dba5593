//! From code to a verdict: it is read, built, run under scenarios, and what came of it is kept.
//!
//! It knows no part by name: the command hands over the list of parts. It draws nothing: how a
//! report looks is the affair of `report`.

pub mod course;

pub mod gaps;
pub mod sources;
pub mod stubs;
pub mod tokens;
pub mod unawaited;
pub mod unsimulated;

pub mod building;
pub mod submission;

pub mod part_report;
pub mod progress;
pub mod runner;

pub mod backup;
pub mod runs;
pub mod simulation;
pub mod whole_file;

pub mod dev;

/// The parts of the course, which tests of the matrix need.
#[cfg(test)]
mod manifest {
    use std::sync::LazyLock;

    use testkit::part::Part;

    pub(crate) static PARTS: LazyLock<Vec<Part>> = LazyLock::new(|| {
        vec![
            part1_ping_pong::part(),
            part2_map_reduce::part(),
            part3_link_shortener::part(),
            part4_link_aggregates::part(),
        ]
    });
}
