//! kind = "near-miss"
//! problem = 3
//! claim = "after it their tables meet"
//! about = "Of two that meet, the one with the greater name sends its table."
//! mistakes = ["only-one-side-tells"]

// ── file cache.rs
// ── gap 3: what the other may not know
if ctx.name() > member.node() {
    let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
    tell(member.clone(), table, ctx);
}
// ── end 3
