//! How much was said, by name and by whom to whom, and how long it took.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::causes::is_of_story;
use testkit::trace::{Fate, Message, Trace, What};

/// Where the classes of a histogram end, in microseconds; the last one has no end.
const CLASSES: [u64; 9] = [
    100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000,
];

/// The sums of a trace, of all of it: also of what the page has no room for.
#[derive(Debug, Serialize)]
pub(super) struct Sums {
    /// By name, the most frequent first.
    names: Vec<Sum>,
    /// By sender and receiver.
    pairs: Vec<Sum>,
    /// How long messages were under way.
    messages: Histogram,
    /// How long the checker's requests took.
    requests: Histogram,
}

/// Messages that have something in common.
#[derive(Debug, Default, Serialize)]
struct Sum {
    what: String,
    count: u64,
    bytes: u64,
    /// How many of them did not arrive.
    lost: u64,
    /// Whether the library said it for itself.
    runtime: bool,
}

#[derive(Debug, Serialize)]
struct Histogram {
    /// Where the classes end.
    classes: [u64; CLASSES.len()],
    /// How many fell into each; one class more.
    counts: [u64; CLASSES.len() + 1],
    median_us: Option<u64>,
    longest_us: Option<u64>,
}

impl Sums {
    pub(super) fn of(trace: &Trace) -> Sums {
        let mut names: BTreeMap<String, Sum> = BTreeMap::new();
        let mut pairs: BTreeMap<(String, bool), Sum> = BTreeMap::new();
        let mut under_way = Vec::new();
        for (at_us, message) in trace.messages() {
            let runtime = !is_of_story(message);
            let pair = format!("{} → {}", message.from, message.to);
            add(names.entry(name(message)).or_default(), message, runtime);
            add(pairs.entry((pair, runtime)).or_default(), message, runtime);
            if !runtime && let Some(delivered) = message.delivered_us {
                under_way.push(delivered.saturating_sub(at_us));
            }
        }
        let took = trace.events.iter().filter_map(|event| match event.what {
            What::Request { took_us, .. } => took_us,
            _ => None,
        });
        let mut names = named(names.into_iter());
        names.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.what.cmp(&b.what)));
        Sums {
            names,
            pairs: named(pairs.into_iter().map(|((pair, _), sum)| (pair, sum))),
            messages: Histogram::of(under_way),
            requests: Histogram::of(took.collect()),
        }
    }
}

/// What people call a message when they count: an answer counts apart from its call.
pub(super) fn name(message: &Message) -> String {
    use testkit::trace::Kind;
    let name = message.name.as_deref().unwrap_or(&message.label);
    let name = match &message.server {
        Some(server) if server.starts_with('$') => format!("{server} {name}"),
        _ => name.to_owned(),
    };
    match message.kind {
        Kind::Call => format!("{name}?"),
        Kind::Answer => format!("{name} ="),
        Kind::NoAnswer => format!("{name}: no answer"),
        _ => name,
    }
}

fn add(sum: &mut Sum, message: &Message, runtime: bool) {
    sum.count += 1;
    sum.bytes += message.bytes as u64;
    sum.lost += u64::from(matches!(message.fate, Fate::Dropped | Fate::Swallowed));
    sum.runtime = runtime;
}

fn named(sums: impl Iterator<Item = (String, Sum)>) -> Vec<Sum> {
    sums.map(|(what, sum)| Sum { what, ..sum }).collect()
}

impl Histogram {
    fn of(mut times: Vec<u64>) -> Histogram {
        times.sort_unstable();
        let mut counts = [0; CLASSES.len() + 1];
        for time in &times {
            counts[CLASSES.partition_point(|end| end <= time)] += 1;
        }
        Histogram {
            classes: CLASSES,
            counts,
            median_us: times.get(times.len() / 2).copied(),
            longest_us: times.last().copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_on_a_border_falls_into_the_class_behind_it() {
        let histogram = Histogram::of(vec![99, 100, 2_000_000, 5]);
        assert_eq!(histogram.counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(histogram.longest_us, Some(2_000_000));
    }
}
