//! kind = "near-miss"
//! problem = 2
//! claim = "later expiry is in the tables of all nodes"
//! about = "A node sends the others a link only if its own table did not have it, so a link that gets a later expiry keeps the earlier one elsewhere."

// ── file links.rs
// ── replace
self.table.put(code.clone(), link.clone());
// ── with
let is_known = matches!(self.table.get(&code), Some(Known::Link(known)) if known.url == link.url);
self.table.put(code.clone(), link.clone());
// ── end
// ── replace
let cache = CACHE.at(self.node.name());
let _ = self
    .node
    .cast(&cache, CacheMsg::Announce(code.clone(), link))
    .await;
// ── with
let cache = CACHE.at(self.node.name());
if !is_known {
    let _ = self
        .node
        .cast(&cache, CacheMsg::Announce(code.clone(), link))
        .await;
}
// ── end
