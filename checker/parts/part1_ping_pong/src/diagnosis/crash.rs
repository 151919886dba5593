//! Symptoms of problem 3.

use super::{Low, count_of, low_counts, tellings};
use crate::fact::{Counts, Fact};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Messages, listed};
use testkit::trace::{Change, Kind};

/// A consumer that crashed, was started again, and does not show all that it must.
struct Recovery<'a> {
    /// Its node.
    node: &'a str,
    /// What it shows and what it must show, if it answers.
    counts: Option<(Counts, Counts)>,
    /// The messages between its node and the others since the crash.
    messages: Messages<'a>,
}

fn recovery<'a>(case: &Case<'a>) -> Option<Recovery<'a>> {
    let crash = case.last_crash("consumer")?;
    let (of, counts) = match case.fact()? {
        Fact::Counts { node, seen, wanted } => (node, Some((seen, wanted))),
        Fact::ConsumerSilent { node } => (node, None),
        _ => return None,
    };
    let node = crash.node;
    let messages = case.messages().since(crash.step_us);
    (of == node).then(|| Recovery {
        node,
        counts,
        messages: messages.that(|sent| sent.from == node || sent.to == node),
    })
}

impl Recovery<'_> {
    /// Whether it answers, and shows too little of a node.
    fn misses(&self, of: &str) -> bool {
        let counts = self.counts.as_ref();
        counts.is_some_and(|(seen, wanted)| count_of(seen, of) < count_of(wanted, of))
    }

    /// The other nodes whose count it must show.
    fn others(&self) -> impl Iterator<Item = &String> {
        let wanted = self.counts.iter().flat_map(|(_, wanted)| wanted.keys());
        wanted.filter(|of| *of != self.node)
    }
}

pub(super) fn overwrites_with_older(case: &Case) -> Option<String> {
    let (node, low) = low_counts(case)?;
    low.iter().find_map(|Low { of, seen, .. }| {
        let told = tellings(case, &node, of);
        let highest = told.iter().map(|(_, count)| *count).max()?;
        let (last, count) = told.last()?;
        let late = match last.kind {
            Kind::Answer => "an answer",
            _ => "a message",
        };
        (*count < highest && seen == count).then(|| {
            format!("a message told {node} the count {highest} of {of}, then {late} came with {count}, and now {node} shows {count}")
        })
    })
}

pub(super) fn asks_nobody_else(case: &Case) -> Option<String> {
    let recovery = recovery(case)?;
    let node = recovery.node;
    let missed = recovery.others().find(|of| recovery.misses(of))?;
    let sent = recovery.messages.clone().from(node);
    let sent = sent.that(|sent| matches!(sent.kind, Kind::Call | Kind::Cast));
    sent.is_empty().then(|| {
        format!("after its consumer crashed, {node} sent no message to any other node, and it lacks pings from {missed}")
    })
}

pub(super) fn misses_its_own_producer(case: &Case) -> Option<String> {
    let recovery = recovery(case)?;
    let node = recovery.node;
    let calls = recovery.messages.clone().named("Count").calls();
    let answered = calls.iter().filter(|call| call.is_answered());
    let answered: Vec<&str> = answered
        .map(|call| call.asked.message.to.as_str())
        .collect();
    let complete = recovery.others().all(|of| !recovery.misses(of));
    (complete && recovery.misses(node) && !answered.is_empty()).then(|| {
        let answered = listed(&answered);
        format!("{node} asked {answered} and got an answer, and only the count of {node} itself is missing")
    })
}

pub(super) fn waits_in_init(case: &Case) -> Option<String> {
    let recovery = recovery(case)?;
    let node = recovery.node;
    let paused = case.last_done(Change::Paused)?.node;
    let calls = recovery.messages.calls();
    let waits = calls
        .iter()
        .any(|call| call.asked.to == paused && !call.is_answered());
    (recovery.counts.is_none() && waits).then(|| {
        format!("{node} asked {paused}, which was paused, and since then {node}'s consumer has answered no question")
    })
}
