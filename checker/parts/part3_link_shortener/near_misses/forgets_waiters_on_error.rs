//! kind = "near-miss"
//! problem = 5
//! claim = "answers 503 to everything else"
//! about = "When the store fails, the cache answers none of the lookups that wait, and later ones of that code wait with them."

// ── file cache.rs
// ── after
fn loaded(&mut self, code: Code, answer: Result<Option<Link>, Refusal>) {
// ── add
    if answer.is_err() {
        return;
    }
// ── end
