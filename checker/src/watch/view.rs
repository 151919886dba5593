//! What is on the screen: where one is, what happens, what came out, which keys there are.

use std::collections::BTreeSet;

use colored::Colorize;
use runtime::terminal::visible;

use super::screen::{cut, width};
use super::terminal::Size;
use super::verdict::{Paper, from_here};
use super::{Last, Watch};
use crate::journal::Journal;
use crate::manifest::PARTS;
use report::hyperlink::link;
use report::markdown;
use report::terminal::command_name;
use report::words::{color, wrap};
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
    /// The hint that stands first among those that were shown: the newest, if not given.
    pub(super) first_hint: Option<u8>,
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

    /// A file was saved, so the earlier message no longer applies.
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
    let top = top(watch, &journal, size.columns);
    let middle = middle(watch, &journal, size.columns);
    let bottom = bottom(watch, size.columns);
    let lines = arranged(top, middle, bottom, size.rows);
    lines.iter().map(|line| cut(line, size.columns)).collect()
}

/// What stands above the middle.
struct Top {
    /// Where one is.
    title: String,
    progress: Vec<String>,
    /// What happens.
    status: String,
}

/// What stands below the middle.
struct Bottom {
    report: Option<String>,
    /// What the last key has led to, or a question.
    said: Vec<String>,
    keys: Vec<String>,
}

/// The way to the keys that a small screen leaves out.
const FEW_KEYS: &str = "? keys · q quit";

/// Puts everything onto a screen of this many rows. More than half of them are for the middle, if it needs them. The
/// first to make room are empty lines, then the report's place and most keys, then the other problems, then
/// what happens, then where one is. The verdict and the way to the keys are always there.
fn arranged(top: Top, middle: Paper<'_>, bottom: Bottom, rows: usize) -> Vec<String> {
    let air = || vec![String::new()];
    let title = || vec![top.title.clone()];
    let status = || vec![top.status.clone()];
    let progress = || top.progress.clone();
    let all_keys = || {
        let report = bottom.report.clone().into_iter().collect();
        [report, bottom.said.clone(), bottom.keys.clone()].concat()
    };
    let few_keys = || [bottom.said.clone(), vec![FEW_KEYS.to_owned()]].concat();
    let airy = (
        [title(), progress(), air(), status(), air()].concat(),
        [air(), all_keys()].concat(),
    );
    let narrow = [
        ([title(), progress(), status()].concat(), all_keys()),
        ([title(), progress(), status()].concat(), few_keys()),
        ([title(), status()].concat(), few_keys()),
        (title(), few_keys()),
    ];
    let room = |(above, below): &(Vec<String>, Vec<String>)| {
        rows.saturating_sub(above.len() + below.len())
    };
    let length = middle.lines.len();
    let (above, below) = if room(&airy) >= length {
        airy
    } else {
        let mut narrow = narrow.into_iter().map(|(mut above, below)| {
            above.retain(|line| !line.is_empty());
            (above, below)
        });
        let has_room = |lines: &(_, _)| room(lines) >= length.min(rows / 2 + 1);
        narrow.find(has_room).unwrap_or((Vec::new(), few_keys()))
    };
    let room = rows.saturating_sub(above.len() + below.len());
    [above, middle.fitted(room, ": f shows all"), below].concat()
}

/// All of what fills the middle, of which the screen may show a part only.
pub(super) fn whole(watch: &Watch, size: Size) -> String {
    let journal = Journal::read(&watch.course);
    middle(watch, &journal, size.columns).lines.join("\n")
}

/// Where one is, and what happens.
fn top(watch: &Watch, journal: &Journal, columns: usize) -> Top {
    let (part, problem) = (watch.place.part, watch.place.problem);
    let optional = if problem.optional { ", optional" } else { "" };
    let title = format!(
        "Part {}, {}: problem {}, {}{optional}",
        part.number, part.title, problem.number, problem.title
    );
    let status = match (&watch.run, &watch.last) {
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
    };
    Top {
        title: title.bold().to_string(),
        progress: progress(watch, journal, part, columns),
        status,
    }
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
            Some(standing @ (Standing::Passed | Standing::Failed)) => color(standing, &text),
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

/// The hints that were shown so far, the newest first, but for the one that was asked for.
fn shown_hints(watch: &Watch, journal: &Journal, paper: &mut Paper<'_>) {
    let (part, problem) = (watch.place.part, watch.place.problem);
    let shown = journal.hints_shown(part, problem.number);
    let all = hints::of(part, problem);
    let numbered = all.iter().enumerate().take(shown);
    let is_first =
        |(number, _): &(usize, _)| watch.view.first_hint == u8::try_from(number + 1).ok();
    let (first, others): (Vec<_>, Vec<_>) = numbered.rev().partition(is_first);
    for (number, hint) in first.into_iter().chain(others) {
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
        ("f", "everything; scroll up for what does not fit"),
        ("v", "back to the verdict; so does Esc"),
        ("o", "open the report of the run in a browser"),
        ("e", "open the editor of --edit-cmd at this place"),
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
fn bottom(watch: &Watch, columns: usize) -> Bottom {
    let report = page(watch).map(|page| {
        let text = format!("Report: {}", from_here(&page).display());
        link(&visible(&text), &page, None)
    });
    let said = match &watch.view.message {
        _ if watch.view.asks => format!(
            "Put the stub of problem {} back? What is there now goes to a backup. y/N",
            watch.place.problem.number
        ),
        Some(message) => visible(message),
        None => String::new(),
    };
    let said = wrap(&said, columns).into_iter();
    let said = said.filter(|line| !line.is_empty());
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
    let mut lines = Vec::new();
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
    Bottom {
        report,
        said: said.map(|line| line.yellow().to_string()).collect(),
        keys: lines,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use grader::course::Course;
    use std::path::Path;

    /// The screen of a failure, in so many rows.
    fn screen(rows: usize, said: &[&str]) -> String {
        let course = Course::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let lines = |words: &[&str]| {
            words
                .iter()
                .map(|&word| word.to_owned())
                .collect::<Vec<_>>()
        };
        let middle = Paper {
            course: &course,
            part: &PARTS[0],
            problem: &PARTS[0].problems[0],
            columns: 40,
            lines: (0..30).map(|row| format!("verdict {row}")).collect(),
            continued: BTreeSet::new(),
            drawn: 10..20,
            yields: Vec::new(),
            hints_shown: 0,
        };
        let top = Top {
            title: "title".into(),
            progress: lines(&["1 2 3", "4 5"]),
            status: "status".into(),
        };
        let bottom = Bottom {
            report: Some("report".into()),
            said: lines(said),
            keys: lines(&["h hint · r run again", "? keys · q quit"]),
        };
        let lines = arranged(top, middle, bottom, rows);
        assert!(lines.len() <= rows, "{lines:#?}");
        lines.join("\n")
    }

    #[test]
    fn smallest_screen_shows_the_verdict_and_the_way_to_the_keys() {
        colored::control::set_override(false);
        for rows in 4..60 {
            let shown = screen(rows, &[]);
            assert!(shown.contains("verdict 0\n"), "{shown}");
            assert!(shown.ends_with("? keys · q quit"), "{shown}");
            assert!(screen(rows, &["said"]).contains("said"), "{rows}");
        }
        insta::assert_snapshot!(screen(10, &[]), @"
        title
        status
        verdict 0
        verdict 1
        verdict 2
        verdict 3
        verdict 4
        verdict 5
          … 24 more lines: f shows all
        ? keys · q quit
        ");
        insta::assert_snapshot!(screen(5, &["said"]), @"
        verdict 0
        verdict 1
          … 28 more lines: f shows all
        said
        ? keys · q quit
        ");
    }
}
