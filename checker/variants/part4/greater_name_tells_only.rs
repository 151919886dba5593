//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count, and meet"
//! about = "Of two that meet, only the one with the greater name tells what it knows."
//! mistakes = ["one-side-tells"]

// ── file counters.rs
// ── gap 8: tell only what differs
if ctx.name() < member.node() {
    return;
}
if self.views.len() > FEW_LINKS {
    let offer = CountersMsg::Offer(ctx.id(), self.views.summary());
    return tell(member, offer, ctx);
}
// ── end 8
