//! Symptoms of problem 3: two links that had one code after each other.

use super::telling::{Missing, missing};
use crate::diagnosis::Case;

pub(super) fn old_link_comes_back(case: &Case) -> Option<String> {
    let Missing {
        node,
        code,
        creator,
        ..
    } = missing(case)?;
    let ends = Ends::of(case)?;
    let came_back = |who: &'_ str| {
        let versions = versions(case, who, code);
        let is_over = |(at, _, end, from): &&Version| ends.is_over(*end, *at) && from != who;
        let (at, old, _, from) = versions.iter().find(is_over)?;
        let (_, new, ..) = versions
            .iter()
            .find(|(before, url, end, _)| before < at && url != old && !ends.is_over(*end, *at))?;
        Some((*at, (*old).to_owned(), from.clone(), (*new).to_owned()))
    };
    if let Some((_, old, from, new)) = came_back(node) {
        return Some(format!(
            "{from} told {node} of the link {code} to {old} when that was over, and afterwards {node} no longer had the later one to {new}"
        ));
    }
    let (at, old, from, new) = came_back(creator)?;
    let passed_on = case.tellings().iter().any(|telling| {
        let sent = &telling.sent;
        sent.at_us > at
            && sent.from == creator
            && sent.to == node
            && telling.code == code
            && telling.url == old
    });
    passed_on.then(|| {
        format!(
            "{creator} had the link {code} to {new} until {from} told it of the one to {old}, which was over, and then it told {node} of that one, too"
        )
    })
}

pub(super) fn ended_link_keeps_its_place(case: &Case) -> Option<String> {
    let Missing {
        node,
        code,
        creator,
        ..
    } = missing(case)?;
    let ends = Ends::of(case)?;
    for who in [node, creator] {
        let versions = versions(case, who, code);
        let Some((at, new, end, from)) = versions.last() else {
            continue;
        };
        let old = versions
            .iter()
            .find(|(before, url, old, _)| before < at && url != new && ends.is_over(*old, *at));
        let Some((_, old, ..)) = old.filter(|_| !ends.is_over(*end, *at)) else {
            continue;
        };
        let came = match from == who {
            true => format!("{who} gave {code} to {new}"),
            false => format!("{from} told {who} of the link {code} to {new}"),
        };
        let came = format!("{came} when the link {code} to {old} was over");
        if who == node {
            return Some(format!("{came}, and {who}'s table has not taken it up"));
        }
        let tables = case.messages().from(who).named("Table").since(*at);
        let lack_it = tables.iter().all(|sent| {
            let body = sent.message.body.as_ref();
            body.is_some_and(|body| !body.to_string().contains(&format!("\"{code}\"")))
        });
        if lack_it && let Some(first) = tables.first() {
            return Some(format!(
                "{came}, and the table that {who} sent {} afterwards did not have it",
                first.to
            ));
        }
    }
    None
}

/// When links of one second, of which the scenario has told, end on the clock of the trace.
struct Ends(i128);

impl Ends {
    fn of(case: &Case) -> Option<Ends> {
        case.step("for one second")?;
        let commands = case.commands();
        let ahead = commands.iter().filter_map(|command| {
            let (_, link) = command.stores()?;
            Some(i128::from(link.expires_at?) * 1000 - i128::from(command.at_us))
        });
        // The shortest of all are those for a second.
        ahead.min().map(|ahead| Ends(ahead - 1_000_000))
    }

    /// Whether a link with that end was over.
    fn is_over(&self, ends: Option<u64>, at_us: u64) -> bool {
        ends.is_some_and(|ends| i128::from(ends) * 1000 < self.0 + i128::from(at_us))
    }
}

/// A link of a code: when it came to a node, its URL, its end, and from which node it came.
type Version<'a> = (u64, &'a str, Option<u64>, String);

/// What a node was told of a code, or stored under it, in the order of time.
fn versions<'a>(case: &Case<'a>, node: &str, code: &str) -> Vec<Version<'a>> {
    let mut versions = Vec::new();
    for command in case.commands() {
        let Some((stored, link)) = command.stores() else {
            continue;
        };
        let url = command.args.get(1).and_then(|text| text.split_once(' '));
        if let Some((_, url)) = url
            && stored == code
            && command.node == node
        {
            versions.push((command.at_us, url, link.expires_at, node.to_owned()));
        }
    }
    for telling in case.tellings() {
        let arrived = telling.sent.delivered_us.filter(|_| telling.sent.arrived());
        if let Some(arrived) = arrived
            && telling.code == code
            && telling.sent.to == node
        {
            versions.push((
                arrived,
                telling.url,
                telling.ends,
                telling.sent.message.from.clone(),
            ));
        }
    }
    versions.sort_by_key(|(at, ..)| *at);
    versions
}
