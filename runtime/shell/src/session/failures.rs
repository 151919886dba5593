//! Commands about the end of processes and nodes.

use runtime::system::NODE;
use runtime::{ExitReason, ServerName};

use super::{Session, Words};
use crate::watch::WatchMsg;
use prompt::message::Written;

impl Session {
    pub(super) async fn monitor(&self, mut words: Words<'_>) -> Result<(), String> {
        let mut ahead = words.clone();
        ahead.required()?;
        let (whom, label) = match ahead.next() {
            Some(_) => {
                let (node, server) = self.server_called("monitor", &mut words).await?;
                words.end()?;
                let whom = ServerName::<Written>::dynamic(server).at(node);
                let label = whom.to_string();
                (whom, label)
            }
            // A node lives as long as the server that answers for it.
            None => {
                let node = self.node_called(words.last()?)?;
                (NODE.at(&node).retype(), node.to_string())
            }
        };
        let told = format!("Monitor {{}}: you will be told when {label} is down.");
        let watched = |reply| WatchMsg::Monitor(whom, label, reply);
        let number: u64 = self
            .node
            .call(&self.watchman, watched)
            .await
            .map_err(ours)?;
        self.screen.print(told.replace("{}", &number.to_string()));
        Ok(())
    }

    pub(super) async fn demonitor(&self, mut words: Words<'_>) -> Result<(), String> {
        let Some(word) = words.optional()? else {
            let monitors = self.node.call(&self.watchman, WatchMsg::List).await;
            let lines = monitors.map_err(ours)?.into_iter();
            let lines: Vec<String> = lines
                .map(|(number, label)| format!("{number}  {label}"))
                .collect();
            self.screen.print(if lines.is_empty() {
                "Nothing is monitored.".into()
            } else {
                lines.join("\n")
            });
            return Ok(());
        };
        let none = || format!("There is no monitor {word}; `demonitor` lists all of them.");
        let number: u64 = word.parse().map_err(|_| none())?;
        let ended = self
            .node
            .call(&self.watchman, |reply| WatchMsg::Demonitor(number, reply))
            .await;
        if !ended.map_err(ours)? {
            return Err(none());
        }
        self.screen.print(format!("Monitor {number} has ended."));
        Ok(())
    }

    /// A word from an earlier version: it now means the same as in `checker play`, the end of
    /// a whole node, which no shell can bring about.
    pub(super) async fn kill(&mut self, words: Words<'_>) -> Result<(), String> {
        let mut typed = words.clone();
        match (typed.next(), typed.next()) {
            (Some(_), Some(_)) => {
                self.screen
                    .print("`kill` is for whole nodes, in `checker play`; this crashes the server.");
                self.crash(words).await
            }
            _ => Err("A node is ended where it runs: with `exit`, Ctrl-C or kill -9.\n`crash NODE SERVER` ends one of its servers.".into()),
        }
    }

    pub(super) async fn crash(&mut self, mut words: Words<'_>) -> Result<(), String> {
        let (node, name) = self.server_called("crash", &mut words).await?;
        words.end()?;
        if name.starts_with('$') {
            return Err("Servers whose names begin with $ belong to the runtime; end the whole node instead.".into());
        }
        if let Err(error) = self.node.connect(&node).await {
            return Err(format!(
                "Not done, because {node} is not connected: {error}."
            ));
        }
        if node == *self.node.name() {
            self.mailboxes.remove(name);
        }
        let whom = ServerName::<Written>::dynamic(name).at(&node);
        self.node.exit(&whom, ExitReason::Killed);
        self.screen.print(format!(
            "Asked {node} to end {name}, if it has such a process."
        ));
        Ok(())
    }
}

fn ours(error: runtime::CallError) -> String {
    format!("The shell's own server does not answer: {error}.")
}
