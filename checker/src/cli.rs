//! The command line.

mod diff;
mod explore;
mod grade;
mod hint;
mod list;
mod logs;
mod platform;
mod play;
mod question;
mod report;
mod reset;
mod shell;
mod update;
mod watch;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueHint};
use colored::Colorize;

use crate::grading::{self, Explore, Order, Worlds};
use crate::journal::Journal;
use crate::manifest::{self, PARTS};
use ::report::json::{self, JsonReport};
use ::report::stream::Stream;
use ::report::terminal::{command_name, print, print_for_programs, render};
use ::report::words::wrap;
use ::report::{junit, progress};
use grader::course::Course;
use grader::part_report::{Graded, PartReport};
use grader::progress::Progress;
use grader::whole_file::ResultFile;
use testkit::interrupt::Interrupt;
use testkit::isolation::{self, Isolation, IsolationChoice};
use testkit::part::Part;
use testkit::screen::width;
use testkit::store::{self, StoreChoice};
use testkit::trouble::{Result, Trouble, While};
use testkit::verdict::{Standing, World};
use testkit::{guard, seed};

use crate::doctor;
use grader::dev::mutate::MutateOrder;
use grader::dev::new_part::NewPart;
use grader::{dev, stubs};
use runtime::terminal::note;

const EXIT_CODES: &str = "\
Exit codes:
  0  passed: every problem that counts is solved
  1  failed: a claim did not hold, or the code does not compile
  2  inconclusive: a fault had no effect, or the machine was too slow to tell
  3  not written: a gap is not filled yet
  4  checker fault: the checker itself failed, or its command line was wrong
If several apply, 4 comes before 1, 1 before 2, and 2 before 3. Optional problems do not count,
unless --problem names them.";

/// How long remaining tasks may take to end after the last output.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// Grades the exercises of Distributed Systems Training in Rust: starts real clusters of your
/// code, breaks them, and explains what it sees.
#[derive(Debug, Parser)]
#[command(name = "checker", version, after_help = EXIT_CODES, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Other>,
    /// Whether to use colors; `auto` does at a terminal, unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        display_order = 900
    )]
    color: clap::ColorChoice,
}

/// The commands that are not parts; those come from the manifest.
#[derive(Debug, Subcommand)]
enum Other {
    /// Grades all parts, one after another
    #[command(display_order = 50)]
    All(PartArgs),
    /// Grades your current problem each time you save; so does `checker` alone
    #[command(display_order = 51)]
    Watch(watch::WatchArgs),
    /// Lists the parts and their problems, with your results
    #[command(display_order = 52)]
    List(list::ListArgs),
    /// Shows the next hint for your current problem, or for another
    #[command(display_order = 53)]
    Hint(hint::HintArgs),
    /// Restores the stub of one problem or of a whole part
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
    /// Looks for stories that break your code, or replays one
    #[command(display_order = 59)]
    Explore(explore::ExploreArgs),
    /// Gets a newer version of the course, and keeps what you wrote
    #[command(display_order = 60)]
    Update(update::UpdateArgs),
    /// Checks whether this machine can run the course, and says what to repair
    #[command(display_order = 61)]
    Doctor,
    /// Runs a store for nodes that you start by hand, until Ctrl-C
    #[command(display_order = 62)]
    Store {
        /// The port to listen on, on 127.0.0.1; 0 takes any free port
        #[arg(long, value_name = "PORT", default_value_t = 6379)]
        port: u16,
        /// What to run: auto, embedded or redis
        #[arg(long, value_name = "STORE", default_value = "auto")]
        store: StoreChoice,
    },
    /// Grades a folder of submissions: marks, feedback, and a page of the class
    #[command(display_order = 63)]
    Grade(Box<grade::GradeArgs>),
    /// Grades one submission for a course platform, in its format
    #[command(display_order = 64)]
    Platform(Box<platform::PlatformArgs>),
    /// Writes completions for a shell, or the manual page
    #[command(display_order = 65)]
    Shell(shell::ShellArgs),
    /// For authors of the course
    #[command(display_order = 66)]
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
        /// Looks after the terminal that is its stdout, instead of processes
        #[arg(long, conflicts_with = "remove")]
        terminal: bool,
        /// Tries whether a submission can be isolated with a network of its own, and ends
        #[arg(long, conflicts_with_all = ["remove", "terminal"])]
        network: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Dev {
    /// Checks the checker: wrong programs must fail, right ones must pass
    Check {
        /// Only this part; may be given several times
        #[arg(long = "part", value_name = "PART", value_parser = question::part_number)]
        parts: Vec<u8>,
        /// Only variants whose names contain this
        #[arg(long, value_name = "TEXT")]
        only: Option<String>,
        /// Saves the failures of near-misses and their traces in this folder, for `diagnose`
        #[arg(long, value_name = "DIR")]
        cases: Option<PathBuf>,
        /// The store of parts 3 and 4: auto, embedded, redis, or redis://HOST:PORT
        #[arg(long, value_name = "STORE", default_value = "auto")]
        store: StoreChoice,
        /// Repeats the decisions of an earlier check: who is hit, how many pings are sent
        #[arg(long, value_name = "NUMBER")]
        seed: Option<u64>,
        /// Where the variants run: processes or simulated; if not given, in both worlds
        #[arg(long, value_name = "WORLD")]
        world: Option<World>,
        /// With how many seeds a near-miss is simulated, at most, until it is rejected
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
        seeds: u64,
        /// Runs all variants on processes, not only right programs and the quarter that the seed says
        #[arg(long)]
        all: bool,
    },
    /// Grades mechanical mutants of a part's solution, and shows those that pass
    Mutate {
        /// The part, such as part1
        part: String,
        /// Grades only by this problem; may be given several times
        #[arg(long = "problem", value_name = "N")]
        problems: Vec<u8>,
        /// Only mutants whose description contains this: a file, a line, or the change
        #[arg(long, value_name = "TEXT")]
        only: Option<String>,
        /// Takes each Nth mutant; the seed selects the first one
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = sample)]
        sample: usize,
        /// The first seed of scenarios and explorations
        #[arg(long, value_name = "NUMBER", default_value_t = 1)]
        seed: u64,
        /// With how many seeds each scenario is simulated
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        seeds: u64,
        /// How many stories of each exploration; if not given, as many as take about 2 s
        #[arg(long, value_name = "N")]
        explore: Option<u64>,
    },
    /// Shows the diagnosis of each failure that `check --cases DIR` has saved
    Diagnose {
        /// The folder
        cases: PathBuf,
    },
    /// Copies the exercises into checker/stubs, where `reset` finds them
    Stubs,
    /// Creates a new part, which passes `check` at once; see docs/AUTHORING.md
    New {
        /// Its number and its name, such as part5_lock_service
        name: String,
        /// Its title; if not given, it is derived from the name
        #[arg(long, value_name = "TITLE")]
        title: Option<String>,
    },
}

/// How many mutants there are for each that is taken.
fn sample(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(sample @ 1..) => Ok(sample),
        _ => Err("it must be a number, 1 or more".to_owned()),
    }
}

/// What to grade, and how.
#[derive(Debug, Clone, Args)]
struct PartArgs {
    /// Grades the course's own solution
    #[arg(long, conflicts_with = "submission")]
    solution: bool,
    /// Grades a copy of the exercise's folder, anywhere
    #[arg(long, value_name = "DIR")]
    submission: Option<PathBuf>,
    /// Grades only this problem; may be given several times
    #[arg(long = "problem", value_name = "N")]
    problems: Vec<u8>,
    /// Repeats the choices of an earlier run, which printed this number
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Runs everything this many times, each time with the next seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Where the nodes run: processes, simulated (in one process, in virtual time), or both. A submission
    /// runs on processes only
    #[arg(
        long,
        value_name = "WORLD",
        default_value = "both",
        conflicts_with = "submission"
    )]
    world: Worlds,
    /// How many times each scenario is simulated, each time with another seed; if not given, as many as
    /// take about 3 s
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: Option<u64>,
    /// How many random stories are simulated for each problem that passed, or off; if not given, as many
    /// as take about 2 s
    #[arg(long, value_name = "N")]
    explore: Option<Explore>,
    /// The store of parts 3 and 4: auto, embedded, redis, or redis://HOST:PORT
    #[arg(long, value_name = "STORE", default_value = "auto")]
    store: StoreChoice,
    /// Whether bubblewrap isolates a submission: auto (where it is installed), required or off
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        requires = "submission"
    )]
    isolation: IsolationChoice,
    /// Prints the result as JSON, see docs/JSON.md
    #[arg(long)]
    json: bool,
    /// Prints each event when it happens, as JSON, one per line
    #[arg(long, conflicts_with = "json")]
    stream: bool,
    /// Also writes the result as JSON to a file, after each scenario
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    json_file: Option<PathBuf>,
    /// Also writes the result as JUnit XML, for a course platform
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    junit: Option<PathBuf>,
    /// Also shows each step, and the compiler's warnings
    #[arg(short, long)]
    verbose: bool,
}

impl PartArgs {
    /// What is graded if no flag is given.
    fn plain() -> PartArgs {
        PartArgs {
            solution: false,
            submission: None,
            problems: Vec::new(),
            seed: None,
            repeat: 1,
            world: Worlds::Both,
            seeds: None,
            explore: None,
            store: StoreChoice::Auto,
            isolation: IsolationChoice::Auto,
            json: false,
            stream: false,
            json_file: None,
            junit: None,
            verbose: false,
        }
    }
}

/// Runs the command line, and says how it went.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Standing {
    let args: Vec<OsString> = args.into_iter().collect();
    let color = color_wanted(&args);
    use_colors(color);
    let matches = match command().color(color).try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(mut error) => {
            nearest_first(&mut error);
            if let Err(unprinted) = error.print()
                && unprinted.kind() != ErrorKind::BrokenPipe
            {
                complain(format_args!("could not write to stdout: {unprinted}"));
                return Standing::CheckerFault;
            }
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
            complain(trouble);
            Standing::CheckerFault
        }
    }
}

/// Names the command first that begins most like what was typed: `part1` for `pat1`.
fn nearest_first(error: &mut clap::Error) {
    use clap::error::{ContextKind, ContextValue};
    let (Some(ContextValue::String(typed)), Some(ContextValue::Strings(similar))) = (
        error.get(ContextKind::InvalidSubcommand),
        error.get(ContextKind::SuggestedSubcommand),
    ) else {
        return;
    };
    let shared = |command: &String| {
        let letters = typed.chars().zip(command.chars());
        letters.take_while(|(one, other)| one == other).count()
    };
    let mut similar = similar.clone();
    similar.sort_by_key(|command| std::cmp::Reverse(shared(command)));
    error.insert(
        ContextKind::SuggestedSubcommand,
        ContextValue::Strings(similar),
    );
}

/// Tells a person what kept the checker from its work.
fn complain(trouble: impl std::fmt::Display) {
    use std::io::IsTerminal;
    let text = format!("error: {trouble}");
    // A terminal would break it within words; a program may look for it in a line.
    let text = match std::io::stderr().is_terminal() {
        true => wrap(&text, width()).join("\n"),
        false => text,
    };
    let text = text.replacen("error:", &"error:".red().bold().to_string(), 1);
    note(text);
}

/// What `--color` says. It is looked for before everything else, as it is also about how mistakes
/// on the command line are told.
fn color_wanted(args: &[OsString]) -> clap::ColorChoice {
    let mut args = args.iter().map(|arg| arg.to_string_lossy());
    let mut wanted = clap::ColorChoice::Auto;
    while let Some(arg) = args.next() {
        let value = match arg.split_once('=') {
            Some(("--color", value)) => Some(value.to_owned()),
            None if arg == "--color" => args.next().map(|value| value.into_owned()),
            None if arg == "--" => break,
            _ => None,
        };
        // What is no choice at all is refused where the command line is read.
        if let Some(choice) = value.and_then(|value| value.parse().ok()) {
            wanted = choice;
        }
    }
    wanted
}

/// Switches colors on or off, wherever the checker uses them.
fn use_colors(wanted: clap::ColorChoice) {
    use std::io::IsTerminal;
    match wanted {
        clap::ColorChoice::Always => colored::control::set_override(true),
        clap::ColorChoice::Never => colored::control::set_override(false),
        // What goes on is told on stderr, what came of it on stdout.
        clap::ColorChoice::Auto => {
            let terminals = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
            if !terminals && std::env::var_os("CLICOLOR_FORCE").is_none() {
                colored::control::set_override(false);
            }
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
        Other::Explore(args) => {
            let (part, args) = args.settle()?;
            grade_or_tell(&[part], args)
        }
        Other::Update(args) => update::run(args),
        Other::Grade(args) => grade::run(*args),
        Other::Platform(args) => platform::run(*args),
        Other::Shell(args) => shell::run(args),
        Other::Doctor => asynchronously(doctor::examine()),
        Other::Store { port, store } => {
            asynchronously(store::serve(port, &store, tell_of_store)).map(|()| Standing::Passed)
        }
        Other::Dev {
            command:
                Dev::Check {
                    parts,
                    only,
                    cases,
                    store,
                    seed,
                    world,
                    seeds,
                    all,
                },
        } => {
            store.check()?;
            let course = course()?;
            let order = dev::Order {
                only,
                store,
                cases,
                seed: seed.map_or_else(seed::fresh, Ok)?,
                world,
                seeds,
                all,
            };
            let is_wanted = |part: &&Part| parts.is_empty() || parts.contains(&part.number);
            let parts: Vec<&Part> = PARTS.iter().filter(is_wanted).collect();
            let checked = dev::check(&course, &parts, &order);
            asynchronously(until_interrupted(checked))
        }
        Other::Dev {
            command:
                Dev::Mutate {
                    part,
                    problems,
                    only,
                    sample,
                    seed,
                    seeds,
                    explore,
                },
        } => {
            let (course, part) = (course()?, question::part(&part)?);
            let order = MutateOrder {
                problems,
                only,
                sample,
                seed,
                seeds,
                schedules: explore,
            };
            let mutated = dev::mutate::mutate(&course, part, &order);
            asynchronously(until_interrupted(mutated))
        }
        Other::Dev {
            command: Dev::Stubs,
        } => stubs::renew(&course()?, &PARTS).map(|()| Standing::Passed),
        Other::Dev {
            command: Dev::New { name, title },
        } => {
            let part = NewPart::named(&name, title.as_deref())?;
            let course = course()?;
            asynchronously(until_interrupted(lay_out(&course, &part)))
        }
        Other::Dev {
            command: Dev::Diagnose { cases },
        } => dev::cases::replay(&course()?, &PARTS, &cases),
        Other::Guard { network: true, .. } => {
            isolation::enter_and_try_bubblewrap().map(|()| Standing::Passed)
        }
        Other::Guard {
            remove, terminal, ..
        } => guard::main(remove, terminal).map(|()| Standing::Passed),
    }
}

/// Where the result goes.
#[derive(Clone)]
enum Told {
    /// To people, at the terminal.
    People,
    /// To a program, all at once.
    Json,
    /// To a program, as it comes.
    Stream(Arc<Stream>),
}

impl Told {
    fn part_begun(&self, part: &'static Part) {
        if let Told::Stream(stream) = self {
            stream.part_begun(part.name);
        }
    }

    fn part_ended(&self, report: &PartReport) -> Result<()> {
        match self {
            Told::People => print(render(report, &PARTS, command_name())),
            Told::Json => Ok(()),
            Told::Stream(stream) => {
                stream.part_ended(report);
                Ok(())
            }
        }
    }

    fn trouble(&self, trouble: &str) {
        match self {
            Told::People => note(format_args!(
                "{} {trouble}",
                "Checker fault.".magenta().bold()
            )),
            Told::Json => {}
            Told::Stream(stream) => stream.trouble(trouble),
        }
    }

    fn end(&self, standing: Standing, parts: &[PartReport], troubles: &[String]) -> Result<()> {
        let report = JsonReport::new(standing, parts, troubles);
        match self {
            Told::People => Ok(()),
            Told::Json => print_for_programs(&json::pretty(&report)?),
            Told::Stream(stream) => {
                stream.end(&report);
                Ok(())
            }
        }
    }
}

/// The files that a result goes to, beside what is printed.
#[derive(Default)]
struct Files {
    json: Option<ResultFile>,
    junit: Option<ResultFile>,
}

impl Files {
    /// Looks whether the files can be written. Now, and not when all is done: a folder that is not there
    /// is soon made.
    fn open(&mut self, json: Option<PathBuf>, junit: Option<PathBuf>) -> Result<()> {
        self.json = json.map(ResultFile::at).transpose()?;
        let junit = junit.map(ResultFile::at).transpose()?;
        if let (Some(json), Some(junit)) = (&self.json, &junit)
            && json.is_same_file(junit)
        {
            return Err(Trouble::new(
                "could not write both results to one file; give --json-file and --junit a file each",
            ));
        }
        self.junit = junit;
        Ok(())
    }

    /// What is known while the run goes on. What cannot be written then is told in the end.
    fn write_so_far(&self, standing: Standing, parts: &[PartReport], troubles: &[String]) {
        if let Some(file) = &self.json {
            let json = json::pretty(&JsonReport::new(standing, parts, troubles));
            let _ = json.and_then(|json| file.write_so_far(&json));
        }
        if let Some(file) = &self.junit {
            let xml = junit::xml(parts, troubles);
            let _ = xml.and_then(|xml| file.write_so_far(&xml));
        }
    }

    fn write(&self, standing: Standing, parts: &[PartReport], troubles: &[String]) -> Result<()> {
        if let Some(file) = &self.json {
            file.write(&json::pretty(&JsonReport::new(standing, parts, troubles))?)?;
        }
        if let Some(file) = &self.junit {
            file.write(&junit::xml(parts, troubles)?)?;
        }
        Ok(())
    }
}

/// Grades, and tells a program too what kept it from that, if a program listens.
fn grade_or_tell(parts: &[&'static Part], mut args: PartArgs) -> Result<Standing> {
    let told = if args.stream {
        Told::Stream(Arc::new(Stream::to(std::io::stdout())))
    } else if args.json {
        Told::Json
    } else {
        Told::People
    };
    if args.junit.as_deref() == Some(Path::new("-")) {
        return Err(Trouble::new(
            "could not write JUnit XML to stdout, where the report goes; name a file (./- is one called -)",
        ));
    }
    let mut files = Files::default();
    let opened = files.open(args.json_file.take(), args.junit.take());
    let graded = opened.and_then(|()| grade(parts, args, &told, &files));
    let Err(trouble) = graded else {
        return graded;
    };
    let troubles = [format!("The checker {trouble}.")];
    // Also to those files that can be written, if it is about another.
    let _ = files.write(Standing::CheckerFault, &[], &troubles);
    if matches!(told, Told::People) {
        return Err(trouble);
    }
    told.trouble(&troubles[0]);
    told.end(Standing::CheckerFault, &[], &troubles)?;
    Ok(Standing::CheckerFault)
}

fn grade(parts: &[&'static Part], args: PartArgs, told: &Told, files: &Files) -> Result<Standing> {
    for part in parts {
        for &number in &args.problems {
            question::problem(part, number)?;
        }
    }
    args.store.check()?;
    let course = course()?;
    let graded = match (args.solution, args.submission) {
        (_, Some(folder)) => grading::submitted(folder)?,
        (true, None) => Graded::Solution,
        (false, None) => Graded::Exercise,
    };
    // No thread is running yet.
    let isolation = match &graded {
        Graded::Submission(_) => args.isolation.settle()?,
        Graded::Exercise | Graded::Solution => Isolation::Off,
    };
    let store = match &isolation {
        Isolation::Bubblewrap => args.store.of_the_run()?,
        _ => args.store,
    };
    let worlds = match &graded {
        // In a simulation it would share a process with its judge.
        Graded::Submission(_) => Worlds::Only(World::Processes),
        Graded::Exercise | Graded::Solution => args.world,
    };
    let first_simulated = args.seed.unwrap_or(grading::FIRST_SIMULATED);
    let order = Order {
        graded,
        problems: args.problems,
        seed: match (args.seed, worlds) {
            (Some(seed), _) => seed,
            (None, Worlds::Only(World::Simulated)) => first_simulated,
            (None, _) => seed::fresh()?,
        },
        repeat: args.repeat,
        verbose: args.verbose && matches!(told, Told::People),
        store,
        isolation,
        worlds,
        first_simulated,
        seeds: args.seeds,
        explore: args.explore.unwrap_or(Explore::Passed(None)),
    };
    let progress: Arc<dyn Progress> = match told {
        Told::Stream(stream) => Arc::clone(stream) as Arc<dyn Progress>,
        Told::Json => progress::fitting(true, args.verbose),
        Told::People => progress::fitting(false, args.verbose),
    };
    asynchronously(async {
        let (interrupter, interrupt) = Interrupt::new();
        interrupter.listen_to_signals()?;
        let graded = grade_all(&course, parts, &order, told, files, &progress, &interrupt);
        let unheard = async {
            if let Told::Stream(stream) = told {
                stream.closed().await;
                // Nobody needs the rest of the run.
                interrupter.raise("ended, because nothing reads the stream any longer");
            }
            std::future::pending().await
        };
        let standing = tokio::select! {
            graded = graded => graded?,
            () = unheard => Standing::CheckerFault,
            () = interrupt.raised_again() => Standing::Inconclusive,
        };
        if let Told::Stream(stream) = told
            && stream.is_closed()
        {
            match stream.closed().await {
                Some(why) => complain(format_args!("could not write to stdout: {why}")),
                None => note("The run was ended, because nothing reads the stream any longer."),
            }
            return Ok(Standing::CheckerFault);
        }
        if let Some(why) = interrupt.why() {
            note(format_args!("The run was {why}."));
        }
        Ok(standing)
    })
}

async fn grade_all(
    course: &Course,
    parts: &[&'static Part],
    order: &Order,
    told: &Told,
    files: &Files,
    progress: &Arc<dyn Progress>,
    interrupt: &Interrupt,
) -> Result<Standing> {
    let mut reports: Vec<PartReport> = Vec::new();
    let mut troubles = Vec::new();
    let mut unprinted = None;
    let give_up = |trouble: Trouble, troubles: &mut Vec<String>| {
        let trouble = format!("The checker {trouble}.");
        told.trouble(&trouble);
        troubles.push(trouble);
    };
    for (place, part) in parts.iter().enumerate() {
        let rest = &parts[place + 1..];
        let so_far = |report: &PartReport| {
            let rest = rest
                .iter()
                .map(|part| grading::not_begun(part, order, "it has not been run yet"));
            let reports: Vec<PartReport> = reports
                .iter()
                .cloned()
                .chain([report.clone()])
                .chain(rest)
                .collect();
            files.write_so_far(standing(&reports, &troubles), &reports, &troubles);
        };
        told.part_begun(part);
        let graded = match interrupt.why() {
            Some(why) => Ok(grading::not_begun(part, order, &why)),
            None => grading::grade(course, part, order, progress, interrupt, &so_far).await,
        };
        match graded {
            Ok(report) => {
                so_far(&report);
                // The other parts are graded, and files written, though this cannot be printed.
                unprinted = told.part_ended(&report).err().or(unprinted);
                reports.push(report);
            }
            Err(trouble) => give_up(trouble, &mut troubles),
        }
    }
    let mut standing = standing(&reports, &troubles);
    if let Err(trouble) = files.write(standing, &reports, &troubles) {
        give_up(trouble, &mut troubles);
        standing = Standing::CheckerFault;
    }
    told.end(standing, &reports, &troubles)?;
    unprinted.map_or(Ok(standing), Err)
}

/// The word for all parts.
fn standing(reports: &[PartReport], troubles: &[String]) -> Standing {
    let fault = (!troubles.is_empty()).then_some(Standing::CheckerFault);
    Standing::worst(reports.iter().map(|report| report.standing).chain(fault))
}

async fn lay_out(course: &Course, part: &NewPart) -> Result<Standing> {
    let files = part.lay_out(course).await?;
    print(format_args!(
        "{} is laid out, in {files} files. docs/AUTHORING.md says what each is for. To check the part as it is:\n  \
         cargo checker dev check --part {}\n",
        part.folder(),
        part.number()
    ))?;
    Ok(Standing::Passed)
}

fn course() -> Result<Course> {
    let course = Course::here()?;
    Journal::take_back(&course);
    if let Some(advice) = course.newer_than_checker() {
        note(format_args!("{}", advice.yellow()));
    }
    Ok(course)
}

/// Works until it is done, or until a signal ends it. Then all that it has begun is ended at once.
async fn until_interrupted(work: impl Future<Output = Result<Standing>>) -> Result<Standing> {
    let (interrupter, interrupt) = Interrupt::new();
    interrupter.listen_to_signals()?;
    let why = tokio::select! {
        done = work => return done,
        why = interrupt.raised() => why,
    };
    guard::all_ended().await?;
    note(format_args!(
        "The check was {why}. It has no result, and it left no process running."
    ));
    Ok(Standing::Inconclusive)
}

fn asynchronously<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .or_trouble(|| "start its threads")?;
    let done = runtime.block_on(work);
    // What does not end by itself must not keep the process.
    runtime.shutdown_timeout(SHUTDOWN);
    done
}

fn tell_of_store(about: &str, at: SocketAddr) -> Result<()> {
    print(format_args!(
        "The store is {about}, at redis://{at}\n\
         A node uses it with `--store redis://{at}`. Ctrl-C ends it, and what it holds is gone.\n"
    ))
}
