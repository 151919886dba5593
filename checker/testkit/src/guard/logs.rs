//! What children wrote, and when.
//!
//! A log is written as it comes. Beside it stands when each piece of it came, on the clock that
//! all processes of the machine share.

use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

use rustix::time::{ClockId, clock_gettime};

use super::Stream;
use crate::plain_file::{self, MAX_OWN};

/// A clock of the whole machine in microseconds, which never goes backwards.
pub fn monotonic_micros() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let (seconds, nanos) = (
        u64::try_from(now.tv_sec).unwrap_or(0),
        u64::try_from(now.tv_nsec).unwrap_or(0),
    );
    seconds * 1_000_000 + nanos / 1000
}

/// The log of the nth start under a name, counted from 1.
pub(super) fn log_file(logs: &Path, name: &str, start: u32, stream: Stream) -> PathBuf {
    let again = match start {
        1 => String::new(),
        _ => format!(".{start}"),
    };
    logs.join(format!("{}{again}.{stream}.log", name.replace('/', "_")))
}

/// The file with the times of a log.
pub fn times_file(log: &Path) -> PathBuf {
    log.with_extension("times")
}

/// The lines that all processes of a name wrote, each with the time on [`monotonic_micros`] at
/// which its beginning came. What cannot be read is left out.
pub fn written_lines(logs: &Path, name: &str, stream: Stream) -> Vec<(u64, String)> {
    let mut lines = Vec::new();
    for (file, text) in read_logs(logs, name, stream) {
        let times = plain_file::read_text(&times_file(&file), MAX_OWN).unwrap_or_default();
        lines.extend(timed(&text.unwrap_or_default(), &times));
    }
    lines
}

/// Writes down what a node that is no process wrote, as if it were one; each line with its time.
///
/// # Errors
/// When that cannot be written.
pub(crate) fn write_lines<'l>(
    logs: &Path,
    name: &str,
    stream: Stream,
    lines: impl IntoIterator<Item = (u64, &'l str)>,
) -> Result<()> {
    let (mut text, mut times) = (String::new(), String::new());
    for (at, line) in lines {
        text.push_str(line);
        text.push('\n');
        times.push_str(&format!("{at} {}\n", text.len()));
    }
    let file = log_file(logs, name, 1, stream);
    std::fs::write(times_file(&file), times)?;
    std::fs::write(file, text)
}

/// The logs of all processes of a name that are there and cannot be read, each with the reason.
pub fn unreadable_logs(logs: &Path, name: &str, stream: Stream) -> Vec<(PathBuf, Error)> {
    let read = read_logs(logs, name, stream);
    read.filter_map(|(file, text)| Some((file, text.err()?)))
        .collect()
}

fn read_logs(
    logs: &Path,
    name: &str,
    stream: Stream,
) -> impl Iterator<Item = (PathBuf, Result<Vec<u8>>)> {
    let files = (1..).map(move |start| log_file(logs, name, start, stream));
    files
        .map(|file| {
            let text = plain_file::read(&file, MAX_OWN);
            (file, text)
        })
        .take_while(|(_, text)| !matches!(text, Err(error) if error.kind() == ErrorKind::NotFound))
}

fn timed(text: &[u8], times: &str) -> Vec<(u64, String)> {
    let mut pieces = times
        .lines()
        .filter_map(|line| {
            let (time, end) = line.split_once(' ')?;
            Some((time.parse::<u64>().ok()?, end.parse::<usize>().ok()?))
        })
        .peekable();
    let (mut lines, mut start, mut last) = (Vec::new(), 0, 0);
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        while let Some(&(time, end)) = pieces.peek() {
            last = time;
            if end > start {
                break;
            }
            pieces.next();
        }
        let text = String::from_utf8_lossy(line);
        lines.push((last, without_key(text.trim_end_matches(['\n', '\r']))));
        start += line.len();
    }
    lines
}

/// A line without the key by which the checker knows that it was the given `main` that said "ready".
fn without_key(line: &str) -> String {
    const KEY: &str = " [key ";
    let is_ready = line.starts_with("node ") && line.contains(" is ready ");
    match line.find(KEY).filter(|_| is_ready) {
        Some(at) => {
            let behind = line[at + KEY.len()..].split_once(']');
            format!("{}{}", &line[..at], behind.map_or("", |(_, behind)| behind))
        }
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_simulated_node_are_read_like_those_of_a_process() {
        let logs = tempfile::tempdir().unwrap();
        let lines = [(7, "first"), (9, "second")];
        write_lines(logs.path(), "n1", Stream::Stderr, lines).unwrap();
        let read = written_lines(logs.path(), "n1", Stream::Stderr);
        assert_eq!(read, lines.map(|(at, line)| (at, line.to_owned())));
    }

    #[test]
    fn line_has_the_time_of_the_piece_that_it_began_in() {
        let lines = timed(b"one\ntwo\nthree", "100 4\n200 6\n300 13\n");
        let expected = [(100, "one"), (200, "two"), (300, "three")];
        let expected: Vec<(u64, String)> = expected
            .map(|(time, text)| (time, text.to_owned()))
            .to_vec();
        assert_eq!(lines, expected);
    }

    #[test]
    fn key_of_the_ready_line_is_shown_nowhere() {
        let line =
            b"node n1@127.0.0.1 is ready (listening on 127.0.0.1:1) [sources ab] [key 2aef]\n";
        let ready = "node n1@127.0.0.1 is ready (listening on 127.0.0.1:1) [sources ab]";
        assert_eq!(timed(line, ""), [(0, ready.to_owned())]);
        assert_eq!(timed(b"a [key b]", ""), [(0, "a [key b]".to_owned())]);
    }

    #[test]
    fn log_that_cannot_be_read_is_named_and_hides_no_later_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("n1.stdout.log")).unwrap();
        std::fs::write(folder.path().join("n1.2.stdout.log"), "again\n").unwrap();
        let lines = written_lines(folder.path(), "n1", Stream::Stdout);
        assert_eq!(lines, [(0, "again".to_owned())]);
        let unreadable = unreadable_logs(folder.path(), "n1", Stream::Stdout);
        let [(file, why)] = unreadable.as_slice() else {
            panic!("{unreadable:?}");
        };
        assert!(file.ends_with("n1.stdout.log"), "{file:?}");
        assert_eq!(why.to_string(), "it is a folder");
    }

    #[test]
    fn log_without_times_is_still_read() {
        assert_eq!(timed(b"one\n", ""), [(0, "one".to_owned())]);
    }
}
