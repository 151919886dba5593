//! The directory of a host: which node listens where.
//!
//! A node has a name and, each time it starts, another port. The directory (Erlang calls it
//! *epmd*) brings the two together: nodes *register* name and address, and a node that wants to
//! connect *looks up* the name. A registration lives exactly as long as the connection over which
//! it was made. So nobody has to clean up after a node that was killed: the operating system
//! closes its connections.
//!
//! # Protocol
//! Frames of CBOR (`u32` length, big endian, then one item); a request has at most 4 KiB. First the
//! client says `Hello` with its version, then any number of `Request`s; each of them gets one
//! `Response`. A client need not wait for the answer to its `Hello` before it asks.
//!
//! The directory of a host trusts each program that can reach it, as clusters with different cookies
//! share it. A liar can misdirect a dial, but not pass the handshake that follows, in which both sides
//! prove that they know the cookie. A registration proves the cookie as well; the directory that the
//! checker serves for one cluster looks at that ([`Resolve::admits`]), so that no stranger takes a name.

mod server;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use sha2::Sha256;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::cookie::Cookie;
use crate::name::NodeName;
use crate::net::ConnError;
use crate::net::frames::{TcpReader, TcpWriter, halves};
use crate::wire;
pub use server::{AsRegistered, DirectoryServer, Resolve};

/// Version of the directory's protocol.
const VERSION: u16 = 1;

/// How long a client waits for an answer before it gives up on the directory.
const PATIENCE: Duration = Duration::from_secs(3);

/// The longest response that a client reads: the names of a thousand nodes fit.
const LONGEST_RESPONSE: usize = 1 << 20;

/// The first message of a connection.
#[derive(Debug, Serialize, Deserialize)]
struct Hello {
    /// The version of the protocol that the client speaks.
    directory: u16,
}

/// What a client may ask.
#[derive(Debug, Serialize, Deserialize)]
enum Request {
    /// "I am `name`, and I listen at `address` as long as this connection lives."
    Register {
        name: NodeName,
        address: String,
        /// Whether the client had the name before, from a directory that is gone.
        again: bool,
        /// HMAC-SHA256 with the cookie over name and address. Empty from a client without a cookie.
        #[serde(default)]
        proof: ByteBuf,
    },
    /// "Where does `name` listen?"
    Lookup {
        asker: Option<NodeName>,
        name: NodeName,
    },
    /// "Who is registered?"
    List,
}

/// What the directory answers.
#[derive(Debug, Serialize, Deserialize)]
enum Response {
    /// To `Hello`: the version of the protocol that the directory speaks.
    Welcome(u16),
    /// To `Register`: the name is the client's.
    Registered,
    /// To `Register`: a living node has the name.
    NameTaken,
    /// To `Lookup`.
    Address(Option<String>),
    /// To `List`.
    Names(Vec<(NodeName, String)>),
    /// To anything; the connection is closed afterwards.
    Refused(String),
}

/// Why a directory could not be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryError {
    /// Nothing listens at its address, so no node is registered there.
    NobodyThere(SocketAddr),
    /// Something listens there, but it is not a directory; the text is what it did instead.
    NotADirectory(SocketAddr, String),
    /// Another living node has the name.
    NameTaken(NodeName),
    /// The directory refused, and said why.
    Refused(String),
    /// The directory did not answer in time, or the connection broke.
    Failed(String),
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DirectoryError::NobodyThere(at) => {
                write!(
                    f,
                    "no directory listens at {at}: no node runs there, or it uses another directory port"
                )
            }
            DirectoryError::NotADirectory(at, why) => write!(
                f,
                "the directory of nodes should be at {at}, but another program holds that port ({why}); end that \
                 program, or set DIRECTORY_PORT to a free port, the same one for every node"
            ),
            DirectoryError::NameTaken(name) => {
                write!(f, "another living node is already called {name}")
            }
            DirectoryError::Refused(why) => write!(f, "the directory refused: {why}"),
            DirectoryError::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for DirectoryError {}

/// All nodes that the directory at `address` knows, in the order of their names.
///
/// # Errors
/// [`DirectoryError`] when nothing that speaks the protocol answers there.
pub async fn names(address: SocketAddr) -> Result<Vec<(NodeName, SocketAddr)>, DirectoryError> {
    match Exchange::begin(address, &Request::List).await?.1 {
        Response::Names(names) => names
            .into_iter()
            .map(|(name, text)| Ok((name, parsed(&text, address)?)))
            .collect(),
        other => Err(unexpected(address, other)),
    }
}

/// Where the node `name` listens, or `None` if no living node has that name.
///
/// # Errors
/// [`DirectoryError`] when nothing that speaks the protocol answers at `address`.
pub async fn lookup(
    address: SocketAddr,
    asker: Option<&NodeName>,
    name: &NodeName,
) -> Result<Option<SocketAddr>, DirectoryError> {
    let request = Request::Lookup {
        asker: asker.cloned(),
        name: name.clone(),
    };
    match Exchange::begin(address, &request).await?.1 {
        Response::Address(found) => found.map(|text| parsed(&text, address)).transpose(),
        other => Err(unexpected(address, other)),
    }
}

/// Whether a registration proves that its client knows the cookie.
pub fn proves(cookie: &Cookie, name: &NodeName, address: &str, proof: &[u8]) -> bool {
    code(cookie, name, address).verify_slice(proof).is_ok()
}

/// Each part is preceded by its length, so that no two different registrations look alike.
fn code(cookie: &Cookie, name: &NodeName, address: &str) -> Hmac<Sha256> {
    let mut code =
        Hmac::new_from_slice(cookie.reveal().as_bytes()).expect("HMAC takes keys of any length");
    let label = "distributed-systems-training registration";
    for part in [label, name.as_str(), address] {
        code.update(&(part.len() as u64).to_be_bytes());
        code.update(part.as_bytes());
    }
    code
}

/// A name held at a directory; dropping it gives the name back.
pub(crate) struct Registration(Exchange);

impl Registration {
    /// Registers `name` as listening at `listens`, with a proof of `cookie`; `again` if it had the name
    /// from a directory that is gone.
    pub(crate) async fn make(
        directory: SocketAddr,
        name: &NodeName,
        listens: SocketAddr,
        again: bool,
        cookie: &Cookie,
    ) -> Result<Self, DirectoryError> {
        let address = listens.to_string();
        let proof = code(cookie, name, &address).finalize().into_bytes();
        let request = Request::Register {
            name: name.clone(),
            address,
            again,
            proof: ByteBuf::from(proof.to_vec()),
        };
        match Exchange::begin(directory, &request).await? {
            (exchange, Response::Registered) => Ok(Registration(exchange)),
            (_, Response::NameTaken) => Err(DirectoryError::NameTaken(name.clone())),
            (_, other) => Err(unexpected(directory, other)),
        }
    }

    /// Waits until the directory has given up the name: it died, or closed the connection.
    pub(crate) async fn lost(&mut self) {
        while self.0.reader.recv().await.is_ok() {}
    }
}

/// A client's connection to a directory.
struct Exchange {
    reader: TcpReader,
    _writer: TcpWriter,
}

impl Exchange {
    /// Connects, greets and asks, in one round trip.
    async fn begin(
        address: SocketAddr,
        request: &Request,
    ) -> Result<(Self, Response), DirectoryError> {
        match timeout(PATIENCE, Self::begin_at_leisure(address, request)).await {
            Ok(result) => result,
            Err(_) => Err(DirectoryError::Failed(format!(
                "the directory at {address} accepts connections but does not answer; the process that serves it may \
                 be stopped (the first node of a host serves its directory), or it is not a directory at all"
            ))),
        }
    }

    async fn begin_at_leisure(
        address: SocketAddr,
        request: &Request,
    ) -> Result<(Self, Response), DirectoryError> {
        let (mut reader, mut writer) = halves(connect(address).await?);
        reader.set_limit(LONGEST_RESPONSE);
        let mut batch = BytesMut::new();
        put(&mut batch, &Hello { directory: VERSION });
        put(&mut batch, request);
        // A directory that refuses may already have closed: what it said stands in the reader.
        let sent = writer.send(batch).await;
        match response(&mut reader, address).await? {
            Response::Welcome(VERSION) => {}
            Response::Refused(why) => return Err(DirectoryError::Refused(why)),
            other => return Err(unexpected(address, other)),
        }
        sent.map_err(|error| {
            DirectoryError::Failed(format!("asking the directory at {address}: {error}"))
        })?;
        let response = match reader.recv().await {
            Ok(frame) => decoded(&frame, address)?,
            Err(error) => {
                return Err(DirectoryError::Failed(format!(
                    "waiting for the directory at {address}: {error}"
                )));
            }
        };
        Ok((
            Exchange {
                reader,
                _writer: writer,
            },
            response,
        ))
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream, DirectoryError> {
    match TcpStream::connect(address).await {
        // On loopback a client can be given the very port that it dials, and then talks to itself.
        Ok(stream) if stream.local_addr().is_ok_and(|own| own == address) => {
            Err(DirectoryError::NobodyThere(address))
        }
        Ok(stream) => Ok(stream),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err(DirectoryError::NobodyThere(address))
        }
        Err(error) => Err(DirectoryError::Failed(format!(
            "connecting to the directory at {address}: {error}"
        ))),
    }
}

/// The first response: it shows whether this is a directory.
async fn response(reader: &mut TcpReader, address: SocketAddr) -> Result<Response, DirectoryError> {
    match reader.recv().await {
        Ok(frame) => decoded(&frame, address),
        // A directory that is just ending also closes without an answer.
        Err(ConnError::Closed) => Err(DirectoryError::Failed(format!(
            "whatever listens at {address} closed the connection without an answer; if this lasts, it is not a \
             directory of nodes: end it, or set DIRECTORY_PORT to a free port, the same one for every node"
        ))),
        Err(ConnError::TooLong { .. }) => Err(DirectoryError::NotADirectory(
            address,
            "it answered in another protocol".into(),
        )),
        Err(error) => Err(DirectoryError::Failed(format!(
            "asking the directory at {address}: {error}"
        ))),
    }
}

fn decoded(frame: &[u8], address: SocketAddr) -> Result<Response, DirectoryError> {
    wire::decode(frame).map_err(|error| {
        DirectoryError::NotADirectory(address, format!("it answered in another protocol: {error}"))
    })
}

fn parsed(text: &str, directory: SocketAddr) -> Result<SocketAddr, DirectoryError> {
    text.parse().map_err(|_| {
        DirectoryError::Failed(format!(
            "the directory at {directory} gave {text:?} as an address"
        ))
    })
}

fn unexpected(address: SocketAddr, response: Response) -> DirectoryError {
    match response {
        Response::Refused(why) => DirectoryError::Refused(why),
        other => DirectoryError::Failed(format!(
            "the directory at {address} answered out of turn: {other:?}"
        )),
    }
}

/// Appends one item as a frame.
fn put<T: Serialize>(out: &mut BytesMut, item: &T) {
    let start = out.len();
    out.put_u32(0);
    ciborium::into_writer(item, out.writer()).expect("an item can always be encoded into memory");
    let length = u32::try_from(out.len() - start - 4).expect("items of this protocol are short");
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

#[cfg(test)]
mod tests;
