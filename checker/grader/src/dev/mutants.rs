//! Mutants of a solution: programs that differ from it by one mechanical edit.
//!
//! Most are made by `cargo-mutants`, which knows what can be done to any Rust code: it replaces function
//! bodies and operators, and leaves out match arms. Some are made here, for what is easily wrong in a
//! distributed system (see `operators`).

mod operators;

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::building::cargo_program;
use crate::course::Course;
use crate::dev::variants::hash;
use crate::sources::Sources;
use testkit::part::Part;
use testkit::trouble::{Result, Trouble, While};

/// The version of cargo-mutants whose list is understood.
const CARGO_MUTANTS: &str = "27.1.0";

/// A program that differs from the solution by one edit.
#[derive(Debug, Clone)]
pub(super) struct Mutant {
    /// A name for its library.
    pub(super) name: String,
    /// The file that is edited, and the line in the solution.
    pub(super) file: String,
    pub(super) line: usize,
    /// What was done: "replace == with !=".
    pub(super) about: String,
    /// The lines that go and the lines that come.
    pub(super) edit: String,
    /// The edited file.
    text: String,
}

impl Mutant {
    /// Of a file of the solution and what it becomes.
    fn of(file: &str, before: &str, about: String, text: String) -> Mutant {
        let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), text.lines().collect());
        let same = |(one, other): &(&&str, &&str)| one == other;
        let begins = old.iter().zip(&new).take_while(same).count();
        let rest = old[begins..].iter().rev().zip(new[begins..].iter().rev());
        let ends = rest.take_while(same).count();
        let gone = in_brief("-", &old[begins..old.len() - ends]);
        let come = in_brief("+", &new[begins..new.len() - ends]);
        let hash = hash(file.bytes().chain(text.bytes()));
        Mutant {
            name: format!("mutant_{hash:016x}"),
            file: file.to_owned(),
            line: begins + 1,
            about,
            edit: [gone, come].concat(),
            text,
        }
    }

    /// The sources of the program.
    pub(super) fn sources(&self, solution: &Sources) -> Sources {
        let mut sources = solution.clone();
        sources.files.insert(self.file.clone(), self.text.clone());
        sources
    }
}

impl Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.about)
    }
}

/// Lines of code behind a sign, one a line; of many, the first and the last.
fn in_brief(sign: &str, lines: &[&str]) -> String {
    let code: Vec<&str> = lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .collect();
    let shown = match &code[..] {
        [first, _, _, _, .., last] => vec![*first, "…", *last],
        few => few.to_vec(),
    };
    shown
        .iter()
        .map(|line| format!("{sign} {line}\n"))
        .collect()
}

/// All mutants of the learner's files, in the order of files and lines. Each text is there once.
///
/// # Errors
/// When cargo-mutants is not installed, or cannot list its mutants.
pub(super) async fn list(course: &Course, part: &Part) -> Result<Vec<Mutant>> {
    let solution = Sources::read(&course.solution(part))?;
    let files: Vec<&str> = part
        .editable
        .iter()
        .filter_map(|file| file.strip_prefix("src/"))
        .collect();
    let mut mutants = by_cargo_mutants(course, part, &solution, &files).await?;
    for file in files {
        let Some(text) = solution.files.get(file) else {
            continue;
        };
        for change in operators::changes(text) {
            let mutated = [
                &text[..change.range.start],
                &change.text,
                &text[change.range.end..],
            ]
            .concat();
            mutants.push(Mutant::of(file, text, change.about, mutated));
        }
    }
    let mut known = BTreeSet::new();
    mutants.retain(|mutant| known.insert(mutant.name.clone()));
    mutants.sort_by(|a, b| (&a.file, a.line, &a.name).cmp(&(&b.file, b.line, &b.name)));
    Ok(mutants)
}

/// A mutant in the list of cargo-mutants.
#[derive(Deserialize)]
struct Listed {
    file: String,
    name: String,
    span: Span,
    replacement: String,
}

#[derive(Deserialize)]
struct Span {
    start: Place,
    end: Place,
}

/// A line and a character in it, both from 1.
#[derive(Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

impl Place {
    /// The byte of a text at this place.
    fn byte(&self, text: &str) -> Option<usize> {
        let line = text
            .split_inclusive('\n')
            .take(self.line - 1)
            .map(str::len)
            .sum();
        let mut characters = text.get(line..)?.char_indices().map(|(at, _)| line + at);
        Some(characters.nth(self.column - 1).unwrap_or(text.len()))
    }
}

async fn by_cargo_mutants(
    course: &Course,
    part: &Part,
    solution: &Sources,
    files: &[&str],
) -> Result<Vec<Mutant>> {
    let mut command = tokio::process::Command::new(cargo_program());
    command.current_dir(&course.root).args([
        "mutants",
        "--list",
        "--json",
        "--package",
        part.solution_package,
    ]);
    for file in files {
        command.args(["--file", &format!("solutions/{}/src/{file}", part.folder)]);
    }
    let output = command
        .kill_on_drop(true)
        .output()
        .await
        .or_trouble(|| "run cargo")?;
    if !output.status.success() {
        return Err(Trouble::new(format!(
            "could not list mutants with cargo-mutants, which \
             `cargo install cargo-mutants --version {CARGO_MUTANTS} --locked` installs; it says:\n{}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        )));
    }
    let understanding = || "understand the list of cargo-mutants";
    let listed: Vec<Listed> = serde_json::from_slice(&output.stdout).or_trouble(understanding)?;
    let mut mutants = Vec::new();
    for of in listed {
        let Some((_, file)) = of.file.split_once("/src/") else {
            continue;
        };
        let Some(text) = solution.files.get(file) else {
            continue;
        };
        let range = of.span.start.byte(text).zip(of.span.end.byte(text));
        let (start, end) = range
            .ok_or_else(|| Trouble::new(format!("could not find the place of {}", of.name)))?;
        let about = of
            .name
            .split_once(": ")
            .map_or(&*of.name, |(_, about)| about);
        let about = about.to_owned();
        let mutated = [&text[..start], &of.replacement, &text[end..]].concat();
        mutants.push(Mutant::of(file, text, about, mutated));
    }
    Ok(mutants)
}

/// Mutants that no user could tell from the solution.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Equivalent {
    #[serde(default)]
    equivalent: Vec<Entry>,
}

/// A mutant that no user could tell from the solution, found by the text of its edit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The file that is edited.
    file: String,
    /// The edit, as it is printed.
    edit: String,
    /// Why no user could tell.
    why: String,
}

impl Equivalent {
    /// Reads the list of a part. There is none if there is no file.
    ///
    /// # Errors
    /// When it is no such list, or an entry gives no reason.
    pub(super) fn read(file: &Path) -> Result<Equivalent> {
        if !file.exists() {
            return Ok(Equivalent::default());
        }
        let reading = || format!("read {}", file.display());
        let text = fs::read_to_string(file).or_trouble(reading)?;
        let read: Equivalent = toml::from_str(&text).or_trouble(reading)?;
        match read
            .equivalent
            .iter()
            .find(|entry| entry.why.trim().is_empty())
        {
            Some(entry) => Err(Trouble::new(format!(
                "could not use {}: an entry gives no reason: {:?}",
                file.display(),
                entry.edit
            ))),
            None => Ok(read),
        }
    }

    /// Whether a mutant is listed.
    pub(super) fn has(&self, mutant: &Mutant) -> bool {
        self.equivalent.iter().any(|entry| entry.is_of(mutant))
    }

    /// The entries that are about none of these mutants.
    pub(super) fn unknown<'a>(&'a self, mutants: &'a [Mutant]) -> impl Iterator<Item = &'a Entry> {
        let entries = self.equivalent.iter();
        entries.filter(|entry| !mutants.iter().any(|mutant| entry.is_of(mutant)))
    }
}

impl Entry {
    fn is_of(&self, mutant: &Mutant) -> bool {
        self.file == mutant.file && self.edit.trim() == mutant.edit.trim()
    }
}

impl Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:\n{}", self.file, self.edit.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "fn a() {\n    keep();\n    ask(1);\n}\n";

    fn mutant(from: &str, to: &str) -> Mutant {
        Mutant::of("a.rs", SOURCE, "edit".into(), SOURCE.replace(from, to))
    }

    #[test]
    fn edit_of_a_mutant_is_the_lines_that_differ() {
        let edited = mutant("ask(1)", "ask(2)");
        assert_eq!(
            (edited.line, edited.edit.as_str()),
            (3, "- ask(1);\n+ ask(2);\n")
        );
        let shorter = mutant("    keep();\n", "");
        assert_eq!((shorter.line, shorter.edit.as_str()), (2, "- keep();\n"));
        assert_ne!(edited.name, shorter.name);
    }

    #[test]
    fn of_a_long_edit_the_first_and_the_last_line_are_shown() {
        let lines = ["a", "b", "c", "d", "e"];
        assert_eq!(in_brief("-", &lines), "- a\n- …\n- e\n");
        assert_eq!(in_brief("-", &lines[..2]), "- a\n- b\n");
    }

    #[test]
    fn place_counts_characters_from_one() {
        let text = "ä;\nöb\n";
        let byte = |line, column| Place { line, column }.byte(text);
        assert_eq!(byte(1, 2), Some(2));
        assert_eq!(byte(2, 1), Some(4));
        assert_eq!(byte(2, 2), Some(6));
    }

    #[test]
    fn equivalent_mutant_is_found_by_its_edit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("equivalent.toml");
        assert!(!Equivalent::read(&file).unwrap().has(&mutant("1", "2")));
        let entry = |why: &str| {
            format!(
                "[[equivalent]]\nfile = \"a.rs\"\nedit = \"\"\"\n- ask(1);\n+ ask(2);\n\"\"\"\nwhy = {why:?}\n"
            )
        };
        fs::write(&file, entry("It asks twice.")).unwrap();
        let listed = Equivalent::read(&file).unwrap();
        assert!(listed.has(&mutant("1", "2")));
        assert!(!listed.has(&mutant("1", "3")));
        assert_eq!(listed.unknown(&[mutant("1", "2")]).count(), 0);
        assert_eq!(listed.unknown(&[mutant("1", "3")]).count(), 1);
        fs::write(&file, entry("")).unwrap();
        assert!(Equivalent::read(&file).is_err());
    }
}
