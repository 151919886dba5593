//! kind = "near-miss"
//! problem = 2
//! claim = "a link created on one node is in the tables of all"
//! about = "Only the first of the others is told, which tells nobody."
//! mistakes = ["does-not-tell-all"]

// ── file cache.rs
// ── replace
for member in ctx.groups().members(&CACHES) {
    if member.node() != ctx.name() {
        tell(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
// ── with
for member in ctx.groups().members(&CACHES) {
    if member.node() != ctx.name() {
        return tell(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
// ── end
