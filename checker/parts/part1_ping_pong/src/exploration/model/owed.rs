//! What consumers must know, and from when on: a ping, a meeting or a crash makes them owe a count.

use runtime::net::faults::{Fate, FrameSeen};
use runtime::wire;
use testkit::cluster::{Cluster, Mark};
use testkit::exploration::Fault;
use tokio::time::Instant;

use super::{CONTINUING, Floor, MEETING, State, Table};
use crate::RECOVERY;
use crate::messages::{ASK_TIMEOUT, ConsumerMsg};

impl Table {
    /// A consumer crashes, and recovers what it can reach.
    pub(super) fn consumer_forgets(&self, cluster: &Cluster<'_>, state: &mut State, node: &str) {
        state.shown.remove(node);
        let producers: Vec<String> = state.sent.keys().cloned().collect();
        let mut busy = RECOVERY;
        for of in producers {
            let clean = of == node || state.is_clean(cluster, node, &of);
            // A producer that crashed may have forgotten some of the pings that it sent.
            let last = state.last.get(&of).copied().unwrap_or_default();
            // A producer that crashed as well must continue its count first.
            let (known, due) = match state.known_at_crash.get(&of) {
                Some((known, _)) => (last.min(*known), CONTINUING + RECOVERY),
                None => (last, RECOVERY),
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
                    state.recovering.insert(pair, (last, cluster.mark()));
                }
            }
        }
        state.is_busy(node, busy);
    }

    /// Nodes that met learn each other's counts.
    pub(super) fn notice_meetings(&self, cluster: &Cluster<'_>) {
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
    pub(super) fn notice_reachable_producers(&self, cluster: &Cluster<'_>) {
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
}

impl State {
    /// A consumer must know a count from a moment on.
    pub(super) fn expect(
        &mut self,
        consumer: &str,
        of: &str,
        count: u64,
        due: Instant,
        since: Mark,
    ) {
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
    pub(super) fn reconsider(&mut self, cluster: &Cluster<'_>, fault: &Fault) {
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
}

/// Whether the network lost a ping of a producer to a consumer that told it no more than it owes: a producer may
/// answer a question with a ping of an old number, and nothing makes it repeat that.
pub(super) fn answer_was_lost(
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
