//! From a parsed command to its answer: the table of commands, and the errors common to all.

use bytes::Bytes;

use super::database::Database;
use super::reply::Reply;
use super::{keys, session};
use crate::request::integer;

pub(super) const SYNTAX_ERROR: &str = "ERR syntax error";

/// One command on its way: what it may read and change.
pub(super) struct Call<'a> {
    pub(super) database: &'a mut Database,
    /// The number of the database that the connection has selected.
    pub(super) space: &'a mut usize,
    /// What stood after the name.
    pub(super) arguments: &'a [Bytes],
}

type Handler = fn(&mut Call<'_>) -> Result<Reply, String>;

/// Name, the least and the most arguments after the name, and what it does.
const COMMANDS: &[(&str, usize, usize, Handler)] = &[
    ("auth", 1, 2, session::auth),
    ("client", 1, usize::MAX, session::client),
    ("del", 1, usize::MAX, keys::del),
    ("eval", 2, usize::MAX, keys::eval),
    ("flushall", 0, 0, keys::flushall),
    ("get", 1, 1, keys::get),
    ("info", 0, usize::MAX, session::info),
    ("mget", 1, usize::MAX, keys::mget),
    ("ping", 0, usize::MAX, session::ping),
    ("scan", 1, usize::MAX, keys::scan),
    ("select", 1, 1, session::select),
    ("set", 2, usize::MAX, keys::set),
];

impl Database {
    /// Executes one command of a connection, which has selected the database `space`.
    pub(crate) fn execute(&mut self, space: &mut usize, command: &[Bytes]) -> Reply {
        let Some((name, arguments)) = command.split_first() else {
            return Reply::Error("ERR empty command".to_owned());
        };
        let known = COMMANDS
            .iter()
            .find(|known| name.eq_ignore_ascii_case(known.0.as_bytes()));
        let Some((known, least, most, handler)) = known else {
            return Reply::Error(unknown(name, arguments));
        };
        if !(*least..=*most).contains(&arguments.len()) {
            return Reply::Error(wrong_arguments(known));
        }
        let mut call = Call {
            database: self,
            space,
            arguments,
        };
        handler(&mut call).unwrap_or_else(Reply::Error)
    }
}

pub(super) fn wrong_arguments(command: &str) -> String {
    format!("ERR wrong number of arguments for '{command}' command")
}

pub(super) fn unknown_subcommand(command: &str, subcommand: &Bytes) -> String {
    format!(
        "ERR unknown subcommand '{}'. Try {command} HELP.",
        cut(subcommand, 128)
    )
}

pub(super) fn number(argument: &Bytes) -> Result<i64, String> {
    integer(argument).ok_or_else(|| "ERR value is not an integer or out of range".to_owned())
}

/// Whether an argument is this word, in whatever case.
pub(super) fn is(argument: &Bytes, word: &str) -> bool {
    argument.eq_ignore_ascii_case(word.as_bytes())
}

fn unknown(name: &Bytes, arguments: &[Bytes]) -> String {
    let mut beginning = String::new();
    for argument in arguments {
        if beginning.len() >= 128 {
            break;
        }
        let room = 128 - beginning.len();
        beginning += &format!("'{}' ", cut(argument, room));
    }
    format!(
        "ERR unknown command '{}', with args beginning with: {beginning}",
        cut(name, 128)
    )
}

fn cut(text: &Bytes, length: usize) -> String {
    String::from_utf8_lossy(&text[..text.len().min(length)]).into_owned()
}
