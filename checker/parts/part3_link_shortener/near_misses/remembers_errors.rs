//! kind = "near-miss"
//! problem = 5
//! claim = "when the store is back, the node recovers"
//! about = "An error of the store leaves a negative entry in the table."

// ── file cache.rs
// ── replace
Err(_) => {}
// ── with
Err(_) => self.table.put_negative(code.clone()),
// ── end
