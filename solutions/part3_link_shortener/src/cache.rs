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
    /// Who waits for the store's answer, by the code that it was asked for.
    loading: BTreeMap<Code, Vec<Reply<Result<Link, Refusal>>>>,
    // ── end 1
    // ── gap 4: fields for the warm-up
    /// Nodes that have just come up, and have not sent us their tables yet.
    awaited: BTreeSet<NodeName>,
    /// Who asked meanwhile for what is not in the table.
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
        // ── gap 4: hear of new links
        ctx.watch_nodes();
        // ── end 4
        // ── gap 2: become a member
        // Here, and not where the node is started: a cache that was restarted is another process,
        // of which the group knows nothing.
        if let Err(why) = ctx.groups().join(&CACHES, ctx.me()).await {
            panic!("could not join the caches: {why}");
        }
        // ── end 2
        // ── gap 3: hear of other members
        // Who is a member already will be told of us by the group, and send us its table.
        ctx.watch_group(&CACHES);
        // ── end 3
        Cache {
            store,
            table,
            // ── gap 1: nothing is loaded yet
            loading: BTreeMap::new(),
            // ── end 1
            // ── gap 4: nobody is awaited yet
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
        // If each of these look-ups went to the store, a node that starts empty would ask it for
        // every link once, and after a power failure all nodes would at the same time.
        if !self.awaited.is_empty() && self.table.get(&code).is_none() {
            return self.held.push((code, reply));
        }
        // ── end 4
        // ── gap 1: ask the store, once for all who wait
        match self.table.get(&code) {
            Some(Known::Link(link)) => return reply.send(Ok(link)),
            Some(Known::Nothing) => return reply.send(Err(Refusal::NotFound)),
            None => {}
        }
        if let Some(waiting) = self.loading.get_mut(&code) {
            return waiting.push(reply);
        }
        self.loading.insert(code.clone(), vec![reply]);
        // In a task of its own. If we waited for the store here, so would everybody else, also who
        // asks for a code that it answers at once.
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

    /// The store has answered, or it has not, and this is why.
    fn loaded(&mut self, code: Code, answer: Result<Option<Link>, Refusal>) {
        // ── gap 1: keep the answer, and pass it on
        match &answer {
            Ok(Some(link)) => self.table.put(code.clone(), link.clone()),
            Ok(None) => self.table.put_nothing(code.clone()),
            // An error says nothing about the code, so nothing is kept of it.
            Err(_) => {}
        }
        // Somebody may have told us of the link while the store was looking for it.
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
        // ── gap 3: what the other may not know
        // We send it all that we have, and it does the same with us; what of it is new can be seen
        // best where it arrives. The other is in the group already, so that whatever is created
        // from now on is announced to it. If we had asked it for its table first, a link that is
        // created between its answer and its entry into our group would reach it by neither way.
        if member.node() != ctx.name() {
            let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
            tell(member.clone(), table, ctx);
        }
        // ── end 3
    }

    /// The table of another node has come.
    fn learn_table(&mut self, from: NodeName, links: Vec<(Code, Link)>, ctx: &Ctx<CacheMsg>) {
        // ── gap 3: make the tables equal
        // `put` decides for each link, so that it does not matter who sends first, or twice.
        for (code, link) in links {
            self.table.put(code, link);
        }
        // ── end 3
        // ── gap 4: nobody waits for it any more
        self.go_on(&from, ctx);
        // ── end 4
    }

    /// A link to another node is up, before any message over it.
    fn node_up(&mut self, node: NodeName, ctx: &Ctx<CacheMsg>) {
        // ── gap 4: a table is on its way
        // It comes when that node has heard of our cache. Not for ever: the node may have no cache,
        // or be too busy. With the time that the store may take, this is less than the second within
        // which a client wants to hear something.
        const WAIT_FOR_TABLE: Duration = Duration::from_millis(150);
        ctx.send_after(WAIT_FOR_TABLE, CacheMsg::GoOn(node.clone()));
        self.awaited.insert(node);
        // ── end 4
    }

    /// The table of a node is here, or was waited for long enough.
    fn go_on(&mut self, node: &NodeName, ctx: &Ctx<CacheMsg>) {
        // ── gap 4: go on with what had to wait
        self.awaited.remove(node);
        if self.awaited.is_empty() {
            for (code, reply) in std::mem::take(&mut self.held) {
                self.load(code, reply, ctx);
            }
        }
        // ── end 4
    }
}

/// Tells the caches of the other nodes of a link that was created here.
fn announce(code: Code, link: Link, ctx: &Ctx<CacheMsg>) {
    // ── gap 2: tell all the others
    // The members, as they are now: who joined since our start is among them, and who is out of
    // reach is not. A cast, not a call: there is no answer that could change anything.
    for member in ctx.groups().members(&CACHES) {
        if member.node() != ctx.name() {
            tell(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
        }
    }
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
