//! Symptoms of problems 5 and 6: who is told of views, and what is made of it.

use std::collections::BTreeSet;

use super::news::{News, Shown, counters, highest, names_any, reconnected, sum};
use super::words::some;
use crate::pages::is_given;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{listed, seconds};
use testkit::diagnosis::service::Asked;
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
        "{node} gave the store the command {command} for the key {key}, which is of no link and of no member"
    ))
}

pub(super) fn nobody_is_told(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let own = shown.views_on(case, shown.node);
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
        "{} was followed on {other}, which sent no other node a message about it ({} there), and {} shows {}, \
         no more than were counted on {2} itself",
        shown.code,
        some(views, "view"),
        shown.node,
        shown.shown
    ))
}

pub(super) fn updates_are_lost(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    (shown.shown < shown.wanted).then_some(())?;
    let news = shown.news(case);
    let whose = counters(&news);
    for node in case.nodes() {
        let views = shown.views_on(case, node);
        let own = news.iter().filter(|news| news.from() == node);
        let mut told: BTreeSet<(&str, &str, u64)> = BTreeSet::new();
        let (mut most, mut again) = (0, None);
        for news in own {
            for (slot, count) in &news.counts {
                if whose.get(slot) != Some(&node.as_str()) {
                    continue;
                }
                most = most.max(*count);
                if !told.insert((news.to(), slot, *count)) {
                    again = again.or(Some((news.to(), *count)));
                }
            }
        }
        if let Some((to, count)) = again
            && (1..views).contains(&most)
        {
            return Some(format!(
                "{views} visitors followed {} on {node}, which told the others of {most} at most, and told {to} of view number {count} twice",
                shown.code
            ));
        }
    }
    None
}

/// The last request, if it took as long as the counters were busy.
fn waited<'a>(case: &Case<'a>) -> Option<(&'a str, &'a str, u64)> {
    let busy = case.step("kept busy")?;
    let slow = case.requests().into_iter().find(|asked| {
        let took = asked.took_us.unwrap_or_default();
        asked.from_us >= busy.saturating_sub(1_000) && (600_000..2_200_000).contains(&took)
    })?;
    // They were free again two seconds after they had been told to do nothing.
    let end = slow.at_us.saturating_sub(busy);
    (1_800_000..2_500_000)
        .contains(&end)
        .then_some((slow.node, slow.question, slow.took_us?))
}

pub(super) fn reading_waits_for_the_server(case: &Case) -> Option<String> {
    let (node, question, took) = waited(case)?;
    question.ends_with("/aggregates").then(|| {
        format!(
            "{node} answered `{question}` after {}, just when its server `counters` was free again",
            seconds(took)
        )
    })
}

pub(super) fn following_waits_for_the_server(case: &Case) -> Option<String> {
    let (node, question, took) = waited(case)?;
    (!question.ends_with("/aggregates")).then(|| {
        format!(
            "{node} answered `{question}` after {}, just when its server `counters` was free again",
            seconds(took)
        )
    })
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
            "of views of {} on {} only {owner} was told, without a number, and only {owner} told the others how many there were",
            shown.code,
            listed(&others)
        )
    })
}

pub(super) fn messages_are_counted(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let came = shown.came(case, &news);
    let own = shown.views_on(case, shown.node);
    let known = sum(highest(&came).into_values());
    (sum([own, known]) == shown.wanted && shown.shown != shown.wanted).then_some(())?;
    let deliveries: u64 = came.iter().map(|news| news.times()).sum();
    let different = came
        .iter()
        .map(|news| (news.from(), &news.sent.message.label))
        .collect::<BTreeSet<_>>()
        .len() as u64;
    let counted = [deliveries, different]
        .into_iter()
        .find(|counted| own + counted == shown.shown)?;
    let node = shown.node;
    let repeated = came
        .iter()
        .find(|news| news.times() > 1 && counted == deliveries);
    let told = repeated.or(came.last())?;
    let twice = if repeated.is_some() { " twice" } else { "" };
    Some(format!(
        "`{}` came to {node}{twice}, and {node} shows {}: that is {own} of its own, and one for each of the {} that came",
        told.sent.message.label,
        shown.shown,
        some(counted, "message")
    ))
}

pub(super) fn old_news_overwrite(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let came = shown.came(case, &news);
    let own = shown.views_on(case, shown.node);
    let highest = highest(&came);
    (sum([own, sum(highest.values().copied())]) == shown.wanted).then_some(())?;
    let missing = shown
        .wanted
        .checked_sub(shown.shown)
        .filter(|missing| *missing > 0)?;
    for (slot, most) in highest {
        let newest = came.iter().find(|news| news.count_of(slot) == Some(most))?;
        // Those that came at the same time came in an order that is not known.
        let late = came.iter().find(|news| {
            let is_older = news
                .count_of(slot)
                .is_some_and(|count| most - count == missing);
            is_older && news.came() >= newest.came()
        });
        if let Some(late) = late {
            return Some(format!(
                "{} had heard from {} of {most} views, when an older message came, `{}`, and it shows {}, as if that one were the newest",
                shown.node,
                newest.from(),
                late.sent.message.label,
                shown.shown
            ));
        }
    }
    None
}

/// Two nodes that met again, and the one that lacks views: the other one, and when they did.
fn met_again<'a>(case: &Case<'a>, shown: &Shown<'a>, news: &[News<'a>]) -> Option<(&'a str, u64)> {
    let came = shown.came(case, news);
    let known = highest(&came);
    let whose = counters(news);
    // The other one knows more: it has counted more itself than ever came here.
    let of = |node: &str| -> u64 {
        let own = known
            .iter()
            .filter(|(slot, _)| whose.get(*slot) == Some(&node));
        sum(own.map(|(_, count)| *count))
    };
    let nodes = case.nodes().iter().map(String::as_str);
    nodes
        .filter(|node| *node != shown.node && shown.views_on(case, node) > of(node))
        .find_map(|node| Some((node, reconnected(case, node, shown.node)?)))
}

pub(super) fn nothing_is_told_on_a_new_link(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let (other, since) = met_again(case, &shown, &news)?;
    let between = case.messages().since(since);
    let pair = [shown.node, other];
    let said = between.that(|sent| {
        pair.contains(&sent.message.from.as_str()) && pair.contains(&sent.message.to.as_str())
    });
    said.is_empty().then(|| {
        format!(
            "the link between {} and {other} was made anew, and since then neither has told the other anything, though {other} \
             had views of {} that {0} has not heard of",
            shown.node, shown.code
        )
    })
}

pub(super) fn one_side_tells(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let (other, since) = met_again(case, &shown, &news)?;
    let between = case.messages().since(since);
    let there = between.clone().from(shown.node).to(other);
    let back = between.from(other).to(shown.node);
    let told = there.first()?;
    back.is_empty().then(|| {
        format!(
            "when {} and {other} were connected again, {0} told {other} `{}`, and {other} told {0} nothing, though it had views that {0} lacked",
            shown.node, told.message.label
        )
    })
}

pub(super) fn some_links_are_left_out(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let (other, since) = met_again(case, &shown, &news)?;
    let told = case
        .messages()
        .since(since)
        .from(other)
        .to(shown.node)
        .arrived();
    let requests = case.requests();
    let codes: BTreeSet<&str> = requests.iter().filter_map(Asked::followed).collect();
    let of_others = told.iter().find(|sent| names_any(sent, &codes))?;
    let of_it = told
        .iter()
        .any(|sent| names_any(sent, &BTreeSet::from([shown.code])));
    (!of_it).then(|| {
        format!(
            "when they were connected again, {other} told {} `{}`, and not a word of {}, of which it knew more",
            shown.node, of_others.message.label, shown.code
        )
    })
}
