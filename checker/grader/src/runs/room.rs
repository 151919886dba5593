//! How much a run may leave behind.
//!
//! A program may print what it likes, and its verdict does not depend on what is kept of that. So when
//! a run grows too large, the longest logs lose their ends first (the last lines of each are in the
//! trace as well), and then traces go, those of passed scenarios before others.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use testkit::guard::times_file;
use testkit::verdict::{Outcome, Standing};

/// How many bytes one run may leave behind.
pub const ONE_RUN: u64 = 50_000_000;

/// How many bytes all runs may have in sum; the oldest go first.
pub const ALL_RUNS: u64 = 500_000_000;

/// So much of each log is always kept.
const LEAST: u64 = 64_000;

/// How many things that were left out are named.
const NAMED: usize = 3;

/// How many bytes there are in a folder.
pub fn bytes(folder: &Path) -> u64 {
    let entries = WalkDir::new(folder).into_iter().flatten();
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.map(|file| size(file.path())).sum()
}

/// Keeps a run within its limit.
#[derive(Debug)]
pub struct Room {
    run: PathBuf,
    limit: u64,
    tries: Vec<Try>,
    /// How many bytes were left out of which file.
    left_out: BTreeMap<String, u64>,
}

/// The folder of a try that has ended.
#[derive(Debug)]
struct Try {
    folder: PathBuf,
    passed: bool,
}

/// A log, with the file that says when what came.
#[derive(Debug)]
struct Log {
    file: PathBuf,
    /// Of both files.
    bytes: u64,
}

impl Room {
    /// For the run in that folder.
    pub fn of(run: &Path) -> Room {
        Room {
            run: run.to_owned(),
            limit: ONE_RUN,
            tries: Vec::new(),
            left_out: BTreeMap::new(),
        }
    }

    /// A scenario has ended: nothing is written into the folders of its tries any more, and what
    /// all of it is needed for was made.
    pub fn enter(&mut self, within: &Path, outcome: &Outcome) {
        let passed = outcome.verdict.standing() == Standing::Passed;
        let folders = (1..).map(|number| within.join(format!("{}-{number}", outcome.scenario)));
        let tries = folders.take_while(|folder| folder.is_dir());
        self.tries
            .extend(tries.map(|folder| Try { folder, passed }));
        self.cut_down();
    }

    fn cut_down(&mut self) {
        let sum = |tries: &[Try]| tries.iter().map(|of| bytes(&of.folder)).sum::<u64>();
        let too_much = |tries: &[Try]| sum(tries).saturating_sub(self.limit);
        let over = too_much(&self.tries);
        if over == 0 {
            return;
        }
        let logs: Vec<Log> = self.tries.iter().flat_map(|of| logs(&of.folder)).collect();
        let level = level(logs.iter().map(|log| log.bytes).collect(), over);
        for log in logs.iter().filter(|log| log.bytes > level) {
            if let Some(cut) = cut(&log.file, log.bytes, level) {
                *self.left_out.entry(self.name(&log.file)).or_default() += cut;
            }
        }
        // Those of a failure are what its page is made of.
        let mut tries: Vec<usize> = (0..self.tries.len()).collect();
        tries.sort_by_key(|&place| !self.tries[place].passed);
        for place in tries {
            if too_much(&self.tries) == 0 {
                break;
            }
            for trace in traces(&self.tries[place].folder) {
                let gone = size(&trace);
                if fs::remove_file(&trace).is_ok() {
                    *self.left_out.entry(self.name(&trace)).or_default() += gone;
                }
            }
        }
    }

    /// What a reader of the report should know, as a sentence.
    pub fn note(&self) -> Option<String> {
        let mut left_out: Vec<_> = self.left_out.iter().collect();
        left_out.sort_by(|a, b| b.1.cmp(a.1));
        let named = left_out.iter().take(NAMED);
        let named: Vec<String> = named
            .map(|(file, bytes)| format!("{} of {file}", in_words(**bytes)))
            .collect();
        let more = match self.left_out.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        (!named.is_empty()).then(|| {
            format!(
                "The checker keeps at most {} of a run, so it left out {}{more}. The verdicts are based on everything.",
                in_words(self.limit),
                named.join(", ")
            )
        })
    }

    fn name(&self, file: &Path) -> String {
        file.strip_prefix(&self.run)
            .unwrap_or(file)
            .display()
            .to_string()
    }
}

fn in_words(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

fn size(file: &Path) -> u64 {
    fs::symlink_metadata(file).map_or(0, |meta| meta.len())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn logs(folder: &Path) -> Vec<Log> {
    let files = files(folder).into_iter();
    let logs = files.filter(|file| file.extension().is_some_and(|end| end == "log"));
    logs.map(|file| Log {
        bytes: size(&file) + size(&times_file(&file)),
        file,
    })
    .collect()
}

fn traces(folder: &Path) -> Vec<PathBuf> {
    let mut files = files(folder);
    files.retain(|file| file.extension().is_some_and(|end| end == "json"));
    files
}

/// The length that no log may exceed, so that all together are shorter by `over`.
fn level(mut lengths: Vec<u64>, over: u64) -> u64 {
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let (mut sum, mut count) = (0, 0);
    for (place, length) in lengths.iter().enumerate() {
        (sum, count) = (sum + length, count + 1);
        let next = lengths.get(place + 1).copied().unwrap_or(0);
        // When those so far are cut down to the next one, is it enough?
        if sum - next * count >= over {
            return ((sum - over) / count).max(LEAST);
        }
    }
    LEAST
}

/// Cuts a log at the end of a line, so that it and its times are no longer than `level`; says how much
/// of both is gone.
fn cut(log: &Path, bytes: u64, level: u64) -> Option<u64> {
    // Of each byte kept, its share of the times is kept.
    let length = size(log);
    let kept = u64::try_from(u128::from(length) * u128::from(level) / u128::from(bytes)).ok()?;
    let kept = end_of_line(log, kept)?;
    let mut file = OpenOptions::new().append(true).open(log).ok()?;
    file.set_len(kept).ok()?;
    let _ = writeln!(file, "[the checker left out the rest of this log]");
    let times = times_file(log);
    let lines = BufReader::new(File::open(&times).ok()?).lines();
    let mut of_kept = String::new();
    for line in lines.map_while(Result::ok) {
        of_kept.push_str(&line);
        of_kept.push('\n');
        let end = line.split_once(' ').and_then(|(_, end)| end.parse().ok());
        // The last one is also the time of the line above.
        if end.is_none_or(|end: u64| end > kept) {
            break;
        }
    }
    let _ = fs::write(&times, of_kept);
    Some(bytes.saturating_sub(size(log) + size(&times)))
}

/// Where the last line ends that lies within the first bytes of a file.
fn end_of_line(file: &Path, within: u64) -> Option<u64> {
    use std::io::{Read, Seek, SeekFrom};
    const LOOK: u64 = 4096;
    let from = within.saturating_sub(LOOK);
    let mut file = File::open(file).ok()?;
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut end = Vec::new();
    file.take(within - from).read_to_end(&mut end).ok()?;
    let line = end.iter().rposition(|&byte| byte == b'\n');
    // A line that is longer is cut within.
    Some(line.map_or(within, |place| from + place as u64 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::guard::{Stream, written_lines};

    #[test]
    fn longest_are_cut_to_one_length() {
        #[track_caller]
        fn check(lengths: &[u64], over: u64, expected: u64) {
            assert_eq!(level(lengths.to_vec(), over), expected);
        }
        let k = LEAST;
        check(&[10 * k, 2 * k], k, 9 * k);
        check(&[10 * k, 10 * k, 2 * k], 6 * k, 7 * k);
        check(&[10 * k, 9 * k, 2 * k], 18 * k, k);
        check(&[10 * k], 20 * k, k);
    }

    #[test]
    fn log_that_is_cut_can_still_be_read_and_the_note_names_it() {
        let run = tempfile::tempdir().unwrap();
        let folder = run.path().join("run-1/part1-twice-1");
        fs::create_dir_all(&folder).unwrap();
        let of = Try {
            folder: folder.clone(),
            passed: false,
        };
        let log = folder.join("n1.stdout.log");
        let (mut text, mut times) = (String::new(), String::new());
        for number in 0..50_000 {
            text += &format!("line {number}\n");
            times += &format!("{number} {}\n", text.len());
        }
        fs::write(&log, &text).unwrap();
        fs::write(times_file(&log), times).unwrap();
        fs::write(folder.join("trace-1.json"), "{}").unwrap();

        let mut room = Room::of(run.path());
        room.limit = 200_000;
        room.tries.push(of);
        room.cut_down();
        assert!(bytes(run.path()) <= room.limit + 200);
        let lines = written_lines(&folder, "n1", Stream::Stdout);
        let (last, kept) = lines.split_last().unwrap();
        assert!(last.1.starts_with("[the checker left out"), "{last:?}");
        assert!(kept.len() > 5_000);
        for (number, line) in kept.iter().enumerate() {
            assert_eq!(*line, (number as u64, format!("line {number}")));
        }
        let note = room.note().unwrap();
        assert!(
            note.contains("of run-1/part1-twice-1/n1.stdout.log"),
            "{note}"
        );
        assert!(folder.join("trace-1.json").exists());
    }

    #[test]
    fn traces_of_passed_scenarios_go_first() {
        let run = tempfile::tempdir().unwrap();
        let mut room = Room::of(run.path());
        room.limit = 10_000;
        for (name, passed) in [("failed-1", false), ("passed-1", true)] {
            let folder = run.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("trace-1.json"), vec![b' '; 8_000]).unwrap();
            room.tries.push(Try { folder, passed });
            room.cut_down();
        }
        assert!(run.path().join("failed-1/trace-1.json").exists());
        assert!(!run.path().join("passed-1/trace-1.json").exists());
    }
}
