//! kind = "right"
//! about = "A node asks each node that it meets what that one knows, now and a little later."

// ── file protocol.rs
// ── after
Want(ProcessId, Vec<u8>),
// ── add
Ask(ProcessId, crate::views::Summary),
AskAgain(runtime::Address<CountersMsg>),
// ── end
// ── file views.rs
// ── replace
let differing = pairs.filter(|(_, (ours, theirs))| ours != theirs && **theirs != 0);
// ── with
let differing = pairs.filter(|(_, (ours, theirs))| ours != theirs);
// ── end
// ── file counters.rs
// ── after
CountersMsg::Want(from, parts) => self.wanted(&from, &parts, ctx),
// ── add
CountersMsg::AskAgain(member) => ask(&member, &self.views, ctx),
CountersMsg::Ask(from, summary) => {
    let parts = self.views.lacks(&summary);
    inform(&from.address(), self.views.parts(&parts), ctx);
}
// ── end
// ── replace
if self.views.len() > FEW_LINKS {
    // …
inform(member, self.views.all(), ctx);
// ── with
ask(member, &self.views, ctx);
ctx.send_after(PASS_ON_DELAY * 2, CountersMsg::AskAgain(member.clone()));
// ── end
// ── replace
self.meet(&member, ctx);
// ── with
if member.node() != ctx.name() {
    send(&member, CountersMsg::Offer(ctx.id(), self.views.summary()), ctx);
}
// ── end
// ── add
fn ask(member: &Address<CountersMsg>, views: &Views, ctx: &Ctx<CountersMsg>) {
    send(member, CountersMsg::Ask(ctx.id(), views.summary()), ctx);
}
// ── end
