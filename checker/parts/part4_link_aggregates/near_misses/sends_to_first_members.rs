//! kind = "near-miss"
//! problem = 5
//! claim = "views are counted, and nothing else"
//! about = "A node sends views only to the members that were there when its server started."
//! mistakes = ["nobody-told-of-views"]

// ── file counters.rs
// ── after
    counters.meet(&member, ctx);
}
// ── add
members_of_the_start(ctx);
// ── end
// ── replace
for member in ctx.groups().members(&ALL_COUNTERS) {
    if member.node() != ctx.name() {
// ── with
for member in members_of_the_start(ctx).iter().cloned() {
    if member.node() != ctx.name() {
// ── end
// ── add
fn members_of_the_start(ctx: &Ctx<CountersMsg>) -> &'static [Address<CountersMsg>] {
    static MEMBERS: std::sync::OnceLock<Vec<Address<CountersMsg>>> = std::sync::OnceLock::new();
    MEMBERS.get_or_init(|| ctx.groups().members(&ALL_COUNTERS))
}
// ── end
