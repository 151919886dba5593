//! What there is room for in a page: near the failure all, far away less.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::causes::{Cause, is_of_story};
use testkit::trace::{Event, Fate, Trace, What};

/// How large all data of a page together may be by estimate, in bytes; if the page becomes too
/// large with it, the next.
pub(super) const WHOLE: [usize; 3] = [1_600_000, 1_200_000, 600_000];

/// How large the data may really be: with script and style, the page stays below two megabytes.
pub(super) const MOST: usize = 1_850_000;

/// What an event takes without its texts.
const BARE: usize = 64;

/// How much more room a failed scenario gets than one that passed.
pub(super) const FAILED: usize = 4;
pub(super) const PASSED: usize = 1;

/// Before and after a failure everything is of interest for so long.
const NEAR_US: u64 = 500_000;

/// How much of the room is for what is near the ends rather than the failure.
const AT_THE_ENDS: usize = 3;

/// Deals the room out: a text that needs less than its share leaves the rest to the others. Of each
/// the size and the weight are given; what each gets is returned.
pub(super) fn shares(wanted: &[(usize, usize)], whole: usize) -> Vec<usize> {
    let mut shares: Vec<usize> = vec![0; wanted.len()];
    let mut open: BTreeSet<usize> = (0..wanted.len()).collect();
    let mut left = whole;
    while !open.is_empty() {
        let weights: usize = open.iter().map(|of| wanted[*of].1).sum();
        let share = |of: usize| left / weights.max(1) * wanted[of].1;
        let content: Vec<usize> = open
            .iter()
            .copied()
            .filter(|of| wanted[*of].0 <= share(*of))
            .collect();
        if content.is_empty() {
            for of in &open {
                shares[*of] = share(*of);
            }
            break;
        }
        for of in content {
            shares[of] = wanted[of].0;
            left -= wanted[of].0;
            open.remove(&of);
        }
    }
    shares
}

/// About how many bytes a trace takes in the page.
pub(super) fn size(trace: &Trace) -> usize {
    let logs: usize = trace.logs.iter().map(|line| line.text.len() + 20).sum();
    let mut told = BTreeSet::new();
    let events = trace.events.iter().map(|event| weight(event, &mut told));
    logs + events.sum::<usize>()
}

/// About how many bytes an event takes. A label that was told already takes none.
fn weight<'e>(event: &'e Event, told: &mut BTreeSet<&'e str>) -> usize {
    BARE + match &event.what {
        What::Message(message) => {
            let label = match told.insert(&message.label) {
                true => message.label.len() + message.brief.as_ref().map_or(0, String::len) + 6,
                false => 0,
            };
            label + message.body.as_ref().map_or(0, weight_of)
        }
        What::Store { args, .. } => 60 + args.iter().map(|arg| arg.len() + 3).sum::<usize>(),
        What::Request {
            question, answer, ..
        } => 60 + question.len() + answer.len(),
        _ => 60,
    }
}

fn weight_of(body: &Value) -> usize {
    match body {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 6,
        Value::String(text) => text.len() + 3,
        Value::Array(items) => 2 + items.iter().map(|item| 1 + weight_of(item)).sum::<usize>(),
        Value::Object(fields) => {
            let field = |(name, of): (&String, &Value)| name.len() + 4 + weight_of(of);
            2 + fields.iter().map(field).sum::<usize>()
        }
    }
}

/// Chooses the events that are shown, as places in the trace and in its order.
///
/// First comes what a reader must not miss: the steps, what was done to nodes and network, what
/// the network did to messages, what led to the failure. Then what is near it. Then the beginning
/// and the end. What the library says for itself comes last.
pub(super) fn chosen(trace: &Trace, causes: &[Cause], room: usize) -> BTreeSet<usize> {
    let failure = trace.violation.as_ref().map(|seen| seen.at_us);
    let last = trace.events.len();
    let rank = |place: usize, event: &Event| -> (u8, usize) {
        let from_ends = place.min(last - place);
        let near = failure.is_some_and(|at| event.at_us.abs_diff(at) <= NEAR_US);
        let from_failure = failure.map_or(from_ends, |at| {
            from_ends
                .saturating_mul(AT_THE_ENDS)
                .min(event.at_us.abs_diff(at) as usize)
        });
        match &event.what {
            What::Message(message) if !is_of_story(message) => (4, from_ends),
            What::Message(message) if message.fate != Fate::Delivered => (1, from_failure),
            What::Message(_) | What::Request { .. } if near => (2, from_failure),
            What::Message(_) | What::Request { .. } => (3, from_ends),
            What::Store { .. } | What::Opened { .. } | What::Closed { .. } => (4, from_ends),
            What::Refused { .. } => (4, from_ends),
            _ => (0, from_ends),
        }
    };
    let mut ranked: Vec<((u8, usize), usize)> = trace
        .events
        .iter()
        .enumerate()
        .map(|(place, event)| (rank(place, event), place))
        .collect();
    ranked.sort_unstable();
    let logs: usize = trace.logs.iter().map(|line| line.text.len() + 20).sum();
    let mut left = room.saturating_sub(logs.min(room / 4));
    let mut shown: BTreeSet<usize> = causes.iter().map(|cause| cause.event).collect();
    let mut told = BTreeSet::new();
    for (_, place) in ranked {
        let weight = weight(&trace.events[place], &mut told);
        if weight > left {
            break;
        }
        left -= weight;
        shown.insert(place);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_needs_little_leaves_the_rest_to_others() {
        assert_eq!(shares(&[(10, 1), (1000, 1), (1000, 1)], 110), [10, 50, 50]);
        assert_eq!(shares(&[(10, 1), (20, 1)], 110), [10, 20]);
        assert_eq!(shares(&[(1000, 4), (1000, 1)], 100), [80, 20]);
        assert_eq!(shares(&[], 100), [0; 0]);
    }
}
