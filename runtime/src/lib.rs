//! The base of a distributed program: nodes, connections, servers, monitors and supervisors.
//!
//! Erlang has all of this built in. Here it is ordinary Rust, in small files that are meant to be
//! read.
//!
//! # The tour
//!
//! Each of these pages has an example that runs, says what the primitive does not promise, and names
//! its source.
//!
//! 1. [`Node`]: a running program with a name, and its connections.
//! 2. [`Server`]: a process with a state, which handles one message at a time.
//! 3. [`ServerName`]: how a message finds a server on a node.
//! 4. [`Reply`]: the right to answer one call.
//! 5. [`CallError`]: why a call failed, and whether it may have happened.
//! 6. [`Ctx`]: what a server can do: monitors, links, tasks, timers.
//! 7. [`Supervisor`]: restarts the servers that crash.
//! 8. [`ProcessGroups`]: all processes, on all nodes, with the same job.
//! 9. [`Global`]: one process for the whole cluster.
//! 10. [`Function`]: runs on another node, and returns its result.
//! 11. [`Cookie`]: which nodes belong together.
//! 12. [`Clock`]: which event can have caused which.
//! 13. [`MemoryNet`]: all of it in one process, in virtual time, with faults.
//!
//! To read the sources, take the modules in the order of this file: from a name to a node that runs
//! servers, and from there to what is built out of servers.

// Names, addresses and messages.
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
