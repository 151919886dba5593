//! kind = "near-miss"
//! problem = 4
//! claim = "a late node gets its table from its peers"
//! about = "Of a table no more than a hundred links are sent."
//! mistakes = ["sends-part-of-its-table"]

// ── file cache.rs
// ── gap 3: what the other may not know
if member.node() != ctx.name() {
    let table = CacheMsg::Table(ctx.name().clone(), self.table.links().into_iter().take(100).collect());
    tell(member.clone(), table, ctx);
}
// ── end 3
