//! The checker's own view of the messages that the server of part 0 understands.
//!
//! It holds the graded variants only, and shares no crate with the exercise: messages meet by the names
//! of their variants. So no edit of a learner breaks the checker.

use runtime::{NodeName, Reply, ServerName};
use serde::{Deserialize, Serialize};

pub(crate) const REGISTER: ServerName<RegisterMsg> = ServerName::new("register");

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum RegisterMsg {
    Write(u64, Reply<()>),
    Written(Entry),
    Read(Reply<u64>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) version: u64,
    pub(crate) writer: NodeName,
    pub(crate) value: u64,
}
