//! kind = "near-miss"
//! problem = 5
//! claim = "reads the count at once"
//! about = "A node asks its counters for the number of views, through their mailbox."

// ── file protocol.rs
// ── after
Want(ProcessId, Vec<u8>),
// ── add
Views(Code, Reply<(u64, Option<u64>)>),
// ── end
// ── file links.rs
// ── replace
self.views.aggregates(&code)
// ── with
let counters = COUNTERS.at(self.node.name());
let asked = self.node.call(&counters, |reply| CountersMsg::Views(code, reply)).await;
let (redirects, visitors) = asked.unwrap_or_default();
Aggregates { redirects, visitors }
// ── end
// ── file counters.rs
// ── after
CountersMsg::Want(from, parts) => self.wanted(&from, &parts, ctx),
// ── add
CountersMsg::Views(code, reply) => {
    let known = self.views.aggregates(&code);
    reply.send((known.redirects, known.visitors));
}
// ── end
