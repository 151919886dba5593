//! The commands: what they are called, what they take, and what `help` says of them.

use prompt::command::Commands;

/// What a command takes at a place, so that the editor can complete it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arg {
    /// The name of a node.
    Node,
    /// The name of a server, on any node.
    Server,
    /// The name of a mailbox of this shell.
    Mailbox,
    /// The name of a process group.
    Group,
    /// A name that one process in the cluster has.
    GlobalName,
    /// The name of a command.
    Command,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// What nobody else can know.
    Free,
}

/// One command of the shell.
type Command = prompt::command::Command<Arg>;

/// All commands of the shell.
pub(crate) const COMMANDS: Commands<Arg> = Commands {
    groups: &[
        ("Nodes", NODES),
        ("Messages", MESSAGES),
        ("Names of processes", NAMES),
        ("Failures", FAILURES),
        ("This shell", SHELL),
    ],
    elsewhere: &[("sleep", "wait")],
};

/// The longest command that is explained on its own line.
const WIDEST: usize = 30;

const NODES: &[Command] = &[
    Command {
        name: "connect",
        usage: "NODE",
        args: &[Arg::Node],
        about: "connect to a node, and to those it is connected to",
        more: "A name without @host means a node on this node's own host: `connect silver`.\n\
               A lost connection is opened again as soon as the other node is in reach.",
    },
    Command {
        name: "disconnect",
        usage: "NODE",
        args: &[Arg::Node],
        about: "close the connection to a node on purpose",
        more: "It stays closed until a program connects, or sends a message, to the other node.",
    },
    Command {
        name: "list",
        usage: "[all]",
        args: &[Arg::OneOf(&["all"])],
        about: "the nodes that this one is connected to",
        more: "Hidden nodes are tools that observe the cluster; `all` lists them, too.",
    },
    Command {
        name: "nodes",
        usage: "[HOST]",
        args: &[Arg::Free],
        about: "the nodes that a host's directory knows",
        more: "Also the nodes that this one is not connected to. The directory knows the port\n\
               of each node. The first node on a host serves it; when that node ends, another\n\
               node takes over.",
    },
    Command {
        name: "ping",
        usage: "NODE",
        args: &[Arg::Node],
        about: "ask a node whether it is there",
        more: "Connects to it if necessary. No answer does not mean that it is dead: it may be\n\
               paused, slow, or cut off, and from here these look alike.",
    },
    Command {
        name: "servers",
        usage: "[NODE]",
        args: &[Arg::Node],
        about: "the servers of a node, and what waits for each",
        more: "Names that begin with $ belong to the runtime.",
    },
];

const MESSAGES: &[Command] = &[
    Command {
        name: "register",
        usage: "NAME",
        args: &[Arg::Free],
        about: "open a mailbox, and show what arrives",
        more: "It shows each cast, and you answer calls with `reply`. Try it in two windows:\n\
               `register inbox` on gold, and `send gold inbox Hello` on silver.",
    },
    Command {
        name: "unregister",
        usage: "NAME",
        args: &[Arg::Mailbox],
        about: "close a mailbox",
        more: "Callers that still wait for an answer learn that it has closed.",
    },
    Command {
        name: "send",
        usage: "NODE SERVER MESSAGE",
        args: &[Arg::Node, Arg::Server],
        about: "cast a message; you do not learn whether it arrives",
        more: HOW_TO_WRITE_A_CAST,
    },
    Command {
        name: "broadcast",
        usage: "NAME MESSAGE",
        args: &[Arg::Server],
        about: "cast a message to all servers of that name",
        more: "It goes to all connected nodes and this one, and connects to no other. The\n\
               message is written as for `send`.",
    },
    Command {
        name: "call",
        usage: "NODE SERVER MESSAGE",
        args: &[Arg::Node, Arg::Server],
        about: "send a message and wait for its answer",
        more: "The message is a variant of the server's enum that carries a `Reply`. In short,\n\
               without the Reply:\n\
               \x20 call silver consumer Counts        for  Counts(Reply<…>)\n\
               \x20 call silver store Get \"a\"          for  Get(String, Reply<…>)\n\
               or in full, as JSON, with null in place of the Reply:\n\
               \x20 call silver store {\"Get\":{\"key\":\"a\",\"reply\":null}}\n\
               `within 2s` at the end waits two seconds; Ctrl-C stops waiting.",
    },
    Command {
        name: "reply",
        usage: "[NUMBER VALUE]",
        args: &[Arg::Free],
        about: "answer a call; no argument: list waiting calls",
        more: "The value is JSON, written as for `send`.",
    },
];

const NAMES: &[Command] = &[
    Command {
        name: "join",
        usage: "GROUP NAME",
        args: &[Arg::Group, Arg::Mailbox],
        about: "make a mailbox a member of a process group",
        more: "A group exists as long as it has members, on this node or on others.",
    },
    Command {
        name: "leave",
        usage: "GROUP NAME",
        args: &[Arg::Group, Arg::Mailbox],
        about: "end the membership of a mailbox",
        more: "",
    },
    Command {
        name: "members",
        usage: "GROUP",
        args: &[Arg::Group],
        about: "the members of a group that can be reached",
        more: "The members on a lost node leave the group, and return with the node.",
    },
    Command {
        name: "groups",
        usage: "",
        args: &[],
        about: "the groups that have members",
        more: "",
    },
    Command {
        name: "global",
        usage: "[ACTION NAME]",
        args: &[
            Arg::OneOf(&["register", "unregister", "whereis"]),
            Arg::GlobalName,
            Arg::Mailbox,
        ],
        about: "names unique in the cluster; no argument: list",
        more: "\x20 global register leader inbox   gives your mailbox inbox the name\n\
               \x20 global whereis leader          says which process has it\n\
               \x20 global unregister leader       takes it away\n\
               While the network is divided, each side can give the name to a process of its\n\
               own. When it heals, the process on the node with the smaller name keeps the\n\
               name, and the runtime kills the other process.",
    },
];

const FAILURES: &[Command] = &[
    Command {
        name: "monitor",
        usage: "NODE [SERVER]",
        args: &[Arg::Node, Arg::Server],
        about: "report once when a server or node goes down",
        more: "`monitor silver consumer` watches one server, `monitor silver` the node itself.\n\
               When the connection to the node closes, the monitor fires too: from here that\n\
               looks the same.",
    },
    Command {
        name: "demonitor",
        usage: "[NUMBER]",
        args: &[Arg::Free],
        about: "end a monitor; no argument: list them",
        more: "",
    },
    Command {
        name: "crash",
        usage: "NODE SERVER",
        args: &[Arg::Node, Arg::Server],
        about: "end a server, as if it had crashed",
        more: "Its supervisor, if it has one, restarts it. Watch it with `monitor` first,\n\
               and see how the other nodes react.",
    },
];

const SHELL: &[Command] = &[
    Command {
        name: "whoami",
        usage: "",
        args: &[],
        about: "this node's name, creation, address and tick time",
        more: "The creation is new each time a node starts: two starts under one\n\
               name are two different nodes, and what was meant for the first must not reach\n\
               the second.",
    },
    Command {
        name: "clock",
        usage: "",
        args: &[],
        about: "this node's Lamport clock",
        more: "It grows with each message, and is always ahead of every message that was\n\
               received: so a cause has a smaller number than its effect. It says nothing about\n\
               the time of day.",
    },
    Command {
        name: "cookie",
        usage: "[show]",
        args: &[Arg::OneOf(&["show"])],
        about: "where this node's cookie comes from",
        more: "With `show`, the secret itself. Nodes with different cookies do not connect.",
    },
    Command {
        name: "wait",
        usage: "TIME",
        args: &[Arg::Free],
        about: "wait, in a script",
        more: "As 200ms, 2s or 1m. Commands can be piped in: the shell ends when they do.",
    },
    Command {
        name: "help",
        usage: "[COMMAND]",
        args: &[Arg::Command],
        about: "this list, or more about one command",
        more: "",
    },
    Command {
        name: "exit",
        usage: "",
        args: &[],
        about: "stop the node and leave, as Ctrl-D does",
        more: "The other nodes see a closed connection, as if it had been killed.",
    },
];

const HOW_TO_WRITE_A_CAST: &str = "The message is a variant of the server's enum. In short:\n\
     \x20 send silver counter Reset          for  Reset\n\
     \x20 send silver counter Add 5          for  Add(u64)\n\
     \x20 send silver consumer Ping {\"from\":\"gold@127.0.0.1\",\"count\":3}\n\
     or in full, as JSON: \"Reset\", {\"Add\":5}. A message that the server does not\n\
     understand is dropped; its node logs that.";

/// The command of that name.
pub(crate) fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.find(if name == "quit" { "exit" } else { name })
}

/// The list of all commands.
pub(crate) fn overview() -> String {
    // Every line fits a terminal of 80 columns; a test sees to it.
    COMMANDS.overview(WIDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_fits_a_terminal_of_80_columns() {
        for text in COMMANDS.all().map(Command::help).chain([overview()]) {
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "too long: {line}");
            }
        }
    }

    #[test]
    fn every_command_has_a_name_of_its_own() {
        let names: Vec<_> = COMMANDS.all().map(|command| command.name).collect();
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].contains(name), "{name} stands twice");
        }
    }
}
