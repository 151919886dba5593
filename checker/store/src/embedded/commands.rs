//! From a parsed command to its answer: the table of commands.

use bytes::Bytes;

use super::call::{Call, cut, wrong_arguments};
use super::database::Database;
use super::reply::Reply;
use super::{keys, session};

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
