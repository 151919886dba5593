//! What is asked of both servers, and what Redis 7.0.15 answers.

mod connections;
mod keys;

use Answer::{Both, Each};

/// The bytes of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// The same in both versions of the protocol.
    Both(&'static str),
    /// First in RESP2, then in RESP3.
    Each(&'static str, &'static str),
    /// Something with this in it.
    Like(&'static str),
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Whether it changes its connection in ways that another client would not survive.
    pub(crate) wire_only: bool,
    pub(crate) steps: &'static [(&'static [&'static str], Answer)],
}

const OK: Answer = Both("+OK\r\n");
const NIL: Answer = Each("$-1\r\n", "_\r\n");
const ZERO: Answer = Both(":0\r\n");
const ONE: Answer = Both(":1\r\n");
const SYNTAX: Answer = Both("-ERR syntax error\r\n");
const NO_INTEGER: Answer = Both("-ERR value is not an integer or out of range\r\n");

const fn case(name: &'static str, steps: &'static [(&'static [&'static str], Answer)]) -> Case {
    Case {
        name,
        wire_only: false,
        steps,
    }
}

const fn wire(name: &'static str, steps: &'static [(&'static [&'static str], Answer)]) -> Case {
    Case {
        name,
        wire_only: true,
        steps,
    }
}

/// All cases. Each begins on a new connection, with empty databases.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    keys::CASES.iter().chain(connections::CASES)
}
