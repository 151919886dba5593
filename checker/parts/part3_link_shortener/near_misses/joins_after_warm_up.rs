//! kind = "near-miss"
//! problem = 4
//! claim = "also gets the links that are created meanwhile"
//! about = "A cache asks the others for their tables, which come in parts, and joins the group when it has one of them."

// ── file cache.rs
// ── replace
if let Err(why) = ctx.groups().join(&CACHES, ctx.me()).await {
    panic!("could not join the caches: {why}");
}
// ── with
// ── end
// ── after
CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
// ── add
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
CacheMsg::Given => ctx.groups().join(&CACHES, ctx.me()).await.expect("it joins"),
// ── end
// ── replace
Info::Group(GroupChange::Joined(_, member)) => self.meet(&member.address(), ctx),
// ── with
// ── end
// ── after
fn node_up(&mut self, node: NodeName, ctx: &Ctx<CacheMsg>) {
// ── add
    send_to(crate::protocol::CACHE.at(&node), CacheMsg::Give(ctx.name().clone()), ctx);
// ── end
// ── file protocol.rs
// ── after
Forget(Code, Link),
// ── add
Give(NodeName),
Given,
// ── end
