//! The cache: the server of each node that fills its table, from the store and from other nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use runtime::{Address, Ctx, GroupChange, Info, NodeName, Reply, Server};
use shortener::{Code, Link, Refusal, Store, now};

use crate::links::unavailable;
use crate::protocol::{CACHES, CacheMsg};
use crate::table::{Known, Table};

/// The cache of one node.
pub struct Cache {
    store: Store,
    table: Arc<Table>,
    // ── gap 1: fields for lookups
    /// The lookups that wait for the store's answer, by code.
    loading: BTreeMap<Code, Vec<Reply<Result<Link, Refusal>>>>,
    // ── end 1
    // ── gap 4: fields for the warm-up
    /// Nodes that have just connected, and have not sent their tables yet.
    awaited: BTreeSet<NodeName>,
    /// Lookups that wait for these tables.
    held: Vec<(Code, Reply<Result<Link, Refusal>>)>,
    // ── end 4
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
        // ── gap 4: watch the nodes
        ctx.watch_nodes();
        // ── end 4
        // ── gap 2: become a member
        // Here, and not where the node starts: a cache that was restarted is another process, and the
        // group does not know it.
        if let Err(why) = ctx.groups().join(&CACHES, ctx.me()).await {
            panic!("could not join the caches: {why}");
        }
        // ── end 2
        // ── gap 3: watch the members
        // The group tells the other members of this cache, and they send it their tables.
        ctx.watch_group(&CACHES);
        // ── end 3
        Cache {
            store,
            table,
            // ── gap 1: no lookup waits yet
            loading: BTreeMap::new(),
            // ── end 1
            // ── gap 4: no table is awaited yet
            awaited: BTreeSet::new(),
            held: Vec::new(),
            // ── end 4
        }
    }

    async fn handle(&mut self, msg: CacheMsg, ctx: &Ctx<CacheMsg>) {
        match msg {
            CacheMsg::Peek(code, reply) => reply.send(self.known(&code)),
            CacheMsg::Size(reply) => reply.send(self.table.len()),
            CacheMsg::Load(code, reply) => self.load(code, reply, ctx),
            CacheMsg::Loaded(code, answer) => self.loaded(code, answer),
            CacheMsg::Announce(code, link) => announce(code, link, ctx),
            CacheMsg::Learn(code, link) => self.table.put(code, link),
            CacheMsg::Table(from, links) => self.learn_table(from, links, ctx),
            CacheMsg::StopWaiting(node) => self.stop_waiting(&node, ctx),
            CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
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
    /// The link in this node's table for a code.
    fn known(&self, code: &Code) -> Option<Link> {
        match self.table.get(code) {
            Some(Known::Link(link)) => Some(link),
            _ => None,
        }
    }

    /// Answers a lookup that the table could not answer, now or later.
    fn load(&mut self, code: Code, reply: Reply<Result<Link, Refusal>>, ctx: &Ctx<CacheMsg>) {
        // ── gap 4: wait for the tables of other nodes
        // If each of these lookups went to the store, a node that starts empty would ask the store for
        // every link once, and after a power failure all nodes would do so at the same time.
        if !self.awaited.is_empty() && self.table.get(&code).is_none() {
            return self.held.push((code, reply));
        }
        // ── end 4
        // ── gap 1: ask the store, once for all lookups of a code
        match self.table.get(&code) {
            Some(Known::Link(link)) => return reply.send(Ok(link)),
            Some(Known::Absent) => return reply.send(Err(Refusal::NotFound)),
            None => {}
        }
        if let Some(waiting) = self.loading.get_mut(&code) {
            return waiting.push(reply);
        }
        self.loading.insert(code.clone(), vec![reply]);
        // In a task of its own. If the handler waited for the store here, every other message would wait,
        // too, also a lookup of a code that the store answers at once.
        let (store, me) = (self.store.clone(), ctx.clone());
        ctx.spawn(async move {
            let answer = match store.get(&code).await {
                Ok(link) => Ok(link.filter(|link| !link.is_expired(now()))),
                Err(why) => Err(unavailable(why)),
            };
            me.send_self(CacheMsg::Loaded(code, answer));
        });
        // ── end 1
    }

    /// The store has answered, or it has failed for this reason.
    fn loaded(&mut self, code: Code, answer: Result<Option<Link>, Refusal>) {
        // ── gap 1: keep the answer, and pass it on
        match &answer {
            Ok(Some(link)) => self.table.put(code.clone(), link.clone()),
            Ok(None) => self.table.put_negative(code.clone()),
            // An error says nothing about the code, so the table keeps nothing of it.
            Err(_) => {}
        }
        // Another node may have sent us the link while the store was looking for it.
        let answer = match (self.known(&code), answer) {
            (Some(link), _) | (None, Ok(Some(link))) => Ok(link),
            (None, Ok(None)) => Err(Refusal::NotFound),
            (None, Err(why)) => Err(why),
        };
        for waiting in self.loading.remove(&code).unwrap_or_default() {
            waiting.send(answer.clone());
        }
        // ── end 1
    }

    /// Another cache is in the group: a new one, one that was restarted, or one that was out of
    /// reach until now.
    fn meet(&self, member: &Address<CacheMsg>, ctx: &Ctx<CacheMsg>) {
        // ── gap 3: send what the other may not know
        // We send the other our whole table, and it does the same; the receiver sees best what is new. The
        // other is in the group already, so every link that is created from now on is announced to it. If
        // we had asked for its table before we joined the group, a link that it creates between its answer
        // and our joining would reach us by neither way.
        if member.node() != ctx.name() {
            let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
            send_to(member.clone(), table, ctx);
        }
        // ── end 3
    }

    /// The table of another node has arrived.
    fn learn_table(&mut self, from: NodeName, links: Vec<(Code, Link)>, ctx: &Ctx<CacheMsg>) {
        // ── gap 3: make the tables equal
        // `put` decides for each link, so it does not matter which node sends first, or twice.
        for (code, link) in links {
            self.table.put(code, link);
        }
        // ── end 3
        // ── gap 4: the table is here
        self.stop_waiting(&from, ctx);
        // ── end 4
    }

    /// Another node has connected; no message from it has arrived yet.
    fn node_up(&mut self, node: NodeName, ctx: &Ctx<CacheMsg>) {
        // ── gap 4: a table is on its way
        // The table comes when that node has heard of our cache. The node may have no cache, or be too
        // busy, so we need a timeout. Together with the store's own timeout it is less than the second
        // within which the client must have an answer.
        const TABLE_TIMEOUT: Duration = Duration::from_millis(150);
        ctx.send_after(TABLE_TIMEOUT, CacheMsg::StopWaiting(node.clone()));
        self.awaited.insert(node);
        // ── end 4
    }

    /// The table of a node is here, or the timeout for it has expired.
    fn stop_waiting(&mut self, node: &NodeName, ctx: &Ctx<CacheMsg>) {
        // ── gap 4: go on with the lookups that waited
        self.awaited.remove(node);
        if self.awaited.is_empty() {
            for (code, reply) in std::mem::take(&mut self.held) {
                self.load(code, reply, ctx);
            }
        }
        // ── end 4
    }
}

/// Sends the caches of the other nodes a link that was created here.
fn announce(code: Code, link: Link, ctx: &Ctx<CacheMsg>) {
    // ── gap 2: send the link to all others
    // To the present members: a node that joined after our start is among them, and a node out of reach is
    // not. A cast, not a call: no answer could change anything.
    for member in ctx.groups().members(&CACHES) {
        if member.node() != ctx.name() {
            send_to(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
        }
    }
    // ── end 2
}

/// Sends a message without waiting for room on the connection, so a node that reads slowly delays no
/// other. Messages that are sent like this may overtake each other.
fn send_to(member: Address<CacheMsg>, msg: CacheMsg, ctx: &Ctx<CacheMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        // If the member is gone, we meet it again when it is back.
        let _ = me.cast(&member, msg).await;
    });
}
