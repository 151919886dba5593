//! kind = "near-miss"
//! problem = 5
//! claim = "a link is followed at once"
//! about = "Whoever follows a link waits until the server of this node has counted it."
//! mistakes = ["following-waits-for-server"]

// ── file links.rs
// ── gap 5: count a view, and have the others told
let news = self.views.count(&code, &visitor);
let counters = COUNTERS.at(self.node.name());
let share = CountersMsg::Share(code, news);
let _ = self.node.cast(&counters, share).await;
let _ = self.node.call(&counters, |reply| CountersMsg::Evaluate(Vec::new(), reply)).await;
// ── end 5
