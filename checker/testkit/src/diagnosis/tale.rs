//! Cases that are made up, for the tests of the symptoms: what happened, told step by step.

use serde::Serialize;
use serde_json::Value;

use super::diagnose;
use crate::part::Part;
use crate::trace::{Change, Event, Fate, Kind, Message, Trace, Violation, What, data};
use crate::verdict::Failure;

/// How much time passes from one thing to the next.
const BEAT: u64 = 1_000;

/// A case that is made up.
pub struct Tale {
    trace: Trace,
    now_us: u64,
}

impl Tale {
    /// Begins with nodes that have not met.
    pub fn of(nodes: &[&str]) -> Tale {
        let trace = Trace {
            nodes: nodes.iter().map(|node| (*node).to_owned()).collect(),
            ..Trace::default()
        };
        Tale { trace, now_us: 0 }
    }

    /// Something else happens.
    pub fn event(mut self, what: What) -> Tale {
        self.now_us += BEAT;
        self.trace.events.push(Event {
            at_us: self.now_us,
            what,
        });
        self
    }

    /// Time passes.
    pub fn later(mut self, us: u64) -> Tale {
        self.now_us += us;
        self
    }

    /// The scenario goes on.
    pub fn step(self, text: &str) -> Tale {
        self.event(What::Step {
            text: text.into(),
            fact: None,
        })
    }

    /// The scenario goes on to a step that the diagnosis looks for.
    pub fn step_as(self, fact: &impl Serialize) -> Tale {
        self.event(What::Step {
            text: "The scenario continues.".into(),
            fact: Some(data(fact)),
        })
    }

    /// A node dials another one.
    pub fn linked(self, from: &str, to: &str) -> Tale {
        self.event(What::Opened {
            connection: 1,
            from: from.into(),
            to: to.into(),
        })
    }

    /// Something is done to a node, or to a process of it.
    pub fn done(self, node: &str, change: Change, text: &str) -> Tale {
        self.event(What::Process {
            node: node.into(),
            change,
            server: None,
            text: text.into(),
        })
    }

    /// A server of a node crashes.
    pub fn crashed(self, node: &str, server: &str) -> Tale {
        self.event(What::Process {
            node: node.into(),
            change: Change::Crashed,
            server: Some(server.into()),
            text: format!("the {server} of {node} crashes"),
        })
    }

    /// A node casts a message to a server of another one, and it arrives.
    pub fn cast(self, way: [&str; 2], server: &str, body: Value) -> Tale {
        self.sent(Kind::Cast, way, server, body, Fate::Delivered)
    }

    /// A node calls a server of another one with a message without fields.
    pub fn call(self, way: [&str; 2], server: &str, name: &str) -> Tale {
        let body = serde_json::json!({ name: null });
        self.sent(Kind::Call, way, server, body, Fate::Delivered)
    }

    /// A server answers such a call. There is one at a time from one node to another.
    pub fn answer(self, way: [&str; 2], server: &str, name: &str, body: Value) -> Tale {
        let mut told = self.sent(Kind::Answer, way, server, body, Fate::Delivered);
        if let Some(Event { what, .. }) = told.trace.events.last_mut()
            && let What::Message(message) = what
        {
            message.name = Some(name.into());
        }
        told
    }

    /// A node sends another one something, and the network does this to it.
    pub fn sent(
        self,
        kind: Kind,
        [from, to]: [&str; 2],
        server: &str,
        body: Value,
        fate: Fate,
    ) -> Tale {
        let name = body.as_object().and_then(|body| body.keys().next());
        let arrived = matches!(fate, Fate::Delivered | Fate::Doubled | Fate::Held);
        let message = Message {
            from: from.into(),
            to: to.into(),
            kind,
            server: Some(server.into()),
            name: name.cloned(),
            label: body.to_string(),
            brief: None,
            call: matches!(kind, Kind::Call | Kind::Answer).then_some(1),
            body: Some(body),
            connection: 1,
            clock: 0,
            bytes: 0,
            fate,
            delivered_us: arrived.then_some(self.now_us + BEAT),
        };
        self.event(What::Message(Box::new(message)))
    }

    /// Says of which mistake it is, if a claim then does not hold of which this fact tells, and what is
    /// said to show it.
    pub fn diagnosis(
        mut self,
        part: &Part,
        problem: u8,
        fact: &impl Serialize,
    ) -> Option<(String, String)> {
        self.trace.violation = Some(Violation {
            at_us: self.now_us + BEAT,
            node: None,
            seen: String::new(),
        });
        let failure = Failure::default().fact(fact);
        let named = diagnose(part, problem, "", &failure, &[self.trace])?;
        Some((named.mistake, named.because))
    }

    /// The same, without what is said to show it.
    pub fn named(self, part: &Part, problem: u8, fact: &impl Serialize) -> Option<String> {
        Some(self.diagnosis(part, problem, fact)?.0)
    }
}
