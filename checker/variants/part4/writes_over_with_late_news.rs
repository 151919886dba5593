//! kind = "near-miss"
//! problem = 6
//! claim = "late and repeated messages do no harm"
//! about = "What a message says of a share replaces what was known of it."
//! mistakes = ["late-news-overwrite"]

// ── file counters.rs
// ── gap 5: news of views
CountersMsg::Share(code, news) => share(&code, &news, ctx),
CountersMsg::Merge(code, news) => self.views.replace(&code, &news),
// ── end 5
// ── file views.rs
// ── gap 0: functions of your own
pub fn replace(&self, code: &Code, news: &Usage) {
    let mut known = self.known();
    let usage = known.links.entry(code.clone()).or_default();
    usage.views.replace(&news.views);
    usage.visitors.merge(&news.visitors);
}
// ── end 0
// ── file g_counter.rs
// ── gap 0: functions of your own
pub fn replace(&mut self, with: &GCounter) {
    for (slot, count) in &with.counts {
        self.counts.insert(slot.clone(), *count);
    }
}
// ── end 0
