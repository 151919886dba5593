//! The command line.

mod diff;
mod hint;
mod list;
mod logs;
mod play;
mod report;
mod reset;
mod shell;
mod update;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use colored::Colorize;

use crate::course::Course;
use crate::grading::{self, Order};
use crate::manifest::{self, PARTS, Part};
use crate::report::progress::{self, Progress};
use crate::report::terminal::{command_name, render};
use crate::report::{Graded, JsonReport, PartReport};
use crate::store::{self, StoreChoice};
use crate::trouble::{Result, Trouble, While};
use crate::verdict::Standing;
use crate::{dev, doctor, guard, seed};

const EXIT_CODES: &str = "\
Exit codes:
  0  passed: every problem that counts was solved
  1  failed: a claim did not hold, or the code does not compile
  2  inconclusive: nothing can be said, for the machine was too slow or a fault did not bite
  3  not written: a gap is not filled yet
  4  checker fault: the checker went wrong, or was called wrongly
Of several, 4 is told before 1, before 2, before 3. Optional problems do not count,
unless --problem names them.";

/// Grades the exercises of Distributed Systems Training in Rust: starts real clusters of your
/// code, breaks them, and explains what it sees.
#[derive(Debug, Parser)]
#[command(name = "checker", version, after_help = EXIT_CODES, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Other>,
}

/// The commands that are not parts; those come from the manifest.
#[derive(Debug, Subcommand)]
enum Other {
    /// Grades every part, one after the other
    #[command(display_order = 50)]
    All(PartArgs),
    /// Grades the problem that you are at whenever you save; so does `checker` alone
    #[command(display_order = 51)]
    Watch(watch::WatchArgs),
    /// Lists the parts and their problems, and what became of them
    #[command(display_order = 52)]
    List(list::ListArgs),
    /// Shows the next hint for the problem that you are at, or for another
    #[command(display_order = 53)]
    Hint(hint::HintArgs),
    /// Puts the stub back, of one problem or of a whole part
    #[command(display_order = 54)]
    Reset(reset::ResetArgs),
    /// Shows your code beside the solution, gap by gap
    #[command(display_order = 55)]
    Diff(diff::DiffArgs),
    /// Shows the report of a run, or writes it in another format
    #[command(display_order = 56)]
    Report(report::ReportArgs),
    /// Shows what a node printed
    #[command(display_order = 57)]
    Logs(logs::LogsArgs),
    /// Starts a cluster that you can break by hand
    #[command(display_order = 58)]
    Play(play::PlayArgs),
    /// Brings a newer version of the course, and keeps what you wrote
    #[command(display_order = 59)]
    Update(update::UpdateArgs),
    /// Checks whether this machine is fit for the course, and says what to do if it is not
    #[command(display_order = 60)]
    Doctor,
    /// Runs a store for nodes that you start by hand, until Ctrl-C
    #[command(display_order = 61)]
    Store {
        /// The port to listen on, on 127.0.0.1; 0 takes any that is free
        #[arg(long, value_name = "PORT", default_value_t = 6379)]
        port: u16,
        /// What to run: auto, embedded or redis
        #[arg(long, value_name = "STORE", default_value = "auto")]
        store: StoreChoice,
    },
    /// Writes completions for a shell, or the manual page
    #[command(display_order = 62)]
    Shell(shell::ShellArgs),
    /// For those who work on the course
    #[command(display_order = 63)]
    Dev {
        #[command(subcommand)]
        command: Dev,
    },
    /// The process that starts and ends the others (not for people)
    #[command(hide = true)]
    Guard {
        /// The folder to remove at the end
        #[arg(long)]
        remove: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum Dev {
    /// Checks the checker: wrong programs must fail, right ones must pass
    Check {
        /// Only this part; may be given several times
        #[arg(long = "part", value_name = "N", value_parser = clap::value_parser!(u8).range(1..=PARTS.len() as i64))]
        parts: Vec<u8>,
        /// Only variants whose names contain this
        #[arg(long, value_name = "TEXT")]
        only: Option<String>,
        /// The store of parts 3 and 4: auto, embedded, redis, or redis://HOST:PORT
        #[arg(long, value_name = "STORE", default_value = "auto")]
        store: StoreChoice,
    },
}

/// What to grade, and how.
#[derive(Debug, Clone, Args)]
struct PartArgs {
    /// Grades the course's own solution
    #[arg(long, conflicts_with = "submission")]
    solution: bool,
    /// Grades a copy of the exercise's folder that lies anywhere
    #[arg(long, value_name = "DIR")]
    submission: Option<PathBuf>,
    /// Grades only this problem; may be given several times
    #[arg(long = "problem", value_name = "N")]
    problems: Vec<u8>,
    /// Repeats the choices of an earlier run, which printed this number
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Runs everything this often, under one seed after the other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// The store of parts 3 and 4: auto, embedded, redis, or redis://HOST:PORT
    #[arg(long, value_name = "STORE", default_value = "auto")]
    store: StoreChoice,
    /// Prints the result as JSON
    #[arg(long)]
    json: bool,
    /// Also shows each step, and the compiler's warnings
    #[arg(short, long)]
    verbose: bool,
    /// How many scenarios run at once
    #[arg(long, value_name = "N", hide = true)]
    jobs: Option<usize>,
}

/// Runs the command line, and says how it went.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Standing {
    let matches = match command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => {
            // When not even that can be printed, nobody is listening.
            let _ = error.print();
            return if error.use_stderr() {
                Standing::CheckerFault
            } else {
                Standing::Passed
            };
        }
    };
    match run(&matches) {
        Ok(standing) => standing,
        Err(trouble) => {
            eprintln!("{} {trouble}", "error:".red().bold());
            Standing::CheckerFault
        }
    }
}

/// The whole command line: the parts of the manifest, then everything else.
fn command() -> clap::Command {
    let mut command = Cli::command();
    for (place, part) in PARTS.iter().enumerate() {
        let about = format!("Grades part {}, {}", part.number, part.title);
        // After the arguments: they bring a description of their own.
        let subcommand = PartArgs::augment_args(clap::Command::new(part.name))
            .about(about)
            .display_order(place);
        command = command.subcommand(subcommand);
    }
    command
}

fn run(matches: &clap::ArgMatches) -> Result<Standing> {
    if let Some((name, args)) = matches.subcommand()
        && let Some(part) = manifest::part(name)
    {
        let args = PartArgs::from_arg_matches(args).or_trouble(|| "read the command line")?;
        return grade_or_tell(&[part], args);
    }
    if matches.subcommand().is_none() {
        return watch::run(watch::WatchArgs::default());
    }
    match Other::from_arg_matches(matches).or_trouble(|| "read the command line")? {
        Other::All(args) => grade_or_tell(&PARTS.iter().collect::<Vec<_>>(), args),
        Other::Watch(args) => watch::run(args),
        Other::List(args) => list::run(args),
        Other::Hint(args) => hint::run(args),
        Other::Reset(args) => reset::run(args),
        Other::Diff(args) => diff::run(args),
        Other::Report(args) => report::run(args),
        Other::Logs(args) => logs::run(args),
        Other::Play(args) => play::run(args),
        Other::Update(args) => update::run(args),
        Other::Shell(args) => shell::run(args),
        Other::Doctor => asynchronously(doctor::examine()),
        Other::Store { port, store } => {
            asynchronously(store::serve(port, &store)).map(|()| Standing::Passed)
        }
        Other::Dev {
            command: Dev::Check { parts, only, store },
        } => {
            let course = course()?;
            asynchronously(dev::check(&course, &parts, only.as_deref(), &store))
        }
        Other::Guard { remove } => guard::main(remove).map(|()| Standing::Passed),
    }
}

/// Grades, and tells as JSON too what kept it from that, if JSON is what the reader expects.
fn grade_or_tell(parts: &[&'static Part], args: PartArgs) -> Result<Standing> {
    let json = args.json;
    match grade(parts, args) {
        Err(trouble) if json => {
            print_json(
                Standing::CheckerFault,
                &[],
                &[format!("The checker {trouble}.")],
            )?;
            Ok(Standing::CheckerFault)
        }
        graded => graded,
    }
}

fn print_json(standing: Standing, parts: &[PartReport], troubles: &[String]) -> Result<()> {
    let report = JsonReport {
        checker: env!("CARGO_PKG_VERSION"),
        standing,
        exit_code: standing.exit_code(),
        parts,
        troubles,
    };
    println!(
        "{}",
        serde_json::to_string_pretty(&report).or_trouble(|| "write the result as JSON")?
    );
    Ok(())
}

fn grade(parts: &[&'static Part], args: PartArgs) -> Result<Standing> {
    for part in parts {
        if let Some(unknown) = args
            .problems
            .iter()
            .find(|&&problem| part.problem(problem).is_none())
        {
            return Err(Trouble::new(format!(
                "could not find problem {unknown} in {}: its problems are 1 to {}",
                part.name,
                part.problems.len()
            )));
        }
    }
    let course = course()?;
    let graded = match (args.solution, args.submission) {
        (_, Some(folder)) => grading::submitted(folder)?,
        (true, None) => Graded::Solution,
        (false, None) => Graded::Exercise,
    };
    let order = Order {
        graded,
        problems: args.problems,
        seed: args.seed.map_or_else(seed::fresh, Ok)?,
        repeat: args.repeat,
        verbose: args.verbose && !args.json,
        jobs: args.jobs,
        store: args.store,
    };
    let progress = progress::fitting(args.json, args.verbose);
    asynchronously(grade_all(&course, parts, &order, args.json, &progress))
}

async fn grade_all(
    course: &Course,
    parts: &[&'static Part],
    order: &Order,
    json: bool,
    progress: &Arc<dyn Progress>,
) -> Result<Standing> {
    let mut reports: Vec<PartReport> = Vec::new();
    let mut troubles = Vec::new();
    for part in parts {
        match grading::grade(course, part, order, progress).await {
            Ok(report) => {
                if !json {
                    print!("{}", render(&report, command_name()));
                }
                reports.push(report);
            }
            Err(trouble) => {
                let trouble = format!("The checker {trouble}.");
                if !json {
                    eprintln!("{} {trouble}", "Checker fault.".magenta().bold());
                }
                troubles.push(trouble);
            }
        }
    }
    let fault = (!troubles.is_empty()).then_some(Standing::CheckerFault);
    let standing = Standing::worst(reports.iter().map(|report| report.standing).chain(fault));
    if json {
        print_json(standing, &reports, &troubles)?;
    }
    Ok(standing)
}

fn course() -> Result<Course> {
    let course = Course::here()?;
    if let Some(advice) = course.newer_than_checker() {
        eprintln!("{}", advice.yellow());
    }
    Ok(course)
}

fn asynchronously<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .or_trouble(|| "start its threads")?;
    runtime.block_on(work)
}
