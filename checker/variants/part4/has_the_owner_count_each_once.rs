//! kind = "near-miss"
//! problem = 6
//! claim = "each side goes on counting"
//! about = "The owner counts the views of its links, and tells the others; each message counts once."
//! mistakes = ["one-node-counts-for-all"]

// ── file links.rs
// ── gap 5: count a view, and have the others told
let owner = self.owners.of(&code).unwrap_or_else(|| self.node.name().clone());
let counters = COUNTERS.at(&owner);
let _ = self.node.cast(&counters, CountersMsg::Viewed(code, visitor, self.node.random())).await;
// ── end 5
// ── file counters.rs
// ── gap 0: fields of your own
seen: std::collections::BTreeSet<u64>,
// ── end 0
// ── gap 0: first values of your fields
seen: Default::default(),
// ── end 0
// ── gap 0: messages of your own
CountersMsg::Viewed(code, visitor, number) => {
    if self.seen.insert(number) {
        let news = self.views.count(&code, &visitor);
        share(&code, &news, ctx);
    }
}
// ── end 0
// ── file protocol.rs
// ── gap 0: more messages to the counters
Viewed(Code, String, u64),
// ── end 0
