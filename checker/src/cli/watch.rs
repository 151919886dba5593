//! `checker watch`, and `checker` alone.

use std::collections::BTreeSet;

use clap::Args;

use super::reset::Reset;
use super::{asynchronously, course, diff, question};
use crate::journal::{self, Journal};
use crate::watch::{EditCommand, Place, Settings, place_in, watch};
use grader::course::Course;
use runtime::terminal::note;
use testkit::store::StoreChoice;
use testkit::trouble::Result;
use testkit::verdict::Standing;

/// Its flags.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
It grades the problem at the start and each time you save a file of the exercise, until Ctrl-C. At
a terminal, the key ? lists its keys. Elsewhere it prints the whole report each time; if its stdin
is a pipe, it also ends after the run in which the pipe closes. It exits with 0, whatever the
verdict: in a script, use `checker part1`.")]
pub(super) struct WatchArgs {
    /// The part, such as part1; your current one, if not given
    #[arg(value_parser = question::part_names())]
    part: Option<String>,
    /// The problem to go to; your current one, if not given
    #[arg(long, value_name = "N")]
    problem: Option<u8>,
    /// Begins with the choices of an earlier run, which printed this number
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Reads the files twice a second: for network drives, and Windows folders under WSL
    #[arg(long)]
    poll: bool,
    /// Opens this editor at the gap of each problem: 'code --goto {file}:{line}'
    #[arg(long, value_name = "CMD")]
    edit_cmd: Option<EditCommand>,
    /// The store of parts 3 and 4: auto, embedded, redis, or redis://HOST:PORT
    #[arg(long, value_name = "STORE", default_value = "auto")]
    store: StoreChoice,
}

/// Runs it.
pub(super) fn run(args: WatchArgs) -> Result<Standing> {
    args.store.check()?;
    let course = course()?;
    let journal = Journal::read(&course);
    let part = match &args.part {
        None => journal.place().0,
        Some(name) => question::part(name)?,
    };
    let place = match args.problem {
        Some(number) => Place {
            part,
            problem: question::problem(part, number)?,
        },
        None => place_in(&journal, part),
    };
    let Place { part, problem } = place;
    if args.part.is_some() || args.problem.is_some() {
        let changed = Journal::change(&course, |journal| {
            journal.at = Some((part.name.to_owned(), problem.number));
        });
        if let Some(forgotten) = journal::forgotten(changed) {
            note(forgotten);
        }
    }
    let settings = Settings {
        poll: args.poll,
        seed: args.seed,
        store: args.store,
        edit: args.edit_cmd,
        diff: beside_the_solution,
        reset: put_back,
    };
    asynchronously(watch(course, place, settings)).map(|()| Standing::Passed)
}

fn beside_the_solution(course: &Course, place: Place, width: usize) -> Result<String> {
    let wanted = [place.problem.number];
    diff::render(course, place.part, &wanted, &BTreeSet::new(), width)
}

fn put_back(course: &Course, place: Place) -> Result<String> {
    let reset = Reset::plan(course, place.part, Some(place.problem.number), false)?;
    if reset.is_empty() {
        return Ok(reset.nothing_to_do());
    }
    reset.apply(course)
}
