//! A journal: what a process writes down, so that its next start knows it.
//!
//! It is a process of its own on the same node, so it survives a crash of the process that writes, but
//! not the end of the node. (This is write-ahead logging, as in databases: a process first writes an entry, then
//! acts on it.)

use runtime::{CallError, CastError, Ctx, Node, Reply, Server, ServerName, wire};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// The journal of each node.
pub const JOURNAL: ServerName<JournalMsg> = ServerName::new("journal");

/// What a journal understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum JournalMsg {
    /// Write this down behind everything else.
    Append(ByteBuf),
    /// All entries, in order.
    Read(Reply<Vec<ByteBuf>>),
}

/// The journal of one node.
pub struct Journal {
    entries: Vec<ByteBuf>,
}

impl Journal {
    /// Writes an entry into this node's journal. The entry stays when the process that wrote it crashes.
    ///
    /// # Errors
    /// [`CastError::NoProcess`] when this node has no journal; the others as for [`Node::cast`].
    pub async fn append<E: Serialize>(node: &Node, entry: &E) -> Result<(), CastError> {
        let bytes =
            wire::encode(entry).map_err(|error| CastError::Unsendable(error.to_string()))?;
        let entry = JournalMsg::Append(ByteBuf::from(bytes.to_vec()));
        node.cast(&JOURNAL.at(node.name()), entry).await
    }

    /// The entries of this node's journal, oldest first, without those that are not of this type.
    ///
    /// # Errors
    /// As for [`Node::call`].
    pub async fn read<E: DeserializeOwned>(node: &Node) -> Result<Vec<E>, CallError> {
        let entries = node
            .call(&JOURNAL.at(node.name()), JournalMsg::Read)
            .await?;
        let known = entries.iter().filter_map(|entry| wire::decode(entry).ok());
        Ok(known.collect())
    }
}

impl Server for Journal {
    type Msg = JournalMsg;
    type Args = ();

    async fn init((): (), _: &Ctx<JournalMsg>) -> Self {
        Journal {
            entries: Vec::new(),
        }
    }

    async fn handle(&mut self, msg: JournalMsg, _: &Ctx<JournalMsg>) {
        match msg {
            JournalMsg::Append(entry) => self.entries.push(entry),
            JournalMsg::Read(reply) => reply.send(self.entries.clone()),
        }
    }
}
