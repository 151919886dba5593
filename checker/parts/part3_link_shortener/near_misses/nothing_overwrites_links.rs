//! kind = "near-miss"
//! problem = 2
//! claim = "a late answer that there is no such link"
//! about = "That there was nothing takes the place of a link that was learnt meanwhile."
//! mistakes = ["nothing-overwrites-links"]

// ── file table.rs
// ── replace
match entries.get(&code) {
    Some(Entry::Link(link)) if !link.is_expired(now()) => {}
    // …
}
// ── with
let since = Instant::now();
insert(&mut entries, self.cap, code, Entry::Nothing { since });
// ── end
