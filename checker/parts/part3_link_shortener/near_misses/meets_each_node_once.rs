//! kind = "near-miss"
//! problem = 3
//! claim = "tables are equal after"
//! about = "A node sends its table to a node that it sees for the first time, and not to one that is back."
//! mistakes = ["does-not-tell-who-is-back"]

// ── file cache.rs
// ── replace
fn meet(&self, member: &Address<CacheMsg>, ctx: &Ctx<CacheMsg>) {
    if member.node() != ctx.name() {
// ── with
fn meet(&self, member: &Address<CacheMsg>, ctx: &Ctx<CacheMsg>) {
    static MET: std::sync::Mutex<BTreeSet<NodeName>> = std::sync::Mutex::new(BTreeSet::new());
    let is_new = MET
        .lock()
        .is_ok_and(|mut met| met.insert(member.node().clone()));
    if member.node() != ctx.name() && is_new {
// ── end
