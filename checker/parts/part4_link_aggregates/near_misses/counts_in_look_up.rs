//! kind = "near-miss"
//! problem = 5
//! claim = "views are counted, and nothing else"
//! about = "A node counts each lookup that finds a link, also that of a HEAD."

// ── file links.rs
// ── replace
let found = self.find(code.clone()).await;
// ── with
let found = self.find(code.clone()).await;
if found.is_ok() {
    let news = self.views.count(&code, "");
    let counters = COUNTERS.at(self.node.name());
    let _ = self.node.cast(&counters, CountersMsg::Share(code.clone(), news)).await;
}
// ── end
// ── replace
let news = self.views.count(&code, &visitor);
let counters = COUNTERS.at(self.node.name());
let _ = self
    .node
    .cast(&counters, CountersMsg::Share(code, news))
    .await;
// ── with
// ── end
