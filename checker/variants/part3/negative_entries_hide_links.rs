//! kind = "near-miss"
//! problem = 1
//! claim = "a link is known at once where it was created"
//! about = "A link takes no place in which it is remembered that there is nothing, as long as that is remembered."
//! mistakes = ["nothing-hides-links"]

// ── file table.rs
// ── gap 1: keep a link
if link.is_expired(now()) {
    return;
}
let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
let end = |link: &Link| link.expires_at.unwrap_or(u64::MAX);
match entries.get(&code) {
    Some(Entry::Link(known)) if end(known) > end(&link) => {}
    Some(Entry::Nothing { since }) if since.elapsed() < NOTHING_FOR => {}
    _ => insert(&mut entries, self.cap, code, Entry::Link(link)),
}
// ── end 1
