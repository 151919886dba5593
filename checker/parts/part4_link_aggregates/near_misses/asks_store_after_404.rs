//! kind = "near-miss"
//! problem = 2
//! claim = "the owner does the work"
//! about = "The entry asks the store too when the owner answers that there is no such link."

// ── file links.rs
// ── replace
if let Err(Refusal::Unavailable(_)) = found {
// ── with
if found.is_err() {
// ── end
