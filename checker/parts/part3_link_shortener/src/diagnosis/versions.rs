//! Symptoms of problem 3: two links that had one code after each other.

use super::telling::{Missing, missing};
use testkit::diagnosis::Case;
use testkit::diagnosis::service::Command;

pub(super) fn old_link_comes_back(case: &Case) -> Option<String> {
    let Missing {
        node,
        code,
        creator,
        ..
    } = missing(case)?;
    let later = Successors::of(case, code);
    let came_back = |who: &'_ str| {
        let versions = versions(case, who, code);
        let is_over = |(at, url, from): &&Version| later.have_taken_over(url, *at) && from != who;
        let (at, old, from) = versions.iter().find(is_over)?;
        let (_, new, _) = versions.iter().find(|(before, url, _)| {
            before < at && url != old && !later.have_taken_over(url, *at)
        })?;
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
    let later = Successors::of(case, code);
    for who in [node, creator] {
        let versions = versions(case, who, code);
        let Some((at, new, from)) = versions.last() else {
            continue;
        };
        let old = versions
            .iter()
            .find(|(before, url, _)| before < at && url != new && later.have_taken_over(url, *at));
        let Some((_, old, _)) = old.filter(|_| !later.have_taken_over(new, *at)) else {
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

/// From when on a link that had a code was over: a code is given to another URL when the one that
/// has it is over, and not before.
struct Successors<'a>(Vec<(u64, &'a str)>);

impl<'a> Successors<'a> {
    /// When each URL first stood in the store under a code, where its creation was granted.
    fn of(case: &Case<'a>, code: &str) -> Successors<'a> {
        let requests = case.requests();
        let mut granted: Vec<(u64, &str)> = Vec::new();
        for command in case.commands() {
            let stored = stored(&command).filter(|(stored, _)| *stored == code);
            let Some((_, url)) = stored.filter(|_| command.forwarded) else {
                continue;
            };
            let is_known = granted.iter().any(|(_, known)| *known == url);
            let is_granted = requests.iter().any(|asked| {
                asked.node == command.node
                    && asked.created() == Some(code)
                    && asked.covers(command.at_us)
            });
            if is_granted && !is_known {
                granted.push((command.at_us, url));
            }
        }
        Successors(granted)
    }

    /// Whether the link to that URL was over.
    fn have_taken_over(&self, url: &str, at_us: u64) -> bool {
        let mut others = self.0.iter().skip_while(|(_, own)| *own != url).skip(1);
        others.any(|(since, _)| *since <= at_us)
    }
}

/// A link of a code: when it came to a node, its URL, and from which node it came.
type Version<'a> = (u64, &'a str, String);

/// The code and the URL of the link that a command stores.
fn stored<'a>(command: &Command<'a>) -> Option<(&'a str, &'a str)> {
    let (code, text) = command.stores()?;
    let (_, url) = text.split_once(' ')?;
    Some((code, url))
}

/// What a node was told of a code, or stored under it, in the order of time.
fn versions<'a>(case: &Case<'a>, node: &str, code: &str) -> Vec<Version<'a>> {
    let mut versions = Vec::new();
    for command in case.commands() {
        if let Some((stored, url)) = stored(&command)
            && stored == code
            && command.node == node
        {
            versions.push((command.at_us, url, node.to_owned()));
        }
    }
    for telling in case.tellings() {
        let arrived = telling.sent.delivered_us.filter(|_| telling.sent.arrived());
        if let Some(arrived) = arrived
            && telling.code == code
            && telling.sent.to == node
        {
            versions.push((arrived, telling.url, telling.sent.message.from.clone()));
        }
    }
    versions.sort_by_key(|(at, ..)| *at);
    versions
}
