//! Symptoms of problems 3 and 10: what is done when an owner cannot be reached.

use super::route::{asks, owned, works};
use super::words::{number_behind, seen, word_behind};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::seconds;
use testkit::diagnosis::service::{Asked, is_silent};
use testkit::trace::{Change, What};

/// A look-up on a node that could not reach the owner, and to which the store would have answered:
/// the node and the code, if it did not ask the store.
fn store_is_not_asked<'c>(case: &'c Case, status: &str) -> Option<(&'c str, &'c str)> {
    let (wanted, _) =
        owned(case).or_else(|| Some((word_behind(seen(case), ", asked for /")?, "")))?;
    let (node, rest) = seen(case).split_once(", asked for ")?;
    rest.contains(&format!("answered {status}")).then_some(())?;
    let since = fault(case)?;
    let silent = case
        .store_of(node)
        .last()
        .is_some_and(|(_, mode, _)| is_silent(*mode));
    let asked_the_store = case.commands().iter().any(|command| {
        command.node == node && command.code() == Some(wanted) && command.at_us > since
    });
    (!silent && !asked_the_store).then_some((node, wanted))
}

/// When nodes were last cut off from each other, or killed.
fn fault(case: &Case) -> Option<u64> {
    case.last(|what| match what {
        What::Partition { .. } | What::Blackhole { .. } => true,
        What::Process { change, .. } => *change == Change::Killed,
        _ => false,
    })
}

pub(super) fn silence_is_no_such_link(case: &Case) -> Option<String> {
    let (node, wanted) = store_is_not_asked(case, "404")?;
    Some(format!(
        "{node} could not reach the owner of {wanted}, did not ask the store, and answered 404, as if it knew that there is no such link"
    ))
}

pub(super) fn store_is_no_way_out(case: &Case) -> Option<String> {
    let (node, wanted) = store_is_not_asked(case, "503")?;
    Some(format!(
        "{node} could not reach the owner of {wanted}, and answered 503 without asking the store, which it could reach"
    ))
}

pub(super) fn entry_stands_in(case: &Case) -> Option<String> {
    let seen = seen(case);
    let (node, rest) = seen.split_once(" was to create /")?;
    rest.contains("answered 201").then_some(())?;
    let (wanted, owner) = owned(case)?;
    let since = fault(case)?;
    let mut commands = case.commands().into_iter();
    commands.find(|command| {
        command.node == node
            && command.name == "SET"
            && command.code() == Some(wanted)
            && command.at_us > since
    })?;
    Some(format!(
        "{node} could not reach {owner}, which owns {wanted}, and entered the link in the store itself"
    ))
}

/// A request that took long, and when its node asked others for it, counted from its beginning.
struct Slow<'a> {
    node: &'a str,
    took: u64,
    answered: bool,
    /// Those without an answer.
    asks: Vec<u64>,
}

fn slowest<'a>(case: &Case<'a>) -> Option<Slow<'a>> {
    // How long the checker waits, if it gave up.
    let patience = number_behind::<u64>(seen(case), "` within ").map(|s| s * 1_000_000);
    let took = |asked: &Asked| match asked.answer {
        "no answer" => patience,
        _ => asked.took_us,
    };
    let slow = case.requests().into_iter().max_by_key(took)?;
    let took = took(&slow)?;
    let begun = slow.at_us.saturating_sub(took + 1_000);
    let during = asks(case).into_iter().filter(|ask| {
        ask.asked.message.from == slow.node
            && (begun..=slow.at_us).contains(&ask.asked.at_us)
            && !ask.is_answered()
    });
    Some(Slow {
        node: slow.node,
        took,
        answered: slow.took_us.is_some(),
        asks: during.map(|ask| ask.asked.at_us - begun).collect(),
    })
}

/// From here on, an ask is a second one.
const LATER: u64 = 400_000;

pub(super) fn owner_has_no_time_limit(case: &Case) -> Option<String> {
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
            "{} asked the owner at once, got no answer, and {gave_up}: a call of the runtime waits for five seconds by itself",
            slow.node
        )
    })
}

pub(super) fn time_limits_add_up(case: &Case) -> Option<String> {
    let slow = slowest(case)?;
    let second = slow.asks.iter().find(|at| **at >= LATER)?;
    let twice = slow.asks.iter().any(|at| *at < LATER) && slow.answered;
    (twice && slow.took > 2_300_000).then(|| {
        format!(
            "{} asked one owner at once, another one after {}, and answered after {}, when both had had their time",
            slow.node,
            seconds(*second),
            seconds(slow.took)
        )
    })
}

pub(super) fn nobody_else_is_asked(case: &Case) -> Option<String> {
    let killed = case
        .last(|what| matches!(what, What::Process { change, .. } if *change == Change::Killed))?;
    let dead = case
        .nodes()
        .iter()
        .find(|node| case.process(node, Change::Killed) == Some(killed))?;
    let node = seen(case).split([' ', ',']).next()?;
    let works = works(case);
    let work = works.iter().rev().find(|work| work.asked.node == node)?;
    let asked_others = work.asks.iter().any(|ask| ask.asked.message.to != *dead);
    (work.asked.at_us > killed && work.asked.status() == Some(503) && !asked_others).then(|| {
        format!("{dead} was dead, and {node} answered `{}` with 503, without having asked any other node", work.asked.question)
    })
}
