//! Names for the Tab key: of commands, of nodes, of servers, and of the messages that they know.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use prompt::editor::Complete;

use super::command::{Arg, COMMANDS, commands_of};
use testkit::part::Part;
use testkit::plain_file::{self, MAX_TEXT};

/// What can be named at the moment. Clones mean the same.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    commands: Vec<String>,
    nodes: Vec<String>,
    servers: Vec<String>,
    messages: Vec<String>,
}

impl Names {
    /// The commands of a part, and the servers and messages that its `protocol.rs` speaks of; none, if
    /// that cannot be read.
    pub(super) fn of(part: &Part, folder: &Path) -> Names {
        let text =
            plain_file::read_text(&folder.join("src/protocol.rs"), MAX_TEXT).unwrap_or_default();
        let names = Names::default();
        {
            let mut known = names.lock();
            let commands = commands_of(part);
            known.commands = commands.map(|command| command.name.to_owned()).collect();
            known.servers = servers(&text);
            known.messages = messages(&text);
        }
        names
    }

    /// These are the nodes from now on.
    pub(super) fn set_nodes(&self, nodes: Vec<String>) {
        self.lock().nodes = nodes;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Complete for Names {
    fn candidates(&self, before: &[&str]) -> Vec<String> {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let known = self.lock();
        let arg = match before {
            [] | ["try"] => Arg::Command,
            ["try", name, args @ ..] | [name, args @ ..] => {
                let Some(command) = COMMANDS.find(name) else {
                    return Vec::new();
                };
                match (command.args.get(args.len()), command.args.last()) {
                    (Some(arg), _) => *arg,
                    (None, Some(Arg::Nodes)) => Arg::Nodes,
                    _ => Arg::Free,
                }
            }
        };
        match arg {
            Arg::Command => known.commands.clone(),
            Arg::Node | Arg::Nodes => known.nodes.clone(),
            Arg::Server => known.servers.clone(),
            Arg::Message => known.messages.clone(),
            Arg::OneOf(words) => owned(words),
            Arg::Free => Vec::new(),
        }
    }
}

/// The names behind `ServerName::new("`.
fn servers(protocol: &str) -> Vec<String> {
    let names = protocol.split("ServerName::new(\"").skip(1);
    names
        .filter_map(|after| Some(after.split_once('"')?.0.to_owned()))
        .collect()
}

/// The variants of enums whose names end with `Msg`.
fn messages(protocol: &str) -> Vec<String> {
    let mut messages = Vec::new();
    for after in protocol.split("pub enum ").skip(1) {
        let Some((name, body)) = after.split_once(" {\n") else {
            continue;
        };
        if !name.ends_with("Msg") {
            continue;
        }
        let body = body.split("\n}").next().unwrap_or_default();
        for line in body.lines() {
            let variant = line.strip_prefix("    ").unwrap_or_default();
            let end = variant.find(|c: char| !c.is_ascii_alphanumeric());
            let variant = &variant[..end.unwrap_or(variant.len())];
            if variant.starts_with(|c: char| c.is_ascii_uppercase()) {
                messages.push(variant.to_owned());
            }
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::PARTS;

    const PROTOCOL: &str = r#"
/// The consumer.
pub const CONSUMER: ServerName<ConsumerMsg> = ServerName::new("consumer");

pub enum ConsumerMsg {
    /// Graded: Not this word.
    Ping {
        /// From whom.
        from: NodeName,
    },
    TotalPings(Reply<u64>),
    Reset,
}

pub enum Other {
    Thing,
}
"#;

    #[test]
    fn servers_and_messages_are_read_from_the_protocol() {
        assert_eq!(servers(PROTOCOL), ["consumer"]);
        assert_eq!(messages(PROTOCOL), ["Ping", "TotalPings", "Reset"]);
    }

    #[test]
    fn each_place_of_a_command_has_its_names() {
        let names = Names::of(&PARTS[0], Path::new("nowhere"));
        names.set_nodes(vec!["n1".into(), "n2".into()]);
        names.lock().servers = servers(PROTOCOL);
        names.lock().messages = messages(PROTOCOL);
        assert!(names.candidates(&[]).contains(&"partition".to_owned()));
        assert!(!names.candidates(&[]).contains(&"store".to_owned()));
        assert_eq!(names.candidates(&["kill"]), ["n1", "n2"]);
        assert_eq!(names.candidates(&["partition", "n1", "|"]), ["n1", "n2"]);
        assert_eq!(names.candidates(&["call", "n1"]), ["consumer"]);
        assert_eq!(names.candidates(&["try", "crash", "n1"]), ["consumer"]);
        let messages = names.candidates(&["call", "n1", "consumer"]);
        assert_eq!(messages, ["Ping", "TotalPings", "Reset"]);
        assert!(names.candidates(&["kill", "n1"]).is_empty());
        assert!(names.candidates(&["nonsense"]).is_empty());
    }
}
