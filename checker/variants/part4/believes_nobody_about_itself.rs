//! kind = "near-miss"
//! problem = 7
//! claim = "a restarted node adds to what its peers know"
//! about = "A node counts in a slot of its name, and takes nothing that others say of that slot."
//! mistakes = ["own-slot-not-learnt", "slot-used-again"]

// ── file counters.rs
// ── gap 7: a slot for each start
let name = name.to_lowercase();
// ── end 7
// ── gap 6: functions for meeting
fn learn(&mut self, news: Vec<(Code, Usage)>, ctx: &Ctx<CountersMsg>) {
    if self.views.merge_but_our_own(news) && !self.has_learnt {
        self.has_learnt = true;
        ctx.send_after(SOON, CountersMsg::PassOn);
    }
}

fn pass_on(&mut self, ctx: &Ctx<CountersMsg>) {
    self.has_learnt = false;
    for member in ctx.groups().members(&ALL_COUNTERS) {
        self.meet(&member, ctx);
    }
}
// ── end 6
// ── file views.rs
// ── gap 0: functions of your own
pub fn merge_but_our_own(&self, mut news: Vec<(Code, Usage)>) -> bool {
    let slot = self.known().slot.clone();
    for (_, usage) in &mut news {
        usage.views = usage.views.without(&slot);
    }
    self.merge_all(news)
}
// ── end 0
// ── file g_counter.rs
// ── gap 0: functions of your own
pub fn without(&self, slot: &Slot) -> GCounter {
    let mut counts = self.counts.clone();
    counts.remove(slot);
    GCounter { counts }
}
// ── end 0
