//! Symptoms of problems 4 and 5.

use super::{Low, consumer_started, low_counts, tellings};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Messages, Sent};
use testkit::trace::Kind;

/// Two nodes that met in the last step, of which one did not learn the other's count.
struct Meeting<'a> {
    /// The node that should have learned.
    node: String,
    /// The node whose count it should have learned.
    of: String,
    /// The messages between the two since the step began.
    messages: Messages<'a>,
}

fn meetings<'a>(case: &Case<'a>) -> Option<Vec<Meeting<'a>>> {
    let (node, low) = low_counts(case)?;
    let step_us = case.last_step()?;
    let met = low.into_iter().filter(|low| {
        let connected = case.connected(&node, &low.of);
        low.of != node && connected.is_some_and(|at_us| at_us >= step_us)
    });
    let meetings = met.map(|Low { of, .. }| {
        let ends = [node.clone(), of.clone()];
        let between = |sent: &Sent| ends.contains(&sent.from) && ends.contains(&sent.to);
        Meeting {
            messages: case.messages().since(step_us).that(between),
            node: node.clone(),
            of,
        }
    });
    Some(meetings.collect())
}

pub(super) fn forgets_who_is_down(case: &Case) -> Option<String> {
    let (node, low) = low_counts(case)?;
    let others = low.iter().filter(|low| low.of != node && low.seen == 0);
    others.into_iter().find_map(|Low { of, .. }| {
        let parted = case.parted(&node, of, case.first_step()?)?;
        let told = tellings(case, &node, of);
        let mut told = told.iter().filter(|(sent, _)| sent.at_us < parted);
        let (_, known) = told.rfind(|(_, count)| *count > 0)?;
        (consumer_started(case, &node) < parted).then(|| {
            format!("a message told {node} the count {known} of {of}, then they lost their connection, and now {node} shows no count of {of}")
        })
    })
}

pub(super) fn only_one_side_asks(case: &Case) -> Option<String> {
    meetings(case)?.iter().find_map(|meeting| {
        let Meeting { node, of, messages } = meeting;
        let calls = messages.clone().kind(Kind::Call).named("Count");
        let from_node = messages.clone().from(node);
        let node_asks = from_node.that(|sent| matches!(sent.kind, Kind::Call | Kind::Cast));
        let other_tells = messages.clone().from(of).kind(Kind::Cast);
        let other_asks = calls.from(of);
        (node_asks.is_empty() && other_tells.is_empty() && !other_asks.is_empty()).then(|| {
            format!("when {node} and {of} met, {of} asked {node} for its count, and {node} did not ask {of}")
        })
    })
}

pub(super) fn says_nothing_on_a_new_link(case: &Case) -> Option<String> {
    meetings(case)?.iter().find_map(|meeting| {
        let Meeting { node, of, messages } = meeting;
        messages.is_empty().then(|| {
            format!("a connection between {node} and {of} came up, and neither sent the other a message over it")
        })
    })
}
