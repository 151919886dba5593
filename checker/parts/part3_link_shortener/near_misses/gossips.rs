//! kind = "right"
//! about = "Nodes do not send their tables when they meet, but ten times a second to all others."

// ── file cache.rs
// ── after
ctx.watch_group(&CACHES);
// ── add
ctx.send_every(Duration::from_millis(100), || CacheMsg::Gossip);
// ── end
// ── after
CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
// ── add
CacheMsg::Gossip => {
    for member in ctx.groups().members(&CACHES) {
        self.meet(&member, ctx);
    }
}
// ── end
// ── replace
Info::Group(GroupChange::Joined(_, member)) => self.meet(&member.address(), ctx),
// ── with
// ── end
// ── replace
const TABLE_TIMEOUT: Duration = Duration::from_millis(150);
// ── with
const TABLE_TIMEOUT: Duration = Duration::from_millis(190);
// ── end
// ── file protocol.rs
// ── after
Forget(Code, Link),
// ── add
Gossip,
// ── end
