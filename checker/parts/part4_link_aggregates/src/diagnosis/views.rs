//! Symptoms of problems 5 and 6: which nodes hear of views, and what they make of the messages.

use std::collections::BTreeSet;

use super::news::{News, Shown, counters, highest, reconnected, sum};
use crate::pages::is_given;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::listed;
use testkit::seed::count_of;
use testkit::trace::What;

pub(super) fn keeps_views_in_the_store(case: &Case) -> Option<String> {
    let mut writes = case.events().filter_map(|event| match &event.what {
        What::Store {
            node,
            command,
            key: Some(key),
            ..
        } if !is_given(key) => Some((node, command, key)),
        _ => None,
    });
    let (node, command, key) = writes.next()?;
    Some(format!(
        "{node} gave the store the command {command} for the key {key}, which belongs to no link and no member"
    ))
}

pub(super) fn no_message_is_sent(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let own = shown.views_on(case, &shown.node);
    (shown.shown == own && own < shown.wanted).then_some(())?;
    let news = shown.news(case);
    let silent: Vec<&str> = case
        .nodes()
        .iter()
        .map(String::as_str)
        .filter(|node| {
            shown.views_on(case, node) > 0 && news.iter().all(|news| news.from() != *node)
        })
        .collect();
    let other = silent.iter().find(|node| **node != shown.node)?;
    let views = shown.views_on(case, other);
    Some(format!(
        "{other} counted {1} of {0} and sent no message about it, and {2} shows {3}, which is what it has counted itself",
        shown.code,
        count_of(views, "view"),
        shown.node,
        shown.shown
    ))
}

pub(super) fn owner_counts_for_all(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let tellers: BTreeSet<&str> = news
        .iter()
        .filter(|news| !news.counts.is_empty())
        .map(News::from)
        .collect();
    let [owner] = tellers.into_iter().collect::<Vec<_>>()[..] else {
        return None;
    };
    let others: BTreeSet<&str> = news
        .iter()
        .map(News::from)
        .filter(|node| *node != owner)
        .collect();
    let only_to_owner = news
        .iter()
        .all(|news| news.from() == owner || news.to() == owner);
    let viewed = |node: &&str| shown.views_on(case, node) > 0;
    (!others.is_empty() && only_to_owner && others.iter().all(viewed)).then(|| {
        let others: Vec<&str> = others.into_iter().collect();
        format!(
            "views of {} on {} went to {owner} alone, without a count, and only {owner} sent the others a count",
            shown.code,
            listed(&others)
        )
    })
}

pub(super) fn old_messages_overwrite(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let came = shown.came(case, &news);
    let own = shown.views_on(case, &shown.node);
    // Views that the node counts wrongly itself may be as many as a message is behind.
    (shown.told(&news) == own).then_some(())?;
    let highest = highest(&came);
    (sum([own, sum(highest.values().copied())]) == shown.wanted).then_some(())?;
    // A node that adds one for each message, instead of reading the count, shows the same then.
    let messages: BTreeSet<(&str, u64)> =
        came.iter().flat_map(|news| &news.counts).copied().collect();
    (sum([own, messages.len() as u64]) != shown.shown).then_some(())?;
    let missing = shown
        .wanted
        .checked_sub(shown.shown)
        .filter(|missing| *missing > 0)?;
    for (slot, most) in highest {
        let newest = came.iter().find(|news| news.count_of(slot) == Some(most))?;
        let of_slot = || came.iter().filter(|news| news.count_of(slot).is_some());
        // A node that overwrites shows what came last. The order of messages that arrived at the same
        // time is unknown.
        let last = of_slot().map(|news| news.came()).max();
        let late = of_slot().find(|news| {
            let is_older = news
                .count_of(slot)
                .is_some_and(|count| most - count == missing);
            is_older && Some(news.came()) == last
        });
        if let Some(late) = late {
            return Some(format!(
                "{} had heard from {} of {most} views when an older message with {} arrived, and it shows {}, as if the older message were the newest",
                shown.node,
                newest.from(),
                late.count_of(slot).unwrap_or_default(),
                shown.shown
            ));
        }
    }
    None
}

/// The node that has met the node which lacks views again and knows more, and when they met.
fn met_again<'a>(case: &Case<'a>, shown: &Shown, news: &[News<'a>]) -> Option<(&'a str, u64)> {
    let came = shown.came(case, news);
    let known = highest(&came);
    let whose = counters(news);
    // It knows more if it has counted more itself than ever arrived here.
    let of = |node: &str| -> u64 {
        let own = known
            .iter()
            .filter(|(slot, _)| whose.get(*slot) == Some(&node));
        sum(own.map(|(_, count)| *count))
    };
    let nodes = case.nodes().iter().map(String::as_str);
    nodes
        .filter(|node| *node != shown.node && shown.views_on(case, node) > of(node))
        .find_map(|node| Some((node, reconnected(case, node, &shown.node)?)))
}

pub(super) fn nothing_is_sent_on_reconnection(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let (other, since) = met_again(case, &shown, &news)?;
    let between = case.messages().since(since);
    let pair = [shown.node.as_str(), other];
    let said = between.that(|sent| {
        pair.contains(&sent.message.from.as_str()) && pair.contains(&sent.message.to.as_str())
    });
    said.is_empty().then(|| {
        format!(
            "{} and {other} were connected again, and since then neither has sent the other anything, though {other} had \
             views of {} that {0} lacks",
            shown.node, shown.code
        )
    })
}

pub(super) fn one_side_sends(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let (other, since) = met_again(case, &shown, &news)?;
    let between = case.messages().since(since);
    let there = between.clone().from(&shown.node).to(other);
    let back = between.from(other).to(&shown.node);
    let told = there.first()?;
    back.is_empty().then(|| {
        format!(
            "when {} and {other} were connected again, {0} sent {other} `{}`, and {other} sent {0} nothing, though it had views that {0} lacked",
            shown.node,
            told.message.name.as_deref().unwrap_or("a message")
        )
    })
}
