//! kind = "near-miss"
//! problem = 5
//! claim = "views are counted, and nothing else"
//! about = "The others are told who were there when the server was started."
//! mistakes = ["nobody-told-of-views"]

// ── file counters.rs
// ── gap 0: whatever else is to do at the start
members_of_the_start(ctx);
// ── end 0
// ── gap 5: tell all the others
for member in members_of_the_start(ctx) {
    if member.node() != ctx.name() {
        tell(member, CountersMsg::Merge(code.clone(), news.clone()), ctx);
    }
}
// ── end 5
// ── gap 8: when to compare
const FEW_LINKS: usize = 16;

fn members_of_the_start(ctx: &Ctx<CountersMsg>) -> &'static [Address<CountersMsg>] {
    static MEMBERS: std::sync::OnceLock<Vec<Address<CountersMsg>>> = std::sync::OnceLock::new();
    MEMBERS.get_or_init(|| ctx.groups().members(&ALL_COUNTERS))
}
// ── end 8
