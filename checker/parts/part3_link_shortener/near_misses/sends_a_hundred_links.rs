//! kind = "near-miss"
//! problem = 4
//! claim = "gets its table from its peers"
//! about = "A node sends at most a hundred links of its table."

// ── file cache.rs
// ── replace
let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
// ── with
let links = self.table.links().into_iter().take(100).collect();
let table = CacheMsg::Table(ctx.name().clone(), links);
// ── end
