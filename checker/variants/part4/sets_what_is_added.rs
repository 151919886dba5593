//! kind = "near-miss"
//! problem = 4
//! claim = "a counter is worth what was added to it"
//! about = "Adding sets the share of the slot."
//! mistakes = ["increment-sets"]

// ── file g_counter.rs
// ── gap 4: add
if by > 0 {
    self.counts.insert(slot.clone(), by);
}
// ── end 4
