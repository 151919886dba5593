//! What is shown while a run goes on. It goes to stderr: stdout is for the report.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use colored::Colorize;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use runtime::terminal::{note, showing, visible};

use super::words::{color, cut, sentence, wrap};
use grader::building::{self, Building};
use grader::progress::{Progress, Silent};
use testkit::scenario::Scenario;
use testkit::screen::columns;
use testkit::verdict::{Outcome, Verdict, World};

/// The progress that suits where stderr leads; none at all with `--json`.
pub fn fitting(json: bool, verbose: bool) -> Arc<dyn Progress> {
    if json {
        Arc::new(Silent)
    } else if std::io::stderr().is_terminal() {
        Arc::new(Spinners::new(verbose))
    } else {
        Arc::new(Lines { verbose })
    }
}

/// How wide lines for logs and pipes are.
const LOG_WIDTH: usize = 80;

/// The column where the text about a scenario begins, after the word.
const BEHIND_WORD: usize = 17;

/// A line whose text, behind its first columns, goes on below itself where it is too long for a log.
fn logged(first: &str, text: &str, indent: usize) -> String {
    let lines = wrap(text, LOG_WIDTH - indent);
    let below = format!("\n{:indent$}", "");
    format!("{first}{}", lines.join(&below))
}

/// The line that tells the outcome of a scenario, in a width, for which its title is cut; without one, on
/// more lines.
fn outcome_line(outcome: &Outcome, width: Option<usize>) -> String {
    let standing = outcome.verdict.standing();
    let repeats = match outcome.repeats.len() {
        0 => String::new(),
        1 => ", run twice".into(),
        _ => ", run three times".into(),
    };
    let gap = match &outcome.verdict {
        Verdict::NotWritten { gap } => format!(": {}", visible(gap)),
        _ => String::new(),
    };
    let begin = format!("problem {}: ", outcome.problem);
    let simulated = match (&outcome.verdict, outcome.world) {
        (Verdict::Failed(_), World::Simulated) => format!(", simulated, seed {}", outcome.seed),
        _ => String::new(),
    };
    let seconds = outcome.duration.as_secs_f64();
    let end = format!("{gap} ({seconds:.1} s{repeats}{simulated})");
    let taken = BEHIND_WORD + begin.chars().count() + end.chars().count();
    let word = color(standing, &format!("{:<13}", standing.word()));
    let word = format!("  {word}  ");
    let title = &outcome.title;
    match width {
        Some(width) => {
            let title = cut(title, width.saturating_sub(taken));
            format!("{word}{begin}{title}{end}")
        }
        None => logged(&word, &format!("{begin}{title}{end}"), BEHIND_WORD),
    }
}

/// Plain lines, one after the other, for logs and pipes.
pub struct Lines {
    /// Also the steps, and each package that is compiled.
    pub verbose: bool,
}

impl Progress for Lines {
    fn build_begun(&self, package: &str) {
        note(format_args!("Building {package} …"));
    }

    fn building(&self, what: &Building) {
        match what {
            Building::WaitingForLock => note(format_args!("{}", sentence(WAITING))),
            Building::Compiling(package) if self.verbose => {
                note(format_args!("  compiling {package}"))
            }
            Building::LockTaken | Building::Compiling(_) | Building::Progress(_) => {}
        }
    }

    fn build_ended(&self) {}

    fn begun(&self, scenario: &Scenario) {
        if self.verbose {
            let text = format!("problem {}: {}", scenario.problem, scenario.title);
            note(logged("  begun          ", &text, BEHIND_WORD));
        }
    }

    fn step(&self, scenario: &Scenario, step: &str) {
        if self.verbose {
            note(logged("    ", &format!("{}: {step}", scenario.id), 4));
        }
    }

    fn repeated(&self, scenario: &Scenario, why: &str) {
        let why = visible(&sentence(why));
        let text = format!("problem {}: {} ({why})", scenario.problem, scenario.title);
        note(logged("  run again      ", &text, BEHIND_WORD));
    }

    fn ended(&self, outcome: &Outcome) {
        note(format_args!("{}", outcome_line(outcome, None)));
    }
}

const WAITING: &str = "waiting for another cargo to end (perhaps an editor's)";

/// Where a build is, from what was heard of it.
#[derive(Debug, Default)]
pub struct BuildStage {
    package: String,
    waits: bool,
    compiling: Option<String>,
    far: Option<building::Progress>,
}

impl BuildStage {
    /// The build of a package begins.
    pub fn of(package: &str) -> BuildStage {
        BuildStage {
            package: package.to_owned(),
            ..BuildStage::default()
        }
    }

    /// Takes in what was heard.
    pub fn hear(&mut self, what: &Building) {
        match what {
            Building::WaitingForLock => self.waits = true,
            Building::LockTaken => self.waits = false,
            Building::Compiling(package) => self.compiling = Some(package.clone()),
            Building::Progress(far) => self.far = Some(far.clone()),
        }
    }

    /// In a line: how far, and what compiles.
    pub fn in_words(&self) -> String {
        let said = match (&self.far, &self.compiling) {
            _ if self.waits => WAITING.to_owned(),
            (Some(far), _) => {
                let now = match far.now.as_slice() {
                    [] => self.package.clone(),
                    now => now.join(", "),
                };
                format!("{} of {} built, now {now}", far.done, far.of)
            }
            (None, Some(package)) => format!("compiling {package}"),
            (None, None) => format!("building {}", self.package),
        };
        visible(&said)
    }
}

/// A spinner for everything in progress, at a terminal.
pub struct Spinners {
    verbose: bool,
    all: MultiProgress,
    build: Mutex<Option<(ProgressBar, BuildStage)>>,
    running: Mutex<BTreeMap<&'static str, ProgressBar>>,
}

impl Spinners {
    fn new(verbose: bool) -> Self {
        Spinners {
            verbose,
            all: MultiProgress::new(),
            build: Mutex::new(None),
            running: Mutex::new(BTreeMap::new()),
        }
    }

    fn spinner(&self, message: String) -> ProgressBar {
        let spinner = self.all.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {wide_msg}") {
            spinner.set_style(
                style.tick_strings(&["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", "·"]),
            );
        }
        spinner.set_message(message);
        spinner.enable_steady_tick(Duration::from_millis(120));
        spinner
    }

    fn line(&self, line: &str) {
        let _ = self.all.println(showing(line));
    }

    fn on_scenario(&self, scenario: &Scenario, change: impl FnOnce(&ProgressBar)) {
        if let Some(spinner) = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(scenario.id)
        {
            change(spinner);
        }
    }
}

impl Progress for Spinners {
    fn build_begun(&self, package: &str) {
        let stage = BuildStage::of(package);
        let spinner = self.spinner(stage.in_words());
        *self.build.lock().unwrap_or_else(PoisonError::into_inner) = Some((spinner, stage));
    }

    fn building(&self, what: &Building) {
        let mut build = self.build.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((spinner, stage)) = build.as_mut() {
            stage.hear(what);
            spinner.set_message(stage.in_words());
        }
    }

    fn build_ended(&self) {
        if let Some((spinner, _)) = self
            .build
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            spinner.finish_and_clear();
        }
    }

    fn begun(&self, scenario: &Scenario) {
        let spinner = self.spinner(format!("problem {}: {}", scenario.problem, scenario.title));
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(scenario.id, spinner);
    }

    fn step(&self, scenario: &Scenario, step: &str) {
        if self.verbose {
            let step = format!("    {}: {step}", scenario.id);
            self.line(&cut(&step, columns()));
        }
        self.on_scenario(scenario, |spinner| {
            spinner.set_message(format!(
                "problem {}: {} {}",
                scenario.problem,
                scenario.title,
                step.dimmed()
            ));
        });
    }

    fn repeated(&self, scenario: &Scenario, why: &str) {
        let why = visible(&sentence(why));
        let (problem, title) = (scenario.problem, scenario.title);
        let line = format!("  run again      problem {problem}: {title} ({why})");
        self.line(&cut(&line, columns()));
    }

    fn ended(&self, outcome: &Outcome) {
        let removed = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(outcome.scenario.as_str());
        if let Some(spinner) = removed {
            spinner.finish_and_clear();
        }
        self.line(&outcome_line(outcome, Some(columns())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_tells_how_far_it_is_and_that_it_waits_only_while_it_does() {
        let mut stage = BuildStage::of("ping-pong");
        assert_eq!(stage.in_words(), "building ping-pong");
        let mut hears = |what: Building| {
            stage.hear(&what);
            stage.in_words()
        };
        assert_eq!(hears(Building::WaitingForLock), WAITING);
        assert_eq!(hears(Building::LockTaken), "building ping-pong");
        let syn = Building::Compiling("syn v2.0.1".into());
        assert_eq!(hears(syn), "compiling syn v2.0.1");
        let far = Building::Progress(building::Progress {
            done: 12,
            of: 34,
            now: vec!["syn".into(), "libc".into()],
        });
        assert_eq!(hears(far), "12 of 34 built, now syn, libc");
    }

    #[test]
    fn outcome_fits_a_narrow_terminal_with_its_word_and_time() {
        colored::control::set_override(false);
        let mut outcome = Outcome {
            scenario: "a_scenario".into(),
            title: "a title that is much too long for a terminal of sixty columns".into(),
            problem: 2,
            verdict: Verdict::Passed {
                property: "something holds".into(),
            },
            observations: Vec::new(),
            duration: Duration::from_millis(1234),
            repeats: Vec::new(),
            seed: 1,
            explored: None,
            world: World::Processes,
            schedules: 0,
            unsimulated: None,
            folder: None,
        };
        let line = outcome_line(&outcome, Some(60));
        assert_eq!(line.chars().count(), 60);
        insta::assert_snapshot!(line, @"  passed         problem 2: a title that is much to… (1.2 s)");
        outcome.title.push_str(", and for that of a log, too");
        let below = format!(
            "\n{:17}sixty columns, and for that of a log, too (1.2 s)",
            ""
        );
        assert_eq!(
            outcome_line(&outcome, None),
            "  passed         problem 2: a title that is much too long for a terminal of"
                .to_owned()
                + &below
        );
    }
}
