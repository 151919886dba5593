//! kind = "right"
//! about = "A node sends its table in parts of fifty links."

// ── file cache.rs
// ── replace
let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
send_to(member.clone(), table, ctx);
// ── with
let (me, member) = (ctx.clone(), member.clone());
let links = self.table.links();
ctx.spawn(async move {
    for part in links.chunks(50) {
        let part = CacheMsg::Table(me.name().clone(), part.to_vec());
        let _ = me.cast(&member, part).await;
    }
});
// ── end
