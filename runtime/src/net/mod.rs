//! The network under a node: real TCP, or a simulated one in virtual time.
//!
//! A node sees neither sockets nor ports. It asks its [`Net`] to *listen* under its name and to
//! *dial* another name, and gets two-way connections of whole frames (`Conn`). A frame on the
//! wire is a `u32` length (big endian) and that many bytes.

pub mod faults;
pub mod frames;
mod memory;
mod record;
mod registration;
mod rules;
mod sighting;
mod tcp;

use std::fmt;

use bytes::{Buf, Bytes};

use crate::cookie::Cookie;
use crate::name::NodeName;
pub use memory::{MemoryNet, Observer};
pub use tcp::{DirectoryMode, TcpNet, default_directory_port};

/// Which network a node runs on.
#[derive(Clone, Debug)]
pub enum Net {
    /// Sockets of the operating system, found through a directory.
    Tcp(TcpNet),
    /// A simulated network: every node in one process, with virtual time, and any fault on demand.
    Memory(MemoryNet),
}

impl Net {
    /// Takes the name `me` on this network and waits for connections until dropped.
    pub(crate) async fn listen(
        &self,
        me: &NodeName,
        cookie: &Cookie,
    ) -> Result<Listener, ListenError> {
        match self {
            Net::Tcp(net) => net.listen(me, cookie).await.map(Listener::Tcp),
            Net::Memory(net) => net.listen(me).map(Listener::Memory),
        }
    }

    /// Opens a connection from `me` to the node called `to`.
    pub(crate) async fn dial(&self, me: &NodeName, to: &NodeName) -> Result<Conn, DialError> {
        match self {
            Net::Tcp(net) => net.dial(me, to).await,
            Net::Memory(net) => net.dial(me, to).await,
        }
    }
}

/// A taken name, and the connections that arrive under it. Dropping it gives the name back.
pub(crate) enum Listener {
    Tcp(tcp::TcpListening),
    Memory(memory::MemoryListening),
}

impl Listener {
    /// The next connection. Never fails for a single bad connection; cancel safe.
    pub(crate) async fn accept(&mut self) -> Conn {
        match self {
            Listener::Tcp(listening) => listening.accept().await,
            Listener::Memory(listening) => listening.accept().await,
        }
    }

    /// Where it listens, for people: `127.0.0.1:40123`, or `memory`.
    pub(crate) fn address(&self) -> String {
        match self {
            Listener::Tcp(listening) => listening.address(),
            Listener::Memory(_) => "memory".into(),
        }
    }
}

/// A connection of whole frames, before it is split into a reader and a writer.
pub(crate) struct Conn {
    pub(crate) reader: ConnReader,
    pub(crate) writer: ConnWriter,
}

/// The receiving half of a connection.
pub(crate) enum ConnReader {
    Tcp(tcp::TcpReader),
    Memory(memory::MemoryReader),
}

impl ConnReader {
    /// The next frame, without its length prefix. Cancel safe: no byte is lost.
    pub(crate) async fn recv(&mut self) -> Result<Bytes, ConnError> {
        match self {
            ConnReader::Tcp(reader) => reader.recv().await,
            ConnReader::Memory(reader) => reader.recv().await,
        }
    }

    /// Who is on the other side, for log lines: an address, or the name of a simulated node.
    pub(crate) fn peer(&self) -> String {
        match self {
            ConnReader::Tcp(reader) => reader.peer().into(),
            ConnReader::Memory(reader) => reader.peer(),
        }
    }

    /// Frames longer than `bytes` are refused from now on.
    pub(crate) fn set_limit(&mut self, bytes: usize) {
        match self {
            ConnReader::Tcp(reader) => reader.set_limit(bytes),
            ConnReader::Memory(reader) => reader.set_limit(bytes),
        }
    }
}

/// The sending half of a connection. Dropping it closes that direction.
pub(crate) enum ConnWriter {
    Tcp(tcp::TcpWriter),
    Memory(memory::MemoryWriter),
}

impl ConnWriter {
    /// Sends a batch of whole frames, each already with its length prefix. Not cancel safe.
    pub(crate) async fn send(&mut self, batch: impl Buf) -> Result<(), ConnError> {
        match self {
            ConnWriter::Tcp(writer) => writer.send(batch).await,
            ConnWriter::Memory(writer) => writer.send(batch).await,
        }
    }
}

/// Why a name could not be taken.
#[derive(Debug)]
pub enum ListenError {
    /// Another living node has the name.
    NameTaken(NodeName),
    /// The network refused; the text says what was tried and what went wrong.
    Failed(String),
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListenError::NameTaken(name) => {
                write!(f, "another living node is already called {name}")
            }
            ListenError::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ListenError {}

/// Why a connection could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialError {
    /// The directory knows no living node of that name.
    NoSuchNode(NodeName),
    /// The node, or the directory of its host, could not be reached.
    Unreachable(String),
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DialError::NoSuchNode(name) => write!(f, "no node called {name} is registered"),
            DialError::Unreachable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for DialError {}

/// Why a connection gives no further frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnError {
    /// The other side closed it, or the network did.
    Closed,
    /// A frame announced more bytes than are allowed here.
    TooLong {
        /// What the frame's prefix announced, in bytes.
        announced: usize,
        /// What is allowed, in bytes.
        limit: usize,
    },
    /// The operating system reported an error.
    Io(String),
}

impl fmt::Display for ConnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnError::Closed => f.write_str("the connection was closed"),
            ConnError::TooLong { announced, limit } => {
                write!(
                    f,
                    "a frame of {announced} bytes was announced, {limit} are allowed"
                )
            }
            ConnError::Io(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ConnError {}
