//! What a distributed program stands on: nodes, connections, servers, monitors and supervisors.
//!
//! Erlang has all of this built in. Here it is ordinary Rust, in small files that are meant to be
//! read. A good order is the one below: from a name to a node that runs servers, and from there
//! to what is built out of servers.

// Who is who, and what is said.
pub mod name;
pub mod process_id;
pub mod wire;

// From bytes to a connection.
pub mod net;

pub mod directory;

mod cookie;
mod handshake;

mod line;
mod peers;

// A node, and the processes on it.
mod node;

mod server;

mod ctx;
pub mod gate;
mod process;

mod address;
mod reply;

mod call;

mod watch;

mod clock;
mod error;

// What is built out of servers.
mod supervisor;
pub mod system;

mod global;
mod pg;
mod rpc;

// A program that is a node.
pub mod launch;
pub mod repeats;
pub mod terminal;

pub use address::{Address, ServerName};
pub use call::Answers;
pub use clock::Clock;
pub use cookie::{Cookie, CookieError};
pub use ctx::{Ctx, Task};
pub use error::{CallError, CastError, ConnectError, ConnectionLoss, StartError};
pub use gate::Gate;
pub use global::{GLOBAL, Global, GlobalMsg, GlobalName, RegisterError, Resolver, Verdict};
#[doc(hidden)]
pub use handshake::fuzz_message;
pub use handshake::{HandshakeError, Refusal};
pub use name::NodeName;
pub use net::{MemoryNet, Net, TcpNet};
pub use node::{Node, NodeConfig, NodeEvent};
pub use pg::{Group, PG, PgMsg, ProcessGroups};
pub use process_id::{ExitReason, ProcessId};
pub use reply::Reply;
pub use rpc::{Function, RPC, RemoteTask, RpcMsg};
pub use server::{GroupChange, Info, Monitor, Server};
pub use supervisor::{
    ChildInfo, ChildKind, ChildRefusal, Restart, StartChildError, Supervisor, SupervisorMsg,
};
