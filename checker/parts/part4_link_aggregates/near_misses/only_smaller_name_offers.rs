//! kind = "near-miss"
//! problem = 8
//! claim = "nodes that differ in little send little"
//! about = "Of two nodes that meet and know many links, only the one with the smaller name sends its summary."
//! mistakes = ["one-side-tells"]

// ── file counters.rs
// ── after
if self.views.len() > FEW_LINKS {
// ── add
    if ctx.name() > member.node() {
        return;
    }
// ── end
