//! kind = "right"
//! about = "What is counted goes with the server, which begins anew with a slot of its own."

// ── file views.rs
// ── after
impl Views {
// ── add
    pub fn forget(&self) {
        self.known().links.clear();
    }
// ── end
// ── file counters.rs
// ── after
    counters.meet(&member, ctx);
}
// ── add
counters.views.forget();
// ── end
