//! Commands about nodes and the connections between them, and about this node itself.

use runtime::directory;
use runtime::net::Net;
use runtime::system::{NODE, NodeMsg};

use super::{Session, Words};
use crate::watch::WatchMsg;

impl Session {
    pub(super) async fn connect(&self, mut words: Words<'_>) -> Result<(), String> {
        let to = self.node_called(words.last()?)?;
        if to == *self.node.name() {
            return Err(format!("{to} is this node itself."));
        }
        match self.node.connect(&to).await {
            Ok(()) => self.screen.print(format!("Connected to {to}.")),
            Err(error) => return Err(format!("Not connected to {to}: {error}.")),
        }
        Ok(())
    }

    pub(super) fn disconnect(&self, mut words: Words<'_>) -> Result<(), String> {
        let from = self.node_called(words.last()?)?;
        if !self.node.disconnect(&from) {
            return Err(format!("There was no connection to {from}."));
        }
        Ok(())
    }

    pub(super) fn list(&self, mut words: Words<'_>) -> Result<(), String> {
        let all = match words.optional()? {
            None => false,
            Some("all") => true,
            Some(other) => return Err(format!("There is no `list {other}`; there is `list all`.")),
        };
        let visible = self.node.list().into_iter().map(|name| name.to_string());
        let hidden = self.node.list_hidden().into_iter();
        let hidden = hidden
            .filter(|_| all)
            .map(|name| format!("{name} (hidden)"));
        let lines: Vec<String> = visible.chain(hidden).collect();
        self.screen.print(if lines.is_empty() {
            "This node is connected to no other. `nodes` shows the nodes that you can connect to."
                .into()
        } else {
            lines.join("\n")
        });
        Ok(())
    }

    pub(super) async fn nodes(&self, mut words: Words<'_>) -> Result<(), String> {
        let me = self.node.name();
        let host = words.optional()?.unwrap_or(me.host());
        let Net::Tcp(net) = &self.node.config().net else {
            return Err("Nodes on a simulated network have no directory.".into());
        };
        let asked = |error: &dyn std::fmt::Display| {
            format!("The directory of {host} cannot be asked: {error}.")
        };
        let address = net
            .directory_of(host)
            .await
            .map_err(|error| asked(&error))?;
        let names = directory::names(address)
            .await
            .map_err(|error| asked(&error))?;
        let linked = [self.node.list(), self.node.list_hidden()].concat();
        let lines = names.iter().map(|(name, address)| {
            let note = if name == me {
                "this node"
            } else if linked.contains(name) {
                "connected"
            } else {
                "not connected"
            };
            format!("{name}  {address}  {note}")
        });
        let lines: Vec<String> = lines.collect();
        self.screen.print(if lines.is_empty() {
            format!("No node is registered at the directory of {host}.")
        } else {
            lines.join("\n")
        });
        Ok(())
    }

    pub(super) async fn ping(&self, mut words: Words<'_>) -> Result<(), String> {
        let to = self.node_called(words.last()?)?;
        match self.node.ping(&to).await {
            Ok(took) => self.screen.print(format!(
                "{to} is there: it answered after {:.2} ms.",
                took.as_secs_f64() * 1000.0
            )),
            Err(error) => return Err(format!("No answer to the ping: {error}.")),
        }
        Ok(())
    }

    pub(super) async fn servers(&self, mut words: Words<'_>) -> Result<(), String> {
        let servers = match words.optional()? {
            None => self.node.servers(),
            Some(word) => {
                let at = self.node_called(word)?;
                let asked = self.node.call(&NODE.at(&at), NodeMsg::Servers).await;
                asked.map_err(|error| format!("{at} did not list its servers: {error}."))?
            }
        };
        // The server that we ask is counted with our question in its mailbox.
        let lines = servers.iter().map(|(name, waiting)| match waiting {
            0 => name.clone(),
            _ if name == NODE.as_str() => name.clone(),
            1 => format!("{name}  (1 message waits)"),
            waiting => format!("{name}  ({waiting} messages wait)"),
        });
        self.screen.print(lines.collect::<Vec<_>>().join("\n"));
        Ok(())
    }

    pub(super) async fn whoami(&self, mut words: Words<'_>) -> Result<(), String> {
        words.end()?;
        let config = self.node.config();
        let id = self.node.call(&self.watchman, WatchMsg::Id).await;
        let id = id.map_err(|error| format!("The shell's own server does not answer: {error}."))?;
        self.screen.print(format!(
            "name       {}{}\ncreation   {:016x}\naddress    {}\ntick time  {} s",
            self.node.name(),
            if config.hidden { " (hidden)" } else { "" },
            id.creation,
            self.node.address(),
            config.tick_time.as_secs_f64()
        ));
        Ok(())
    }

    pub(super) fn clock(&self, mut words: Words<'_>) -> Result<(), String> {
        words.end()?;
        self.screen.print(self.node.clock().now().to_string());
        Ok(())
    }

    pub(super) fn cookie(&self, mut words: Words<'_>) -> Result<(), String> {
        let cookie = match words.optional()? {
            None => "; `cookie show` shows it".into(),
            Some("show") => format!(": {}", self.node.config().cookie.reveal()),
            Some(other) => {
                return Err(format!(
                    "There is no `cookie {other}`; there is `cookie show`."
                ));
            }
        };
        self.screen
            .print(format!("The cookie {}{cookie}", self.cookie_source));
        Ok(())
    }
}
