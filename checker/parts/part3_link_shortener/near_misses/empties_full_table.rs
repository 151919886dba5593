//! kind = "right"
//! about = "A full table evicts all entries to make room for one."

// ── file table.rs
// ── replace
let victim = entries.keys().next().cloned();
victim.map(|victim| entries.remove(&victim));
// ── with
entries.clear();
// ── end
