//! kind = "right"
//! about = "Visitors are kept by name, in a set."

// ── file visitors.rs
// ── replace
registers: BTreeMap<u16, u8>,
// ── with
names: BTreeSet<String>,
// ── end
// ── replace
let hash = Sha256::digest(visitor);
// …
}
// ── with
self.names.insert(visitor.to_owned());
Visitors { names: BTreeSet::from([visitor.to_owned()]) }
// ── end
// ── replace
for (number, &theirs) in &other.registers {
    // …
}
// ── with
self.names.extend(other.names.iter().cloned());
// ── end
// ── replace
let all = f64::from(1 << PRECISION);
// …
.round() as u64
// ── with
self.names.len() as u64
// ── end
// ── add
use std::collections::BTreeSet;
// ── end
