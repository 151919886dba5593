//! kind = "near-miss"
//! problem = 2
//! claim = ""
//! about = "A creation is answered 503 when the cache cannot announce it, because it is being restarted."

// ── file links.rs
// ── replace
let _ = self
    .node
    .cast(&cache, CacheMsg::Announce(code.clone(), link))
    .await;
// ── with
self.node
    .cast(&cache, CacheMsg::Announce(code.clone(), link))
    .await
    .map_err(|why| Refusal::Unavailable(why.to_string()))?;
// ── end
