//! Symptoms of problem 2, and of rings that differ: who is asked about a link, and who does
//! something about it.

use std::collections::BTreeSet;

use super::words::{seen, word_behind};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Call, Sent, listed};
use testkit::diagnosis::service::{Asked, is_silent};
use testkit::trace::What;

/// A request, and whom its node asked since the request before: in scenarios in which there is one
/// request at a time, that is on its behalf.
pub(super) struct Work<'a> {
    pub(super) asked: Asked<'a>,
    pub(super) asks: Vec<Call<'a>>,
}

/// What nodes ask each other about links: functions that they have run, and calls.
pub(super) fn asks<'a>(case: &Case<'a>) -> Vec<Call<'a>> {
    let mut asks = case.runs();
    asks.extend(case.calls());
    asks.sort_by_key(|ask| ask.asked.at_us);
    asks
}

pub(super) fn works<'a>(case: &Case<'a>) -> Vec<Work<'a>> {
    let mut asks = asks(case).into_iter().peekable();
    let mut works = Vec::new();
    for asked in case.requests() {
        let mut own = Vec::new();
        while let Some(ask) = asks.next_if(|ask| ask.asked.at_us <= asked.at_us) {
            if ask.asked.message.from == asked.node {
                own.push(ask);
            }
        }
        works.push(Work { asked, asks: own });
    }
    works
}

/// The code that a request is about.
pub(super) fn code<'a>(asked: &Asked<'a>) -> Option<&'a str> {
    let path = asked.question.strip_prefix("HEAD /");
    path.or(asked.followed()).or(asked.created())
}

/// The code and the owner that a failure names: "n1 was asked for /abc, which n2 owns, and …".
pub(super) fn owned<'c>(case: &'c Case) -> Option<(&'c str, &'c str)> {
    let seen = seen(case);
    let code = word_behind(seen, "/")?;
    let owner =
        word_behind(seen, ", which ").or_else(|| word_behind(seen, " owns ").map(|_| ""))?;
    match owner {
        "" => Some((code, seen.split(' ').next()?)),
        owner => Some((code, owner)),
    }
}

fn function<'a>(sent: &Sent<'a>) -> &'a str {
    let named = sent.text("function").or(sent.message.name.as_deref());
    named.unwrap_or("something")
}

/// Whether an ask was answered before a time.
fn is_answered_before(ask: &Call, at_us: u64) -> bool {
    ask.is_answered() && ask.answer.is_some_and(|answer| answer.at_us <= at_us)
}

pub(super) fn others_are_asked_too(case: &Case) -> Option<String> {
    let (wanted, owner) = owned(case)?;
    let work = works(case).into_iter().find(|work| {
        let others = work.asks.iter().any(|ask| ask.asked.message.to != owner);
        let read = !work.asked.question.starts_with("POST");
        read && code(&work.asked) == Some(wanted) && work.asked.node != owner && others
    })?;
    let mut whom: Vec<&str> = work
        .asks
        .iter()
        .map(|ask| ask.asked.message.to.as_str())
        .collect();
    whom.dedup();
    let Asked { node, question, .. } = work.asked;
    Some(format!(
        "to answer `{question}`, {node} asked {}, though {owner} owns that link",
        listed(&whom)
    ))
}

pub(super) fn owner_is_asked_twice(case: &Case) -> Option<String> {
    (case.scenario == "part4-owner").then_some(())?;
    let twice = |work: Work| {
        let [first, second] = work.asks[..] else {
            return None;
        };
        let same = first.asked.message.to == second.asked.message.to;
        let created = work.asked.created()?;
        (same && is_answered_before(&first, second.asked.at_us)).then(|| {
            format!(
                "to create {created}, {} asked {} first to `{}` and then to `{}`, one after the other",
                work.asked.node,
                first.asked.message.to,
                function(&first.asked),
                function(&second.asked)
            )
        })
    };
    works(case).into_iter().find_map(twice)
}

pub(super) fn entry_claims_as_well(case: &Case) -> Option<String> {
    let (code, owner) = owned(case)?;
    let commands = case.commands().into_iter();
    let stored: BTreeSet<&str> = commands
        .filter(|command| command.code() == Some(code) && command.name == "SET")
        .map(|command| command.node)
        .collect();
    let other = stored.iter().find(|node| **node != owner)?;
    let entry = works(case)
        .into_iter()
        .any(|work| work.asked.created() == Some(code) && work.asked.node == *other);
    (entry && stored.contains(owner))
        .then(|| format!("both {other}, which was asked for {code}, and {owner}, which owns it, entered it in the store"))
}

pub(super) fn owner_is_never_asked(case: &Case) -> Option<String> {
    let (wanted, owner) = owned(case)?;
    let work = works(case).into_iter().find(|work| {
        let read = !work.asked.question.starts_with("POST");
        let alone = work.asked.node != owner && work.asks.is_empty();
        read && alone && code(&work.asked) == Some(wanted) && work.asked.status() == Some(302)
    })?;
    let node = work.asked.node;
    let mut commands = case.commands().into_iter();
    commands.find(|command| {
        command.node == node && command.code() == Some(wanted) && command.name != "SET"
    })?;
    Some(format!(
        "{node} was asked for {wanted}, asked the store, and did not ask {owner}, which owns it"
    ))
}

/// A node whose table has a link that another owns: the code, the owner and that node.
fn kept<'c>(case: &'c Case) -> Option<(&'c str, &'c str, &'c str)> {
    let (code, owner) = owned(case)?;
    let (before, _) = seen(case).split_once("'s table has it too")?;
    Some((code, owner, before.rsplit(' ').next()?))
}

pub(super) fn answers_are_kept(case: &Case) -> Option<String> {
    let (wanted, owner, node) = kept(case)?;
    let asked_the_store = case
        .commands()
        .iter()
        .any(|command| command.node == node && command.code() == Some(wanted));
    let got = works(case).into_iter().any(|work| {
        let from_owner = |ask: &Call| ask.asked.message.to == owner && ask.is_answered();
        work.asked.node == node
            && code(&work.asked) == Some(wanted)
            && work.asks.iter().any(from_owner)
    });
    (got && !asked_the_store).then(|| {
        format!("{node} asked {owner} for {wanted} and never asked the store, so that what its table has is what {owner} answered")
    })
}

pub(super) fn others_are_told_of_a_creation(case: &Case) -> Option<String> {
    let (wanted, owner, node) = kept(case)?;
    let works = works(case);
    let work = works.iter().find(|work| {
        let told = work.asks.iter().any(|ask| ask.asked.message.to == node);
        work.asked.created() == Some(wanted) && told && node != owner
    })?;
    let entry = work.asked.node;
    Some(format!(
        "when {entry} created {wanted}, it turned not only to {owner}, which owns it, but to {node} too"
    ))
}

pub(super) fn request_is_passed_on(case: &Case) -> Option<String> {
    let asks = asks(case);
    let requests = case.requests();
    let since = case
        .last(|what| matches!(what, What::Step { .. }))
        .unwrap_or_default();
    let of_step = requests.iter().filter(|asked| asked.at_us > since);
    let entries: BTreeSet<&str> = of_step.map(|asked| asked.node).collect();
    for (place, second) in asks.iter().enumerate() {
        let (node, at) = (second.asked.message.from.as_str(), second.asked.at_us);
        // The requests that were open at that time were answered shortly after it.
        let later = requests.partition_point(|asked| asked.at_us < at);
        let mut open = requests[later..].iter().take(50);
        let entry = open.any(|asked| asked.node == node && asked.from_us <= at);
        // Of requests that were open when the claim failed nothing is known: only a node that is
        // not asked at all asks for nobody but others.
        let entry = entry || entries.contains(node);
        // What is open at that time was asked shortly before.
        let open = asks[place.saturating_sub(50)..place]
            .iter()
            .rev()
            .find(|first| {
                first.asked.message.to == node
                    && !is_answered_before(first, at)
                    && at < first.asked.at_us + 1_000_000
            });
        if let (Some(first), false) = (open, entry) {
            return Some(format!(
                "{} asked {node} to `{}`, and before it answered, {node} asked {}",
                first.asked.message.from,
                function(&first.asked),
                second.asked.message.to
            ));
        }
    }
    None
}

pub(super) fn owner_refuses(case: &Case) -> Option<String> {
    let commands = case.commands();
    let refused = |work: &Work| {
        let ask = work.asks.last()?;
        let (owner, answer) = (ask.asked.message.to.as_str(), ask.answer?);
        let asked_the_store = commands.iter().any(|command| {
            let then = ask.asked.at_us.saturating_sub(5_000)..answer.at_us + 5_000;
            command.node == owner && command.code().is_some() && then.contains(&command.at_us)
        });
        let silent = case
            .store_of(owner)
            .last()
            .is_some_and(|(_, mode, _)| is_silent(*mode));
        (ask.is_answered() && !asked_the_store && !silent && work.asked.status() == Some(503)).then(|| {
            format!(
                "{} asked {owner} to `{}`, {owner} answered within {} ms without asking the store, and {0} answered {}",
                work.asked.node,
                function(&ask.asked),
                answer.at_us.saturating_sub(ask.asked.at_us).div_ceil(1000),
                work.asked.answer
            )
        })
    };
    let works = works(case);
    works
        .iter()
        .rev()
        .find(|work| work.asked.question.starts_with("POST"))
        .and_then(refused)
}

pub(super) fn links_of_others_are_denied(case: &Case) -> Option<String> {
    let requests = case.requests();
    let denied = requests
        .iter()
        .rev()
        .find(|asked| asked.status() == Some(404))?;
    let wanted = code(denied)?;
    let from = denied.from_us.saturating_sub(1_000);
    let during = from..=denied.at_us;
    let mut whom: Vec<&str> = case
        .runs()
        .iter()
        .filter(|ask| ask.asked.message.from == denied.node && during.contains(&ask.asked.at_us))
        .map(|ask| ask.asked.message.to.as_str())
        .collect();
    whom.sort_unstable();
    whom.dedup();
    let commands = case.commands();
    let of_it = || {
        commands
            .iter()
            .filter(|command| command.code() == Some(wanted))
    };
    let stored = of_it().any(|command| command.name == "SET" && command.at_us < from);
    let looked = of_it().any(|command| {
        command.name == "GET"
            && (from.saturating_sub(10_000)..=denied.at_us).contains(&command.at_us)
    });
    (stored && !looked && !whom.is_empty()).then(|| {
        format!(
            "{wanted} was in the store, and {} answered 404: of what it asked {} meanwhile, one answer was that there is no \
             such link, and nobody had asked the store for it",
            denied.node,
            listed(&whom)
        )
    })
}
