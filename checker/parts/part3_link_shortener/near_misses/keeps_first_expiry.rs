//! kind = "near-miss"
//! problem = 2
//! claim = ""
//! about = "A table that has the link of a URL ignores the same link with a later expiry."

// ── file table.rs
// ── replace
Some(Entry::Link(known)) if end(known) > end(&link) => {}
// ── with
Some(Entry::Link(known)) if end(known) > end(&link) => {}
Some(Entry::Link(known)) if known.url == link.url && !known.is_expired(now()) => {}
// ── end
