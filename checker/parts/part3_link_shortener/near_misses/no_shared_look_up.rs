//! kind = "near-miss"
//! problem = 1
//! claim = "a hundred lookups of one unknown code"
//! about = "While the store has not answered, each visitor makes the node ask it once more."

// ── file cache.rs
// ── replace
if let Some(waiting) = self.loading.get_mut(&code) {
    // …
self.loading.insert(code.clone(), vec![reply]);
// ── with
self.loading.entry(code.clone()).or_default().push(reply);
// ── end
