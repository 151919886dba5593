//! kind = "near-miss"
//! problem = 2
//! claim = "a creation waits for the store, and for no other node"
//! about = "A creation is answered when all others have said that they have the link."
//! mistakes = ["creation-waits-for-others"]

// ── file protocol.rs
// ── gap 0: more messages to a cache
Told(Code, Link, Reply<()>),
// ── end 0
// ── file links.rs
// ── imports
use crate::protocol::CACHES;
// ── end imports
// ── gap 2: have the others told
for member in self.node.groups().members(&CACHES) {
    if member.node() != self.node.name() {
        let told = |reply| CacheMsg::Told(code.clone(), link.clone(), reply);
        let _ = self.node.call(&member, told).await;
    }
}
// ── end 2
// ── file cache.rs
// ── gap 0: messages of your own
CacheMsg::Told(code, link, reply) => {
    self.table.put(code, link);
    reply.send(());
}
// ── end 0
