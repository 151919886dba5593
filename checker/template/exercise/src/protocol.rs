//! The messages that the server of part 0 understands.
//!
//! The checker sends your server the messages marked *graded*. Do not change their names, fields
//! and answers; add messages of your own after them.

use runtime::{NodeName, Reply, ServerName};
use serde::{Deserialize, Serialize};

/// The register of each node.
pub const REGISTER: ServerName<RegisterMsg> = ServerName::new("register");

/// The messages of a register.
#[derive(Debug, Serialize, Deserialize)]
pub enum RegisterMsg {
    /// Graded: write a value into all registers. The answer comes when this node's register has it.
    Write(u64, Reply<()>),
    /// Graded: the register of another node was written.
    Written(Entry),
    /// Graded: reply with the value, 0 if none was written.
    Read(Reply<u64>),
}

/// A value with its version. Of two entries, the greater one is newer: the comparison begins with the
/// first field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// Higher than every version that the writer's register had before.
    pub version: u64,
    /// The node that wrote it. It decides between two entries of one version.
    pub writer: NodeName,
    /// The value.
    pub value: u64,
}
