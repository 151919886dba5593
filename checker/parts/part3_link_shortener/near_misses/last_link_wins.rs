//! kind = "near-miss"
//! problem = 3
//! claim = "of two links of one code"
//! about = "Tables are sent with all their links, and the link that comes last counts, expired or not."

// ── file table.rs
// ── replace
Entry::Link(link) if !link.is_expired(now) => Some((code.clone(), link.clone())),
// ── with
Entry::Link(link) => Some((code.clone(), link.clone())),
// ── end
// ── replace
if link.is_expired(now()) {
    // …
    _ => insert(&mut entries, self.cap, code, Entry::Link(link)),
}
// ── with
let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
insert(&mut entries, self.cap, code, Entry::Link(link));
// ── end
