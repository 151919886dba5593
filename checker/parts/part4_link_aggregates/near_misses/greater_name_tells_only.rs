//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count, and meet"
//! about = "Of two that meet, only the one with the greater name tells what it knows."
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
