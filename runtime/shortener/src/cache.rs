//! The cache: the server of each node that fills the node's table from the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use runtime::{Ctx, Group, Reply, Server, ServerName};
use serde::{Deserialize, Serialize};

use crate::{Code, Link, Refusal, Store, Table, now};

/// The cache of each node, which caches the links that this node owns.
pub const CACHE: ServerName<CacheMsg> = ServerName::new("cache");

/// The caches of all nodes.
pub const CACHES: Group<CacheMsg> = Group::new("caches");

/// The messages of a cache.
#[derive(Debug, Serialize, Deserialize)]
pub enum CacheMsg {
    /// Graded: the link that this node's table has for a code. This is no lookup: the cache does not
    /// ask the store, and the table stays as it is.
    Peek(Code, Reply<Option<Link>>),
    /// Graded: the number of links in the table.
    Size(Reply<usize>),
    /// From this node: answer a lookup that the table could not answer.
    Load(Code, Reply<Result<Link, Refusal>>),
    /// To itself: the store's answer, or the reason why there is none.
    Loaded(Code, Result<Option<Link>, Refusal>),
    /// From the sweeper: this link has expired, and the store no longer has it.
    Forget(Code, Link),
}

/// The cache of one node.
pub struct Cache {
    store: Store,
    table: Arc<Table>,
    /// The lookups that wait for the store, by their code.
    loading: BTreeMap<Code, Vec<Reply<Result<Link, Refusal>>>>,
}

/// The arguments of a cache.
#[derive(Clone)]
pub struct CacheArgs {
    /// The store.
    pub store: Store,
    /// The table. It survives a crash of the cache.
    pub table: Arc<Table>,
}

impl Server for Cache {
    type Msg = CacheMsg;
    type Args = CacheArgs;

    async fn init(CacheArgs { store, table }: CacheArgs, ctx: &Ctx<CacheMsg>) -> Self {
        // The sweeper sends the members of this group the links that it has swept.
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
    /// Answers a lookup that the table could not answer. The cache asks the store once for all
    /// lookups of a code. It asks in a task, so that it can answer other lookups meanwhile.
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
                Err(why) => Err(Refusal::Unavailable(why.to_string())),
            };
            me.send_self(CacheMsg::Loaded(code, answer));
        });
    }

    /// Answers the lookups that waited for the store.
    fn loaded(&mut self, code: Code, answer: Result<Option<Link>, Refusal>) {
        if let Ok(Some(link)) = &answer {
            self.table.put(code.clone(), link.clone());
        }
        // The link may have been created after the store had read.
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
