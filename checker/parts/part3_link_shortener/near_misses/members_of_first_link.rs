//! kind = "near-miss"
//! problem = 2
//! claim = "a cache that crashed and a node that joined late"
//! about = "A node looks up the members once, when the first link is created."
//! mistakes = ["tells-a-process-that-is-gone", "does-not-tell-all"]

// ── file cache.rs
// ── replace
for member in ctx.groups().members(&CACHES) {
// ── with
static MEMBERS: std::sync::OnceLock<Vec<Address<CacheMsg>>> = std::sync::OnceLock::new();
let members = MEMBERS.get_or_init(|| ctx.groups().members(&CACHES));
for member in members.iter().cloned() {
// ── end
