//! What a distributed program stands on: nodes, links, servers, monitors and supervisors.
//!
//! Erlang has all of this built in. Here it is ordinary Rust, in small files that are meant to be
//! read. A good order is the one below: from a name to a node that runs servers, and from there
//! to what is built out of servers.

pub mod name;
pub mod process_id;
pub mod wire;
pub mod net;
pub mod directory;
mod cookie;
mod handshake;
mod clock;
mod link;
mod peers;
mod node;
mod address;
mod reply;
mod server;
mod ctx;
mod process;
mod call;
mod watch;
mod error;
pub mod system;
pub mod launch;

pub use address::{Address, ServerName};
pub use call::Answers;
pub use clock::Clock;
pub use cookie::{Cookie, CookieError};
pub use ctx::{Ctx, Task};
pub use error::{CallError, CastError, ConnectError, LinkLoss, StartError};
#[doc(hidden)]
pub use handshake::fuzz_message;
pub use handshake::{HandshakeError, Refusal};
pub use name::NodeName;
pub use net::{MemoryNet, Net, TcpNet};
pub use node::{Node, NodeConfig, NodeEvent};
pub use process_id::{ExitReason, ProcessId};
pub use reply::Reply;
pub use server::{GroupChange, Info, Monitor, Server};
