//! The program of one node. Given: nothing is to do here.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::launch::run(ping_pong::SOURCE_HASH, ping_pong::start)
}
