//! Commands that send messages, and that receive them.

use ciborium::Value;
use runtime::{ExitReason, Reply, ServerName};

use super::{Session, Words};
use crate::mailbox::{Letterbox, Letters};
use prompt::message::{Sent, Written, read, show, split_within};
use prompt::time::patience;

impl Session {
    pub(super) async fn register(&mut self, mut words: Words<'_>) -> Result<(), String> {
        let name = words.last()?.to_owned();
        if name.starts_with('$') {
            return Err("Names that begin with $ belong to the runtime.".into());
        }
        let letters = Letters {
            name: name.clone(),
            screen: self.screen.clone(),
            owed: self.owed.clone(),
        };
        let started = self
            .node
            .start_server::<Letterbox>(&ServerName::dynamic(name.clone()), letters)
            .await;
        let mailbox = started.map_err(|error| format!("The mailbox was not opened: {error}."))?;
        self.mailboxes.insert(name.clone(), mailbox);
        self.screen.print(format!(
            "The mailbox {name} is open. From another node: send {} {name} Hello",
            self.node.name().short()
        ));
        Ok(())
    }

    pub(super) async fn unregister(&mut self, mut words: Words<'_>) -> Result<(), String> {
        let name = words.last()?;
        let Some(mailbox) = self.mailboxes.remove(name) else {
            return Err(format!("You have no mailbox {name}."));
        };
        self.node.exit(&mailbox, ExitReason::Shutdown);
        self.node.ended(&mailbox).await;
        self.screen.print(format!("The mailbox {name} is closed."));
        Ok(())
    }

    pub(super) async fn send(&self, mut words: Words<'_>) -> Result<(), String> {
        let (node, server) = self.server_called("send", &mut words).await?;
        let to = ServerName::<Written>::dynamic(server).at(node);
        let message = read(words.rest(), Sent::AsIs)?;
        // A cast to a node that cannot be reached is lost silently. A person would rather
        // know.
        if let Err(error) = self.node.connect(to.node()).await {
            return Err(format!(
                "Not sent, because {} is not connected: {error}.",
                to.node()
            ));
        }
        let sent = self.node.cast(&to, Written(message)).await;
        sent.map_err(|error| format!("Not sent: {error}."))?;
        self.screen.print(format!("Sent to {to}."));
        Ok(())
    }

    pub(super) async fn broadcast(&self, mut words: Words<'_>) -> Result<(), String> {
        let name = words.required()?;
        let message = read(words.rest(), Sent::AsIs)?;
        let nodes = self.node.list();
        let sent = self
            .node
            .abcast(&ServerName::dynamic(name), Written(message))
            .await;
        sent.map_err(|error| format!("Not sent: {error}."))?;
        let mut names: Vec<String> = nodes.iter().map(ToString::to_string).collect();
        names.push("this node".into());
        self.screen
            .print(format!("Sent to {name} at {}.", names.join(", ")));
        Ok(())
    }

    pub(super) async fn call(&self, mut words: Words<'_>) -> Result<(), String> {
        let (node, server) = self.server_called("call", &mut words).await?;
        let to = ServerName::<Written>::dynamic(server).at(node);
        let (text, within) = split_within(words.rest());
        let message = read(text, Sent::ForAnAnswer)?;
        let within = match within {
            Some(word) => patience(word)?,
            None => self.node.config().call_timeout,
        };
        let answer = self
            .node
            .call_within(within, &to, |_: Reply<Value>| Written(message))
            .await;
        match answer {
            Ok(value) => self.screen.print(show(&value)),
            Err(error) => {
                let fate = if error.may_have_happened() {
                    "It may have happened"
                } else {
                    "It did not happen"
                };
                return Err(format!("{fate}: {error}."));
            }
        }
        Ok(())
    }

    pub(super) fn reply(&self, mut words: Words<'_>) -> Result<(), String> {
        let Some(number) = words.next() else {
            let waiting = self.owed.list();
            self.screen.print(if waiting.is_empty() {
                "No call waits for an answer.".into()
            } else {
                waiting.join("\n")
            });
            return Ok(());
        };
        let number = number.parse().map_err(|_| {
            format!("{number:?} is not the number of a call; `reply` lists those that wait.")
        })?;
        let value = read(words.rest(), Sent::AsIs)?;
        if !self.owed.answer(number, value) {
            return Err(format!(
                "No call {number} waits; `reply` lists those that do."
            ));
        }
        self.screen.print(format!("Answered call {number}."));
        Ok(())
    }
}
