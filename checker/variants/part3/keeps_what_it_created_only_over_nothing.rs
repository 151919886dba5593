//! kind = "near-miss"
//! problem = 1
//! claim = "does not cost the store anything"
//! about = "A link that was created is put into the table only where it was remembered that there is nothing."
//! mistakes = ["does-not-keep-what-it-created"]

// ── file links.rs
// ── gap 1: keep what was created
if self.table.get(&code) == Some(Known::Nothing) {
    self.table.put(code.clone(), link.clone());
}
// ── end 1
