//! What is on the screen: where one is, what happens, what came out, which keys there are.

use std::collections::BTreeSet;

use colored::Colorize;
use runtime::terminal::visible;

use super::screen::{cut, link, width};
use super::terminal::Size;
use super::verdict::{Paper, from_here};
use super::{Last, Watch};
use crate::journal::Journal;
use crate::manifest::PARTS;
use report::markdown;
use report::terminal::{colour, command_name, wrap};
use testkit::hints;
use testkit::part::Part;
use testkit::verdict::Standing;

const TURNS: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// What fills the middle of the screen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Panel {
    /// The run under way, or what came out of the last one.
    #[default]
    Verdict,
    /// The hints that were shown.
    Hints,
    /// All problems of the course.
    List,
    /// What each key does.
    Keys,
    /// The whole report, or a difference, has the screen for itself.
    Full,
}

/// What is shown now.
#[derive(Debug, Default)]
pub(super) struct View {
    /// What fills the middle.
    pub(super) panel: Panel,
    /// What the last key has led to, a sentence.
    pub(super) message: Option<String>,
    /// Whether that is shown until the next key, whatever is saved meanwhile.
    pub(super) stays: bool,
    /// Whether the next key answers whether to put the stub back.
    pub(super) asks: bool,
    turns: usize,
}

impl View {
    /// Back to the verdict.
    pub(super) fn verdict(&mut self) {
        self.panel = Panel::Verdict;
    }

    /// A file was saved: what was said before is over.
    pub(super) fn saved(&mut self) {
        self.verdict();
        if !self.stays {
            self.message = None;
        }
    }

    /// To a panel; a second time brings one back.
    pub(super) fn turn_to(&mut self, panel: Panel) {
        self.panel = if self.panel == panel && panel != Panel::Hints {
            Panel::Verdict
        } else {
            panel
        };
    }

    /// Turns the sign of a run.
    pub(super) fn turn(&mut self) {
        self.turns = (self.turns + 1) % TURNS.len();
    }
}

/// The lines of the screen: as many and as wide as there is room for.
pub(super) fn lines(watch: &Watch, size: Size) -> Vec<String> {
    let journal = Journal::read(&watch.course);
    let mut lines = top(watch, &journal, size.columns);
    let mut bottom = bottom(watch, size.columns);
    let middle = middle(watch, &journal, size.columns);
    // Empty lines are the first to make room.
    if lines.len() + middle.lines.len() + bottom.len() > size.rows {
        lines.retain(|line| !line.is_empty());
        bottom.retain(|line| !line.is_empty());
    }
    let room = size.rows.saturating_sub(lines.len() + bottom.len());
    lines.append(&mut middle.fitted(room, ": f shows all"));
    lines.append(&mut bottom);
    lines.iter().map(|line| cut(line, size.columns)).collect()
}

/// All of what fills the middle, of which the screen may show a part only.
pub(super) fn whole(watch: &Watch, size: Size) -> String {
    let journal = Journal::read(&watch.course);
    middle(watch, &journal, size.columns).lines.join("\n")
}

/// Where one is, and what happens.
fn top(watch: &Watch, journal: &Journal, columns: usize) -> Vec<String> {
    let (part, problem) = (watch.place.part, watch.place.problem);
    let optional = if problem.optional { ", optional" } else { "" };
    let mut lines = vec![
        format!(
            "Part {}, {}: problem {}, {}{optional}",
            part.number, part.title, problem.number, problem.title
        )
        .bold()
        .to_string(),
    ];
    lines.extend(progress(watch, journal, part, columns));
    lines.push(String::new());
    lines.push(match (&watch.run, &watch.last) {
        (Some(run), _) => format!(
            "{} {} {}",
            TURNS[watch.view.turns].to_string().cyan(),
            run.stage.summary(),
            format!("({} s)", run.begun().elapsed().as_secs()).dimmed()
        ),
        (None, Some(last)) => {
            let seed = if last.does_not_compile() {
                String::new()
            } else {
                format!(", seed {}", last.seed)
            };
            let took = last.took.as_secs_f64();
            let text = format!("Took {took:.1} s{seed}. Waiting for a save.");
            text.dimmed().to_string()
        }
        (None, None) => String::new(),
    });
    lines.push(String::new());
    lines
}

/// The problems of a part in a line or two, each with what became of it.
fn progress(watch: &Watch, journal: &Journal, part: &Part, columns: usize) -> Vec<String> {
    let place = watch.place;
    let at = (part.number == place.part.number).then_some(place.problem.number);
    let does_not_compile = watch.last.as_ref().is_some_and(Last::does_not_compile);
    let mut lines = vec![String::new()];
    for problem in part.problems {
        let standing = match journal.entry(part, problem.number) {
            _ if at == Some(problem.number) && does_not_compile => Some(Standing::Failed),
            entry => entry.map(|entry| entry.standing),
        };
        let mark = match standing {
            Some(Standing::Passed) => "✓",
            Some(Standing::Failed) => "✗",
            _ if at == Some(problem.number) => "",
            _ => "·",
        };
        let here = if at == Some(problem.number) {
            "▶"
        } else {
            ""
        };
        let text = format!("{here}{mark} {} {}", problem.number, problem.title);
        let mut styled = match standing {
            Some(standing @ (Standing::Passed | Standing::Failed)) => colour(standing, &text),
            _ if at == Some(problem.number) => text.normal(),
            _ => text.dimmed(),
        };
        if at == Some(problem.number) {
            styled = styled.bold();
        }
        let styled = styled.to_string();
        let used = width(lines.last());
        match lines.last_mut() {
            Some(line) if used == 0 => *line = styled,
            Some(line) if used + 3 + width(Some(&styled)) <= columns => {
                line.push_str("   ");
                line.push_str(&styled);
            }
            _ => lines.push(styled),
        }
    }
    lines
}

fn middle<'a>(watch: &'a Watch, journal: &Journal, columns: usize) -> Paper<'a> {
    let mut paper = Paper {
        course: &watch.course,
        part: watch.place.part,
        problem: watch.place.problem,
        columns,
        lines: Vec::new(),
        continued: BTreeSet::new(),
        drawn: 0..0,
        yields: Vec::new(),
        hints_shown: journal.hints_shown(watch.place.part, watch.place.problem.number),
    };
    match (&watch.view.panel, &watch.run, &watch.last) {
        (Panel::Hints, ..) => shown_hints(watch, journal, &mut paper),
        (Panel::List, ..) => list(watch, journal, &mut paper),
        (Panel::Keys, ..) => keys(&mut paper),
        (_, Some(run), _) => paper.lines = run.stage.lines(),
        (_, None, Some(last)) => match &last.report {
            Ok(report) => paper.report(report),
            Err(trouble) => paper.text(&format!("The checker {trouble}.")),
        },
        (_, None, None) => {}
    }
    paper
}

/// The hints that were shown so far, the newest first: it is the one that was asked for.
fn shown_hints(watch: &Watch, journal: &Journal, paper: &mut Paper<'_>) {
    let (part, problem) = (watch.place.part, watch.place.problem);
    let shown = journal.hints_shown(part, problem.number);
    let all = hints::of(part, problem);
    for (number, hint) in all.iter().enumerate().take(shown).rev() {
        let heading = format!("Hint {} of {}: {}", number + 1, all.len(), hint.title);
        paper.lines.push(heading.bold().to_string());
        paper.gap();
        let body = markdown::render(&hint.text, paper.columns.saturating_sub(2));
        paper
            .lines
            .extend(body.lines().map(|line| format!("  {line}")));
        paper.gap();
    }
    let more = if shown < all.len() {
        "h shows the next hint, v the verdict."
    } else {
        "These are all hints. v shows the verdict."
    };
    paper.text(more);
}

fn list(watch: &Watch, journal: &Journal, paper: &mut Paper<'_>) {
    for part in PARTS.iter() {
        let heading = format!("Part {}, {}", part.number, part.title);
        paper.lines.push(heading.bold().to_string());
        let columns = paper.columns.saturating_sub(2);
        for line in progress(watch, journal, part, columns) {
            paper.lines.push(format!("  {line}"));
        }
    }
    paper.gap();
    let command = command_name();
    paper.text(&format!(
        "`{command} watch part2 --problem 3` goes to another problem. `{command} list` says more."
    ));
}

fn keys(paper: &mut Paper<'_>) {
    for (key, what) in [
        ("h", "the next hint"),
        ("r", "run again with a fresh seed: faults at other times"),
        ("s", "run again with the same seed"),
        ("f", "all of what is shown; scroll up for what does not fit"),
        ("v", "back to the verdict; so does Esc"),
        ("o", "open the report of the run in a browser"),
        ("l", "the problems of the course"),
        (
            "n p",
            "the next problem, once this one passes; the previous",
        ),
        ("d", "your code beside the solution, once this one passes"),
        ("x", "put the stub of this problem back; asks first"),
        ("q", "quit; so does Ctrl-C"),
    ] {
        let text = wrap(what, paper.columns.saturating_sub(8));
        paper.paragraph(text.iter().enumerate().map(|(row, line)| {
            let key = if row == 0 { key } else { "" };
            let key = format!("{key:<3}");
            format!("  {}   {line}", key.bold())
        }));
    }
    paper.text(
        "A save runs the problem again: with the same seed after a failure, else with a fresh one.",
    );
}

/// The report's place, what the last key has led to, and the keys.
fn bottom(watch: &Watch, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    if let Some(page) = page(watch) {
        let text = format!("Report: {}", from_here(&page).display());
        lines.push(link(&visible(&text), &page, None));
    }
    if watch.view.asks {
        let question = format!(
            "Put the stub of problem {} back? What is there now goes to a backup. y/N",
            watch.place.problem.number
        );
        lines.extend(
            wrap(&question, columns)
                .iter()
                .map(|line| line.yellow().to_string()),
        );
    } else if let Some(message) = &watch.view.message {
        lines.extend(
            wrap(&visible(message), columns)
                .iter()
                .map(|line| line.yellow().to_string()),
        );
    }
    let mut keys = vec![
        "h hint",
        "r run again",
        "s same seed",
        "o report",
        "l list",
        "? keys",
        "q quit",
    ];
    if watch.view.panel != Panel::Verdict {
        keys.insert(0, "v verdict");
    }
    if watch.has_passed() {
        keys.insert(0, "d diff");
    }
    let goes_on = watch.has_passed() || watch.place.problem.optional;
    let next = match watch.next_place().filter(|_| goes_on) {
        Some(next) if next.part.number != watch.place.part.number => "n next part".to_owned(),
        Some(next) if next.problem.number == watch.place.problem.number + 1 => {
            "n next problem".to_owned()
        }
        Some(next) => format!("n to problem {}, not passed", next.problem.number),
        None => String::new(),
    };
    if !next.is_empty() {
        keys.insert(0, &next);
    }
    for line in wrap(
        &keys
            .join(" · ")
            .replace(' ', "\u{a0}")
            .replace("\u{a0}·\u{a0}", " ·\u{a0}"),
        columns,
    ) {
        let line = line.replace('\u{a0}', " ");
        lines.push(match line.split_once(&next) {
            Some((before, after)) if !next.is_empty() => {
                format!("{before}{}{after}", next.green().bold())
            }
            _ => line,
        });
    }
    lines
}

fn page(watch: &Watch) -> Option<std::path::PathBuf> {
    let Some(Last {
        report: Ok(report), ..
    }) = &watch.last
    else {
        return None;
    };
    let page = report.run.as_ref()?.join("report.html");
    (watch.run.is_none() && page.is_file()).then_some(page)
}
