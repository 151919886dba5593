//! kind = "near-miss"
//! problem = 1
//! claim = ""
//! about = "A negative entry that has expired is never renewed, so from then on each look-up asks the store."

// ── file table.rs
// ── replace
match entries.get(&code) {
    Some(Entry::Link(link)) if !link.is_expired(now()) => {}
    _ => {
        let since = Instant::now();
// ── with
match entries.get(&code) {
    Some(Entry::Link(link)) if !link.is_expired(now()) => {}
    Some(Entry::Negative { .. }) => {}
    _ => {
        let since = Instant::now();
// ── end
