//! kind = "near-miss"
//! problem = 7
//! claim = "views before the first meeting are counted"
//! about = "The slot is the name of the node, at every start."
//! mistakes = ["slot-used-again"]

// ── file counters.rs
// ── replace
let id = ctx.id();
let name = format!("{name}#{:x}.{}", id.creation, id.serial);
// ── with
// ── end
