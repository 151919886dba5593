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
    // TODO(6): what the server must remember between two meetings, if anything.
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
        // TODO(5): join the group `ALL_COUNTERS`, by which the other nodes find this server.
        // ── end 5
        // ── gap 6: hear of other members
        // TODO(6): watch the group for members that join or come back into reach; see `meet` below.
        // ── end 6
        counters
    }

    async fn handle(&mut self, msg: CountersMsg, ctx: &Ctx<CountersMsg>) {
        match msg {
            CountersMsg::Evaluate(steps, reply) => reply.send(evaluate(&steps)),
            // ── gap 5: news of views
            // TODO(5): handle your messages about views.
            // ── end 5
            // ── gap 6: messages of a meeting
            // TODO(6): handle your messages of a meeting.
            // ── end 6
            CountersMsg::Hold(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            // ── gap 8: comparing
            // TODO(8): handle your messages that compare.
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
        // TODO(8): when both nodes know nearly the same, they must send only what differs. If one
        // of a thousand links was viewed during a netsplit, they must send at most a tenth of what
        // a node that knows nothing gets. Such a node must still get everything.
        // ── end 8
        // ── gap 6: send what is known
        // TODO(6): after this, both nodes must know every view that either node knew, without a new
        // view. This includes views that one of them has from a third node, which may be dead by
        // now. A fourth node, which has met only one of the two, must learn these views too.
        // ── end 6
    }
}

/// The slot in which this start of this server counts.
fn slot(ctx: &Ctx<CountersMsg>) -> Slot {
    let name = ctx.name().to_string();
    // ── gap 7: a slot for each start
    // TODO(7): after a restart of the node, or of this server alone, the nodes must not lose a view that
    // another living node knew, nor any later view. This must also hold when the other nodes
    // know different amounts, and when views come before the first meeting.
    // ── end 7
    Slot::new(name)
}

/// Sends the counters of all other nodes what they have to learn about a link.
fn share(code: &Code, news: &Usage, ctx: &Ctx<CountersMsg>) {
    // ── gap 5: inform the other nodes
    // TODO(5): soon, every node that can be reached must know this view (`send` below does not
    // wait). If a message comes twice, or an older one comes after it, what they know must stay the
    // same.
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
// ── end 6

// ── gap 8: functions for comparing
// ── end 8
