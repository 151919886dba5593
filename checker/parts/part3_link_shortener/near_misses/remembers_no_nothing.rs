//! kind = "near-miss"
//! problem = 1
//! claim = "a hundred look-ups of one unknown code"
//! about = "Only links are kept, so that an unknown code is asked for again and again."
//! mistakes = ["keeps-no-nothing"]

// ── file table.rs
// ── replace
let since = Instant::now();
insert(&mut entries, self.cap, code, Entry::Nothing { since });
// ── with
entries.remove(&code);
// ── end
