//! kind = "near-miss"
//! problem = 3
//! claim = "of two links of one code"
//! about = "Of two links of one code the one with less time left is kept."
//! mistakes = ["ended-link-keeps-its-place"]

// ── file table.rs
// ── gap 1: keep a link
if link.is_expired(now()) {
    return;
}
let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
let end = |link: &Link| link.expires_at.unwrap_or(u64::MAX);
match entries.get(&code) {
    Some(Entry::Link(known)) if end(known) < end(&link) => {}
    _ => insert(&mut entries, self.cap, code, Entry::Link(link)),
}
// ── end 1
