//! kind = "near-miss"
//! problem = 5
//! claim = "concurrent views add up exactly"
//! about = "A node reads its count, lets others run, and writes back the count plus one."

// ── file links.rs
// ── replace
let news = self.views.count(&code, &visitor);
// ── with
let own = self.views.own(&code);
tokio::task::yield_now().await;
let news = self.views.set(&code, own + 1, &visitor);
// ── end
// ── file views.rs
// ── after
impl Views {
// ── add
    pub fn own(&self, code: &Code) -> u64 {
        let known = self.known();
        let usage = known.links.get(code);
        usage.map_or(0, |usage| usage.views.only(&known.slot).value())
    }
    pub fn set(&self, code: &Code, count: u64, visitor: &str) -> Usage {
        let Known { slot, links } = &mut *self.known();
        let usage = links.entry(code.clone()).or_default();
        let mut news = Usage::default();
        news.views.increment(slot, count);
        usage.views.merge(&news.views);
        news.visitors = usage.visitors.add(visitor);
        news
    }
// ── end
