//! kind = "near-miss"
//! problem = 1
//! claim = ""
//! about = "A full table keeps no negative entry, so each look-up of an unknown code asks the store."

// ── file table.rs
// ── replace
_ => {
    let since = Instant::now();
// ── with
_ if entries.len() >= self.cap && !entries.contains_key(&code) => {}
_ => {
    let since = Instant::now();
// ── end
