//! The exercises as the course gives them, for learners who want to start over.
//!
//! A learner edits `exercises/`, and may commit the result; so neither the files nor git's HEAD
//! tell what was there before. The course's folder therefore holds a copy, `checker/stubs/`, that
//! nobody edits. It comes with each version of the course, so a checker that was installed from an
//! older one puts back what belongs to the course at hand. `checker dev check` compares the copy with
//! `exercises/`, and `checker dev stubs` makes it anew. Tests read the copy, never `exercises/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::backup::replace;
use crate::course::Course;
use crate::gaps::GapName;
use crate::gaps::Piece;
use crate::gaps::{self, Gap};
use crate::sources::Sources;
use crate::tokens::{tokens, without_imports};
use testkit::part::Part;
use testkit::plain_file::{self, MAX_OWN, MAX_TEXT};
use testkit::trouble::{Result, Trouble, While};

/// The texts of a part's stub, by their paths in the part's folder: `src/producer.rs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stub {
    /// All of them but the data, which are never edited.
    pub files: BTreeMap<PathBuf, String>,
}

/// A file that is to be as the stub has it, in some gaps or in whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path in the course's folder.
    pub file: PathBuf,
    /// What it is to hold.
    pub text: String,
    /// Whether the course gives the file, so that it is not to be edited.
    pub is_given: bool,
}

/// Which files of a part are put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All that the course has.
    All,
    /// Only those that are not to be edited.
    Given,
}

impl Stub {
    /// The stub of a part, as this version of the course has it.
    ///
    /// # Errors
    /// When the copy is not there, or cannot be read.
    pub fn read(course: &Course, part: &Part) -> Result<Stub> {
        let folder = folder(course, part);
        let files = texts(&folder)?;
        if files.is_empty() {
            return Err(Trouble::new(format!(
                "could not find the stub of {} in {}: `git restore checker/stubs` brings it back",
                part.name,
                folder.display()
            )));
        }
        Ok(Stub { files })
    }

    /// The Rust files, for comparison with what a learner wrote.
    pub fn sources(&self) -> Sources {
        let files = self.files.iter().filter_map(|(path, text)| {
            let name = path.strip_prefix("src").ok()?.to_string_lossy();
            (name != "main.rs").then(|| (name.into_owned(), text.clone()))
        });
        Sources {
            files: files.collect(),
        }
    }

    /// Whether a line of a learner's file, from 1, stands outside of the gaps, is no import, and is
    /// not the course's.
    pub fn is_foreign(&self, path: &Path, yours: &str, line: u32) -> bool {
        let (Some(stub), Ok(pieces)) = (self.files.get(path), gaps::pieces(yours)) else {
            return false;
        };
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        let given = pieces.iter().find_map(|piece| match piece {
            Piece::Given(from, text) => text.lines().nth(line.checked_sub(*from)?),
            Piece::Gap(_) => None,
        });
        given.map(str::trim).is_some_and(|given| {
            !given.starts_with("use ") && stub.lines().all(|line| line.trim() != given)
        })
    }

    /// What to change so that the gaps of one number are the stub's again. Everything else stays.
    ///
    /// # Errors
    /// When the markers of such a gap cannot be found.
    pub fn of_problem(&self, course: &Course, part: &Part, number: u8) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for (path, stub) in &self.files {
            let wanted: BTreeMap<GapName, String> = stub_gaps(path, stub)?
                .into_iter()
                .filter(|gap| gap.name.number == number)
                .map(|gap| (gap.name, gap.body))
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let file = in_course(part, path);
            let whole = course.root.join(&file);
            let yours = plain_file::read_text(&whole, MAX_TEXT).map_err(|error| {
                // What cannot be kept in a backup is not put back either.
                let first = match plain_file::read(&whole, MAX_OWN) {
                    Ok(_) => "",
                    Err(_) => "Move it away; then ",
                };
                Trouble::new(format!(
                    "could not read {}: {error}. {first}`checker reset {} --yes` puts the whole part back",
                    file.display(),
                    part.name
                ))
            })?;
            let text = gaps::fill(&yours, &wanted).map_err(|why| {
                Trouble::new(format!(
                    "could not find the markers of gap {number} in {}: {why}. Put the lines `// ── gap {number}: …` and `// ── end {number}` back, or reset the whole part",
                    file.display()
                ))
            })?;
            // What `fill` does to the last line is no change.
            if text.trim_end() != yours.trim_end() {
                changes.push(Change {
                    is_given: is_given(part, path),
                    file,
                    text,
                });
            }
        }
        Ok(changes)
    }

    /// The files, of those that a learner may edit (`editable`) or has added, that have other code outside of the
    /// gaps than the stub. Imports and comments make no difference.
    pub fn with_own_code(&self, editable: &[&str], sources: &Sources) -> Vec<PathBuf> {
        let outside = |text: &str| {
            let pieces = gaps::pieces(text).ok()?;
            let given = pieces.into_iter().filter_map(|piece| match piece {
                Piece::Given(_, text) => Some(text),
                Piece::Gap(_) => None,
            });
            let pieces = given.map(|text| without_imports(&tokens(&text)));
            Some(pieces.collect::<Vec<_>>())
        };
        let has_own = |(path, yours): &(PathBuf, &String)| match self.files.get(path) {
            None => true,
            Some(_) if !editable.iter().any(|file| path == Path::new(file)) => false,
            // Where the markers are broken, that is told.
            Some(stub) => outside(yours).is_some_and(|yours| Some(yours) != outside(stub)),
        };
        let files = sources.files.iter();
        let files = files.map(|(file, text)| (Path::new("src").join(file), text));
        files.filter(has_own).map(|(path, _)| path).collect()
    }

    /// What to change so that the files of the part are the stub's again. Those that the learner
    /// added stay.
    pub fn of_part(&self, course: &Course, part: &Part, which: Which) -> Vec<Change> {
        let mut changes = Vec::new();
        for (path, text) in &self.files {
            let is_given = is_given(part, path);
            let file = in_course(part, path);
            let old = plain_file::read(&course.root.join(&file), MAX_TEXT);
            let is_same = old.is_ok_and(|old| old == text.as_bytes());
            if !is_same && (is_given || which == Which::All) {
                changes.push(Change {
                    file,
                    text: text.clone(),
                    is_given,
                });
            }
        }
        changes
    }
}

/// Where the stub of a part differs from its exercise, a sentence each. In the course itself they
/// are the same; in a learner's clone they are not.
///
/// # Errors
/// When one of them cannot be read.
pub fn breaches(course: &Course, part: &Part) -> Result<Vec<String>> {
    let stub = texts(&folder(course, part))?;
    let exercise = texts(&course.exercise(part))?;
    let names: BTreeSet<&PathBuf> = stub.keys().chain(exercise.keys()).collect();
    let differing = names
        .into_iter()
        .filter(|name| stub.get(*name) != exercise.get(*name));
    Ok(differing
        .map(|name| {
            format!(
                "{}: the text in checker/stubs differs from that in exercises; `checker dev stubs` copies it.",
                name.display()
            )
        })
        .collect())
}

/// Makes the copies anew from `exercises/`. For those who work on the course.
///
/// # Errors
/// When they cannot be written.
pub fn renew(course: &Course, parts: &[Part]) -> Result<()> {
    for part in parts {
        let exercise = texts(&course.exercise(part))?;
        let copy = folder(course, part);
        for name in texts(&copy)?.keys() {
            if !exercise.contains_key(name) {
                let old = copy.join(name);
                fs::remove_file(&old).or_trouble(|| format!("remove {}", old.display()))?;
            }
        }
        for (name, text) in exercise {
            let file = Path::new("checker/stubs").join(part.folder).join(name);
            replace(course, &file, text.as_bytes())?;
        }
    }
    Ok(())
}

/// Whether a file, relative to the part's folder, comes with the course and is not to be edited.
fn is_given(part: &Part, path: &Path) -> bool {
    !part
        .editable
        .iter()
        .any(|editable| path == Path::new(editable))
}

fn folder(course: &Course, part: &Part) -> PathBuf {
    course.root.join("checker/stubs").join(part.folder)
}

fn in_course(part: &Part, path: &Path) -> PathBuf {
    Path::new("exercises").join(part.folder).join(path)
}

fn stub_gaps(path: &Path, text: &str) -> Result<Vec<Gap>> {
    gaps::gaps(text).map_err(|why| {
        Trouble::new(format!(
            "could not read the gaps of the stub of {}: {why}",
            path.display()
        ))
    })
}

/// The manifest and the sources in a part's folder; none, when there is no such folder.
fn texts(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    let manifest = folder.join("Cargo.toml");
    if manifest.exists() {
        let text = plain_file::read_text(&manifest, MAX_TEXT)
            .or_trouble(|| format!("read {}", manifest.display()))?;
        files.insert(PathBuf::from("Cargo.toml"), text);
    }
    if !folder.join("src").exists() {
        return Ok(files);
    }
    for entry in WalkDir::new(folder.join("src")).sort_by_file_name() {
        let entry = entry.or_trouble(|| format!("read {}", folder.display()))?;
        let path = entry.path();
        if entry.file_type().is_file() && path.extension().is_some_and(|end| end == "rs") {
            let text = plain_file::read_text(path, MAX_TEXT)
                .or_trouble(|| format!("read {}", path.display()))?;
            let name = path.strip_prefix(folder).unwrap_or(path).to_owned();
            files.insert(name, text);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_that_was_edited_outside_of_the_gaps_is_foreign() {
        let path = Path::new("src/a.rs");
        let text = "fn a() {\n    // ── gap 1: a\n    // ── end 1\n    b();\n}\n";
        let stub = Stub {
            files: BTreeMap::from([(path.to_owned(), text.to_owned())]),
        };
        let yours = "use c::d;\nfn a() {\n// ── gap 1: a\nx();\n// ── end 1\n  b();\n    y();\n}\n";
        let foreign: Vec<u32> = (0..12)
            .filter(|line| stub.is_foreign(path, yours, *line))
            .collect();
        assert_eq!(foreign, [7]);
        assert!(!stub.is_foreign(Path::new("src/b.rs"), yours, 7));
    }

    #[test]
    fn code_outside_of_the_gaps_is_found_and_imports_and_comments_are_not() {
        let text = "fn a() {\n    // ── gap 1: a\n    // ── end 1\n    b();\n}\n";
        let names = ["src/a.rs", "src/given.rs"];
        let stub = Stub {
            files: names.map(|name| (name.into(), text.to_owned())).into(),
        };
        let check = |file: &str, text: &str, expected: &[&str]| {
            let files = [(file.to_owned(), text.to_owned())].into();
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            let sources = Sources { files };
            assert_eq!(stub.with_own_code(&["src/a.rs"], &sources), expected);
        };
        let gap = "// ── gap 1: a\nx();\n// ── end 1\n";
        check(
            "a.rs",
            &format!("use c;\n// mine\nfn a() {{\n{gap}b();\n}}\n"),
            &[],
        );
        check(
            "a.rs",
            &format!("fn a() {{\n{gap}b();\ny();\n}}\n"),
            &["src/a.rs"],
        );
        check("given.rs", "fn other() {}", &[]);
        check("own.rs", "fn own() {}", &["src/own.rs"]);
    }
}
