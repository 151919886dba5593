//! Symptoms of problem 1: who owns a code. What a ring says is asked by the checker itself, and
//! stands in the failure; what the store did stands in the trace.

use super::words::{names, number_behind, seen, word_behind};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{listed, seconds};
use testkit::diagnosis::service::{at, is_silent};
use testkit::trace::{Change, What};

/// The nodes that stand first in the lists of members by which a ring is tried.
const FIRST: [&str; 2] = ["n1", "gold"];

pub(super) fn shares_are_of_chance(case: &Case) -> Option<String> {
    let seen = seen(case);
    let nodes: u64 = number_behind(seen, "on a ring of ")?;
    let node = word_behind(seen, "nodes, ")?;
    let own: u64 = number_behind(seen, &format!("{node} owns "))?;
    let all: u64 = number_behind(seen, &format!("owns {own} of "))?;
    // Who owns nothing, or everything, was not merely unlucky.
    (nodes > 0 && own > 0 && own < all).then(|| {
        format!(
            "on a ring of {nodes} nodes {node} owns {own} of {all} codes, where {} would be its share; with v places for \
             each node, shares differ from their mean by about one part in the square root of v",
            all / nodes
        )
    })
}

/// Of two rings that differ in one node: which, how many nodes the larger one has, and between
/// which others a code has moved.
fn moved<'c>(case: &'c Case) -> Option<(&'c str, u64, &'c str, &'c str)> {
    let seen = seen(case);
    let node = word_behind(seen, "one without ")?;
    let count = number_behind(seen, "between a ring of ")?;
    Some((
        node,
        count,
        word_behind(seen, "a code of ")?,
        word_behind(seen, "moves to ")?,
    ))
}

pub(super) fn number_of_members_decides(case: &Case) -> Option<String> {
    let (node, count, one, other) = moved(case)?;
    let came_last = !FIRST.contains(&node);
    (came_last && ![one, other].contains(&node)).then(|| {
        format!("{node} came as the last of {count} nodes, and a code moved between {one} and {other}, which had both been there before")
    })
}

pub(super) fn place_in_the_list_decides(case: &Case) -> Option<String> {
    if let Some((node, count, one, other)) = moved(case) {
        let was_first = FIRST.contains(&node);
        return (was_first && ![one, other].contains(&node)).then(|| {
            format!(
                "nothing moved between others when the last of {count} nodes came, but when {node} left, which stood first \
                 in the list, a code moved between {one} and {other}"
            )
        });
    }
    let differ = Differ::in_case(case)?;
    let list = differ.other.strip_prefix("a ring of ")?;
    (differ.count * 10 > differ.all * 4).then(|| {
        format!(
            "the same members in the order {list} came to other owners for {} of {} codes",
            differ.count, differ.all
        )
    })
}

pub(super) fn named_twice_has_more(case: &Case) -> Option<String> {
    let differ = Differ::in_case(case)?;
    let list = names(differ.other.strip_prefix("a ring of ")?);
    let times = |node: &str| list.iter().filter(|name| **name == node).count();
    let got_more = times(differ.to) == 2 && times(differ.from) == 1;
    (got_more && differ.count * 10 < differ.all * 3).then(|| {
        format!(
            "when {} was named twice, {} of {} codes changed their owner, and the first of them went to {0}",
            differ.to, differ.count, differ.all
        )
    })
}

pub(super) fn each_process_hashes_differently(case: &Case) -> Option<String> {
    let differ = Differ::in_case(case)?;
    // Between three nodes, two rings that have nothing to do with each other differ in two of
    // three codes.
    let unrelated = differ.count * 100 / differ.all.max(1);
    let processes = !differ.other.contains("a ring of") && !differ.other.contains("afterwards");
    (processes && (50..85).contains(&unrelated)).then(|| {
        format!(
            "{} and {} know the same members, and name different owners for {} of {} codes: as many as two rings \
             that have nothing to do with each other",
            differ.one, differ.other.trim_end_matches(','), differ.count, differ.all
        )
    })
}

/// Two rings that should be the same, and name different owners.
struct Differ<'c> {
    count: u64,
    all: u64,
    one: &'c str,
    /// An owner as the first one has it.
    from: &'c str,
    other: &'c str,
    /// The owner of the same code as the other one has it.
    to: &'c str,
}

impl<'c> Differ<'c> {
    fn in_case(case: &'c Case) -> Option<Self> {
        // "of 500 codes, 332 have other owners: n1 says n1 where n2 says n3"
        let (counts, owners) = seen(case).split_once(" have other owners: ")?;
        let (one, other) = owners.split_once(" where ")?;
        let (one, from) = one.split_once(" says ")?;
        let (other, to) = other.rsplit_once(" says ")?;
        Some(Differ {
            count: number_behind(counts, "codes, ")?,
            all: number_behind(counts, "of ")?,
            one,
            from,
            other,
            to,
        })
    }
}

/// A ring that does not have the members that it should: whose it is, whom it has, and whom it
/// should have.
fn members<'c>(case: &'c Case) -> Option<(&'c str, Vec<&'c str>, Vec<&'c str>)> {
    let (node, has) = seen(case).split_once("'s ring has ")?;
    let (_, wanted) = case.failure.expected.split_once("on each node (")?;
    let wanted = wanted.split_once(')')?.0;
    Some((node, names(has), names(wanted)))
}

/// How often a node has read the members from the store since a time.
fn reads(case: &Case, node: &str, since: u64) -> usize {
    let commands = case.commands().into_iter();
    let read = commands.filter(|command| {
        command.node == node
            && command.at_us > since
            && command.forwarded
            && command.key.starts_with("member:")
            && !matches!(command.name, "SET" | "SETEX")
    });
    read.count()
}

pub(super) fn later_members_are_ignored(case: &Case) -> Option<String> {
    let (node, has, wanted) = members(case)?;
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|name| !has.contains(name))
        .copied()
        .collect();
    let nothing_else = has.iter().all(|name| wanted.contains(name));
    let absent = missing.iter().any(|name| is_dead(case, name));
    if has.is_empty() || missing.is_empty() || !nothing_else || absent {
        return None;
    }
    let since = case.last(|what| matches!(what, What::Step { .. }))?;
    let times = reads(case, node, since);
    (times > 2).then(|| {
        format!(
            "after {} was entered, {node} read the members from the store {times} times, and its ring still has {}",
            listed(&missing),
            listed(&has)
        )
    })
}

fn is_dead(case: &Case, node: &str) -> bool {
    let killed = case.process(node, Change::Killed);
    killed.is_some_and(|killed| Some(killed) > case.process(node, Change::Started))
}

pub(super) fn who_is_down_drops_out(case: &Case) -> Option<String> {
    let (node, has, wanted) = members(case)?;
    let mut missing = wanted.iter().filter(|name| !has.contains(name));
    let dead = missing.find(|name| is_dead(case, name))?;
    Some(format!(
        "the store lists {dead} all the time, and when it was killed, it dropped out of {node}'s ring"
    ))
}

pub(super) fn silence_is_taken_for_nobody(case: &Case) -> Option<String> {
    let (node, has) = seen(case).split_once("'s ring has ")?;
    let modes = case.store_of(node);
    let (_, mode, told) = modes.last()?;
    (has == "no members" && is_silent(*mode))
        .then(|| format!("{told}, and from then on {node}'s ring has no members"))
}

pub(super) fn age_is_not_told(case: &Case) -> Option<String> {
    let seen = seen(case);
    let node = seen.strip_suffix(" says nothing of its ring being stale")?;
    let modes = case.store_of(node);
    let (since, mode, told) = modes.last()?;
    let end = case.trace()?.violation.as_ref()?.at_us;
    is_silent(*mode).then(|| {
        let for_long = seconds(end.saturating_sub(*since));
        format!("{told}, and {for_long} later `stale` is still `None` there, though the members are as they were")
    })
}

pub(super) fn age_is_never_taken_back(case: &Case) -> Option<String> {
    let node = seen(case)
        .split_once(" says of its ring that it is stale")?
        .0;
    let modes = case.store_of(node);
    let since = modes.last()?.0;
    let times = reads(case, node, since);
    (times > 2 && !is_silent(at(&modes, u64::MAX))).then(|| {
        format!("the store is back, {node} has read the members from it {times} times since, and still says that its ring is old")
    })
}

pub(super) fn entry_claims_for_nobody(case: &Case) -> Option<String> {
    let since = case.step("All members are deleted")?;
    let node = seen(case).split_once(" answered 201")?.0;
    let claimed = case.commands().into_iter().find(|command| {
        command.node == node
            && command.at_us > since
            && command.name == "SET"
            && command.code().is_some()
    })?;
    Some(format!(
        "nobody was a member any more, and {node} itself entered {} in the store",
        claimed.key
    ))
}
