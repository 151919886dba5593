//! kind = "near-miss"
//! problem = 7
//! claim = "a restarted node adds to what its peers know"
//! about = "A node counts in a slot of its name, and ignores what others send of that slot."
//! mistakes = ["slot-used-again"]

// ── file views.rs
// ── replace
for (code, usage) in news {
// ── with
for (code, mut usage) in news {
    usage.views.counts.remove(&known.slot);
// ── end
// ── file g_counter.rs
// ── replace
counts: BTreeMap<Slot, u64>,
// ── with
pub counts: BTreeMap<Slot, u64>,
// ── end
// ── file counters.rs
// ── replace
let id = ctx.id();
let name = format!("{name}#{:x}.{}", id.creation, id.serial);
// ── with
// ── end
