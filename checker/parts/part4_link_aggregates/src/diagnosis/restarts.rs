//! Symptom of problem 7: a node that forgot its count counts in the same slot again.

use std::collections::BTreeSet;

use super::news::{News, Shown, counters, highest};
use testkit::diagnosis::Case;
use testkit::trace::{Change, What};

/// The last restart of each node that was killed, or whose counters crashed: the node, the time,
/// and whether the whole node was killed.
fn restarts<'a>(case: &Case<'a>) -> Vec<(&'a str, u64, bool)> {
    let nodes = case.nodes().iter();
    let mut restarts = Vec::new();
    for node in nodes {
        let killed = case.process(node, Change::Killed);
        let started = case.process(node, Change::Started);
        if let (Some(killed), Some(started)) = (killed, started)
            && started > killed
        {
            restarts.push((node.as_str(), started, true));
        }
        let crashed = case.last(|what| {
            matches!(what, What::Process { node: of, change: Change::Crashed, .. } if of == node)
        });
        restarts.extend(crashed.map(|at| (node.as_str(), at, false)));
    }
    restarts
}

pub(super) fn slot_is_used_again(case: &Case) -> Option<String> {
    let news = Shown::in_case(case)?.news(case);
    restarts(case)
        .into_iter()
        .find_map(|restart| counts_again(restart, &news))
}

/// A message about a slot in which a node had counted before it forgot, sent before any message had
/// brought it that slot: then the node counts in that slot again.
fn counts_again((node, since, killed): (&str, u64, bool), news: &[News]) -> Option<String> {
    let (before, mut after): (Vec<&News>, Vec<&News>) = news
        .iter()
        .filter(|news| [news.from(), news.to()].contains(&node))
        .partition(|news| news.sent.at_us < since);
    let own: Vec<&News> = before
        .into_iter()
        .filter(|news| news.from() == node)
        .collect();
    let known = highest(&own);
    let whose = counters(news);
    // The order in which the node sent and received them.
    after.sort_by_key(|news| match news.to() == node {
        true => news.came().unwrap_or(u64::MAX),
        false => news.sent.at_us,
    });
    let mut learned: BTreeSet<&str> = BTreeSet::new();
    for told in after {
        if told.to() == node {
            learned.extend(told.counts.iter().map(|(slot, _)| *slot));
            continue;
        }
        let again = told.counts.iter().find_map(|(slot, count)| {
            let before = known.get(slot)?;
            let unprompted = whose.get(slot) == Some(&node) && !learned.contains(slot);
            // After a crash of its counters alone, a node may still know its count.
            (unprompted && (killed || count < before)).then_some((slot, before, count))
        });
        if let Some((slot, before, count)) = again {
            let began = if killed {
                "it was killed"
            } else {
                "its counters crashed"
            };
            return Some(format!(
                "before {began}, {node} had counted up to {before} in the slot `{slot}`, and afterward, before any message had brought it \
                 that slot, it sent {} the count {count} in the same slot",
                told.to()
            ));
        }
    }
    None
}
