//! Symptoms of problem 2.

use crate::fact::Fact;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Call, seconds};

/// Calls that begin within this time of each other were made at once, in microseconds.
const AT_ONCE: u64 = 300_000;

/// The calls to consumers that a node made since it was asked to ask everyone.
fn calls<'a>(case: &Case<'a>, asker: &str) -> Option<Vec<Call<'a>>> {
    let sent = case
        .messages()
        .for_server("consumer")
        .since(case.last_step()?);
    let calls = sent.calls().into_iter();
    Some(calls.filter(|call| call.asked.from == asker).collect())
}

pub(super) fn asks_one_after_another(case: &Case) -> Option<String> {
    let Fact::EveryoneLate { asker } = case.fact()? else {
        return None;
    };
    let calls = calls(case, &asker)?;
    // A node that was asked before is asked for another caller.
    let is_new = |place: usize| {
        let mut before = calls[..place].iter();
        before.all(|call| call.asked.to != calls[place].asked.to)
    };
    let (_, late) = calls.windows(2).enumerate().find(|(place, pair)| {
        let waited = pair[1].asked.at_us - pair[0].asked.at_us;
        waited > AT_ONCE && !pair[0].is_answered() && is_new(place + 1)
    })?;
    let [first, second] = late else { return None };
    Some(format!(
        "{asker} asked {}, which was silent, and only {} later the next node, {}",
        first.asked.to,
        seconds(second.asked.at_us - first.asked.at_us),
        second.asked.to
    ))
}
