//! kind = "near-miss"
//! problem = 2
//! claim = "is in the tables of all nodes"
//! about = "A node looks up the members once, when its cache starts."
//! mistakes = ["tells-nobody", "does-not-tell-all"]

// ── file cache.rs
// ── after
ctx.watch_group(&CACHES);
// ── add
MEMBERS.get_or_init(|| ctx.groups().members(&CACHES));
// ── end
// ── replace
for member in ctx.groups().members(&CACHES) {
// ── with
for member in MEMBERS.get().into_iter().flatten().cloned() {
// ── end
// ── add
static MEMBERS: std::sync::OnceLock<Vec<Address<CacheMsg>>> = std::sync::OnceLock::new();
// ── end
