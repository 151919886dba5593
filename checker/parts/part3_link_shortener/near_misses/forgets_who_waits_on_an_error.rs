//! kind = "near-miss"
//! problem = 5
//! claim = "all else is 503"
//! about = "When the store does not answer, nobody is told, and whoever asks for that code later waits with them."
//! mistakes = ["forgets-who-waits"]

// ── file cache.rs
// ── after
fn loaded(&mut self, code: Code, answer: Result<Option<Link>, Refusal>) {
// ── add
    if answer.is_err() {
        return;
    }
// ── end
