//! kind = "right"
//! about = "Tables are not sent when nodes meet, but five times a second to all."

// ── file protocol.rs
// ── gap 0: more messages to a cache
Gossip,
// ── end 0
// ── file cache.rs
// ── gap 0: whatever else is to do at the start
ctx.send_every(Duration::from_millis(200), || CacheMsg::Gossip);
// ── end 0
// ── gap 0: messages of your own
CacheMsg::Gossip => {
    for member in ctx.groups().members(&CACHES) {
        if member.node() != ctx.name() {
            let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
            tell(member, table, ctx);
        }
    }
}
// ── end 0
// ── gap 3: what the other may not know
let _ = (member, ctx);
// ── end 3
// ── gap 4: how long to wait
/// How long look-ups wait for the table of a node that has just come up. With the time that the
/// store may take, less than the second within which a client wants to hear something.
const WAIT_FOR_TABLE: Duration = Duration::from_millis(450);
// ── end 4
