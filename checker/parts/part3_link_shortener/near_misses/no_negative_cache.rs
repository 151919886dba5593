//! kind = "near-miss"
//! problem = 1
//! claim = "a hundred lookups of one unknown code"
//! about = "The table keeps links only, so each lookup of an unknown code asks the store."

// ── file table.rs
// ── replace
let since = Instant::now();
insert(&mut entries, self.cap, code, Entry::Negative { since });
// ── with
entries.remove(&code);
// ── end
