//! The program of one node. It is complete as it is.

use std::process::ExitCode;

use template_solution::{SOURCE_HASH, start};

fn main() -> ExitCode {
    runtime::launch::run(SOURCE_HASH, start)
}
