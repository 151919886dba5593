//! Symptoms of problem 1.

use super::{Low, count_of, low_counts, tellings, wrong_counts};
use crate::fact::Fact;
use testkit::diagnosis::Case;
use testkit::trace::{Change, Kind};

pub(super) fn counts_deliveries(case: &Case) -> Option<String> {
    let (node, seen, wanted) = wrong_counts(case)?;
    let others = || seen.iter().filter(|(of, _)| **of != node);
    let is_number = |(of, shows): (&String, &u64)| *shows == tellings(case, &node, of).len() as u64;
    // One count may be that number by chance.
    if !others().all(is_number) {
        return None;
    }
    others().find_map(|(of, shows)| {
        let told = tellings(case, &node, of);
        let highest = told.iter().map(|(_, count)| *count).max()?;
        // A consumer that adds up what it is told would show the sum.
        let sum: u128 = told.iter().map(|(_, count)| u128::from(*count)).sum();
        let is_high = *shows > highest.max(count_of(&wanted, of));
        (is_high && u128::from(*shows) != sum).then(|| {
            format!(
                "{shows} messages told {node} the count of {of}, none told it more than {highest}, and {node} shows {shows}"
            )
        })
    })
}

/// Whether a node sent another node a message since the first step.
fn sent_something(case: &Case, node: &str) -> bool {
    let sent = case.messages().from(node);
    let sent = sent.since(case.first_step().unwrap_or_default());
    sent.iter()
        .any(|sent| matches!(sent.kind, Kind::Cast | Kind::Call))
}

pub(super) fn sends_nothing(case: &Case) -> Option<String> {
    let (node, low) = low_counts(case)?;
    let Low { wanted, .. } = low.iter().find(|low| low.of == node && low.seen == 0)?;
    let mut others = case.nodes().iter();
    let connected = others.any(|other| case.connected(&node, other).is_some());
    (connected && !sent_something(case, &node)).then(|| {
        format!(
            "{node} answered SendPing with {wanted}, it is connected to other nodes and sent them no message, and its own consumer shows no ping of it either"
        )
    })
}

pub(super) fn forgets_its_own_consumer(case: &Case) -> Option<String> {
    let (node, low) = low_counts(case)?;
    let (_, seen, _) = wrong_counts(case)?;
    let Low { wanted, .. } = low.iter().find(|low| low.of == node && low.seen == 0)?;
    let pings = case.messages().named("Ping").from(&node).arrived();
    let reached = pings.that(|ping| ping.number("count") == Some(*wanted));
    let other = reached.first()?.message.to.as_str();
    // A consumer that shows no counts at all may ignore its pings.
    let (shown, _) = seen.first_key_value()?;
    Some(format!(
        "the pings of {node} reached {other}, and {node}'s consumer shows the pings of {shown} and none of its own node"
    ))
}

pub(super) fn pings_not_all_connected(case: &Case) -> Option<String> {
    let (node, low) = low_counts(case)?;
    let others = low.iter().filter(|low| low.of != node);
    others.into_iter().find_map(|Low { of, wanted, .. }| {
        case.connected(of, &node)?;
        let pings = case.messages().from(of).named("Ping");
        let sent = pings.that(|ping| ping.number("count") == Some(*wanted));
        let other = &sent.first()?.message.to;
        // A cast of another name may be a ping as well.
        let casts = case.messages().from(of).to(&node).kind(Kind::Cast);
        let unknown = casts.that(|cast| cast.name.as_deref() != Some("Ping"));
        (sent.clone().to(&node).is_empty() && unknown.is_empty()).then(|| {
            format!("{of} and {node} are connected, and {of} sent its ping number {wanted} to {other} and not to {node}")
        })
    })
}

pub(super) fn waits_for_receivers(case: &Case) -> Option<String> {
    let Fact::SendPingUnanswered { node } = case.fact()? else {
        return None;
    };
    let paused = case.last_done(Change::Paused)?;
    let calls = case.messages().from(&node).to(paused.node);
    let call = calls.kind(Kind::Call).since(paused.at_us);
    let call = call.first()?;
    Some(format!(
        "{} is paused, {node} called its {} ({}) after it was asked for a ping, and no answer came",
        paused.node,
        call.server.as_deref().unwrap_or("server"),
        call.name.as_deref().unwrap_or("an unnamed message"),
    ))
}
