//! kind = "near-miss"
//! problem = 1
//! claim = "a hundred look-ups of one unknown code"
//! about = "Only links are kept, so that an unknown code is asked for again and again."
//! mistakes = ["keeps-no-nothing"]

// ── file table.rs
// ── gap 1: remember that there is nothing
let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
match entries.get(&code) {
    Some(Entry::Link(link)) if !link.is_expired(now()) => {}
    _ => {
        entries.remove(&code);
    }
}
// ── end 1
