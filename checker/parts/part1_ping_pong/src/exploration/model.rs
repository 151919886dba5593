//! What each consumer must know, as pings are sent and things break.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runtime::net::faults::{Fate, FrameSeen};
use runtime::wire;
use runtime::{CallError, NodeName};
use testkit::cluster::{Cluster, Explained, Mark, Standing, Unanswered};
use testkit::exploration::{Fault, Model};
use testkit::scenario::{Stop, Story, Told};
use testkit::verdict::Failure;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Do, Level};
use crate::consumers::{listed, shows};
use crate::fact::{Counts, Fact};
use crate::messages::{ASK_TIMEOUT, CONSUMER, ConsumerMsg, Everyone, PRODUCER, ProducerMsg};
use crate::{RECOVERY, TRANSIT};

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

impl MessageRule {
    /// Whether it may still get in between two nodes.
    fn concerns(&self, cluster: &Cluster<'_>, a: &str, b: &str) -> bool {
        if ordered(&self.from, &self.to) != ordered(a, b) {
            return false;
        }
        let came = || {
            let pings = cluster.since(self.since).messages("Ping");
            let pings = pings.from(&self.from).to(&self.to);
            pings.filter(|frame| frame.fate != Fate::Deliver).count()
        };
        self.pings.is_none_or(|times| came() < times)
    }
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

    async fn ping(&self, cluster: &Cluster<'_>, node: &str) -> Told {
        if cluster.standing(node) != Some(Standing::Running) {
            return Ok(());
        }
        let Ok(connected) = cluster.list(node).await else {
            return Ok(());
        };
        let (mark, begun) = (cluster.mark(), Instant::now());
        *self
            .state
            .borrow_mut()
            .attempts
            .entry(node.to_owned())
            .or_default() += 1;
        let is_asking = self
            .state
            .borrow()
            .asking
            .get(node)
            .is_some_and(|asking| *asking > 0);
        let answered = match self.level.producers_continue {
            true => CONTINUING,
            // A producer may wait in a handler, as long as it answers in time.
            false if is_asking => ASK_TIMEOUT + TRANSIT_WHEN_BUSY,
            false => cluster.context().limit(TRANSIT, TRANSIT_WHEN_BUSY),
        };
        let asked = cluster
            .call_within(answered, node, &PRODUCER, ProducerMsg::SendPing)
            .await;
        let number: u64 = match asked {
            Ok(number) => number,
            Err(unanswered) => {
                return self.unanswered(
                    node,
                    begun,
                    unanswered,
                    &Fact::SendPingUnanswered {
                        node: node.to_owned(),
                    },
                );
            }
        };
        let mut state = self.state.borrow_mut();
        let undisturbed = state.touched.get(node).is_none_or(|at| *at < begun);
        let highest = state.attempts.get(node).copied().unwrap_or_default();
        let last = state.last.get(node).copied();
        let known = state.known_at_crash.get(node).map(|(known, _)| *known);
        let least = known.or(last).map_or(1, |known| known + 1);
        let wanted = match self.level.producers_continue {
            true => least..=highest,
            // Two pings may be on their way at once.
            false => state.sent.get(node).map_or(1, |sent| sent + 1)..=highest,
        };
        if undisturbed && !wanted.contains(&number) {
            return Err(self
                .wrong_number(cluster, node, number, *wanted.start(), highest)
                .into());
        }
        let sent = state.sent.entry(node.to_owned()).or_default();
        *sent = number.max(*sent);
        state.last.insert(node.to_owned(), number);
        if undisturbed {
            state.known_at_crash.remove(node);
        }
        for consumer in cluster.running() {
            if state.reaches(
                cluster, self.level, &connected, node, &consumer, number, mark, begun,
            ) {
                let late = state
                    .delays
                    .get(&(node.to_owned(), consumer.clone()))
                    .copied();
                let transit = cluster.context().limit(TRANSIT, TRANSIT_WHEN_BUSY);
                let due = Instant::now() + transit + late.unwrap_or_default();
                state.expect(&consumer, node, number, due, cluster.mark());
            }
        }
        Ok(())
    }

    fn wrong_number(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        number: u64,
        least: u64,
        most: u64,
    ) -> Failure {
        let expected = match least == most {
            true => format!("it is ping number {least}"),
            false => format!("its number is between {least} and {most}"),
        };
        let why = match self.level.producers_continue {
            true => {
                "A ping with a number that a consumer has seen is ignored there: the producer must continue after the highest count that it can learn."
            }
            false => {
                "The caller and every consumer tell pings apart by their numbers: 1, 2, 3, and so on."
            }
        };
        cluster
            .failed(
                format!("{node}'s producer answered SendPing with {number}"),
                expected,
            )
            .node(node)
            .fact(&Fact::PingNumber {
                node: node.to_owned(),
                answer: number,
                wanted: least,
            })
            .because(why)
    }

    /// What it means that a server gave no answer: nothing, if something was done to its node meanwhile.
    fn unanswered(&self, node: &str, begun: Instant, unanswered: Unanswered, fact: &Fact) -> Told {
        let margin = if self.level.producers_continue {
            CONTINUING
        } else {
            TRANSIT
        };
        let touched = self
            .state
            .borrow()
            .touched
            .get(node)
            .is_some_and(|at| *at + margin >= begun);
        let lasting = matches!(
            unanswered.error,
            CallError::NotUnderstood(_) | CallError::BadAnswer(_)
        );
        let stop = Stop::from(unanswered);
        match stop {
            Stop::NotWritten(_) | Stop::Fault(_) => Err(stop),
            _ if touched && !lasting => Ok(()),
            stop => Err(stop).fact(fact),
        }
    }

    async fn ask(&self, cluster: &Cluster<'_>, node: &str) -> Told {
        if cluster.standing(node) != Some(Standing::Running) {
            return Ok(());
        }
        let (mark, begun) = (cluster.mark(), Instant::now());
        let Ok(connected) = cluster.list(node).await else {
            return Ok(());
        };
        // Something may be done to the node while the others are looked at.
        let before = self.totals(cluster).await?;
        let limit = cluster
            .context()
            .limit(ASK_TIMEOUT + TRANSIT, 2 * ASK_TIMEOUT + TRANSIT_WHEN_BUSY);
        *self
            .state
            .borrow_mut()
            .asking
            .entry(node.to_owned())
            .or_default() += 1;
        // A node that goes once the question has arrived is in the answer, too.
        let arrived = async {
            sleep(TRANSIT).await;
            cluster.list(node).await
        };
        let answered = async {
            let question = ProducerMsg::AskEveryone;
            cluster.call_within(limit, node, &PRODUCER, question).await
        };
        let (asked, connected_then) = tokio::join!(answered, arrived);
        *self
            .state
            .borrow_mut()
            .asking
            .entry(node.to_owned())
            .or_default() -= 1;
        let everyone: Everyone = match asked {
            Ok(everyone) => everyone,
            Err(unanswered) => {
                return self.unanswered(
                    node,
                    begun,
                    unanswered,
                    &Fact::EveryoneLate {
                        asker: node.to_owned(),
                    },
                );
            }
        };
        let after = self.totals(cluster).await?;
        let Ok(still_connected) = connected_then else {
            return Ok(());
        };
        let met: BTreeSet<(String, String)> = cluster.opened_since(mark).into_iter().collect();
        let state = self.state.borrow();
        let is_untouched = |node: &str| {
            state
                .touched
                .get(node)
                .is_none_or(|at| *at < begun - TRANSIT)
        };
        if !is_untouched(node) {
            return Ok(());
        }
        let short = |name: &NodeName| name.short().to_owned();
        let totals: BTreeMap<String, u64> = everyone
            .totals
            .iter()
            .map(|(name, total)| (short(name), *total))
            .collect();
        let failed: BTreeMap<String, String> = everyone
            .failed
            .iter()
            .map(|(name, why)| (short(name), why.clone()))
            .collect();
        let wrong = |expected: String, why: &str| {
            let answer = format!(
                "the answer of {node} has the totals {} and the failures {:?}",
                listed(&totals),
                failed.keys().collect::<Vec<_>>()
            );
            let fact = Fact::Everyone {
                asker: node.to_owned(),
                totals: totals.clone(),
                failed: failed.clone(),
            };
            Err(Stop::from(
                cluster
                    .failed(answer, expected)
                    .node(node)
                    .fact(&fact)
                    .because(why),
            ))
        };
        const WHOLE: &str =
            "A caller that is not told which totals are missing takes a part for the whole.";
        for other in totals.keys().chain(failed.keys()) {
            if !cluster.everyone().contains(other) {
                return wrong(
                    format!("only nodes of the cluster are in the answer, and {other} is not one"),
                    WHOLE,
                );
            }
        }
        let asked: Vec<&String> = connected
            .iter()
            .filter(|other| still_connected.contains(*other))
            .collect();
        for other in asked.into_iter().map(String::as_str).chain([node]) {
            let (in_totals, in_failed) = (totals.get(other), failed.contains_key(other));
            if met.contains(&ordered(node, other)) {
                continue;
            }
            if in_totals.is_some() == in_failed {
                return wrong(
                    format!("{other} is in the answer once: with its total, or as failed"),
                    WHOLE,
                );
            }
            let quiet = other == node || state.is_quiet(cluster, node, other, begun);
            if quiet && in_totals.is_none() {
                return wrong(
                    format!("{other} is running and reachable, so the answer has its total"),
                    "No fault lay between the two nodes while the question was in transit.",
                );
            }
            if let (Some(total), Some(least), Some(most)) =
                (in_totals, before.get(other), after.get(other))
                && is_untouched(other)
                && !(*least..=*most).contains(total)
            {
                return wrong(
                    format!(
                        "the total of {other} is the one that it has, between {least} and {most}"
                    ),
                    "A total is the sum of the counts at the moment when the consumer answers.",
                );
            }
        }
        for other in cluster.everyone() {
            let silent = matches!(
                cluster.standing(&other),
                Some(Standing::Paused | Standing::Killed)
            );
            if silent && is_untouched(&other) && totals.contains_key(&other) {
                return wrong(
                    format!("{other} is silent, so the answer has no total for it"),
                    "A total that a node did not give is a guess.",
                );
            }
        }
        Ok(())
    }

    /// The totals of the consumers that answer at once.
    async fn totals(&self, cluster: &Cluster<'_>) -> Result<BTreeMap<String, u64>, Stop> {
        let mut totals = BTreeMap::new();
        for node in cluster.running() {
            let asked = cluster
                .call_within(TRANSIT, &node, &CONSUMER, ConsumerMsg::TotalPings)
                .await;
            match asked {
                Ok(total) => drop(totals.insert(node, total)),
                Err(unanswered) => not_written(unanswered)?,
            }
        }
        Ok(totals)
    }

    /// What consumers show is neither invented nor forgotten.
    async fn compare(&self, cluster: &Cluster<'_>) -> Told {
        self.notice_meetings(cluster);
        self.notice_reachable_producers(cluster);
        self.stay_disconnected(cluster).await?;
        for node in cluster.running() {
            let busy = self
                .state
                .borrow()
                .busy_until
                .get(&node)
                .is_some_and(|until| Instant::now() < *until);
            if busy {
                continue;
            }
            let begun = Instant::now();
            let asked = cluster
                .call_within(TRANSIT, &node, &CONSUMER, ConsumerMsg::Counts)
                .await;
            let seen: BTreeMap<NodeName, u64> = match asked {
                Ok(seen) => seen,
                Err(unanswered) => {
                    not_written(unanswered)?;
                    continue;
                }
            };
            let seen: Counts = seen
                .iter()
                .filter(|(_, count)| **count > 0)
                .map(|(name, count)| (name.short().to_owned(), *count))
                .collect();
            self.judge(cluster, &node, seen, begun)?;
        }
        Ok(())
    }

    /// Nodes that were disconnected on purpose stay so.
    async fn stay_disconnected(&self, cluster: &Cluster<'_>) -> Told {
        let pairs = self.state.borrow().disconnected.clone();
        for ((node, other), was_seen) in pairs {
            if cluster.standing(&node) != Some(Standing::Running) {
                continue;
            }
            let Ok(connected) = cluster.list(&node).await else {
                continue;
            };
            if !connected.contains(&other) {
                let mut state = self.state.borrow_mut();
                state
                    .disconnected
                    .entry((node, other))
                    .and_modify(|seen| *seen = true);
            } else if was_seen {
                let failure = cluster.failed(
                    format!("{node} is connected to {other} again"),
                    format!("{node} was disconnected from {other} on purpose, and stays so"),
                );
                return Err(failure
                    .node(&node)
                    .because("A message to a node by its name connects to it. A ping goes to the connected nodes only.")
                    .into());
            }
        }
        Ok(())
    }

    fn judge(&self, cluster: &Cluster<'_>, node: &str, seen: Counts, looked: Instant) -> Told {
        let mut state = self.state.borrow_mut();
        let fails = |of: &str, wanted: u64, expected: String, why: &str| {
            let fact = Fact::Counts {
                node: node.to_owned(),
                seen: seen.clone(),
                wanted: Counts::from([(of.to_owned(), wanted)]),
            };
            let shows = format!("{node}'s consumer shows {}", listed(&seen));
            Err(Stop::from(
                cluster
                    .failed_at(node, shows, expected)
                    .node(node)
                    .fact(&fact)
                    .because(why),
            ))
        };
        for (of, count) in &seen {
            let most = state.attempts.get(of).copied().unwrap_or_default();
            if *count > most {
                return fails(
                    of,
                    most,
                    format!("{of} sent {most} pings, so no consumer shows more for it"),
                    "A count is the number of the latest ping, and no ping has a higher number than there were pings.",
                );
            }
        }
        for (of, before) in state.shown.get(node).cloned().unwrap_or_default() {
            let now = seen.get(&of).copied().unwrap_or_default();
            if now < before {
                return fails(
                    &of,
                    before,
                    format!("it showed {before} for {of} before, and a count never falls"),
                    "An older message does not overwrite a newer one, in whatever order they arrive, and a consumer that did not crash forgets nothing.",
                );
            }
        }
        let producers: Vec<String> = state.attempts.keys().cloned().collect();
        for of in producers {
            let floor = state
                .floors
                .entry((node.to_owned(), of.clone()))
                .or_default();
            if let Some((count, due)) = floor.pending
                && due <= looked
            {
                if !answer_was_lost(cluster, (&of, node), count, floor.since) {
                    floor.sure = floor.sure.max(count);
                }
                floor.pending = None;
            }
            let (sure, count) = (floor.sure, seen.get(&of).copied().unwrap_or_default());
            if count < sure {
                return fails(
                    &of,
                    sure,
                    format!(
                        "it shows at least {sure} for {of}: by now it must know {of}'s ping {sure}"
                    ),
                    "No fault between the two nodes could have kept it from knowing.",
                );
            }
        }
        state.shown.insert(node.to_owned(), seen);
        Ok(())
    }

    /// Nodes that met learn each other's counts.
    fn notice_meetings(&self, cluster: &Cluster<'_>) {
        let mut state = self.state.borrow_mut();
        // The nodes were connected when the story began.
        let read = state.read.replace(cluster.mark());
        let met = read.map_or_else(Vec::new, |read| cluster.opened_since(read));
        for (a, b) in met {
            for (node, of) in [(&a, &b), (&b, &a)] {
                let quiet = state.is_clean(cluster, node, of);
                let recovery = if quiet { RECOVERY } else { state.recovery };
                state.is_busy(node, recovery);
                if self.level.meetings && quiet {
                    let sent = state.sent.get(of).copied().unwrap_or_default();
                    state.expect(
                        node,
                        of,
                        sent,
                        Instant::now() + MEETING,
                        read.unwrap_or_default(),
                    );
                }
            }
        }
    }

    /// A producer that answers again is in reach of the consumers that crashed meanwhile.
    fn notice_reachable_producers(&self, cluster: &Cluster<'_>) {
        let mut state = self.state.borrow_mut();
        for ((node, of), (sent, since)) in state.recovering.clone() {
            if state.is_clean(cluster, &node, &of) {
                let late = state.late_between(&node, &of);
                // The question that nothing answered may have to time out first.
                let due = Instant::now() + RECOVERY + ASK_TIMEOUT + late;
                state.expect(&node, &of, sent, due, since);
                state.recovering.remove(&(node, of));
            }
        }
    }

    /// Each consumer of the cluster shows these counts within a time.
    async fn all_show(
        &self,
        cluster: &Cluster<'_>,
        pairs: &BTreeSet<(String, String)>,
        expected: &str,
        why: &str,
    ) -> Told {
        let sent = self.state.borrow().last.clone();
        let told = cluster
            .eventually(MEETING, expected, async || {
                for node in cluster.running() {
                    let seen = shows(cluster, &node).await?;
                    for (of, wanted) in &sent {
                        let count = seen.get(of).copied().unwrap_or_default();
                        if pairs.contains(&(node.clone(), of.clone())) && count < *wanted {
                            let fact = Fact::Counts {
                                node: node.clone(),
                                seen: seen.clone(),
                                wanted: Counts::from([(of.clone(), *wanted)]),
                            };
                            let text = format!(
                                "{node}'s consumer shows {}, where {of} has sent {wanted}",
                                listed(&seen)
                            );
                            return Err(testkit::cluster::Unmet::at(&node, text).fact(&fact));
                        }
                    }
                }
                Ok(())
            })
            .await;
        told.because(why)
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

impl Table {
    /// A consumer crashes, and recovers what it can reach.
    fn consumer_forgets(&self, cluster: &Cluster<'_>, state: &mut State, node: &str) {
        state.shown.remove(node);
        let producers: Vec<String> = state.sent.keys().cloned().collect();
        let mut busy = RECOVERY;
        for of in producers {
            let clean = of == node || state.is_clean(cluster, node, &of);
            let sent = state.sent.get(&of).copied().unwrap_or_default();
            // A producer that crashed as well must continue its count first.
            let (known, due) = match state.known_at_crash.get(&of) {
                Some((known, _)) => (sent.min(*known), CONTINUING + RECOVERY),
                None => (sent, RECOVERY),
            };
            let floor = Floor {
                sure: 0,
                pending: clean.then_some((known, Instant::now() + due)),
                since: cluster.mark(),
            };
            let pair = (node.to_owned(), of);
            state.floors.insert(pair.clone(), floor);
            if !clean {
                busy = state.recovery;
                // Where nodes meet again, what they must know then follows from that.
                let may_ask = self.level.consumers_recover && !self.level.meetings;
                if may_ask && !state.is_ruled(cluster, &pair.0, &pair.1) {
                    state.recovering.insert(pair, (sent, cluster.mark()));
                }
            }
        }
        state.is_busy(node, busy);
    }
}

impl State {
    /// Something gets in between two nodes.
    fn disturb(&mut self, a: &str, b: &str) {
        self.unsettle(a, b);
        self.disturbed.insert(ordered(a, b));
    }

    /// What was about to be known may not be.
    fn unsettle(&mut self, a: &str, b: &str) {
        let now = Instant::now();
        self.touched_pairs.insert(ordered(a, b), now);
        for (node, of) in [(a, b), (b, a)] {
            if let Some(floor) = self.floors.get_mut(&(node.to_owned(), of.to_owned())) {
                floor.pending = None;
            }
            // Its recovery may wait for an answer that does not come.
            if self.busy_until.get(node).is_some_and(|until| now < *until) {
                self.is_busy(node, self.recovery);
            }
        }
    }

    fn mend(&mut self, a: &str, b: &str) {
        self.touched_pairs.insert(ordered(a, b), Instant::now());
        self.disturbed.remove(&ordered(a, b));
    }

    /// Something is done to a node, and to its producer as well or not.
    fn touch(&mut self, node: &str, producer: bool) {
        let now = Instant::now();
        self.touched.insert(node.to_owned(), now);
        for ((consumer, of), floor) in &mut self.floors {
            if consumer == node || producer && of == node {
                floor.pending = None;
            }
        }
        for (_, until) in self
            .busy_until
            .iter_mut()
            .filter(|(_, until)| now < **until)
        {
            *until = now + self.recovery;
        }
        self.is_busy(node, TRANSIT);
    }

    fn is_busy(&mut self, node: &str, time: Duration) {
        let until = self
            .busy_until
            .entry(node.to_owned())
            .or_insert_with(Instant::now);
        *until = (Instant::now() + time).max(*until);
    }

    /// Whether two nodes run, and nothing was put between them.
    fn is_clean(&self, cluster: &Cluster<'_>, a: &str, b: &str) -> bool {
        let runs = |node| cluster.standing(node) == Some(Standing::Running);
        let is_free = || !self.disturbed.contains(&ordered(a, b));
        runs(a) && runs(b) && is_free() && !self.is_ruled(cluster, a, b)
    }

    /// Whether something may still happen to single messages between two nodes.
    fn is_ruled(&self, cluster: &Cluster<'_>, a: &str, b: &str) -> bool {
        self.rules.iter().any(|rule| rule.concerns(cluster, a, b))
    }

    /// The same, also some time before a moment and ever since.
    fn is_quiet(&self, cluster: &Cluster<'_>, a: &str, b: &str, since: Instant) -> bool {
        let late = self.late_between(a, b);
        let untouched = |at: Option<&Instant>| at.is_none_or(|at| *at + TRANSIT + late < since);
        self.is_clean(cluster, a, b)
            && untouched(self.touched.get(a))
            && untouched(self.touched.get(b))
            && untouched(self.touched_pairs.get(&ordered(a, b)))
    }

    /// By how much a question and its answer may be late.
    fn late_between(&self, a: &str, b: &str) -> Duration {
        let late = |from: &str, to: &str| self.delays.get(&(from.to_owned(), to.to_owned()));
        [late(a, b), late(b, a)].into_iter().flatten().sum()
    }

    /// A consumer must know a count from a moment on.
    fn expect(&mut self, consumer: &str, of: &str, count: u64, due: Instant, since: Mark) {
        let floor = self
            .floors
            .entry((consumer.to_owned(), of.to_owned()))
            .or_default();
        floor.since = since;
        floor.pending = Some(match floor.pending {
            Some((other, at)) => (count.max(other), due.max(at)),
            None => (count, due),
        });
    }

    /// A fault may keep a producer that crashed from what consumers know of its count.
    fn reconsider(&mut self, cluster: &Cluster<'_>, fault: &Fault) {
        let now = Instant::now();
        if let Fault::Crash { node, servers } = fault
            && servers.iter().any(|server| server == "producer")
        {
            let never = self
                .known_at_crash
                .get(node)
                .map_or(u64::MAX, |(known, _)| *known);
            self.known_at_crash.insert(node.clone(), (never, now));
        }
        let pausing = match fault {
            Fault::Pause { node } => Some(node.as_str()),
            _ => None,
        };
        let producers: Vec<String> = self.known_at_crash.keys().cloned().collect();
        for producer in producers {
            let known = self.known_in_reach(cluster, &producer, pausing);
            if let Some((least, crashed)) = self.known_at_crash.get_mut(&producer)
                && *crashed + CONTINUING > now
            {
                *least = known.min(*least);
            }
        }
    }

    /// The highest count of a producer that a consumer which can be reached must know; a node that is
    /// about to be paused cannot.
    fn known_in_reach(&self, cluster: &Cluster<'_>, producer: &str, pausing: Option<&str>) -> u64 {
        let in_reach = |node: &String| {
            node == producer
                || Some(node.as_str()) != pausing && self.is_clean(cluster, node, producer)
        };
        let floors = self
            .floors
            .iter()
            .filter(|((consumer, of), _)| of == producer && in_reach(consumer));
        floors
            .map(|(_, floor)| floor.sure)
            .max()
            .unwrap_or_default()
    }

    /// Whether a ping that was just sent gets to a consumer.
    #[expect(
        clippy::too_many_arguments,
        reason = "the ping, and what was known before it was sent"
    )]
    fn reaches(
        &self,
        cluster: &Cluster<'_>,
        level: Level,
        connected: &BTreeSet<String>,
        from: &str,
        to: &str,
        number: u64,
        mark: Mark,
        begun: Instant,
    ) -> bool {
        // A supervisor that restarts two servers begins with the producer, which may take its time.
        let settled = if level.producers_continue {
            CONTINUING
        } else {
            TRANSIT
        };
        let untouched = |node: &str| {
            self.touched
                .get(node)
                .is_none_or(|at| *at + settled < begun)
        };
        if !untouched(to) || !untouched(from) && !level.producers_continue {
            return false;
        }
        if from == to {
            return true;
        }
        if !connected.contains(to)
            || self
                .touched_pairs
                .get(&ordered(from, to))
                .is_some_and(|at| *at + TRANSIT >= begun)
        {
            return false;
        }
        // The ping may have been the last one that a rule waited for.
        let is_ruled = |rule: &MessageRule| ordered(&rule.from, &rule.to) == ordered(from, to);
        if self.is_clean(cluster, from, to) && !self.rules.iter().any(is_ruled) {
            return true;
        }
        let passed = |frame: &FrameSeen| {
            matches!(frame.fate, Fate::Deliver | Fate::Duplicate)
                && cluster
                    .payload(frame)
                    .is_some_and(|payload| is_ping(&payload, number))
        };
        !cluster.is_cut(from, to)
            && !cluster
                .since(mark)
                .from(from)
                .to(to)
                .messages("Ping")
                .filter(passed)
                .is_empty()
    }
}

/// Whether the network lost a ping of a producer to a consumer that told it no more than it owes: a producer may
/// answer a question with a ping of an old number, and nothing makes it repeat that.
fn answer_was_lost(
    cluster: &Cluster<'_>,
    (from, to): (&str, &str),
    count: u64,
    since: Mark,
) -> bool {
    let told = |frame: &FrameSeen| {
        let payload = cluster.payload(frame)?;
        match wire::decode::<ConsumerMsg>(&payload) {
            Ok(ConsumerMsg::Ping { count, .. }) => Some(count),
            _ => None,
        }
    };
    let pings = cluster.since(since).messages("Ping").from(from).to(to);
    let lost = pings.filter(|frame| {
        frame.fate != Fate::Deliver && told(frame).is_some_and(|told| told <= count)
    });
    !lost.is_empty()
}

fn is_ping(payload: &[u8], number: u64) -> bool {
    matches!(wire::decode::<ConsumerMsg>(payload), Ok(ConsumerMsg::Ping { count, .. }) if count == number)
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
