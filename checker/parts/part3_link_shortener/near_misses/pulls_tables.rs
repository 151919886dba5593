//! kind = "right"
//! about = "A node that meets another asks it for its table, at once and once more a little later."

// ── file cache.rs
// ── after
CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
// ── add
CacheMsg::Give(reply) => reply.send(self.table.links()),
// ── end
// ── replace
let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
send_to(member.clone(), table, ctx);
// ── with
let (me, member) = (ctx.clone(), member.clone());
ctx.spawn(async move {
    for pause in [0, 500] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if let Ok(links) = me.call(&member, CacheMsg::Give).await {
            me.send_self(CacheMsg::Table(member.node().clone(), links));
        }
    }
});
// ── end
// ── file protocol.rs
// ── after
Forget(Code, Link),
// ── add
Give(Reply<Vec<(Code, Link)>>),
// ── end
