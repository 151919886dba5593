//! What led to a claim that did not hold: from its node backwards, from effects to causes.
//!
//! All that happened before a failure in the sense of Lamport is nearly the whole history, since
//! each node remembers all that it ever heard. What a reader can follow is a short chain: the last
//! that the node heard, what the network did to what was said to it, and from each message the one
//! thing that brought it about; then the faults that any node of this chain felt before it spoke.
//! That is a choice and not a proof, so each step says why it is there.

mod felt;

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use testkit::trace::{Change, Event, Fate, Kind, Message, Trace, What};

/// How the chain is made, for the legends of pictures.
pub const HOW: &str = "The highlighted events led to the failure. They begin with the node of the failure: \
    the last messages that it received, its messages that the network lost, held back or delivered twice, \
    and what was done to it. From each of these, one step leads back: from an answer to its call, and from \
    another message to what its sender had received just before, or to what was done to the sender. Faults \
    are highlighted, too, if such a node noticed them before it sent a message. Such faults are a connection that closed \
    because the other node was killed, silent or cut off, a call without an answer, or a lost message that no \
    later message of its kind replaced. At most 24 events are highlighted. Others may have mattered.";

/// How many events are chosen at most.
const MOST: usize = 24;

/// How many messages that the node heard last begin the chain.
const LAST_HEARD: usize = 5;

/// How many messages that the network touched begin it.
const TOUCHED: usize = 4;

/// How many things that were done to the node begin it.
const DONE: usize = 3;

/// What a node heard longer ago than this is hardly what it reacts to.
const JUST_BEFORE_US: u64 = 50_000;

/// Whether pictures show a message unless asked to leave it out: what the learner's programs say
/// to each other, and the functions that they have other nodes run. The rest is the library's own
/// bookkeeping.
pub fn is_of_story(message: &Message) -> bool {
    message.is_of_programs()
        || (message.server.as_deref() == Some("$rpc") && message.name.is_some())
}

/// An event of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Where it stands among the trace's events.
    pub event: usize,
    /// The event of the chain that it brought about; the failure itself, if it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub led_to: Option<usize>,
    /// Why it is in the chain, as a sentence.
    pub why: String,
}

/// The chain, in the order of the trace; empty if no claim failed.
pub fn causes(trace: &Trace) -> Vec<Cause> {
    let Some(scene) = Scene::of(trace) else {
        return Vec::new();
    };
    let mut open: VecDeque<Cause> = scene.seeds().into();
    let mut chain: BTreeMap<usize, Cause> = BTreeMap::new();
    while let Some(cause) = open.pop_front() {
        if chain.len() == MOST - felt::MOST {
            break;
        }
        if chain.contains_key(&cause.event) {
            continue;
        }
        open.extend(scene.cause_of(cause.event));
        chain.insert(cause.event, cause);
    }
    let felt = scene.felt_in(&chain);
    chain.extend(felt.into_iter().map(|fault| (fault.event, fault)));
    chain.into_values().collect()
}

/// A failure, and all before it.
struct Scene<'a> {
    events: &'a [Event],
    connections: BTreeMap<u64, felt::Connection<'a>>,
    /// The places of what may end a fault.
    ends: Vec<usize>,
    /// When its story began, with the scenario's first step: how the nodes met comes before.
    since_us: u64,
    /// When it was found.
    at_us: u64,
    /// The node that it was seen at, if it was one.
    node: Option<&'a str>,
    /// The nodes that it speaks of.
    named: Vec<&'a str>,
}

impl<'a> Scene<'a> {
    fn of(trace: &'a Trace) -> Option<Scene<'a>> {
        let violation = trace.violation.as_ref()?;
        let words = violation
            .seen
            .split(|letter: char| !letter.is_ascii_alphanumeric());
        let words: Vec<&str> = words.collect();
        let nodes = trace.nodes.iter().map(String::as_str);
        let named: Vec<&str> = nodes.filter(|node| words.contains(node)).collect();
        let is_step = |event: &&Event| matches!(event.what, What::Step { .. });
        let first = trace.events.iter().find(is_step);
        let may_end = |place: &usize| {
            let what = &trace.events[*place].what;
            matches!(what, What::Process { .. } | What::Healed { .. })
        };
        Some(Scene {
            events: &trace.events,
            connections: felt::connections(&trace.events),
            ends: (0..trace.events.len()).filter(may_end).collect(),
            since_us: first.map_or(0, |step| step.at_us),
            at_us: violation.at_us,
            node: violation.node.as_deref().or_else(|| named.first().copied()),
            named,
        })
    }

    /// Whether something that holds for a node holds for the failure's; it does for any node when
    /// the failure has none.
    fn is_of(&self, node: &str) -> bool {
        self.node.is_none_or(|own| own == node)
    }

    /// What the chain may begin with.
    fn before(&self) -> impl DoubleEndedIterator<Item = (usize, &'a Event)> {
        let story = self.since_us..=self.at_us;
        let events = self.events.iter().enumerate();
        events.filter(move |(_, event)| story.contains(&event.at_us))
    }

    fn messages(&self) -> impl DoubleEndedIterator<Item = (usize, u64, &'a Message)> {
        self.before().filter_map(|(at, event)| match &event.what {
            What::Message(message) if is_of_story(message) => Some((at, event.at_us, &**message)),
            _ => None,
        })
    }

    /// Where the chain begins.
    fn seeds(&self) -> Vec<Cause> {
        let mut seeds = self.touched();
        seeds.extend(self.done());
        seeds.extend(self.last_heard());
        if seeds.is_empty() {
            let said = self.messages().rev();
            let said = said.filter(|(_, _, message)| self.is_of(&message.from));
            seeds.extend(said.take(LAST_HEARD).map(|(event, _, message)| Cause {
                event,
                led_to: None,
                why: format!(
                    "This was the last message that {} sent before the failure.",
                    message.from
                ),
            }));
        }
        seeds
    }

    /// What the node heard last, from those that the failure speaks of before any other node.
    fn last_heard(&self) -> Vec<Cause> {
        let mut heard: Vec<(u64, usize, &Message)> = self
            .messages()
            .filter(|(_, _, message)| self.is_of(&message.to))
            .filter_map(|(event, _, message)| Some((message.delivered_us?, event, message)))
            .filter(|(delivered, _, _)| *delivered <= self.at_us)
            .collect();
        let is_named = |message: &Message| self.named.contains(&message.from.as_str());
        if heard.iter().any(|(_, _, message)| is_named(message)) {
            heard.retain(|(_, _, message)| is_named(message));
        }
        heard.sort_unstable_by_key(|(delivered, event, _)| (*delivered, *event));
        let last = heard.into_iter().rev().take(LAST_HEARD);
        let mut seeds: Vec<Cause> = last
            .map(|(_, event, message)| Cause {
                event,
                led_to: None,
                why: format!("{} received this shortly before the failure.", message.to),
            })
            .collect();
        let asked = self.before().rev().find(
            |(_, event)| matches!(&event.what, What::Request { node, .. } if self.is_of(node)),
        );
        seeds.extend(asked.map(|(event, _)| Cause {
            event,
            led_to: None,
            why: "It is the checker's last question before the failure.".to_owned(),
        }));
        seeds
    }

    /// What the network did to the messages to the node, and to its own.
    fn touched(&self) -> Vec<Cause> {
        let own = self
            .messages()
            .rev()
            .filter(|(_, _, message)| self.is_of(&message.to) || self.is_of(&message.from));
        let touched = own.filter_map(|(event, _, message)| {
            Some(Cause {
                event,
                led_to: None,
                why: format!("{}.", on_its_way(message)?),
            })
        });
        touched.take(TOUCHED).collect()
    }

    /// What was done to the node, or to one that the failure speaks of.
    fn done(&self) -> Vec<Cause> {
        let concerns = |node: &str| self.is_of(node) || self.named.contains(&node);
        let done = self.before().rev().filter_map(|(event, happened)| {
            let why = match &happened.what {
                What::Process { node, change, .. } if concerns(node) => {
                    format!("{node} {} before the failure.", in_words(*change))
                }
                What::Partition { a, b } if self.is_of(a) || self.is_of(b) => {
                    format!("{a} and {b} were cut off from each other before the failure.")
                }
                What::Blackhole { from, to } if self.is_of(to) => {
                    let until = match self.events.get(self.end_of(event)) {
                        Some(healed) if healed.at_us <= self.at_us => ", until it was healed",
                        _ => "",
                    };
                    format!("{to} received nothing from {from} from here on{until}.")
                }
                What::StoreFault { nodes, .. } if nodes.iter().any(|node| self.is_of(node)) => {
                    "It affected the store of the node.".to_owned()
                }
                _ => return None,
            };
            Some(Cause {
                event,
                led_to: None,
                why,
            })
        });
        done.take(DONE).collect()
    }

    /// The one thing that brought a message about.
    fn cause_of(&self, of: usize) -> Option<Cause> {
        let event = self.events.get(of)?;
        let What::Message(message) = &event.what else {
            return None;
        };
        match message.kind {
            Kind::Answer | Kind::NoAnswer => self.call_of(of, message),
            _ => self.reason_of(of, event.at_us, message),
        }
    }

    fn call_of(&self, of: usize, answer: &Message) -> Option<Cause> {
        let mut earlier = self.events[..of].iter().enumerate().rev();
        let (event, _) = earlier.find(|(_, event)| match &event.what {
            What::Message(call) => call.kind == Kind::Call && answers(answer, call),
            _ => false,
        })?;
        Some(Cause {
            event,
            led_to: Some(of),
            why: format!("It is the call that `{}` answers.", answer.label),
        })
    }

    /// What the sender had heard, or what had been done to it, just before it spoke.
    fn reason_of(&self, of: usize, at_us: u64, message: &Message) -> Option<Cause> {
        let sender = &message.from;
        let since = at_us.saturating_sub(JUST_BEFORE_US).max(self.since_us);
        let earlier = self.events[..of].iter().enumerate().rev();
        let recent = earlier.filter_map(|(event, happened)| {
            let when = match &happened.what {
                What::Message(heard) if heard.to == *sender && is_of_story(heard) => {
                    heard.delivered_us?
                }
                What::Process { node, .. } if node == sender => happened.at_us,
                What::Opened { from, to, .. } if from == sender && *to == message.to => {
                    happened.at_us
                }
                _ => return None,
            };
            (since..=at_us).contains(&when).then_some((when, event))
        });
        let (_, event) = recent.max()?;
        let did = match &self.events[event].what {
            What::Process { change, .. } => format!("{} just before it", in_words(*change)),
            What::Opened { to, .. } => format!("had just connected to {to} when it"),
            _ => "had just received this when it".to_owned(),
        };
        let why = format!("{sender} {did} sent `{}`.", message.label);
        Some(Cause {
            event,
            led_to: Some(of),
            why,
        })
    }
}

/// Whether a message is the answer to a call.
fn answers(answer: &Message, call: &Message) -> bool {
    matches!(answer.kind, Kind::Answer | Kind::NoAnswer)
        && call.call == answer.call
        && (&call.from, &call.to) == (&answer.to, &answer.from)
        && call.connection == answer.connection
}

/// What the network did to a message, if it did anything.
fn on_its_way(message: &Message) -> Option<String> {
    let fate = match message.fate {
        Fate::Dropped => "was lost",
        Fate::Swallowed => "vanished in a blackhole",
        Fate::Held => "was held back",
        Fate::Doubled => "was delivered twice",
        Fate::Delivered | Fate::UnderWay => return None,
    };
    let (from, to) = (&message.from, &message.to);
    Some(format!("It {fate} on its way from {from} to {to}"))
}

fn in_words(change: Change) -> &'static str {
    match change {
        Change::Started => "was started",
        Change::Killed => "was killed",
        Change::Paused => "was paused",
        Change::Resumed => "was resumed",
        Change::Crashed => "lost a process to a crash",
        Change::Disconnected => "was told to close a connection",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::trace::Violation;

    fn message(from: &str, to: &str, kind: Kind, label: &str) -> Message {
        Message {
            from: from.into(),
            to: to.into(),
            kind,
            server: Some("consumer".into()),
            name: Some(label.into()),
            label: label.into(),
            brief: None,
            body: None,
            call: matches!(kind, Kind::Call | Kind::Answer).then_some(7),
            connection: 0,
            clock: 0,
            bytes: 10,
            fate: Fate::Delivered,
            delivered_us: None,
        }
    }

    fn at(at_us: u64, message: Message) -> Event {
        let delivered = matches!(message.fate, Fate::Delivered | Fate::Doubled);
        let message = Message {
            delivered_us: delivered.then_some(at_us + 10),
            ..message
        };
        Event {
            at_us,
            what: What::Message(Box::new(message)),
        }
    }

    fn failed(events: Vec<Event>) -> Trace {
        Trace {
            nodes: ["n1", "n2", "n3", "n4"].map(str::to_owned).to_vec(),
            events,
            violation: Some(Violation {
                at_us: 1_000_000,
                node: Some("n3".into()),
                seen: "n3 counts 2 pings of n1".into(),
            }),
            ..Trace::default()
        }
    }

    #[test]
    fn nothing_led_to_a_pass() {
        let mut trace = failed(vec![at(1, message("n1", "n3", Kind::Cast, "Ping"))]);
        trace.violation = None;
        assert_eq!(causes(&trace), []);
    }

    #[test]
    fn answer_goes_back_to_its_call_and_to_what_its_caller_had_heard() {
        let trace = failed(vec![
            at(100, message("n2", "n3", Kind::Cast, "Hello")),
            at(200, message("n3", "n1", Kind::Call, "Count?")),
            at(300, message("n1", "n3", Kind::Answer, "Count = 2")),
            at(400, message("n1", "n2", Kind::Cast, "Other")),
        ]);
        let shown: Vec<_> = causes(&trace)
            .into_iter()
            .map(|cause| format!("{} → {:?}: {}", cause.event, cause.led_to, cause.why))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        0 → Some(1): n3 had just received this when it sent `Count?`.
        1 → Some(2): It is the call that `Count = 2` answers.
        2 → None: n3 received this shortly before the failure.
        ");
    }

    #[test]
    fn lost_message_to_the_node_is_in_the_chain() {
        let mut lost = message("n2", "n3", Kind::Cast, "Ping");
        lost.fate = Fate::Dropped;
        let trace = failed(vec![
            at(100, lost),
            at(200, message("n1", "n3", Kind::Cast, "Ping")),
        ]);
        let chain: Vec<usize> = causes(&trace).iter().map(|cause| cause.event).collect();
        assert_eq!(chain, [0, 1]);
    }

    fn killed(at_us: u64, node: &str) -> Event {
        let what = What::Process {
            node: node.into(),
            change: Change::Killed,
            server: None,
            text: format!("{node} is killed"),
        };
        Event { at_us, what }
    }

    fn opened(at_us: u64, connection: u64, from: &str, to: &str) -> Event {
        let what = What::Opened {
            connection,
            from: from.into(),
            to: to.into(),
        };
        Event { at_us, what }
    }

    fn closed(at_us: u64, connection: u64) -> Event {
        let what = What::Closed {
            connection,
            by: None,
        };
        Event { at_us, what }
    }

    /// Why an event is in the chain, if it is.
    fn why(trace: &Trace, event: usize) -> Option<(Option<usize>, String)> {
        let mut chain = causes(trace).into_iter();
        let cause = chain.find(|cause| cause.event == event)?;
        Some((cause.led_to, cause.why))
    }

    #[test]
    fn kill_that_closed_a_link_of_who_spoke_is_in_the_chain() {
        let trace = failed(vec![
            opened(10, 1, "n1", "n4"),
            killed(100, "n4"),
            closed(110, 1),
            at(300, message("n3", "n1", Kind::Call, "Count?")),
            at(400, message("n1", "n3", Kind::Answer, "Count = 2")),
        ]);
        let why = why(&trace, 1);
        let said = "It closed the connection from n1 to n4, so n1 declared n4 down before n1 sent `Count = 2`.";
        assert_eq!(why, Some((Some(4), said.to_owned())));
    }

    #[test]
    fn kill_that_nobody_of_the_chain_could_feel_is_not_in_it() {
        let answer = |at_us| at(at_us, message("n1", "n3", Kind::Answer, "Count = 2"));
        // Of a node to which it had no connection; after it spoke; and whose connection was closed
        // before.
        let unlinked = vec![
            opened(10, 1, "n2", "n4"),
            killed(100, "n4"),
            closed(110, 1),
            answer(400),
        ];
        let later = vec![
            opened(10, 1, "n1", "n4"),
            answer(50),
            killed(100, "n4"),
            closed(110, 1),
        ];
        let before = vec![
            opened(10, 1, "n1", "n4"),
            closed(20, 1),
            killed(100, "n4"),
            answer(400),
        ];
        for events in [unlinked, later, before] {
            let is_kill = |event: &Event| matches!(event.what, What::Process { .. });
            let kill = events.iter().position(is_kill).unwrap();
            assert_eq!(why(&failed(events), kill), None);
        }
    }

    #[test]
    fn pause_that_left_a_call_unanswered_is_in_the_chain() {
        let paused = What::Process {
            node: "n4".into(),
            change: Change::Paused,
            server: None,
            text: "n4 is paused".into(),
        };
        let mut question = message("n3", "n4", Kind::Call, "Count?");
        question.call = Some(8);
        let mut trace = failed(vec![
            Event {
                at_us: 100,
                what: paused,
            },
            at(200, question.clone()),
            at(300, message("n3", "n1", Kind::Call, "Count?")),
            at(400, message("n1", "n3", Kind::Answer, "Count = 2")),
        ]);
        let said = "n4 did not answer `Count?` from n3 before the failure.";
        assert_eq!(why(&trace, 0), Some((None, said.to_owned())));
        let mut answer = message("n4", "n3", Kind::Answer, "Count = 1");
        answer.call = Some(8);
        trace.events.push(at(500, answer));
        assert_eq!(why(&trace, 0), None);
    }

    #[test]
    fn message_that_a_speaker_missed_is_in_the_chain() {
        let mut lost = message("n2", "n1", Kind::Cast, "Ping");
        lost.fate = Fate::Dropped;
        let trace = failed(vec![
            at(100, lost),
            at(300, message("n3", "n1", Kind::Call, "Count?")),
            at(400, message("n1", "n3", Kind::Answer, "Count = 2")),
        ]);
        let said = "It was lost on its way from n2 to n1 before n1 sent `Count = 2`.";
        assert_eq!(why(&trace, 0), Some((Some(2), said.to_owned())));
        let mut made_up_for = trace;
        let later = at(200, message("n2", "n1", Kind::Cast, "Ping"));
        made_up_for.events.insert(1, later);
        assert_eq!(why(&made_up_for, 0), None);
    }

    #[test]
    fn chain_is_short_however_long_the_history() {
        let pings = (0..5000).map(|n| at(n * 20, message("n1", "n3", Kind::Cast, "Ping")));
        assert!(causes(&failed(pings.collect())).len() <= MOST);
    }
}
