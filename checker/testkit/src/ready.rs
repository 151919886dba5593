//! The line by which a node says that it is up.
//!
//! `node n1@127.0.0.1 is ready (listening on 127.0.0.1:40123) [process 4711] [sources 5f3a…] [key 09bd…]`; what
//! stands in brackets may be missing.

use std::fmt;
use std::time::Duration;

use crate::guard::Ending;

/// What a node said about itself when it was up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Where it listens.
    pub address: Option<String>,
    /// The hash of the sources that it was built from, which was compiled into it.
    pub sources: Option<String>,
    /// The key that its `main` was given.
    pub key: Option<String>,
}

impl Ready {
    /// How the line of the node `name` begins.
    pub fn announcement(name: &str) -> String {
        format!("node {name} is ready")
    }

    /// Reads the line of the node `name`.
    pub fn parse(name: &str, line: &str) -> Option<Ready> {
        let rest = line.strip_prefix(&Ready::announcement(name))?;
        let between = |open: &str, close: char| {
            let (_, after) = rest.split_once(open)?;
            Some(after.split(close).next()?.to_owned())
        };
        Some(Ready {
            address: between("(listening on ", ')'),
            sources: between("[sources ", ']'),
            key: between("[key ", ']'),
        })
    }
}

/// Why a node did not come up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReady {
    /// The program could not be started at all.
    NotStarted(String),
    /// The machine had no room for another process or thread.
    NoRoom(String),
    /// It ended first.
    Ended(Ending),
    /// It runs, and has not said that it is ready.
    TooLate(Duration),
    /// It was built from other sources than those to be graded.
    OtherSources {
        /// The hash of what is to be graded.
        expected: String,
        /// The hash that the node gave, if any.
        seen: Option<String>,
    },
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotReady::NotStarted(why) | NotReady::NoRoom(why) => f.write_str(why),
            NotReady::Ended(ending) => write!(f, "{ending} before it was ready"),
            NotReady::TooLate(within) => {
                write!(
                    f,
                    "did not report within {} s that it is ready",
                    within.as_secs_f64()
                )
            }
            NotReady::OtherSources { expected, seen } => write!(
                f,
                "was built from sources other than those being graded ({} instead of {expected})",
                seen.as_deref().unwrap_or("none named")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<[Option<&str>; 3]>) {
        let expected = expected.map(|[address, sources, key]| Ready {
            address: address.map(Into::into),
            sources: sources.map(Into::into),
            key: key.map(Into::into),
        });
        assert_eq!(Ready::parse("n1@127.0.0.1", line), expected, "{line}");
    }

    #[test]
    fn ready_line_is_read_with_and_without_its_brackets() {
        check("node n1@127.0.0.1 is ready", Some([None, None, None]));
        check(
            "node n1@127.0.0.1 is ready (listening on 127.0.0.1:4)",
            Some([Some("127.0.0.1:4"), None, None]),
        );
        check(
            "node n1@127.0.0.1 is ready (listening on 127.0.0.1:4) [process 5] [sources ab12] [key 7f]",
            Some([Some("127.0.0.1:4"), Some("ab12"), Some("7f")]),
        );
        check("node n2@127.0.0.1 is ready", None);
        check("hello", None);
    }
}
