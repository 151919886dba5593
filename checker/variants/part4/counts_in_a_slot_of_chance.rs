//! kind = "right"
//! about = "The slot is a random number, drawn at each start."

// ── file counters.rs
// ── gap 7: a slot for each start
let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), &name);
let name = format!("{name}~{random:016x}");
// ── end 7
