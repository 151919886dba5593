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
    // TODO(1): the fields that the cache needs while the store is asked.
    // ── end 1
    // ── gap 4: fields for the warm-up
    // TODO(4): the fields that the cache needs while it waits for tables.
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
        // TODO(4): the runtime must tell this cache when another node connects; see `node_up` below.
        // ── end 4
        // ── gap 2: become a member
        // TODO(2): this cache must join the group `CACHES` (`ctx.groups()`), in which the other caches
        // find it. It must do so after each start.
        // ── end 2
        // ── gap 3: watch the members
        // TODO(3): the runtime must tell this cache when another cache joins the group, or is within
        // reach again; see `meet` below. The group reports this cache to the members that are there already.
        // ── end 3
        Cache {
            store,
            table,
            // ── gap 1: no lookup waits yet
            // ── end 1
            // ── gap 4: no table is awaited yet
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
        // TODO(4): while the tables of other nodes are on their way (`node_up`), a lookup that this table
        // cannot answer must wait for them before it goes to the store. The wait must be short: the store
        // may take 800 ms, and the client must have its answer within a second.
        // ── end 4
        // ── gap 1: ask the store, once for all lookups of a code
        // TODO(1): the table may know the code by now: then answer from it. Otherwise the store must be
        // asked, once for all lookups that wait for the same code. This cache must handle other
        // messages meanwhile (`ctx.spawn`, and `CacheMsg::Loaded` to itself).
        // ── end 1
    }

    /// The store has answered, or it has failed for this reason.
    fn loaded(&mut self, code: Code, answer: Result<Option<Link>, Refusal>) {
        // ── gap 1: keep the answer, and pass it on
        // TODO(1): keep the store's answer: a link, or that there is none. An error from the store must not
        // be kept. Then answer all lookups that wait for this code.
        // ── end 1
    }

    /// Another cache is in the group: a new one, one that was restarted, or one that was out of
    /// reach until now.
    fn meet(&self, member: &Address<CacheMsg>, ctx: &Ctx<CacheMsg>) {
        // ── gap 3: send what the other may not know
        // TODO(3): after this, both tables must have the links of either table, even links that no client
        // looks up, and links that are created at this moment. (`send_to` below sends without waiting;
        // `CacheMsg::Table` has room for a whole table.)
        // ── end 3
    }

    /// The table of another node has arrived.
    fn learn_table(&mut self, from: NodeName, links: Vec<(Code, Link)>, ctx: &Ctx<CacheMsg>) {
        // ── gap 3: make the tables equal
        // TODO(3): take over the links that are new. An expired link must stay expired, even if another
        // node still has it.
        // ── end 3
        // ── gap 4: the table is here
        // TODO(4): lookups that waited for this table must continue.
        // ── end 4
    }

    /// Another node has connected; no message from it has arrived yet.
    fn node_up(&mut self, node: NodeName, ctx: &Ctx<CacheMsg>) {
        // ── gap 4: a table is on its way
        // TODO(4): the table of that node will arrive (`learn_table`), or perhaps it never does. Then this
        // cache must stop waiting after a while (`ctx.send_after`, and `CacheMsg::StopWaiting` to itself).
        // ── end 4
    }

    /// The table of a node is here, or the timeout for it has expired.
    fn stop_waiting(&mut self, node: &NodeName, ctx: &Ctx<CacheMsg>) {
        // ── gap 4: go on with the lookups that waited
        // TODO(4): answer the lookups that waited.
        // ── end 4
    }
}

/// Sends the caches of the other nodes a link that was created here.
fn announce(code: Code, link: Link, ctx: &Ctx<CacheMsg>) {
    // ── gap 2: send the link to all others
    // TODO(2): every other cache that is within reach now must soon have the link in its table, so that
    // its node can answer without the store. No node may wait for another (`send_to` below).
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
