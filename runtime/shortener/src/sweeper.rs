//! The sweeper: removes expired links from the store. Each node has a process for it, and one of these
//! processes sweeps.

use std::time::Duration;

use runtime::{Ctx, GlobalName, Reply, Resolver, Server, ServerName};
use serde::{Deserialize, Serialize};

use crate::cache::{CACHES, CacheMsg};
use crate::{Code, Link, Store};

/// The process of each node that can sweep.
pub const SWEEPER: ServerName<SweeperMsg> = ServerName::new("sweeper");

/// The process that sweeps.
pub const THE_SWEEPER: GlobalName<SweeperMsg> = GlobalName::new("sweeper");

/// The time between two sweeps.
pub const SWEEP_INTERVAL: Duration = Duration::from_millis(500);

/// The messages of a sweeper.
#[derive(Debug, Serialize, Deserialize)]
pub enum SweeperMsg {
    /// Graded: the number of links that this process has swept since its start.
    Swept(Reply<u64>),
    /// To itself: sweep, if this is the process that sweeps.
    Sweep,
}

/// The process of one node that can sweep.
pub struct Sweeper {
    store: Store,
    /// The number of links that it has swept.
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
}

impl Sweeper {
    /// Sweeps, if this is the process that sweeps.
    async fn take_turn(&mut self, ctx: &Ctx<SweeperMsg>) {
        if self.is_the_one(ctx).await {
            self.sweep(ctx).await;
        }
        // Not before: with a slow store, these messages would pile up.
        ctx.send_after(SWEEP_INTERVAL, SweeperMsg::Sweep);
    }

    /// Whether this is the process that sweeps.
    async fn is_the_one(&self, ctx: &Ctx<SweeperMsg>) -> bool {
        // The process asks before each sweep, because the answer can change: the other process may have
        // died, so that the name is free, or two processes that had the name have met, and one keeps
        // it. `Notify` tells the loser instead of killing it: the cluster will need it again. A
        // process that registers once and sweeps from then on is wrong: after a netsplit there are
        // two of them, and both go on.
        match ctx.global().whereis(&THE_SWEEPER) {
            Some(sweeper) => sweeper == *ctx.me(),
            None => {
                let (name, global) = (THE_SWEEPER, ctx.global());
                let registered = global.register_with(&name, ctx.me(), Resolver::Notify);
                registered.await.is_ok()
            }
        }
    }

    /// Removes what is expired from the store, and from the tables.
    async fn sweep(&mut self, ctx: &Ctx<SweeperMsg>) {
        // The link is named as well as its code: if the code has a new link by now, that link stays.
        // When the store fails, the rest waits for the next sweep.
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
    }
}

/// Tells all caches that a link is gone. A cache that misses this message does not follow the link
/// either, because it knows when the link expires.
async fn tell_tables(code: &Code, link: &Link, ctx: &Ctx<SweeperMsg>) {
    for cache in ctx.groups().members(&CACHES) {
        let forget = CacheMsg::Forget(code.clone(), link.clone());
        let _ = ctx.cast(&cache, forget).await;
    }
}
