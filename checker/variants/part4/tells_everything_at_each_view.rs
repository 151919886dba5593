//! kind = "near-miss"
//! problem = 8
//! claim = "a view costs the same"
//! about = "With each view, all that is known is told."
//! mistakes = ["everything-told-at-each-view"]

// ── file counters.rs
// ── gap 5: tell all the others
let _ = (code, news);
for member in ctx.groups().members(&ALL_COUNTERS) {
    if member.node() != ctx.name() {
        ctx.send_self(CountersMsg::TellAll(member));
    }
}
// ── end 5
// ── gap 0: messages of your own
CountersMsg::TellAll(member) => give(&member, self.views.all(), ctx),
// ── end 0
// ── file protocol.rs
// ── gap 0: more messages to the counters
TellAll(runtime::Address<CountersMsg>),
// ── end 0
