//! The sweeper: removes expired links from the store. Each node has one that can; one of them does.

use runtime::{Ctx, Info, Resolver, Server};
use shortener::{Code, Link, Store};

use crate::protocol::{CACHES, CacheMsg, SWEEP_EVERY, SweeperMsg, THE_SWEEPER};

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
    /// Sweeps, if this is the process that does.
    async fn take_turn(&mut self, ctx: &Ctx<SweeperMsg>) {
        if self.is_the_one(ctx).await {
            self.sweep(ctx).await;
        }
        // Only now, so that a slow store does not let these pile up.
        ctx.send_after(SWEEP_EVERY, SweeperMsg::Sweep);
    }

    /// Whether this is the process that sweeps.
    async fn is_the_one(&self, ctx: &Ctx<SweeperMsg>) -> bool {
        let is_mine = false;
        // ── gap 6: one sweeper for all who are connected
        // TODO(6): of all nodes that can reach each other, one sweeps: the process that has the global
        // name `THE_SWEEPER` (`ctx.global()`). When its node dies, another takes over; while the
        // network is divided, each side has one; and when it heals, one of the two goes on, and the
        // other stands by.
        // ── end 6
        is_mine
    }

    /// Removes what is expired from the store, and from the tables.
    async fn sweep(&mut self, ctx: &Ctx<SweeperMsg>) {
        // ── gap 6: sweep
        // TODO(6): remove what is expired from the store (`Store::expired`, `Store::remove`), and have it
        // removed from the tables of all nodes (`CacheMsg::Forget`).
        // ── end 6
    }
}

// ── gap 6: tell the tables
// ── end 6
