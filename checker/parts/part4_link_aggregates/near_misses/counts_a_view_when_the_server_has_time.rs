//! kind = "near-miss"
//! problem = 5
//! claim = "a link is followed at once"
//! about = "Whoever follows a link waits until the server of this node has counted it."

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
