//! Symptoms of problems 8 and 9: how much is sent, and how visitors are told apart.

use std::collections::BTreeSet;

use serde_json::Value;

use super::news::reconnected;
use super::words::{number_behind, seen, word_behind};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Messages, Sent, listed};
use testkit::trace::Change;

/// A message of so many bytes tells of dozens of links.
const MUCH: usize = 4_000;

fn bytes(messages: &Messages) -> usize {
    messages.iter().map(|sent| sent.message.bytes).sum()
}

pub(super) fn views_carry_everything(case: &Case) -> Option<String> {
    (case.scenario == "part4-view-cost").then_some(())?;
    let since = case.step("A thousand links are viewed")?;
    let requests = case.requests();
    // All views are on one node, and it is what that tells the other.
    let viewed = requests
        .iter()
        .find(|asked| asked.at_us > since && asked.followed().is_some())?
        .node;
    let told = case.messages().since(since).from(viewed);
    let much = told.iter().filter(|sent| sent.message.bytes > MUCH).count();
    let last = told.iter().rev().find(|sent| sent.message.bytes > MUCH)?;
    (much * 2 > told.len() && much >= 20).then(|| {
        format!("of {} messages from {viewed} to {} while one link after the other was viewed, {much} told of many links; the last of them had {} bytes", told.len(), last.message.to, last.message.bytes)
    })
}

/// Two nodes that were cut off from each other, what they said since they were last connected
/// anew, and the node that had joined before, knowing nothing.
struct Meeting<'a> {
    pair: [&'a str; 2],
    said: Messages<'a>,
    newcomer: &'a str,
}

/// "the heal cost 900 bytes between n1 and n2; to tell n3 everything had cost 4000"
fn meeting<'a>(case: &Case<'a>) -> Option<Meeting<'a>> {
    seen(case).starts_with("the heal cost ").then_some(())?;
    let named = |words| {
        let name = word_behind(seen(case), words)?;
        let known = case.nodes().iter().find(|node| *node == name)?;
        Some(known.as_str())
    };
    let pair = [named(" between ")?, named(" and ")?];
    let since = reconnected(case, pair[0], pair[1])?;
    let within = |sent: &Sent| {
        pair.contains(&sent.message.from.as_str()) && pair.contains(&sent.message.to.as_str())
    };
    Some(Meeting {
        pair,
        said: case.messages().since(since).that(within),
        newcomer: named("; to tell ")?,
    })
}

/// What a node said before it had heard anything from the other.
fn unasked<'a>(said: &Messages<'a>, node: &str) -> Messages<'a> {
    let heard = said
        .iter()
        .filter(|sent| sent.message.to == node)
        .filter_map(|sent| sent.message.delivered_us)
        .min();
    said.clone().from(node).before(heard.unwrap_or(u64::MAX))
}

/// The longest of some messages.
fn longest<'a>(messages: &Messages<'a>) -> Option<Sent<'a>> {
    messages
        .iter()
        .copied()
        .max_by_key(|sent| sent.message.bytes)
}

pub(super) fn everything_is_told_on_a_new_link(case: &Case) -> Option<String> {
    let Meeting {
        pair,
        said,
        newcomer,
    } = meeting(case)?;
    let both = pair.map(|node| (node, unasked(&said, node)));
    let (node, first) = both.into_iter().max_by_key(|(_, first)| bytes(first))?;
    let much = bytes(&first) > MUCH && bytes(&first) * 5 > bytes(&said);
    // A long summary is another matter: the newcomer, which knew nothing, was then told of the
    // links in something else that was longer still.
    let whole = longest(&case.messages().to(newcomer))?;
    let is_of_links = longest(&first)?.message.name == whole.message.name;
    (much && is_of_links).then(|| {
        format!(
            "as soon as {} were connected again, {node} sent {} bytes, before it had heard anything of what the other knew",
            listed(&pair),
            bytes(&first)
        )
    })
}

pub(super) fn parts_are_too_large(case: &Case) -> Option<String> {
    let Meeting { pair, said, .. } = meeting(case)?;
    let all = bytes(&said);
    let first: usize = pair.map(|node| bytes(&unasked(&said, node))).iter().sum();
    let largest = longest(&said)?;
    (first < MUCH && largest.message.bytes > MUCH && largest.message.bytes * 3 > all).then(|| {
        format!(
            "{} first compared what they knew, in {first} bytes, and then {} sent {} `{}` with {} bytes, though they differed in one link",
            listed(&pair),
            largest.message.from,
            largest.message.to,
            largest.message.name.as_deref().unwrap_or("a message"),
            largest.message.bytes
        )
    })
}

pub(super) fn notes_outlive_who_knew(case: &Case) -> Option<String> {
    let node = seen(case).split_once(" shows Redirects: ")?.0;
    let killed = case.process(node, Change::Killed)?;
    let started = case
        .process(node, Change::Started)
        .filter(|started| *started > killed)?;
    let told = case.messages().to(node);
    let (before, after) = (
        bytes(&told.clone().before(killed)),
        bytes(&told.since(started)),
    );
    // They do tell something on a new link, when they have not told it before.
    let other = case.nodes().iter().find(|other| *other != node)?;
    reconnected(case, other, node).filter(|at| *at >= started)?;
    (before > 10 * MUCH && after * 10 < before).then(|| {
        format!("before {node} was killed, the others had told it {before} bytes of views; since it was started again, knowing nothing, they told it {after}")
    })
}

/// The numbers of registers, or whatever it is by which visitors are told apart in messages.
fn visitor_keys<'a>(case: &Case<'a>) -> BTreeSet<&'a str> {
    let mut keys = BTreeSet::new();
    for sent in case.messages().iter() {
        if let Some(body) = &sent.message.body {
            gather(body, &mut keys);
        }
    }
    keys
}

fn gather<'a>(of: &'a Value, keys: &mut BTreeSet<&'a str>) {
    match of {
        Value::Array(items) => items.iter().for_each(|item| gather(item, keys)),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field.as_object() {
                    Some(registers) if name == "visitors" => {
                        keys.extend(registers.keys().map(String::as_str))
                    }
                    _ => gather(field, keys),
                }
            }
        }
        _ => {}
    }
}

/// How many visitors a node shows, and how many there were.
fn visitors<'c>(case: &'c Case) -> Option<(&'c str, u64, u64)> {
    let seen = seen(case);
    let shown = number_behind(seen, "Visitors: ")?;
    let wanted = number_behind(&case.failure.expected, "within 10 % of ")?;
    Some((seen.split(' ').next()?, shown, wanted))
}

pub(super) fn registers_are_few(case: &Case) -> Option<String> {
    let (node, shown, wanted) = visitors(case)?;
    let keys = visitor_keys(case);
    let is_small = |key: &&str| key.parse::<u16>().is_ok_and(|number| number < 512);
    ((4..=512).contains(&keys.len()) && keys.iter().all(is_small)).then(|| {
        format!(
            "in all messages about visitors there were only {} different registers, and {node} shows {shown} visitors where {wanted} came; \
             with m registers, an estimate is off by about one part in the square root of m",
            keys.len()
        )
    })
}

pub(super) fn second_visits_count(case: &Case) -> Option<String> {
    let (node, shown, wanted) = visitors(case)?;
    let visits: u64 = number_behind(&case.failure.expected, "Redirects: ")?;
    let near = |number: u64| shown.abs_diff(number) < number / 20;
    (visits > wanted && near(visits)).then(|| {
        format!(
            "{wanted} visitors came, some of them twice and to different nodes; {node} shows {shown}, which is about the number of visits, {visits}"
        )
    })
}
