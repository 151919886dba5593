//! Symptoms of problems 2 and 5: what a node waits for before it goes on.

use super::{Lacking, lacking};
use crate::fact::Fact;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Call, seconds};
use testkit::trace::Change;

/// The last call of a node to another one that was paused, which was not answered at once.
fn call_to_a_paused_node<'a>(case: &Case<'a>, from: &str) -> Option<Call<'a>> {
    let calls = case.calls();
    calls.into_iter().rev().find(|call| {
        let paused = case.process(&call.asked.to, Change::Paused);
        let answered = call.answer.map_or(case.failure_at(), |answer| answer.at_us);
        call.asked.from == from
            && paused.is_some_and(|paused| answered > paused)
            && answered.saturating_sub(call.asked.at_us) > 100_000
    })
}

/// A call's message and the node that it went to.
fn in_words(call: &Call) -> String {
    let name = call.asked.name.as_deref().unwrap_or("a message");
    format!(
        "called {to} with `{name}` while {to} was paused",
        to = call.asked.to
    )
}

pub(super) fn creation_waits_for_others(case: &Case) -> Option<String> {
    let Fact::CreationWaits { node, took_ms, .. } = case.fact()? else {
        return None;
    };
    let call = call_to_a_paused_node(case, &node)?;
    // A call that the creation waits for is made after the request, and answered or given up before the end.
    let took_us = (took_ms + 100) * 1000;
    let during = call.asked.at_us + took_us >= case.failure_at();
    during.then(|| {
        format!(
            "{node} was asked for a link, {}, and the creation took {}",
            in_words(&call),
            seconds(took_ms * 1000)
        )
    })
}

pub(super) fn one_after_another(case: &Case) -> Option<String> {
    let Lacking {
        node,
        creator,
        code,
        ..
    } = lacking(case)?;
    let call = call_to_a_paused_node(case, creator).filter(|call| call.asked.to != node)?;
    let tellings = case.tellings();
    let told = tellings
        .iter()
        .any(|telling| telling.code == code && telling.sent.to == node);
    (!told).then(|| {
        format!(
            "{creator} {}, and while no answer came it sent {node} no message about the link {code}",
            in_words(&call)
        )
    })
}

pub(super) fn store_is_tried_again(case: &Case) -> Option<String> {
    let Fact::LateUnavailable { node, took_ms, .. } = case.fact()? else {
        return None;
    };
    let requests = case.requests();
    let asked = requests
        .iter()
        .rev()
        .find(|asked| asked.node == node && asked.took_us.is_some_and(|took| took > 1_200_000))?;
    let commands = case.commands();
    let own = commands
        .iter()
        .filter(|command| command.node == node && asked.covers(command.at_us));
    let about_it = own.filter(|command| match asked.url() {
        Some(url) => command
            .stores()
            .is_some_and(|(_, link)| link.ends_with(url)),
        None => command.reads().is_some() && command.reads() == asked.followed(),
    });
    let times = about_it.count();
    (times > 1).then(|| {
        format!(
            "{node} gave the store the same command {times} times for one request, and answered 503 after {}",
            seconds(took_ms * 1000)
        )
    })
}
