//! kind = "near-miss"
//! problem = 5
//! claim = "follows a link at once"
//! about = "A node answers a GET only after its counters have handled the view."

// ── file links.rs
// ── after
let counters = COUNTERS.at(self.node.name());
// ── add
let share = CountersMsg::Share(code, news);
let _ = self.node.cast(&counters, share).await;
// ── end
// ── replace
.cast(&counters, CountersMsg::Share(code, news))
// ── with
.call(&counters, |reply| CountersMsg::Evaluate(Vec::new(), reply))
// ── end
