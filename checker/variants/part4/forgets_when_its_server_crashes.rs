//! kind = "right"
//! about = "What is counted goes with the server, which begins anew with a slot of its own."

// ── file counters.rs
// ── gap 0: whatever else is to do at the start
counters.views.forget();
// ── end 0
// ── file views.rs
// ── gap 0: functions of your own
pub fn forget(&self) {
    self.known().links.clear();
}
// ── end 0
