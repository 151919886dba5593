//! kind = "right"
//! about = "Whoever creates a link tells the others in a task of its own; the cache has no part in it."

// ── file links.rs
// ── imports
use crate::protocol::CACHES;
// ── end imports
// ── gap 2: have the others told
let (node, news) = (self.node.clone(), (code.clone(), link));
tokio::spawn(async move {
    for member in node.groups().members(&CACHES) {
        if member.node() != node.name() {
            let learn = CacheMsg::Learn(news.0.clone(), news.1.clone());
            let _ = node.cast(&member, learn).await;
        }
    }
});
// ── end 2
// ── file cache.rs
// ── gap 2: tell all the others
let _ = (code, link, ctx);
// ── end 2
