//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count, and meet"
//! about = "Each node is told of everything when it is first met, and never again."
//! mistakes = ["nothing-told-on-new-link"]

// ── file counters.rs
// ── gap 0: fields of your own
met: std::sync::Mutex<std::collections::BTreeSet<String>>,
// ── end 0
// ── gap 0: first values of your fields
met: Default::default(),
// ── end 0
// ── gap 8: tell only what differs
if !self.met.lock().unwrap().insert(member.node().to_string()) {
    return;
}
if self.views.len() > FEW_LINKS {
    let offer = CountersMsg::Offer(ctx.id(), self.views.summary());
    return tell(member, offer, ctx);
}
// ── end 8
