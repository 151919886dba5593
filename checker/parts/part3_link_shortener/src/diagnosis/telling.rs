//! Symptoms of problems 2 and 6: which nodes are sent a new link, and which one that is gone.

use std::collections::BTreeSet;

use super::{Lacking, lacking};
use crate::fact::Fact;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::listed;
use testkit::diagnosis::service::Command;
use testkit::trace::What;

/// A link that a table lacks although its creator could reach the node all the time.
fn lacking_within_reach<'a>(case: &Case<'a>) -> Option<Lacking<'a>> {
    let link = lacking(case)?;
    let both = |one: &str, other: &str| {
        (one == link.node && other == link.creator) || (one == link.creator && other == link.node)
    };
    let was_cut = case.last(|what| match what {
        What::Partition { a, b } => both(a, b),
        What::Blackhole { from, to } => both(from, to),
        _ => false,
    });
    (link.node != link.creator && was_cut.is_none()).then_some(link)
}

pub(super) fn nobody_is_told(case: &Case) -> Option<String> {
    let Lacking { creator, code, .. } = lacking_within_reach(case)?;
    let made = case.requests();
    let made = made
        .iter()
        .filter(|asked| asked.node == creator && asked.created().is_some())
        .count();
    let tellings = case.tellings();
    let told = tellings.iter().any(|telling| telling.sent.from == creator);
    (!told).then(|| {
        format!("{creator} created {made} links, {code} among them, and sent no other node a message about any of them")
    })
}

pub(super) fn some_are_not_told(case: &Case) -> Option<String> {
    let Lacking {
        node,
        creator,
        code,
        ..
    } = lacking_within_reach(case)?;
    let tellings = case.tellings();
    let of_it: Vec<&str> = tellings
        .iter()
        .filter(|telling| telling.code == code)
        .map(|telling| telling.sent.message.to.as_str())
        .collect();
    let tells = tellings.iter().any(|telling| telling.sent.from == creator);
    if !tells || of_it.contains(&node) {
        return None;
    }
    let others = match &of_it[..] {
        [] => "no other node".to_owned(),
        told => listed(told),
    };
    Some(format!(
        "{creator} created the link {code} and sent it to {others}, and no message about it went to {node}"
    ))
}

pub(super) fn gone_process_is_told(case: &Case) -> Option<String> {
    let Lacking {
        node,
        creator,
        code,
        ..
    } = lacking(case)?;
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
            // It was meant for a process, not for the name of the cache.
            && telling.sent.server.is_none()
    })?;
    Some(format!(
        "{creator} sent {node} the link {} before {node}'s cache crashed and the link {} afterward; both messages arrived, and the cache that runs there now does not have the second link",
        before.code, after.code
    ))
}

pub(super) fn tables_are_not_told(case: &Case) -> Option<String> {
    let Fact::TableKeeps { .. } = case.fact()? else {
        return None;
    };
    let commands = case.commands();
    let first = commands
        .iter()
        .find(|command| command.removes().is_some())?;
    let gone: BTreeSet<&str> = commands.iter().filter_map(Command::removes).collect();
    let sent = case.messages().from(first.node).since(first.at_us);
    let told = sent.iter().any(|sent| match &sent.message.body {
        Some(body) => {
            let body = body.to_string();
            gone.iter().any(|code| body.contains(code))
        }
        None => true,
    });
    (!told).then(|| {
        format!(
            "{} removed {} links from the store, and sent no other node a message about any of them",
            first.node,
            gone.len()
        )
    })
}
