//! Symptoms of problem 3.

use super::{Counts, count_of, shown, tellings, too_low, wanted};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Messages, listed};
use testkit::trace::{Change, Kind};

/// A consumer that crashed, was started again, and did not come to know all that it should.
struct Recovery<'a> {
    /// Its node.
    node: &'a str,
    /// What it showed at last; nothing when it did not even answer.
    shown: Option<Counts>,
    /// What it should have shown.
    wanted: Counts,
    /// What it, or another server of its node, said since then to other nodes.
    said: Messages<'a>,
    /// What was said between it and the others.
    talk: Messages<'a>,
}

fn recovery<'a>(case: &Case<'a>) -> Option<Recovery<'a>> {
    let crash = case.last_crash("consumer")?;
    let node = crash.node;
    let shown = match shown(case) {
        Some((at, shown)) if at == node => Some(shown),
        None if case.failure.seen.starts_with("no answer came") => None,
        _ => return None,
    };
    let talk = case.messages().since(crash.step_us);
    let talk = talk.that(|sent| sent.from == node || sent.to == node);
    let own = |kind: Kind| matches!(kind, Kind::Call | Kind::Cast);
    Some(Recovery {
        node,
        shown,
        wanted: wanted(case),
        said: talk.clone().from(node).that(|sent| own(sent.kind)),
        talk,
    })
}

impl Recovery<'_> {
    /// Whether it shows too little of a node.
    fn misses(&self, of: &str) -> bool {
        let shown = self.shown.as_ref().map_or(0, |shown| count_of(shown, of));
        shown < count_of(&self.wanted, of)
    }

    /// The other nodes that it should know a count of.
    fn others(&self) -> impl Iterator<Item = &String> {
        self.wanted.keys().filter(|of| *of != self.node)
    }
}

pub(super) fn overwrites_with_older(case: &Case) -> Option<String> {
    let (node, low) = too_low(case)?;
    low.iter().find_map(|(of, shows, _)| {
        let told = tellings(case, node, of);
        let highest = told.iter().map(|(_, count)| *count).max()?;
        let (last, count) = told.last()?;
        (count < &highest && shows == count).then(|| {
            let late = match last.kind {
                Kind::Answer => "an answer",
                _ => "a message",
            };
            format!("{node} was told {highest} for {of}, then came {late} that said {count}, and now it shows {count}")
        })
    })
}

pub(super) fn remembers_instead_of_asking(case: &Case) -> Option<String> {
    let recovery = recovery(case)?;
    let node = recovery.node;
    let shown = recovery.shown.as_ref()?;
    let from_before = recovery.others().find(|of| count_of(shown, of) > 0)?;
    (recovery.talk.is_empty() && recovery.wanted.keys().any(|of| recovery.misses(of))).then(|| {
        format!(
            "{node} asked nobody after its consumer had crashed and nobody told it anything, but it shows {from_before}: {}",
            shown[from_before]
        )
    })
}

pub(super) fn asks_nobody_else(case: &Case) -> Option<String> {
    let recovery = recovery(case)?;
    let shown = recovery.shown.as_ref()?;
    let knows_none = recovery.others().all(|of| count_of(shown, of) == 0);
    let misses = recovery.others().any(|of| recovery.misses(of));
    (recovery.said.is_empty() && knows_none && misses).then(|| {
        let node = recovery.node;
        format!("after its consumer had crashed, {node} sent no message to any other node, and it shows no count of theirs")
    })
}

pub(super) fn misses_its_own_producer(case: &Case) -> Option<String> {
    let recovery = recovery(case)?;
    let node = recovery.node;
    let answered = recovery.talk.clone().named("Count").calls();
    let answered = answered.iter().filter(|call| call.is_answered());
    let asked: Vec<&str> = answered
        .map(|call| call.asked.message.to.as_str())
        .collect();
    let complete = recovery.others().all(|of| !recovery.misses(of));
    (complete && recovery.misses(node) && !asked.is_empty()).then(|| {
        let (asked, who) = (listed(&asked), if asked.len() == 1 { "which" } else { "who" });
        format!("{node} asked {asked}, {who} answered, and of all the counts only that of {node} itself is missing")
    })
}

pub(super) fn copies_from_one_neighbour(case: &Case) -> Option<String> {
    let recovery = recovery(case)?;
    let node = recovery.node;
    let calls = recovery.said.clone().kind(Kind::Call);
    let call = calls.clone().named("Counts");
    let call = call.first()?;
    let neighbour = call.message.to.as_str();
    let missed = recovery.others().find(|of| recovery.misses(of))?;
    let alone = calls.iter().all(|call| call.to == neighbour);
    let answered = recovery.talk.calls();
    let silent = !answered.iter().any(|call| call.is_answered());
    (alone && silent && missed != neighbour).then(|| {
        format!("{node} asked the consumer of {neighbour} for its counts, which did not answer, and it did not ask {missed}")
    })
}

pub(super) fn asks_one_producer_after_another(case: &Case) -> Option<String> {
    let recovery = recovery(case)?;
    let node = recovery.node;
    let paused = case.last_done(Change::Paused)?.node;
    let asked = recovery.said.clone().kind(Kind::Call).named("Count");
    let first = asked.last().filter(|call| call.to == paused)?;
    let mut missed = recovery.others().filter(|of| *of != paused);
    let waiting = missed.find(|of| asked.iter().all(|call| call.message.to != **of))?;
    Some(format!(
        "{node} asked {}, which was paused and did not answer, and it had not asked {waiting} yet when its time was over",
        first.to
    ))
}

pub(super) fn waits_for_itself(case: &Case) -> Option<String> {
    let recovery = recovery(case)?;
    let node = recovery.node;
    if recovery.shown.is_some() || case.last_done(Change::Paused).is_some() {
        return None;
    }
    let calls = recovery.talk.calls();
    let own = calls.iter().filter(|call| call.asked.from == node);
    let waits = own.clone().any(|call| !call.is_answered());
    let asked = match own.count() {
        0 => "it asked no other node anything",
        _ => "all that it asked other nodes was answered",
    };
    (!waits).then(|| {
        format!(
            "since the consumer of {node} crashed it has answered no question, although {asked}"
        )
    })
}

pub(super) fn waits_in_init(case: &Case) -> Option<String> {
    let recovery = recovery(case)?;
    let paused = case.last_done(Change::Paused)?.node;
    let calls = recovery.talk.calls();
    let waits = calls
        .iter()
        .any(|call| call.asked.to == paused && !call.is_answered());
    (recovery.shown.is_none() && waits).then(|| {
        let node = recovery.node;
        format!("the consumer of {node} asked {paused}, which was paused, and then answered no question itself")
    })
}

pub(super) fn all_answers_or_none(case: &Case) -> Option<String> {
    let recovery = recovery(case)?;
    let node = recovery.node;
    recovery.shown.as_ref()?;
    let calls = recovery.talk.clone().named("Count").calls();
    let silent = calls.iter().find(|call| !call.is_answered())?;
    let unused = calls
        .iter()
        .find(|call| call.is_answered() && recovery.misses(&call.asked.to))?;
    Some(format!(
        "{node} asked {} and {}, {} answered and {} did not, and {node} shows nothing of {} either",
        unused.asked.to, silent.asked.to, unused.asked.to, silent.asked.to, unused.asked.to
    ))
}
