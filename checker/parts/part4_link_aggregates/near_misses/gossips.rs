//! kind = "right"
//! about = "Every 300 ms, a node sends another member all that it knows, or what differs."

// ── file protocol.rs
// ── after
Want(ProcessId, Vec<u8>),
// ── add
Gossip,
// ── end
// ── file counters.rs
// ── after
has_learned: bool,
// ── add
turn: usize,
// ── end
// ── after
views.count_in(slot(ctx));
// ── add
ctx.send_every(Duration::from_millis(300), || CountersMsg::Gossip);
// ── end
// ── after
CountersMsg::Want(from, parts) => self.wanted(&from, &parts, ctx),
// ── add
CountersMsg::Gossip => {
    self.turn += 1;
    let members = ctx.groups().members(&ALL_COUNTERS);
    if let Some(member) = members.get(self.turn % members.len().max(1)) {
        self.meet(member, ctx);
    }
}
// ── end
// ── replace
ctx.send_after(PASS_ON_DELAY, CountersMsg::PassOn);
// ── with
// ── end
