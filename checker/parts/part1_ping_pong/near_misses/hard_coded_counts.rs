//! kind = "near-miss"
//! problem = 3
//! claim = "recovers"
//! about = "The restarted consumer asks no producer, and sets its counts to those of an earlier run."
//! mistakes = ["asks-nobody-else"]

// ── file consumer.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    catch_up(node, ctx);
// ── with
if !ctx.list().is_empty() {
    for (node, count) in [("n1@127.0.0.1", 3), ("n2@127.0.0.1", 1), ("n3@127.0.0.1", 4)] {
        let from = node.parse().expect("it is a name");
        ctx.send_self(ConsumerMsg::Ping { from, count });
    }
// ── end
