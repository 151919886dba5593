//! kind = "right"
//! about = "A node sends a link to all connected caches by their name."

// ── file cache.rs
// ── replace
for member in ctx.groups().members(&CACHES) {
    // …
}
// ── with
let me = ctx.clone();
ctx.spawn(async move {
    let _ = me.abcast(&crate::protocol::CACHE, CacheMsg::Learn(code, link)).await;
});
// ── end
