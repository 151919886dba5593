//! kind = "near-miss"
//! problem = 6
//! claim = "late and repeated messages do no harm"
//! about = "What a message says of a slot overwrites what the node knows of it."
//! mistakes = ["late-news-overwrite"]

// ── file views.rs
// ── replace
self.known().links.entry(code).or_default().merge(news);
// ── with
let mut known = self.known();
let usage = known.links.entry(code).or_default();
usage.visitors.merge(&news.visitors);
usage.views.counts.extend(news.views.counts.clone());
// ── end
// ── file g_counter.rs
// ── replace
counts: BTreeMap<Slot, u64>,
// ── with
pub counts: BTreeMap<Slot, u64>,
// ── end
