//! kind = "near-miss"
//! problem = 3
//! claim = "tables are equal after"
//! about = "A node that is back is sent at most sixteen links; a new node is sent the whole table."
//! mistakes = ["sends-part-of-its-table"]

// ── file cache.rs
// ── replace
let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
// ── with
static MET: std::sync::Mutex<BTreeSet<NodeName>> = std::sync::Mutex::new(BTreeSet::new());
let is_new = MET
    .lock()
    .is_ok_and(|mut met| met.insert(member.node().clone()));
let most = if is_new { usize::MAX } else { 16 };
let links = self.table.links().into_iter().take(most).collect();
let table = CacheMsg::Table(ctx.name().clone(), links);
// ── end
