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
    // TODO(6): what it must remember between two meetings, if anything.
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
        // TODO(5): become a member of the group `ALL_COUNTERS`, by which the others find this server.
        // ── end 5
        // ── gap 6: hear of other members
        // TODO(6): have yourself told of members that come, or come back into reach; see `meet` below.
        // ── end 6
        counters
    }

    async fn handle(&mut self, msg: CountersMsg, ctx: &Ctx<CountersMsg>) {
        match msg {
            CountersMsg::Evaluate(steps, reply) => reply.send(evaluate(&steps)),
            // ── gap 5: news of views
            // TODO(5): what is done with your messages about views.
            // ── end 5
            // ── gap 6: messages of a meeting
            // TODO(6): what is done with your messages of a meeting.
            // ── end 6
            CountersMsg::Hold(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            // ── gap 8: comparing
            // TODO(8): what is done with your messages that compare.
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
        // TODO(8): when both know nearly the same, say only what differs. After a netsplit in which one
        // of a thousand links was followed, at most a tenth is sent of what a node without any knowledge
        // is sent; and that one still gets everything.
        // ── end 8
        // ── gap 6: tell what is known
        // TODO(6): after this, both know of every view that either knew of, without anybody following a
        // link. What one of them has from a third node counts as well: that node may be dead by now. And
        // so does what is new to a fourth, which had it from neither.
        // ── end 6
    }
}

/// The slot that this start of this server counts in.
fn slot(ctx: &Ctx<CountersMsg>) -> Slot {
    let name = ctx.name().to_string();
    // ── gap 7: a slot for each start
    // TODO(7): after a restart of the node, or of this server alone, no view may be lost that another
    // living node knew of, and none that comes after it. This must hold also if the others know
    // different amounts, and if there are views before any of them is met.
    // ── end 7
    Slot::new(name)
}

/// Tells the counters of all other nodes what they have to learn of a link.
fn share(code: &Code, news: &Usage, ctx: &Ctx<CountersMsg>) {
    // ── gap 5: tell all the others
    // TODO(5): soon, all who can be reached know of this view (`tell` below sends without waiting);
    // and if they hear of it twice, or of an older one after it, they know the same.
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
// ── end 6

// ── gap 8: functions for comparing
// ── end 8
