//! kind = "near-miss"
//! problem = 6
//! claim = "late and repeated messages do no harm"
//! about = "Each message about a view adds one to the share of its sender."
//! mistakes = ["messages-counted-as-views"]

// ── file counters.rs
// ── gap 5: news of views
CountersMsg::Share(code, news) => share(&code, &news, ctx),
CountersMsg::Merge(code, news) => self.views.one_more(&code, &news),
// ── end 5
// ── file views.rs
// ── gap 0: functions of your own
/// One more view in each slot of some news.
pub fn one_more(&self, code: &Code, news: &Usage) {
    let mut known = self.known();
    let usage = known.links.entry(code.clone()).or_default();
    usage.views.one_more(&news.views);
    usage.visitors.merge(&news.visitors);
}
// ── end 0
// ── file g_counter.rs
// ── gap 0: functions of your own
pub fn one_more(&mut self, of: &GCounter) {
    for slot in of.counts.keys() {
        self.increment(slot, 1);
    }
}
// ── end 0
