//! kind = "near-miss"
//! problem = 3
//! claim = "tables are equal after"
//! about = "A node sends its table when as many members are there as there ever were, and not before."
//! mistakes = ["does-not-tell-who-is-back", "only-one-side-tells"]

// ── file cache.rs
// ── replace
if member.node() != ctx.name() {
    let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
    send_to(member.clone(), table, ctx);
}
// ── with
static MOST: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
let members = ctx.groups().members(&CACHES);
let most = MOST.fetch_max(members.len(), std::sync::atomic::Ordering::Relaxed);
if members.len() >= most && member.node() != ctx.name() {
    for member in members {
        send_to(member, CacheMsg::Table(ctx.name().clone(), self.table.links()), ctx);
    }
}
// ── end
