//! kind = "near-miss"
//! problem = 8
//! claim = "who knows nearly everything is told little"
//! about = "What is known is compared as a whole."

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
