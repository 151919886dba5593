//! kind = "near-miss"
//! problem = 5
//! claim = "views on all nodes while messages are late and repeated, and the store refuses nodes"
//! about = "A node sends its views only to nodes that the ring lists as members. A node that was removed runs on and learns nothing."

// ── file lib.rs
// ── replace
    let ring = RingArgs {
        store: store.clone(),
        owners,
    };
// ── with
    let ring = RingArgs {
        store: store.clone(),
        owners: owners.clone(),
    };
// ── end
// ── replace
        .child::<Counters>(&COUNTERS, views)
// ── with
        .child::<Counters>(&COUNTERS, (views, owners))
// ── end

// ── file counters.rs
// ── replace
pub struct Counters {
    views: Arc<Views>,
// ── with
pub struct Counters {
    views: Arc<Views>,
    owners: Owners,
// ── end
// ── replace
    type Args = Arc<Views>;
    async fn init(views: Arc<Views>, ctx: &Ctx<CountersMsg>) -> Self {
// ── with
    type Args = (Arc<Views>, Owners);

    async fn init((views, owners): (Arc<Views>, Owners), ctx: &Ctx<CountersMsg>) -> Self {
// ── end
// ── replace
            views,
            ..Counters::default()
// ── with
            views,
            owners,
            ..Counters::default()
// ── end
// ── replace
            CountersMsg::Share(code, news) => share(&code, &news, ctx),
// ── with
            CountersMsg::Share(code, news) => share(&code, &news, &self.owners, ctx),
// ── end
// ── replace
fn share(code: &Code, news: &Usage, ctx: &Ctx<CountersMsg>) {
    for member in ctx.groups().members(&ALL_COUNTERS) {
        if member.node() != ctx.name() {
// ── with
fn share(code: &Code, news: &Usage, owners: &Owners, ctx: &Ctx<CountersMsg>) {
    let nodes = owners.state().members;
    for member in ctx.groups().members(&ALL_COUNTERS) {
        if member.node() != ctx.name() && nodes.contains(member.node()) {
// ── end

// ── add
use crate::ring::Owners;
// ── end
