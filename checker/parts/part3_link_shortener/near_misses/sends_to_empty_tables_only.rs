//! kind = "near-miss"
//! problem = 3
//! claim = "tables are equal after"
//! about = "A node sends its table only to a node whose table is empty."
//! mistakes = ["does-not-tell-who-is-back"]

// ── file cache.rs
// ── replace
send_to(member.clone(), table, ctx);
// ── with
let (me, member) = (ctx.clone(), member.clone());
ctx.spawn(async move {
    if let Ok(0) = me.call(&member, CacheMsg::Size).await {
        let _ = me.cast(&member, table).await;
    }
});
// ── end
