//! kind = "near-miss"
//! problem = 5
//! claim = "when the store is back all goes on by itself"
//! about = "That the store did not answer is remembered like an answer that there is nothing."
//! mistakes = ["errors-are-kept"]

// ── file cache.rs
// ── replace
Err(_) => {}
// ── with
Err(_) => self.table.put_nothing(code.clone()),
// ── end
