//! kind = "right"
//! about = "The slot is the time of the start."

// ── file counters.rs
// ── replace
let id = ctx.id();
let name = format!("{name}#{:x}.{}", id.creation, id.serial);
// ── with
let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
let name = format!("{name}@{}", now.unwrap_or_default().as_nanos());
// ── end
