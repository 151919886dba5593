//! kind = "near-miss"
//! problem = 2
//! claim = "a late answer that there is no such link"
//! about = "That there was nothing takes the place of a link that was learnt meanwhile."
//! mistakes = ["nothing-overwrites-links"]

// ── file table.rs
// ── gap 1: remember that there is nothing
let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
let since = Instant::now();
insert(&mut entries, self.cap, code, Entry::Nothing { since });
// ── end 1
