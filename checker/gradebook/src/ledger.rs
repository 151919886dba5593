//! What was graded, a line for each attempt: `ledger.jsonl` in the output folder.
//!
//! The file only grows, and each line is on the disk before it counts. Whatever ends the checker, at most
//! the attempts that were under way are lost. The first of a line that was cut is dropped.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use grader::part_report::PartReport;
use testkit::trouble::{Result, Trouble, While};

/// The version of a line.
pub const SCHEMA: u32 = 1;

/// One time that a part of a submission was graded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempt {
    /// The version of this format.
    pub schema: u32,
    /// Whose.
    pub student: String,
    /// Which part.
    pub part: String,
    /// A hash of all that decides the result: sources, checker, seed, rounds and isolation.
    pub key: String,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// When it was finished.
    pub finished: Timestamp,
    /// How long it took, build and waiting included.
    pub seconds: f64,
    /// The most memory that it was seen to hold with all that it started, in bytes.
    #[serde(default)]
    pub peak_memory: u64,
    /// Why it did not come to its end, a sentence, if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<String>,
    /// What came of it.
    pub report: PartReport,
}

impl Attempt {
    /// An attempt that goes on, as far as it is known.
    pub fn unfinished(student: &str, key: &str, report: PartReport) -> Attempt {
        Attempt {
            schema: SCHEMA,
            student: student.to_owned(),
            part: report.part.clone(),
            key: key.to_owned(),
            attempt: 1,
            finished: Timestamp::now(),
            seconds: 0.0,
            peak_memory: 0,
            cut_short: None,
            report,
        }
    }
}

/// The attempts at each part, by student and part, oldest first.
pub type Attempts = BTreeMap<(String, String), Vec<Attempt>>;

/// The ledger of an output folder, which this process alone writes to.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
    attempts: Attempts,
}

impl Ledger {
    /// The name of the file.
    pub const NAME: &str = "ledger.jsonl";

    /// Opens the ledger of a folder, and makes it if there is none.
    ///
    /// # Errors
    /// When it cannot be read or written, or another process writes to it.
    pub fn open(folder: &Path) -> Result<Ledger> {
        let path = folder.join(Ledger::NAME);
        let doing = || format!("open {}", path.display());
        // To open a pipe would wait for ever.
        if path.exists() && !path.is_file() {
            return Err(Trouble::new(format!(
                "could not open {}: it is not a plain file",
                path.display()
            )));
        }
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).or_trouble(doing)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Trouble::new(format!(
                    "could not open {}: another checker is grading into this folder",
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(error).or_trouble(doing),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).or_trouble(doing)?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        file.set_len(whole as u64).or_trouble(doing)?;
        file.seek(SeekFrom::End(0)).or_trouble(doing)?;
        let attempts =
            read(&bytes[..whole]).or_trouble(|| format!("understand {}", path.display()))?;
        Ok(Ledger {
            path,
            file,
            attempts,
        })
    }

    /// Writes an attempt down. It counts once it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn enter(&mut self, attempt: Attempt) -> Result<()> {
        let doing = || format!("write {}", self.path.display());
        let mut line = serde_json::to_vec(&attempt).or_trouble(doing)?;
        line.push(b'\n');
        self.file.write_all(&line).or_trouble(doing)?;
        self.file.sync_data().or_trouble(doing)?;
        let of = (attempt.student.clone(), attempt.part.clone());
        self.attempts.entry(of).or_default().push(attempt);
        Ok(())
    }

    /// All attempts, also those that an older key makes void.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// The attempts at a part under this key, oldest first.
    pub fn of(&self, student: &str, part: &str, key: &str) -> Vec<&Attempt> {
        let of = (student.to_owned(), part.to_owned());
        let all = self.attempts.get(&of).map_or(&[][..], Vec::as_slice);
        all.iter().filter(|attempt| attempt.key == key).collect()
    }
}

/// Reads the ledgers of other machines, to merge them.
///
/// # Errors
/// When a line cannot be understood.
pub fn read(bytes: &[u8]) -> std::result::Result<Attempts, String> {
    let mut attempts = Attempts::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let attempt: Attempt = serde_json::from_slice(line)
            .map_err(|error| format!("line {}: {error}", number + 1))?;
        let of = (attempt.student.clone(), attempt.part.clone());
        attempts.entry(of).or_default().push(attempt);
    }
    Ok(attempts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::tests::{attempt, failed, passed};

    #[test]
    fn finished_attempts_are_there_after_any_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        ledger
            .enter(attempt("ada", 1, &[passed("part1-twice")]))
            .unwrap();
        ledger
            .enter(attempt("bob", 1, &[failed("part1-twice")]))
            .unwrap();
        drop(ledger);
        // The checker was killed while it wrote a third line.
        let file = folder.path().join(Ledger::NAME);
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&file, [&whole[..], b"{\"schema\":1,\"stud"].concat()).unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        assert_eq!(ledger.attempts().len(), 2);
        ledger
            .enter(attempt("carol", 1, &[passed("part1-twice")]))
            .unwrap();
        drop(ledger);
        let ledger = Ledger::open(folder.path()).unwrap();
        assert_eq!(ledger.of("carol", "part1", "key").len(), 1);
        assert_eq!(ledger.of("ada", "part1", "another key").len(), 0);
    }

    #[test]
    fn two_processes_do_not_write_one_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Ledger::open(folder.path()).unwrap();
        let said = Ledger::open(folder.path()).unwrap_err().to_string();
        assert!(said.contains("another checker is grading"), "{said}");
    }

    #[test]
    fn line_in_the_middle_that_is_damaged_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(Ledger::NAME), "{}\n").unwrap();
        let said = Ledger::open(folder.path()).unwrap_err().to_string();
        assert!(said.contains("line 1"), "{said}");
    }
}
