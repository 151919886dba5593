//! Carrying out commands, one at a time.

mod failures;
mod messages;
mod names;
mod nodes;

use std::collections::BTreeMap;

use prompt::command::{USAGE, Whose, Words};
use prompt::message::Heard;
use prompt::screen::Screen;
use prompt::time::patience;
use runtime::{Address, Node, NodeName, StartError};

use crate::command::{self, COMMANDS};
use crate::mailbox::Owed;
use crate::names::registered;
use crate::watch::{WatchMsg, Watchman};

/// What comes after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Exit,
}

/// A node, and what the person at its prompt has set up on it.
pub(crate) struct Session {
    node: Node,
    screen: Screen,
    /// Where the cookie comes from, as text.
    cookie_source: String,
    mailboxes: BTreeMap<String, Address<Heard>>,
    owed: Owed,
    watchman: Address<WatchMsg>,
}

impl Session {
    /// Prepares a node for commands.
    pub(crate) async fn start(
        node: &Node,
        screen: &Screen,
        cookie_source: String,
    ) -> Result<Self, StartError> {
        Ok(Session {
            node: node.clone(),
            screen: screen.clone(),
            cookie_source,
            mailboxes: BTreeMap::new(),
            owed: Owed::default(),
            watchman: node.start_unnamed::<Watchman>(screen.clone()).await?,
        })
    }

    /// Says who this is and how to go on.
    pub(crate) fn welcome(&self) {
        self.screen.print(format!(
            "This is {}, process {}, listening on {}.\nType `help` for the commands, Ctrl-D to leave.",
            self.node.name(),
            std::process::id(),
            self.node.address()
        ));
    }

    /// Carries out one line.
    pub(crate) async fn execute(&mut self, line: &str) -> Flow {
        let mut words = Words(line);
        let Some(name) = words.next() else {
            return Flow::Next;
        };
        if matches!(name, "exit" | "quit") {
            return Flow::Exit;
        }
        let (name, hint) = COMMANDS.meant(name);
        if let Some(hint) = hint {
            self.screen.print(hint);
        }
        if let Err(why) = self.dispatch(name, words).await {
            self.screen.print(COMMANDS.complaint(name, why));
        }
        Flow::Next
    }

    async fn dispatch(&mut self, command: &str, words: Words<'_>) -> Result<(), String> {
        match command {
            "connect" => self.connect(words).await,
            "disconnect" => self.disconnect(words),
            "list" => self.list(words),
            "nodes" => self.nodes(words).await,
            "ping" => self.ping(words).await,
            "servers" => self.servers(words).await,
            "register" => self.register(words).await,
            "unregister" => self.unregister(words).await,
            "send" => self.send(words).await,
            "broadcast" => self.broadcast(words).await,
            "call" => self.call(words).await,
            "reply" => self.reply(words),
            "join" => self.join(words).await,
            "leave" => self.leave(words).await,
            "members" => self.members(words),
            "groups" => self.groups(words),
            "global" => self.global(words).await,
            "monitor" => self.monitor(words).await,
            "demonitor" => self.demonitor(words).await,
            "crash" => self.crash(words).await,
            "kill" => self.kill(words).await,
            "whoami" => self.whoami(words).await,
            "clock" => self.clock(words),
            "cookie" => self.cookie(words),
            "wait" => wait(words).await,
            "help" => self.help(words),
            // What to print for a command that does not exist.
            _ => Err(USAGE.into()),
        }
    }

    fn help(&self, mut words: Words<'_>) -> Result<(), String> {
        let text = match words.optional()? {
            None => command::overview(),
            Some(name) => COMMANDS.help(name)?,
        };
        self.screen.print(text);
        Ok(())
    }

    /// A server as it is typed, behind its node. The other order is understood where the words
    /// say which is which, and the right one told.
    async fn server_called<'a>(
        &self,
        command: &str,
        words: &mut Words<'a>,
    ) -> Result<(NodeName, &'a str), String> {
        let mut ahead = words.clone();
        let typed = [ahead.next(), ahead.next()].map(Option::unwrap_or_default);
        let mut nodes = self.linked();
        let is_one = |nodes: &[NodeName], word: &str| {
            self.node_called(word)
                .is_ok_and(|node| nodes.contains(&node))
        };
        if !typed.iter().any(|word| is_one(&nodes, word)) {
            nodes.extend(registered(&self.node).await);
        }
        let whose = Whose::read(command, words, |word| is_one(&nodes, word))?;
        if let Some(hint) = whose.hint {
            self.screen.print(hint);
        }
        Ok((self.node_called(whose.node)?, whose.server))
    }

    /// This node, and those that it is connected to.
    fn linked(&self) -> Vec<NodeName> {
        let me = vec![self.node.name().clone()];
        [me, self.node.list(), self.node.list_hidden()].concat()
    }

    /// A node as it is typed: a name without a host is on this node's own.
    fn node_called(&self, word: &str) -> Result<NodeName, String> {
        let name = if word.contains('@') {
            word.to_owned()
        } else {
            format!("{word}@{}", self.node.name().host())
        };
        name.parse()
            .map_err(|error: runtime::name::InvalidName| format!("No such name: {error}."))
    }
}

async fn wait(mut words: Words<'_>) -> Result<(), String> {
    tokio::time::sleep(patience(words.last()?)?).await;
    Ok(())
}
