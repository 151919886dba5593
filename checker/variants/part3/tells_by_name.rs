//! kind = "right"
//! about = "All caches that are connected are told by their name."

// ── file cache.rs
// ── gap 2: tell all the others
let me = ctx.clone();
ctx.spawn(async move {
    let _ = me.abcast(&crate::protocol::CACHE, CacheMsg::Learn(code, link)).await;
});
// ── end 2
