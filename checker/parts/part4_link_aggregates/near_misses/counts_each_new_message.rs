//! kind = "near-miss"
//! problem = 6
//! claim = "the next message makes up for a lost one"
//! about = "For each message about a view that it has not seen before, a node adds one to the slot of its sender."

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
// ── file counters.rs
// ── after
has_learned: bool,
// ── add
seen: std::collections::BTreeSet<String>,
// ── end
// ── after
CountersMsg::Share(code, news) => share(&code, &news, ctx),
// ── add
CountersMsg::Merge(code, news) if !self.seen.insert(format!("{code:?} {:?}", news.views)) => {}
// ── end
