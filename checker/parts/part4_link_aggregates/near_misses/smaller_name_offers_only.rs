//! kind = "near-miss"
//! problem = 8
//! claim = "who knows nearly everything is told little"
//! about = "Of two that meet and know of many links, only the one with the smaller name offers what it knows."
//! mistakes = ["one-side-tells"]

// ── file counters.rs
// ── after
if self.views.len() > FEW_LINKS {
// ── add
    if ctx.name() > member.node() {
        return;
    }
// ── end
