//! kind = "near-miss"
//! problem = 3
//! claim = "recovers"
//! about = "The code that asks the producers is an async function that is called and never awaited."
//! mistakes = ["asks-nobody-else"]

// ── file consumer.rs
// ── replace
Info::NodeUp(node) => catch_up(node, ctx),
// ── with
Info::NodeUp(node) => catch_up(node, ctx).await,
// ── end
// ── replace
fn catch_up(node: NodeName, ctx: &Ctx<ConsumerMsg>) {
// ── with
async fn catch_up(node: NodeName, ctx: &Ctx<ConsumerMsg>) {
// ── end
