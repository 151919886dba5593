//! kind = "near-miss"
//! problem = 7
//! claim = "views before the first meeting are counted"
//! about = "The slot is the node's name and the serial number of the process, which starts again with the node."
//! mistakes = ["slot-used-again"]

// ── file counters.rs
// ── replace
let id = ctx.id();
let name = format!("{name}#{:x}.{}", id.creation, id.serial);
// ── with
let name = format!("{name}#{}", ctx.id().serial);
// ── end
