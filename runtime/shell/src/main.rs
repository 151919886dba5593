//! A node with a prompt: what `iex` is to Erlang's nodes, this is to ours.
//!
//! The shell is an ordinary user of the runtime. What it does, a program of yours can do with the
//! same calls: `session` has one short method for each command, and is the place to look.
//!
//! - `command` lists the commands and their help, `names` knows what completes them.
//! - `session` carries them out, one at a time.
//! - `mailbox` and `watch` are the servers that the shell itself runs.
//! - `warnings` shows what the runtime warns of.
//!
//! How lines are read and printed, and how messages are written by hand, is in `runtime/prompt`.

mod command;
mod mailbox;
mod names;
mod session;
mod warnings;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use prompt::editor::{self, Prompt};
use prompt::screen::Screen;
use runtime::launch::NodeArgs;
use runtime::terminal::note;
use runtime::{Cookie, Node, NodeEvent, NodeName};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::names::Names;
use crate::session::{Flow, Session};

/// A node with a prompt, to connect to other nodes and talk to their servers by hand
#[derive(Debug, Parser)]
#[command(name = "node", version, long_about = None)]
struct Flags {
    #[command(flatten)]
    node: NodeArgs,

    /// Node to connect to at the start; can be given several times
    #[arg(long, value_name = "NODE")]
    connect: Vec<NodeName>,

    /// Observe without taking part: other nodes do not list this one, and it does not join the mesh
    #[arg(long)]
    hidden: bool,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            note(format_args!(
                "The asynchronous runtime did not start: {error}."
            ));
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run(flags));
    // The editor's thread may still wait for a key that nobody presses.
    runtime.shutdown_background();
    match ended {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(unprinted)) => {
            note(format_args!(
                "Some of the output could not be written: {unprinted}."
            ));
            ExitCode::from(4)
        }
        Err(why) => {
            note(why);
            ExitCode::FAILURE
        }
    }
}

/// Runs the shell until the user leaves. Returns why something could not be printed, if so.
async fn run(flags: Flags) -> Result<Option<String>, String> {
    let screen = Screen::open();
    let repeats = warnings::show(&screen);
    tokio::spawn(repeats.clone().tell());
    let mut config = flags
        .node
        .config()
        .map_err(|error| format!("The node did not start: {error}."))?;
    config.hidden = flags.hidden;
    let node = Node::start(config)
        .await
        .map_err(|error| format!("The node did not start: {error}."))?;
    let news = tokio::spawn(tell_news(node.events(), screen.clone()));
    let mut session = Session::start(&node, &screen, cookie_source(&flags.node)?)
        .await
        .map_err(|error| format!("The shell did not start: {error}."))?;
    session.welcome();
    for other in &flags.connect {
        session.execute(&format!("connect {other}")).await;
    }

    let interactive = editor::is_interactive();
    let prompt = Prompt {
        text: format!("{}> ", node.name()),
        history: history(),
        second_interrupt_ends: None,
    };
    // The prompt must appear below what was printed so far.
    screen.flushed().await;
    let mut lines = editor::read_lines(prompt, &screen, Names::known_to(&node));
    loop {
        let typed = tokio::select! { biased;
            typed = lines.recv() => typed,
            // At a prompt Ctrl-C is a key like any other; only a script is ended by it.
            _ = tokio::signal::ctrl_c(), if !interactive => break,
        };
        let Some(typed) = typed else { break };
        let line = match &typed.line {
            Ok(line) => line,
            Err(why) => {
                screen.print(why.to_string());
                typed.was_last();
                break;
            }
        };
        let flow = tokio::select! { biased;
            flow = session.execute(line) => flow,
            _ = tokio::signal::ctrl_c() => {
                screen.print("Interrupted. What was already sent may still be handled.");
                if interactive { Flow::Next } else { Flow::Exit }
            }
        };
        screen.flushed().await;
        if flow == Flow::Exit {
            typed.was_last();
            break;
        }
        // Only now, when `typed` is dropped, does the editor show the next prompt.
    }
    news.abort();
    node.stop().await;
    repeats.tell_now();
    Ok(screen.flushed().await)
}

/// Prints nodes as they come and go.
async fn tell_news(mut events: broadcast::Receiver<NodeEvent>, screen: Screen) {
    loop {
        match events.recv().await {
            Ok(NodeEvent::Up(name)) => screen.print(format!("{name} is up.")),
            Ok(NodeEvent::Down(name, loss)) => screen.print(format!("{name} is down: {loss}.")),
            Err(RecvError::Lagged(missed)) => screen.print(format!(
                "{missed} nodes came or went faster than the shell could report; see `list`."
            )),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Where the node's cookie comes from, as text.
fn cookie_source(args: &NodeArgs) -> Result<String, String> {
    if args.cookie.is_some() {
        return Ok("was given with --cookie".into());
    }
    let (_, file) = Cookie::load_or_create().map_err(|error| format!("No cookie: {error}."))?;
    Ok(format!("is in {}", file.display()))
}

/// The file that remembers the lines of this user.
fn history() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty())?;
    Some(PathBuf::from(home).join(".distributed-systems-training-history"))
}
