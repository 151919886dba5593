//! Code that a simulation cannot run as it runs on a machine: what blocks the one thread of all nodes, what
//! goes past the runtime, and what reads another clock.
//!
//! It is found in the tokens of the sources. So it has a file and a line, also where it would do harm in a
//! rare schedule only.

use crate::tokens::numbered;

/// What a simulation cannot run, and why, each as the path by which it is called. The last two names of the path
/// decide, as imports bring in the rest.
const CALLS: [(&[&str], &str); 12] = [
    (&["thread", "sleep"], BLOCKS),
    (&["thread", "park"], BLOCKS),
    (&["thread", "spawn"], THREAD),
    (&["thread", "scope"], THREAD),
    (&["thread", "Builder"], THREAD),
    (&["task", "spawn_blocking"], THREAD),
    (&["task", "block_in_place"], BLOCKS),
    (&["tokio", "spawn"], TASK),
    (&["task", "spawn"], TASK),
    (&["SystemTime", "now"], CLOCK),
    (&["std", "time", "Instant"], CLOCK),
    (&["std", "time", "SystemTime"], CLOCK),
];

/// Types whose values are real sockets.
const SOCKETS: [&str; 5] = [
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "UnixListener",
    "UnixStream",
];

const BLOCKS: &str =
    "it blocks the thread that all simulated nodes share. `tokio::time::sleep(…).await` does not";
const THREAD: &str =
    "it works on another thread, which does not run on virtual time. `ctx.spawn` starts a task";
const TASK: &str = "the task does not belong to its node: it continues while the node is paused, and after the node was killed. `ctx.spawn` \
                    starts a task of the node";
const CLOCK: &str =
    "it reads the system clock, which does not follow virtual time. `tokio::time::Instant` does";
const SOCKET: &str = "it is a real socket, and simulated nodes have none";

/// Something that a simulation cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its line.
    pub line: u32,
    /// What it is: `thread::sleep`.
    pub what: String,
    /// Why it cannot be simulated, a fragment.
    pub why: &'static str,
}

/// The first place of a source text that a simulation cannot run. Modules of tests do not count.
pub fn found(source: &str) -> Option<Found> {
    let tokens = without_tests(numbered(source));
    (0..tokens.len()).find_map(|at| {
        let (line, token) = &tokens[at];
        if SOCKETS.contains(&token.as_str()) {
            return Some(Found {
                line: *line,
                what: token.clone(),
                why: SOCKET,
            });
        }
        let call = CALLS
            .iter()
            .find(|(path, _)| begins_with(&tokens[at..], path));
        call.map(|(path, why)| Found {
            line: *line,
            what: path.join("::"),
            why,
        })
    })
}

/// Whether a path stands at the beginning of tokens; its last name also within braces, as imports have it.
fn begins_with(tokens: &[(u32, String)], path: &[&str]) -> bool {
    let mut rest = tokens.iter().map(|(_, token)| token.as_str());
    let Some((last, before)) = path.split_last() else {
        return false;
    };
    for name in before {
        let goes_on =
            rest.next() == Some(name) && rest.next() == Some(":") && rest.next() == Some(":");
        if !goes_on {
            return false;
        }
    }
    match rest.next() {
        Some("{") => rest
            .take_while(|token| *token != "}")
            .any(|token| token == *last),
        token => token == Some(last),
    }
}

/// The tokens outside of `#[cfg(test)] mod … { … }`.
fn without_tests(tokens: Vec<(u32, String)>) -> Vec<(u32, String)> {
    const TESTS: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let mut kept = Vec::new();
    let mut rest = &tokens[..];
    while let [token, behind @ ..] = rest {
        let is_tests =
            rest.len() > TESTS.len() && rest.iter().zip(TESTS).all(|((_, token), of)| token == of);
        if !is_tests {
            kept.push(token.clone());
            rest = behind;
            continue;
        }
        let mut depth = 0;
        let end = rest.iter().position(|(_, token)| {
            match token.as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            depth == 0 && matches!(token.as_str(), "}" | ";")
        });
        rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: Option<(u32, &str)>) {
        let found = found(source);
        let found = found
            .as_ref()
            .map(|found| (found.line, found.what.as_str()));
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn what_goes_past_the_runtime_is_found_with_its_line() {
        for (source, what) in [
            ("\nstd::thread::sleep(pause);", "thread::sleep"),
            ("\nuse std::thread::{self, sleep};", "thread::sleep"),
            ("\nthread::spawn(|| {});", "thread::spawn"),
            ("\ntokio::spawn(async {});", "tokio::spawn"),
            ("\nlet now = SystemTime::now();", "SystemTime::now"),
            (
                "\nuse std::time::{Duration, Instant};",
                "std::time::Instant",
            ),
            (
                "\nlet begun = std::time::Instant::now();",
                "std::time::Instant",
            ),
            ("\nlet stream = TcpStream::connect(at).await;", "TcpStream"),
        ] {
            check(source, Some((2, what)));
        }
    }

    #[test]
    fn what_the_runtime_knows_of_is_not_found() {
        for source in [
            "ctx.spawn(async {});",
            "use tokio::time::{Instant, sleep};",
            "use std::time::Duration;",
            "use std::net::SocketAddr;",
            "// std::thread::sleep(pause);",
            "#[cfg(test)] mod tests { fn t() { std::thread::sleep(pause); } }",
            "let tokio = spawn;",
        ] {
            check(source, None);
        }
        check(
            "#[cfg(test)] mod tests { }\ntokio::spawn(async {});",
            Some((2, "tokio::spawn")),
        );
    }

    #[test]
    fn exercises_and_solutions_can_be_simulated() {
        use crate::sources::Sources;
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let course = crate::course::Course::find(&root).unwrap();
        for part in parts::PARTS.iter() {
            let sources = Sources::read(&course.solution(part)).unwrap();
            for (file, text) in &sources.files {
                assert_eq!(found(text), None, "{file} of {}", part.name);
            }
        }
    }
}
