//! How two nodes make sure of each other before they talk.
//!
//! Each side must prove that it knows the cookie without sending it, because an eavesdropper would
//! then know it too. So each sends a *nonce*, random bytes that were never used before, and the
//! other answers with a code that only an owner of the cookie can compute from it (HMAC-SHA256):
//!
//! ```text
//!  initiator                                        acceptor
//!     │  hello: who I am, whom I want, nonce ────────► │
//!     │ ◄──────────────── challenge: who I am, nonce   │   or: refused
//!     │  proof: code over hello and challenge ───────► │   checks the cookie, then decides
//!     │ ◄──── accepted: another code over the same     │   or: refused
//!  checks the cookie                                   │
//! ```
//!
//! The codes cover every byte of both first messages. A recorded proof is worthless in another
//! session, whose nonces differ, and nobody can change a name, a creation number or an intent on
//! the way. The two codes begin with different labels, so that neither can be sent back as the
//! other.
//!
//! `docs/PROTOCOL.md` describes every byte; [`Cookie`] says what all this does not protect from.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;
use sha2::Sha256;

use crate::cookie::Cookie;
use crate::name::NodeName;
use crate::net::{Conn, ConnError};
use crate::wire::{self, PROTOCOL_VERSION};

/// The longest message of the handshake, in bytes. Strangers may send these, so it is small.
pub(crate) const LONGEST_MESSAGE: usize = 4096;

/// Who a node is: what each side of a handshake learns of the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The name of the node.
    pub name: NodeName,
    /// Which start of that node.
    pub creation: u64,
    /// Whether it keeps out of the mesh and of every node's lists.
    pub hidden: bool,
}

/// Why the initiator connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Intent {
    /// A person or a program asked for it.
    Asked,
    /// The runtime does it by itself: a retry after a lost connection, or the mesh. Refused by a
    /// node that was disconnected on purpose.
    Automatic,
}

/// Why a node refuses a connection, in the words of that node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// "We speak different versions of the protocol."
    Version {
        /// The version of the node that refuses.
        ours: u16,
        /// The version of the node that is refused.
        theirs: u16,
    },
    /// "You want another node, I am called this."
    NotMe(NodeName),
    /// "Your cookie is not mine."
    Cookie,
    /// "I am already connecting to you: wait for my connection."
    Simultaneous,
    /// "We were disconnected on purpose."
    Parted,
    /// "You have my own name."
    SameName,
    /// "Too many nodes are connecting at once."
    Busy,
    /// "I am stopping."
    Stopping,
}

/// The side that connects: proves itself to the node at the other end of `conn`, and checks its proof.
///
/// `nonce` must be fresh and unpredictable. `may_prove` is asked after the other node has said
/// who it is and before ours commits itself: false means that a better connection to it has come
/// up meanwhile.
///
/// Afterwards the connection still has the handshake's limit on the length of frames. There is no
/// time limit here, the caller sets one; dropping the future leaves nothing behind but `conn`.
pub(crate) async fn initiate(
    conn: &mut Conn,
    me: &Identity,
    to: &NodeName,
    cookie: &Cookie,
    intent: Intent,
    nonce: [u8; 32],
    may_prove: impl FnOnce() -> bool,
) -> Result<Identity, HandshakeError> {
    conn.reader.set_limit(LONGEST_MESSAGE);
    let hello = write(&Message::Hello(
        me.clone(),
        to.clone(),
        intent,
        nonce.into(),
    ));
    send(conn, &hello).await?;

    let challenge = first_message(conn).await?;
    let them = match read(&challenge)? {
        Message::Challenge(them, _) => them,
        other => return Err(other.instead_of("challenge")),
    };
    if them.name != *to {
        return Err(refuse(conn, Refusal::NotMe(them.name)).await);
    }
    if !may_prove() {
        return Err(HandshakeError::Superseded);
    }

    let proof = code(cookie, Role::Initiator, &hello, &challenge)
        .finalize()
        .into_bytes();
    send(conn, &write(&Message::Proof(ByteArray::new(proof.into())))).await?;

    match read(&conn.reader.recv().await?)? {
        Message::Accepted(theirs) => {
            let expected = code(cookie, Role::Acceptor, &hello, &challenge);
            // The other side does not learn of this: it considers the connection open and waits for frames.
            expected
                .verify_slice(&*theirs)
                .map_err(|_| HandshakeError::WeRefused(Refusal::Cookie))?;
            Ok(them)
        }
        other => Err(other.instead_of("acceptance")),
    }
}

/// The side that is connected to: checks the other node, then lets `decide` accept or refuse.
///
/// `decide` hears only of peers that have proved that they know the cookie. Even after it said
/// yes the connection may fail before the other side hears of it, and this returns an error.
///
/// `nonce`, limits and dropping are as in [`initiate`].
pub(crate) async fn accept<D, F>(
    conn: &mut Conn,
    me: &Identity,
    cookie: &Cookie,
    nonce: [u8; 32],
    decide: D,
) -> Result<Identity, HandshakeError>
where
    D: FnOnce(Identity, Intent) -> F,
    F: Future<Output = Result<(), Refusal>>,
{
    conn.reader.set_limit(LONGEST_MESSAGE);
    let hello = first_message(conn).await?;
    let (them, to, intent) = match read(&hello) {
        Ok(Message::Hello(them, to, intent, _)) => (them, to, intent),
        Ok(other) => return Err(other.instead_of("hello")),
        Err(HandshakeError::WeRefused(refusal)) => return Err(refuse(conn, refusal).await),
        Err(error) => return Err(error),
    };
    if to != me.name {
        return Err(refuse(conn, Refusal::NotMe(me.name.clone())).await);
    }
    if them.name == me.name {
        return Err(refuse(conn, Refusal::SameName).await);
    }
    let challenge = write(&Message::Challenge(me.clone(), nonce.into()));
    send(conn, &challenge).await?;

    let proof = match read(&conn.reader.recv().await?)? {
        Message::Proof(proof) => proof,
        other => return Err(other.instead_of("proof")),
    };
    let expected = code(cookie, Role::Initiator, &hello, &challenge);
    if expected.verify_slice(&*proof).is_err() {
        return Err(refuse(conn, Refusal::Cookie).await);
    }
    if let Err(refusal) = decide(them.clone(), intent).await {
        return Err(refuse(conn, refusal).await);
    }
    let answer = code(cookie, Role::Acceptor, &hello, &challenge)
        .finalize()
        .into_bytes();
    send(
        conn,
        &write(&Message::Accepted(ByteArray::new(answer.into()))),
    )
    .await?;
    Ok(them)
}

/// Tells the other side why it gets no connection. It does not matter here whether that arrives.
pub(crate) async fn refuse(conn: &mut Conn, refusal: Refusal) -> HandshakeError {
    let _ = send(conn, &write(&Message::Refused(refusal.clone()))).await;
    HandshakeError::WeRefused(refusal)
}

/// What every message begins with, in all versions forever, so that versions can tell each
/// other apart.
const MAGIC: &str = "distributed-systems-training";

/// The first byte of every message, in CBOR.
const ARRAY_OF_TWO: u8 = 0x82;

type Nonce = ByteArray<32>;
type Code = ByteArray<32>;

/// A message of the handshake. Variants are tuples, so that they travel as arrays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Message {
    #[serde(rename = "hello")]
    Hello(Identity, NodeName, Intent, Nonce),
    #[serde(rename = "challenge")]
    Challenge(Identity, Nonce),
    #[serde(rename = "proof")]
    Proof(Code),
    #[serde(rename = "accepted")]
    Accepted(Code),
    #[serde(rename = "refused")]
    Refused(Refusal),
}

impl Message {
    /// What it means to get this message when another one was due.
    fn instead_of(self, due: &str) -> HandshakeError {
        let came = match self {
            Message::Refused(refusal) => return HandshakeError::Refused(refusal),
            Message::Hello(..) => "hello",
            Message::Challenge(..) => "challenge",
            Message::Proof(_) => "proof",
            Message::Accepted(_) => "acceptance",
        };
        HandshakeError::Malformed(format!(
            "a message of the kind {came} arrived instead of {due}"
        ))
    }
}

fn write(message: &Message) -> Bytes {
    let mut out = BytesMut::new().writer();
    ciborium::into_writer(&(MAGIC, PROTOCOL_VERSION), &mut out).expect("memory takes every byte");
    ciborium::into_writer(message, &mut out).expect("memory takes every byte");
    out.into_inner().freeze()
}

/// Reads a message. The version comes first and decides whether the rest is looked at.
fn read(bytes: &[u8]) -> Result<Message, HandshakeError> {
    let alien =
        || HandshakeError::Malformed("it does not speak the protocol of these nodes".into());
    let mut rest = bytes;
    let prefix = ciborium::de::from_reader_with_recursion_limit(&mut rest, 2);
    let (magic, theirs): (String, u16) = prefix.map_err(|_| alien())?;
    // The decoder would take a longer array for a pair as well, and the rest for what follows it.
    if magic != MAGIC || bytes[0] != ARRAY_OF_TWO {
        return Err(alien());
    }
    if theirs != PROTOCOL_VERSION {
        let ours = PROTOCOL_VERSION;
        return Err(HandshakeError::WeRefused(Refusal::Version { ours, theirs }));
    }
    wire::decode(rest).map_err(|error| HandshakeError::Malformed(error.0))
}

async fn send(conn: &mut Conn, message: &[u8]) -> Result<(), ConnError> {
    let mut frame = BytesMut::with_capacity(4 + message.len());
    frame.put_u32(u32::try_from(message.len()).expect("messages of the handshake are short"));
    frame.put_slice(message);
    conn.writer.send(frame).await
}

/// The other side's first message, which may come from a program that wanted another server.
async fn first_message(conn: &mut Conn) -> Result<Bytes, HandshakeError> {
    conn.reader.recv().await.map_err(|error| match error {
        ConnError::TooLong { announced, .. } => match alien(announced) {
            Some(what) => {
                HandshakeError::Malformed(format!("it sent {what}; this port is for nodes only"))
            }
            None => error.into(),
        },
        error => error.into(),
    })
}

/// What another protocol's first four bytes are, taken for the length of a frame.
fn alien(announced: usize) -> Option<&'static str> {
    match u32::try_from(announced).ok()?.to_be_bytes() {
        [b'G', b'E', b'T', b' '] | [b'H', b'E', b'A', b'D'] | [b'P', b'O', b'S', b'T'] => {
            Some("an HTTP request")
        }
        [b'P', b'U', b'T', b' '] | [b'O', b'P', b'T', b'I'] | [b'P', b'R', b'I', b' '] => {
            Some("an HTTP request")
        }
        [b'H', b'T', b'T', b'P'] => Some("an HTTP response"),
        [b'S', b'S', b'H', b'-'] => Some("the greeting of SSH"),
        [0x16, 3, ..] => Some("the beginning of TLS"),
        [0, _, b'n' | b'N', _] => Some("the handshake of an Erlang node"),
        text if text.iter().all(|byte| (b' '..=b'~').contains(byte)) => Some("plain text"),
        _ => None,
    }
}

/// Whose code it is: the label that keeps the two codes of a session apart.
#[derive(Clone, Copy)]
enum Role {
    Initiator,
    Acceptor,
}

/// The code that proves the cookie: HMAC-SHA256 over the label and both first messages.
///
/// Each part is preceded by its length, so that no two different lists of parts look alike.
fn code(cookie: &Cookie, role: Role, hello: &[u8], challenge: &[u8]) -> Hmac<Sha256> {
    let label: &[u8] = match role {
        Role::Initiator => b"distributed-systems-training initiator",
        Role::Acceptor => b"distributed-systems-training acceptor",
    };
    let mut code =
        Hmac::new_from_slice(cookie.reveal().as_bytes()).expect("HMAC takes keys of any length");
    for part in [label, hello, challenge] {
        code.update(&(part.len() as u64).to_be_bytes());
        code.update(part);
    }
    code
}

/// Why a handshake did not lead to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandshakeError {
    /// The other node refused us. It has not proved who it is, so this is only what it says.
    Refused(Refusal),
    /// We refused the other node.
    WeRefused(Refusal),
    /// A better connection to the same node came up before this one was ready.
    Superseded,
    /// The other side does not keep to the protocol.
    Malformed(String),
    /// The connection failed.
    Conn(ConnError),
    /// It took too long.
    Timeout,
}

impl From<ConnError> for HandshakeError {
    fn from(error: ConnError) -> Self {
        HandshakeError::Conn(error)
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::Refused(refusal) => refusal.told_by_them(f),
            HandshakeError::WeRefused(refusal) => refusal.told_by_us(f),
            HandshakeError::Superseded => {
                f.write_str("another connection to the same node was faster")
            }
            HandshakeError::Malformed(why) => {
                write!(
                    f,
                    "the other side does not speak the protocol of our nodes: {why}"
                )
            }
            HandshakeError::Conn(error) => {
                write!(f, "the connection failed during the handshake: {error}")
            }
            HandshakeError::Timeout => {
                f.write_str("the other side did not finish the handshake in time")
            }
        }
    }
}

impl std::error::Error for HandshakeError {}

impl Refusal {
    fn told_by_them(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Version { ours, theirs } => versions(f, *theirs, *ours),
            Refusal::NotMe(name) => write!(f, "the node that answered is called {name}"),
            Refusal::Cookie => {
                f.write_str("the other node has a different cookie; both must have the same one")
            }
            Refusal::Simultaneous => {
                f.write_str("the other node is already connecting to this one")
            }
            Refusal::Parted => f.write_str(
                "the other node was disconnected from this one on purpose and waits to be asked",
            ),
            Refusal::SameName => f.write_str("the other node has this node's own name"),
            Refusal::Busy => f.write_str(
                "too many are connecting to the other node at once; try again in a moment",
            ),
            Refusal::Stopping => f.write_str("the other node is stopping"),
        }
    }

    fn told_by_us(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Version { ours, theirs } => versions(f, *ours, *theirs),
            Refusal::NotMe(name) => {
                write!(f, "{name} answered, and this node wanted another one")
            }
            Refusal::Cookie => {
                f.write_str("the other side has a different cookie; both must have the same one")
            }
            Refusal::Simultaneous => {
                f.write_str("this node is already connecting to the other one")
            }
            Refusal::Parted => {
                f.write_str("the two nodes were disconnected on purpose, and no program asked to connect them again")
            }
            Refusal::SameName => f.write_str("the other node claims this node's own name"),
            Refusal::Busy => f.write_str("too many are connecting at once"),
            Refusal::Stopping => f.write_str("this node is stopping"),
        }
    }
}

fn versions(f: &mut fmt::Formatter<'_>, here: u16, there: u16) -> fmt::Result {
    write!(
        f,
        "the other node speaks version {there} of the protocol and this one version {here}; both need the same version of the course"
    )
}

/// Reads `bytes` as a message of the handshake, the first thing that strangers can make a node do. For the
/// fuzz target alone.
#[doc(hidden)]
pub fn fuzz_message(bytes: &[u8]) {
    if let Ok(message) = read(bytes) {
        assert_eq!(
            read(&write(&message)).as_ref(),
            Ok(&message),
            "what is written must be read again"
        );
    }
}

#[cfg(test)]
mod tests;
