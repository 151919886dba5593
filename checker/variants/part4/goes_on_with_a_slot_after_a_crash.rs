//! kind = "near-miss"
//! problem = 7
//! claim = "a crash of the counters loses nothing"
//! about = "The slot is that of the start of the node, and a crash of the server empties what was counted in it."
//! mistakes = ["slot-used-again"]

// ── file counters.rs
// ── gap 0: whatever else is to do at the start
counters.views.forget();
// ── end 0
// ── gap 7: a slot for each start
let name = format!("{name}#{:x}", ctx.id().creation);
// ── end 7
// ── file views.rs
// ── gap 0: functions of your own
pub fn forget(&self) {
    self.known().links.clear();
}
// ── end 0
