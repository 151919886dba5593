//! kind = "near-miss"
//! problem = 1
//! claim = ""
//! about = "A full table keeps no new link, so that a thousand unknown codes end all caching."

// ── file table.rs
// ── replace
Some(Entry::Link(known)) if end(known) > end(&link) => {}
// ── with
Some(Entry::Link(known)) if end(known) > end(&link) => {}
None if entries.len() >= self.cap => {}
// ── end
