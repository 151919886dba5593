//! The mistakes of part 1 whose proof stands in a message of the trace.

mod broadcast;
mod crash;
mod everyone;
mod lost_count;
mod netsplit;
#[cfg(test)]
mod tests;

use crate::fact::{Counts, Fact};
use testkit::diagnosis::evidence::Sent;
use testkit::diagnosis::{Case, Mistake};
use testkit::trace::{Change, Fate, Kind};

/// The more telling ones come first.
pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "counts-deliveries",
        problems: &[1, 2, 3, 4, 5, 6],
        suggests: "The consumer counts the messages that carry a count, instead of keeping the number in them.",
        training: "problem-1-broadcast",
        hint: 2,
        symptom: broadcast::counts_deliveries,
    },
    Mistake {
        id: "overwrites-with-older",
        problems: &[1, 2, 3, 4, 5, 6],
        suggests: "The consumer keeps the number that came last, although an earlier message had a higher, and so newer, number.",
        training: "problem-3-crash",
        hint: 2,
        symptom: crash::overwrites_with_older,
    },
    Mistake {
        id: "sends-nothing",
        problems: &[1],
        suggests: "The producer sends its ping to no consumer at all. Perhaps an `.await` is missing: a future does nothing until it is awaited.",
        training: "problem-1-broadcast",
        hint: 3,
        symptom: broadcast::sends_nothing,
    },
    Mistake {
        id: "forgets-its-own-consumer",
        problems: &[1],
        suggests: "The producer does not send its ping to the consumer of its own node: `ctx.list()` does not contain that node.",
        training: "problem-1-broadcast",
        hint: 2,
        symptom: broadcast::forgets_its_own_consumer,
    },
    Mistake {
        id: "pings-not-all-connected",
        problems: &[1],
        suggests: "The producer does not send its ping to every node that is connected at that moment: perhaps it looked at the list of nodes only once, when it started.",
        training: "problem-1-broadcast",
        hint: 2,
        symptom: broadcast::pings_not_all_connected,
    },
    Mistake {
        id: "waits-for-receivers",
        problems: &[1],
        suggests: "The producer calls other nodes while it sends a ping, and answers SendPing only after they have answered.",
        training: "problem-1-broadcast",
        hint: 2,
        symptom: broadcast::waits_for_receivers,
    },
    Mistake {
        id: "asks-one-after-another",
        problems: &[2],
        suggests: "The producer asks the nodes one after another, so each silent node costs one more timeout.",
        training: "problem-2-ask-everyone",
        hint: 1,
        symptom: everyone::asks_one_after_another,
    },
    Mistake {
        id: "asks-nobody-else",
        problems: &[3],
        suggests: "The restarted consumer does not ask the producers of the other nodes: perhaps an async function that would ask them is called and never awaited.",
        training: "problem-3-crash",
        hint: 2,
        symptom: crash::asks_nobody_else,
    },
    Mistake {
        id: "misses-its-own-producer",
        problems: &[3],
        suggests: "The restarted consumer does not get the count of its own node: either it does not ask its own producer, which is not in `ctx.list()`, or that producer forgot its count, too.",
        training: "problem-3-crash",
        hint: 2,
        symptom: crash::misses_its_own_producer,
    },
    Mistake {
        id: "waits-in-init",
        problems: &[3],
        suggests: "The restarted consumer waits for a silent producer before it handles its first message, perhaps in `init`.",
        training: "problem-3-crash",
        hint: 2,
        symptom: crash::waits_in_init,
    },
    Mistake {
        id: "forgets-who-is-down",
        problems: &[4],
        suggests: "The consumer removes the count of a node that went down, although that count is the best that there is.",
        training: "problem-4-netsplit",
        hint: 2,
        symptom: netsplit::forgets_who_is_down,
    },
    Mistake {
        id: "only-one-side-asks",
        problems: &[4],
        suggests: "Of two nodes that meet, only one learns the count of the other.",
        training: "problem-4-netsplit",
        hint: 3,
        symptom: netsplit::only_one_side_asks,
    },
    Mistake {
        id: "says-nothing-on-a-new-link",
        problems: &[4, 5],
        suggests: "When a connection comes up, neither node asks for the other's count or sends its own. Or `handle_info` is never called: it needs `watch_nodes`.",
        training: "problem-4-netsplit",
        hint: 1,
        symptom: netsplit::says_nothing_on_a_new_link,
    },
    Mistake {
        id: "asks-no-other-consumer",
        problems: &[6],
        suggests: "The restarted producer does not ask the consumers of the other nodes, which still know its count.",
        training: "problem-6-the-producer-crashes",
        hint: 2,
        symptom: lost_count::asks_no_other_consumer,
    },
    Mistake {
        id: "counts-what-others-sent",
        problems: &[6],
        suggests: "The restarted producer continues after the highest count of any node, and not after its own.",
        training: "problem-6-the-producer-crashes",
        hint: 2,
        symptom: lost_count::counts_what_others_sent,
    },
    Mistake {
        id: "believes-one-consumer",
        problems: &[6],
        suggests: "The restarted producer continues after the count that one consumer gave, although another consumer has seen more of its pings.",
        training: "problem-6-the-producer-crashes",
        hint: 2,
        symptom: lost_count::believes_one_consumer,
    },
];

/// The consumer that shows wrong counts, what it shows, and what it must show.
fn wrong_counts(case: &Case) -> Option<(String, Counts, Counts)> {
    match case.fact()? {
        Fact::Counts { node, seen, wanted } => Some((node, seen, wanted)),
        _ => None,
    }
}

/// A count that is lower than it must be.
struct Low {
    /// The node whose count it is.
    of: String,
    seen: u64,
    wanted: u64,
}

/// A consumer, and its counts that are too low.
fn low_counts(case: &Case) -> Option<(String, Vec<Low>)> {
    let (node, seen, wanted) = wrong_counts(case)?;
    let low = wanted.into_iter().filter_map(|(of, wanted)| {
        let seen = count_of(&seen, &of);
        (seen < wanted).then_some(Low { of, seen, wanted })
    });
    Some((node, low.collect()))
}

fn count_of(counts: &Counts, node: &str) -> u64 {
    counts.get(node).copied().unwrap_or(0)
}

/// The node whose producer gave a ping a wrong number, that number, and the right one.
fn wrong_number(case: &Case) -> Option<(String, u64, u64)> {
    match case.fact()? {
        Fact::PingNumber {
            node,
            answer,
            wanted,
        } => Some((node, answer, wanted)),
        _ => None,
    }
}

/// What messages told a consumer of another node's count, once for each delivery and in that order,
/// since the consumer started: pings, and answers of that node's producer.
fn tellings<'a>(case: &Case<'a>, node: &str, of: &str) -> Vec<(Sent<'a>, u64)> {
    let since = consumer_started(case, node);
    let mut told = Vec::new();
    for sent in case.messages().to(node).since(since).arrived().iter() {
        let count = match sent.kind {
            Kind::Cast if sent.text("from") == Some(of) => sent.number("count"),
            Kind::Answer if sent.from == of && sent.name.as_deref() == Some("Count") => {
                sent.body.as_ref().and_then(|body| body.as_u64())
            }
            _ => None,
        };
        let deliveries = if sent.fate == Fate::Doubled { 2 } else { 1 };
        let count = count.into_iter();
        told.extend(count.flat_map(|count| vec![(*sent, count); deliveries]));
    }
    told.sort_by_key(|(sent, _)| sent.delivered_us);
    told
}

/// Since when a consumer has its memory: since the step in which it crashed, or the start of its node.
fn consumer_started(case: &Case, node: &str) -> u64 {
    let crash = case.last_crash("consumer");
    let crashed = crash.filter(|crash| crash.node == node);
    let crashed = crashed.map(|crash| crash.step_us);
    let started = case.process(node, Change::Started);
    crashed.max(started).unwrap_or(0)
}
