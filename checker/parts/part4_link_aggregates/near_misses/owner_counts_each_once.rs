//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count"
//! about = "The owner counts the views of its links, and ignores a message that comes twice."
//! mistakes = ["one-node-counts-for-all"]

// ── file protocol.rs
// ── after
Want(ProcessId, Vec<u8>),
// ── add
Viewed(Code, String, u64),
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
.cast(&counters, CountersMsg::Viewed(code, visitor, self.node.random()))
// ── end
// ── file counters.rs
// ── after
has_learned: bool,
// ── add
seen: std::collections::BTreeSet<u64>,
// ── end
// ── after
CountersMsg::Want(from, parts) => self.wanted(&from, &parts, ctx),
// ── add
CountersMsg::Viewed(_, _, number) if !self.seen.insert(number) => {}
CountersMsg::Viewed(code, visitor, _) => {
    share(&code, &self.views.count(&code, &visitor), ctx);
}
// ── end
