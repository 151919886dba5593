//! kind = "near-miss"
//! problem = 4
//! claim = "a late node gets its table from its peers"
//! about = "Of a table no more than a hundred links are sent."
//! mistakes = ["sends-part-of-its-table"]

// ── file cache.rs
// ── replace
let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
// ── with
let links = self.table.links().into_iter().take(100).collect();
let table = CacheMsg::Table(ctx.name().clone(), links);
// ── end
