//! kind = "right"
//! about = "Who meets another asks it for its table, at once and once more a little later."

// ── file protocol.rs
// ── gap 0: more messages to a cache
Give(Reply<Vec<(Code, Link)>>),
// ── end 0
// ── file cache.rs
// ── gap 0: messages of your own
CacheMsg::Give(reply) => reply.send(self.table.links()),
// ── end 0
// ── gap 3: what the other may not know
if member.node() != ctx.name() {
    let (me, member) = (ctx.clone(), member.clone());
    ctx.spawn(async move {
        for pause in [0, 500] {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            if let Ok(links) = me.call(&member, CacheMsg::Give).await {
                me.send_self(CacheMsg::Table(member.node().clone(), links));
            }
        }
    });
}
// ── end 3
