//! The program of one node. It is complete as it is.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::launch::run(ping_pong_solution::SOURCE_HASH, ping_pong_solution::start)
}
