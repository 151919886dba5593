//! kind = "near-miss"
//! problem = 2
//! claim = "a paused node delays no creation"
//! about = "A creation is answered 503 when one of the others has not said in time that it has the link."
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
        let within = std::time::Duration::from_millis(300);
        let told = self.node.call_within(within, &member, told).await;
        told.map_err(|why| Refusal::Unavailable(why.to_string()))?;
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
