//! kind = "near-miss"
//! problem = 2
//! claim = "a creation waits for the store, and for no other node"
//! about = "A creation is answered 503 when another node has not answered in time that it has the link."
//! mistakes = ["creation-waits-for-others"]

// ── file cache.rs
// ── after
CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
// ── add
CacheMsg::Told(code, link, reply) => reply.send(self.table.put(code, link)),
// ── end
// ── file protocol.rs
// ── after
Forget(Code, Link),
// ── add
Told(Code, Link, Reply<()>),
// ── end
// ── file links.rs
// ── replace
let cache = CACHE.at(self.node.name());
// …
    .await;
// ── with
for member in self.node.groups().members(&CACHES) {
    if member.node() != self.node.name() {
        let told = |reply| CacheMsg::Told(code.clone(), link.clone(), reply);
        let within = std::time::Duration::from_millis(300);
        let told = self.node.call_within(within, &member, told).await;
        told.map_err(|why| Refusal::Unavailable(why.to_string()))?;
    }
}
// ── end
// ── add
use crate::protocol::CACHES;
// ── end
