//! Questions to what happened, of which the symptoms are made.
//!
//! Only what happened before the claim was found not to hold is evidence: afterwards the cluster
//! is taken down, which looks like one more failure. A question takes a walk over the trace at
//! most, and a symptom asks a handful of them, since traces can be long.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Case;
use crate::trace::{Change, Event, Fate, Kind, LogLine, Message, Trace, What};

impl<'a> Case<'a> {
    /// The trace of the cluster in which the claim did not hold: the last one, if none says so.
    pub fn trace(&self) -> Option<&'a Trace> {
        let violated = self.traces.iter().find(|trace| trace.violation.is_some());
        violated.or(self.traces.last())
    }

    /// What happened until the claim was found not to hold, oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &'a Event> {
        let trace = self.trace();
        let end = end_of_evidence(trace);
        let events = trace.map_or(&[][..], |trace| &trace.events);
        events.iter().filter(move |event| event.at_us <= end)
    }

    /// The lines that a node wrote until then, oldest first.
    pub fn lines_of(&self, node: &str) -> impl Iterator<Item = &'a LogLine> {
        let trace = self.trace();
        let end = end_of_evidence(trace);
        let lines = trace.map_or(&[][..], |trace| &trace.logs);
        let own = move |line: &&LogLine| line.at_us <= end && line.node == node;
        lines.iter().filter(own)
    }

    /// The messages of the learner's programs until then, in the order of their sending.
    pub fn messages(&self) -> Messages<'a> {
        let sent = self.events().filter_map(|event| match &event.what {
            What::Message(message) if message.is_of_programs() => Some(Sent {
                at_us: event.at_us,
                message,
            }),
            _ => None,
        });
        Messages(sent.collect())
    }

    /// The functions that nodes had others run until then, in the order of asking, each with its
    /// answer. The field `function` says which.
    pub fn runs(&self) -> Vec<Call<'a>> {
        let sent = self.events().filter_map(|event| match &event.what {
            What::Message(message) if message.server.as_deref() == Some("$rpc") => Some(Sent {
                at_us: event.at_us,
                message,
            }),
            _ => None,
        });
        Messages(sent.collect()).named("Run").calls()
    }

    /// The calls until then, in the order of their sending, each with its answer.
    pub fn calls(&self) -> Vec<Call<'a>> {
        self.messages().calls()
    }

    /// Which claim did not hold and what was seen, if the scenario says so with a value of this type.
    pub fn fact<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(self.fact?).ok()
    }
    /// When the last step began of which a fact of the part's own type says that it is this one.
    pub fn step_that<T: DeserializeOwned>(&self, is_it: impl Fn(&T) -> bool) -> Option<u64> {
        self.last(|what| match what {
            What::Step {
                fact: Some(fact), ..
            } => T::deserialize(fact).is_ok_and(|fact| is_it(&fact)),
            _ => false,
        })
    }

    /// When something was last done to a node, or to a process of it.
    pub fn process(&self, node: &str, done: Change) -> Option<u64> {
        self.last(
            |what| matches!(what, What::Process { node: of, change, .. } if of == node && *change == done),
        )
    }

    /// The last time that this was done to a node or to a process of it, whichever it was.
    pub fn last_done(&self, done: Change) -> Option<Done<'a>> {
        self.done(|change, _| change == done)
    }

    /// The last crash of a server of this name, on whichever node.
    pub fn last_crash(&self, server: &str) -> Option<Done<'a>> {
        self.done(|change, of| change == Change::Crashed && of == Some(server))
    }

    fn done(&self, is_it: impl Fn(Change, Option<&str>) -> bool) -> Option<Done<'a>> {
        let mut step_us = 0;
        let mut last = None;
        for event in self.events() {
            match &event.what {
                What::Step { .. } => step_us = event.at_us,
                What::Process {
                    node,
                    change,
                    server,
                    ..
                } if is_it(*change, server.as_deref()) => {
                    last = Some(Done {
                        node,
                        at_us: event.at_us,
                        step_us,
                    });
                }
                _ => {}
            }
        }
        last
    }

    /// When the step began in which the claim did not hold.
    pub fn last_step(&self) -> Option<u64> {
        self.last(|what| matches!(what, What::Step { .. }))
    }

    /// When the first step began. What was before is how the nodes came together.
    pub fn first_step(&self) -> Option<u64> {
        let mut events = self.events();
        let step = events.find(|event| matches!(event.what, What::Step { .. }));
        step.map(|step| step.at_us)
    }

    /// When a connection between two nodes was last opened, from either side.
    pub fn connected(&self, one: &str, other: &str) -> Option<u64> {
        self.last(|what| match what {
            What::Opened { from, to, .. } => {
                (from == one && to == other) || (from == other && to == one)
            }
            _ => false,
        })
    }

    /// When a connection between two nodes was last closed, since a moment.
    pub fn parted(&self, one: &str, other: &str, since_us: u64) -> Option<u64> {
        let mut between = BTreeSet::new();
        let mut last = None;
        for event in self.events() {
            match &event.what {
                What::Opened {
                    connection,
                    from,
                    to,
                } if [from, to].iter().all(|end| *end == one || *end == other) => {
                    between.insert(connection);
                }
                What::Closed { connection, .. }
                    if event.at_us >= since_us && between.contains(connection) =>
                {
                    last = Some(event.at_us);
                }
                _ => {}
            }
        }
        last
    }

    /// The nodes that the trace knows.
    pub fn nodes(&self) -> &'a [String] {
        self.trace().map_or(&[], |trace| &trace.nodes)
    }

    /// When the last event of a kind came.
    pub fn last(&self, is_one: impl Fn(&What) -> bool) -> Option<u64> {
        let mut events = self.events().rev();
        events
            .find(|event| is_one(&event.what))
            .map(|event| event.at_us)
    }
}

fn end_of_evidence(trace: Option<&Trace>) -> u64 {
    let violation = trace.and_then(|trace| trace.violation.as_ref());
    violation.map_or(u64::MAX, |violation| violation.at_us)
}

/// Something that the scenario did to a node.
#[derive(Debug, Clone, Copy)]
pub struct Done<'a> {
    /// The node.
    pub node: &'a str,
    /// When it was known to be done. What follows from it may have come a little earlier.
    pub at_us: u64,
    /// When the step began that it belongs to: all that follows from it came later.
    pub step_us: u64,
}

/// Messages in the order of their sending, narrowed down by question after question.
#[derive(Debug, Clone, Default)]
pub struct Messages<'a>(Vec<Sent<'a>>);

impl<'a> Messages<'a> {
    /// Those of which something holds.
    pub fn that(mut self, holds: impl Fn(&Sent<'a>) -> bool) -> Self {
        self.0.retain(holds);
        self
    }

    /// Those of a variant; answers to it too.
    pub fn named(self, name: &str) -> Self {
        self.that(|sent| sent.name.as_deref() == Some(name))
    }

    /// Those of a kind.
    pub fn kind(self, kind: Kind) -> Self {
        self.that(|sent| sent.kind == kind)
    }

    /// Those that a node sent.
    pub fn from(self, node: &str) -> Self {
        self.that(|sent| sent.from == node)
    }

    /// Those for a node.
    pub fn to(self, node: &str) -> Self {
        self.that(|sent| sent.to == node)
    }

    /// Those for a server; answers of it too.
    pub fn for_server(self, server: &str) -> Self {
        self.that(|sent| sent.server.as_deref() == Some(server))
    }

    /// Those that were sent at this time or later.
    pub fn since(self, at_us: u64) -> Self {
        self.that(|sent| sent.at_us >= at_us)
    }

    /// Those that were sent before this time.
    pub fn before(self, at_us: u64) -> Self {
        self.that(|sent| sent.at_us < at_us)
    }

    /// Those that arrived.
    pub fn arrived(self) -> Self {
        self.that(Sent::arrived)
    }

    /// One after the other.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sent<'a>> {
        self.0.iter()
    }

    /// The first one.
    pub fn first(&self) -> Option<&Sent<'a>> {
        self.0.first()
    }

    /// The last one.
    pub fn last(&self) -> Option<&Sent<'a>> {
        self.0.last()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The calls among them, each with its answer, if that is among them too.
    pub fn calls(&self) -> Vec<Call<'a>> {
        let mut calls: Vec<Call<'a>> = Vec::new();
        let mut open = BTreeMap::new();
        for sent in &self.0 {
            match sent.kind {
                Kind::Call => {
                    let whose = (sent.connection, sent.message.from.as_str(), sent.call);
                    open.insert(whose, calls.len());
                    calls.push(Call {
                        asked: *sent,
                        answer: None,
                    });
                }
                Kind::Answer | Kind::NoAnswer => {
                    let whose = (sent.connection, sent.message.to.as_str(), sent.call);
                    if let Some(call) = open.remove(&whose) {
                        calls[call].answer = Some(*sent);
                    }
                }
                _ => {}
            }
        }
        calls
    }
}

/// A message, and when it was sent.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// When.
    pub at_us: u64,
    /// What.
    pub message: &'a Message,
}

impl Deref for Sent<'_> {
    type Target = Message;

    fn deref(&self) -> &Message {
        self.message
    }
}

impl<'a> Sent<'a> {
    /// Whether it arrived; one that was held back does when it is let go.
    pub fn arrived(&self) -> bool {
        self.delivered_us.is_some() && !matches!(self.fate, Fate::Dropped | Fate::Swallowed)
    }

    /// A field of the message: the value behind its name, at whatever depth a variant puts it.
    pub fn field(&self, name: &str) -> Option<&'a Value> {
        let body = self.message.body.as_ref()?;
        let of_variant = || body.as_object()?.values().next()?.get(name);
        of_variant().or_else(|| body.get(name))
    }

    /// A field that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.field(name)?.as_u64()
    }

    /// A field that is a text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.field(name)?.as_str()
    }
}

/// A call between two nodes, and what was answered.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The question.
    pub asked: Sent<'a>,
    /// The answer, if one was sent.
    pub answer: Option<Sent<'a>>,
}

impl Call<'_> {
    /// Whether the answer came to who had asked.
    pub fn is_answered(&self) -> bool {
        self.answer
            .is_some_and(|answer| answer.arrived() && answer.kind == Kind::Answer)
    }
}

/// A time in seconds, as people read it: `5.0 s`.
pub fn seconds(us: u64) -> String {
    format!("{:.1} s", us as f64 / 1e6)
}

/// Names in a row and in their order, as people read them: `n1, n2 and n3`.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let mut names: Vec<&str> = names.iter().map(S::as_ref).collect();
    names.sort_unstable();
    names.dedup();
    match &names[..] {
        [] => "no node".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
