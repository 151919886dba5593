//! The program of one node. Given: nothing is to do here.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::launch::run_with(link_shortener::SOURCE_HASH, link_shortener::start)
}
