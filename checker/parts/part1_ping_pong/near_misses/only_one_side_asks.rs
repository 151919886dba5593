//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "Of two nodes that meet, only the one with the smaller name asks the other."
//! mistakes = ["only-one-side-asks"]

// ── file consumer.rs
// ── replace
Info::NodeUp(node) => catch_up(node, ctx),
// ── with
Info::NodeUp(node) if ctx.name() < &node => catch_up(node, ctx),
// ── end
