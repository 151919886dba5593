//! kind = "near-miss"
//! problem = 3
//! claim = "regains"
//! about = "The restarted consumer asks the producers of list(), and its own node is not in it."
//! mistakes = ["misses-its-own-producer"]

// ── file consumer.rs
// ── gap 3: catch up after a crash
for node in ctx.list() {
    catch_up(node, ctx);
}
// ── end 3
