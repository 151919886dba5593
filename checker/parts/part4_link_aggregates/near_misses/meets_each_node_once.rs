//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count and learn the sum"
//! about = "A node sends everything when it first meets another node, and nothing after that."
//! mistakes = ["nothing-told-on-new-link"]

// ── file counters.rs
// ── after
has_learned: bool,
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
