//! kind = "right"
//! about = "When there is no room for one more entry, all go."

// ── file table.rs
// ── replace
let victim = entries.keys().next().cloned();
victim.map(|victim| entries.remove(&victim));
// ── with
entries.clear();
// ── end
