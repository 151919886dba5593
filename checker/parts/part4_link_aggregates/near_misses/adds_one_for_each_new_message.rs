//! kind = "near-miss"
//! problem = 6
//! claim = "a message that is lost is made up for"
//! about = "Each message about a view adds one to the share of its sender, unless it was there before."

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
has_learnt: bool,
// ── add
seen: std::collections::BTreeSet<String>,
// ── end
// ── after
CountersMsg::Share(code, news) => share(&code, &news, ctx),
// ── add
CountersMsg::Merge(code, news) if !self.seen.insert(format!("{code:?} {:?}", news.views)) => {}
// ── end
