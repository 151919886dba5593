//! Who a process is, and why it ended.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::NodeName;

/// Names one start of one process, anywhere and forever.
///
/// The node's name alone would not do: a node that was killed and started again has the same
/// name, and messages meant for the old one must not reach the new one. So every start of a node
/// draws a random *creation* number, and every start of a process takes the next *serial* number
/// of its node. (Erlang's pids carry a creation for the same reason.)
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessId {
    /// The node that the process runs on.
    pub node: NodeName,
    /// Which start of that node.
    pub creation: u64,
    /// Which process of that start.
    pub serial: u64,
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<{}#{:04x}.{}>",
            self.node,
            self.creation & 0xffff,
            self.serial
        )
    }
}

/// Why a process ended. Sent to processes that monitor it, or wait for its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitReason {
    /// It stopped by itself, its work done.
    Normal,
    /// It was asked to stop: by its supervisor, or because its node stops.
    Shutdown,
    /// It was killed from outside, without a chance to clean up.
    Killed,
    /// It panicked; the text is the panic's message.
    Crashed(String),
    /// It reached a `todo!()`: code that nobody wrote yet. It is not restarted, because it would only
    /// happen again.
    NotWritten(String),
    /// It stopped itself for the reason in the text.
    Failed(String),
    /// There was no such process when the monitor or link was made.
    NoProcess,
    /// The connection to its node went: nobody here knows whether it still runs.
    NodeDown,
}

impl ExitReason {
    /// Whether a process that ended for this reason had finished its work.
    pub fn is_normal(&self) -> bool {
        matches!(self, ExitReason::Normal | ExitReason::Shutdown)
    }

    /// The reason that the payload of a panic gives.
    pub(crate) fn from_panic(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| text.to_string())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".into());
        match text
            .strip_prefix("not yet implemented: ")
            .or_else(|| text.strip_prefix("not implemented: "))
        {
            Some(what) => ExitReason::NotWritten(what.to_owned()),
            None if text == "not yet implemented" || text == "not implemented" => {
                ExitReason::NotWritten("todo!()".into())
            }
            None => ExitReason::Crashed(text),
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExitReason::Normal => f.write_str("it ended normally"),
            ExitReason::Shutdown => f.write_str("it was shut down"),
            ExitReason::Killed => f.write_str("it was killed"),
            ExitReason::Crashed(why) => write!(f, "it crashed: {why}"),
            ExitReason::NotWritten(what) => {
                write!(f, "it reached code that is not written yet: {what}")
            }
            ExitReason::Failed(why) => write!(f, "it stopped: {why}"),
            ExitReason::NoProcess => f.write_str("there is no such process"),
            ExitReason::NodeDown => f.write_str("the connection to its node was lost"),
        }
    }
}
