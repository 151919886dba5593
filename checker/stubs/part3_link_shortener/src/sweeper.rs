//! The sweeper: it removes expired links from the store. Each node has one, and one of them sweeps.

use runtime::{Ctx, Info, Resolver, Server};
use shortener::{Code, Link, Store};

use crate::protocol::{CACHES, CacheMsg, SWEEP_INTERVAL, SweeperMsg, THE_SWEEPER};

/// The process of one node that can sweep.
pub struct Sweeper {
    store: Store,
    /// How many links it has swept.
    swept: u64,
}

impl Server for Sweeper {
    type Msg = SweeperMsg;
    type Args = Store;

    async fn init(store: Store, ctx: &Ctx<SweeperMsg>) -> Self {
        ctx.send_self(SweeperMsg::Sweep);
        Sweeper { store, swept: 0 }
    }

    async fn handle(&mut self, msg: SweeperMsg, ctx: &Ctx<SweeperMsg>) {
        match msg {
            SweeperMsg::Swept(reply) => reply.send(self.swept),
            SweeperMsg::Sweep => self.take_turn(ctx).await,
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<SweeperMsg>) {
        match info {
            _ => {}
        }
    }
}

impl Sweeper {
    /// Sweeps, if this process owns the name.
    async fn take_turn(&mut self, ctx: &Ctx<SweeperMsg>) {
        if self.owns_the_name(ctx).await {
            self.sweep(ctx).await;
        }
        // After the sweep, so that turns do not pile up when the store is slow.
        ctx.send_after(SWEEP_INTERVAL, SweeperMsg::Sweep);
    }

    /// Whether this is the process that sweeps.
    async fn owns_the_name(&self, ctx: &Ctx<SweeperMsg>) -> bool {
        let is_mine = false;
        // ── gap 6: one sweeper for all connected nodes
        // TODO(6): of all nodes that are connected, one must sweep: the owner of the global name
        // `THE_SWEEPER` (`ctx.global()`).
        // - When the owner's node dies, another process must take over.
        // - While the network is split, each side must have an owner.
        // - After the network heals, one of the two must continue, and the other must stand by.
        // ── end 6
        is_mine
    }

    /// Removes expired links from the store, and from the tables.
    async fn sweep(&mut self, ctx: &Ctx<SweeperMsg>) {
        // ── gap 6: sweep
        // TODO(6): remove expired links from the store (`Store::expired`, `Store::remove`), and count those
        // that were removed. The tables of all nodes must remove them, too (`CacheMsg::Forget`).
        // ── end 6
    }
}

// ── gap 6: tell the tables
// ── end 6
