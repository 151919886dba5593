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
        // Asked each time, as it can change each time: the other's node may have died, in which
        // case the name is free, or two who both had it may have met, of whom one has it now. The
        // loser is asked to stand by (`Notify`) instead of being killed, as it will be needed again.
        // To have registered once, and sweep from then on, is tempting; after a netsplit there
        // are two, and both go on.
        let is_mine = match ctx.global().whereis(&THE_SWEEPER) {
            Some(sweeper) => sweeper == *ctx.me(),
            None => {
                let (name, global) = (THE_SWEEPER, ctx.global());
                let registered = global.register_with(&name, ctx.me(), Resolver::Notify);
                registered.await.is_ok()
            }
        };
        // ── end 6
        is_mine
    }

    /// Removes what is expired from the store, and from the tables.
    async fn sweep(&mut self, ctx: &Ctx<SweeperMsg>) {
        // ── gap 6: sweep
        // The link is named, not only its code: if somebody has put a new link there since we
        // looked, the new one stays. When the store fails we leave off; there is a next time.
        let Ok(expired) = self.store.expired().await else {
            return;
        };
        for (code, link) in expired {
            let Ok(removed) = self.store.remove(&code, &link).await else {
                return;
            };
            self.swept += u64::from(removed);
            tell_tables(&code, &link, ctx).await;
        }
        // ── end 6
    }
}

// ── gap 6: tell the tables
/// Tells all caches that a link is gone. Who does not hear it does not follow the link either, as
/// it knows when the link ends; it only keeps what nobody needs.
async fn tell_tables(code: &Code, link: &Link, ctx: &Ctx<SweeperMsg>) {
    for cache in ctx.groups().members(&CACHES) {
        let forget = CacheMsg::Forget(code.clone(), link.clone());
        let _ = ctx.cast(&cache, forget).await;
    }
}
// ── end 6
