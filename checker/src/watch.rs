//! Grades a problem on every save, and shows at a glance what came out: `checker watch`.
//!
//! ```text
//! files ──► run (grading, interrupted by the next save) ──► view ──► screen
//! keys  ──► what is shown, which problem, run again
//! ```
//!
//! - At most one run is under way. One that is broken off has ended, with all its processes and its
//!   folder, before the next begins.
//! - It never goes on to another problem by itself.
//! - Without a terminal there are no keys, and the whole report is printed at each change.

mod edit;
mod files;
mod keys;
mod run;
mod screen;
mod signals;
mod stage;
mod terminal;
mod verdict;
mod view;

use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{MissedTickBehavior, interval};

use crate::journal::{self, Journal};
use crate::manifest::PARTS;
use grader::course::Course;
use grader::part_report::PartReport;
use report::terminal::{command_name, print_on, render};
use testkit::hints;
use testkit::part::{Part, Problem};
use testkit::seed;
use testkit::store::StoreChoice;
use testkit::trouble::{Result, While};
use testkit::verdict::{Standing, Verdict};

pub use edit::EditCommand;
use files::{Files, Saved};
use keys::ESCAPE;
use run::{News, Run};
use screen::Screen;
use signals::{Signal, Signals};
use stage::Heard;
use terminal::Terminal;
use view::{Panel, View};

/// How often the sign of a run under way turns.
const TURN: Duration = Duration::from_millis(200);

/// How to watch.
#[derive(Clone)]
pub struct Settings {
    /// Look at the files again and again, instead of being told by the system.
    pub poll: bool,
    /// The seed of the first run, if it is to repeat the choices of an earlier one.
    pub seed: Option<u64>,
    /// Which store the nodes use, where they use one.
    pub store: StoreChoice,
    /// The editor to open at the gap of each problem, and on a key.
    pub edit: Option<EditCommand>,
    /// Shows the learner's code of a problem beside the solution, at a width.
    pub diff: fn(&Course, Place, usize) -> Result<String>,
    /// Puts the stub of a problem back, and says where what was there is now.
    pub reset: fn(&Course, Place) -> Result<String>,
}

/// A problem, and its part.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The part.
    pub part: &'static Part,
    /// The problem.
    pub problem: &'static Problem,
}

impl Place {
    /// The problem before this one, or after it, in the order of the course.
    fn beside(self, forward: bool) -> Option<Place> {
        let all = PARTS.iter().flat_map(|part| {
            let problems = part.problems.iter();
            problems.map(move |problem| Place { part, problem })
        });
        let all: Vec<Place> = all.collect();
        let own = all.iter().position(|place| {
            (place.part.number, place.problem.number) == (self.part.number, self.problem.number)
        })?;
        let other = if forward {
            own.checked_add(1)
        } else {
            own.checked_sub(1)
        };
        all.get(other?).copied()
    }
}

/// Watches until the learner ends it.
///
/// # Errors
/// When the folder cannot be watched, or the terminal cannot be set. What is wrong with a run is shown.
pub async fn watch(course: Course, place: Place, settings: Settings) -> Result<()> {
    let signals = Signals::listen(Terminal::is_there())?;
    let files = Files::watch(&course.exercise(place.part), settings.poll)?;
    let mut watch = Watch {
        course,
        place,
        settings,
        files,
        run: None,
        last: None,
        view: View::default(),
    };
    watch.edit();
    if Terminal::is_there() {
        watch.at_a_terminal(signals).await
    } else {
        watch.in_lines(signals).await
    }
}

/// A run that has ended.
struct Last {
    report: Result<PartReport>,
    took: Duration,
    seed: u64,
}

impl Last {
    fn standing(&self) -> Standing {
        self.report
            .as_ref()
            .map_or(Standing::CheckerFault, |report| report.standing)
    }

    fn does_not_compile(&self) -> bool {
        matches!(&self.report, Ok(report) if report.refused.is_some())
    }
}

/// All there is to know while watching.
struct Watch {
    course: Course,
    place: Place,
    settings: Settings,
    files: Files,
    run: Option<Run>,
    /// What became of this problem's last run.
    last: Option<Last>,
    view: View,
}

/// What happened next.
enum Happened {
    Saved(Saved),
    News(News),
    Key(Option<char>),
    Turn,
    Signal(Signal),
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
enum Flow {
    GoOn,
    End,
}

impl Watch {
    async fn at_a_terminal(&mut self, mut signals: Signals) -> Result<()> {
        let mut terminal = Terminal::take()?;
        let mut keys = keys::keys()?;
        let begun = Screen::begin(Terminal::size());
        let mut screen = begun.or_trouble(|| "write to the terminal")?;
        self.begin(self.settings.seed)?;
        loop {
            if self.show(&mut screen).is_err() {
                // The terminal is gone.
                break;
            }
            match self.next(&mut signals, Some(&mut keys)).await {
                Happened::Key(Some(key)) => {
                    if self.press(key, &mut screen).await? == Flow::End {
                        break;
                    }
                }
                Happened::Key(None) | Happened::Signal(Signal::End) => break,
                Happened::Saved(saved) if saved.own.is_empty() => self.saved_elsewhere(&saved),
                Happened::Saved(_) => self.saved().await?,
                Happened::News(News::Over(report)) => self.over(*report),
                Happened::News(News::Heard(heard)) => self.hear(heard),
                Happened::Turn => self.view.turn(),
                Happened::Signal(Signal::Resized) => {}
                Happened::Signal(Signal::StandStill) => {
                    let ran = self.stop().await;
                    screen.leave();
                    terminal.give_back();
                    if !signals.stand_still().await? {
                        break;
                    }
                    terminal.take_again()?;
                    if let Some(seed) = ran {
                        self.begin(Some(seed))?;
                    }
                }
            }
        }
        self.stop().await;
        screen.leave();
        Ok(())
    }

    /// Without a terminal: the report at each change, in lines.
    async fn in_lines(&mut self, mut signals: Signals) -> Result<()> {
        let mut starter = keys::starter()?;
        let mut is_alone = false;
        let folder = verdict::from_here(&self.course.exercise(self.place.part));
        let (number, title) = (self.place.problem.number, self.place.problem.title);
        let mut said = print_on(format_args!(
            "Watching {}, problem {number}, {title}, until Ctrl-C.\n",
            folder.display()
        ));
        self.begin(self.settings.seed)?;
        while said == Ok(true) && !(is_alone && self.run.is_none()) {
            let waits_for = (!is_alone).then_some(&mut starter);
            match self.next(&mut signals, waits_for).await {
                Happened::Saved(saved) if saved.own.is_empty() => {
                    said = print_on(format_args!("\n{}\n", self.elsewhere(&saved)));
                }
                Happened::Saved(saved) => {
                    let changed: Vec<String> = saved
                        .own
                        .iter()
                        .map(|file| folder.join(file).display().to_string())
                        .collect();
                    said = print_on(format_args!("\nChanged: {}.\n", changed.join(", ")));
                    self.saved().await?;
                }
                Happened::News(News::Over(report)) => {
                    self.over(*report);
                    said = print_on(self.in_full());
                }
                Happened::News(News::Heard(_)) | Happened::Turn => {}
                // The program that started this one is gone. The run in progress is still reported.
                Happened::Key(None) => is_alone = true,
                Happened::Key(Some(_)) => {}
                Happened::Signal(Signal::End) => break,
                Happened::Signal(_) => {}
            }
        }
        self.stop().await;
        said.map(drop)
    }

    async fn next(
        &mut self,
        signals: &mut Signals,
        keys: Option<&mut UnboundedReceiver<char>>,
    ) -> Happened {
        let mut turn = interval(TURN);
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        turn.reset();
        let is_running = self.run.is_some();
        let pressed = async {
            match keys {
                Some(keys) => keys.recv().await,
                None => std::future::pending().await,
            }
        };
        let news = async {
            match &mut self.run {
                Some(run) => run.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! { biased;
            signal = signals.next() => Happened::Signal(signal),
            key = pressed => Happened::Key(key),
            changed = self.files.changed() => Happened::Saved(changed),
            news = news => Happened::News(news),
            _ = turn.tick(), if is_running => Happened::Turn,
        }
    }

    /// Begins a run; with a fresh seed, unless one is given.
    fn begin(&mut self, seed: Option<u64>) -> Result<()> {
        let seed = seed.map_or_else(seed::fresh, Ok)?;
        self.run = Some(Run::begin(&self.course, self.place, &self.settings, seed));
        Ok(())
    }

    /// Breaks the run off, if there is one, and returns its seed once nothing of it is left.
    async fn stop(&mut self) -> Option<u64> {
        let run = self.run.take()?;
        let seed = run.seed();
        if let Err(trouble) = run.stop(&self.course).await {
            self.view.message = Some(format!("The checker {trouble}."));
        }
        Some(seed)
    }

    fn saved_elsewhere(&mut self, saved: &Saved) {
        self.view.message = Some(self.elsewhere(saved));
    }

    /// The message about a save in another part.
    fn elsewhere(&self, saved: &Saved) -> String {
        let place = |part: &&Part| saved.other.as_deref() == Some(part.folder);
        let (number, command) = (self.place.part.number, command_name());
        match PARTS.iter().find(place) {
            Some(other) => format!(
                "Saved: {}. This screen watches part {number}; `{command} watch {}` watches the other.",
                other.name, other.name
            ),
            None => format!("Something else was saved. This screen watches part {number}."),
        }
    }

    /// A failed problem runs again under the same seed, to show whether it is repaired.
    async fn saved(&mut self) -> Result<()> {
        let stopped = self.stop().await;
        let last = self.last.as_ref();
        let failed = last.filter(|last| last.standing() == Standing::Failed);
        let seed = failed.map(|last| last.seed).or(stopped);
        self.view.saved();
        self.begin(seed)
    }

    fn hear(&mut self, heard: Heard) {
        if let Some(run) = &mut self.run {
            run.stage.hear(heard);
        }
    }

    fn over(&mut self, report: Result<PartReport>) {
        if let Some(run) = self.run.take() {
            self.last = Some(Last {
                report,
                took: run.begun().elapsed(),
                seed: run.seed(),
            });
        }
    }

    /// Whether the problem is solved, as far as is known.
    fn has_passed(&self) -> bool {
        let (part, problem) = (self.place.part, self.place.problem.number);
        let compiles = !self.last.as_ref().is_some_and(Last::does_not_compile);
        compiles && Journal::read(&self.course).has_passed(part, problem)
    }

    fn show(&mut self, screen: &mut Screen) -> std::io::Result<()> {
        if self.view.panel == Panel::Full {
            return Ok(());
        }
        let size = Terminal::size();
        let lines = view::lines(self, size);
        screen.show(size, lines)
    }

    /// The whole report, as the command of the part prints it.
    fn in_full(&self) -> String {
        match &self.last {
            Some(Last {
                report: Ok(report), ..
            }) => render(report, &PARTS, command_name()),
            Some(Last {
                report: Err(trouble),
                ..
            }) => format!("\nThe checker {trouble}.\n"),
            None => String::new(),
        }
    }

    async fn press(&mut self, key: char, screen: &mut Screen) -> Result<Flow> {
        if std::mem::take(&mut self.view.asks) {
            self.view.message = None;
            if matches!(key, 'y' | 'Y') {
                self.reset();
            } else {
                self.view.message = Some("Nothing was changed.".to_owned());
            }
            return Ok(Flow::GoOn);
        }
        self.view.message = None;
        self.view.stays = false;
        if self.view.panel == Panel::Full {
            screen.forget();
            self.view.verdict();
            if key == 'q' {
                // After a long text, this key leaves the text, as in a pager.
                return Ok(Flow::GoOn);
            }
        }
        match key {
            'q' => return Ok(Flow::End),
            'h' => self.hint(),
            'l' => self.view.turn_to(Panel::List),
            '?' => self.view.turn_to(Panel::Keys),
            'v' | ESCAPE => self.view.verdict(),
            'f' => self.full(screen)?,
            'r' => self.again(None).await?,
            's' => {
                let seed = self.run.as_ref().map(Run::seed);
                let seed = seed.or(self.last.as_ref().map(|last| last.seed));
                self.again(seed).await?;
            }
            'n' => self.go(true).await?,
            'p' => self.go(false).await?,
            'o' => self.open(),
            'e' => self.edit(),
            'd' => self.diff(screen)?,
            'x' => self.view.asks = true,
            _ => {}
        }
        Ok(Flow::GoOn)
    }

    async fn again(&mut self, seed: Option<u64>) -> Result<()> {
        self.stop().await;
        self.view.verdict();
        self.begin(seed)
    }

    fn full(&mut self, screen: &mut Screen) -> Result<()> {
        if matches!(self.view.panel, Panel::Hints | Panel::List | Panel::Keys) {
            let whole = view::whole(self, Terminal::size());
            return self.alone(&whole, screen);
        }
        if self.last.is_none() {
            self.view.message = Some("There is no verdict yet.".to_owned());
            return Ok(());
        }
        self.alone(&self.in_full(), screen)
    }

    /// Shows a text of any length, which has the screen for itself until the next key.
    fn alone(&mut self, text: &str, screen: &mut Screen) -> Result<()> {
        self.view.panel = Panel::Full;
        screen
            .scroll(&format!("{}\n\nAny key goes back. ", text.trim_end()))
            .or_trouble(|| "write to the terminal")
    }

    /// Where `n` leads: to a problem of the part that what was written since has broken; else to
    /// the next problem, and out of the part when all of it that counts has passed.
    fn next_place(&self) -> Option<Place> {
        let journal = Journal::read(&self.course);
        let part = self.place.part;
        let is_other = |problem: &&Problem| problem.number != self.place.problem.number;
        let next = self.place.beside(true);
        let leaves = next.is_none_or(|next| next.part.number != part.number);
        let open = || {
            let mut counting = part.problems.iter().filter(|problem| !problem.optional);
            counting.find(|problem| !journal.has_passed(part, problem.number))
        };
        let behind = journal.failing(part).or_else(|| open().filter(|_| leaves));
        match behind.filter(is_other) {
            Some(problem) => Some(Place { part, problem }),
            None => next,
        }
    }

    async fn go(&mut self, forward: bool) -> Result<()> {
        // A learner at a problem outside the course's order may leave it as it is.
        if forward && !self.place.problem.optional && !self.has_passed() {
            self.view.message = Some(format!(
                "Problem {} has not passed yet: n goes on once it has.",
                self.place.problem.number
            ));
            return Ok(());
        }
        let place = if forward {
            self.next_place()
        } else {
            self.place.beside(false)
        };
        let Some(place) = place else {
            let end = if forward { "last" } else { "first" };
            self.view.message = Some(format!("This is the {end} problem of the course."));
            return Ok(());
        };
        self.stop().await;
        if place.part.number != self.place.part.number {
            self.files = Files::watch(&self.course.exercise(place.part), self.settings.poll)?;
        }
        self.place = place;
        self.last = None;
        let changed = Journal::change(&self.course, |journal| {
            journal.at = Some((place.part.name.to_owned(), place.problem.number));
        });
        self.view.message = journal::forgotten(changed);
        self.view.verdict();
        self.edit();
        self.begin(None)
    }

    /// Shows the hint of which the verdict says that it is about the failure, if it was shown before; else one
    /// hint more.
    fn hint(&mut self) {
        let (part, problem) = (self.place.part, self.place.problem);
        let shown = Journal::read(&self.course).hints_shown(part, problem.number);
        let promised = self.promised_hint();
        let promised = promised.filter(|hint| usize::from(*hint) <= shown);
        if self.view.panel != Panel::Hints && promised.is_some() {
            self.view.first_hint = promised;
            self.view.turn_to(Panel::Hints);
            return;
        }
        self.view.first_hint = None;
        let changed = Journal::change(&self.course, |journal| {
            let of_part = journal.hints.entry(part.name.to_owned()).or_default();
            let shown = of_part.entry(problem.number).or_default();
            *shown = shown
                .saturating_add(1)
                .min(u8::try_from(hints::HINTS).unwrap_or(u8::MAX));
        });
        if let Some(forgotten) = journal::forgotten(changed) {
            self.view.message = Some(forgotten);
        }
        self.view.turn_to(Panel::Hints);
    }

    /// The hint of which the verdict says that it is about the failure.
    fn promised_hint(&self) -> Option<u8> {
        let report = self.last.as_ref()?.report.as_ref().ok()?;
        let told = report.problems.first()?.told()?;
        let Verdict::Failed(failure) = &told.verdict else {
            return None;
        };
        let diagnosis = failure.diagnosis.as_ref()?;
        diagnosis.hint_of.is_none().then_some(diagnosis.hint)
    }

    fn open(&mut self) {
        let report = self
            .last
            .as_ref()
            .and_then(|last| last.report.as_ref().ok());
        let page = report
            .and_then(|report| report.run.as_ref())
            .map(|run| run.join("report.html"));
        self.view.message = Some(match page {
            Some(page) if page.is_file() => {
                let shown = verdict::from_here(&page).display().to_string();
                if has_browser() && opener::open_browser(&page).is_ok() {
                    format!("Opened {shown}.")
                } else {
                    format!("There is no browser here. The report is at {shown}.")
                }
            }
            _ => "There is no report: nothing was run yet.".to_owned(),
        });
    }

    fn diff(&mut self, screen: &mut Screen) -> Result<()> {
        if !self.has_passed() {
            self.view.message = Some(format!(
                "Problem {} has not passed yet: d shows the solution beside yours once it has.",
                self.place.problem.number
            ));
            return Ok(());
        }
        let columns = Terminal::size().columns;
        match (self.settings.diff)(&self.course, self.place, columns) {
            Ok(text) => self.alone(&text, screen),
            Err(trouble) => {
                self.view.message = Some(format!("The checker {trouble}."));
                Ok(())
            }
        }
    }

    fn reset(&mut self) {
        let said = (self.settings.reset)(&self.course, self.place);
        self.view.message = Some(match said {
            Ok(said) => said.trim_end().to_owned(),
            Err(trouble) => format!("The checker {trouble}."),
        });
        // To put the stub back is a change of the files, too.
        self.view.stays = true;
    }
}

/// Whether a browser could open a window. Without one, some systems would start a browser in this very
/// terminal.
fn has_browser() -> bool {
    let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"]
            .iter()
            .any(|name| has(name))
}

/// The current problem of a part, for a learner who names the part only.
pub fn place_in(journal: &Journal, part: &'static Part) -> Place {
    let (at, problem) = journal.place();
    if at.number == part.number {
        return Place { part, problem };
    }
    let counting = || part.problems.iter().filter(|problem| !problem.optional);
    let open = counting().find(|problem| !journal.has_passed(part, problem.number));
    Place {
        part,
        problem: open.unwrap_or(&part.problems[0]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_follow_each_other_across_parts() {
        let place = |part: usize| Place {
            part: &PARTS[part],
            problem: &PARTS[part].problems[0],
        };
        let at = |place: Place| (place.part.number, place.problem.number);
        let first = place(0);
        assert!(first.beside(false).is_none());
        assert_eq!(at(first.beside(true).unwrap()), (1, 2));
        let second_part = place(1);
        assert_eq!(at(second_part.beside(false).unwrap()), (1, 6));
        let mut all = 1;
        let mut place = first;
        while let Some(next) = place.beside(true) {
            (place, all) = (next, all + 1);
        }
        let expected: usize = PARTS.iter().map(|part| part.problems.len()).sum();
        assert_eq!(all, expected);
    }
}
