//! kind = "right"
//! about = "A full table evicts its oldest negative entry, or its oldest link if there is none."
//! processes_only = "It keeps its own in a static, and all simulated nodes are one process."

// ── file table.rs
// ── replace
if entries.len() >= cap && !entries.contains_key(&code) {
    // …
}
// ── with
static BY_AGE: Mutex<VecDeque<Code>> = Mutex::new(VecDeque::new());
let mut by_age = BY_AGE.lock().unwrap_or_else(PoisonError::into_inner);
by_age.retain(|other| *other != code && entries.contains_key(other));
if by_age.len() >= cap {
    let is_negative = |code: &Code| matches!(entries.get(code), Some(Entry::Negative { .. }));
    let victim = by_age.iter().position(is_negative).unwrap_or(0);
    by_age.remove(victim).map(|victim| entries.remove(&victim));
}
by_age.push_back(code.clone());
// ── end
// ── add
use std::collections::VecDeque;
use std::sync::Mutex;
// ── end
