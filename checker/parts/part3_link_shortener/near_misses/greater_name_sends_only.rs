//! kind = "near-miss"
//! problem = 3
//! claim = "after it their tables meet"
//! about = "Of two that meet, the one with the greater name sends its table."
//! mistakes = ["only-one-side-tells"]

// ── file cache.rs
// ── replace
fn meet(&self, member: &Address<CacheMsg>, ctx: &Ctx<CacheMsg>) {
    if member.node() != ctx.name() {
// ── with
fn meet(&self, member: &Address<CacheMsg>, ctx: &Ctx<CacheMsg>) {
    if ctx.name() > member.node() {
// ── end
