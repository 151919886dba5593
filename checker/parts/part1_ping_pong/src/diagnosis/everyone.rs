//! Symptoms of problem 2.

use super::{Counts, counts_in};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Call, listed, seconds};
use testkit::trace::{Kind, What};

/// Calls that begin within this time of each other were made at once.
const AT_ONCE: u64 = 300_000;

/// A question to everyone, and what is known of how it went.
struct Question<'a> {
    /// Who was told to ask.
    asker: &'a str,
    /// When.
    step_us: u64,
    /// The calls to consumers that it made since then.
    calls: Vec<Call<'a>>,
}

fn question<'a>(case: &Case<'a>) -> Option<Question<'a>> {
    let mut asker = None;
    let mut step_us = 0;
    for event in case.events() {
        if let What::Step { text, .. } = &event.what {
            let told = text.strip_prefix("Ask ");
            asker = told.and_then(|told| told.split('\'').next()).or(asker);
            step_us = event.at_us;
        }
    }
    let asker = asker?;
    let said = case.messages().for_server("consumer").since(step_us);
    let calls = said.calls().into_iter();
    Some(Question {
        asker,
        step_us,
        calls: calls.filter(|call| call.asked.from == asker).collect(),
    })
}

/// The totals and the failures in the answer, if one came.
fn answer<'a>(case: &Case<'a>) -> Option<(Counts, &'a str)> {
    let (_, answer) = case.failure.seen.split_once("these totals: ")?;
    let (totals, failed) = answer.split_once("; and these failed: ")?;
    Some((counts_in(totals), failed))
}

/// Whether no answer came in time, which is what is wrong then, whatever the answer holds.
fn is_late(case: &Case) -> bool {
    let seen = &case.failure.seen;
    seen.contains("did not answer `AskEveryone`") || seen.contains("answered AskEveryone after")
}

pub(super) fn leaves_out_the_asking_node(case: &Case) -> Option<String> {
    let Question { asker, calls, .. } = question(case)?;
    let (totals, failed) = answer(case)?;
    let in_answer = totals.contains_key(asker) || failed.contains(&format!("{asker} ("));
    let other = calls.iter().find(|call| call.is_answered())?;
    let other = &other.asked.to;
    (!in_answer && totals.contains_key(other)).then(|| {
        format!("{asker} asked {other} and put its total into the answer, and {asker} itself is not in it, neither with a total nor as failed")
    })
}

pub(super) fn answers_from_memory(case: &Case) -> Option<String> {
    let Question {
        asker,
        step_us,
        calls,
    } = question(case)?;
    let (totals, _) = answer(case)?;
    let before = case.messages().named("TotalPings").to(asker);
    let before = before.before(step_us).kind(Kind::Answer);
    let told = before.iter().find(|answer| {
        let total = answer.body.as_ref().and_then(|body| body.as_u64());
        total.is_some() && totals.get(&answer.message.from) == total.as_ref()
    })?;
    let asked_again = calls.iter().any(|call| call.asked.to == told.from);
    (!asked_again).then(|| {
        let (node, total) = (&told.from, totals[&told.from]);
        format!("when everyone was asked again, {asker} sent no question to {node}, and answered {total} for it, as {node} had said before")
    })
}

pub(super) fn asks_the_silent_again(case: &Case) -> Option<String> {
    let Question { asker, calls, .. } = question(case)?;
    if !is_late(case) {
        return None;
    }
    let silent = |of: &str| {
        let mut own = calls.iter().filter(|call| call.asked.to == of).peekable();
        own.peek()?;
        own.try_fold(0, |times, call| (!call.is_answered()).then_some(times + 1))
    };
    let (node, times) = case.nodes().iter().find_map(|node| {
        let times = silent(node).filter(|times| *times > 1)?;
        Some((node, times))
    })?;
    Some(format!(
        "{asker} asked {node} {times} times, which never answered, and gave no answer itself meanwhile"
    ))
}

pub(super) fn asks_one_after_another(case: &Case) -> Option<String> {
    let Question { asker, calls, .. } = question(case)?;
    if !is_late(case) {
        return None;
    }
    let late = calls.windows(2).find(|pair| {
        let waited = pair[1].asked.at_us - pair[0].asked.at_us;
        waited > AT_ONCE && !pair[0].is_answered() && pair[0].asked.to != pair[1].asked.to
    })?;
    let [first, second] = late else { return None };
    Some(format!(
        "{asker} asked {}, which was silent, and only {} later the next one, {}",
        first.asked.to,
        seconds(second.asked.at_us - first.asked.at_us),
        second.asked.to
    ))
}

pub(super) fn waits_longer_than_it_may(case: &Case) -> Option<String> {
    let Question { asker, calls, .. } = question(case)?;
    let (first, last) = (calls.first()?, calls.last()?);
    if last.asked.at_us - first.asked.at_us >= AT_ONCE {
        return None;
    }
    let silent = calls.iter().filter(|call| !call.is_answered());
    let silent: Vec<&str> = silent.map(|call| call.asked.message.to.as_str()).collect();
    let (_, took) = case
        .failure
        .seen
        .split_once("answered AskEveryone after ")?;
    if silent.is_empty() || calls.len() < 2 {
        return None;
    }
    // Who asks one after another asks the next when he has the answer of the one before.
    let in_turn = calls.windows(2).all(|pair| {
        let answer = pair[0].answer.and_then(|answer| answer.delivered_us);
        answer.is_some_and(|there| there <= pair[1].asked.at_us)
    });
    let how = if in_turn {
        let before = &calls[calls.len() - 2].asked.to;
        format!(
            "{asker} asked {} when it had the answer of {before}",
            last.asked.to
        )
    } else {
        format!("{asker} asked all at once")
    };
    let were = if silent.len() == 1 { "was" } else { "were" };
    Some(format!(
        "{how}, {} {were} silent, and it answered only after {took}",
        listed(&silent)
    ))
}

pub(super) fn takes_silence_for_zero(case: &Case) -> Option<String> {
    let Question { asker, calls, .. } = question(case)?;
    let (totals, _) = answer(case)?;
    let silent = calls
        .iter()
        .find(|call| !call.is_answered() && totals.get(&call.asked.message.to) == Some(&0))?;
    let node = &silent.asked.to;
    Some(format!(
        "{node} did not answer {asker}, and the answer holds 0 as its total"
    ))
}

pub(super) fn leaves_out_the_silent(case: &Case) -> Option<String> {
    let Question { asker, calls, .. } = question(case)?;
    let (totals, failed) = answer(case)?;
    let answered = calls.iter().find(|call| call.is_answered())?;
    let silent = calls.iter().find(|call| {
        let node = &call.asked.message.to;
        let named = totals.contains_key(node) || failed.contains(&format!("{node} ("));
        !call.is_answered() && !named
    })?;
    Some(format!(
        "{asker} asked {} and {}, only {} answered, and {} is not in the answer at all",
        answered.asked.to, silent.asked.to, answered.asked.to, silent.asked.to
    ))
}

pub(super) fn expects_every_answer(case: &Case) -> Option<String> {
    let Question { asker, calls, .. } = question(case)?;
    let crashed = case.failure.seen.contains("did not survive `AskEveryone`");
    let silent = calls.iter().find(|call| !call.is_answered())?;
    let end = case.lines_of(asker).find(|line| {
        line.text.contains("producer ended: it crashed") && line.at_us >= silent.asked.at_us
    });
    (crashed && end.is_some()).then(|| {
        format!(
            "{asker} asked {}, which did not answer, and then the producer of {asker} crashed",
            silent.asked.to
        )
    })
}
