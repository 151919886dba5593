//! kind = "near-miss"
//! problem = 2
//! claim = "the cache of each node is a member"
//! about = "A cache that was started again does not join the group again."

// ── file cache.rs
// ── replace
if let Err(why) = ctx.groups().join(&CACHES, ctx.me()).await {
// ── with
static JOINED: std::sync::Once = std::sync::Once::new();
let is_first = !JOINED.is_completed();
JOINED.call_once(|| {});
if is_first && let Err(why) = ctx.groups().join(&CACHES, ctx.me()).await {
// ── end
