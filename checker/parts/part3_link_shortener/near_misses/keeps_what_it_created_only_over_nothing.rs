//! kind = "near-miss"
//! problem = 1
//! claim = "does not cost the store anything"
//! about = "A link that was created is put into the table only where it was remembered that there is nothing."
//! mistakes = ["does-not-keep-what-it-created"]

// ── file links.rs
// ── replace
self.table.put(code.clone(), link.clone());
// ── with
if self.table.get(&code) == Some(Known::Nothing) {
    self.table.put(code.clone(), link.clone());
}
// ── end
