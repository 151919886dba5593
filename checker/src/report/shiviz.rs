//! What happened as a log that ShiViz reads, which draws it and searches it for patterns.
//!
//! Each event takes two lines: the node with its vector clock, and what happened. The clocks are
//! computed from which message was sent and delivered when; the nodes know nothing of them.
//! ShiViz takes them literally: the first event of a node has the number 1, each further one the
//! next number, and a message has come when its receiver's clock includes its sender's.

use runtime::terminal::visible;
use std::collections::BTreeMap;
use std::fmt::Write;

use super::causes::is_of_story;
use testkit::trace::{Fate, Message, Trace, What};

/// The first line: how the events are written, as ShiViz wants to be told.
pub const PARSER: &str = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";

/// How many events of each node are known to have happened before.
type Clock = BTreeMap<String, u64>;

/// Something that happened at a node.
struct Local<'a> {
    at_us: u64,
    node: &'a str,
    what: Happening<'a>,
}

enum Happening<'a> {
    /// The message of that place in the trace.
    Sent(usize, &'a Message),
    Received(usize, &'a Message),
    Told(String),
}

/// Writes a trace as a log. Messages that the library sends for itself are left out. There is none
/// without any event: ShiViz would refuse it.
pub fn log(trace: &Trace) -> Option<String> {
    let locals = locals(trace);
    if locals.is_empty() {
        return None;
    }
    let mut clocks: BTreeMap<&str, Clock> = BTreeMap::new();
    let mut under_way: BTreeMap<usize, Clock> = BTreeMap::new();
    let mut log = format!("{PARSER}\n\n");
    for local in locals {
        let clock = clocks.entry(local.node).or_default();
        if let Happening::Received(message, _) = &local.what {
            for (node, &events) in under_way.get(message).into_iter().flatten() {
                let known = clock.entry(node.clone()).or_default();
                *known = events.max(*known);
            }
        }
        *clock.entry(local.node.to_owned()).or_default() += 1;
        if let Happening::Sent(message, _) = &local.what {
            under_way.insert(*message, clock.clone());
        }
        // Node names and numbers: there is nothing in it that JSON cannot hold.
        let clock = serde_json::to_string(&clock).unwrap_or_default();
        let _ = writeln!(log, "{} {clock}\n{}", local.node, text(&local));
    }
    Some(log)
}

/// What happened at the nodes, in an order in which nothing comes before its cause.
fn locals(trace: &Trace) -> Vec<Local<'_>> {
    let mut locals = Vec::new();
    for (place, event) in trace.events.iter().enumerate() {
        let mut add = |at_us, node, what| locals.push(Local { at_us, node, what });
        match &event.what {
            What::Message(message) if is_of_story(message) => {
                add(event.at_us, &message.from, Happening::Sent(place, message));
                if let Some(delivered) = message.delivered_us {
                    let at_us = delivered.max(event.at_us);
                    add(at_us, &message.to, Happening::Received(place, message));
                }
            }
            What::Process { node, text, .. } => {
                add(event.at_us, node, Happening::Told(text.clone()));
            }
            What::Request {
                node,
                question,
                answer,
                ..
            } => {
                let text = format!("{question} was answered: {answer}");
                add(event.at_us, node, Happening::Told(text));
            }
            _ => {}
        }
    }
    if let Some(violation) = &trace.violation
        && let Some(node) = &violation.node
    {
        locals.push(Local {
            at_us: violation.at_us,
            node,
            what: Happening::Told(format!("VIOLATION: {}", violation.seen)),
        });
    }
    // Of what has one time, a message is sent before it is received.
    locals.sort_by_key(|local| (local.at_us, matches!(local.what, Happening::Received(..))));
    locals
}

fn text(local: &Local) -> String {
    let text = match &local.what {
        Happening::Sent(_, message) => {
            let fate = match message.fate {
                Fate::Dropped | Fate::Swallowed => " (lost)",
                Fate::Doubled => " (will arrive twice)",
                Fate::Held if message.delivered_us.is_none() => " (held back)",
                Fate::UnderWay => " (never arrived)",
                _ => "",
            };
            format!("to {}: {}{fate}", message.to, message.label)
        }
        Happening::Received(_, message) => {
            let fate = match message.fate {
                Fate::Doubled => " (twice)",
                Fate::Held => " (late)",
                _ => "",
            };
            format!("from {}: {}{fate}", message.from, message.label)
        }
        Happening::Told(text) => text.clone(),
    };
    let seconds = local.at_us as f64 / 1e6;
    // A line break would end the event.
    format!("{seconds:.6} s {}", visible(&text).replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::trace::{Event, Kind};

    fn message(at_us: u64, from: &str, to: &str, delivered_us: Option<u64>) -> Event {
        let what = What::Message(Box::new(Message {
            from: from.into(),
            to: to.into(),
            kind: Kind::Cast,
            server: Some("consumer".into()),
            name: Some("Ping".into()),
            label: "Ping\n{1}".into(),
            brief: None,
            body: None,
            call: None,
            connection: 1,
            clock: 1,
            bytes: 10,
            fate: match delivered_us {
                Some(_) => Fate::Delivered,
                None => Fate::Dropped,
            },
            delivered_us,
        }));
        Event { at_us, what }
    }

    #[test]
    fn receiver_knows_what_its_sender_knew() {
        let trace = Trace {
            events: vec![
                message(10, "n1", "n2", Some(20)),
                message(15, "n1", "n3", None),
                message(30, "n2", "n3", Some(30)),
            ],
            ..Trace::default()
        };
        assert_eq!(log(&Trace::default()), None);
        insta::assert_snapshot!(log(&trace).unwrap(), @r#"
        (?<host>\S*) (?<clock>{.*})\n(?<event>.*)

        n1 {"n1":1}
        0.000010 s to n2: Ping {1}
        n1 {"n1":2}
        0.000015 s to n3: Ping {1} (lost)
        n2 {"n1":1,"n2":1}
        0.000020 s from n1: Ping {1}
        n2 {"n1":1,"n2":2}
        0.000030 s to n3: Ping {1}
        n3 {"n1":1,"n2":2,"n3":1}
        0.000030 s from n2: Ping {1}
        "#);
    }
}
