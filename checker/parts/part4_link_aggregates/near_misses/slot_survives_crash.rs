//! kind = "near-miss"
//! problem = 7
//! claim = "a crash of the counters loses nothing"
//! about = "A crash of the counters loses their views, and they start again in the old slot."
//! mistakes = ["slot-used-again"]

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
// ── replace
let id = ctx.id();
let name = format!("{name}#{:x}.{}", id.creation, id.serial);
// ── with
let name = format!("{name}#{:x}", ctx.id().creation);
// ── end
