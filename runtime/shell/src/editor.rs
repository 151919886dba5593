//! Reading lines: from a person, with history and completion, or from a pipe.
//!
//! Reading blocks, so it has a thread of its own. That thread takes no part in what the node does
//! with messages: were it to hang, the node would go on.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::mpsc as blocking;
use std::thread;
use std::time::Duration;

use runtime::net::Net;
use runtime::system::{NODE, NodeMsg};
use runtime::{Node, directory};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::command::{self, Arg};
use crate::screen::Screen;

/// How long the Tab key may take to ask other nodes for names.
const PATIENCE: Duration = Duration::from_millis(300);

/// A line that was typed. The next one is read when this is dropped, unless it was the last.
pub(crate) struct Typed {
    pub(crate) line: String,
    done: blocking::Sender<()>,
}

impl Typed {
    /// No line is read after this one: a prompt that nobody waits for would leave the terminal in
    /// the editor's mode, in which it does not show what is typed.
    pub(crate) fn was_last(self) {
        let _ = self.done.send(());
    }
}

/// Whether a person sits at the other end, and not a script.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The lines of standard input, until it ends.
pub(crate) fn read_lines(
    node: &Node,
    screen: &Screen,
    history: Option<PathBuf>,
) -> mpsc::Receiver<Typed> {
    let (lines, typed) = mpsc::channel(1);
    let names = Names {
        node: node.clone(),
        handle: Handle::current(),
    };
    let screen = screen.clone();
    thread::spawn(move || {
        if !is_interactive() {
            read_pipe(&lines);
        } else if let Err(error) = edit(names, &screen, history, &lines) {
            screen.print(format!("The line editor failed: {error}."));
        }
    });
    typed
}

fn read_pipe(lines: &mpsc::Sender<Typed>) {
    for line in io::stdin().lines() {
        let Ok(line) = line else { return };
        if !hand_over(line, lines) {
            return;
        }
    }
}

/// Has a line carried out; false when it was the last, or nobody is left to do it.
fn hand_over(line: String, lines: &mpsc::Sender<Typed>) -> bool {
    let (done, wait) = blocking::channel();
    let taken = lines.blocking_send(Typed { line, done }).is_ok();
    // Something is sent for the last line; for others the sender is dropped.
    let was_last = wait.recv().is_ok();
    taken && !was_last
}

fn edit(
    names: Names,
    screen: &Screen,
    history: Option<PathBuf>,
    lines: &mpsc::Sender<Typed>,
) -> Result<(), ReadlineError> {
    let prompt = format!("{}> ", names.node.name());
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .build();
    let mut editor: Editor<Names, FileHistory> = Editor::with_config(config)?;
    editor.set_helper(Some(names));
    if let Some(file) = &history {
        // There is none yet on the first day.
        let _ = editor.load_history(file);
    }
    // A terminal that cannot do it, such as one that is dumb, gets lines in between.
    if let Ok(printer) = editor.create_external_printer() {
        screen.print_above(Box::new(printer));
    }
    loop {
        match editor.readline(&prompt) {
            Ok(line) => {
                if editor.add_history_entry(line.as_str())?
                    && let Some(file) = &history
                {
                    // A home that cannot be written to costs the history, not the shell.
                    let _ = editor.append_history(file);
                }
                if !hand_over(line, lines) {
                    return Ok(());
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Completes names: of commands, and of the nodes and servers that there are at this moment.
struct Names {
    node: Node,
    handle: Handle,
}

impl Names {
    fn candidates(&self, arg: Arg) -> Vec<String> {
        match arg {
            Arg::Command => command::all().map(|c| c.name.to_owned()).collect(),
            Arg::OneOf(words) => words.iter().map(|word| (*word).to_owned()).collect(),
            Arg::Node => self.handle.block_on(self.nodes()),
            Arg::Server => self.handle.block_on(self.servers()),
            Arg::Mailbox => own_servers(&self.node),
            Arg::Group => self.node.groups().all(),
            Arg::GlobalName => self.node.global().registered().into_keys().collect(),
            Arg::Free => Vec::new(),
        }
    }

    /// The nodes that the directory knows, and those that we are connected to.
    async fn nodes(&self) -> Vec<String> {
        let me = self.node.name();
        let mut nodes = self.node.list();
        nodes.push(me.clone());
        if let Net::Tcp(net) = &self.node.config().net
            && let Ok(address) = net.directory_of(me.host()).await
            && let Ok(Ok(registered)) = timeout(PATIENCE, directory::names(address)).await
        {
            nodes.extend(registered.into_iter().map(|(name, _)| name));
        }
        let mut names: Vec<String> = nodes
            .iter()
            .map(|name| {
                if name.host() == me.host() {
                    name.short().to_owned()
                } else {
                    name.to_string()
                }
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The servers of this node and of those that it is connected to.
    async fn servers(&self) -> Vec<String> {
        let nodes = self.node.list();
        let asked = self
            .node
            .multi_call(&nodes, &NODE, PATIENCE, NodeMsg::Servers)
            .await;
        let mut names = own_servers(&self.node);
        for (name, _) in asked.answers.into_values().flatten() {
            if !name.starts_with('$') {
                names.push(name);
            }
        }
        names.sort();
        names.dedup();
        names
    }
}

fn own_servers(node: &Node) -> Vec<String> {
    let names = node.servers().into_iter().map(|(name, _)| name);
    names.filter(|name| !name.starts_with('$')).collect()
}

impl Completer for Names {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> Result<(usize, Vec<Pair>), ReadlineError> {
        let before = &line[..at];
        let start = before
            .rfind(char::is_whitespace)
            .map_or(0, |space| space + 1);
        let mut words = before[..start].split_whitespace();
        let arg = match words.next() {
            None => Some(Arg::Command),
            Some(name) => command::find(name)
                .and_then(|command| command.args.get(words.count()))
                .copied(),
        };
        let candidates = arg.map_or_else(Vec::new, |arg| self.candidates(arg));
        let fitting = candidates
            .into_iter()
            .filter(|name| name.starts_with(&before[start..]))
            .map(|name| Pair {
                replacement: format!("{name} "),
                display: name,
            });
        Ok((start, fitting.collect()))
    }
}

impl Hinter for Names {
    type Hint = String;
}
impl Highlighter for Names {}
impl Validator for Names {}
impl Helper for Names {}
