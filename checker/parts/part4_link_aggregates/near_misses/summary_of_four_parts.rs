//! kind = "near-miss"
//! problem = 8
//! claim = "nodes that differ in little send little"
//! about = "The summary has four parts."

// ── file views.rs
// ── replace
const PARTS: usize = 128;
// ── with
const PARTS: usize = 4;
// ── end
