//! kind = "near-miss"
//! problem = 2
//! claim = "a paused node does not keep the others from learning"
//! about = "The cache waits for the receipt of each before it tells the next one, and of each link before it tells the next link."
//! mistakes = ["tells-one-after-another"]

// ── file protocol.rs
// ── gap 0: more messages to a cache
Told(Code, Link, Reply<()>),
// ── end 0
// ── file cache.rs
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use runtime::{Address, Ctx, GroupChange, Info, NodeName, Reply, Server};
use shortener::{Code, Link, Refusal, Store, now};

use crate::links::unavailable;
use crate::protocol::{CACHES, CacheMsg};
use crate::table::{Known, Table};

pub struct Cache {
    store: Store,
    table: Arc<Table>,
    loading: BTreeMap<Code, Vec<Reply<Result<Link, Refusal>>>>,
    awaited: BTreeSet<NodeName>,
    held: Vec<(Code, Reply<Result<Link, Refusal>>)>,
}

#[derive(Clone)]
pub struct CacheArgs {
    pub store: Store,
    pub table: Arc<Table>,
}

impl Server for Cache {
    type Msg = CacheMsg;
    type Args = CacheArgs;

    async fn init(CacheArgs { store, table }: CacheArgs, ctx: &Ctx<CacheMsg>) -> Self {
        ctx.watch_nodes();
        if let Err(why) = ctx.groups().join(&CACHES, ctx.me()).await {
            panic!("could not join the caches: {why}");
        }
        ctx.watch_group(&CACHES);
        Cache {
            store,
            table,
            loading: BTreeMap::new(),
            awaited: BTreeSet::new(),
            held: Vec::new(),
        }
    }

    async fn handle(&mut self, msg: CacheMsg, ctx: &Ctx<CacheMsg>) {
        match msg {
            CacheMsg::Peek(code, reply) => reply.send(self.known(&code)),
            CacheMsg::Size(reply) => reply.send(self.table.len()),
            CacheMsg::Load(code, reply) => self.load(code, reply, ctx),
            CacheMsg::Loaded(code, answer) => self.loaded(code, answer),
            CacheMsg::Announce(code, link) => announce(code, link, ctx).await,
            CacheMsg::Learn(code, link) => self.table.put(code, link),
            CacheMsg::Table(from, links) => self.learn_table(from, links, ctx),
            CacheMsg::GoOn(node) => self.go_on(&node, ctx),
            CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
            CacheMsg::Told(code, link, reply) => {
                self.table.put(code, link);
                reply.send(());
            }
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<CacheMsg>) {
        match info {
            Info::Group(GroupChange::Joined(_, member)) => self.meet(&member.address(), ctx),
            Info::NodeUp(node) => self.node_up(node, ctx),
            _ => {}
        }
    }
}

impl Cache {
    fn known(&self, code: &Code) -> Option<Link> {
        match self.table.get(code) {
            Some(Known::Link(link)) => Some(link),
            _ => None,
        }
    }

    fn load(&mut self, code: Code, reply: Reply<Result<Link, Refusal>>, ctx: &Ctx<CacheMsg>) {
        if !self.awaited.is_empty() && self.table.get(&code).is_none() {
            return self.held.push((code, reply));
        }
        match self.table.get(&code) {
            Some(Known::Link(link)) => return reply.send(Ok(link)),
            Some(Known::Nothing) => return reply.send(Err(Refusal::NotFound)),
            None => {}
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

    fn loaded(&mut self, code: Code, answer: Result<Option<Link>, Refusal>) {
        match &answer {
            Ok(Some(link)) => self.table.put(code.clone(), link.clone()),
            Ok(None) => self.table.put_nothing(code.clone()),
            Err(_) => {}
        }
        let answer = match (self.known(&code), answer) {
            (Some(link), _) | (None, Ok(Some(link))) => Ok(link),
            (None, Ok(None)) => Err(Refusal::NotFound),
            (None, Err(why)) => Err(why),
        };
        for waiting in self.loading.remove(&code).unwrap_or_default() {
            waiting.send(answer.clone());
        }
    }

    fn meet(&self, member: &Address<CacheMsg>, ctx: &Ctx<CacheMsg>) {
        if member.node() != ctx.name() {
            let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
            tell(member.clone(), table, ctx);
        }
    }

    fn learn_table(&mut self, from: NodeName, links: Vec<(Code, Link)>, ctx: &Ctx<CacheMsg>) {
        for (code, link) in links {
            self.table.put(code, link);
        }
        self.go_on(&from, ctx);
    }

    fn node_up(&mut self, node: NodeName, ctx: &Ctx<CacheMsg>) {
        ctx.send_after(WAIT_FOR_TABLE, CacheMsg::GoOn(node.clone()));
        self.awaited.insert(node);
    }

    fn go_on(&mut self, node: &NodeName, ctx: &Ctx<CacheMsg>) {
        self.awaited.remove(node);
        if self.awaited.is_empty() {
            for (code, reply) in std::mem::take(&mut self.held) {
                self.load(code, reply, ctx);
            }
        }
    }
}

async fn announce(code: Code, link: Link, ctx: &Ctx<CacheMsg>) {
    for member in ctx.groups().members(&CACHES) {
        if member.node() != ctx.name() {
            let told = |reply| CacheMsg::Told(code.clone(), link.clone(), reply);
            let _ = ctx.call(&member, told).await;
        }
    }
}

fn tell(member: Address<CacheMsg>, msg: CacheMsg, ctx: &Ctx<CacheMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        let _ = me.cast(&member, msg).await;
    });
}

const WAIT_FOR_TABLE: Duration = Duration::from_millis(150);
