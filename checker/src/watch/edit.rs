//! Opens the learner's editor where there is something to write: `--edit-cmd`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::str::FromStr;

use tokio::process::Command;

use super::Watch;
use super::verdict::places_of;
use grader::part_report::Refused;
use testkit::verdict::Verdict;

/// The command of an editor, in words. `{file}` and `{line}` stand for the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditCommand(Vec<String>);

impl FromStr for EditCommand {
    type Err = String;

    fn from_str(text: &str) -> Result<EditCommand, String> {
        if !text.contains("{file}") {
            return Err("it needs {file}, where the path goes: 'code --goto {file}:{line}'".into());
        }
        let words = text.split_whitespace().map(str::to_owned);
        Ok(EditCommand(words.collect()))
    }
}

impl EditCommand {
    fn at(&self, file: &Path, line: u32) -> Vec<String> {
        let (file, line) = (file.to_string_lossy(), line.to_string());
        let words = self.0.iter();
        words
            .map(|word| word.replace("{file}", &file).replace("{line}", &line))
            .collect()
    }

    /// Starts the editor, and does not wait for it: its window may stay open.
    fn open(&self, file: &Path, line: u32) -> Result<(), String> {
        let words = self.at(file, line);
        let started = Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        started
            .map(drop)
            .map_err(|error| format!("Could not run {}: {error}.", words[0]))
    }
}

impl Watch {
    /// Opens the editor, if there is one; what goes wrong becomes the message.
    pub(super) fn edit(&mut self) {
        let Some(command) = &self.settings.edit else {
            return;
        };
        let (file, line) = self.place_to_edit();
        if let Err(why) = command.open(&file, line) {
            self.view.message = Some(why);
        }
    }

    /// The place that the verdict names, or the first gap of the problem that is not written, or the
    /// part's first file.
    fn place_to_edit(&self) -> (PathBuf, u32) {
        let (part, problem) = (self.place.part, self.place.problem);
        let named = self.named_by_the_verdict();
        let mut gaps = problem.gaps.iter();
        let gap = || gaps.find_map(|gap| places_of(&self.course, part, *gap).into_iter().next());
        let (file, line) = named
            .or_else(gap)
            .unwrap_or_else(|| (PathBuf::from(part.editable[0]), 1));
        (self.course.exercise(part).join(file), line)
    }

    fn named_by_the_verdict(&self) -> Option<(PathBuf, u32)> {
        let report = self.last.as_ref()?.report.as_ref().ok()?;
        if let Some(Refused::DoesNotCompile { places, .. }) = &report.refused {
            let mut own = places.iter().filter(|place| place.editable);
            return own
                .next()
                .map(|place| (place.file.clone(), place.line.unwrap_or(1)));
        }
        let told = report.problems.first()?.told()?;
        match &told.verdict {
            Verdict::Failed(failure) => {
                let place = failure.place.as_ref()?;
                Some((place.file.clone(), place.line.unwrap_or(1)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_the_place() {
        let command: EditCommand = "code --goto {file}:{line}".parse().unwrap();
        assert_eq!(
            command.at(Path::new("/a b/c.rs"), 7),
            ["code", "--goto", "/a b/c.rs:7"]
        );
    }

    #[test]
    fn command_without_a_file_is_refused() {
        assert!("code".parse::<EditCommand>().is_err());
    }
}
