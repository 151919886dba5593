//! kind = "near-miss"
//! problem = 7
//! claim = "views before anybody is met are counted"
//! about = "A node counts in a slot of its name, whenever it was started."
//! mistakes = ["slot-used-again"]

// ── file counters.rs
// ── gap 7: a slot for each start
let name = name.to_lowercase();
// ── end 7
