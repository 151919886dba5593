//! kind = "right"
//! about = "A node sends views to the counters of all connected nodes by their name, not by the group."

// ── file counters.rs
// ── replace
for member in ctx.groups().members(&ALL_COUNTERS) {
    // …
    }
}
// ── with
let merge = CountersMsg::Merge(code.clone(), news.clone());
let me = ctx.clone();
ctx.spawn(async move {
    let _ = me.abcast(&crate::protocol::COUNTERS, merge).await;
});
// ── end
