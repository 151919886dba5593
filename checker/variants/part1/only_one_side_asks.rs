//! kind = "near-miss"
//! problem = 4
//! claim = "both sides"
//! about = "Of two nodes that meet, only the one with the smaller name asks the other."
//! mistakes = ["only-one-side-asks"]

// ── file consumer.rs
// ── gap 4: meet a node
Info::NodeUp(node) if ctx.name() < &node => catch_up(node, ctx),
// ── end 4
