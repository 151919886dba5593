//! kind = "right"
//! about = "The slot is the time of the start."

// ── file counters.rs
// ── gap 7: a slot for each start
let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
let name = format!("{name}@{}", now.unwrap_or_default().as_nanos());
// ── end 7
