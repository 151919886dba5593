//! The trace that a cluster leaves behind: its record as data, what its store was asked, and what
//! its nodes wrote.

use std::collections::BTreeMap;
use std::time::Duration;

use ciborium::Value as Cbor;
use runtime::net::faults::{self, Entry, Fault, FrameSeen, Record};
use runtime::wire;
use serde_json::Value;

use super::sketch::{Fields, label, without_host};
use super::{Cluster, Mark, lock};
use crate::network::Payloads;
use crate::screen::shortened;
use crate::trace::{Change, Event, Fate, Kind, LogLine, Message, Trace, VERSION, Violation, What};
use crate::verdict::Failure;
use crate::world::Ground;

/// How many lines of each node's output are kept, the last ones.
const LINES: usize = 1000;

/// The longest line that is kept, in characters.
const LONGEST_LINE: usize = 500;

/// The longest list within a message that is kept whole.
const LONGEST_LIST: usize = 200;

impl Cluster<'_> {
    /// Writes something into the record: a note without words, and what it means.
    pub(super) fn write_down(&self, what: What) {
        // Held while the note is written, or a trace could be made of a note without its meaning.
        let mut meanings = lock(&self.meanings);
        meanings.insert(self.network().note(""), what);
    }

    /// Remembers when, and at which node, a claim was found not to hold.
    pub(super) fn mark_violation(&self, failure: &Failure) {
        let at_us = self.network().read(|record, _| micros(record.now()));
        let stderr = failure.stderr.as_ref().map(|said| said.node.clone());
        let node = failure.node.clone().or(stderr);
        *lock(&self.violation) = Some(Violation {
            at_us,
            node,
            seen: failure.seen.clone(),
        });
    }

    /// Leaves the trace to the try, and a copy in its folder for later. A simulation hands its traces
    /// on itself, and only those that a reader wants.
    pub(super) fn leave_trace(&self) {
        let trace = self.trace();
        if let Ground::Processes(_) = self.context.ground {
            trace.save(
                &self.context.folder,
                self.context.findings.traces().len() + 1,
            );
        }
        self.context.findings.leave(trace);
    }

    /// All that is known of what happened so far.
    pub fn trace(&self) -> Trace {
        let meanings = lock(&self.meanings);
        let (now, mut events, forgotten) = self.network().read(|record, payloads| {
            (
                micros(record.now()),
                events(record, payloads, &meanings, 0),
                record.forgotten(),
            )
        });
        drop(meanings);
        if self.share.is_some() {
            events.extend(self.commands(now));
            events.sort_by_key(|event| event.at_us);
        }
        let nodes: Vec<String> = self.everyone();
        Trace {
            version: VERSION,
            scenario: self.context.scenario.to_owned(),
            logs: self.logs(&nodes),
            nodes,
            events,
            violation: lock(&self.violation).clone(),
            ended_us: now,
            forgotten,
        }
    }

    /// What happened since a moment, which becomes the present one.
    pub fn events_since(&self, mark: &mut Mark) -> Vec<Event> {
        let meanings = lock(&self.meanings);
        let (events, now) = self.network().read(|record, payloads| {
            let events = events(record, payloads, &meanings, mark.known_to(record));
            (events, Mark::now(record))
        });
        *mark = now;
        events
    }

    /// What the nodes of these short names wrote since the network began, oldest first.
    pub(super) fn logs(&self, nodes: &[String]) -> Vec<LogLine> {
        let mut logs: Vec<LogLine> = Vec::new();
        for node in nodes {
            let lines = self.world.lines(&self.name(node)).into_iter();
            let mut own: Vec<LogLine> = lines
                .map(|(at_us, stream, text)| LogLine {
                    at_us,
                    node: node.clone(),
                    stream,
                    text: shortened(&text, LONGEST_LINE),
                })
                .collect();
            own.sort_by_key(|line| line.at_us);
            let first = own.len().saturating_sub(LINES);
            logs.extend(own.drain(first..));
        }
        logs.sort_by_key(|line| line.at_us);
        logs
    }

    fn commands(&self, now: u64) -> Vec<Event> {
        let commands = self.store_commands(0);
        let events = commands.iter().map(|command| Event {
            at_us: now.saturating_sub(micros(command.at.elapsed())),
            what: What::Store {
                node: command.node.clone(),
                command: command.name.clone(),
                key: command.key.clone(),
                args: command.args.clone(),
                forwarded: command.forwarded,
            },
        });
        events.collect()
    }

    /// Notes that something was done to a node, or to a process of it.
    pub(super) fn tell_process(&self, node: &str, change: Change, text: String) {
        self.write_down(What::Process {
            node: node.to_owned(),
            change,
            server: None,
            text,
        });
    }
}

/// What stands in a record behind the first `known` entries of those that it still has.
fn events(
    record: &Record,
    payloads: &Payloads,
    meanings: &BTreeMap<u64, What>,
    known: usize,
) -> Vec<Event> {
    let first = record.forgotten() + known as u64;
    let event = |(place, Entry { at, event }): (u64, &Entry)| {
        let short = |name: &runtime::NodeName| name.short().to_owned();
        let what = match event {
            faults::Event::Frame(frame) => What::Message(Box::new(message(frame, payloads))),
            faults::Event::Opened {
                connection,
                from,
                to,
            } => What::Opened {
                connection: connection.number(),
                from: short(from),
                to: short(to),
            },
            faults::Event::Closed { connection, by } => What::Closed {
                connection: connection.number(),
                by: by.as_ref().map(short),
            },
            faults::Event::Refused { from, to } => What::Refused {
                from: short(from),
                to: short(to),
            },
            faults::Event::Fault(fault) => match fault {
                Fault::Partition { a, b } => What::Partition {
                    a: short(a),
                    b: short(b),
                },
                Fault::Blackhole { from, to } => What::Blackhole {
                    from: short(from),
                    to: short(to),
                },
                Fault::Delay {
                    from,
                    to,
                    base,
                    jitter,
                } => What::Delay {
                    from: short(from),
                    to: short(to),
                    base_us: micros(*base),
                    jitter_us: micros(*jitter),
                },
                Fault::Healed { a, b } => What::Healed {
                    a: Some(short(a)),
                    b: Some(short(b)),
                },
                Fault::HealedEverywhere => What::Healed { a: None, b: None },
            },
            faults::Event::Note(text) => match meanings.get(&place) {
                Some(meaning) => meaning.clone(),
                // The code that makes a rule announces it to learners.
                None if text.starts_with("rule ") => return None,
                None => What::Note {
                    text: without_host(text),
                },
            },
        };
        Some(Event {
            at_us: micros(*at),
            what,
        })
    };
    let entries = record.entries().skip(known);
    (first..).zip(entries).filter_map(event).collect()
}

fn message(frame: &FrameSeen, payloads: &Payloads) -> Message {
    let said: Option<Cbor> = payloads
        .of(frame)
        .and_then(|payload| wire::decode(&payload).ok());
    let kind = match frame.kind {
        faults::Kind::Cast => Kind::Cast,
        faults::Kind::Call => Kind::Call,
        faults::Kind::Answer => Kind::Answer,
        faults::Kind::NoAnswer => Kind::NoAnswer,
        faults::Kind::Tick => Kind::Tick,
        _ => Kind::Runtime,
    };
    let fate = match frame.fate {
        faults::Fate::Drop => Fate::Dropped,
        faults::Fate::Swallow => Fate::Swallowed,
        faults::Fate::Hold(_) => Fate::Held,
        faults::Fate::Duplicate => Fate::Doubled,
        faults::Fate::Deliver if frame.delivered_at.is_some() => Fate::Delivered,
        faults::Fate::Deliver => Fate::UnderWay,
    };
    let written = match kind {
        Kind::Runtime => format!("{:?}", frame.kind).to_lowercase(),
        Kind::Tick => "tick".to_owned(),
        _ => label(frame, payloads, Fields::Named),
    };
    let brief = matches!(kind, Kind::Cast | Kind::Call)
        .then(|| label(frame, payloads, Fields::Bare))
        .filter(|brief| *brief != written);
    Message {
        from: frame.from.short().to_owned(),
        to: frame.to.short().to_owned(),
        kind,
        server: frame.server.clone(),
        name: frame.message.clone(),
        label: written,
        brief,
        body: said.as_ref().map(json),
        call: frame.call,
        connection: frame.connection.number(),
        clock: frame.clock,
        bytes: frame.bytes,
        fate,
        delivered_us: frame.delivered_at.map(micros),
    }
}

/// CBOR as JSON: what has no counterpart is put into words.
fn json(of: &Cbor) -> Value {
    match of {
        Cbor::Null => Value::Null,
        Cbor::Bool(yes) => Value::Bool(*yes),
        Cbor::Integer(number) => match i64::try_from(*number) {
            Ok(number) => number.into(),
            Err(_) => i128::from(*number).to_string().into(),
        },
        Cbor::Float(number) => (*number).into(),
        Cbor::Text(text) => without_host(text).into(),
        Cbor::Bytes(bytes) => format!("{} bytes", bytes.len()).into(),
        Cbor::Array(items) => items.iter().take(LONGEST_LIST).map(json).collect(),
        Cbor::Map(entries) => {
            let key = |key: &Cbor| match json(key) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let entries = entries.iter().take(LONGEST_LIST);
            Value::Object(entries.map(|(name, of)| (key(name), json(of))).collect())
        }
        Cbor::Tag(_, inner) => json(inner),
        _ => "…".into(),
    }
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
