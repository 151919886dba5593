//! What a learner has solved so far, and the current problem: kept in the course's folder.
//!
//! It only remembers. A journal that cannot be read or written is as good as an empty one, and
//! never a reason not to run; and `checker all` grades everything again, whatever stands here. But
//! the checker reports this, and puts an unreadable journal aside.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Once;

use colored::Colorize;
use jiff::Timestamp;
use prompt::text::utf8;
use runtime::terminal::note;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::manifest::PARTS;
use grader::course::Course;
use grader::gaps::{Piece, pieces};
use grader::part_report::{Graded, PartReport};
use grader::sources::Sources;
use grader::tokens::{tokens, without_imports};
use grader::{runs, whole_file};
use testkit::part::{Part, Problem};
use testkit::plain_file::{self, MAX_TEXT};
use testkit::trouble::{Result, While};
use testkit::verdict::Standing;

const FILE: &str = "progress.json";

/// Where an unreadable journal is put.
const DAMAGED: &str = "progress.json.damaged";

/// Locked while the journal is read and changed.
const LOCK: &str = "progress.lock";

/// What is known of the learner's own exercises.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Journal {
    /// The problems that were ever run, by part and number.
    pub parts: BTreeMap<String, BTreeMap<u8, Entry>>,
    /// The problem that the learner chose, if any.
    pub at: Option<(String, u8)>,
    /// How many hints of each problem were shown.
    pub hints: BTreeMap<String, BTreeMap<u8, u8>>,
    /// What became of problems before their stubs were put back: it holds again, once their code is
    /// there again.
    pub aside: BTreeMap<String, BTreeMap<u8, Entry>>,
}

/// What became of a problem when it was last run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The word.
    pub standing: Standing,
    /// When that was.
    pub at: Timestamp,
    /// The seed of the run.
    pub seed: u64,
    /// The [fingerprint] of the code that was run; missing in journals of older checkers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What tells whether the code that a problem is solved with was changed: all tokens, without the
/// imports and without the gaps of problems that it does not need. So a learner at problem 4 is
/// not told that problem 1 has changed, and a comment changes nothing.
pub fn fingerprint(problem: &Problem, sources: &Sources) -> String {
    let mut hash = Sha256::new();
    for (file, text) in &sources.files {
        hash.update(file);
        let pieces = pieces(text).unwrap_or_else(|_| vec![Piece::Given(1, text.clone())]);
        for piece in pieces {
            let text = match piece {
                Piece::Given(_, text) => text,
                Piece::Gap(gap) if problem.gaps.contains(&gap.name.number) => gap.body,
                Piece::Gap(_) => continue,
            };
            for token in without_imports(&tokens(&text)) {
                hash.update(token);
                hash.update([0]);
            }
        }
    }
    hash.finalize()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Entry {
    /// Whether it says something about code that the learner wrote.
    fn tells(&self) -> bool {
        matches!(self.standing, Standing::Passed | Standing::Failed)
    }
}

/// A name for a journal that is put aside: no other was put aside under it.
fn free_name(folder: &Path) -> String {
    let numbered = (2_u32..).map(|number| format!("{DAMAGED}.{number}"));
    let mut names = std::iter::once(DAMAGED.to_owned()).chain(numbered);
    let is_free = |name: &String| folder.join(name).symlink_metadata().is_err();
    names.find(is_free).unwrap_or_else(|| DAMAGED.to_owned())
}

/// Waits until nobody else changes the journal in that folder, until the file is dropped.
fn lock(folder: &Path) -> std::io::Result<File> {
    // Opening something else than a plain file must not wait for its other end.
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(folder.join(LOCK))?;
    file.lock()?;
    Ok(file)
}

/// What to tell about a change that could not be written: a sentence.
pub fn forgotten(changed: Result<()>) -> Option<String> {
    let trouble = changed.err()?;
    Some(format!(
        "The checker {trouble}. So it will not remember what you solve, or which hints you saw."
    ))
}

impl Journal {
    /// The course's journal; an empty one when there is none that can be read.
    pub fn read(course: &Course) -> Journal {
        let folder = runs::folder(course);
        Journal::load(&folder.join(FILE)).unwrap_or_else(|_| {
            let _lock = lock(&folder);
            Journal::read_or_put_aside(&folder)
        })
    }

    /// Changes the course's journal. Checkers that do so at once wait for each other.
    ///
    /// # Errors
    /// When it cannot be written. The change is forgotten then.
    pub fn change(course: &Course, change: impl FnOnce(&mut Journal)) -> Result<()> {
        let folder = runs::folder(course);
        fs::create_dir_all(&folder).or_trouble(|| format!("make {}", folder.display()))?;
        let file = folder.join(FILE);
        let _lock = lock(&folder).or_trouble(|| format!("write {}", file.display()))?;
        let mut journal = Journal::read_or_put_aside(&folder);
        change(&mut journal);
        let text = serde_json::to_vec_pretty(&journal);
        whole_file::write(&file, text.or_trouble(|| "write progress as JSON")?)
    }

    /// The journal in a file; an empty one, when there is no file.
    ///
    /// # Errors
    /// What is wrong with the file: a fragment.
    fn load(file: &Path) -> std::result::Result<Journal, String> {
        let text = match plain_file::read(file, MAX_TEXT) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Journal::default()),
            read => read.map_err(|error| error.to_string())?,
        };
        let text = utf8(text).map_err(|why| format!("it {why}"))?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    /// Reads the journal. One that cannot be read is put aside, so that nothing is lost.
    fn read_or_put_aside(folder: &Path) -> Journal {
        static SAID: Once = Once::new();
        let file = folder.join(FILE);
        Journal::load(&file).unwrap_or_else(|why| {
            let damaged = free_name(folder);
            let aside = match fs::rename(&file, folder.join(&damaged)) {
                Ok(()) => format!("; it is {damaged} now"),
                Err(_) => String::new(),
            };
            SAID.call_once(|| {
                note(format_args!(
                    "{} the checker could not read {}, and begins with an empty one{aside}: {why}",
                    "note:".yellow(),
                    file.display()
                ));
            });
            Journal::default()
        })
    }

    /// Enters what became of the problems of a run, if it was a run of the exercise.
    pub fn enter(&mut self, part: &Part, report: &PartReport, sources: &Sources) {
        if report.graded != Graded::Exercise {
            return;
        }
        let entries = self.parts.entry(report.part.clone()).or_default();
        for problem in &report.problems {
            // Nothing was learned about the code.
            if matches!(
                problem.standing,
                Standing::Inconclusive | Standing::CheckerFault
            ) {
                continue;
            }
            let entry = Entry {
                standing: problem.standing,
                at: Timestamp::now(),
                seed: report.seed,
                code: part
                    .problem(problem.problem)
                    .map(|problem| fingerprint(problem, sources)),
            };
            let before = entries.insert(problem.problem, entry);
            let aside = self.aside.entry(report.part.clone()).or_default();
            match (problem.standing, before) {
                (Standing::NotWritten, Some(before)) if before.tells() => {
                    aside.insert(problem.problem, before);
                }
                (Standing::NotWritten, _) => {}
                _ => {
                    aside.remove(&problem.problem);
                }
            }
        }
    }

    /// What became of a problem, if it was ever run.
    pub fn entry(&self, part: &Part, problem: u8) -> Option<&Entry> {
        self.parts.get(part.name)?.get(&problem)
    }

    /// Puts aside what became of a problem: its code is no longer there.
    pub fn put_aside(&mut self, part: &Part, problem: u8) {
        let entries = self.parts.get_mut(part.name);
        if let Some(entry) = entries.and_then(|entries| entries.remove(&problem))
            && entry.tells()
        {
            let aside = self.aside.entry(part.name.to_owned()).or_default();
            aside.insert(problem, entry);
        }
    }

    /// Takes back what was put aside, where the code is there again: from a backup, perhaps.
    pub fn take_back(course: &Course) {
        let journal = Journal::read(course);
        if journal.aside.values().all(BTreeMap::is_empty) {
            return;
        }
        let parts = PARTS.iter().filter_map(|part| {
            let aside = journal.aside.get(part.name)?;
            Some((part, aside, Sources::read(&course.exercise(part)).ok()?))
        });
        let again: Vec<(&Part, u8)> = parts
            .flat_map(|(part, aside, sources)| {
                let is_there = move |(number, entry): (&u8, &Entry)| {
                    let code = fingerprint(part.problem(*number)?, &sources);
                    (entry.code.as_ref() == Some(&code)).then_some((part, *number))
                };
                aside.iter().filter_map(is_there).collect::<Vec<_>>()
            })
            .collect();
        if again.is_empty() {
            return;
        }
        // What is not restored now is restored another time.
        let _ = Journal::change(course, |journal| {
            for (part, number) in again {
                let aside = journal.aside.get_mut(part.name);
                if let Some(entry) = aside.and_then(|aside| aside.remove(&number)) {
                    let entries = journal.parts.entry(part.name.to_owned()).or_default();
                    entries.insert(number, entry);
                }
            }
        });
    }

    /// How many hints of a problem were shown.
    pub fn hints_shown(&self, part: &Part, problem: u8) -> usize {
        let shown = self.hints.get(part.name).and_then(|of| of.get(&problem));
        shown.map_or(0, |shown| usize::from(*shown))
    }

    /// Whether a problem passed when it was last run.
    pub fn has_passed(&self, part: &Part, problem: u8) -> bool {
        self.entry(part, problem)
            .is_some_and(|entry| entry.standing == Standing::Passed)
    }

    /// The first problem of a part that counts and that the code fails, as far as is known: what
    /// was written later may have broken it.
    pub fn failing(&self, part: &'static Part) -> Option<&'static Problem> {
        let fails = |problem: &&Problem| {
            self.entry(part, problem.number)
                .is_some_and(|entry| entry.standing == Standing::Failed)
        };
        let mut counting = part.problems.iter().filter(|problem| !problem.optional);
        counting.find(fails)
    }

    /// The problem that the learner is at. That is where the learner went, until it has passed: then
    /// another of its part that fails, or the next one in the course that counts and has not passed.
    /// Where nobody went anywhere, it is the first one of these; the very last, when all have passed.
    pub fn place(&self) -> (&'static Part, &'static Problem) {
        let all = || {
            PARTS
                .iter()
                .flat_map(|part| part.problems.iter().map(move |problem| (part, problem)))
        };
        let at = self.at.as_ref().and_then(|(part, problem)| {
            let part = crate::manifest::part(part)?;
            Some((part, part.problem(*problem)?))
        });
        if let Some((part, problem)) = at {
            if !self.has_passed(part, problem.number) {
                return (part, problem);
            }
            if let Some(failing) = self.failing(part) {
                return (part, failing);
            }
        }
        let is_before = |(part, problem): &(&Part, &Problem)| {
            at.is_some_and(|(at, of)| (part.number, problem.number) <= (at.number, of.number))
        };
        let behind = all().skip_while(is_before);
        behind
            .chain(all())
            .find(|(part, problem)| !problem.optional && !self.has_passed(part, problem.number))
            .or(at)
            .or_else(|| all().last())
            .expect("the course has a problem")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A course of which there is nothing but what is kept.
    fn course() -> (tempfile::TempDir, Course) {
        let folder = tempfile::tempdir().unwrap();
        let root = "[workspace]\nmembers = []\n[workspace.metadata.course]\nname = \"x\"\n";
        fs::write(folder.path().join("Cargo.toml"), root).unwrap();
        fs::create_dir(folder.path().join(runs::FOLDER)).unwrap();
        let course = Course::find(folder.path()).unwrap();
        (folder, course)
    }

    #[test]
    fn damaged_journal_is_put_aside_and_a_mark_before_it_is_forgiven() {
        let (_folder, course) = course();
        let at = |name: &str| runs::folder(&course).join(name);
        fs::write(at(FILE), "\u{feff}{\"at\": [\"part2\", 3]}").unwrap();
        assert_eq!(Journal::read(&course).at, Some(("part2".into(), 3)));
        let damages = [&b"{\"at\": 7"[..], b"\xff\xfe{\0", b""];
        for damage in damages {
            fs::write(at(FILE), damage).unwrap();
            assert_eq!(Journal::read(&course), Journal::default());
            assert!(!at(FILE).exists());
        }
        // The later ones do not take the place of the first.
        let names = [
            "progress.json.damaged",
            "progress.json.damaged.2",
            "progress.json.damaged.3",
        ];
        for (name, damage) in names.into_iter().zip(damages) {
            assert_eq!(fs::read(at(name)).unwrap(), damage);
        }
        std::os::unix::fs::symlink("/dev/zero", at(FILE)).unwrap();
        Journal::change(&course, |journal| journal.at = Some(("part1".into(), 2))).unwrap();
        assert_eq!(Journal::read(&course).at, Some(("part1".into(), 2)));
    }

    #[test]
    fn no_change_is_lost_when_several_checkers_make_one() {
        let (_folder, course) = course();
        std::thread::scope(|scope| {
            for part in 0..4 {
                let course = &course;
                scope.spawn(move || {
                    for problem in 0..20 {
                        Journal::change(course, |journal| {
                            let of_part = journal.hints.entry(format!("part{part}")).or_default();
                            of_part.insert(problem, 1);
                        })
                        .unwrap();
                    }
                });
            }
        });
        let hints = Journal::read(&course).hints;
        assert_eq!(hints.values().map(BTreeMap::len).sum::<usize>(), 80);
    }

    #[test]
    fn journal_that_cannot_be_written_says_so() {
        let (_folder, course) = course();
        // A folder cannot be made where a file is.
        fs::remove_dir(runs::folder(&course)).unwrap();
        fs::write(runs::folder(&course), "").unwrap();
        let said = forgotten(Journal::change(&course, |_| {})).unwrap();
        assert!(said.contains("will not remember"), "{said}");
        assert_eq!(forgotten(Ok(())), None);
    }

    #[test]
    fn learner_is_at_the_first_problem_that_has_not_passed() {
        let mut journal = Journal::default();
        let at = |journal: &Journal| (journal.place().0.number, journal.place().1.number);
        assert_eq!(at(&journal), (1, 1));
        let entry = |standing| Entry {
            standing,
            at: Timestamp::UNIX_EPOCH,
            seed: 1,
            code: None,
        };
        let part1 = journal.parts.entry("part1".into()).or_default();
        part1.extend((1..=4).map(|number| (number, entry(Standing::Passed))));
        assert_eq!(at(&journal), (2, 1), "optional problems are passed over");
        journal
            .parts
            .entry("part1".into())
            .or_default()
            .insert(3, entry(Standing::Failed));
        assert_eq!(at(&journal), (1, 3));
        journal.at = Some(("part2".into(), 2));
        assert_eq!(at(&journal), (2, 2));
        journal.at = Some(("part1".into(), 4));
        assert_eq!(at(&journal), (1, 3), "what was written for 4 has broken 3");
        let solved = journal.parts.get_mut("part1").unwrap();
        solved.insert(3, entry(Standing::Passed));
        assert_eq!(at(&journal), (2, 1), "the part is done");
        journal.parts.get_mut("part1").unwrap().remove(&3);
        journal.at = Some(("part1".into(), 2));
        assert_eq!(at(&journal), (1, 3), "the next one of the part");
        journal.at = Some(("part1".into(), 6));
        assert_eq!(at(&journal), (1, 6), "6 is not solved yet");
        journal.at = Some(("part9".into(), 2));
        assert_eq!(at(&journal), (1, 3), "a part that is no longer there");
        let all = PARTS.iter().map(|part| {
            let problems = part.problems.iter();
            let passed = problems.map(|problem| (problem.number, entry(Standing::Passed)));
            (part.name.to_owned(), passed.collect())
        });
        journal.parts = all.collect();
        journal.at = Some(("part1".into(), 2));
        assert_eq!(at(&journal), (1, 2), "nothing is left to do");
    }
}
