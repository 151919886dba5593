//! kind = "near-miss"
//! problem = 8
//! claim = "nodes that differ in little send little"
//! about = "The summary has one part."

// ── file views.rs
// ── replace
const PARTS: usize = 128;
// ── with
const PARTS: usize = 1;
// ── end
// ── replace
fn part_of(code: &Code) -> usize {
    let hash = Sha256::new_with_prefix(code.as_str());
    (first_bytes(hash) % PARTS as u64) as usize
// ── with
fn part_of(_: &Code) -> usize {
    0
// ── end
