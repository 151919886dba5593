//! kind = "near-miss"
//! problem = 2
//! claim = "a link created on one node is in the tables of all"
//! about = "Who the others are is asked once, when the cache starts."
//! mistakes = ["tells-nobody", "does-not-tell-all"]

// ── file cache.rs
// ── gap 0: whatever else is to do at the start
MEMBERS.get_or_init(|| ctx.groups().members(&CACHES));
// ── end 0
// ── gap 2: tell all the others
for member in MEMBERS.get().into_iter().flatten().cloned() {
    if member.node() != ctx.name() {
        tell(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
    }
}
// ── end 2
// ── gap 4: how long to wait
const WAIT_FOR_TABLE: Duration = Duration::from_millis(150);
static MEMBERS: std::sync::OnceLock<Vec<Address<CacheMsg>>> = std::sync::OnceLock::new();
// ── end 4
