//! kind = "near-miss"
//! problem = 2
//! claim = "is in the tables of all nodes"
//! about = "A node sends a new link to the members on its own node only."
//! mistakes = ["tells-nobody"]

// ── file cache.rs
// ── replace
for member in ctx.groups().members(&CACHES) {
    // …
    }
// ── with
for member in ctx.groups().local_members(&CACHES) {
    send_to(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
// ── end
