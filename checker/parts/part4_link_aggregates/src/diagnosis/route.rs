//! Symptoms of problem 2: which nodes are asked about a link, and which nodes handle it.

use std::collections::BTreeSet;

use crate::fact::Fact;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Call, Sent, listed};
use testkit::diagnosis::service::Asked;

/// A request, and the questions that its node asked since the request before. In a scenario with
/// one request at a time, these belong to the request.
struct Work<'a> {
    asked: Asked<'a>,
    asks: Vec<Call<'a>>,
}

/// What nodes ask each other about links: functions that they run on other nodes, and calls.
pub(super) fn asks<'a>(case: &Case<'a>) -> Vec<Call<'a>> {
    let mut asks = case.runs();
    asks.extend(case.calls());
    asks.sort_by_key(|ask| ask.asked.at_us);
    asks
}

fn works<'a>(case: &Case<'a>) -> Vec<Work<'a>> {
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
fn code<'a>(asked: &Asked<'a>) -> Option<&'a str> {
    let path = asked.question.strip_prefix("HEAD /");
    path.or(asked.followed()).or(asked.created())
}

/// The code and its owner, where others than the owner had to do with it.
fn owner_alone(case: &Case) -> Option<(String, String)> {
    match case.fact()? {
        Fact::OwnerAlone { code, owner } => Some((code, owner)),
        _ => None,
    }
}

fn function<'a>(sent: &Sent<'a>) -> &'a str {
    let named = sent.text("function").or(sent.message.name.as_deref());
    named.unwrap_or("something")
}

/// Whether the answer to an ask came before a time.
fn is_answered_before(ask: &Call, at_us: u64) -> bool {
    ask.is_answered() && ask.answer.is_some_and(|answer| answer.at_us <= at_us)
}

pub(super) fn others_are_asked_too(case: &Case) -> Option<String> {
    let (wanted, owner) = owner_alone(case)?;
    let work = works(case).into_iter().find(|work| {
        let others = work.asks.iter().any(|ask| ask.asked.message.to != owner);
        let read = !work.asked.question.starts_with("POST");
        read && code(&work.asked) == Some(wanted.as_str()) && work.asked.node != owner && others
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
    let (code, owner) = owner_alone(case)?;
    let commands = case.commands().into_iter();
    let stored: BTreeSet<&str> = commands
        .filter(|command| command.code() == Some(code.as_str()) && command.name == "SET")
        .map(|command| command.node)
        .collect();
    let other = stored.iter().find(|node| **node != owner)?;
    let entry = works(case)
        .into_iter()
        .any(|work| work.asked.created() == Some(code.as_str()) && work.asked.node == *other);
    (entry && stored.contains(owner.as_str()))
        .then(|| format!("both {other}, which was asked for {code}, and {owner}, which owns the code, put the link into the store"))
}

pub(super) fn owner_is_never_asked(case: &Case) -> Option<String> {
    let (wanted, owner) = owner_alone(case)?;
    let work = works(case).into_iter().find(|work| {
        let read = !work.asked.question.starts_with("POST");
        let alone = work.asked.node != owner && work.asks.is_empty();
        read && alone
            && code(&work.asked) == Some(wanted.as_str())
            && work.asked.status() == Some(302)
    })?;
    let node = work.asked.node;
    let mut commands = case.commands().into_iter();
    commands.find(|command| {
        command.node == node && command.code() == Some(wanted.as_str()) && command.name != "SET"
    })?;
    Some(format!(
        "{node} was asked for {wanted}, asked the store, and did not ask {owner}, which owns the code"
    ))
}

/// A node whose table has a link that another node owns: the code, the owner and that node.
fn copy_in_table(case: &Case) -> Option<(String, String, String)> {
    match case.fact()? {
        Fact::CopyInTable { node, code, owner } => Some((code, owner, node)),
        _ => None,
    }
}

pub(super) fn answers_are_kept(case: &Case) -> Option<String> {
    let (wanted, owner, node) = copy_in_table(case)?;
    let asked_the_store = case
        .commands()
        .iter()
        .any(|command| command.node == node && command.code() == Some(wanted.as_str()));
    let got = works(case).into_iter().any(|work| {
        let from_owner = |ask: &Call| ask.asked.message.to == owner && ask.is_answered();
        work.asked.node == node
            && code(&work.asked) == Some(wanted.as_str())
            && work.asks.iter().any(from_owner)
    });
    (got && !asked_the_store).then(|| {
        format!("{node} asked {owner} for {wanted} and never asked the store, so its table has what {owner} answered")
    })
}

pub(super) fn others_are_asked_after_a_creation(case: &Case) -> Option<String> {
    let (wanted, owner, node) = copy_in_table(case)?;
    // Otherwise the node claimed the link itself, and was not told of what the owner had done.
    let mut commands = case.commands().into_iter();
    commands.find(|command| {
        command.node == owner && command.code() == Some(wanted.as_str()) && command.name == "SET"
    })?;
    let works = works(case);
    let work = works.iter().find(|work| {
        let told = work.asks.iter().any(|ask| ask.asked.message.to == node);
        work.asked.created() == Some(wanted.as_str()) && told && node != owner
    })?;
    let entry = work.asked.node;
    Some(format!(
        "when {entry} created {wanted}, it asked not only {owner}, which owns the code, but {node} too"
    ))
}
