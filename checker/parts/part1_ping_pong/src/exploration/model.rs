//! What each consumer must know, as pings are sent and things break.

mod disturbances;
mod everyone;
mod owed;
mod pings;
mod shown;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use testkit::cluster::{Cluster, Mark, Standing, Unanswered};
use testkit::exploration::{Fault, Model};
use testkit::scenario::{Stop, Story, Told};
use tokio::time::{Instant, sleep, sleep_until};

use super::{Do, Level};
use crate::RECOVERY;
use crate::fact::Counts;

/// What [`TRANSIT`] is on processes of a busy machine.
const TRANSIT_WHEN_BUSY: Duration = Duration::from_secs(3);

/// How long a consumer may wait for nodes that it met and that do not answer.
const BUSY: Duration = Duration::from_secs(20);

/// How long a producer may take to answer while it continues its count.
const CONTINUING: Duration = Duration::from_secs(10);

/// How long nodes that met may take to exchange their counts.
const MEETING: Duration = Duration::from_secs(8);

/// The model: it hears of everything that the story does.
pub(super) struct Table {
    level: Level,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// How many pings each producer was asked to send.
    attempts: BTreeMap<String, u64>,
    /// The number of the last ping whose sender was told it.
    sent: BTreeMap<String, u64>,
    /// The number of its last ping: a lower one, if the producer forgot its count.
    last: BTreeMap<String, u64>,
    /// What a producer can learn of its count since it crashed, and when it did.
    known_at_crash: BTreeMap<String, (u64, Instant)>,
    /// How many questions to everyone each producer is at.
    asking: BTreeMap<String, u64>,
    /// What a consumer must know of a producer.
    floors: BTreeMap<(String, String), Floor>,
    /// Consumers that crashed while something was between them and a producer, each with that producer
    /// and its count then, and when that was.
    recovering: BTreeMap<(String, String), (u64, Mark)>,
    /// What a consumer showed last.
    shown: BTreeMap<String, Counts>,
    /// Pairs that the network keeps apart, or whose messages it delays.
    disturbed: BTreeSet<(String, String)>,
    /// What happens to single messages.
    rules: Vec<MessageRule>,
    /// By how much messages from a node to another are late, or were: what follows them does not overtake
    /// them.
    delays: BTreeMap<(String, String), Duration>,
    /// Pairs that were disconnected on purpose, and whether that was seen.
    disconnected: BTreeMap<(String, String), bool>,
    /// When something was last done to a node or its servers, and to a pair.
    touched: BTreeMap<String, Instant>,
    touched_pairs: BTreeMap<(String, String), Instant>,
    /// Until when a consumer may be busy.
    busy_until: BTreeMap<String, Instant>,
    /// How long a consumer may be busy with a recovery in which some node does not answer.
    recovery: Duration,
    /// How far the record was read for new connections.
    read: Option<Mark>,
}

/// Something that happens to the next pings of a node to another, or to other messages between them.
struct MessageRule {
    from: String,
    to: String,
    /// How many pings it waits for; other messages may be waited for.
    pings: Option<usize>,
    since: Mark,
}

/// What a consumer must know of a producer.
#[derive(Debug, Clone, Copy, Default)]
struct Floor {
    /// This count, or a higher one.
    sure: u64,
    /// From a moment on, this one, if nothing gets in between.
    pending: Option<(u64, Instant)>,
    /// When the consumer began to owe that.
    since: Mark,
}

impl Table {
    pub(super) fn of(level: Level) -> Table {
        let recovery = if level.meetings { BUSY } else { RECOVERY };
        Table {
            level,
            state: RefCell::new(State {
                recovery,
                ..State::default()
            }),
        }
    }
}

impl Model for Table {
    type Operation = Do;

    fn perform<'a>(&'a self, cluster: &'a Cluster<'_>, operation: &'a Do) -> Story<'a> {
        Box::pin(async move {
            match operation {
                Do::Ping(node) => self.ping(cluster, node).await,
                Do::PingMany { node, count } => {
                    for _ in 0..*count {
                        self.ping(cluster, node).await?;
                    }
                    Ok(())
                }
                Do::Ask(node) => self.ask(cluster, node).await,
            }
        })
    }

    fn broken(&self, cluster: &Cluster<'_>, fault: &Fault) {
        let mut state = self.state.borrow_mut();
        // The node whose consumer forgets.
        let mut forgetful = None;
        match fault {
            Fault::Partition { a, b } => state.disturb(a, b),
            Fault::Blackhole { from, to } => state.disturb(from, to),
            Fault::Delay { from, to, ms } => {
                let late = Duration::from_millis(*ms);
                state.delays.insert((from.clone(), to.clone()), late);
                state.disturb(from, to);
            }
            Fault::Message {
                from,
                to,
                message,
                answer,
                times,
                ..
            } => {
                state.unsettle(from, to);
                // What answers a question may be a ping.
                state
                    .recovering
                    .retain(|(node, of), _| ordered(node, of) != ordered(from, to));
                let is_ping = !answer && message.as_deref() == Some("Ping");
                state.rules.push(MessageRule {
                    from: from.clone(),
                    to: to.clone(),
                    pings: is_ping.then_some(*times),
                    since: cluster.mark(),
                });
            }
            Fault::Disconnect { node, from } => {
                state.disturb(node, from);
                state.disconnected.insert(ordered(node, from), false);
            }
            Fault::Heal { a, b } => state.mend(a, b),
            Fault::HealAll => {
                for (a, b) in state.disturbed.clone() {
                    state.mend(&a, &b);
                }
            }
            Fault::Release => {}
            Fault::Crash { node, servers } => {
                let is_producer_among = servers.iter().any(|server| server == "producer");
                state.touch(node, is_producer_among);
                if servers.iter().any(|server| server == "consumer")
                    && cluster.standing(node) == Some(Standing::Running)
                {
                    state.floors.retain(|(consumer, _), _| consumer != node);
                    forgetful = Some(node);
                }
            }
            Fault::Kill { node } | Fault::Start { node } => {
                state.touch(node, true);
                if cluster.standing(node) != Some(Standing::Running)
                    || matches!(fault, Fault::Kill { .. })
                {
                    state.shown.remove(node);
                    state.floors.retain(|(consumer, _), _| consumer != node);
                    let recovery = state.recovery;
                    state.is_busy(node, recovery);
                }
            }
            Fault::Pause { node } | Fault::Resume { node } => state.touch(node, true),
            Fault::Connect { node, to } => {
                state.mend(node, to);
                state.disconnected.remove(&ordered(node, to));
            }
            Fault::Cast { .. } | Fault::Store { .. } => {}
        }
        if self.level.producers_continue {
            state.reconsider(cluster, fault);
        }
        if let Some(node) = forgetful {
            self.consumer_forgets(cluster, &mut state, node);
        }
    }

    fn mending(&self, _: &Cluster<'_>) {
        self.state.borrow_mut().disconnected.clear();
    }

    fn look<'a>(&'a self, cluster: &'a Cluster<'_>) -> Story<'a> {
        Box::pin(self.compare(cluster))
    }

    fn conclude<'a>(&'a self, cluster: &'a Cluster<'_>, mended: Mark) -> Story<'a> {
        Box::pin(async move {
            {
                let mut state = self.state.borrow_mut();
                state.disturbed.clear();
                state.rules.clear();
                state.delays.clear();
            }
            if self.level.meetings {
                // Where single messages are lost, only nodes that meet learn what they missed.
                let met: BTreeSet<(String, String)> =
                    cluster.opened_since(mended).into_iter().collect();
                let mut pairs = pairs_of(&cluster.running());
                pairs.retain(|(node, of)| {
                    !self.level.consumers_recover || met.contains(&ordered(node, of))
                });
                let why = "Messages that are sent while two nodes are not connected are lost. When they meet, each must assume that it has missed something.";
                self.all_show(
                    cluster,
                    &pairs,
                    "nodes that met know each other's counts, without a new ping",
                    why,
                )
                .await?;
            }
            if self.level.producers_continue {
                sleep(CONTINUING).await;
            }
            self.notice_reachable_producers(cluster);
            // What is about to be known is known then, without another ping.
            let due = self
                .state
                .borrow()
                .floors
                .values()
                .filter_map(|floor| Some(floor.pending?.1))
                .max();
            sleep_until(due.unwrap_or_else(Instant::now)).await;
            self.state.borrow_mut().busy_until.clear();
            self.compare(cluster).await?;
            let senders: Vec<String> = self.state.borrow().attempts.keys().cloned().collect();
            for node in senders {
                cluster.step(format!("{node} sends a last ping."));
                self.ping(cluster, &node).await?;
            }
            self.all_show(
                cluster,
                &pairs_of(&cluster.running()),
                "every consumer has the last ping of every producer",
                "No fault remains between the nodes, so each ping reaches each consumer.",
            )
            .await?;
            self.state.borrow_mut().busy_until.clear();
            self.compare(cluster).await
        })
    }
}

/// Passes on that the code came to a gap; anything else that is not answered is no news here.
fn not_written(unanswered: Unanswered) -> Told {
    match Stop::from(unanswered) {
        stop @ Stop::NotWritten(_) => Err(stop),
        _ => Ok(()),
    }
}

/// Each node with each, itself included.
fn pairs_of(nodes: &[String]) -> BTreeSet<(String, String)> {
    nodes
        .iter()
        .flat_map(|node| nodes.iter().map(move |of| (node.clone(), of.clone())))
        .collect()
}

fn ordered(a: &str, b: &str) -> (String, String) {
    let (first, second) = if a <= b { (a, b) } else { (b, a) };
    (first.to_owned(), second.to_owned())
}
