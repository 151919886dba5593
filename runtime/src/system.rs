//! The servers that every node runs for itself.

use serde::{Deserialize, Serialize};

use crate::address::ServerName;
use crate::ctx::Ctx;
use crate::error::{ConnectError, StartError};
use crate::global::{GLOBAL, GlobalServer};
use crate::name::NodeName;
use crate::node::Node;
use crate::pg::{GroupServer, PG};
use crate::reply::Reply;
use crate::rpc::{RPC, TaskServer};
use crate::server::Server;

/// The server that answers for the node itself.
pub const NODE: ServerName<NodeMsg> = ServerName::new("$node");

/// What can be asked of any node by name, from any other.
#[derive(Debug, Serialize, Deserialize)]
pub enum NodeMsg {
    /// "Are you there?"
    Ping(Reply<()>),
    /// The nodes that it is connected to, hidden ones left out.
    List(Reply<Vec<NodeName>>),
    /// The servers that it runs, each with the number of messages not handled yet.
    Servers(Reply<Vec<(String, usize)>>),
    /// Connect to that node; answers why not, if not.
    Connect(NodeName, Reply<Result<(), String>>),
    /// Disconnect from that node on purpose; answers whether there was a connection.
    Disconnect(NodeName, Reply<bool>),
    /// Kill the servers of these names, all in one moment: none learns of another's end before
    /// its own.
    Kill(Vec<String>),
}

struct NodeServer;

impl Server for NodeServer {
    type Msg = NodeMsg;
    type Args = ();

    async fn init(_: (), _: &Ctx<NodeMsg>) -> Self {
        NodeServer
    }

    async fn handle(&mut self, msg: NodeMsg, ctx: &Ctx<NodeMsg>) {
        match msg {
            NodeMsg::Ping(reply) => reply.send(()),
            NodeMsg::List(reply) => reply.send(ctx.list()),
            NodeMsg::Servers(reply) => reply.send(ctx.servers()),
            NodeMsg::Connect(to, reply) => {
                let node = Node::clone(ctx);
                ctx.spawn(async move {
                    reply.send(
                        node.connect(&to)
                            .await
                            .map_err(|error: ConnectError| error.to_string()),
                    )
                });
            }
            NodeMsg::Disconnect(from, reply) => reply.send(ctx.disconnect(&from)),
            NodeMsg::Kill(names) => ctx.inner().kill_together(&names),
        }
    }
}

/// Starts them.
pub(crate) async fn start(node: &Node) -> Result<(), StartError> {
    node.start_server::<NodeServer>(&NODE, ()).await?;
    node.start_server::<GroupServer>(&PG, ()).await?;
    node.start_server::<GlobalServer>(&GLOBAL, ()).await?;
    node.start_server::<TaskServer>(&RPC, ()).await?;
    Ok(())
}
