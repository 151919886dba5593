//! kind = "near-miss"
//! problem = 7
//! claim = "a restarted node adds to what its peers know"
//! about = "The others are told who were there at the first view."

// ── file counters.rs
// ── gap 5: tell all the others
static MEMBERS: std::sync::OnceLock<Vec<Address<CountersMsg>>> = std::sync::OnceLock::new();
for member in MEMBERS.get_or_init(|| ctx.groups().members(&ALL_COUNTERS)) {
    if member.node() != ctx.name() {
        tell(member, CountersMsg::Merge(code.clone(), news.clone()), ctx);
    }
}
// ── end 5
