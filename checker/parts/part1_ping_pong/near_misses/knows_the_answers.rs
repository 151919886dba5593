//! kind = "near-miss"
//! problem = 3
//! claim = "regains"
//! about = "The restarted consumer asks nobody: it sets its counts to those that an earlier run has asked for."
//! mistakes = ["remembers-instead-of-asking", "shares-a-disk"]

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
