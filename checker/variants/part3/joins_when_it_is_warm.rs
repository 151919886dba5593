//! kind = "near-miss"
//! problem = 4
//! claim = "also gets the links that are created meanwhile"
//! about = "A cache asks for the tables of the others first, and becomes a member when it has had some time to learn them."

// ── file protocol.rs
// ── gap 0: more messages to a cache
Give(NodeName),
Join,
// ── end 0
// ── file cache.rs
// ── gap 2: become a member
ctx.send_after(Duration::from_millis(400), CacheMsg::Join);
// ── end 2
// ── gap 0: whatever else is to do at the start
for node in ctx.list() {
    tell(crate::protocol::CACHE.at(&node), CacheMsg::Give(ctx.name().clone()), ctx);
}
// ── end 0
// ── gap 0: messages of your own
CacheMsg::Give(node) => {
    let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
    tell(crate::protocol::CACHE.at(&node), table, ctx);
}
CacheMsg::Join => {
    if let Err(why) = ctx.groups().join(&CACHES, ctx.me()).await {
        panic!("could not join the caches: {why}");
    }
}
// ── end 0
// ── gap 3: what the other may not know
let _ = member;
// ── end 3
