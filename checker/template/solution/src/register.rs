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
                // The next version is greater than every version that this register knows, so the
                // value replaces what its caller could read here. A clock on the wall is tempting, and
                // loses the writes of a node whose clock is slow.
                let version = self.newest.as_ref().map_or(0, |entry| entry.version);
                let entry = Entry {
                    version: version + 1,
                    writer: ctx.name().clone(),
                    value,
                };
                self.newest = Some(entry.clone());
                // A cast waits for no receiver. We ignore a failed one: the connection is gone.
                let _ = ctx.abcast(&REGISTER, RegisterMsg::Written(entry)).await;
                reply.send(());
                // ── end 1
            }
            RegisterMsg::Written(entry) => {
                // ── gap 1: learn of a write
                // An entry that comes later need not be newer.
                self.newest = self.newest.take().max(Some(entry));
                // ── end 1
            }
            RegisterMsg::Read(reply) => {
                reply.send(self.newest.as_ref().map_or(0, |entry| entry.value));
            }
        }
    }
}
