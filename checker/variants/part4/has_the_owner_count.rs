//! kind = "near-miss"
//! problem = 6
//! claim = "late and repeated messages do no harm"
//! about = "The owner of a link counts all of its views, and tells the others."
//! mistakes = ["one-node-counts-for-all"]

// ── file links.rs
// ── gap 5: count a view, and have the others told
let owner = self.owners.of(&code).unwrap_or_else(|| self.node.name().clone());
let counters = COUNTERS.at(&owner);
let _ = self.node.cast(&counters, CountersMsg::Viewed(code, visitor)).await;
// ── end 5
// ── file counters.rs
// ── gap 0: messages of your own
CountersMsg::Viewed(code, visitor) => {
    let news = self.views.count(&code, &visitor);
    share(&code, &news, ctx);
}
// ── end 0
// ── file protocol.rs
// ── gap 0: more messages to the counters
Viewed(Code, String),
// ── end 0
