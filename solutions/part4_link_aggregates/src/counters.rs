//! The counters: the server of each node that exchanges views with the other nodes.

use std::sync::Arc;
use std::time::Duration;

use runtime::{Address, Ctx, GroupChange, Info, ProcessId, Server};
use shortener::Code;

use crate::g_counter::{Slot, evaluate};
use crate::protocol::{ALL_COUNTERS, CountersMsg};
use crate::views::{Usage, Views};

/// The server of one node that exchanges views.
#[derive(Default)]
pub struct Counters {
    views: Arc<Views>,
    // ── gap 6: fields for meeting
    /// Whether this server has learned something in a meeting and has not passed it on yet.
    has_learned: bool,
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
        // We also meet the members that are there already. After a crash of this server alone, they
        // may lack what it was about to send them.
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
            CountersMsg::Want(from, parts) => self.wanted(&from, &parts, ctx),
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
    /// Meets the counters of another node that are in the group now. That node is new, was
    /// restarted, or was unreachable until now.
    fn meet(&self, member: &Address<CountersMsg>, ctx: &Ctx<CountersMsg>) {
        if member.node() == ctx.name() {
            return;
        }
        // ── gap 8: send only what differs
        // After most netsplits both sides know nearly everything. The other node compares our
        // summary with its own, and asks for the parts that differ. We offer, instead of waiting
        // for its question, for the reason below: every view after this summary goes to it anyway.
        //
        // For few links, a summary saves nothing.
        if self.views.len() > FEW_LINKS {
            let offer = CountersMsg::Offer(ctx.id(), self.views.summary());
            return send(member, offer, ctx);
        }
        // ── end 8
        // ── gap 6: send what is known
        // We send everything, including what other nodes have counted: they may be dead, or
        // unreachable for this node. The other node does the same with us. Neither must find out
        // which one knows more, because merging takes care of it. The other node is already in our
        // group, so that we send it every view from now on. To ask the other node instead would
        // leave a gap: between its answer and our entry into its group.
        inform(member, self.views.all(), ctx);
        // ── end 6
    }
}

/// The slot in which this start of this server counts.
fn slot(ctx: &Ctx<CountersMsg>) -> Slot {
    let name = ctx.name().to_string();
    // ── gap 7: a slot for each start
    // The node's name alone is tempting. But a restarted node starts at 0, and its count hides
    // behind the higher count that the others know. To wait for the others does not help: the node
    // that knows most may come last, or be dead. So no start continues an old count. Each start has
    // a slot of its own, named by the process's id. (The id as a text shows only a part of its
    // creation number.)
    let id = ctx.id();
    let name = format!("{name}#{:x}.{}", id.creation, id.serial);
    // ── end 7
    Slot::new(name)
}

/// Sends the counters of all other nodes what they have to learn about a link.
fn share(code: &Code, news: &Usage, ctx: &Ctx<CountersMsg>) {
    // ── gap 5: inform the other nodes
    // A node that is unreachable is not in the group now. We meet it when it is back.
    for member in ctx.groups().members(&ALL_COUNTERS) {
        if member.node() != ctx.name() {
            send(&member, CountersMsg::Merge(code.clone(), news.clone()), ctx);
        }
    }
    // ── end 5
}

/// Sends a message without waiting for room on the connection, so that a node that reads slowly
/// delays only itself. Messages that are sent like this may overtake each other.
fn send(to: &Address<CountersMsg>, msg: CountersMsg, ctx: &Ctx<CountersMsg>) {
    let (to, me) = (to.clone(), ctx.clone());
    ctx.spawn(async move {
        // If the other node is gone, we meet it again when it is back.
        let _ = me.cast(&to, msg).await;
    });
}

// ── gap 6: functions for meeting
impl Counters {
    /// Takes in what another node has sent because it met us.
    fn learn(&mut self, news: Vec<(Code, Usage)>, ctx: &Ctx<CountersMsg>) {
        if self.views.merge_all(news) && !self.has_learned {
            self.has_learned = true;
            // Not at once: more messages may follow, from the same node and from others.
            ctx.send_after(PASS_ON_DELAY, CountersMsg::PassOn);
        }
    }

    /// Meets all other nodes again. What was new to us may be new to a third node that has met
    /// neither us nor the sender: a dead node may have sent its last views to only one node, and no
    /// other node has a reason to send them. This comes to an end, because a node that learns
    /// nothing new passes nothing on. (Rumor mongering; Demers et al. 1987.)
    fn pass_on(&mut self, ctx: &Ctx<CountersMsg>) {
        self.has_learned = false;
        for member in ctx.groups().members(&ALL_COUNTERS) {
            self.meet(&member, ctx);
        }
    }
}

/// Sends what is known of many links, in messages of limited length: one message about a million
/// links would be longer than a message may be, and would never arrive.
fn inform(to: &Address<CountersMsg>, links: Vec<(Code, Usage)>, ctx: &Ctx<CountersMsg>) {
    for some in links.chunks(MAX_LINKS) {
        send(to, CountersMsg::Learn(some.to_vec()), ctx);
    }
}

/// The maximum number of links in one message.
const MAX_LINKS: usize = 1000;

/// The time from learning something to passing it on.
const PASS_ON_DELAY: Duration = Duration::from_millis(100);
// ── end 6

// ── gap 8: functions for comparing
impl Counters {
    /// Asks another node, which has sent its summary, for the parts that differ here.
    fn offered(&self, from: &ProcessId, summary: &crate::views::Summary, ctx: &Ctx<CountersMsg>) {
        let parts = self.views.lacks(summary);
        if !parts.is_empty() {
            send(&from.address(), CountersMsg::Want(ctx.id(), parts), ctx);
        }
    }

    /// Sends another node, which lacks some parts, all links of them.
    fn wanted(&self, from: &ProcessId, parts: &[u8], ctx: &Ctx<CountersMsg>) {
        inform(&from.address(), self.views.parts(parts), ctx);
    }
}

/// For this number of links, the whole knowledge is about as long as a summary.
const FEW_LINKS: usize = 16;
// ── end 8
