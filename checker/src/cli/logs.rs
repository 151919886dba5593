//! `checker logs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use colored::Colorize;
use runtime::terminal::{note, visible};
use tokio::time::sleep;

use super::report::{find, first_readable, is_meant, outcome};
use grader::runs::Run;
use report::terminal::{print, print_on};
use testkit::guard::{Stream, monotonic_micros, unreadable_logs, written_lines};
use testkit::trace::Trace;
use testkit::trouble::{Result, Trouble};
use testkit::verdict::{Outcome, Standing};

/// The pause between two searches for new lines.
const LOOK: Duration = Duration::from_millis(200);

/// How long a line may still grow, in microseconds.
const GROWS: u64 = 300_000;

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct LogsArgs {
    /// The node, such as n2
    #[arg(required_unless_present = "list")]
    pub node: Option<String>,
    /// The run: its name, as `report --list` shows it; a part, for the last run of that part; or `play`,
    /// for the last session. If not given, the run in progress, or else the last
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// The scenario; the first that did not pass, if not given
    #[arg(long, value_name = "ID")]
    pub scenario: Option<String>,
    /// Lists the scenarios of the run, and the nodes that each had
    #[arg(long, conflicts_with_all = ["node", "follow", "scenario"])]
    pub list: bool,
    /// Only what it wrote to stderr, where its log goes
    #[arg(long, conflicts_with = "stdout")]
    pub stderr: bool,
    /// Only what it wrote to stdout
    #[arg(long)]
    pub stdout: bool,
    /// Follows the run until it ends; if none is in progress, waits for the next one
    #[arg(short, long)]
    pub follow: bool,
}

impl LogsArgs {
    fn streams(&self) -> &'static [Stream] {
        match (self.stdout, self.stderr) {
            (true, _) => &[Stream::Stdout],
            (_, true) => &[Stream::Stderr],
            _ => &[Stream::Stdout, Stream::Stderr],
        }
    }
}

/// Runs it.
pub(super) fn run(args: LogsArgs) -> Result<Standing> {
    let course = super::course()?;
    let runs = || Run::all(&course);
    if args.follow {
        super::asynchronously(follow(&args, runs))?;
    } else {
        let run = chosen(&runs(), args.run.as_deref())?;
        match &args.node {
            Some(node) => show(&args, node, &run)?,
            None => list(&run)?,
        }
    }
    Ok(Standing::Passed)
}

/// The newest run that is meant, even if it is in progress or was interrupted. Without a word, also a
/// session in progress: its user reads the logs in another window.
fn chosen(all: &[Run], wanted: Option<&str>) -> Result<Run> {
    let is_wanted = |run: &&Run| is_meant(run, wanted) || wanted.is_none() && run.goes_on();
    match first_readable(all.iter().filter(is_wanted))? {
        Some(run) => Ok(run.clone()),
        None => find(all, wanted),
    }
}

/// A folder in which the nodes of one try wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Try {
    scenario: String,
    folder: PathBuf,
}

impl Try {
    /// All tries of a run, in the order of their folders.
    fn all(run: &Run) -> Vec<Try> {
        let folders = |of: &Path| -> BTreeSet<PathBuf> {
            let entries = std::fs::read_dir(of).into_iter().flatten();
            let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
            paths.filter(|path| path.is_dir()).collect()
        };
        let tries = folders(run.path())
            .into_iter()
            .flat_map(|round| folders(&round));
        tries
            .filter_map(|folder| {
                let name = folder.file_name()?.to_string_lossy().into_owned();
                let (scenario, _) = name.rsplit_once('-')?;
                Some(Try {
                    scenario: scenario.to_owned(),
                    folder,
                })
            })
            .collect()
    }

    /// The nodes that wrote: by their short names, the names of their logs.
    fn nodes(&self) -> BTreeMap<String, String> {
        let mut nodes: BTreeMap<String, String> = BTreeMap::new();
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten();
        for entry in entries.flatten() {
            let file = entry.file_name().to_string_lossy().into_owned();
            let name = file
                .strip_suffix(".stdout.log")
                .or_else(|| file.strip_suffix(".stderr.log"));
            let Some(name) = name else { continue };
            let short = name.split('@').next().unwrap_or(name).to_owned();
            let known = nodes.entry(short).or_insert_with(|| name.to_owned());
            // Behind the name of a node that was started again stands how often.
            if name.len() < known.len() {
                name.clone_into(known);
            }
        }
        nodes
    }

    /// When the cluster began, on the clock of the logs.
    fn begun(&self, nodes: &BTreeMap<String, String>) -> u64 {
        let of_trace = Trace::read_all(&self.folder).first().and_then(|trace| {
            let last = trace.logs.last()?;
            let lines = written_lines(&self.folder, nodes.get(&last.node)?, last.stream);
            Some(lines.last()?.0.saturating_sub(last.at_us))
        });
        of_trace.unwrap_or_else(|| {
            let first = nodes.values().flat_map(|name| {
                [Stream::Stdout, Stream::Stderr]
                    .map(|stream| written_lines(&self.folder, name, stream))
                    .into_iter()
                    .filter_map(|lines| Some(lines.first()?.0))
            });
            first.min().unwrap_or(0)
        })
    }
}

/// A line, and when it was written.
struct Line {
    at: u64,
    stream: Stream,
    text: String,
}

fn lines(of: &Try, name: &str, streams: &[Stream]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for &stream in streams {
        let written = written_lines(&of.folder, name, stream);
        lines.extend(
            written
                .into_iter()
                .map(|(at, text)| Line { at, stream, text }),
        );
    }
    lines.sort_by_key(|line| line.at);
    lines
}

fn rendered(lines: &[Line], begun: u64) -> String {
    let mut text = String::new();
    for line in lines {
        let seconds = line.at.saturating_sub(begun) as f64 / 1e6;
        let mark = match line.stream {
            Stream::Stdout => "out",
            Stream::Stderr => "err",
        };
        let said = visible(&line.text).replace('\n', "\u{fffd}");
        let _ = writeln!(text, "{:>9.3} s  {}  {said}", seconds, mark.dimmed());
    }
    text
}

fn show(args: &LogsArgs, node: &str, run: &Run) -> Result<()> {
    let tries = Try::all(run);
    let (of, about) = if run.is_over() {
        let report = run.verdicts()?;
        let outcome = outcome(&report, args.scenario.as_deref())?;
        (try_of(run, &tries, outcome)?, about(outcome))
    } else {
        let of = going_on(&tries, args.scenario.as_deref())?;
        let about = match run.goes_on() {
            true => format!("{}, in a run that is still in progress", of.scenario),
            false => format!("{}, in a run that was interrupted", of.scenario),
        };
        (of, about)
    };
    let nodes = of.nodes();
    let name = name_of(&nodes, node, &of.scenario)?;
    let lines = lines(&of, name, args.streams());
    let unreadable = unreadable(&of, name, args.streams());
    let heading = format!("{node} in {about}");
    let mut text = format!("{}\n", heading.bold());
    if lines.is_empty() && unreadable.is_empty() {
        text.push_str("It wrote nothing there.\n");
    }
    text.push_str(&rendered(&lines, of.begun(&nodes)));
    text.push_str(&unreadable);
    print(&text)
}

/// What to tell about logs that are there and cannot be read, a sentence each.
fn unreadable(of: &Try, name: &str, streams: &[Stream]) -> String {
    let streams = streams.iter();
    let logs = streams.flat_map(|stream| unreadable_logs(&of.folder, name, *stream));
    logs.fold(String::new(), |mut text, (file, why)| {
        let _ = writeln!(text, "The log {} cannot be read: {why}.", file.display());
        text
    })
}

fn about(outcome: &Outcome) -> String {
    if outcome.problem == 0 {
        return format!("{}, seed {}", outcome.title, outcome.seed);
    }
    format!(
        "{} (problem {}: {}; {}, seed {})",
        outcome.scenario,
        outcome.problem,
        outcome.title,
        outcome.verdict.standing().word(),
        outcome.seed
    )
}

fn try_of(run: &Run, tries: &[Try], outcome: &Outcome) -> Result<Try> {
    let folder = outcome
        .folder
        .as_ref()
        .map(|folder| run.path().join(folder));
    let of = tries.iter().find(|of| Some(&of.folder) == folder.as_ref());
    of.cloned().ok_or_else(|| {
        Trouble::new(format!(
            "could not find logs of {}: it was not run",
            outcome.scenario
        ))
    })
}

/// The try of a run under way that is meant: the one of a scenario, or the one begun last.
fn going_on(tries: &[Try], scenario: Option<&str>) -> Result<Try> {
    let fits = |of: &&Try| scenario.is_none_or(|id| is_called(&of.scenario, id));
    let begun = |of: &&Try| {
        std::fs::metadata(&of.folder)
            .and_then(|meta| meta.modified())
            .ok()
    };
    tries
        .iter()
        .filter(fits)
        .max_by_key(begun)
        .cloned()
        .ok_or_else(|| {
            let what = scenario.unwrap_or("a scenario");
            Trouble::new(format!(
                "could not find {what} in the run so far: it has not begun"
            ))
        })
}

/// Whether a scenario is meant by a name, which may leave its part out.
fn is_called(scenario: &str, name: &str) -> bool {
    scenario == name
        || scenario
            .split_once('-')
            .is_some_and(|(_, short)| short == name)
}

fn name_of<'n>(
    nodes: &'n BTreeMap<String, String>,
    node: &str,
    scenario: &str,
) -> Result<&'n String> {
    let short = node.split('@').next().unwrap_or(node);
    nodes.get(short).ok_or_else(|| {
        let known: Vec<&str> = nodes.keys().map(String::as_str).collect();
        Trouble::new(format!(
            "could not find what {node} wrote in {scenario}: its nodes are {}",
            known.join(", ")
        ))
    })
}

fn list(run: &Run) -> Result<()> {
    let tries = Try::all(run);
    let mut text = format!("{}\n", run.name().bold());
    let mut line = |of: &Try, word: &str| {
        let nodes: Vec<String> = of.nodes().into_keys().collect();
        let _ = writeln!(text, "  {word:<13}  {}: {}", of.scenario, nodes.join(" "));
    };
    if run.is_over() {
        let report = run.verdicts()?;
        for outcome in report.problems.iter().flat_map(|problem| &problem.outcomes) {
            if let Ok(of) = try_of(run, &tries, outcome) {
                line(&of, outcome.verdict.standing().word());
            }
        }
    } else {
        let word = if run.goes_on() {
            "in progress"
        } else {
            "interrupted"
        };
        tries.iter().for_each(|of| line(of, word));
    }
    print(&text)
}

/// Shows what a node writes in all scenarios, until the run ends.
async fn follow(args: &LogsArgs, runs: impl Fn() -> Vec<Run>) -> Result<()> {
    let node = args.node.as_deref().unwrap_or_default();
    let run = match args.run.as_deref() {
        Some(name) => chosen(&runs(), Some(name))?,
        None => next(runs).await,
    };
    let mut followed = Followed {
        args,
        node,
        printed: BTreeMap::new(),
        last: None,
        is_read: true,
    };
    loop {
        // Asked before looking: what came until then is printed, and nothing comes later.
        let over = run.is_over() && !run.goes_on();
        followed.look(&run, over)?;
        if !followed.is_read {
            return Ok(());
        }
        if over {
            note(format_args!(
                "The run has ended; `checker report` shows it."
            ));
            return Ok(());
        }
        if !run.goes_on() && !run.is_over() {
            note(format_args!("The run was interrupted."));
            return Ok(());
        }
        sleep(LOOK).await;
    }
}

/// The run that goes on, or else the next one that begins.
async fn next(runs: impl Fn() -> Vec<Run>) -> Run {
    let before = runs().into_iter().next();
    match before {
        Some(run) if run.goes_on() => return run,
        _ => note(format_args!(
            "No run is in progress; waiting for the next one. Ctrl-C ends this."
        )),
    }
    loop {
        sleep(LOOK).await;
        if let Some(run) = runs().into_iter().next()
            && before.as_ref() != Some(&run)
        {
            return run;
        }
    }
}

struct Followed<'a> {
    args: &'a LogsArgs,
    node: &'a str,
    /// How many lines of each try and stream are out.
    printed: BTreeMap<(Try, &'static str), usize>,
    last: Option<Try>,
    /// Whether a reader is still there.
    is_read: bool,
}

impl Followed<'_> {
    /// Prints what is new.
    fn look(&mut self, run: &Run, over: bool) -> Result<()> {
        let wanted = |of: &Try| {
            let only = self.args.scenario.as_deref();
            only.is_none_or(|id| is_called(&of.scenario, id))
        };
        let tries: Vec<Try> = Try::all(run).into_iter().filter(wanted).collect();
        for of in tries {
            let nodes = of.nodes();
            let short = self.node.split('@').next().unwrap_or(self.node);
            let Some(name) = nodes.get(short) else {
                continue;
            };
            let mut new = Vec::new();
            for &stream in self.args.streams() {
                let key = match stream {
                    Stream::Stdout => "out",
                    Stream::Stderr => "err",
                };
                let printed = self.printed.entry((of.clone(), key)).or_default();
                let mut lines = lines(&of, name, &[stream]);
                if !over && lines.last().is_some_and(may_grow) {
                    lines.pop();
                }
                let before = (*printed).min(lines.len());
                *printed = lines.len().max(*printed);
                new.extend(lines.drain(before..));
            }
            if new.is_empty() {
                continue;
            }
            new.sort_by_key(|line| line.at);
            let mut text = String::new();
            if self.last.as_ref() != Some(&of) {
                let _ = writeln!(text, "{}", format!("{short} in {}", of.scenario).bold());
            }
            text.push_str(&rendered(&new, of.begun(&nodes)));
            self.is_read = print_on(&text)?;
            self.last = Some(of);
        }
        Ok(())
    }
}

fn may_grow(line: &Line) -> bool {
    monotonic_micros().saturating_sub(line.at) < GROWS
}
