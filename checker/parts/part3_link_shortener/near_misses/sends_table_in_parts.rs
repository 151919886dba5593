//! kind = "right"
//! about = "A node sends its table in parts of fifty links, and lookups wait for the last part."

// ── file cache.rs
// ── after
CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
// ── add
CacheMsg::Part(links) => {
    for (code, link) in links {
        self.table.put(code, link);
    }
}
// ── end
// ── replace
let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
send_to(member.clone(), table, ctx);
// ── with
let (me, member) = (ctx.clone(), member.clone());
let mut links = self.table.links();
ctx.spawn(async move {
    let last = links.split_off(links.len() - links.len().min(50));
    for part in links.chunks(50) {
        let _ = me.cast(&member, CacheMsg::Part(part.to_vec())).await;
    }
    let table = CacheMsg::Table(me.name().clone(), last);
    let _ = me.cast(&member, table).await;
});
// ── end
// ── file protocol.rs
// ── after
Forget(Code, Link),
// ── add
Part(Vec<(Code, Link)>),
// ── end
