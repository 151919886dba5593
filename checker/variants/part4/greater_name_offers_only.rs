//! kind = "near-miss"
//! problem = 8
//! claim = "who knows nearly everything is told little"
//! about = "Of two that meet and know of many links, only the one with the greater name offers what it knows."
//! mistakes = ["one-side-tells"]

// ── file counters.rs
// ── gap 8: tell only what differs
if self.views.len() > FEW_LINKS {
    if ctx.name() < member.node() {
        return;
    }
    let offer = CountersMsg::Offer(ctx.id(), self.views.summary());
    return tell(member, offer, ctx);
}
// ── end 8
