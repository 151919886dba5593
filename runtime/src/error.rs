//! What can go wrong between processes. Each error tells the caller what may have happened.

use std::fmt;

use crate::handshake::HandshakeError;
use crate::name::NodeName;
use crate::net::{DialError, ListenError};
use crate::process_id::ExitReason;

/// Why a call got no answer.
///
/// The question that matters after a failed call is: *did it happen?* Some failures say that the
/// message was never handled, and then asking again is safe. The others leave it open, and then
/// only an idempotent message may be sent again. See [`CallError::may_have_happened`].
///
/// ```
/// use runtime::{CallError, NodeName};
///
/// let node: NodeName = "n1@sim".parse().unwrap();
/// assert!(!CallError::NoProcess(node.clone()).may_have_happened());
/// assert!(CallError::Timeout(node).may_have_happened());
/// ```
///
/// # Not promised
/// That a failed call had no effect, where the error leaves it open: its message may even be handled later.
///
/// # Source
/// Waldo and others, *A Note on Distributed Computing*, 1994: a remote call is not a local one, because it can
/// fail partially. Birrell and Nelson, *Implementing Remote Procedure Calls*, 1984.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// No connection to the node could be made. It did not happen.
    NotConnected(NodeName, String),
    /// The node has no such process. It did not happen.
    NoProcess(NodeName),
    /// The process could not decode the message; the text says why. It did not happen.
    NotUnderstood(String),
    /// The message cannot be encoded, or is longer than the limit for frames. It did not happen.
    Unsendable(String),
    /// The caller's own node was stopped. It did not happen.
    Stopped,
    /// No answer came in time. It may have happened, or may still happen; a late answer is dropped.
    Timeout(NodeName),
    /// The connection was lost before the answer came. It may have happened.
    NodeDown(NodeName),
    /// The process ended before it answered. It may have happened, wholly or in part.
    Exited(ExitReason),
    /// The process handled the message and dropped its `Reply`. It may have happened.
    NoReply,
    /// The answer came and could not be decoded or sent; the text says why. It happened.
    BadAnswer(String),
}

impl CallError {
    /// Whether the message may have been handled although no answer came.
    pub fn may_have_happened(&self) -> bool {
        !matches!(
            self,
            CallError::NotConnected(..)
                | CallError::NoProcess(_)
                | CallError::NotUnderstood(_)
                | CallError::Unsendable(_)
                | CallError::Stopped
        )
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::NotConnected(node, why) => write!(f, "could not connect to {node}: {why}"),
            CallError::NoProcess(node) => write!(f, "{node} has no such process"),
            CallError::NotUnderstood(why) => write!(f, "the message was not understood: {why}"),
            CallError::Unsendable(why) => f.write_str(why),
            CallError::Stopped => f.write_str("this node was stopped"),
            CallError::Timeout(node) => write!(f, "no answer from {node} in time"),
            CallError::NodeDown(node) => write!(
                f,
                "the connection to {node} was lost before its answer came"
            ),
            CallError::Exited(reason) => {
                write!(f, "the process ended before it answered: {reason}")
            }
            CallError::NoReply => {
                f.write_str("the process handled the message and dropped its Reply")
            }
            CallError::BadAnswer(why) => write!(f, "the answer was not understood: {why}"),
        }
    }
}

impl std::error::Error for CallError {}

/// A call whose message could not be sent did not happen.
impl From<CastError> for CallError {
    fn from(error: CastError) -> Self {
        match error {
            CastError::NoProcess(node) => CallError::NoProcess(node),
            CastError::Unsendable(why) => CallError::Unsendable(why),
            CastError::Stopped => CallError::Stopped,
        }
    }
}

/// Why a cast was not sent. When there is no error, the message *may* arrive, at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CastError {
    /// This node has no such process. (For another node that cannot be known here.)
    NoProcess(NodeName),
    /// The message cannot be encoded, or is longer than the limit for frames.
    Unsendable(String),
    /// The node was stopped.
    Stopped,
}

impl fmt::Display for CastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CastError::NoProcess(node) => write!(f, "{node} has no such process"),
            CastError::Unsendable(why) => f.write_str(why),
            CastError::Stopped => f.write_str("this node was stopped"),
        }
    }
}

impl std::error::Error for CastError {}

/// Why two nodes are not connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectError {
    /// The network found no way to the node.
    Dial(DialError),
    /// The other node answered, but one of the two refused the connection.
    Handshake(HandshakeError),
    /// The connection was lost, or closed on purpose, while we waited for it.
    Lost(ConnectionLoss),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Dial(error) => error.fmt(f),
            ConnectError::Handshake(error) => error.fmt(f),
            ConnectError::Lost(loss) => loss.fmt(f),
        }
    }
}

impl std::error::Error for ConnectError {}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionLoss {
    /// The connection was closed: the other node ended, or the network cut it.
    Closed(String),
    /// Nothing arrived for the tick time. The node may be dead, paused, or only out of reach.
    Silence,
    /// A program called `disconnect`, on either node.
    Disconnected,
    /// The same node opened a newer connection.
    Replaced,
    /// The data on the connection did not follow the protocol.
    Protocol(String),
    /// This node was stopped.
    Stopped,
}

impl fmt::Display for ConnectionLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectionLoss::Closed(why) => f.write_str(why),
            ConnectionLoss::Silence => f.write_str("nothing was heard from it for the tick time"),
            ConnectionLoss::Disconnected => f.write_str("it was disconnected on purpose"),
            ConnectionLoss::Replaced => f.write_str("it opened a newer connection"),
            ConnectionLoss::Protocol(why) => write!(f, "it broke the protocol: {why}"),
            ConnectionLoss::Stopped => f.write_str("this node was stopped"),
        }
    }
}

/// Why a process, or a node, did not start.
#[derive(Debug)]
pub enum StartError {
    /// A living process of this node has the name already.
    NameTaken(String),
    /// The process ended in its `init`, or a child of a supervisor did.
    Init(ExitReason),
    /// The name of the node could not be taken on the network.
    Listen(ListenError),
    /// The node was stopped.
    Stopped,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::NameTaken(name) => write!(f, "a process called {name:?} runs here already"),
            StartError::Init(reason) => reason.fmt(f),
            StartError::Listen(error) => error.fmt(f),
            StartError::Stopped => f.write_str("the node was stopped"),
        }
    }
}

impl std::error::Error for StartError {}
