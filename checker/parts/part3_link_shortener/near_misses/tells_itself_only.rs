//! kind = "near-miss"
//! problem = 2
//! claim = "a link created on one node is in the tables of all"
//! about = "Only the members on its own node are told."
//! mistakes = ["tells-nobody"]

// ── file cache.rs
// ── replace
for member in ctx.groups().members(&CACHES) {
    // …
    }
// ── with
for member in ctx.groups().local_members(&CACHES) {
    tell(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
// ── end
