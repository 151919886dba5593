//! `checker play`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{asynchronously, course, question};
use crate::play::{self, Order};
use grader::part_report::Graded;
use testkit::seed;
use testkit::store::StoreChoice;
use testkit::trouble::Result;
use testkit::verdict::Standing;

const MORE: &str = "\
At the prompt, `help` lists the commands. Commands can also be piped in, or come from a file
(--script): the checker shows each one with its answer. The first one that fails ends the session with
exit code 1.";

/// Its flags.
#[derive(Debug, Args)]
#[command(after_help = MORE)]
pub(super) struct PlayArgs {
    /// The part, such as part1
    pub part: String,
    /// Starts the course's own solution
    #[arg(long)]
    pub solution: bool,
    /// How many nodes to start at the beginning: n1, n2, and so on
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub nodes: u8,
    /// After this much silence, in seconds, the other nodes declare a node down
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=60))]
    pub tick_time: u16,
    /// Repeats the choices of an earlier session, which printed this number
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// The store of parts 3 and 4: auto, embedded, redis, or redis://HOST:PORT
    #[arg(long, value_name = "STORE", default_value = "auto")]
    pub store: StoreChoice,
    /// Runs the commands in a file, or on standard input (-), and ends
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(args: PlayArgs) -> Result<Standing> {
    let part = question::part(&args.part)?;
    args.store.check()?;
    let order = Order {
        graded: match args.solution {
            true => Graded::Solution,
            false => Graded::Exercise,
        },
        nodes: args.nodes,
        tick_time: Duration::from_secs(args.tick_time.into()),
        seed: args.seed.map_or_else(seed::fresh, Ok)?,
        store: args.store,
        script: args.script.filter(|file| file != "-"),
    };
    let course = course()?;
    asynchronously(play::play(&course, part, order))
}
