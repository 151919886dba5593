//! The register: holds the value that was written last on any node.

use runtime::{Ctx, Server};

use crate::protocol::{Entry, REGISTER, RegisterMsg};

/// The register of one node.
pub struct Register {
    /// The newest entry that this node knows.
    newest: Option<Entry>,
}

impl Server for Register {
    type Msg = RegisterMsg;
    type Args = ();

    async fn init(_: (), ctx: &Ctx<RegisterMsg>) -> Self {
        Register { newest: None }
    }

    async fn handle(&mut self, msg: RegisterMsg, ctx: &Ctx<RegisterMsg>) {
        match msg {
            RegisterMsg::Write(value, reply) => {
                // ── gap 1: write everywhere
                // TODO(1): this register must hold `value` before it replies, and so must the register
                // of every connected node, soon afterwards.
                // - The new entry must be greater than the one that this register held.
                // - A paused or slow node must not delay the reply.
                todo!("TODO(1) write the value here, and tell the other registers")
                // ── end 1
            }
            RegisterMsg::Written(entry) => {
                // ── gap 1: learn of a write
                // TODO(1): the register must hold the greatest entry that it was told. The network may
                // deliver an entry twice, and an old entry late.
                todo!("TODO(1) keep the greatest entry")
                // ── end 1
            }
            RegisterMsg::Read(reply) => {
                reply.send(self.newest.as_ref().map_or(0, |entry| entry.value));
            }
        }
    }
}
