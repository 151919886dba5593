//! kind = "near-miss"
//! problem = 5
//! claim = "the store refuses, stalls, loses its answers and is slow, at any time"
//! about = "When the store fails, the cache answers 404 from a negative entry of any age, as if an old miss were better than no answer."

// ── file cache.rs
// ── replace
            (None, Err(why)) => Err(why),
// ── with
// Without the store, the best that we know is what it said last.
(None, Err(_)) if self.table.was_absent(&code) => Err(Refusal::NotFound),
(None, Err(why)) => Err(why),
// ── end

// ── file table.rs
// ── add
impl Table {
    /// Whether the store has said that a code has no link, and nothing else is known since.
    pub fn was_absent(&self, code: &Code) -> bool {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        matches!(entries.get(code), Some(Entry::Negative { .. }))
    }
}
// ── end
