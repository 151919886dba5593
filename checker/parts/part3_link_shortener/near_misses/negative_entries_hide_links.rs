//! kind = "near-miss"
//! problem = 1
//! claim = "a link is known at once where it was created"
//! about = "A link takes no place in which it is remembered that there is nothing, as long as that is remembered."
//! mistakes = ["nothing-hides-links"]

// ── file table.rs
// ── after
Some(Entry::Link(known)) if end(known) > end(&link) => {}
// ── add
Some(Entry::Nothing { since }) if since.elapsed() < NOTHING_FOR => {}
// ── end
