//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "The consumer would ask a node that comes up, but never subscribes to news of nodes."
//! mistakes = ["says-nothing-on-a-new-link"]
//! shortest_story = 2

// ── file consumer.rs
// ── replace
ctx.watch_nodes();
// ── with
// ── end
