//! One command on its way, and the errors common to all.

use bytes::Bytes;

use super::database::Database;
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

pub(super) fn cut(text: &Bytes, length: usize) -> String {
    String::from_utf8_lossy(&text[..text.len().min(length)]).into_owned()
}
