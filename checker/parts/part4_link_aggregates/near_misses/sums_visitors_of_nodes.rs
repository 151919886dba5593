//! kind = "near-miss"
//! problem = 9
//! claim = "a returning visitor counts once"
//! about = "Each node counts its visitors, and all nodes add these numbers up."

// ── file visitors.rs
// ── replace
#[serde(transparent)]
pub struct Visitors {
    registers: BTreeMap<u16, u8>,
// ── with
pub struct Visitors {
    counts: BTreeMap<u32, u64>,
    #[serde(skip)]
    seen: BTreeSet<String>,
// ── end
// ── replace
let hash = Sha256::digest(visitor);
// …
}
// ── with
let is_new = self.seen.insert(visitor.to_owned());
let count = self.counts.entry(std::process::id()).or_default();
*count += u64::from(is_new);
Visitors { counts: BTreeMap::from([(std::process::id(), *count)]), seen: BTreeSet::new() }
// ── end
// ── replace
for (number, &theirs) in &other.registers {
    let ours = self.registers.entry(*number).or_default();
// ── with
for (node, &theirs) in &other.counts {
    let ours = self.counts.entry(*node).or_default();
// ── end
// ── replace
let all = f64::from(1 << PRECISION);
// …
.round() as u64
// ── with
self.counts.values().sum()
// ── end
// ── add
use std::collections::BTreeSet;
// ── end
