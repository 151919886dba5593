//! kind = "near-miss"
//! problem = 2
//! claim = "a creation waits for the store, and for no other node"
//! about = "A creation waits up to a quarter of a second for the receipts of the other nodes."
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
let mut receipts = tokio::task::JoinSet::new();
for member in self.node.groups().members(&CACHES) {
    if member.node() != self.node.name() {
        let (node, code, link) = (self.node.clone(), code.clone(), link.clone());
        receipts.spawn(async move {
            let _ = node.call(&member, |reply| CacheMsg::Told(code, link, reply)).await;
        });
    }
}
let all = async { while receipts.join_next().await.is_some() {} };
let _ = tokio::time::timeout(std::time::Duration::from_millis(250), all).await;
// ── end
// ── add
use crate::protocol::CACHES;
// ── end
