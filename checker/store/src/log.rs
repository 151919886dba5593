//! What the nodes of a cluster asked of their store, in the order in which it was asked.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::time::Instant;

use crate::commands::{is_on_the_connection, keys};

/// After so many commands the log takes no more.
const COMMAND_LIMIT: usize = 1_000_000;
/// After so many bytes of text the log takes no more.
const TEXT_LIMIT: usize = 256 * 1024 * 1024;
/// The arguments of a command after these are left out.
const ARGUMENT_LIMIT: usize = 64;
/// The characters of an argument after these are left out.
const CHARACTER_LIMIT: usize = 200;

/// One command, on one key, that a node sent to its store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The node whose [`Proxy`](crate::Proxy) saw it.
    pub node: String,
    /// The command in upper case, such as `GET`.
    pub name: String,
    /// The key that it is about; the pattern of a `SCAN`. `None` for a command without a key.
    pub key: Option<String>,
    /// What stood after the name, each argument cut to 200 characters and only the first 64 of
    /// them. Of a command on several keys, only the key of this record, and the value that `MSET` gives it.
    pub args: Vec<String>,
    /// Whether it was handed to the store. If not, it never happened.
    pub forwarded: bool,
    /// Its place in the log, counted over all nodes.
    pub number: u64,
    /// When the proxy saw it.
    pub at: Instant,
}

/// Counts and keeps the commands of all nodes of a cluster, for claims about what was asked.
///
/// Shared by the proxies of a cluster. A command that was forwarded is in the log before any program
/// can see its effect. What belongs to the connection and not to the data (`HELLO`, `CLIENT`,
/// `SELECT`, `AUTH`, `PING`, `INFO`) is not recorded. A command on several keys (`DEL`, `MSET`) is
/// recorded once for each.
///
/// The log is bounded: when it is full, later commands are left out and
/// [`overflowed`](Log::overflowed) says so.
#[derive(Default)]
pub struct Log {
    entries: Mutex<Entries>,
}

pub(crate) struct Entries {
    commands: Vec<Command>,
    /// How many more bytes of text are taken.
    room: usize,
    overflowed: bool,
}

impl Default for Entries {
    fn default() -> Entries {
        Entries {
            commands: Vec::new(),
            room: TEXT_LIMIT,
            overflowed: false,
        }
    }
}

impl Log {
    /// An empty log.
    pub fn new() -> Log {
        Log::default()
    }

    /// The number that the next command will get, to ask [`since`](Log::since) it later.
    pub fn mark(&self) -> u64 {
        self.lock().commands.len() as u64
    }

    /// The commands from this mark on, oldest first.
    pub fn since(&self, mark: u64) -> Vec<Command> {
        let entries = self.lock();
        let from = usize::try_from(mark).unwrap_or(usize::MAX);
        entries.commands.get(from..).unwrap_or_default().to_vec()
    }

    /// Whether the log was full and commands were left out.
    pub fn overflowed(&self) -> bool {
        self.lock().overflowed
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("mark", &self.mark())
            .finish_non_exhaustive()
    }
}

impl Entries {
    pub(crate) fn record(&mut self, node: &str, arguments: &[Bytes], forwarded: bool) {
        let Some((name, rest)) = arguments.split_first() else {
            return;
        };
        if is_on_the_connection(name) {
            return;
        }
        let keys = keys(name, rest);
        let name = text(name).to_uppercase();
        match &keys[..] {
            [] => self.push(node, &name, None, rest, forwarded),
            [key] => self.push(node, &name, Some(&rest[key.start]), rest, forwarded),
            keys => {
                for key in keys {
                    let own = &rest[key.clone()];
                    self.push(node, &name, own.first(), own, forwarded);
                }
            }
        }
    }

    fn push(
        &mut self,
        node: &str,
        name: &str,
        key: Option<&Bytes>,
        args: &[Bytes],
        forwarded: bool,
    ) {
        if self.commands.len() >= COMMAND_LIMIT || self.room == 0 {
            self.overflowed = true;
            return;
        }
        let command = Command {
            node: node.to_owned(),
            name: name.to_owned(),
            key: key.map(text),
            args: args.iter().take(ARGUMENT_LIMIT).map(text).collect(),
            forwarded,
            number: self.commands.len() as u64,
            at: Instant::now(),
        };
        let size = |text: &String| text.len() + size_of::<String>();
        let texts = [&command.node, &command.name]
            .into_iter()
            .chain(&command.key);
        let used: usize = texts.chain(&command.args).map(size).sum();
        self.room = self.room.saturating_sub(used + size_of::<Command>());
        self.commands.push(command);
    }
}

/// The first characters of an argument, which may be binary and half a megabyte long.
fn text(argument: &Bytes) -> String {
    // Four bytes a character at most, and up to three more that a cut could spoil.
    let start = &argument[..argument.len().min(CHARACTER_LIMIT * 4 + 3)];
    String::from_utf8_lossy(start)
        .chars()
        .take(CHARACTER_LIMIT)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(log: &Log, line: &str) {
        let arguments: Vec<Bytes> = line
            .split(' ')
            .map(|word| Bytes::copy_from_slice(word.as_bytes()))
            .collect();
        log.lock().record("n1", &arguments, true);
    }

    #[track_caller]
    fn check(line: &str, expected: &[(&str, Option<&str>)]) {
        let log = Log::new();
        record(&log, line);
        let commands = log.since(0);
        let found: Vec<_> = commands
            .iter()
            .map(|command| (command.name.as_str(), command.key.as_deref()))
            .collect();
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn key_of_each_command_is_found() {
        check("get a", &[("GET", Some("a"))]);
        check("SET a 1 NX PX 100", &[("SET", Some("a"))]);
        check("DEL a b", &[("DEL", Some("a")), ("DEL", Some("b"))]);
        check(
            "MGET a b a",
            &[
                ("MGET", Some("a")),
                ("MGET", Some("b")),
                ("MGET", Some("a")),
            ],
        );
        check("MSET a 1 b 2", &[("MSET", Some("a")), ("MSET", Some("b"))]);
        check("EVAL script 1 lock mine", &[("EVAL", Some("lock"))]);
        check("EVAL script", &[("EVAL", None)]);
        check("SCAN 0 COUNT 5 match link:*", &[("SCAN", Some("link:*"))]);
        check("SCAN 0", &[("SCAN", None)]);
        check("FLUSHALL", &[("FLUSHALL", None)]);
        check("DEL", &[("DEL", None)]);
        check("NONSENSE a b", &[("NONSENSE", Some("a"))]);
    }

    #[test]
    fn commands_on_the_connection_are_not_recorded() {
        for line in ["HELLO 3", "CLIENT ID", "SELECT 1", "AUTH x", "ping", "INFO"] {
            check(line, &[]);
        }
    }

    #[test]
    fn marks_divide_what_was_asked_before_from_what_comes_after() {
        let log = Log::new();
        assert_eq!(log.mark(), 0);
        record(&log, "GET a");
        let mark = log.mark();
        assert_eq!(log.since(mark), []);
        record(&log, "DEL b c");
        let after = log.since(mark);
        assert_eq!(
            after
                .iter()
                .map(|command| command.number)
                .collect::<Vec<_>>(),
            [1, 2]
        );
        assert_eq!(after[1].args, ["c"]);
        record(&log, "MSET d 1 e 2");
        assert_eq!(log.since(after[1].number + 1)[1].args, ["e", "2"]);
        assert_eq!(log.since(u64::MAX), []);
    }

    #[test]
    fn arguments_are_cut() {
        let log = Log::new();
        record(&log, &format!("SET k {}", "ü".repeat(1_000)));
        log.lock().record(
            "n1",
            &[Bytes::from("SET"), Bytes::from(vec![0xff; 1_000])],
            true,
        );
        record(&log, &"x ".repeat(1_000));
        let commands = log.since(0);
        assert_eq!(commands[0].args[1], "ü".repeat(200));
        assert_eq!(commands[1].args[0], "\u{fffd}".repeat(200));
        assert_eq!(commands[2].args.len(), 64);
    }

    #[test]
    fn full_log_says_so_and_keeps_what_it_has() {
        let log = Log::new();
        log.lock().room = 10_000;
        while !log.overflowed() {
            record(&log, "SET a 1");
        }
        let mark = log.mark();
        assert!((10..100).contains(&mark), "{mark}");
        record(&log, "GET a");
        assert_eq!(log.mark(), mark);
    }
}
