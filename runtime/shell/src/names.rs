//! Names for the Tab key: of commands, and of the nodes and servers that there are at this moment.

use std::time::Duration;

use prompt::editor::Complete;
use runtime::net::Net;
use runtime::system::{NODE, NodeMsg};
use runtime::{Node, NodeName, directory};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::command::{self, Arg, COMMANDS};

/// How long the Tab key may take to ask other nodes for names.
const PATIENCE: Duration = Duration::from_millis(300);

/// Completes names.
pub(crate) struct Names {
    node: Node,
    handle: Handle,
}

impl Complete for Names {
    fn candidates(&self, before: &[&str]) -> Vec<String> {
        let arg = match before {
            [] => Some(Arg::Command),
            [name, args @ ..] => command::find(name)
                .and_then(|command| command.args.get(args.len()))
                .copied(),
        };
        arg.map_or_else(Vec::new, |arg| self.of(arg))
    }
}

impl Names {
    /// Names as this node knows them. To be called in a tokio runtime.
    pub(crate) fn known_to(node: &Node) -> Names {
        Names {
            node: node.clone(),
            handle: Handle::current(),
        }
    }

    fn of(&self, arg: Arg) -> Vec<String> {
        match arg {
            Arg::Command => COMMANDS.all().map(|c| c.name.to_owned()).collect(),
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
        nodes.extend(registered(&self.node).await);
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

/// The nodes that the directory of this host knows; none, if it does not say.
pub(crate) async fn registered(node: &Node) -> Vec<NodeName> {
    let Net::Tcp(net) = &node.config().net else {
        return Vec::new();
    };
    let Ok(address) = net.directory_of(node.name().host()).await else {
        return Vec::new();
    };
    match timeout(PATIENCE, directory::names(address)).await {
        Ok(Ok(names)) => names.into_iter().map(|(name, _)| name).collect(),
        _ => Vec::new(),
    }
}

fn own_servers(node: &Node) -> Vec<String> {
    let names = node.servers().into_iter().map(|(name, _)| name);
    names.filter(|name| !name.starts_with('$')).collect()
}
