//! The counters: the server of each node that tells the others of views, and hears of theirs.

use std::sync::Arc;
use std::time::Duration;

use runtime::{Address, Ctx, GroupChange, Info, ProcessId, Server};
use shortener::Code;

use crate::g_counter::{Slot, evaluate};
use crate::protocol::{ALL_COUNTERS, CountersMsg};
use crate::views::{Usage, Views};

/// The server of one node that shares what is counted.
#[derive(Default)]
pub struct Counters {
    views: Arc<Views>,
    // ── gap 6: fields for meeting
    /// Whether something was learnt in a meeting that is not passed on yet.
    has_learnt: bool,
    // ── end 6
}

impl Server for Counters {
    type Msg = CountersMsg;
    type Args = Arc<Views>;

    async fn init(views: Arc<Views>, ctx: &Ctx<CountersMsg>) -> Self {
        views.count_in(slot(ctx));
        let counters = Counters {
            views,
            ..Counters::default()
        };
        // ── gap 5: become a member
        if let Err(why) = ctx.groups().join(&ALL_COUNTERS, ctx.me()).await {
            panic!("could not join the counters: {why}");
        }
        // ── end 5
        // ── gap 6: hear of other members
        // Those that are there already are met as well. After a crash of this server alone they
        // may lack what it was about to tell them.
        for member in ctx.watch_group(&ALL_COUNTERS) {
            counters.meet(&member, ctx);
        }
        // ── end 6
        counters
    }

    async fn handle(&mut self, msg: CountersMsg, ctx: &Ctx<CountersMsg>) {
        match msg {
            CountersMsg::Evaluate(steps, reply) => reply.send(evaluate(&steps)),
            // ── gap 5: news of views
            CountersMsg::Share(code, news) => share(&code, &news, ctx),
            CountersMsg::Merge(code, news) => self.views.merge(code, &news),
            // ── end 5
            // ── gap 6: messages of a meeting
            CountersMsg::Learn(news) => self.learn(news, ctx),
            CountersMsg::PassOn => self.pass_on(ctx),
            // ── end 6
            CountersMsg::Hold(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            // ── gap 8: comparing
            CountersMsg::Offer(from, summary) => self.offered(&from, &summary, ctx),
            CountersMsg::Want(from, parts) => give(&from.address(), self.views.parts(&parts), ctx),
            // ── end 8
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<CountersMsg>) {
        match info {
            Info::Group(GroupChange::Joined(_, member)) => self.meet(&member.address(), ctx),
            _ => {}
        }
    }
}

impl Counters {
    /// Other counters are in the group: of a new node, of one that was restarted, or of one that
    /// was out of reach until now.
    fn meet(&self, member: &Address<CountersMsg>, ctx: &Ctx<CountersMsg>) {
        if member.node() == ctx.name() {
            return;
        }
        // ── gap 8: tell only what differs
        // After most netsplits nearly all is known on both sides. The other compares our summary
        // with its own, and asks for the parts that differ. We offer, and it does not simply ask,
        // for the reason below: whatever is counted after this summary is told to it anyway.
        //
        // Of few links, all is said as quickly.
        if self.views.len() > FEW_LINKS {
            let offer = CountersMsg::Offer(ctx.id(), self.views.summary());
            return tell(member, offer, ctx);
        }
        // ── end 8
        // ── gap 6: tell what is known
        // All of it, also what others have counted: they may be dead, or out of the other's reach.
        // The other does the same with us, and nobody must find out who knows more: merging takes
        // care of it. It is in the group already, so that it is told of every view from now on, and
        // none falls in between. To ask the other instead would leave such a gap: between its
        // answer and our entry into its group.
        give(member, self.views.all(), ctx);
        // ── end 6
    }
}

/// The slot that this start of this server counts in.
fn slot(ctx: &Ctx<CountersMsg>) -> Slot {
    let name = ctx.name().to_string();
    // ── gap 7: a slot for each start
    // The node's name alone is tempting. But a node that was restarted begins at 0, and until it has
    // heard from the others how far it was, what it counts is less than they know, and lost. Nor
    // does it help to wait for them: the one that knows most may come last, or be dead. So nobody
    // goes on with a count; each start has its own, told apart by the process's id. (As a text, that
    // shows only a part of its creation number.)
    let id = ctx.id();
    let name = format!("{name}#{:x}.{}", id.creation, id.serial);
    // ── end 7
    Slot::new(name)
}

/// Tells the counters of all other nodes what they have to learn of a link.
fn share(code: &Code, news: &Usage, ctx: &Ctx<CountersMsg>) {
    // ── gap 5: tell all the others
    // Who is out of reach is not in the group now, and will be met when it is back.
    for member in ctx.groups().members(&ALL_COUNTERS) {
        if member.node() != ctx.name() {
            tell(&member, CountersMsg::Merge(code.clone(), news.clone()), ctx);
        }
    }
    // ── end 5
}

/// Sends a message without waiting for room on the connection: a node that reads slowly delays
/// nobody but itself. Messages that are sent so may overtake each other.
fn tell(to: &Address<CountersMsg>, msg: CountersMsg, ctx: &Ctx<CountersMsg>) {
    let (to, me) = (to.clone(), ctx.clone());
    ctx.spawn(async move {
        // If it is gone, it will be met again when it is back.
        let _ = me.cast(&to, msg).await;
    });
}

// ── gap 6: functions for meeting
impl Counters {
    /// Learns what others know who have met us.
    fn learn(&mut self, news: Vec<(Code, Usage)>, ctx: &Ctx<CountersMsg>) {
        if self.views.merge_all(news) && !self.has_learnt {
            self.has_learnt = true;
            // Not at once: there may be more to come, from the same and from others.
            ctx.send_after(SOON, CountersMsg::PassOn);
        }
    }

    /// What was new here may be new to a third one, which has met neither us nor the one we have it
    /// from: a node that died has perhaps told only some of its last views, and nobody else has a
    /// reason to speak of them. So all others are met again. That comes to an end, as whoever learns
    /// nothing new passes nothing on. (Rumours; Demers et al. 1987.)
    fn pass_on(&mut self, ctx: &Ctx<CountersMsg>) {
        self.has_learnt = false;
        for member in ctx.groups().members(&ALL_COUNTERS) {
            self.meet(&member, ctx);
        }
    }
}

/// Tells others of many links, in messages of a bearable length: all of a million links would be
/// longer than a message may be, and be told to nobody.
fn give(to: &Address<CountersMsg>, links: Vec<(Code, Usage)>, ctx: &Ctx<CountersMsg>) {
    for some in links.chunks(MOST_LINKS) {
        tell(to, CountersMsg::Learn(some.to_vec()), ctx);
    }
}

/// How many links one message tells of.
const MOST_LINKS: usize = 1000;

/// How long what was learnt waits before it is passed on.
const SOON: Duration = Duration::from_millis(100);
// ── end 6

// ── gap 8: functions for comparing
impl Counters {
    /// Another has summed up what it knows: asks it for what is different here.
    fn offered(&self, from: &ProcessId, summary: &crate::views::Summary, ctx: &Ctx<CountersMsg>) {
        let parts = self.views.lacks(summary);
        if !parts.is_empty() {
            tell(&from.address(), CountersMsg::Want(ctx.id(), parts), ctx);
        }
    }
}

/// Of so many links, all that is known is about as long as a summary.
const FEW_LINKS: usize = 16;
// ── end 8
