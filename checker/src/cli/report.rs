//! `checker report`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use colored::Colorize;

use crate::manifest::{self, PARTS};
use grader::part_report::{Graded, PartReport};
use grader::runs::{KEPT, Run};
use grader::whole_file;
use report::terminal::{print, print_for_programs};
use report::{json, page};
use runtime::terminal::note;
use testkit::plain_file::{self, MAX_OWN};
use testkit::trouble::{Result, Trouble, While};
use testkit::verdict::{Outcome, Standing};

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The run: its name, as --list shows it; a part, for the last run of that part; or `play`, for the
    /// last session. If not given, the last run that graded something
    pub run: Option<String>,
    /// Opens the page in a browser
    #[arg(long, conflicts_with_all = ["list", "format", "output"])]
    pub open: bool,
    /// Lists the runs that are kept, or those of a part, the newest first
    #[arg(long, conflicts_with_all = ["format", "output", "scenario"])]
    pub list: bool,
    /// Writes the report: html is the page, json is all that is known
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// The one scenario that is written as JSON; all, if not given
    #[arg(long, value_name = "ID", requires = "format")]
    pub scenario: Option<String>,
    /// Where to write it; to the terminal, if not given
    #[arg(long, value_name = "FILE", requires = "format", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}

/// What a run can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// The page, with all scenarios
    Html,
    /// All that is known, for programs; of all scenarios, unless one is chosen
    Json,
}

/// Runs it.
pub(super) fn run(args: ReportArgs) -> Result<Standing> {
    let course = super::course()?;
    let wanted = args.run.as_deref();
    if args.list {
        list(&Run::all(&course), wanted)?;
        return Ok(Standing::Passed);
    }
    let run = find(&Run::all(&course), wanted)?;
    let report = run.verdicts()?;
    match args.format {
        None => show_page(&run, &report, args.open)?,
        Some(format) => {
            let text = written(&run, &report, format, args.scenario.as_deref())?;
            match &args.output {
                Some(file) if file != "-" => whole_file::write(file, text)?,
                _ => print_for_programs(&text)?,
            }
        }
    }
    Ok(Standing::Passed)
}

/// The finished run that is meant: the one of a name, or the newest that [`is_meant`].
pub(super) fn find(all: &[Run], wanted: Option<&str>) -> Result<Run> {
    let meant = || all.iter().filter(|run| is_meant(run, wanted));
    match (
        first_readable(meant().filter(|run| run.is_over()))?,
        meant().next(),
    ) {
        (Some(run), _) => Ok(run.clone()),
        (None, Some(run)) => Err(not_over(run)),
        (None, None) => Err(not_there(wanted)),
    }
}

/// The first of some runs; a finished one whose verdicts cannot be read is passed over, which
/// is said.
///
/// # Errors
/// When none of those that there are can be read.
pub(super) fn first_readable<'r>(runs: impl Iterator<Item = &'r Run>) -> Result<Option<&'r Run>> {
    let mut passed_over = None;
    for run in runs {
        match run.verdicts() {
            Err(trouble) if run.is_over() => {
                passed_over.get_or_insert(trouble);
            }
            _ => {
                if let Some(trouble) = passed_over {
                    note(format_args!(
                        "{} the checker {trouble}. So this report is of an earlier run, {}.",
                        "note:".yellow(),
                        run.name()
                    ));
                }
                return Ok(Some(run));
            }
        }
    }
    passed_over.map_or(Ok(None), Err)
}

/// Whether a run is one of those that are meant: of a name, of a part, or of a session. Without a
/// word, only runs that graded something are meant; a session must be asked for.
pub(super) fn is_meant(run: &Run, wanted: Option<&str>) -> bool {
    match wanted {
        None => !run.is_session(),
        Some("play") => run.is_session(),
        Some(wanted) => run.of() == wanted || run.name() == name_in(wanted),
    }
}

/// The name of a run; the path of its report names it as well.
fn name_in(path: &str) -> &str {
    let path = path.trim_end_matches("/report.html").trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

fn not_over(run: &Run) -> Trouble {
    let name = run.name();
    Trouble::new(match run.goes_on() {
        true => format!(
            "could not report on the run {name}: it is still in progress. `checker logs n1 --follow` shows what its nodes write"
        ),
        false => format!(
            "could not report on the run {name}: it was interrupted. `checker logs n1 --run {name}` shows what its nodes wrote until then"
        ),
    })
}

fn not_there(wanted: Option<&str>) -> Trouble {
    Trouble::new(match wanted {
        None => "could not find a run: run `checker part1` first, or another part".to_owned(),
        Some(session) if session.split('-').next() == Some("play") => {
            "could not find a session of `checker play`: typing `trace` in one keeps it".to_owned()
        }
        Some(part) if manifest::part(part).is_some() => {
            format!("could not find a run of {part}: run `checker {part}` first")
        }
        Some(name) => format!(
            "could not find the run {}: the newest {KEPT} are kept, and `checker report --list` lists them",
            name_in(name)
        ),
    })
}

fn list(all: &[Run], wanted: Option<&str>) -> Result<()> {
    let runs: Vec<&Run> = all
        .iter()
        .filter(|run| wanted.is_none() || is_meant(run, wanted))
        .collect();
    if runs.is_empty() && wanted.is_some() {
        return Err(not_there(wanted));
    }
    if runs.is_empty() {
        return print("No run is kept yet. `checker part1` makes one.\n");
    }
    let mut text = String::new();
    for run in runs {
        let detail = match run.verdicts() {
            _ if run.goes_on() && !run.is_over() => "in progress".dimmed().to_string(),
            Ok(report) => {
                let whose = match report.graded {
                    Graded::Exercise => "your code",
                    Graded::Solution => "the course's solution",
                    Graded::Submission(_) => "a submission",
                };
                let word = format!("{:<15}", report.word());
                let word = match report.is_played() {
                    true => word.normal(),
                    false => report::words::color(report.standing, &word),
                };
                let unfinished = if report.complete {
                    ""
                } else {
                    ", not finished"
                };
                format!("{word}  {whose}, seed {}{unfinished}", report.seed)
            }
            Err(_) if !run.is_over() => "interrupted".dimmed().to_string(),
            Err(_) => "cannot be read".dimmed().to_string(),
        };
        let _ = writeln!(text, "{}  {detail}", run.name());
    }
    print(&text)
}

fn show_page(run: &Run, report: &PartReport, open: bool) -> Result<()> {
    if !run.page().is_file() {
        page::write(run, report, &PARTS)?;
    }
    let page = run.page();
    if open && let Err(error) = opener::open_browser(&page) {
        note(format_args!(
            "{} no browser could be opened ({error}); open the file yourself:",
            "note:".yellow()
        ));
    }
    print(format_args!("{}\n", page.display()))
}

/// The scenario that is meant: the one of that id, or the first that failed, or the first.
pub(super) fn outcome<'r>(report: &'r PartReport, scenario: Option<&str>) -> Result<&'r Outcome> {
    let mut all = report.problems.iter().flat_map(|problem| &problem.outcomes);
    let worst_first = |outcomes: &mut dyn Iterator<Item = &'r Outcome>| {
        let mut outcomes: Vec<&Outcome> = outcomes.collect();
        outcomes.sort_by_key(|outcome| {
            let standing = match outcome.verdict.standing() {
                Standing::Failed => 0,
                Standing::CheckerFault | Standing::Inconclusive => 1,
                Standing::NotWritten => 2,
                Standing::Passed => 3,
            };
            // Of what was not run there is nothing to show.
            (outcome.folder.is_none(), standing)
        });
        outcomes.first().copied()
    };
    let Some(id) = scenario else {
        return worst_first(&mut all).ok_or_else(|| {
            Trouble::new(
                "could not choose a scenario of this run: nothing was run, as the report says",
            )
        });
    };
    let long = format!("{}-{id}", report.part);
    let mut named = all
        .clone()
        .filter(|outcome| outcome.scenario == id || outcome.scenario == long);
    worst_first(&mut named).ok_or_else(|| {
        let mut known: Vec<&str> = all.map(|outcome| outcome.scenario.as_str()).collect();
        known.dedup();
        Trouble::new(format!(
            "could not find a scenario {id} in this run: it has {}",
            known.join(", ")
        ))
    })
}

fn written(
    run: &Run,
    report: &PartReport,
    format: Format,
    scenario: Option<&str>,
) -> Result<String> {
    match format {
        Format::Html => {
            if !run.page().is_file() {
                page::write(run, report, &PARTS)?;
            }
            let page = run.page();
            plain_file::read_text(&page, MAX_OWN).or_trouble(|| format!("read {}", page.display()))
        }
        Format::Json => {
            let only = scenario.map(|id| outcome(report, Some(id))).transpose()?;
            json::run(run, report, only)
        }
    }
}
