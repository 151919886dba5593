//! Symptoms of problem 7: what a node that was started again counts, learns and passes on.

use std::collections::BTreeSet;

use super::news::{News, Shown, counters, highest, sum};
use super::words::some;
use testkit::diagnosis::Case;
use testkit::trace::{Change, What};

/// When something began anew on each node that was killed, or whose counters crashed, and how that
/// is told. Of several times the last one.
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

/// A node that was started again and hides its new views behind the old ones: it had counted some
/// since, learnt of more in a slot of its own, and shows the greater of the two numbers.
fn hides_new_views(case: &Case, shown: &Shown, news: &[News]) -> Option<String> {
    let (since, slots) = forgetful(case, shown, news)?;
    let own = shown.views_on(case, shown.node);
    let answer = format!("200 Redirects: {own}");
    let counted = case
        .requests()
        .iter()
        .any(|asked| asked.node == shown.node && asked.at_us > since && asked.answer == answer);
    let known = highest(&shown.came(case, news));
    let all = sum(known.values().copied());
    let (slot, count) = known.iter().find(|(slot, _)| slots.contains(slot))?;
    let greater = shown.shown == all && *count >= own && own > 0;
    (counted && greater && sum([own, all]) == shown.wanted).then(|| {
        format!(
            "since it was started again {} had counted {}, then it was told of {count} in its old slot `{slot}`, and it \
             shows {}: the greater number, and not the sum",
            shown.node,
            some(own, "view"),
            shown.shown
        )
    })
}

pub(super) fn slot_is_used_again(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    if let Some(hidden) = hides_new_views(case, &shown, &news) {
        return Some(hidden);
    }
    let restarts = restarts(case);
    let again = restarts
        .iter()
        .find_map(|restart| counts_again(*restart, &news));
    again.or_else(|| hides_views_after_a_crash(case, &shown, &news))
}

/// A node whose counters crashed and that was viewed since, that tells of no other slot of its
/// own than before and of no more views in it: the new ones are hidden behind the old.
fn hides_views_after_a_crash(case: &Case, shown: &Shown, news: &[News]) -> Option<String> {
    let whose = counters(news);
    restarts(case).into_iter().find_map(|(node, since, killed)| {
        let requests = case.requests();
        let viewed = requests.iter().filter(|asked| {
            asked.node == node
                && asked.at_us > since
                && asked.followed() == Some(shown.code)
                && asked.status() == Some(302)
        });
        let viewed = viewed.count() as u64;
        let (before, after): (Vec<&News>, Vec<&News>) =
            news.iter().partition(|news| news.sent.at_us < since);
        let known = highest(&before);
        let (slot, most) = known.iter().find(|(slot, _)| whose.get(*slot) == Some(&node))?;
        let told: Vec<&News> = after.into_iter().filter(|news| news.from() == node).collect();
        let counts = highest(&told);
        let mut own = counts.iter().filter(|(slot, _)| whose.get(*slot) == Some(&node));
        let nothing_new = own.all(|(slot, count)| known.get(slot).is_some_and(|old| count <= old));
        let all = sum(known.values().copied());
        let hidden = shown.shown == all && sum([all, viewed]) == shown.wanted;
        (!killed && viewed > 0 && counts.contains_key(slot) && nothing_new && hidden).then(|| {
            format!(
                "before its counters crashed, {node} had told others of {most} in the slot `{slot}`; then it was viewed {} more, \
                 and since then it has told others of no more than that in this slot, and of no other slot of its own",
                some(viewed, "time")
            )
        })
    })
}

/// What a node told of a slot in which it had counted before it forgot, before anybody had
/// reminded it: then it counts in that slot again.
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
    // In the order in which the node sent and heard them.
    after.sort_by_key(|news| match news.to() == node {
        true => news.came().unwrap_or(u64::MAX),
        false => news.sent.at_us,
    });
    let mut learnt: BTreeSet<&str> = BTreeSet::new();
    for told in after {
        if told.to() == node {
            learnt.extend(told.counts.iter().map(|(slot, _)| *slot));
            continue;
        }
        let again = told.counts.iter().find_map(|(slot, count)| {
            let before = known.get(slot)?;
            let unprompted = whose.get(slot) == Some(&node) && !learnt.contains(slot);
            // After a crash of its counters alone, a node may well know what it had counted.
            (unprompted && (killed || count < before)).then_some((slot, before, count))
        });
        if let Some((slot, before, count)) = again {
            let began = if killed {
                "it was killed"
            } else {
                "its counters crashed"
            };
            return Some(format!(
                "before {began}, {node} had counted up to {before} in the slot `{slot}`, and afterwards, before it had heard of \
                 that slot from anybody, it told {} of {count} in the same slot",
                told.to()
            ));
        }
    }
    None
}

/// A node that was killed and started again, that shows too little, and the slots in which it had
/// counted before.
fn forgetful<'a>(
    case: &Case<'a>,
    shown: &Shown<'a>,
    news: &[News<'a>],
) -> Option<(u64, Vec<&'a str>)> {
    (shown.shown < shown.wanted).then_some(())?;
    let since = case
        .process(shown.node, Change::Started)
        .filter(|started| Some(*started) > case.process(shown.node, Change::Killed))?;
    case.process(shown.node, Change::Killed)?;
    let before: Vec<News> = news
        .iter()
        .filter(|news| news.sent.at_us < since)
        .cloned()
        .collect();
    let whose = counters(&before);
    let slots = whose.into_iter().filter(|(_, node)| *node == shown.node);
    Some((since, slots.map(|(slot, _)| slot).collect()))
}

pub(super) fn own_slot_is_not_learnt(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let (_, slots) = forgetful(case, &shown, &news)?;
    let came = shown.came(case, &news);
    let known = highest(&came);
    let (slot, count) = known.iter().find(|(slot, _)| slots.contains(slot))?;
    let teller = came
        .iter()
        .find(|news| news.count_of(slot) == Some(*count))?;
    let others = sum(known
        .iter()
        .filter(|(slot, _)| !slots.contains(slot))
        .map(|(_, count)| *count));
    let own = shown.views_on(case, shown.node);
    (shown.shown == sum([own, others]) && *count > 0).then(|| {
        format!(
            "when {} was back, {} told it that {count} views had been counted in its old slot `{slot}`, and it still shows {}",
            shown.node,
            teller.from(),
            shown.shown
        )
    })
}

pub(super) fn others_views_are_not_told(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let (since, slots) = forgetful(case, &shown, &news)?;
    for slot in slots {
        let knew = news.iter().find(|news| {
            news.count_of(slot).is_some()
                && news.came().is_some_and(|at| at < since)
                && news.to() != shown.node
        });
        let Some(knew) = knew else { continue };
        let mut since_then = news.iter().filter(|news| news.sent.at_us >= since);
        let told = since_then
            .clone()
            .find(|news| news.from() == knew.to() && news.to() == shown.node);
        let nobody = since_then.all(|news| news.count_of(slot).is_none());
        if let (Some(told), true) = (told, nobody) {
            return Some(format!(
                "{} had heard of {} that {} had counted; when {2} was back, {0} told it `{}`, without them",
                knew.to(),
                some(knew.count_of(slot).unwrap_or_default(), "view"),
                shown.node,
                told.sent.message.label
            ));
        }
    }
    None
}

pub(super) fn what_was_learnt_is_not_passed_on(case: &Case) -> Option<String> {
    let shown = Shown::in_case(case)?;
    let news = shown.news(case);
    let known = highest(&shown.came(case, &news));
    let known_here = sum(known.values().copied());
    let own = shown.views_on(case, shown.node);
    for (node, since, killed) in restarts(case) {
        if !killed || node == shown.node {
            continue;
        }
        let came = news
            .iter()
            .filter(|news| news.to() == node && news.came().is_some_and(|at| at >= since));
        for learnt in came {
            for (slot, count) in &learnt.counts {
                let here = known.get(slot).copied().unwrap_or_default();
                let missing =
                    here < *count && sum([own, known_here - here, *count]) == shown.wanted;
                let told = news.iter().any(|news| {
                    news.from() == node
                        && news.to() == shown.node
                        && news.count_of(slot) >= Some(*count)
                });
                if missing && !told && learnt.from() != shown.node {
                    return Some(format!(
                        "{} told {node}, which had just been started, of {count} views in the slot `{slot}`; {node} did not tell {}, which knows of {here}",
                        learnt.from(),
                        shown.node
                    ));
                }
            }
        }
    }
    None
}
