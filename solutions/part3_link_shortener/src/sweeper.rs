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
        // Asked before each sweep, as the answer can change: the owner's node may have died, and then the
        // name is free; or two owners may have met, and one of them has lost it. The loser is asked to
        // stand by (`Notify`) and not killed, for it will be needed again. A process that registers once
        // and sweeps from then on goes on after a split, like the owner on the other side.
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

    /// Removes expired links from the store, and from the tables.
    async fn sweep(&mut self, ctx: &Ctx<SweeperMsg>) {
        // ── gap 6: sweep
        // `remove` names the link, not only its code: if the code has a new link since we looked, the new one
        // stays. When the store fails we stop; the next turn comes soon.
        let Ok(expired) = self.store.expired().await else {
            return;
        };
        for (code, link) in expired {
            let Ok(removed) = self.store.remove(&code, &link).await else {
                return;
            };
            self.swept += u64::from(removed);
            forget_everywhere(&code, &link, ctx).await;
        }
        // ── end 6
    }
}

// ── gap 6: tell the tables
/// Sends all caches a link that is gone. A node that misses the message does not follow the link either,
/// for it knows when the link expires; its table only keeps an entry that it does not need.
async fn forget_everywhere(code: &Code, link: &Link, ctx: &Ctx<SweeperMsg>) {
    for cache in ctx.groups().members(&CACHES) {
        let forget = CacheMsg::Forget(code.clone(), link.clone());
        let _ = ctx.cast(&cache, forget).await;
    }
}
// ── end 6
