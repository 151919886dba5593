//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "The consumer would ask a node that comes up, but never asked for news of nodes."
//! mistakes = ["says-nothing-on-a-new-link", "greets-newcomers-only"]

// ── file consumer.rs
// ── replace
ctx.watch_nodes();
// ── with
// ── end
