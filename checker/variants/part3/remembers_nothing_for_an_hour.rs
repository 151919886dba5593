//! kind = "near-miss"
//! problem = 1
//! claim = "also where there was none a moment ago"
//! about = "That there is nothing is remembered for an hour."
//! mistakes = ["keeps-nothing-too-long"]

// ── file table.rs
// ── gap 1: remember that there is nothing
let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
match entries.get(&code) {
    Some(Entry::Link(link)) if !link.is_expired(now()) => {}
    _ => {
        let since = Instant::now() + Duration::from_secs(3600);
        insert(&mut entries, self.cap, code, Entry::Nothing { since });
    }
}
// ── end 1
