//! The cache: the server of each node that fills its table from the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use runtime::{Ctx, Reply, Server};
use shortener::{Code, Link, Refusal, Store, now};

use crate::links::unavailable;
use crate::protocol::{CACHES, CacheMsg};
use crate::table::Table;

/// The cache of one node.
pub struct Cache {
    store: Store,
    table: Arc<Table>,
    /// Who waits for the store's answer, by the code that it was asked for.
    loading: BTreeMap<Code, Vec<Reply<Result<Link, Refusal>>>>,
}

/// What a cache starts with.
#[derive(Clone)]
pub struct CacheArgs {
    /// The store.
    pub store: Store,
    /// The table, which outlives the cache.
    pub table: Arc<Table>,
}

impl Server for Cache {
    type Msg = CacheMsg;
    type Args = CacheArgs;

    async fn init(CacheArgs { store, table }: CacheArgs, ctx: &Ctx<CacheMsg>) -> Self {
        // So that the sweeper can tell it what is gone.
        if let Err(why) = ctx.groups().join(&CACHES, ctx.me()).await {
            panic!("could not join the caches: {why}");
        }
        Cache {
            store,
            table,
            loading: BTreeMap::new(),
        }
    }

    async fn handle(&mut self, msg: CacheMsg, ctx: &Ctx<CacheMsg>) {
        match msg {
            CacheMsg::Peek(code, reply) => reply.send(self.table.get(&code)),
            CacheMsg::Size(reply) => reply.send(self.table.len()),
            CacheMsg::Load(code, reply) => self.load(code, reply, ctx),
            CacheMsg::Loaded(code, answer) => self.loaded(code, answer),
            CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
        }
    }
}

impl Cache {
    /// Answers a look-up that the table could not answer. The store is asked once for all who wait
    /// for the same code, and in a task of its own: in the meantime others are answered.
    fn load(&mut self, code: Code, reply: Reply<Result<Link, Refusal>>, ctx: &Ctx<CacheMsg>) {
        if let Some(link) = self.table.get(&code) {
            return reply.send(Ok(link));
        }
        if let Some(waiting) = self.loading.get_mut(&code) {
            return waiting.push(reply);
        }
        self.loading.insert(code.clone(), vec![reply]);
        let (store, me) = (self.store.clone(), ctx.clone());
        ctx.spawn(async move {
            let answer = match store.get(&code).await {
                Ok(link) => Ok(link.filter(|link| !link.is_expired(now()))),
                Err(why) => Err(unavailable(why)),
            };
            me.send_self(CacheMsg::Loaded(code, answer));
        });
    }

    /// The store has answered, or it has not, and this is why.
    fn loaded(&mut self, code: Code, answer: Result<Option<Link>, Refusal>) {
        if let Ok(Some(link)) = &answer {
            self.table.put(code.clone(), link.clone());
        }
        // The link may have been created while the store was looking for it.
        let answer = match (self.table.get(&code), answer) {
            (Some(link), _) | (None, Ok(Some(link))) => Ok(link),
            (None, Ok(None)) => Err(Refusal::NotFound),
            (None, Err(why)) => Err(why),
        };
        for waiting in self.loading.remove(&code).unwrap_or_default() {
            waiting.send(answer.clone());
        }
    }
}
