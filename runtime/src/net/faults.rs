//! What can be done to a network on purpose.
//!
//! One table of faults serves the simulated network and the one that the grader puts between real
//! processes. It decides and records; the network carries out. Faults know senders and receivers
//! of frames, not who dialed, and never the contents of a handshake.
//!
//! Two kinds of faults must not be confused. Those on *connections* (partition, blackhole, delay)
//! are what networks do. Those on *single messages* (drop, duplicate, hold) are not: TCP loses
//! nothing in the middle of a connection. They stand for what happens to messages around crashes
//! and reconnects, at the place where a test wants it. That is why they touch casts, calls and
//! answers only, and never the runtime's own frames, which may rely on TCP.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

pub use super::record::{
    ConnectionId, Entry, EntryId, Event, Fate, Fault, FrameSeen, Kind, Record, RuleId,
};
pub use super::rules::{Action, Held, Matching, Order, Pattern, PatternKind, Rule};
use super::sighting::{Calls, Sighting};
use crate::name::NodeName;

/// What the network has to do with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgment {
    /// Whether, and how often, it arrives.
    pub fate: Fate,
    /// How much later than usual. What is sent after it must not overtake it.
    pub delay: Duration,
    /// Its place in the record, for [`FaultTable::delivered`].
    pub entry: EntryId,
}

/// The faults of a network, and the record of what happened on it.
#[derive(Debug)]
pub struct FaultTable {
    random: ChaCha8Rng,
    record: Record,
    connections: u64,
    partitions: BTreeSet<(NodeName, NodeName)>,
    blackholes: BTreeSet<(NodeName, NodeName)>,
    delays: BTreeMap<(NodeName, NodeName), (Duration, Duration)>,
    rules: BTreeMap<RuleId, Tally>,
    next_rule: u64,
    swallowed: BTreeMap<ConnectionId, BTreeSet<(NodeName, NodeName)>>,
    calls: Calls,
}

#[derive(Debug)]
struct Tally {
    rule: Rule,
    seen: usize,
    hits: usize,
}

impl FaultTable {
    /// No faults; whatever is drawn by lot is drawn from `seed`.
    pub fn new(seed: u64) -> Self {
        FaultTable {
            random: ChaCha8Rng::seed_from_u64(seed),
            record: Record::new(),
            connections: 0,
            partitions: BTreeSet::new(),
            blackholes: BTreeSet::new(),
            delays: BTreeMap::new(),
            rules: BTreeMap::new(),
            next_rule: 0,
            swallowed: BTreeMap::new(),
            calls: Calls::default(),
        }
    }

    /// Cuts two nodes off from each other. The network closes the connections between them, so
    /// that both see it at once, and refuses new ones.
    pub fn partition(&mut self, a: &NodeName, b: &NodeName) {
        self.record.fault(Fault::Partition {
            a: a.clone(),
            b: b.clone(),
        });
        self.partitions.insert(unordered(a, b));
    }

    /// Whether two nodes are cut off from each other.
    pub fn is_partitioned(&self, a: &NodeName, b: &NodeName) -> bool {
        !self.partitions.is_empty() && self.partitions.contains(&unordered(a, b))
    }

    /// Makes everything that goes from `from` to `to` vanish silently: frames, and also the
    /// closing of a connection. The other direction still works.
    pub fn blackhole(&mut self, from: &NodeName, to: &NodeName) {
        self.record.fault(Fault::Blackhole {
            from: from.clone(),
            to: to.clone(),
        });
        self.blackholes.insert((from.clone(), to.clone()));
    }

    /// Whether what goes from `from` to `to` vanishes in silence.
    pub fn is_blackhole(&self, from: &NodeName, to: &NodeName) -> bool {
        !self.blackholes.is_empty() && self.blackholes.contains(&(from.clone(), to.clone()))
    }

    /// Whether a partition or a blackhole keeps frames from one of two nodes, in either direction.
    pub fn is_cut(&self, a: &NodeName, b: &NodeName) -> bool {
        self.is_partitioned(a, b) || self.is_blackhole(a, b) || self.is_blackhole(b, a)
    }

    /// The network reports: so many frames that a rule had held go on.
    pub fn released(&mut self, frames: usize) {
        match frames {
            0 => {}
            1 => self.record.note("a held message goes on".to_owned()),
            frames => self.record.note(format!("{frames} held messages go on")),
        }
    }

    /// Delays what goes from `from` to `to`: each frame by `base` and a random part of `jitter`,
    /// in order nevertheless.
    pub fn delay(&mut self, from: &NodeName, to: &NodeName, base: Duration, jitter: Duration) {
        self.record.fault(Fault::Delay {
            from: from.clone(),
            to: to.clone(),
            base,
            jitter,
        });
        self.delays
            .insert((from.clone(), to.clone()), (base, jitter));
    }

    /// Ends partition, blackholes and delays between two nodes. The network must close the
    /// connections returned: they lost bytes, and no TCP connection loses bytes and lives.
    #[must_use]
    pub fn heal(&mut self, a: &NodeName, b: &NodeName) -> Vec<ConnectionId> {
        self.record.fault(Fault::Healed {
            a: a.clone(),
            b: b.clone(),
        });
        self.partitions.remove(&unordered(a, b));
        let directions = [(a.clone(), b.clone()), (b.clone(), a.clone())];
        for direction in &directions {
            self.blackholes.remove(direction);
            self.delays.remove(direction);
        }
        let broken =
            |lost: &BTreeSet<_>| directions.iter().any(|direction| lost.contains(direction));
        self.swallowed
            .extract_if(.., |_, lost| broken(lost))
            .map(|(connection, _)| connection)
            .collect()
    }

    /// Ends all partitions, blackholes and delays; rules stay. The network must close the
    /// connections returned.
    #[must_use]
    pub fn heal_all(&mut self) -> Vec<ConnectionId> {
        self.record.fault(Fault::HealedEverywhere);
        self.partitions.clear();
        self.blackholes.clear();
        self.delays.clear();
        std::mem::take(&mut self.swallowed).into_keys().collect()
    }

    /// Adds a fault on single messages. Older rules come first; a message that one of them acts
    /// on is not seen by younger ones.
    pub fn add_rule(&mut self, rule: Rule) -> RuleId {
        let id = RuleId::new(self.next_rule);
        self.next_rule += 1;
        self.record.note(format!("{id}: {rule:?}"));
        self.rules.insert(
            id,
            Tally {
                rule,
                seen: 0,
                hits: 0,
            },
        );
        id
    }

    /// Ends a rule; what it holds stays held until it is released. Says how often it acted.
    pub fn remove_rule(&mut self, id: RuleId) -> usize {
        let hits = self.rules.remove(&id).map_or(0, |tally| tally.hits);
        self.record.note(format!("{id} ended after {hits} hits"));
        hits
    }

    /// How often a rule has acted.
    pub fn hits(&self, id: RuleId) -> usize {
        self.rules.get(&id).map_or(0, |tally| tally.hits)
    }

    /// What happened so far.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// For notes, and to bound its size.
    pub fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }

    /// The network asks: may `from` connect to `to`? It gets the new connection's name, or `None`
    /// if a partition is between them.
    pub fn open(&mut self, from: &NodeName, to: &NodeName) -> Option<ConnectionId> {
        if self.is_partitioned(from, to) {
            self.record.push(Event::Refused {
                from: from.clone(),
                to: to.clone(),
            });
            return None;
        }
        let connection = ConnectionId(self.connections);
        self.connections += 1;
        self.record.push(Event::Opened {
            connection,
            from: from.clone(),
            to: to.clone(),
        });
        Some(connection)
    }

    /// A name for a connection that no fault touches and no record shows.
    pub fn open_unseen(&mut self) -> ConnectionId {
        self.connections += 1;
        ConnectionId(self.connections - 1)
    }

    /// The network reports: a connection was closed, by a node or (`None`) by the network.
    pub fn closed(&mut self, connection: ConnectionId, by: Option<&NodeName>) {
        self.record.push(Event::Closed {
            connection,
            by: by.cloned(),
        });
    }

    /// The network asks: may `to` learn that `from` closed the connection? If not, the blackhole has
    /// swallowed one more thing.
    pub fn passes_close(
        &mut self,
        connection: ConnectionId,
        from: &NodeName,
        to: &NodeName,
    ) -> bool {
        let lost = self.is_blackhole(from, to);
        if lost {
            self.swallow(connection, from, to);
        }
        !lost
    }

    /// The network asks: what becomes of this frame (without its length prefix)?
    pub fn judge(
        &mut self,
        connection: ConnectionId,
        from: &NodeName,
        to: &NodeName,
        body: &Bytes,
    ) -> Judgment {
        let seen = self.calls.identify(from, to, body);
        let fate = self.decide(connection, from, to, &seen);
        let delay = self.draw_delay(from, to);
        let entry = self.record.push(Event::Frame(FrameSeen {
            connection,
            from: from.clone(),
            to: to.clone(),
            kind: seen.kind,
            server: seen.server,
            message: seen.message,
            call: seen.call,
            clock: seen.clock,
            bytes: body.len(),
            fate,
            delivered_at: None,
        }));
        Judgment { fate, delay, entry }
    }

    /// The network reports: a frame was handed to its receiver.
    pub fn delivered(&mut self, entry: EntryId) {
        self.record.delivered(entry);
    }

    fn decide(
        &mut self,
        connection: ConnectionId,
        from: &NodeName,
        to: &NodeName,
        seen: &Sighting,
    ) -> Fate {
        if self.is_partitioned(from, to) {
            return Fate::Drop;
        }
        if self.is_blackhole(from, to) {
            self.swallow(connection, from, to);
            return Fate::Swallow;
        }
        if seen.is_bookkeeping {
            return Fate::Deliver;
        }
        for (id, tally) in &mut self.rules {
            if !tally.rule.is_about(from, to, seen) {
                continue;
            }
            tally.seen += 1;
            // No number is drawn where no decision depends on it, so that all other draws from the
            // seed stays the same.
            if tally.seen > tally.rule.skip
                && tally.hits < tally.rule.times
                && (tally.rule.chance >= 1.0 || fraction(&mut self.random) < tally.rule.chance)
            {
                tally.hits += 1;
                return match tally.rule.action {
                    Action::Drop => Fate::Drop,
                    Action::Duplicate => Fate::Duplicate,
                    Action::Hold => Fate::Hold(*id),
                };
            }
        }
        Fate::Deliver
    }

    fn draw_delay(&mut self, from: &NodeName, to: &NodeName) -> Duration {
        if self.delays.is_empty() {
            return Duration::ZERO;
        }
        let Some((base, jitter)) = self.delays.get(&(from.clone(), to.clone())) else {
            return Duration::ZERO;
        };
        let span = u64::try_from(jitter.as_micros()).unwrap_or(u64::MAX - 1) + 1;
        *base + Duration::from_micros(self.random.next_u64() % span)
    }

    fn swallow(&mut self, connection: ConnectionId, from: &NodeName, to: &NodeName) {
        self.swallowed
            .entry(connection)
            .or_default()
            .insert((from.clone(), to.clone()));
    }
}

/// A number from 0, and below 1.
fn fraction(random: &mut ChaCha8Rng) -> f64 {
    // As many bits as a float holds exactly.
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

fn unordered(a: &NodeName, b: &NodeName) -> (NodeName, NodeName) {
    if a <= b {
        (a.clone(), b.clone())
    } else {
        (b.clone(), a.clone())
    }
}

#[cfg(test)]
mod tests;
