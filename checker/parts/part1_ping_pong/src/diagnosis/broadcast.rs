//! Symptoms of problem 1.

use super::{count_of, shown, tellings, too_low, wanted, wrong_number};
use testkit::diagnosis::Case;
use testkit::trace::{Change, Fate, Kind, What};

pub(super) fn answers_before_counting(case: &Case) -> Option<String> {
    let (node, answer, right) = wrong_number(case)?;
    let pings = case.messages().named("Ping").from(node);
    let sent = pings.that(|ping| ping.text("from") == Some(node));
    let last = sent.last()?.number("count")?;
    (answer + 1 == right && last == right).then(|| {
        format!("{node} sent a ping with the number {last}, and answered SendPing with {answer}")
    })
}

pub(super) fn counts_deliveries(case: &Case) -> Option<String> {
    let (node, shown) = shown(case)?;
    let right = wanted(case);
    for (of, shows) in shown.iter().filter(|(of, _)| *of != node) {
        let told = tellings(case, node, of);
        let highest = told.iter().map(|(_, count)| *count).max().unwrap_or(0);
        if *shows != told.len() as u64 || *shows <= highest.max(count_of(&right, of)) {
            continue;
        }
        let twice = told.iter().find(|(sent, _)| sent.fate == Fate::Doubled);
        let twice = twice.map_or(String::new(), |(sent, _)| {
            format!(" (the network delivered {} twice)", sent.label)
        });
        let times = match shows {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        return Some(format!(
            "{node} was told the count of {of} {times}{twice}, it was never told more than {highest}, and it shows {shows}"
        ));
    }
    None
}

pub(super) fn adds_what_it_is_told(case: &Case) -> Option<String> {
    let (node, shown) = shown(case)?;
    let right = wanted(case);
    for (of, shows) in shown.iter().filter(|(of, _)| *of != node) {
        let told = tellings(case, node, of);
        let highest = told.iter().map(|(_, count)| *count).max().unwrap_or(0);
        if *shows <= highest.max(count_of(&right, of)) {
            continue;
        }
        let is_ping = |kind: Kind| kind == Kind::Cast;
        let sum = |counts: &mut dyn Iterator<Item = u64>| counts.sum::<u64>();
        let all = sum(&mut told.iter().map(|(_, count)| *count));
        let pings = told.iter().filter(|(sent, _)| is_ping(sent.kind));
        let by_ping = pings.map(|(_, count)| *count).max().unwrap_or(0);
        let others = told.iter().filter(|(sent, _)| !is_ping(sent.kind));
        let answered = sum(&mut others.map(|(_, count)| *count));
        if *shows == by_ping + answered && answered > 0 {
            return Some(format!(
                "{node} knew the count of {of} as {by_ping} by a ping, was answered {answered} when it asked, and shows {shows}, the sum of both"
            ));
        }
        if *shows == all {
            return Some(format!(
                "{node} was never told more than {highest} for {of}, and shows {shows}, the sum of all numbers that it was told"
            ));
        }
    }
    None
}

pub(super) fn forgets_its_own_consumer(case: &Case) -> Option<String> {
    let (node, low) = too_low(case)?;
    let (_, shown) = shown(case)?;
    let (_, 0, right) = low.iter().find(|(of, ..)| of == node)? else {
        return None;
    };
    let pings = case.messages().named("Ping").from(node).arrived();
    let reached = pings.that(|ping| ping.number("count") == Some(*right));
    let other = reached.first()?.message.to.as_str();
    // One that shows nothing of anybody may not keep what it is told.
    let (heard, _) = shown.iter().next()?;
    Some(format!(
        "the pings of {node} reached {other}, the consumer of {node} shows the pings of {heard}, and of its own node it shows none"
    ))
}

/// Whether a node sent another node anything for a server since the first step.
fn says_something(case: &Case, node: &str) -> bool {
    let said = case.messages().from(node);
    let said = said.since(case.first_step().unwrap_or_default());
    said.iter()
        .any(|sent| matches!(sent.kind, Kind::Cast | Kind::Call))
}

pub(super) fn sends_nothing(case: &Case) -> Option<String> {
    let (node, low) = too_low(case)?;
    let (_, 0, right) = low.iter().find(|(of, ..)| of == node)? else {
        return None;
    };
    let connected = case
        .nodes()
        .iter()
        .any(|other| case.connected(node, other).is_some());
    (connected && !says_something(case, node)).then(|| {
        format!("{node} had answered SendPing, for the last time with {right}, it is connected to others and sent them no message at all, and its own consumer shows no ping of it either")
    })
}

pub(super) fn pings_its_own_node_only(case: &Case) -> Option<String> {
    let (node, low) = too_low(case)?;
    let (of, ..) = low
        .iter()
        .find(|(of, shows, _)| of != node && *shows == 0)?;
    case.connected(of, node)?;
    // A consumer that shows its own node's pings keeps what it is told.
    let (_, shown) = shown(case)?;
    let silent = !says_something(case, of) && !says_something(case, node);
    (silent && count_of(&shown, node) > 0).then(|| {
        format!("the consumer of {node} shows the pings of {node}, {of} and {node} are connected, and neither sent any message to another node")
    })
}

pub(super) fn pings_not_all_connected(case: &Case) -> Option<String> {
    let (node, low) = too_low(case)?;
    low.iter().filter(|(of, ..)| of != node).find_map(|(of, _, right)| {
        case.connected(of, node)?;
        let told = case.messages().from(of).to(node).for_server("consumer");
        // A ping of the right number that did not arrive, or a cast that goes by another name,
        // is another story.
        let sent = told.that(|sent| match sent.name.as_deref() {
            Some("Ping") => sent.number("count") == Some(*right),
            _ => sent.kind == Kind::Cast,
        });
        sent.is_empty().then(|| {
            format!("{of} and {node} are connected, {of} was told to send ping number {right}, and it did not send it to {node}")
        })
    })
}

pub(super) fn pings_whoever_was_seen(case: &Case) -> Option<String> {
    let apart = case.last_done(Change::Disconnected)?;
    let opened = case.events().find_map(|event| match &event.what {
        What::Opened {
            connection,
            from,
            to,
        } if from == apart.node && event.at_us > apart.at_us => Some((*connection, to)),
        _ => None,
    });
    let (connection, other) = opened?;
    let on_it = case.messages().from(apart.node);
    let first = on_it.that(|sent| sent.connection == connection);
    let ping = first.named("Ping");
    let ping = &ping.first()?.label;
    Some(format!(
        "{} had closed its link to {other} on purpose, then opened a new one, and sent {ping} over it",
        apart.node
    ))
}

pub(super) fn pings_hidden_nodes(case: &Case) -> Option<String> {
    let pings = case.messages().named("Ping").to("guest");
    let ping = pings.first()?;
    Some(format!(
        "{} sent {} to `guest`, which is a hidden node",
        ping.from, ping.label
    ))
}

pub(super) fn waits_for_receivers(case: &Case) -> Option<String> {
    let (node, rest) = case.failure.seen.split_once("'s producer did not answer")?;
    if !rest.contains("SendPing") {
        return None;
    }
    let paused = case.last_done(Change::Paused)?;
    let calls = case.messages().from(node).to(paused.node);
    let call = calls.kind(Kind::Call).since(paused.at_us);
    let call = call.first()?;
    Some(format!(
        "{} is paused, {node} called its {} ({}) after it was told to send a ping, and no answer came",
        paused.node,
        call.server.as_deref().unwrap_or("server"),
        call.name.as_deref().unwrap_or("something"),
    ))
}
