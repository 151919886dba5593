//! kind = "near-miss"
//! problem = 3
//! claim = "regains"
//! about = "The restarted consumer asks the producer of its own node, and none of the others."
//! mistakes = ["asks-nobody-else"]

// ── file consumer.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    catch_up(node, ctx);
}
// ── with
catch_up(ctx.name().clone(), ctx);
// ── end
