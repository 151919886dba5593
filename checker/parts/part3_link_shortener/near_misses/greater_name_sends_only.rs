//! kind = "near-miss"
//! problem = 3
//! claim = "tables are equal after"
//! about = "Of two nodes that meet, only the one with the greater name sends its table."
//! mistakes = ["only-one-side-tells"]

// ── file cache.rs
// ── replace
fn meet(&self, member: &Address<CacheMsg>, ctx: &Ctx<CacheMsg>) {
    if member.node() != ctx.name() {
// ── with
fn meet(&self, member: &Address<CacheMsg>, ctx: &Ctx<CacheMsg>) {
    if ctx.name() > member.node() {
// ── end
