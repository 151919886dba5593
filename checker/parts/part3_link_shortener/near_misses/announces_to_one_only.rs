//! kind = "near-miss"
//! problem = 2
//! claim = "is in the tables of all nodes"
//! about = "A node sends a new link to the first of the others only, which passes it on to no node."
//! mistakes = ["does-not-tell-all"]

// ── file cache.rs
// ── replace
for member in ctx.groups().members(&CACHES) {
    if member.node() != ctx.name() {
        send_to(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
// ── with
for member in ctx.groups().members(&CACHES) {
    if member.node() != ctx.name() {
        return send_to(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
// ── end
