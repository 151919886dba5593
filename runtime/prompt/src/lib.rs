//! What a prompt for nodes needs: the interactive shell and `checker play` are made of it.
//!
//! - `command` is a table of commands, with their help.
//! - `message` turns what a person types into messages of any server, and back.
//! - `time` reads and writes spans of time, `text` reads files that people wrote.
//! - `editor` reads lines in a thread of its own; `screen` prints above the line being typed.

pub mod command;
pub mod editor;
pub mod message;
pub mod screen;
pub mod text;
pub mod time;
