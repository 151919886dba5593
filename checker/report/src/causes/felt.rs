//! Which faults the nodes of a chain felt: what was done to them, connections that closed, calls
//! without an answer, messages that they missed. What nobody of the chain could notice did not lead
//! to what they did.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Cause, Scene, answers, in_words, is_of_story, on_its_way};
use testkit::trace::{Change, Event, Fate, Kind, Message, What};

/// How many faults are chosen at most.
pub(super) const MOST: usize = 6;

/// What a node did that a fault may be behind: it said a message of the chain, or it failed.
struct Effect<'a> {
    node: &'a str,
    at_us: u64,
    /// The message; none for the failure itself.
    said: Option<(usize, &'a Message)>,
}

impl Effect<'_> {
    fn in_words(&self) -> String {
        match self.said {
            Some((_, message)) => format!("before {} sent `{}`", self.node, message.label),
            None => "before the failure".to_owned(),
        }
    }
}

/// A connection between two nodes, and where among the events it was opened and closed.
pub(super) struct Connection<'a> {
    ends: [&'a str; 2],
    opened: usize,
    closed: Option<usize>,
}

impl<'a> Scene<'a> {
    /// The faults that the nodes of a chain felt, and that are not in it; the latest first.
    pub(super) fn felt_in(&self, chain: &BTreeMap<usize, Cause>) -> Vec<Cause> {
        let effects = self.effects(chain);
        let faults = self.felt_by(&effects);
        let others = faults.filter(|fault| !chain.contains_key(&fault.event));
        others.take(MOST).collect()
    }

    /// What the nodes of a chain did: the failure, and then its messages in the order of time.
    fn effects(&self, chain: &BTreeMap<usize, Cause>) -> Vec<Effect<'a>> {
        let failure = self.node.map(|node| Effect {
            node,
            at_us: self.at_us,
            said: None,
        });
        let said = chain.keys().filter_map(|&place| {
            let event = &self.events[place];
            let What::Message(message) = &event.what else {
                return None;
            };
            Some(Effect {
                node: &message.from,
                at_us: event.at_us,
                said: Some((place, &**message)),
            })
        });
        failure.into_iter().chain(said).collect()
    }

    /// The faults that nodes felt before they did something, the latest fault first.
    fn felt_by(&self, effects: &[Effect<'a>]) -> impl Iterator<Item = Cause> {
        self.before().rev().filter_map(|(event, fault)| {
            let later = effects.iter().filter(|effect| effect.at_us > fault.at_us);
            let felt = later.map(|effect| (effect, self.felt(event, effect)));
            let (effect, what) = felt
                .filter_map(|(effect, what)| Some((effect, what?)))
                .next()?;
            Some(Cause {
                event,
                led_to: effect.said.map(|(place, _)| place),
                why: format!("{what} {}.", effect.in_words()),
            })
        })
    }

    /// How a node felt a fault before it did something, if it did.
    fn felt(&self, fault: usize, effect: &Effect<'_>) -> Option<String> {
        let node = effect.node;
        match &self.events[fault].what {
            What::Process {
                node: own, change, ..
            } if own == node => Some(format!("{own} {}", in_words(*change))),
            What::Process {
                node: other,
                change: Change::Killed | Change::Paused,
                ..
            } => self
                .lost_connection(fault, node, other, effect.at_us)
                .or_else(|| self.unanswered(fault, node, other, effect.at_us)),
            What::Partition { a, b } | What::Blackhole { from: a, to: b } => {
                let other = match (a == node, b == node) {
                    (true, _) => b,
                    (_, true) => a,
                    _ => return None,
                };
                self.lost_connection(fault, node, other, effect.at_us)
            }
            What::Message(message) if message.to == node && is_of_story(message) => {
                let is_felt = match message.fate {
                    Fate::Doubled => true,
                    _ => !self.is_made_up_for(fault, message, effect.at_us),
                };
                is_felt.then(|| on_its_way(message)).flatten()
            }
            _ => None,
        }
    }

    /// Whether a message, or a later one of its kind, arrived until a time.
    fn is_made_up_for(&self, place: usize, missed: &Message, until_us: u64) -> bool {
        let later = self.events[place..].iter();
        let mut later = later.take_while(|event| event.at_us <= until_us);
        later.any(|event| match &event.what {
            What::Message(later) => {
                later.delivered_us.is_some_and(|at| at <= until_us)
                    && (&later.from, &later.to) == (&missed.from, &missed.to)
                    && (&later.server, &later.name, later.kind)
                        == (&missed.server, &missed.name, missed.kind)
            }
            _ => false,
        })
    }

    /// Whether a fault closed the connection between two nodes: it was open when the fault began,
    /// and closed while it lasted, until a time.
    fn lost_connection(
        &self,
        fault: usize,
        node: &str,
        other: &str,
        until_us: u64,
    ) -> Option<String> {
        let during = fault..self.end_of(fault);
        let theirs = |one: &&Connection| {
            let [a, b] = one.ends;
            (a == node && b == other) || (a == other && b == node)
        };
        let closed = self.connections.values().filter(theirs).filter_map(|one| {
            let is_in_time = |place: &usize| self.events[*place].at_us <= until_us;
            let closed = one.closed.filter(is_in_time)?;
            (one.opened < fault && during.contains(&closed)).then_some(closed)
        });
        // Nodes that dial each other at the same time have two connections for a moment.
        let is_last = |closed: usize| {
            let mut others = self.connections.values().filter(theirs);
            !others.any(|one| one.opened < closed && one.closed.is_none_or(|at| at > closed))
        };
        let lost = closed.max().is_some_and(is_last);
        lost.then(|| {
            format!(
                "It closed the connection from {node} to {other}, so {node} declared {other} down"
            )
        })
    }

    /// Whether a node asked another while a fault lasted and until a time, and never had an answer.
    fn unanswered(&self, fault: usize, node: &str, other: &str, until_us: u64) -> Option<String> {
        let messages = |places: Range<usize>| {
            let events = self.events[places].iter();
            events.filter_map(|event| match &event.what {
                What::Message(message) => Some((event.at_us, &**message)),
                _ => None,
            })
        };
        let is_answered = |call: &Message| {
            let in_time = |at: u64| at <= self.at_us;
            messages(fault..self.events.len())
                .any(|(_, said)| answers(said, call) && said.delivered_us.is_some_and(in_time))
        };
        let asked = messages(fault..self.end_of(fault)).take_while(|(at_us, _)| *at_us <= until_us);
        let (_, call) = asked
            .filter(|(_, said)| said.kind == Kind::Call && said.from == node && said.to == other)
            .find(|(_, call)| is_of_story(call) && !is_answered(call))?;
        Some(format!(
            "{other} did not answer `{}` from {node}",
            call.label
        ))
    }

    /// The place of what ended a fault; behind all, if nothing did.
    pub(super) fn end_of(&self, fault: usize) -> usize {
        let is_end = |what: &What| match (&self.events[fault].what, what) {
            (
                What::Process { node: own, .. },
                What::Process {
                    node,
                    change: Change::Started | Change::Resumed,
                    ..
                },
            ) => node == own,
            (
                What::Partition { a, b } | What::Blackhole { from: a, to: b },
                What::Healed { a: c, b: d },
            ) => match (c, d) {
                (Some(c), Some(d)) => (a, b) == (c, d) || (a, b) == (d, c),
                _ => true,
            },
            _ => false,
        };
        let mut later = self.ends.iter().filter(|place| **place > fault);
        let end = later.find(|place| is_end(&self.events[**place].what));
        end.copied().unwrap_or(self.events.len())
    }
}

/// The connections of a trace by their numbers.
pub(super) fn connections(events: &[Event]) -> BTreeMap<u64, Connection<'_>> {
    let mut connections = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        match &event.what {
            What::Opened {
                connection,
                from,
                to,
            } => {
                let opened = Connection {
                    ends: [from, to],
                    opened: place,
                    closed: None,
                };
                connections.insert(*connection, opened);
            }
            What::Closed { connection, .. } => {
                if let Some(one) = connections.get_mut(connection) {
                    one.closed = Some(place);
                }
            }
            _ => {}
        }
    }
    connections
}
