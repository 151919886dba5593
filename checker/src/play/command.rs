//! The commands: what they are called, what they take, and what `help` says of them.

use std::fmt::Write;

use prompt::command::Commands;

use testkit::part::Part;

/// What a command takes at a place, so that the editor can complete it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arg {
    /// The name of a node.
    Node,
    /// Names of nodes, and signs between them, as many as you like.
    Nodes,
    /// The name of a server.
    Server,
    /// The name of a message.
    Message,
    /// The name of a command.
    Command,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// What nobody else can know.
    Free,
}

type Command = prompt::command::Command<Arg>;

/// All commands, in the order in which a newcomer needs them.
pub(super) const COMMANDS: Commands<Arg> = Commands {
    groups: &[
        ("Look", LOOK),
        ("Talk to servers", TALK),
        ("Break the network", NETWORK),
        ("Break nodes", NODES),
        ("Break the store", STORE),
        ("Experiments", EXPERIMENTS),
    ],
    elsewhere: &[("sleep", "wait"), ("list", "nodes"), ("join", "start")],
};

/// How many columns a line of the list takes. Two stand side by side where there is room.
const LINE: usize = 50;

const LOOK: &[Command] = &[
    Command {
        name: "nodes",
        usage: "",
        args: &[],
        about: "each node's state and list of nodes",
        more: "Also how many messages each node sent to the others and\n\
               received from them, and where it serves HTTP. Messages\n\
               within a node do not count, as they use no network.",
    },
    Command {
        name: "watch",
        usage: "[TEXT]",
        args: &[Arg::Message],
        about: "show messages as they pass",
        more: "Until Enter, or `watch` again. With a text, only the lines\n\
               that contain it: `watch Ping`, `watch n2`. `watch all` also\n\
               shows the messages of the runtime.",
    },
    Command {
        name: "logs",
        usage: "NODE [LINES]",
        args: &[Arg::Node, Arg::Free],
        about: "the last lines that a node wrote",
        more: "To stdout and to stderr. The times are seconds since the\n\
               cluster started.",
    },
    Command {
        name: "servers",
        usage: "NODE",
        args: &[Arg::Node],
        about: "the servers of a node",
        more: "After each, how many messages wait for it, if any do.",
    },
    Command {
        name: "trace",
        usage: "",
        args: &[],
        about: "write a page of all events",
        more: "Prints where the page is; open it in a browser. The last\n\
               page is kept when the cluster ends.",
    },
];

const TALK: &[Command] = &[
    Command {
        name: "call",
        usage: "NODE SERVER MESSAGE",
        args: &[Arg::Node, Arg::Server, Arg::Message],
        about: "ask a server; wait for its answer",
        more: "The message is a variant that carries a `Reply`, which you\n\
               leave out:\n\
               \x20 call n1 consumer TotalPings\n\
               \x20 call n1 cache Peek(\"abc\")\n\
               `within 2s` at the end waits two seconds; Ctrl-C stops\n\
               waiting.",
    },
    Command {
        name: "send",
        usage: "NODE SERVER MESSAGE",
        args: &[Arg::Node, Arg::Server, Arg::Message],
        about: "cast a message to a server",
        more: "As Rust writes it, or as JSON:\n\
               \x20 send n1 consumer Ping{from: \"n2@127.0.0.1\", count: 4}\n\
               \x20 send n1 consumer Ping {\"from\":\"n2@127.0.0.1\",\"count\":4}\n\
               No fault affects it. A message that the server does not\n\
               understand is dropped; `logs` shows that.",
    },
    Command {
        name: "curl",
        usage: "NODE PATH [FIELD=…]",
        args: &[Arg::Node, Arg::Free],
        about: "ask a node over HTTP",
        more: "With fields, they are posted as a form:\n\
               \x20 curl n1 / url=https://example.org/ code=ice\n\
               \x20 curl n2 /ice\n\
               The real curl works, too: `nodes` shows the URLs.",
    },
];

const NETWORK: &[Command] = &[
    Command {
        name: "partition",
        usage: "NODES | NODES",
        args: &[Arg::Nodes],
        about: "cut nodes off; both sides see it",
        more: "\x20 partition n1 | n2 n3\n\
               \x20 partition n1            from all others\n\
               Connections close, and new ones are refused.",
    },
    Command {
        name: "blackhole",
        usage: "NODES",
        args: &[Arg::Nodes],
        about: "let messages vanish silently",
        more: "\x20 blackhole n1 n2         both ways\n\
               \x20 blackhole n1 -> n2      only what n1 sends to n2\n\
               \x20 blackhole n1 | n2 n3    both ways, between the sides\n\
               No node can notice before the tick time has passed.",
    },
    Command {
        name: "delay",
        usage: "[NODES] TIME",
        args: &[Arg::Nodes],
        about: "let messages come later, in order",
        more: "\x20 delay n1 n2 200ms       both ways\n\
               \x20 delay n1 -> n2 200ms    one way\n\
               \x20 delay 50ms              between all\n\
               A second duration is the jitter: `delay 50ms 100ms`.",
    },
    Command {
        name: "heal",
        usage: "[NODES]",
        args: &[Arg::Nodes],
        about: "end these faults; wait to reconnect",
        more: "\x20 heal\n\
               \x20 heal n1 n2\n\
               What was lost stays lost. Rules stay: see `clear`.",
    },
    Command {
        name: "drop",
        usage: "[MESSAGE] [NODES] [10%]",
        args: &[Arg::Message, Arg::Nodes],
        about: "lose messages",
        more: "\x20 drop 10%                each one, with this chance\n\
               \x20 drop Ping n1 -> n2 10%\n\
               \x20 drop Ping to n2 once    the next one\n\
               \x20 drop answers from n2    also: casts, calls\n\
               Only messages of programs; the connection itself stays\n\
               open. `clear` ends it.",
    },
    Command {
        name: "dup",
        usage: "[MESSAGE] [NODES] [10%]",
        args: &[Arg::Message, Arg::Nodes],
        about: "deliver messages twice",
        more: "Written like `drop`.",
    },
    Command {
        name: "hold",
        usage: "[MESSAGE] [NODES] [10%]",
        args: &[Arg::Message, Arg::Nodes],
        about: "hold messages, until `release`",
        more: "Written like `drop`. Later messages overtake them.",
    },
    Command {
        name: "release",
        usage: "[RULE]",
        args: &[Arg::Free],
        about: "deliver held messages",
        more: "Of the rule with that number, or of all.",
    },
    Command {
        name: "rules",
        usage: "",
        args: &[],
        about: "all current faults and rules",
        more: "The faults between nodes, and the rules of `drop`, `dup`\n\
               and `hold`, with how often each took effect.",
    },
    Command {
        name: "clear",
        usage: "[RULE]",
        args: &[Arg::Free],
        about: "end one rule, or all",
        more: "Messages that the rule holds are lost.",
    },
];

const NODES: &[Command] = &[
    Command {
        name: "kill",
        usage: "NODE",
        args: &[Arg::Node],
        about: "end a node at once (kill -9)",
        more: "Its memory and its files are gone.",
    },
    Command {
        name: "pause",
        usage: "NODE",
        args: &[Arg::Node],
        about: "pause a node (kill -STOP)",
        more: "The others list it until the tick time has passed.",
    },
    Command {
        name: "resume",
        usage: "NODE",
        args: &[Arg::Node],
        about: "resume a paused node",
        more: "",
    },
    Command {
        name: "restart",
        usage: "NODE",
        args: &[Arg::Node],
        about: "restart a node under its name",
        more: "A running node is killed first.",
    },
    Command {
        name: "start",
        usage: "NODE",
        args: &[Arg::Free],
        about: "start one more node: `start n6`",
        more: "It connects to one of the others, and so to all.",
    },
    Command {
        name: "crash",
        usage: "NODE SERVER",
        args: &[Arg::Node, Arg::Server],
        about: "crash a server, as a panic would",
        more: "Its supervisor restarts it. After too many crashes, the\n\
               supervisor gives up, and the node ends.",
    },
    Command {
        name: "disconnect",
        usage: "NODE NODE",
        args: &[Arg::Node, Arg::Node],
        about: "close a connection on purpose",
        more: "It stays closed until `connect`, or until one of the two\n\
               sends a message to the other.",
    },
    Command {
        name: "connect",
        usage: "NODE NODE",
        args: &[Arg::Node, Arg::Node],
        about: "connect a node to another",
        more: "",
    },
];

const STORE: &[Command] = &[Command {
    name: "store",
    usage: "WHAT [NODES]",
    args: &[
        Arg::OneOf(&["refuse", "stall", "mute", "slow", "back", "get", "keys"]),
        Arg::Nodes,
    ],
    about: "break the store, for all or some",
    more: "\x20 store refuse n1         n1 cannot reach it\n\
           \x20 store stall             it reads, and does nothing\n\
           \x20 store mute n1 n2        it works, but answers nothing\n\
           \x20 store slow 500ms n1     it answers late\n\
           \x20 store back              it works again\n\
           \x20 store keys [PREFIX]     its keys\n\
           \x20 store get KEY\n\
           The last two are unaffected by faults.",
}];

const EXPERIMENTS: &[Command] = &[
    Command {
        name: "script",
        usage: "FILE",
        args: &[Arg::Free],
        about: "run commands from a file",
        more: "One command per line; # begins a comment. It stops at the\n\
               first that fails. $DATA is the folder of the part's data,\n\
               $TMP a folder of yours until the session ends.",
    },
    Command {
        name: "wait",
        usage: "[TIME]",
        args: &[Arg::Free],
        about: "wait for a time, or for quiet",
        more: "\x20 wait 2s\n\
               \x20 wait       until no message is in transit or unhandled",
    },
    Command {
        name: "expect",
        usage: "[not] TEXT [within TIME]",
        args: &[Arg::Free],
        about: "fail unless the answer contains this",
        more: "Ask first: \x20call n2 consumer TotalPings\n\
               and then:  \x20expect 3\n\
               With `within 5s` the question is asked again until the\n\
               answer fits. `expect not` refuses a text.",
    },
    Command {
        name: "keep",
        usage: "NAME",
        args: &[Arg::Free],
        about: "name the last answer, for later use",
        more: "\x20 call n1 manager Submit{…}\n\
               \x20 keep JOB\n\
               \x20 call n1 manager Status $JOB",
    },
    Command {
        name: "try",
        usage: "COMMAND",
        args: &[Arg::Command],
        about: "a command that may fail, in a script",
        more: "If it fails, its message is its answer.",
    },
    Command {
        name: "help",
        usage: "[COMMAND]",
        args: &[Arg::Command],
        about: "this list, or details of a command",
        more: "",
    },
    Command {
        name: "quit",
        usage: "",
        args: &[],
        about: "end everything, like Ctrl-D",
        more: "Nothing is left running.",
    },
];

/// Whether there is something in a part that a command could be about.
fn is_of_use(command: &Command, part: &Part) -> bool {
    part.serves_http || !["curl", "store"].contains(&command.name)
}

/// The commands of a part.
pub(super) fn commands_of(part: &Part) -> impl Iterator<Item = &'static Command> {
    COMMANDS.all().filter(|command| is_of_use(command, part))
}

/// The list of a part's commands, a line each, for a terminal of this many columns.
pub(super) fn overview(part: &Part, columns: usize) -> String {
    let named = COMMANDS.all().map(|command| command.name.len()).max();
    let width = named.unwrap_or(0);
    let mut groups: Vec<Vec<String>> = Vec::new();
    for (name, commands) in COMMANDS.groups {
        let commands = commands.iter().filter(|command| is_of_use(command, part));
        let lines: Vec<String> = commands
            .map(|command| format!("  {:width$}  {}", command.name, command.about))
            .collect();
        if !lines.is_empty() {
            groups.push([vec![format!("{name}:")], lines].concat());
        }
    }
    let rows: usize = groups.iter().map(Vec::len).sum();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for group in groups {
        match columns < 2 * LINE || 2 * left.len() < rows {
            true => left.extend(group),
            false => right.extend(group),
        }
    }
    right.resize(right.len().max(left.len()), String::new());
    left.resize(right.len(), String::new());
    let mut text = String::new();
    for (left, right) in left.iter().zip(&right) {
        let _ = writeln!(text, "{}", format!("{left:LINE$}{right}").trim_end());
    }
    text + "`help COMMAND` says more. Tab completes commands and names."
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::PARTS;

    #[track_caller]
    fn check(text: &str, columns: usize, rows: usize) {
        for line in text.lines() {
            assert!(line.chars().count() <= columns, "too long: {line}");
        }
        assert!(text.lines().count() <= rows, "too many lines:\n{text}");
    }

    #[test]
    fn help_of_a_command_fits_a_small_terminal() {
        for text in COMMANDS.all().map(Command::help) {
            check(&text, 60, 20);
        }
    }

    #[test]
    fn list_of_commands_fits_a_small_terminal_or_a_wide_one() {
        for part in PARTS.iter() {
            check(&overview(part, 80), 60, 42);
            check(&overview(part, 100), 100, 23);
        }
    }

    #[test]
    fn list_has_what_the_part_has() {
        let lists = |part: &Part, command: &str| {
            let text = overview(part, 80);
            text.lines()
                .any(|line| line.starts_with(&format!("  {command} ")))
        };
        for command in COMMANDS.all() {
            assert!(lists(&PARTS[2], command.name), "{}", command.name);
        }
        assert!(lists(&PARTS[0], "call"));
        assert!(!lists(&PARTS[0], "curl"));
        assert!(!overview(&PARTS[0], 80).contains("store"));
    }
}
