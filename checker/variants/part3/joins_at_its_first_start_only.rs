//! kind = "near-miss"
//! problem = 2
//! claim = "the cache of each node is a member"
//! about = "A cache that was started again does not join the group again."
//! mistakes = ["joins-once"]

// ── file cache.rs
// ── gap 2: become a member
static JOINED: std::sync::Once = std::sync::Once::new();
let is_first = !JOINED.is_completed();
JOINED.call_once(|| {});
if is_first && let Err(why) = ctx.groups().join(&CACHES, ctx.me()).await {
    panic!("could not join the caches: {why}");
}
// ── end 2
