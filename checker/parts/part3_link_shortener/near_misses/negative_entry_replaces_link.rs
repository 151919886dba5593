//! kind = "near-miss"
//! problem = 2
//! claim = "a late negative answer from the store"
//! about = "The store's late answer that there is no link replaces a link that was learned meanwhile."

// ── file table.rs
// ── replace
match entries.get(&code) {
    Some(Entry::Link(link)) if !link.is_expired(now()) => {}
    // …
}
// ── with
let since = Instant::now();
insert(&mut entries, self.cap, code, Entry::Negative { since });
// ── end
