//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count and learn the sum"
//! about = "Of two nodes that meet, only the one with the greater name sends what it knows."
//! mistakes = ["one-side-tells"]

// ── file counters.rs
// ── after
    return;
}
// ── add
if ctx.name() < member.node() {
    return;
}
// ── end
