//! kind = "near-miss"
//! problem = 1
//! claim = "a hundred look-ups of one unknown code"
//! about = "The table keeps links only, so each look-up of an unknown code asks the store."

// ── file table.rs
// ── replace
let since = Instant::now();
insert(&mut entries, self.cap, code, Entry::Negative { since });
// ── with
entries.remove(&code);
// ── end
