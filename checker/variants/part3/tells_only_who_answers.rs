//! kind = "near-miss"
//! problem = 2
//! claim = "what was sent to a paused node gets there"
//! about = "A member that does not say in time how large its table is counts as gone, and is not told."

// ── file cache.rs
// ── gap 2: tell all the others
for member in ctx.groups().members(&CACHES) {
    if member.node() != ctx.name() {
        let (me, code, link) = (ctx.clone(), code.clone(), link.clone());
        ctx.spawn(async move {
            let within = Duration::from_millis(300);
            let is_there = me.call_within(within, &member, CacheMsg::Size).await;
            if is_there.is_ok() {
                let _ = me.cast(&member, CacheMsg::Learn(code, link)).await;
            }
        });
    }
}
// ── end 2
