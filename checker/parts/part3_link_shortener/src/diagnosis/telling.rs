//! Symptoms of problem 2: who is told of a new link, when, and who waits for it.

use std::collections::BTreeMap;

use super::stored_link;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{listed, seconds};
use testkit::diagnosis::service::{Asked, Command, at, is_silent};
use testkit::trace::{Change, Kind, What};

/// A link that a table was found not to have.
pub(super) struct Missing<'a> {
    /// Whose table.
    pub(super) node: &'a str,
    /// The link's code.
    pub(super) code: &'a str,
    /// Who created it last.
    pub(super) creator: &'a str,
    /// When that was answered.
    pub(super) created_us: u64,
}

/// The link that the failed claim is about: "n3's table has no link for abc".
pub(super) fn missing<'a>(case: &Case<'a>) -> Option<Missing<'a>> {
    let (node, rest) = case.failure.seen.split_once("'s table has ")?;
    let (_, rest) = rest.split_once(" for ")?;
    let code = rest.split([' ', ',']).next()?;
    let node = case.nodes().iter().find(|known| *known == node)?;
    let requests = case.requests();
    let created = requests
        .iter()
        .rev()
        .find(|asked| asked.created() == Some(code))?;
    Some(Missing {
        node,
        code: created.created()?,
        creator: created.node,
        created_us: created.at_us,
    })
}

/// Whether the network between two nodes was ever cut or silent.
fn was_cut(case: &Case, one: &str, other: &str) -> bool {
    let both = |a: &str, b: &str| (a == one && b == other) || (a == other && b == one);
    let is_cut = |what: &What| match what {
        What::Partition { a, b } => both(a, b),
        What::Blackhole { from, to } => both(from, to),
        _ => false,
    };
    case.last(is_cut).is_some()
}

pub(super) fn nobody_is_told(case: &Case) -> Option<String> {
    let Missing {
        node,
        creator,
        code,
        ..
    } = missing(case)?;
    let requests = case.requests();
    let made = |asked: &&Asked| asked.node == creator && asked.created().is_some();
    let made = requests.iter().filter(made).count();
    let told = case
        .tellings()
        .iter()
        .any(|telling| telling.sent.from == creator);
    (node != creator && !told && !was_cut(case, creator, node)).then(|| {
        format!("{creator} created {made} links, {code} among them, and sent no other node a message about any of them")
    })
}

pub(super) fn some_are_not_told(case: &Case) -> Option<String> {
    let Missing {
        node,
        creator,
        code,
        ..
    } = missing(case)?;
    if node == creator || was_cut(case, creator, node) {
        return None;
    }
    let tellings = case.tellings();
    let of_it: Vec<&str> = tellings
        .iter()
        .filter(|telling| telling.code == code)
        .map(|telling| telling.sent.message.to.as_str())
        .collect();
    let told = tellings
        .iter()
        .filter(|telling| telling.sent.from == creator)
        .count();
    if told == 0 || of_it.contains(&node) {
        return None;
    }
    let others = match &of_it[..] {
        [] => "no other node".to_owned(),
        told => listed(told),
    };
    Some(format!(
        "{creator} created the link {code} and told {others} of it, and {node} was sent no message about it"
    ))
}

pub(super) fn one_after_another(case: &Case) -> Option<String> {
    let Missing {
        node,
        creator,
        code,
        ..
    } = missing(case)?;
    let ended = case.failure_at();
    let calls = case.calls();
    let waits = calls.iter().find(|call| {
        let paused = case.process(&call.asked.to, Change::Paused);
        let answered = call.answer.map_or(ended, |answer| answer.at_us);
        call.asked.from == creator
            && call.asked.to != node
            && paused.is_some_and(|paused| answered > paused)
            && answered.saturating_sub(call.asked.at_us) > 2_000_000
    })?;
    let told = case.tellings();
    let told = told
        .iter()
        .find(|telling| telling.code == code && telling.sent.to == node);
    told.is_none().then(|| {
        format!(
            "{creator} called {paused}, which was paused, with `{}`, and as long as no answer came it sent {node} nothing about the link {code}",
            waits.asked.name.as_deref().unwrap_or("call"),
            paused = waits.asked.to
        )
    })
}

pub(super) fn gone_process_is_told(case: &Case) -> Option<String> {
    let Missing {
        node,
        creator,
        code,
        ..
    } = missing(case)?;
    let crash = case
        .last_crash("cache")
        .filter(|crash| crash.node == node)?;
    let tellings = case.tellings();
    let mut arrived = tellings.iter().filter(|telling| {
        telling.sent.from == creator && telling.sent.to == node && telling.sent.arrived()
    });
    let before = arrived
        .next()
        .filter(|telling| telling.sent.at_us < crash.step_us)?;
    let after = arrived.find(|telling| {
        telling.code == code
            && telling.sent.at_us > crash.at_us
            // It was meant for a process, not for whoever has the name of the cache.
            && telling.sent.server.is_none()
    })?;
    Some(format!(
        "{creator} told {node} of {} before {node}'s cache crashed and of {} afterwards; both messages got to {node}, and the cache that runs there now has not got the second",
        before.code, after.code
    ))
}

pub(super) fn joins_once(case: &Case) -> Option<String> {
    let seen = &case.failure.seen;
    let seen = seen.split("no member of the group `caches` on ").nth(1)?;
    let node = case
        .nodes()
        .iter()
        .find(|node| seen.starts_with(node.as_str()))?;
    let crash = case
        .last_crash("cache")
        .filter(|crash| crash.node == node)?;
    let since = |name| {
        case.last_said(node, "$pg", name)
            .filter(|at| *at > crash.step_us)
    };
    (since("Left").is_some() && since("Joined").is_none()).then(|| {
        format!("when {node}'s cache crashed, {node} told the others that a member had left the group, and never that one had joined again")
    })
}

pub(super) fn end_is_left_out(case: &Case) -> Option<String> {
    let commands = case.commands();
    let stored: BTreeMap<&str, u64> = commands
        .iter()
        .filter_map(stored_link)
        .filter_map(|(code, link)| Some((code, link.expires_at?)))
        .collect();
    let tellings = case.tellings();
    let without = tellings.iter().find(|telling| {
        telling.ends.is_none()
            && stored.contains_key(telling.code)
            && case.failure.seen.contains(telling.code)
    })?;
    Some(format!(
        "{} told {} of the link {} without an end, while it stands in the store with one",
        without.sent.from, without.sent.to, without.code
    ))
}

pub(super) fn answered_before_the_store(case: &Case) -> Option<String> {
    let commands = case.commands();
    case.requests().iter().find_map(|asked| {
        let code = asked.created()?;
        let stored = |command: &&Command| {
            command.node == asked.node && command.stores().is_some_and(|(stored, _)| stored == code)
        };
        let first = commands.iter().find(stored);
        let too_early = first.is_none_or(|first| first.at_us > asked.at_us);
        let silent = is_silent(at(&case.store_of(asked.node), asked.at_us));
        (too_early && !silent).then(|| {
            format!(
                "{} answered 201 for the link {code} after {:.0} ms, and by then its `SET` had not come to the store",
                asked.node,
                asked.took_us.unwrap_or_default() as f64 / 1000.0
            )
        })
    })
}

pub(super) fn told_before_the_store(case: &Case) -> Option<String> {
    let mut stored: BTreeMap<&str, u64> = BTreeMap::new();
    for command in case.commands() {
        let code = command.stores().map(|(code, _)| code).or(command.reads());
        if let Some(code) = code.filter(|_| command.forwarded) {
            stored.entry(code).or_insert(command.at_us);
        }
    }
    let tellings = case.tellings();
    let early = tellings.iter().find(|telling| {
        let stored = stored.get(telling.code);
        stored.is_none_or(|stored| telling.sent.at_us < *stored)
    })?;
    Some(format!(
        "{} told {} of the link {} before its `SET` had come to the store",
        early.sent.from, early.sent.to, early.code
    ))
}

pub(super) fn creation_waits_for_others(case: &Case) -> Option<String> {
    let requests = case.requests();
    let calls = case.calls();
    requests.iter().find_map(|asked| {
        let late = asked.took_us.is_none_or(|took| took > 1_000_000);
        let failed = asked.status() == Some(503);
        if !asked.question.starts_with("POST") || !(late || failed) {
            return None;
        }
        let call = calls.iter().rev().find(|call| {
            let answered = call.answer.map_or(u64::MAX, |answer| answer.at_us);
            call.asked.from == asked.node
                && call.asked.kind == Kind::Call
                && call.asked.at_us <= asked.at_us
                && answered >= asked.at_us.saturating_sub(20_000)
                && case.process(&call.asked.to, Change::Paused).is_some()
        })?;
        let became = match (asked.took_us, failed) {
            (_, true) => "answered 503 when no answer came to it".to_owned(),
            (Some(took), _) => format!("answered only after {}", seconds(took)),
            (None, _) => "had not answered when the checker gave up".to_owned(),
        };
        Some(format!(
            "{} was asked for a link, called {to}, which was paused, with `{}`, and {became}",
            asked.node,
            call.asked.name.as_deref().unwrap_or("a message"),
            to = call.asked.to
        ))
    })
}

pub(super) fn late_nothing_overwrites(case: &Case) -> Option<String> {
    let Missing { node, code, .. } = missing(case)?;
    let requests = case.requests();
    let asked = requests
        .iter()
        .find(|asked| asked.node == node && asked.followed() == Some(code))?;
    let tellings = case.tellings();
    let told = tellings.iter().find(|telling| {
        let arrived = telling.sent.delivered_us.unwrap_or_default();
        telling.code == code
            && telling.sent.to == node
            && (asked.from_us..asked.at_us).contains(&arrived)
    })?;
    // That the table had it before is what this claim says; the one before it would have failed.
    let had_it = case.tells("counts more than that there was nothing");
    had_it.then(|| {
        format!(
            "{node} was told of {code} by {} while its own question for it was on the way, and had forgotten it {} later, when the store's answer had come",
            told.sent.from,
            seconds(asked.at_us.saturating_sub(told.sent.at_us))
        )
    })
}
