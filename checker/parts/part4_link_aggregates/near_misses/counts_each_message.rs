//! kind = "near-miss"
//! problem = 6
//! claim = "late and repeated messages do no harm"
//! about = "For each message about a view, a node adds one to the slot of its sender."

// ── file views.rs
// ── replace
self.known().links.entry(code).or_default().merge(news);
// ── with
let mut known = self.known();
let usage = known.links.entry(code).or_default();
usage.visitors.merge(&news.visitors);
for slot in news.views.counts.keys() {
    usage.views.increment(slot, 1);
}
// ── end
// ── file g_counter.rs
// ── replace
counts: BTreeMap<Slot, u64>,
// ── with
pub counts: BTreeMap<Slot, u64>,
// ── end
