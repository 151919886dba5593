//! Which events are drawn, and in which rows.

use std::collections::BTreeSet;

use super::super::causes::{causes, is_of_story};
use testkit::trace::{Event, Fate, Message, Trace, What};

/// How many events are drawn, steps aside: what led to the violation, what was done to the
/// cluster, and what was said last.
const MOST: usize = 36;

/// Which events are drawn.
pub(super) struct Chosen {
    pub(super) events: BTreeSet<usize>,
    pub(super) causes: BTreeSet<usize>,
    /// How many messages and requests are not drawn for lack of room.
    pub(super) left_out: usize,
}

impl Chosen {
    pub(super) fn from(trace: &Trace) -> Chosen {
        let end = trace.violation.as_ref().map_or(u64::MAX, |seen| seen.at_us);
        let is_step = |event: &Event| matches!(event.what, What::Step { .. });
        let all: Vec<usize> = (0..trace.events.len())
            .filter(|&place| trace.events[place].at_us <= end && is_drawn(&trace.events[place]))
            .collect();
        // How the nodes met is not the point, once something was said in the story itself.
        let first = all.iter().position(|&place| is_step(&trace.events[place]));
        let story = match first {
            Some(first) if all[first..].iter().any(|&at| !is_step(&trace.events[at])) => {
                &all[first..]
            }
            _ => &all[..],
        };
        let causes: BTreeSet<usize> = causes(trace).iter().map(|cause| cause.event).collect();
        let mut events = BTreeSet::new();
        let mut take = |most: usize, fits: &dyn Fn(usize) -> bool| {
            let fitting = story.iter().rev().copied().filter(|&place| fits(place));
            for place in fitting {
                if events.len() >= most {
                    break;
                }
                events.insert(place);
            }
        };
        take(MOST / 2, &|place| causes.contains(&place));
        take(MOST * 3 / 4, &|place| {
            is_done_on_purpose(&trace.events[place])
        });
        take(MOST, &|place| !is_step(&trace.events[place]));
        let left_out = story
            .iter()
            .filter(|&&place| !is_step(&trace.events[place]) && !events.contains(&place))
            .count();
        events.extend(story.iter().filter(|&&place| is_step(&trace.events[place])));
        Chosen {
            events,
            causes,
            left_out,
        }
    }
}

fn is_drawn(event: &Event) -> bool {
    match &event.what {
        What::Message(message) => is_of_story(message),
        What::Store { forwarded, .. } => !forwarded,
        What::Opened { .. } | What::Closed { .. } | What::Refused { .. } => false,
        _ => true,
    }
}

/// Whether it is something that was done to the cluster, or to a message.
fn is_done_on_purpose(event: &Event) -> bool {
    match &event.what {
        What::Message(message) => !matches!(message.fate, Fate::Delivered | Fate::UnderWay),
        What::Request { .. } | What::Step { .. } | What::Store { .. } => false,
        _ => true,
    }
}

/// Something that takes a row, or the other end of an arrow.
pub(super) enum Row<'a> {
    Event(usize, &'a Event),
    /// The message of that place arrives.
    Arrival(usize),
    /// So many events are not drawn.
    LeftOut(usize),
}

/// What is drawn, with the ends of arrows and with gaps, in the order of time.
pub(super) fn ordered<'a>(trace: &'a Trace, chosen: &Chosen) -> Vec<(u64, Row<'a>)> {
    let end = trace.violation.as_ref().map_or(u64::MAX, |seen| seen.at_us);
    let mut rows: Vec<(u64, u8, Row)> = Vec::new();
    let first = chosen.events.first().copied().unwrap_or(0);
    let mut gap = (0, 0);
    for (place, event) in trace.events.iter().enumerate().skip(first) {
        if event.at_us > end {
            break;
        }
        if !chosen.events.contains(&place) {
            if is_drawn(event) {
                gap = (event.at_us, gap.1 + 1);
            }
            continue;
        }
        if gap.1 > 0 {
            rows.push((gap.0, 0, Row::LeftOut(gap.1)));
            gap = (0, 0);
        }
        rows.push((event.at_us, 0, Row::Event(place, event)));
        if let What::Message(message) = &event.what
            && arrives(message)
            && let Some(came) = message.delivered_us
            && came <= end
        {
            rows.push((came, 1, Row::Arrival(place)));
        }
    }
    if gap.1 > 0 {
        rows.push((gap.0, 0, Row::LeftOut(gap.1)));
    }
    rows.sort_by_key(|(at, later, _)| (*at, *later));
    rows.into_iter().map(|(at, _, row)| (at, row)).collect()
}

pub(super) fn arrives(message: &Message) -> bool {
    message.delivered_us.is_some() && !matches!(message.fate, Fate::Dropped | Fate::Swallowed)
}
