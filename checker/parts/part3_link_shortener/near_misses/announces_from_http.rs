//! kind = "right"
//! about = "The request that creates a link sends it to the others in a task of its own; the cache has no part in it."

// ── file links.rs
// ── replace
let cache = CACHE.at(self.node.name());
// …
    .await;
// ── with
let (node, news) = (self.node.clone(), (code.clone(), link));
tokio::spawn(async move {
    for member in node.groups().members(&CACHES) {
        if member.node() != node.name() {
            let learn = CacheMsg::Learn(news.0.clone(), news.1.clone());
            let _ = node.cast(&member, learn).await;
        }
    }
});
// ── end
// ── add
use crate::protocol::CACHES;
// ── end
