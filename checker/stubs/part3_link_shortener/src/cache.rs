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
    // ── gap 1: fields for look-ups
    // TODO(1): what it must know while the store is asked.
    // ── end 1
    // ── gap 4: fields for the warm-up
    // TODO(4): what it must know while tables are on their way.
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
        // ── gap 4: hear of new links
        // TODO(4): have yourself told of links that come up; see `node_up` below.
        // ── end 4
        // ── gap 2: become a member
        // TODO(2): become a member of the group `CACHES`, by which the others find this cache
        // (`ctx.groups()`), and do so after each start.
        // ── end 2
        // ── gap 3: hear of other members
        // TODO(3): have yourself told of caches that join the group, or come back into reach; see
        // `meet` below. Who is a member already will be told of us, and need not be greeted.
        // ── end 3
        Cache {
            store,
            table,
            // ── gap 1: nothing is loaded yet
            // ── end 1
            // ── gap 4: nobody is awaited yet
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
            CacheMsg::GoOn(node) => self.go_on(&node, ctx),
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
    /// The link that this node knows for a code.
    fn known(&self, code: &Code) -> Option<Link> {
        match self.table.get(code) {
            Some(Known::Link(link)) => Some(link),
            _ => None,
        }
    }

    /// Answers a look-up that the table could not answer, now or later.
    fn load(&mut self, code: Code, reply: Reply<Result<Link, Refusal>>, ctx: &Ctx<CacheMsg>) {
        // ── gap 4: wait for the tables of other nodes
        // TODO(4): while the tables of other nodes are still on their way (`node_up`), a look-up that this
        // table cannot answer waits for them, and goes to the store only then. It does not wait long:
        // with the 800 ms that the store may take, everybody has an answer within a second.
        // ── end 4
        // ── gap 1: ask the store, once for all who wait
        // TODO(1): answer from the table if it knows by now; else see to it that the store is asked,
        // once for all who wait for the same code, and that meanwhile this cache goes on handling
        // other messages (`ctx.spawn`, and `CacheMsg::Loaded` to itself).
        // ── end 1
    }

    /// The store has answered, or it has not, and this is why.
    fn loaded(&mut self, code: Code, answer: Result<Option<Link>, Refusal>) {
        // ── gap 1: keep the answer, and pass it on
        // TODO(1): keep what the store said: a link, or that there is none. That the store could not
        // say anything is not kept. Then answer all who wait for this code.
        // ── end 1
    }

    /// Another cache is in the group: a new one, one that was restarted, or one that was out of
    /// reach until now.
    fn meet(&self, member: &Address<CacheMsg>, ctx: &Ctx<CacheMsg>) {
        // ── gap 3: what the other may not know
        // TODO(3): after this, both tables have what either had, also links that nobody looks up, and
        // what is created in this moment is in both as well. (`tell` below sends without waiting;
        // `CacheMsg::Table` has room for a whole table.)
        // ── end 3
    }

    /// The table of another node has come.
    fn learn_table(&mut self, from: NodeName, links: Vec<(Code, Link)>, ctx: &Ctx<CacheMsg>) {
        // ── gap 3: make the tables equal
        // TODO(3): take over what is new. A link that has expired stays dead, whoever still has it.
        // ── end 3
        // ── gap 4: nobody waits for it any more
        // TODO(4): what was waiting for this table can go on.
        // ── end 4
    }

    /// A link to another node is up, before any message over it.
    fn node_up(&mut self, node: NodeName, ctx: &Ctx<CacheMsg>) {
        // ── gap 4: a table is on its way
        // TODO(4): the table of that node will come (`learn_table`), or perhaps it will not: then
        // `CacheMsg::GoOn` can come after a while instead (`ctx.send_after`).
        // ── end 4
    }

    /// The table of a node is here, or was waited for long enough.
    fn go_on(&mut self, node: &NodeName, ctx: &Ctx<CacheMsg>) {
        // ── gap 4: go on with what had to wait
        // TODO(4): answer the look-ups that waited.
        // ── end 4
    }
}

/// Tells the caches of the other nodes of a link that was created here.
fn announce(code: Code, link: Link, ctx: &Ctx<CacheMsg>) {
    // ── gap 2: tell all the others
    // TODO(2): every other cache that can be reached now has the link in its table soon, so that
    // its node can answer without the store. Nobody waits for anybody (`tell` below).
    // ── end 2
}

/// Sends a message without waiting for room on the connection: a node that reads slowly delays
/// nobody but itself. Messages that are sent so may overtake each other.
fn tell(member: Address<CacheMsg>, msg: CacheMsg, ctx: &Ctx<CacheMsg>) {
    let me = ctx.clone();
    ctx.spawn(async move {
        // If it is gone, it will be met again when it is back.
        let _ = me.cast(&member, msg).await;
    });
}
