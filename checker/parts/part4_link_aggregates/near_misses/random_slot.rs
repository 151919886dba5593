//! kind = "right"
//! about = "The slot is a random number, drawn at each start."

// ── file counters.rs
// ── replace
let id = ctx.id();
let name = format!("{name}#{:x}.{}", id.creation, id.serial);
// ── with
let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), &name);
let name = format!("{name}~{random:016x}");
// ── end
