//! kind = "right"
//! about = "Every 300 ms all that is known is told to another member, or what differs."

// ── file counters.rs
// ── gap 0: whatever else is to do at the start
ctx.send_every(Duration::from_millis(300), || CountersMsg::Gossip);
// ── end 0
// ── gap 0: fields of your own
turn: usize,
// ── end 0
// ── gap 0: first values of your fields
turn: 0,
// ── end 0
// ── gap 0: messages of your own
CountersMsg::Gossip => self.gossip(ctx),
// ── end 0
// ── gap 0: functions of your own
fn gossip(&mut self, ctx: &Ctx<CountersMsg>) {
    let members = ctx.groups().members(&ALL_COUNTERS);
    self.turn += 1;
    if let Some(member) = members.get(self.turn % members.len().max(1)) {
        self.meet(member, ctx);
    }
}
// ── end 0
// ── gap 6: functions for meeting
fn learn(&mut self, news: Vec<(Code, Usage)>, ctx: &Ctx<CountersMsg>) {
    self.has_learnt |= self.views.merge_all(news);
    let _ = (ctx, SOON);
}

fn pass_on(&mut self, _: &Ctx<CountersMsg>) {}
// ── end 6
// ── file protocol.rs
// ── gap 0: more messages to the counters
Gossip,
// ── end 0
