//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count, and meet"
//! about = "Each node is told of everything when it is first met, and never again."
//! mistakes = ["nothing-told-on-new-link"]

// ── file counters.rs
// ── after
has_learnt: bool,
// ── add
met: std::sync::Mutex<std::collections::BTreeSet<String>>,
// ── end
// ── after
    return;
}
// ── add
if !self.met.lock().unwrap().insert(member.node().to_string()) {
    return;
}
// ── end
