//! kind = "near-miss"
//! problem = 3
//! claim = "after it their tables meet"
//! about = "A node is sent the table when it is seen for the first time, and not when it is back."
//! mistakes = ["does-not-tell-who-is-back"]

// ── file cache.rs
// ── gap 3: what the other may not know
static MET: std::sync::Mutex<BTreeSet<NodeName>> = std::sync::Mutex::new(BTreeSet::new());
let is_new = MET.lock().is_ok_and(|mut met| met.insert(member.node().clone()));
if member.node() != ctx.name() && is_new {
    let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
    tell(member.clone(), table, ctx);
}
// ── end 3
