//! Input: files, cut into splits on the boundaries of lines.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use runtime::terminal::one_line;
use serde::{Deserialize, Serialize};

/// An input file. All nodes can read it: it is on a file system that they share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// What the file is called in results.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl Input {
    /// Opens the file, and says how many bytes it has.
    ///
    /// # Errors
    /// When it cannot be read, or is not a file of known length, such as a pipe or what is in
    /// `/proc`: splits cannot be cut from it.
    pub fn open(&self) -> io::Result<(File, u64)> {
        let refused = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        // Before it is opened: opening a pipe waits for another program.
        if !fs::metadata(&self.path)?.is_file() {
            return refused("it is not a file");
        }
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(1)))?;
        let has_last = file.read(&mut [0])? == 1;
        if has_last != (length > 0) {
            return refused(
                "its length is not the one that the system reports, as for files in /proc; copy it to a plain file",
            );
        }
        Ok((file, length))
    }
}

/// What one map task reads: whole lines, one behind the other, in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// What the file is called in results.
    pub file: String,
    /// Where it is.
    pub path: PathBuf,
    /// The first byte.
    pub start: u64,
    /// How many bytes.
    pub length: u64,
    /// Records to leave out, by the place in the file where each begins.
    pub skip: Vec<u64>,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.start + self.length;
        write!(f, "{}, bytes {} to {end}", self.file, self.start)
    }
}

/// How a job is slowed down, to make room for failures: for experiments, and for graders.
///
/// In such a job, some lines are not records but orders to the task that reads them: `@sleep 300` makes
/// the map task sleep for 300 ms, `@panic` crashes it, and `@panic 3 PATH` crashes it until the
/// file there has grown to three bytes, one a crash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experiment {
    /// How much longer each map task takes, in milliseconds.
    pub map_ms: u64,
    /// How much longer each reduce task takes, after it has fetched its input, in milliseconds.
    pub reduce_ms: u64,
}

/// How many splits a job may have. Each is a task that the manager keeps in memory and in its journal.
pub const MAX_SPLITS: u64 = 100_000;

/// How many bytes of a line may follow the place where its split should end. The manager reads them to
/// know where the split ends, and a map task has them in memory.
pub const MAX_LINE: u64 = 256 << 20;

/// Cuts files into splits of about `bytes` each. A line is never cut, and an empty file has no split.
///
/// # Errors
/// When a file cannot be read, or has a name that would break the lines of a result; when there would
/// be more than [`MAX_SPLITS`], or a line is longer than [`MAX_LINE`].
pub fn splits(inputs: &[Input], bytes: u64) -> io::Result<Vec<Split>> {
    // Before a line end is looked for, which may be far away.
    let mut count: u64 = 0;
    for input in inputs {
        let (_, length) = input.open().map_err(|error| of_file(input, &error))?;
        count = count.saturating_add(length.div_ceil(bytes.max(1)));
    }
    if count > MAX_SPLITS {
        let why = format!(
            "the input would be cut into about {count} splits, and the manager keeps at most {MAX_SPLITS} in memory: make them larger"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let mut splits = Vec::new();
    for input in inputs {
        cut(input, bytes.max(1), &mut splits).map_err(|error| of_file(input, &error))?;
    }
    Ok(splits)
}

fn of_file(input: &Input, error: &io::Error) -> io::Error {
    let file = one_line(&input.path.display().to_string());
    io::Error::new(error.kind(), format!("{file}: {error}"))
}

fn cut(input: &Input, bytes: u64, splits: &mut Vec<Split>) -> io::Result<()> {
    if input.name.contains(char::is_control) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "its name has a control character",
        ));
    }
    let (mut file, length) = input.open()?;
    let mut start = 0;
    while start < length {
        let end = match start.saturating_add(bytes) {
            end if end < length => behind_line(&mut file, end - 1)?.unwrap_or(length),
            _ => length,
        };
        splits.push(Split {
            file: input.name.clone(),
            path: input.path.clone(),
            start,
            length: end - start,
            skip: Vec::new(),
        });
        start = end;
    }
    Ok(())
}

/// The first byte after the line that contains the byte at `from`; `None` if it is the last line.
fn behind_line(file: &mut File, from: u64) -> io::Result<Option<u64>> {
    let mut buffer = vec![0; 1 << 16];
    let mut at = from;
    file.seek(SeekFrom::Start(at))?;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(None);
        }
        if let Some(place) = buffer[..read].iter().position(|&byte| byte == b'\n') {
            return Ok(Some(at + place as u64 + 1));
        }
        at += read as u64;
        if at - from > MAX_LINE {
            let why = format!(
                "the line at byte {from} is longer than {} MiB, and a map task keeps whole lines in memory",
                MAX_LINE >> 20
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
    }
}

impl Split {
    /// Its bytes.
    ///
    /// # Errors
    /// When they cannot be read, or the file has become shorter.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.start))?;
        let length = usize::try_from(self.length).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        file.read_exact(&mut bytes)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => {
                    io::Error::new(error.kind(), "it has become shorter since the job began")
                }
                _ => error,
            })?;
        Ok(bytes)
    }

    /// The records in its bytes, each with the place in the file where it begins.
    pub(crate) fn records<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = (u64, &'a [u8])> {
        let mut rest = bytes;
        let lines = std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let at = self.start + (bytes.len() - rest.len()) as u64;
            let end = rest.iter().position(|&byte| byte == b'\n');
            let line = &rest[..end.unwrap_or(rest.len())];
            rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
            Some((at, line))
        });
        lines.filter(|(at, _)| !self.skip.contains(at))
    }
}

/// What a line of an experiment orders.
pub(crate) enum Order {
    Sleep(Duration),
    Panic,
}

impl Order {
    /// Reads an order, and counts a panic that is not to be the last.
    pub(crate) fn read(line: &[u8]) -> Option<Order> {
        let line = str::from_utf8(line).ok()?;
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["@sleep", time] => time
                .parse()
                .ok()
                .map(|time| Order::Sleep(Duration::from_millis(time))),
            ["@panic"] => Some(Order::Panic),
            ["@panic", times, path] => {
                let times = times.parse().ok()?;
                Some(match counted(Path::new(path), times) {
                    true => Order::Panic,
                    false => Order::Sleep(Duration::ZERO),
                })
            }
            _ => None,
        }
    }
}

/// Adds a byte to the file unless it has `times` of them already. Says whether it did.
fn counted(path: &Path, times: u64) -> bool {
    use std::io::Write;
    let Ok(mut file) = File::options().create(true).append(true).open(path) else {
        return false;
    };
    let before = file.metadata().map_or(times, |file| file.len());
    before < times && file.write_all(b"x").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_text(text: &[u8], bytes: u64) -> (Vec<Split>, Vec<Vec<u8>>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, text).unwrap();
        let input = Input {
            name: "text".into(),
            path,
        };
        let splits = splits(&[input], bytes).unwrap();
        let contents = splits.iter().map(|split| split.read().unwrap()).collect();
        (splits, contents)
    }

    #[track_caller]
    fn check(text: &str, bytes: u64, expected: &[&str]) {
        let (splits, contents) = cut_text(text.as_bytes(), bytes);
        let contents: Vec<_> = contents
            .iter()
            .map(|bytes| str::from_utf8(bytes).unwrap())
            .collect();
        assert_eq!(contents, expected);
        assert_eq!(contents.concat(), text);
        let starts: Vec<_> = splits.iter().map(|split| split.start).collect();
        assert!(starts.is_sorted());
    }

    #[test]
    fn line_that_no_task_could_have_in_memory_is_refused_without_reading_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        File::create(&path).unwrap().set_len(40 << 30).unwrap();
        let name = "sparse".into();
        let refused = splits(&[Input { name, path }], 1 << 20).unwrap_err();
        let why = refused.to_string();
        assert!(why.contains("longer than 256 MiB"), "{why}");
    }

    #[test]
    fn job_of_too_many_splits_is_refused_before_a_line_end_is_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        File::create(&path).unwrap().set_len(50 << 30).unwrap();
        let name = "sparse".into();
        let refused = splits(&[Input { name, path }], 1 << 10).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
        assert!(refused.to_string().contains("at most 100000"), "{refused}");
    }

    #[test]
    fn splits_end_with_lines() {
        check("", 4, &[]);
        check("a", 4, &["a"]);
        check("ab\ncd\nef\n", 3, &["ab\n", "cd\n", "ef\n"]);
        check("ab\ncd\nef\n", 4, &["ab\ncd\n", "ef\n"]);
        check("ab\ncd\nef", 100, &["ab\ncd\nef"]);
        check("\n\n\n", 1, &["\n", "\n", "\n"]);
        check("a very long line\nb\n", 2, &["a very long line\n", "b\n"]);
        check("a very long line", 1, &["a very long line"]);
    }

    #[test]
    fn records_are_lines_without_those_to_be_skipped() {
        let (mut splits, contents) = cut_text(b"a\n\nbc\nd", 100);
        let records = |split: &Split| -> Vec<(u64, Vec<u8>)> {
            let records = split.records(&contents[0]);
            records.map(|(at, line)| (at, line.to_vec())).collect()
        };
        let expected: [(u64, &[u8]); 4] = [(0, b"a"), (2, b""), (3, b"bc"), (6, b"d")];
        assert_eq!(
            records(&splits[0]),
            expected.map(|(at, line)| (at, line.to_vec()))
        );
        splits[0].skip = vec![3];
        assert_eq!(records(&splits[0]).len(), 3);
    }

    #[test]
    fn panic_is_ordered_so_many_times() {
        let folder = tempfile::tempdir().unwrap();
        let line = format!("@panic 2 {}", folder.path().join("crashes").display());
        let panics = || matches!(Order::read(line.as_bytes()), Some(Order::Panic));
        assert!(panics() && panics() && !panics());
        assert!(Order::read(b"and the @panic").is_none());
    }

    #[track_caller]
    fn check_refused(path: impl Into<PathBuf>, why: &str) {
        let path = path.into();
        let (name, shown) = ("x".to_owned(), path.display().to_string());
        let error = splits(&[Input { name, path }], 1).unwrap_err().to_string();
        assert!(error.starts_with(&shown) && error.contains(why), "{error}");
    }

    #[test]
    fn file_that_cannot_be_cut_is_named() {
        check_refused("/no/such/file", "No such file");
        check_refused("/", "it is not a file");
        // Opening it would wait forever for a program that writes.
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        check_refused(pipe, "it is not a file");
        #[cfg(target_os = "linux")]
        check_refused(
            "/proc/cpuinfo",
            "its length is not the one that the system reports",
        );
    }

    #[test]
    fn split_of_a_file_that_became_shorter_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "one\ntwo\n").unwrap();
        let name = "text".into();
        let splits = splits(
            &[Input {
                name,
                path: path.clone(),
            }],
            4,
        )
        .unwrap();
        fs::write(&path, "one\n").unwrap();
        assert_eq!(splits[0].read().unwrap(), b"one\n");
        let why = splits[1].read().unwrap_err().to_string();
        assert_eq!(why, "it has become shorter since the job began");
    }
}
