//! kind = "near-miss"
//! problem = 7
//! claim = "views before anybody is met are counted"
//! about = "A node counts in a slot of its name, whenever it was started."
//! mistakes = ["slot-used-again"]

// ── file counters.rs
// ── replace
let id = ctx.id();
let name = format!("{name}#{:x}.{}", id.creation, id.serial);
// ── with
// ── end
