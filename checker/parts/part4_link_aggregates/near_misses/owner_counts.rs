//! kind = "near-miss"
//! problem = 6
//! claim = "late and repeated messages do no harm"
//! about = "The owner of a link counts all of its views, and sends the count to the others."
//! mistakes = ["one-node-counts-for-all"]

// ── file protocol.rs
// ── after
Want(ProcessId, Vec<u8>),
// ── add
Viewed(Code, String),
// ── end
// ── file links.rs
// ── replace
let news = self.views.count(&code, &visitor);
let counters = COUNTERS.at(self.node.name());
// ── with
let owner = self.owners.of(&code).unwrap_or_else(|| self.node.name().clone());
let counters = COUNTERS.at(&owner);
// ── end
// ── replace
.cast(&counters, CountersMsg::Share(code, news))
// ── with
.cast(&counters, CountersMsg::Viewed(code, visitor))
// ── end
// ── file counters.rs
// ── after
CountersMsg::Want(from, parts) => self.wanted(&from, &parts, ctx),
// ── add
CountersMsg::Viewed(code, visitor) => {
    share(&code, &self.views.count(&code, &visitor), ctx);
}
// ── end
