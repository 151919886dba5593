//! All stories of two nodes, two pings and one thing that breaks, in each order of their messages.
//!
//! A ping, and the answer of a producer to a consumer that recovers, arrives in time or is held back. What
//! is held back arrives at a later moment of the story. Each story is told twice: its steps follow each
//! other at once, or each waits until nothing is under way. Not in them: a third node, a third ping, two
//! things that break, two messages that are held back until different moments, and messages that are lost
//! or repeated. Stories that are drawn have these.

use testkit::exploration::{Does, Fault, Plan, Small, Step};

use super::{Do, Level};

const NODES: [&str; 2] = ["n1", "n2"];

/// Until nothing is under way between two steps, in milliseconds.
const QUIET: u64 = 300;

/// The small stories of a problem, if it has some.
pub(super) const fn of(level: Level) -> Option<Small> {
    match level.problem {
        3 => Some(Small {
            bounds: "two nodes, two pings and a consumer's crash, with each message in time or held back",
            plans: crashes,
        }),
        4 => Some(Small {
            bounds: "two nodes, two pings and a netsplit, with each message in time or held back",
            plans: netsplits,
        }),
        _ => None,
    }
}

fn crashes() -> Vec<Plan> {
    let crash = |node: &str| Fault::Crash {
        node: node.to_owned(),
        servers: vec!["consumer".to_owned()],
    };
    let crashes = NODES.map(|node| vec![crash(node)]);
    crashes
        .into_iter()
        .flat_map(|crash| stories(&crash))
        .collect()
}

fn netsplits() -> Vec<Plan> {
    let [a, b] = NODES.map(str::to_owned);
    let cut = Fault::Partition {
        a: a.clone(),
        b: b.clone(),
    };
    stories(&[cut, Fault::Heal { a, b }])
}

/// All stories in which the pings of one node or of both, and these faults, happen in any order.
fn stories(faults: &[Fault]) -> Vec<Plan> {
    let faults: Vec<Event> = faults.iter().cloned().map(Event::Fault).collect();
    let mut stories = Vec::new();
    for second in 0..NODES.len() {
        for events in merges(&[Event::Ping(0, 0), Event::Ping(1, second)], &faults) {
            for late in subsets(&Late::ALL) {
                for release in releases(&events, &late) {
                    for pause in [0, QUIET] {
                        stories.push(story(&events, &late, release, pause));
                    }
                }
            }
        }
    }
    stories
}

/// What happens in a small story.
#[derive(Debug, Clone, PartialEq)]
enum Event {
    /// The first or the second ping, by the place of its sender.
    Ping(usize, usize),
    Fault(Fault),
}

/// A message that is held back.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Late {
    /// The first or the second ping.
    Ping(usize),
    /// The first answer of a node, by its place.
    Answer(usize),
}

impl Late {
    const ALL: [Late; 4] = [
        Late::Ping(0),
        Late::Ping(1),
        Late::Answer(0),
        Late::Answer(1),
    ];
}

fn hold(from: usize, message: Option<&str>) -> Step<Do> {
    Step::Break(Fault::Message {
        does: Does::Hold,
        message: message.map(str::to_owned),
        answer: message.is_none(),
        from: NODES[from].to_owned(),
        to: NODES[1 - from].to_owned(),
        times: 1,
    })
}

/// All orders of two rows of events that leave each row in its own order.
fn merges(one: &[Event], other: &[Event]) -> Vec<Vec<Event>> {
    let begun = |first: &Event, rest: Vec<Vec<Event>>| {
        let first = first.clone();
        rest.into_iter()
            .map(move |rest| [vec![first.clone()], rest].concat())
    };
    match (one, other) {
        ([], rest) | (rest, []) => vec![rest.to_vec()],
        ([first, ones @ ..], [second, others @ ..]) => {
            let one_first = begun(first, merges(ones, other));
            let other_first = begun(second, merges(one, others));
            one_first.chain(other_first).collect()
        }
    }
}

fn subsets(of: &[Late]) -> Vec<Vec<Late>> {
    let Some((first, rest)) = of.split_first() else {
        return vec![Vec::new()];
    };
    let without = subsets(rest);
    let with = without
        .iter()
        .map(|some| [vec![*first], some.clone()].concat());
    with.chain(without.clone()).collect()
}

/// Behind which of the events what is held back arrives: behind each, if there is something.
fn releases(events: &[Event], late: &[Late]) -> Vec<usize> {
    match late {
        [] => vec![events.len()],
        _ => (1..=events.len()).collect(),
    }
}

fn story(events: &[Event], late: &[Late], release: usize, pause: u64) -> Plan {
    let mut steps = Vec::new();
    for late in late {
        if let Late::Answer(from) = late {
            steps.push(hold(*from, None));
        }
    }
    for (number, event) in (1..).zip(events) {
        match event {
            Event::Ping(ping, sender) => {
                if late.contains(&Late::Ping(*ping)) {
                    steps.push(hold(*sender, Some("Ping")));
                }
                steps.push(Step::Do(Do::Ping(NODES[*sender].to_owned())));
            }
            Event::Fault(fault) => steps.push(Step::Break(fault.clone())),
        }
        if pause > 0 {
            steps.push(Step::Wait(pause));
        }
        if number == release && !late.is_empty() {
            steps.push(Step::Break(Fault::Release));
        }
    }
    Plan::of(&NODES, &steps)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn small_stories_are_counted_and_all_differ() {
        for (plans, count) in [(crashes(), 1104), (netsplits(), 1464)] {
            assert_eq!(plans.len(), count);
            let different: BTreeSet<String> =
                plans.iter().map(|plan| format!("{plan:?}")).collect();
            assert_eq!(different.len(), count);
        }
    }

    #[test]
    fn small_stories_have_each_order_of_pings_and_faults() {
        let (pings, fault) = (
            [Event::Ping(0, 0), Event::Ping(1, 1)],
            Event::Fault(Fault::Release),
        );
        let orders = merges(&pings, std::slice::from_ref(&fault));
        assert_eq!(orders.len(), 3);
        assert!(orders.contains(&vec![pings[0].clone(), fault, pings[1].clone()]));
    }
}
