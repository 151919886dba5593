//! kind = "near-miss"
//! problem = 3
//! claim = "after it their tables meet"
//! about = "Tables are sent when as many members are there as there ever were, and not before."
//! mistakes = ["does-not-tell-who-is-back", "only-one-side-tells"]

// ── file cache.rs
// ── replace
if member.node() != ctx.name() {
    let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
    tell(member.clone(), table, ctx);
}
// ── with
static MOST: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
let members = ctx.groups().members(&CACHES);
let most = MOST.fetch_max(members.len(), std::sync::atomic::Ordering::Relaxed);
if members.len() >= most && member.node() != ctx.name() {
    for member in members {
        tell(member, CacheMsg::Table(ctx.name().clone(), self.table.links()), ctx);
    }
}
// ── end
