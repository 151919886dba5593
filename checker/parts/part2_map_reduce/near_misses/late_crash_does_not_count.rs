//! kind = "near-miss"
//! problem = 4
//! claim = "a record that crashes after its lease"
//! about = "The crash of a worker counts only if the lease of its attempt has not ended."

// ── file manager.rs
// ── replace
if let Some(attempt) = &attempt {
    self.give_up(attempt);
    if reason != ExitReason::NodeDown {
// ── with
if let Some(attempt) = &attempt {
    let is_awaited = self.is_running(attempt);
    self.give_up(attempt);
    if reason != ExitReason::NodeDown && is_awaited {
// ── end
