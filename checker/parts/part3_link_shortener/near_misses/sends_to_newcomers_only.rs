//! kind = "near-miss"
//! problem = 3
//! claim = "after it their tables meet"
//! about = "Only a node with an empty table is sent one."
//! mistakes = ["tells-empty-tables-only", "does-not-tell-who-is-back"]

// ── file cache.rs
// ── replace
tell(member.clone(), table, ctx);
// ── with
let (me, member) = (ctx.clone(), member.clone());
ctx.spawn(async move {
    if let Ok(0) = me.call(&member, CacheMsg::Size).await {
        let _ = me.cast(&member, table).await;
    }
});
// ── end
