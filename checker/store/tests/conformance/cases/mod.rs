//! What is asked of both servers, and what Redis 7.0.15 answers.

mod connections;
mod keys;

use Answer::Is;

/// The bytes of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    Is(&'static str),
    /// Something with this in it.
    Has(&'static str),
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Whether it changes its connection in ways that another client would not survive.
    pub(crate) wire_only: bool,
    pub(crate) steps: &'static [(&'static [&'static str], Answer)],
}

const OK: Answer = Is("+OK\r\n");
const NIL: Answer = Is("$-1\r\n");
const ZERO: Answer = Is(":0\r\n");
const ONE: Answer = Is(":1\r\n");
const SYNTAX: Answer = Is("-ERR syntax error\r\n");
const NO_INTEGER: Answer = Is("-ERR value is not an integer or out of range\r\n");

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
