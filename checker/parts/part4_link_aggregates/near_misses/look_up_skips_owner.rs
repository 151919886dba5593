//! kind = "near-miss"
//! problem = 2
//! claim = "the owner does the work"
//! about = "A lookup goes to the entry's own cache, whichever node owns the code."
//! mistakes = ["owner-never-asked"]

// ── file links.rs
// ── replace
match self.owners.of(&code) {
    // …
    None => return read(&self.store, &code).await,
// ── with
if self.owners.of(&code).is_none() {
    return read(&self.store, &code).await;
// ── end
