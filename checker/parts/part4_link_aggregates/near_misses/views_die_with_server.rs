//! kind = "right"
//! about = "A crash of the counters loses their views, and they start again in a new slot."

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
