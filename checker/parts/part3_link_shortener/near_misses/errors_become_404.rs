//! kind = "near-miss"
//! problem = 5
//! claim = "503, and never 404"
//! about = "When the store fails, a code that the table does not know is 404."

// ── file cache.rs
// ── replace
(None, Err(why)) => Err(why),
// ── with
(None, Err(_)) => Err(Refusal::NotFound),
// ── end
