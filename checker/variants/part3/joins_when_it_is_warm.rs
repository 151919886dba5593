//! kind = "near-miss"
//! problem = 4
//! claim = "also gets the links that are created meanwhile"
//! about = "A cache asks the others for their tables, which come in parts, and becomes a member when it has one of them."
//! mistakes = ["joins-too-late"]

// ── file protocol.rs
// ── gap 0: more messages to a cache
Give(NodeName),
Given,
// ── end 0
// ── file cache.rs
// ── gap 2: become a member
// ── end 2
// ── gap 0: messages of your own
CacheMsg::Give(node) => {
    let (me, links) = (ctx.clone(), self.table.links());
    ctx.spawn(async move {
        let cache = crate::protocol::CACHE.at(&node);
        for part in links.chunks(20) {
            let part = CacheMsg::Table(me.name().clone(), part.to_vec());
            let _ = me.cast(&cache, part).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let _ = me.cast(&cache, CacheMsg::Given).await;
    });
}
CacheMsg::Given => join(ctx).await,
// ── end 0
// ── gap 3: what the other may not know
let _ = member;
// ── end 3
// ── gap 4: a table is on its way
tell(crate::protocol::CACHE.at(&node), CacheMsg::Give(ctx.name().clone()), ctx);
ctx.send_after(WAIT_FOR_TABLE, CacheMsg::GoOn(node.clone()));
self.awaited.insert(node);
// ── end 4
// ── gap 4: how long to wait
const WAIT_FOR_TABLE: Duration = Duration::from_millis(150);

async fn join(ctx: &Ctx<CacheMsg>) {
    if let Err(why) = ctx.groups().join(&CACHES, ctx.me()).await {
        panic!("could not join the caches: {why}");
    }
}
// ── end 4
