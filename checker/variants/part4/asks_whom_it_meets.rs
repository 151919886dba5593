//! kind = "right"
//! about = "Who is met is asked what it knows, now and a little later; nobody tells it unasked."

// ── file counters.rs
// ── gap 0: messages of your own
CountersMsg::AskAgain(member) => ask(&member, &self.views, ctx),
CountersMsg::Ask(from, summary) => {
    let parts = self.views.differing(&summary);
    give(&from.address(), self.views.parts(&parts), ctx);
}
// ── end 0
// ── gap 8: tell only what differs
let _ = FEW_LINKS;
// ── end 8
// ── gap 6: tell what is known
ask(member, &self.views, ctx);
ctx.send_after(SOON * 2, CountersMsg::AskAgain(member.clone()));
// ── end 6
// ── gap 6: much at once
fn ask(member: &Address<CountersMsg>, views: &Views, ctx: &Ctx<CountersMsg>) {
    tell(member, CountersMsg::Ask(ctx.id(), views.summary()), ctx);
}

fn give(to: &Address<CountersMsg>, links: Vec<(Code, Usage)>, ctx: &Ctx<CountersMsg>) {
    for some in links.chunks(MOST_LINKS) {
        tell(to, CountersMsg::Learn(some.to_vec()), ctx);
    }
}

const MOST_LINKS: usize = 1000;

const SOON: Duration = Duration::from_millis(100);
// ── end 6
// ── gap 6: functions for meeting
fn learn(&mut self, news: Vec<(Code, Usage)>, ctx: &Ctx<CountersMsg>) {
    if self.views.merge_all(news) && !self.has_learnt {
        self.has_learnt = true;
        ctx.send_after(SOON, CountersMsg::PassOn);
    }
}

fn pass_on(&mut self, ctx: &Ctx<CountersMsg>) {
    self.has_learnt = false;
    for member in ctx.groups().members(&ALL_COUNTERS) {
        if member.node() != ctx.name() {
            tell(&member, CountersMsg::Offer(ctx.id(), self.views.summary()), ctx);
        }
    }
}
// ── end 6
// ── file views.rs
// ── gap 0: functions of your own
pub fn differing(&self, theirs: &Summary) -> Vec<u8> {
    let ours = self.summary();
    let pairs = ours.0.iter().zip(&theirs.0).enumerate();
    pairs.filter(|(_, (ours, theirs))| ours != theirs).map(|(part, _)| part as u8).collect()
}
// ── end 0
// ── file protocol.rs
// ── gap 0: more messages to the counters
Ask(ProcessId, crate::views::Summary),
AskAgain(runtime::Address<CountersMsg>),
// ── end 0
