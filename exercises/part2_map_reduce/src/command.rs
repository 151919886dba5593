//! `map-reduce run`: placeholder
use std::process::ExitCode;
/// x
pub fn run() -> ExitCode {
    ExitCode::FAILURE
}
