//! kind = "near-miss"
//! problem = 4
//! claim = "the value of a counter is what was added to it"
//! about = "A slot counts in 32 bits."

// ── file g_counter.rs
// ── replace
*count = count.saturating_add(by);
// ── with
*count = u64::from((*count as u32).wrapping_add(by as u32));
// ── end
