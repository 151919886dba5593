//! Symptoms of problem 5: what becomes of questions that the store does not answer.

use std::collections::{BTreeMap, BTreeSet};

use shortener::Code;

use super::stored_link;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::seconds;
use testkit::diagnosis::service::{Command, at, is_silent};
use testkit::trace::StoreMode;

pub(super) fn created_without_the_store(case: &Case) -> Option<String> {
    let commands = case.commands();
    case.requests().iter().find_map(|asked| {
        let code = asked.created()?;
        let modes = case.store_of(asked.node);
        let silent = is_silent(at(&modes, asked.at_us)) && is_silent(at(&modes, asked.from_us));
        let stored = commands.iter().any(|command| {
            command.node == asked.node
                && command.forwarded
                && command.at_us <= asked.at_us
                && command.stores().is_some_and(|(stored, _)| stored == code)
        });
        (silent && !stored).then(|| {
            format!("{} answered 201 with {code} while the store did nothing for it, so that the store had no such link", asked.node)
        })
    })
}

pub(super) fn created_later(case: &Case) -> Option<String> {
    let requests = case.requests();
    let commands = case.commands();
    requests.iter().find_map(|asked| {
        let url = asked.url().filter(|_| asked.status() == Some(503))?;
        let later = commands.iter().find(|command| {
            command.node == asked.node
                && command.at_us > asked.at_us
                && command.forwarded
                && stored_link(command).is_some_and(|(_, link)| link.url == url)
        })?;
        let again = requests.iter().any(|other| {
            other.url() == Some(url) && other.covers(later.at_us)
        });
        (!again).then(|| {
            format!(
                "{} answered 503 for {url}, and {} later it stored the link in the store, though nobody had asked again",
                asked.node,
                seconds(later.at_us - asked.at_us)
            )
        })
    })
}

/// A 404 for a code of which the node did not hear from the store, and whether it had answered
/// 503 for the same code before.
fn unfounded_404<'a>(case: &Case<'a>) -> Option<(&'a str, &'a str, bool)> {
    let commands = case.commands();
    let mut unavailable: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for asked in case.requests() {
        let Some(code) = asked.followed() else {
            continue;
        };
        let (node, place) = (asked.node, (asked.node, code));
        match asked.status() {
            Some(503) => drop(unavailable.insert(place, asked.at_us)),
            Some(404) => {
                let since = unavailable.get(&place).copied();
                let mode = at(&case.store_of(node), asked.from_us);
                let heard = commands.iter().any(|command| {
                    command.node == node
                        && command.reads() == Some(code)
                        && command.forwarded
                        && command.at_us <= asked.at_us
                        && since.is_none_or(|since| command.at_us > since)
                });
                if !heard && (since.is_some() || is_silent(mode)) {
                    return Some((node, code, since.is_some()));
                }
            }
            _ => {}
        }
    }
    None
}

pub(super) fn error_becomes_404(case: &Case) -> Option<String> {
    let (node, code, false) = unfounded_404(case)? else {
        return None;
    };
    Some(format!(
        "{node} answered 404 for {code} while the store gave it no answers, and had never been told by the store that there is no such link"
    ))
}

pub(super) fn error_is_kept(case: &Case) -> Option<String> {
    let (node, code, true) = unfounded_404(case)? else {
        return None;
    };
    Some(format!(
        "{node} answered 503 for {code} first, as the store gave no answer, and then 404 without having asked the store again"
    ))
}

pub(super) fn who_waits_is_not_told(case: &Case) -> Option<String> {
    /// The store has given up long before that.
    const LONG: u64 = 2_500_000;
    let asked = case
        .requests()
        .into_iter()
        .find(|asked| asked.followed().is_some() && asked.took_us.is_none_or(|took| took > LONG))?;
    let (node, code) = (asked.node, asked.followed()?);
    let modes = case.store_of(node);
    let (since, mode, _) = modes.last()?;
    let waited = asked.took_us.unwrap_or(asked.at_us.saturating_sub(*since));
    let gives_up = match mode {
        StoreMode::Refused => "was refused by the store at once",
        StoreMode::Stalled | StoreMode::AnswersStalled => {
            "gives up waiting for the store after 0.8 s"
        }
        _ => return None,
    };
    let known = case.requests().iter().any(|other| {
        other.node == node && other.followed() == Some(code) && other.status() == Some(302)
    });
    (waited > LONG && !known).then(|| {
        let told = match asked.took_us {
            Some(took) => format!("had an answer only after {}", seconds(took)),
            None => "had no answer at all".to_owned(),
        };
        format!("a question for {code} {gives_up}, but who had asked {node} for it {told}")
    })
}

pub(super) fn table_before_the_store(case: &Case) -> Option<String> {
    if let Some((node, _)) = case
        .failure
        .seen
        .split_once("'s table has the link, and the store does not have it yet")
    {
        let created = case
            .requests()
            .iter()
            .all(|asked| asked.created().is_none());
        let told = case.tellings().is_empty();
        return (created && told).then(|| format!("{node} had the link in its table, before anybody had been told of it and before its `SET` had come to the store"));
    }
    let requests = case.requests();
    let commands = case.commands();
    let refused = |code: &str, node: &str| {
        requests.iter().find(|asked| {
            let first = asked.url().map(Code::candidates).unwrap_or_default();
            asked.node == node
                && asked.status() == Some(503)
                && first.first().is_some_and(|first| first.to_string() == code)
        })
    };
    requests.iter().find_map(|asked| {
        let code = asked.followed().filter(|_| asked.status() == Some(302))?;
        let refused = refused(code, asked.node)?;
        let stored = |command: &Command| command.forwarded && command.code() == Some(code) && command.name == "SET";
        (!commands.iter().any(stored)).then(|| {
            format!(
                "{} answered 503 for {}, which the store never got, and led to it under {code} all the same",
                asked.node,
                refused.url().unwrap_or_default()
            )
        })
    })
}

pub(super) fn other_code_the_second_time(case: &Case) -> Option<String> {
    let requests = case.requests();
    let commands = case.commands();
    requests.iter().find_map(|asked| {
        let (url, code) = (asked.url()?, asked.created()?);
        let before = requests.iter().find(|other| {
            other.node == asked.node && other.url() == Some(url) && other.status() == Some(503) && other.at_us < asked.at_us
        })?;
        let may_be: Vec<String> = Code::candidates(url).iter().map(ToString::to_string).collect();
        let taken = commands.iter().filter_map(stored_link).any(|(stored, link)| {
            may_be.first().is_some_and(|first| stored == first) && link.url != url
        });
        let is_later = may_be.iter().skip(1).any(|one| one == code);
        (is_later && !taken).then(|| {
            format!(
                "{} answered 503 for {url} at {}, and gave it the code {code} when it was asked again, though the first code of this URL is {}",
                before.node,
                seconds(before.at_us),
                may_be[0]
            )
        })
    })
}

pub(super) fn store_is_tried_again(case: &Case) -> Option<String> {
    let commands = case.commands();
    case.requests().iter().find_map(|asked| {
        let took = asked.took_us.filter(|took| *took > 1_200_000)?;
        let during = commands.iter().filter(|command| {
            command.node == asked.node && asked.covers(command.at_us)
        });
        let own = during.filter(|command| match asked.url() {
            Some(url) => stored_link(command).is_some_and(|(_, link)| link.url == url),
            None => command.reads().is_some() && command.reads() == asked.followed(),
        });
        let times = own.count();
        (asked.status() == Some(503) && times > 1).then(|| {
            format!(
                "{} gave the store the same command {times} times for one request, each time waited for an answer, and answered 503 after {}",
                asked.node,
                seconds(took)
            )
        })
    })
}

pub(super) fn hits_wait(case: &Case) -> Option<String> {
    let requests = case.requests();
    let (node, since, delay) = slow_store(case)?;
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut late: Vec<u64> = Vec::new();
    for asked in requests.iter().filter(|asked| asked.node == node) {
        let code = asked.followed().filter(|_| asked.status() == Some(302));
        if let Some(code) = code.filter(|_| asked.from_us > since)
            && known.contains(code)
            && let Some(took) = asked.took_us.filter(|took| *took > delay / 2)
        {
            late.push(took);
        }
        known.extend(code.filter(|_| asked.at_us < since));
    }
    let longest = late.iter().max()?;
    (late.len() >= 5).then(|| {
        format!(
            "{} look-ups of a link that {node} had in its table took up to {}, while other visitors waited for the slow store",
            late.len(),
            seconds(*longest)
        )
    })
}

/// The node for which the store was slow, since when, and by how much.
fn slow_store<'a>(case: &Case<'a>) -> Option<(&'a str, u64, u64)> {
    case.nodes().iter().find_map(|node| {
        let modes = case.store_of(node);
        let (since, mode, _) = modes.last()?;
        let delay = case.store_delay(node).filter(|delay| *delay >= 100_000)?;
        (*mode == StoreMode::Slow).then_some((node.as_str(), *since, delay))
    })
}

pub(super) fn cache_waits(case: &Case) -> Option<String> {
    let (node, since, delay) = slow_store(case)?;
    let commands = case.commands();
    let own = commands
        .iter()
        .filter(|command| command.node == node && command.at_us > since);
    let reads: Vec<u64> = own
        .filter(|command| command.reads().is_some())
        .map(|command| command.at_us)
        .collect();
    let in_turn = reads.len() >= 3
        && reads
            .windows(2)
            .all(|pair| pair[1] - pair[0] > delay * 3 / 4);
    let requests = case.requests();
    let together = requests.iter().filter(|asked| {
        asked.node == node
            && asked.from_us > since
            && asked.from_us < since + delay / 2
            && asked.took_us.is_some_and(|took| took > delay * 3 / 4)
    });
    (in_turn && together.count() >= 3).then(|| {
        format!(
            "{node} was asked for {} links at once that it had to look for in the store, and its questions came there one after another, {} apart or more",
            reads.len(),
            seconds(delay)
        )
    })
}
