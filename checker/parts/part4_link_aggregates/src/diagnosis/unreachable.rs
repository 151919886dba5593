//! Symptoms of problems 3 and 10: how long a node waits for an owner that it cannot reach.

use super::route::asks;
use testkit::cluster::Options;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::seconds;
use testkit::diagnosis::service::Asked;

/// The slowest request, and when its node asked others without an answer, counted from the start of
/// the request.
struct Slow<'a> {
    node: &'a str,
    took: u64,
    answered: bool,
    asks: Vec<u64>,
}

fn slowest<'a>(case: &Case<'a>) -> Option<Slow<'a>> {
    let timeout = Options::with_store().patience.as_micros() as u64;
    let took = |asked: &Asked| match asked.answer {
        "no answer" => Some(timeout),
        _ => asked.took_us,
    };
    let slow = case.requests().into_iter().max_by_key(took)?;
    let took = took(&slow)?;
    let start = slow.at_us.saturating_sub(took + 1_000);
    let during = asks(case).into_iter().filter(|ask| {
        ask.asked.message.from == slow.node
            && (start..=slow.at_us).contains(&ask.asked.at_us)
            && !ask.is_answered()
    });
    Some(Slow {
        node: slow.node,
        took,
        answered: slow.took_us.is_some(),
        asks: during.map(|ask| ask.asked.at_us - start).collect(),
    })
}

/// An ask that comes this late in a request is a second one.
const LATER: u64 = 400_000;

pub(super) fn owner_has_no_timeout(case: &Case) -> Option<String> {
    let slow = slowest(case)?;
    let long = (4_500_000..5_900_000).contains(&slow.took);
    let once = !slow.asks.is_empty() && slow.asks.iter().all(|at| *at < LATER);
    let gave_up = if slow.answered {
        format!("gave up after {}", seconds(slow.took))
    } else {
        format!("had not given up after {}", seconds(slow.took))
    };
    (long && once).then(|| {
        format!(
            "{} asked the owner at once, got no answer, and {gave_up}: a call of the runtime waits for five seconds by default",
            slow.node
        )
    })
}

pub(super) fn timeouts_add_up(case: &Case) -> Option<String> {
    let slow = slowest(case)?;
    let second = slow.asks.iter().find(|at| **at >= LATER)?;
    let twice = slow.asks.iter().any(|at| *at < LATER) && slow.answered;
    (twice && slow.took > 2_300_000).then(|| {
        format!(
            "{} asked one owner at once, another one after {}, and answered after {}, when both timeouts had passed",
            slow.node,
            seconds(*second),
            seconds(slow.took)
        )
    })
}
