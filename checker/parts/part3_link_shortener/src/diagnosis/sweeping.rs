//! Symptoms of problem 6: who sweeps, and what.

use std::collections::{BTreeMap, BTreeSet};

use super::stored_link;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{listed, seconds};
use testkit::diagnosis::service::Command;
use testkit::trace::{Change, Message, What};

/// How often each node has looked for what is due, since a time.
fn scans<'a>(commands: &[Command<'a>], since: u64) -> BTreeMap<&'a str, usize> {
    let mut scans = BTreeMap::new();
    for command in commands {
        // A look at many keys takes several commands; those that go on do not begin at 0.
        let begins = command.args.first().is_some_and(|cursor| cursor == "0");
        if command.name == "SCAN"
            && begins
            && command.key.starts_with("due:")
            && command.at_us > since
        {
            *scans.entry(command.node).or_default() += 1;
        }
    }
    scans
}

pub(super) fn ended_link_leads(case: &Case) -> Option<String> {
    let commands = case.commands();
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    for command in &commands {
        if let Some((code, link)) = stored_link(command)
            && let Some(end) = link.expires_at
        {
            ends.insert(code.to_owned(), end);
        }
    }
    // Until then the visits were of links that had not ended.
    let over = case.last_step()?;
    case.requests().iter().find_map(|asked| {
        let code = asked.followed().filter(|_| asked.status() == Some(302))?;
        let own = |command: &&Command| command.node == asked.node && command.reads() == Some(code);
        let read = commands
            .iter()
            .rev()
            .find(own)
            .is_some_and(|read| read.at_us > over);
        let is_it = case
            .failure
            .seen
            .contains(&format!("`GET /{code}` with 302"));
        (ends.contains_key(code) && is_it && asked.at_us > over && !read).then(|| {
            format!(
                "{} followed {code} after its end, {}",
                asked.node, "and did so without a question to the store, from its table"
            )
        })
    })
}

pub(super) fn nobody_registers(case: &Case) -> Option<String> {
    if !knows_none(case) {
        return None;
    }
    let asked = case.events().any(|event| {
        matches!(&event.what, What::Message(message)
        if message.server.as_deref() == Some("$global") && is_about_name(message, "sweeper"))
    });
    let scans = scans(&case.commands(), 1_000_000);
    let (node, times) = scans.into_iter().max_by_key(|(_, times)| *times)?;
    (!asked && times >= 3).then(|| {
        format!("{node} looked for expired links {times} times, and no node ever asked another for the global name `sweeper` or told of having it")
    })
}

fn knows_none(case: &Case) -> bool {
    case.failure
        .seen
        .contains("knows no process of the global name `sweeper`")
}

/// Whether a global name stands in a message.
fn is_about_name(message: &Message, name: &str) -> bool {
    let name = format!("\"{name}\"");
    let body = message.body.as_ref();
    body.is_some_and(|body| body.to_string().contains(&name))
}

pub(super) fn stops_trying(case: &Case) -> Option<String> {
    if !knows_none(case) {
        return None;
    }
    let seen = &case.failure.seen;
    let who = case
        .nodes()
        .iter()
        .find(|node| seen.starts_with(node.as_str()))?;
    let freed = case.last(|what| match what {
        What::Partition { .. } => true,
        What::Process { change, text, .. } => {
            *change == Change::Killed || (*change == Change::Crashed && text.contains("sweeper"))
        }
        _ => false,
    })?;
    // Whoever was trying already when the name became free has said so by then.
    let tried = case
        .events()
        .filter(|event| event.at_us > freed)
        .any(|event| match &event.what {
            What::Message(message) => {
                message.server.as_deref() == Some("$global")
                    && matches!(message.name.as_deref(), Some("Claim" | "Registered"))
                    && (message.from == *who || message.to == *who)
            }
            _ => false,
        });
    let sweeps = scans(&case.commands(), freed).contains_key(who.as_str());
    let waited = case.failure_at().saturating_sub(freed);
    (!tried && !sweeps && waited > 2_000_000).then(|| {
        format!("the name `sweeper` was free for {}, and {who} neither asked another node for it nor was asked", seconds(waited))
    })
}

pub(super) fn sweeps_without_the_name(case: &Case) -> Option<String> {
    let healed = case.last(|what| matches!(what, What::Healed { .. }));
    let agreed = case.step("The sweeper is on");
    // After a heal it takes a moment until all know who has the name: until they have told each
    // other of it for the last time, and have each looked once more.
    let of_names = |what: &What| matches!(what, What::Message(message) if message.server.as_deref() == Some("$global"));
    let told = case.last(of_names).filter(|told| Some(*told) > healed);
    let settled = told.map(|told| told + 500_000);
    let since = healed.map(|healed| settled.unwrap_or(u64::MAX).min(healed + 1_000_000));
    let since = since.max(agreed)?;
    let scans = scans(&case.commands(), since);
    let often: Vec<&str> = scans
        .iter()
        .filter(|(_, times)| **times >= 2)
        .map(|(node, _)| *node)
        .collect();
    (often.len() > 1).then(|| {
        format!("{} looked for expired links in the store side by side, again and again, though all of them were connected", listed(&often))
    })
}

pub(super) fn nothing_is_removed(case: &Case) -> Option<String> {
    let rest = case
        .failure
        .seen
        .split("still has the expired link ")
        .nth(1)?;
    let code = rest.split([' ', ',']).next()?;
    let commands = case.commands();
    let swept = commands
        .iter()
        .rev()
        .find(|command| command.name == "SCAN")?;
    let read = commands
        .iter()
        .any(|command| command.node == swept.node && command.reads() == Some(code));
    let removed = commands.iter().any(|command| command.removes().is_some());
    let forgotten = case.messages().named("Forget");
    let also = match forgotten.first() {
        Some(sent) => format!("; it only told {} to forget it", sent.to),
        None => String::new(),
    };
    (read && !removed).then(|| {
        format!(
            "{} looked for expired links, read {code}, and gave the store no command to remove it{also}",
            swept.node
        )
    })
}

pub(super) fn tables_are_not_told(case: &Case) -> Option<String> {
    let is_table = case.failure.seen.contains("'s table ");
    let commands = case.commands();
    let removals: Vec<&Command> = commands
        .iter()
        .filter(|command| command.removes().is_some())
        .collect();
    let first = removals.first().filter(|_| is_table)?;
    let gone: BTreeSet<&str> = removals
        .iter()
        .filter_map(|command| command.removes())
        .collect();
    let told = case.messages().since(first.at_us);
    let told = told.iter().any(|sent| {
        sent.from == first.node
            && sent.message.body.as_ref().is_some_and(|body| {
                let body = body.to_string();
                gone.iter().any(|code| body.contains(code))
            })
    });
    (!told).then(|| {
        format!(
            "{} removed {} links from the store, and sent no other node a message about any of them",
            first.node,
            gone.len()
        )
    })
}

pub(super) fn counts_each_table(case: &Case) -> Option<String> {
    let said = case.failure.seen.split("answers `Swept` with ").nth(1)?;
    let said: usize = said.split([' ', ',']).next()?.parse().ok()?;
    let commands = case.commands();
    let gone: BTreeSet<&str> = commands.iter().filter_map(Command::removes).collect();
    let tables = case.nodes().len();
    (tables > 1 && !gone.is_empty() && said == gone.len() * tables).then(|| {
        format!(
            "{} links were removed from the store, and the sweeper says {said}, which is once for each of the {tables} tables",
            gone.len()
        )
    })
}
