//! The program of one node, and a command that starts some of them. Given: you need not change it.

use std::process::ExitCode;

fn main() -> ExitCode {
    // `map-reduce run …` is for a terminal. Without `run`, this process is a node.
    if std::env::args_os().nth(1).is_some_and(|arg| arg == "run") {
        batch::command::run()
    } else {
        runtime::launch::run(map_reduce_solution::SOURCE_HASH, map_reduce_solution::start)
    }
}
