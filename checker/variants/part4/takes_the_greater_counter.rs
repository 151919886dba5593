//! kind = "near-miss"
//! problem = 4
//! claim = "a counter is worth what was added to it"
//! about = "Merging takes the counter that is worth more."
//! mistakes = ["merge-takes-one-counter"]

// ── file g_counter.rs
// ── gap 4: learn
if other.value() > self.value() {
    self.counts = other.counts.clone();
}
// ── end 4
