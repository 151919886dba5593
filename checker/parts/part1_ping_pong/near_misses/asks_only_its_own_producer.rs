//! kind = "near-miss"
//! problem = 3
//! claim = "recovers"
//! about = "The restarted consumer asks the producer of its own node and no other."
//! mistakes = ["asks-nobody-else"]

// ── file consumer.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    catch_up(node, ctx);
}
// ── with
catch_up(ctx.name().clone(), ctx);
// ── end
