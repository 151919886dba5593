//! The network between the nodes of a cluster, as scenarios break it and the checker reads it.
//!
//! There are two: the [switchboard](crate::switchboard), through which real processes talk, and
//! the network in memory of a [simulation](crate::simulation). Both judge frames by the same table
//! of faults, write the same record, and keep the same [`Books`].

mod payloads;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use runtime::NodeName;
use runtime::net::faults::{FrameSeen, Kind, Order, Record, Rule, RuleId};

pub use payloads::Payloads;

/// How many frames of each end belong to the handshake.
pub(crate) const HANDSHAKE: usize = 2;

/// A network that can be broken, and writes down all that crosses it.
pub trait Network {
    /// Cuts two nodes off from each other: their connections close, and dials are refused.
    fn partition(&self, a: &NodeName, b: &NodeName);
    /// Lets everything vanish in silence that goes from one node to another.
    fn blackhole(&self, from: &NodeName, to: &NodeName);
    /// Delays each frame from one node to another by `base` and a random part of `jitter`.
    fn delay(&self, from: &NodeName, to: &NodeName, base: Duration, jitter: Duration);
    /// Ends partition, blackholes and delays between two nodes, and closes what lost a byte.
    fn heal(&self, a: &NodeName, b: &NodeName);
    /// The same between all nodes; rules stay.
    fn heal_all(&self);
    /// Whether something keeps frames from one of the two from the other.
    fn is_cut(&self, a: &NodeName, b: &NodeName) -> bool;
    /// Adds a fault on single messages.
    fn add_rule(&self, rule: Rule) -> RuleId;
    /// Ends a rule, and says how often it acted. What it holds is lost unless it was released.
    fn remove_rule(&self, rule: RuleId) -> usize;
    /// How often a rule has acted.
    fn hits(&self, rule: RuleId) -> usize;
    /// How many frames a rule holds back.
    fn held(&self, rule: RuleId) -> usize;
    /// Lets go what a rule holds, and says how many frames that were.
    fn release(&self, rule: RuleId, order: &Order) -> usize;
    /// Whether a node of this name can be found.
    fn is_registered(&self, name: &NodeName) -> bool;
    /// How many frames are between the nodes.
    fn in_flight(&self) -> usize;
    /// Writes a line into the record, and says which entry it is.
    fn note(&self, text: &str) -> u64;
    /// Looks at what happened so far: `read` is easier to use.
    fn look(&self, look: &mut dyn FnMut(&Record, &Payloads));
    /// Looks into the books: `books` is easier to use.
    fn open_books(&self, look: &mut dyn FnMut(&mut Books));
}

impl dyn Network + '_ {
    /// What happened so far, and what the last messages said.
    pub fn read<T>(&self, look: impl FnOnce(&Record, &Payloads) -> T) -> T {
        let mut look = Some(look);
        let mut seen = None;
        self.look(&mut |record, payloads| {
            seen = look.take().map(|look| look(record, payloads));
        });
        seen.expect("a network shows its record")
    }

    /// What is known of connections and traffic.
    pub fn books<T>(&self, look: impl FnOnce(&mut Books) -> T) -> T {
        let mut look = Some(look);
        let mut seen = None;
        self.open_books(&mut |books| {
            seen = look.take().map(|look| look(books));
        });
        seen.expect("a network keeps books")
    }
}

/// A connection that was lost although nothing had been done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The node that closed it.
    pub by: NodeName,
    /// The node at the other end.
    pub to: NodeName,
}

/// What a network keeps about its connections and its traffic besides the record.
#[derive(Default)]
pub struct Books {
    pub(crate) payloads: Payloads,
    /// Pairs whose connections may be lost, in order.
    excused: BTreeSet<(NodeName, NodeName)>,
    /// Whether any connection may be lost.
    all_excused: bool,
    losses: Vec<Loss>,
    /// How many frames there were that are not just a sign of life.
    traffic: u64,
    /// The same by sender.
    sent: BTreeMap<NodeName, u64>,
    /// Whether the directory had to refuse a connection.
    is_crowded: bool,
}

impl Books {
    /// From now on the connection between two nodes may be lost: something is done to it.
    pub fn excuse(&mut self, a: &NodeName, b: &NodeName) {
        self.excused.insert(unordered(a, b));
    }

    /// From now on every connection may be lost.
    pub(crate) fn excuse_all(&mut self) {
        self.all_excused = true;
    }

    /// From now on the connection between two nodes may no longer be lost.
    pub fn expect_link(&mut self, a: &NodeName, b: &NodeName) {
        self.excused.remove(&unordered(a, b));
    }

    /// The connections that were lost although they were not excused.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// The same, and forgets them.
    pub fn take_losses(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.losses)
    }

    /// How many frames there were that are not just a sign of life.
    pub fn traffic(&self) -> u64 {
        self.traffic
    }

    /// The directory had to refuse a connection.
    pub(crate) fn crowd(&mut self) {
        self.is_crowded = true;
    }

    /// Whether the directory had to refuse a connection. It has room for many more nodes than a cluster has.
    pub(crate) fn is_crowded(&self) -> bool {
        self.is_crowded
    }

    /// The node that sent the most frames, and how many those were.
    pub fn most_talkative(&self) -> Option<(NodeName, u64)> {
        let most = self.sent.iter().max_by_key(|(_, sent)| **sent)?;
        Some((most.0.clone(), *most.1))
    }

    /// How many frames a node has sent.
    pub(crate) fn sent_by(&self, node: &NodeName) -> u64 {
        self.sent.get(node).copied().unwrap_or_default()
    }

    /// A frame was sent.
    pub(crate) fn frame(&mut self, seen: &FrameSeen, body: &Bytes) {
        match seen.kind {
            Kind::Tick => return,
            Kind::Cast | Kind::Call | Kind::Answer => {
                self.payloads
                    .keep(seen.connection, &seen.from, seen.clock, body);
            }
            _ => {}
        }
        self.traffic += 1;
        *self.sent.entry(seen.from.clone()).or_default() += 1;
    }

    /// A connection was closed by a node.
    pub(crate) fn lost(&mut self, by: &NodeName, to: &NodeName) {
        if !self.all_excused && !self.excused.contains(&unordered(by, to)) {
            self.losses.push(Loss {
                by: by.clone(),
                to: to.clone(),
            });
        }
    }
}

/// A pair of nodes, the same whichever is named first.
fn unordered(a: &NodeName, b: &NodeName) -> (NodeName, NodeName) {
    if a <= b {
        (a.clone(), b.clone())
    } else {
        (b.clone(), a.clone())
    }
}
