//! kind = "near-miss"
//! problem = 1
//! claim = "does not undo a newer one"
//! about = "The consumer takes a ping of number 1 for the first of a restarted node, and starts over."
//! mistakes = ["overwrites-with-older"]

// ── file consumer.rs
// ── replace
*latest = count.max(*latest);
// ── with
*latest = if count == 1 { 1 } else { count.max(*latest) };
// ── end
