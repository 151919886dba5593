//! kind = "near-miss"
//! problem = 7
//! claim = "a restarted node adds to what its peers know"
//! about = "What is learnt in a meeting is kept, and told to nobody else."
//! mistakes = ["learnt-not-passed-on"]

// ── file counters.rs
// ── gap 6: functions for meeting
fn learn(&mut self, news: Vec<(Code, Usage)>, ctx: &Ctx<CountersMsg>) {
    self.has_learnt |= self.views.merge_all(news);
    let _ = (ctx, SOON);
}

fn pass_on(&mut self, _: &Ctx<CountersMsg>) {}
// ── end 6
