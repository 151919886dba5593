//! kind = "near-miss"
//! problem = 6
//! claim = "an expired link is 404"
//! about = "The table answers with a link until it is swept, expired or not."

// ── file table.rs
// ── replace
Entry::Link(link) if link.is_expired(now()) => None,
// ── with
// ── end
