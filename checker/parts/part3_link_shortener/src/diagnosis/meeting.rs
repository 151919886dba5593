//! Symptoms of problems 3 and 4: nodes that meet, again or for the first time.

use std::collections::{BTreeMap, BTreeSet};

use super::telling::{Missing, missing};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Sent, listed, seconds};
use testkit::diagnosis::service::{Command, Telling};
use testkit::trace::{Change, What};

/// A link that a table lacks after its node has met others, and what was said then.
struct Met<'a> {
    missing: Missing<'a>,
    /// Since when it could have been told.
    since: u64,
    /// Whether the node was started then; else the network was healed.
    is_started: bool,
    /// The nodes that it could not reach before.
    others: BTreeSet<&'a str>,
    /// What they sent it of their tables since then.
    heard: Vec<Sent<'a>>,
    /// What it sent them.
    said: Vec<Sent<'a>>,
}

fn met<'a>(case: &Case<'a>) -> Option<Met<'a>> {
    let missing = missing(case)?;
    let node = missing.node;
    let healed = case.last(|what| matches!(what, What::Healed { .. }));
    let started = case.process(node, Change::Started);
    let since = healed.max(started)?;
    let apart = |what: &'a What| match what {
        What::Partition { a, b } if a == node => Some(b),
        What::Partition { a, b } if b == node => Some(a),
        What::Blackhole { from, to } if from == node => Some(to),
        What::Blackhole { from, to } if to == node => Some(from),
        _ => None,
    };
    let is_started = healed.is_none_or(|healed| healed < since);
    let others: BTreeSet<&str> = match is_started {
        true => case
            .nodes()
            .iter()
            .map(String::as_str)
            .filter(|other| *other != node)
            .collect(),
        false => case
            .events()
            .filter_map(|event| apart(&event.what))
            .map(String::as_str)
            .collect(),
    };
    let of_tables = |sent: &Sent| sent.name.as_deref() == Some("Table") || tells(sent);
    let sent = case.messages().since(since).that(of_tables);
    let heard = sent
        .clone()
        .to(node)
        .that(|sent| others.contains(sent.from.as_str()));
    let said = sent
        .from(node)
        .that(|sent| others.contains(sent.to.as_str()));
    Some(Met {
        missing,
        since,
        is_started,
        others,
        heard: heard.iter().copied().collect(),
        said: said.iter().copied().collect(),
    })
}

/// Whether a link is in a message.
fn tells(sent: &Sent) -> bool {
    sent.message
        .body
        .as_ref()
        .is_some_and(|body| body.to_string().contains("\"url\""))
}

impl Met<'_> {
    /// What they have met after, as a beginning of a sentence.
    fn when(&self) -> String {
        match self.is_started {
            true => format!("after {} had been started", self.missing.node),
            false => "after the network was whole again".to_owned(),
        }
    }
}

pub(super) fn empty_tables_only(case: &Case) -> Option<String> {
    let met = met(case)?;
    let calls = case.calls();
    let asked = calls.iter().find(|call| {
        call.asked.at_us >= met.since
            && call.asked.name.as_deref() == Some("Size")
            && call.asked.to == met.missing.node
            && met.others.contains(call.asked.from.as_str())
    })?;
    let size = asked.answer?.message.body.as_ref()?.as_u64()?;
    (met.heard.is_empty() && size > 0).then(|| {
        format!(
            "{when} {from} asked {to} for the size of its table, was told {size}, and sent nothing of its own table",
            when = met.when(),
            from = asked.asked.from,
            to = asked.asked.to
        )
    })
}

pub(super) fn one_side_tells(case: &Case) -> Option<String> {
    let met = met(case)?;
    let said = met.said.first()?;
    (met.heard.is_empty() && !met.is_started).then(|| {
        format!(
            "{} {} sent {} its table, and got none in return",
            met.when(),
            met.missing.node,
            said.to
        )
    })
}

pub(super) fn nobody_tells_who_is_back(case: &Case) -> Option<String> {
    let met = met(case)?;
    let node = met.missing.node;
    let earlier = case.messages().named("Table").to(node).before(met.since);
    let earlier = earlier.that(|sent| met.others.contains(sent.from.as_str()));
    let earlier = match earlier.first() {
        Some(first) if !met.is_started => format!(", as {} did when they first met", first.from),
        _ => String::new(),
    };
    let others: Vec<&str> = met.others.iter().copied().collect();
    (met.heard.is_empty() && met.said.is_empty()).then(|| {
        let none = match others.len() {
            1 => "did not send its table",
            _ => "sent none of their tables",
        };
        format!(
            "{} {} {none} to {}{earlier}",
            met.when(),
            listed(&others),
            met.missing.node
        )
    })
}

/// How many bytes a link takes in a message: its code, its URL, the names of its two fields, and a
/// byte for each of these, for what is around them, and for the end that it has not.
fn bytes_of(code: &str, url: &str) -> usize {
    code.len() + url.len() + "url".len() + "expires_at".len() + 7
}

/// The links without an end that a node must know, as it created them or was told of them.
fn known_to<'a>(case: &Case<'a>, node: &str, until: u64) -> BTreeMap<&'a str, &'a str> {
    let commands = case.commands();
    let stored: BTreeMap<&str, &str> = commands
        .iter()
        .filter(|command| command.name == "SET")
        .filter_map(|command| Some((command.code()?, command.args.get(1)?.strip_prefix("- ")?)))
        .collect();
    let requests = case.requests();
    let created = requests
        .iter()
        .filter(|asked| asked.node == node && asked.at_us < until)
        .filter_map(|asked| asked.created());
    let mut known: BTreeMap<&str, &str> = created
        .filter_map(|code| stored.get_key_value(code))
        .map(|(code, url)| (*code, *url))
        .collect();
    let tellings = case.tellings();
    let told = |telling: &&Telling| {
        telling.sent.to == node
            && telling.ends.is_none()
            && telling.sent.delivered_us.is_some_and(|at| at < until)
    };
    known.extend(
        tellings
            .iter()
            .filter(told)
            .map(|telling| (telling.code, telling.url)),
    );
    known
}

pub(super) fn part_of_the_table(case: &Case) -> Option<String> {
    let met = met(case)?;
    let Missing {
        node,
        code,
        created_us,
        ..
    } = met.missing;
    if created_us > met.since {
        return None;
    }
    let first = met
        .heard
        .iter()
        .map(|sent| (sent.message.from.as_str(), sent.at_us));
    let mut known = first.map(|(from, at)| (from, known_to(case, from, at)));
    let (from, known) = known.find(|(_, known)| known.contains_key(code))?;
    let sent: Vec<&Sent> = met.heard.iter().filter(|sent| sent.from == from).collect();
    let in_them: Vec<Telling> = case
        .tellings()
        .into_iter()
        .filter(|telling| {
            telling.sent.from == from && telling.sent.to == node && telling.sent.at_us >= met.since
        })
        .collect();
    if in_them.iter().any(|telling| telling.code == code) {
        return None;
    }
    let bytes: usize = sent.iter().map(|sent| sent.bytes).sum();
    let whole: usize = known.iter().map(|(code, url)| bytes_of(code, url)).sum();
    let are_read = sent.iter().all(|sent| sent.message.body.is_some());
    let what = match are_read {
        true if in_them.len() < 200 => {
            format!(
                "{} of the {} links that it knew",
                in_them.len(),
                known.len()
            )
        }
        false if bytes * 10 < whole * 9 => format!(
            "a table in {bytes} bytes, while the {} links that it knew take {whole}",
            known.len()
        ),
        _ => return None,
    };
    Some(format!(
        "{when} {from} sent {node} {what}; {code}, which {from} knew as well, never came to {node}'s table",
        when = met.when()
    ))
}

pub(super) fn table_is_not_learnt(case: &Case) -> Option<String> {
    let met = met(case)?;
    let Missing { node, code, .. } = met.missing;
    let tellings = case.tellings();
    let told = tellings.iter().find(|telling| {
        let sent = &telling.sent;
        sent.at_us >= met.since && sent.to == node && telling.code == code && sent.arrived()
    })?;
    let was_another = tellings
        .iter()
        .any(|telling| telling.code == code && telling.url != told.url);
    let of_a_process = told.sent.name.as_deref() == Some("Table");
    (of_a_process && !was_another).then(|| {
        format!(
            "{} {} sent {node} its table with the link {code} in it, which arrived, and {node}'s table did not have that link {} later",
            met.when(),
            told.sent.from,
            seconds(case.failure_at().saturating_sub(told.sent.at_us))
        )
    })
}

pub(super) fn joins_too_late(case: &Case) -> Option<String> {
    let met = met(case)?;
    let Missing {
        node,
        code,
        creator,
        created_us,
    } = met.missing;
    let joined = case
        .last_said(node, "$pg", "Joined")
        .filter(|joined| *joined > met.since)?;
    let first = met.heard.first()?;
    let told = case.tellings();
    let told = told
        .iter()
        .any(|telling| telling.code == code && telling.sent.to == node);
    let between = met.since < created_us && created_us < joined;
    (between && first.at_us < joined && !told && creator != node).then(|| {
        format!(
            "{creator} created {code} {} before {node} told it that its cache had joined the group, and never told {node} of it; the first of the tables was sent to {node} {} before that",
            seconds(joined - created_us),
            seconds(joined - first.at_us)
        )
    })
}

pub(super) fn asks_before_the_tables(case: &Case) -> Option<String> {
    let step = case.step("asked for all")?;
    let commands = case.commands();
    let asked = commands
        .iter()
        .filter(|command| command.at_us > step && command.reads().is_some() && command.forwarded);
    let mut asked_by: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for command in asked {
        asked_by
            .entry(command.node)
            .or_default()
            .push(command.at_us);
    }
    let (node, times) = asked_by.into_iter().max_by_key(|(_, times)| times.len())?;
    let tables = case.messages().named("Table").to(node).since(step);
    let arrived = tables
        .iter()
        .filter(|sent| sent.bytes > 200)
        .filter_map(|sent| sent.delivered_us);
    let arrived = arrived.max()?;
    let first = times.first()?;
    let before = times.iter().filter(|at| **at < arrived).count();
    (before > 5 && before * 2 > times.len()).then(|| {
        format!(
            "{node} asked the store for {before} links before the tables of its peers were there, which came {:.0} ms after the first of these questions",
            (arrived - first) as f64 / 1000.0
        )
    })
}

pub(super) fn waits_without_a_limit(case: &Case) -> Option<String> {
    /// By then everybody who waits for tables should have given up.
    const LONG: u64 = 1_500_000;
    let asked = case.requests().into_iter().find(|asked| {
        let is_late = asked.took_us.is_none_or(|took| took > LONG);
        asked.followed().is_some() && is_late
    })?;
    let (node, code) = (asked.node, asked.followed()?);
    let tables = case.messages().to(node).named("Table");
    let held = tables
        .iter()
        .filter(|sent| sent.delivered_us.is_none())
        .count();
    let commands = case.commands();
    let by_it = |command: &&Command| command.node == node && command.reads() == Some(code);
    let question = commands.iter().find(by_it);
    let started = case.process(node, Change::Started)?;
    // Of a request that was given up it is only known for how long it was waited for.
    let given_up = || {
        let (_, within) = case.failure.seen.rsplit_once(" within ")?;
        let seconds: u64 = within.strip_suffix(" s")?.parse().ok()?;
        Some(asked.at_us.saturating_sub(seconds * 1_000_000))
    };
    let waited = match (question, asked.took_us) {
        (Some(question), Some(_)) => question.at_us.saturating_sub(asked.from_us),
        (Some(question), None) => question.at_us.saturating_sub(given_up()?),
        (None, _) => case.failure_at().saturating_sub(started),
    };
    (held > 0 && waited > LONG).then(|| match question {
        Some(_) => format!("{node} was asked for {code}, and asked the store for it only {} later; none of its peers' tables had come", seconds(waited)),
        None => format!("{node} was asked for {code}, none of its peers' tables came, and it did not ask the store for it at all"),
    })
}
