//! kind = "near-miss"
//! problem = 6
//! claim = "the sweeper tells every table"
//! about = "The sweeper tells the table of its own node which links are gone."
//! mistakes = ["does-not-tell-the-tables"]

// ── file sweeper.rs
// ── replace
for cache in ctx.groups().members(&CACHES) {
// ── with
for cache in ctx.groups().local_members(&CACHES) {
// ── end
