//! This run beside the last one with the same seed: what is the first thing that is different?
//!
//! Two runs of one seed are never the same in every detail, as nobody orders what different nodes
//! do at the same time. So messages are compared in streams: what one node says to one server of
//! another, with the answers apart, and in each stream only names, fields and what the network
//! did. Neither times nor clocks count, nor how streams lie between each other, nor that a few
//! messages of a stream have changed places, nor how often in a row the same was said.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::report::PartReport;
use crate::report::causes::is_of_story;
use crate::runs::Run;
use testkit::trace::{Fate, Kind, Message, Trace, What};
use testkit::verdict::Outcome;

/// How runs are compared, for readers.
pub(super) const HOW: &str = "Compared is what each node said to each server of each other node, \
    stream by stream: names, fields, and what the network did. Times, the order of what different \
    nodes do, a few messages that changed places, and how often in a row the same was said do not \
    count as differences.";

/// Within so many messages of a stream, it does not matter which comes first.
const CHANGED_PLACES: usize = 4;

/// How many entries of a stream are shown before and behind the first difference.
const AROUND: usize = 4;

/// An earlier run of the same code with the same seed.
#[derive(Debug)]
pub(super) struct Earlier {
    pub(super) run: Run,
    pub(super) report: PartReport,
}

/// The last run before this one of the same part, code and seed.
pub(super) fn last_like(run: &Run, report: &PartReport) -> Option<Earlier> {
    let of_part = format!("-{}", report.part);
    let earlier = run.earlier().into_iter();
    earlier
        .filter(|run| run.name().contains(&of_part) && run.is_over())
        .filter_map(|run| {
            let report = run.verdicts().ok()?;
            Some(Earlier { run, report })
        })
        .find(|earlier| {
            let other = &earlier.report;
            other.part == report.part
                && other.graded == report.graded
                && other.seed == report.seed
                && other.is_played() == report.is_played()
        })
}

impl Earlier {
    /// What became of the same scenario then.
    pub(super) fn outcome(&self, of: &Outcome) -> Option<&Outcome> {
        let problems = self.report.problems.iter();
        let mut outcomes = problems.flat_map(|problem| &problem.outcomes);
        outcomes.find(|other| other.scenario == of.scenario && other.seed == of.seed)
    }
}

/// What is different, stream by stream.
#[derive(Debug, Default, Serialize)]
pub(super) struct Comparison {
    /// The streams that differ, the earliest difference first.
    pub(super) differences: Vec<Difference>,
    /// How many streams were compared.
    pub(super) streams: usize,
}

/// Where one stream differs for the first time.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    /// Which stream: `n1 → n2, consumer`.
    pub(super) stream: String,
    /// The event of this run; missing when the stream is over by then.
    pub(super) here: Option<usize>,
    /// The event of the earlier run.
    pub(super) there: Option<usize>,
    /// When, of whichever there is.
    pub(super) at_us: u64,
    /// What surrounds it: this run's entries and the earlier one's.
    rows: [Vec<Entry>; 2],
}

/// One entry of a stream.
#[derive(Debug, Clone, Serialize)]
struct Entry {
    /// Missing when the page has no room for it.
    event: Option<usize>,
    at_us: u64,
    text: String,
    /// Whether it is the first one that is different.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    differs: bool,
}

impl Comparison {
    /// Names events by their places in the page instead of those in the traces.
    pub(super) fn name_as_placed(
        &mut self,
        here: &BTreeMap<usize, usize>,
        there: &BTreeMap<usize, usize>,
    ) {
        for difference in &mut self.differences {
            difference.here = difference.here.and_then(|event| here.get(&event).copied());
            difference.there = difference
                .there
                .and_then(|event| there.get(&event).copied());
            let [own, other] = &mut difference.rows;
            for (entries, placed) in [(own, here), (other, there)] {
                for entry in entries {
                    entry.event = entry.event.and_then(|event| placed.get(&event).copied());
                }
            }
        }
    }
}

/// Compares two traces of one scenario.
pub(super) fn compare(here: &Trace, there: &Trace) -> Comparison {
    let (here, there) = (streams(here), streams(there));
    let names: std::collections::BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    let nothing = Vec::new();
    let differences = names.iter().filter_map(|name| {
        let own = here.get(*name).unwrap_or(&nothing);
        let other = there.get(*name).unwrap_or(&nothing);
        difference(name, own, other)
    });
    let mut differences: Vec<Difference> = differences.collect();
    // That a stream is over sooner may be because the scenario was: it tells less than something
    // else in its place.
    differences.sort_by_key(|of| (of.here.is_none() || of.there.is_none(), of.at_us));
    Comparison {
        streams: names.len(),
        differences,
    }
}

fn streams(trace: &Trace) -> BTreeMap<String, Vec<Entry>> {
    let mut streams: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for (event, happened) in trace.events.iter().enumerate() {
        let (stream, text) = match &happened.what {
            What::Message(message) if is_of_story(message) => (stream(message), said(message)),
            What::Step { text } => ("steps of the scenario".to_owned(), text.clone()),
            What::Request {
                node,
                question,
                answer,
                ..
            } => (
                format!("requests to {node}"),
                format!("{question} → {answer}"),
            ),
            What::Process { node, text, .. } => (format!("done to {node}"), text.clone()),
            _ => continue,
        };
        let entries = streams.entry(stream).or_default();
        if entries.last().is_none_or(|last| last.text != text) {
            entries.push(Entry {
                event: Some(event),
                at_us: happened.at_us,
                text,
                differs: false,
            });
        }
    }
    streams
}

fn stream(message: &Message) -> String {
    let server = message.server.as_deref().unwrap_or("a process");
    match message.kind {
        Kind::Answer | Kind::NoAnswer => {
            format!("{} → {}, answers of {server}", message.from, message.to)
        }
        _ => format!("{} → {}, {server}", message.from, message.to),
    }
}

fn said(message: &Message) -> String {
    let fate = match message.fate {
        Fate::Delivered | Fate::UnderWay => "",
        Fate::Doubled => " (delivered twice)",
        Fate::Dropped => " (lost)",
        Fate::Swallowed => " (swallowed)",
        Fate::Held => " (held back)",
    };
    format!("{}{fate}", message.label)
}

/// Where two versions of a stream differ for the first time, if they do.
fn difference(stream: &str, here: &[Entry], there: &[Entry]) -> Option<Difference> {
    let mut open: Vec<usize> = (0..there.len()).collect();
    let mut own = here.len();
    for (place, entry) in here.iter().enumerate() {
        let near = open.iter().take(CHANGED_PLACES);
        match { near }.position(|other| there[*other].text == entry.text) {
            Some(found) => {
                open.remove(found);
            }
            None => {
                own = place;
                break;
            }
        }
    }
    let other = open.first().copied();
    if own == here.len() && other.is_none() {
        return None;
    }
    let (first, second) = (here.get(own), other.map(|other| &there[other]));
    Some(Difference {
        stream: stream.to_owned(),
        here: first.and_then(|entry| entry.event),
        there: second.and_then(|entry| entry.event),
        at_us: first.or(second).map_or(0, |entry| entry.at_us),
        rows: [
            around(here, own),
            around(there, other.unwrap_or(there.len())),
        ],
    })
}

fn around(entries: &[Entry], place: usize) -> Vec<Entry> {
    let shown = place.saturating_sub(AROUND)..entries.len().min(place + AROUND + 1);
    let entries = entries[shown.clone()].iter().zip(shown);
    entries
        .map(|(entry, at)| Entry {
            differs: at == place,
            ..entry.clone()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(texts: &[&str]) -> Vec<Entry> {
        let texts = texts.iter().enumerate();
        texts
            .map(|(event, text)| Entry {
                event: Some(event),
                at_us: event as u64,
                text: (*text).to_owned(),
                differs: false,
            })
            .collect()
    }

    #[track_caller]
    fn check(here: &[&str], there: &[&str], expected: Option<(Option<usize>, Option<usize>)>) {
        let found = difference("n1 → n2", &entries(here), &entries(there));
        assert_eq!(found.map(|found| (found.here, found.there)), expected);
    }

    #[test]
    fn same_stream_has_no_difference() {
        check(&["a", "b"], &["a", "b"], None);
        check(&[], &[], None);
    }

    #[test]
    fn neighbours_that_changed_places_are_no_difference() {
        check(&["a", "b", "c"], &["b", "a", "c"], None);
    }

    #[test]
    fn first_message_that_the_other_run_lacks_is_the_difference() {
        check(&["a", "b", "c"], &["a", "x", "c"], Some((Some(1), Some(1))));
    }

    #[test]
    fn stream_that_ends_earlier_differs_where_it_ends() {
        check(&["a"], &["a", "b"], Some((None, Some(1))));
        check(&["a", "b"], &["a"], Some((Some(1), None)));
    }
}
