//! The program of one node. It is given and complete.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::launch::run_with(
        link_aggregates_solution::SOURCE_HASH,
        link_aggregates_solution::start,
    )
}
