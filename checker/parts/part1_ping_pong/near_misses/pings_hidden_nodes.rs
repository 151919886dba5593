//! kind = "near-miss"
//! problem = 1
//! claim = "hidden"
//! about = "The producer casts to `list_hidden()` as well."

// ── file producer.rs
// ── replace
let ping = ConsumerMsg::Ping {
// ── with
let ping = || ConsumerMsg::Ping {
// ── end
// ── replace
let _ = ctx.abcast(&CONSUMER, ping).await;
// ── with
let _ = ctx.abcast(&CONSUMER, ping()).await;
for node in ctx.list_hidden() {
    let _ = ctx.cast(&CONSUMER.at(&node), ping()).await;
}
// ── end
