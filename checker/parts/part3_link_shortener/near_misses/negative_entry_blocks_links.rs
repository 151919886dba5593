//! kind = "near-miss"
//! problem = 1
//! claim = "follows it at once, even if it answered 404"
//! about = "A link does not replace a negative entry that has not expired."

// ── file table.rs
// ── after
Some(Entry::Link(known)) if end(known) > end(&link) => {}
// ── add
Some(Entry::Negative { since }) if since.elapsed() < NEGATIVE_TTL => {}
// ── end
