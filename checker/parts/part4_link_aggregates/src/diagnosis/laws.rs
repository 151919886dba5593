//! Symptoms of problem 4: what a counter that is wrong in a known way would be worth after the
//! same steps.

use std::collections::BTreeMap;

use super::words::{number_behind, word_behind};
use testkit::diagnosis::Case;

type Counter<'s> = BTreeMap<&'s str, u64>;

/// A counter that may be wrong in one way.
#[derive(Clone, Copy)]
struct Kind {
    add: fn(Option<u64>, u64) -> Option<u64>,
    merge: for<'s> fn(&mut Counter<'s>, &Counter<'s>),
    value: fn(&Counter) -> u64,
}

/// The one that is right.
const RIGHT: Kind = Kind {
    add: |count, by| (by > 0).then(|| count.unwrap_or(0) + by).or(count),
    merge: |ours, theirs| {
        for (slot, count) in theirs {
            let own = ours.entry(slot).or_default();
            *own = (*own).max(*count);
        }
    },
    value: |counter| counter.values().sum(),
};

const ADDS: Kind = Kind {
    merge: |ours, theirs| {
        for (slot, count) in theirs {
            *ours.entry(slot).or_default() += count;
        }
    },
    ..RIGHT
};

const OVERWRITES: Kind = Kind {
    merge: |ours, theirs| ours.extend(theirs),
    ..RIGHT
};

const LEARNS_NEW_SLOTS: Kind = Kind {
    merge: |ours, theirs| {
        for (slot, count) in theirs {
            ours.entry(slot).or_insert(*count);
        }
    },
    ..RIGHT
};

const TAKES_ONE: Kind = Kind {
    merge: |ours, theirs| {
        if theirs.values().sum::<u64>() > ours.values().sum() {
            ours.clone_from(theirs);
        }
    },
    ..RIGHT
};

const GREATEST: Kind = Kind {
    value: |counter| counter.values().copied().max().unwrap_or_default(),
    ..RIGHT
};

const SETS: Kind = Kind {
    add: |count, by| (by > 0).then_some(by).or(count),
    ..RIGHT
};

const KEEPS_ZEROS: Kind = Kind {
    add: |count, by| Some(count.unwrap_or(0) + by),
    ..RIGHT
};

/// All that are wrong.
const WRONG: [Kind; 7] = [
    ADDS,
    OVERWRITES,
    LEARNS_NEW_SLOTS,
    TAKES_ONE,
    GREATEST,
    SETS,
    KEEPS_ZEROS,
];

/// The counters after the steps of a counterexample.
fn counters(steps: &[String], kind: Kind) -> Option<Vec<Counter<'_>>> {
    let mut counters: Vec<Counter> = Vec::new();
    for step in steps {
        let number = |text: &str| text.strip_prefix('c')?.parse::<usize>().ok();
        if step.ends_with(" = new") {
            counters.push(Counter::new());
            continue;
        }
        let (counter, done) = step.split_once('.')?;
        let counter = number(counter)?;
        let (what, with) = done.strip_suffix(')')?.split_once('(')?;
        if what == "merge" {
            let theirs = counters.get(number(with)?)?.clone();
            (kind.merge)(counters.get_mut(counter)?, &theirs);
        } else {
            let (slot, by) = with.split_once(", ")?;
            let counter = counters.get_mut(counter)?;
            let count = (kind.add)(counter.get(slot).copied(), by.parse().ok()?);
            if let Some(count) = count {
                counter.insert(slot, count);
            }
        }
    }
    Some(counters)
}

/// What is wrong with a counter of a kind after some steps of the counterexample.
fn is_wrong(steps: &[String], kind: Kind) -> bool {
    let worth = |kind: Kind| -> Option<Vec<u64>> {
        let counters = counters(steps, kind)?;
        Some(counters.iter().map(kind.value).collect())
    };
    worth(kind) != worth(RIGHT)
}

/// Whether a counter of a kind would have led to this counterexample: it has this value then, and
/// no step can be left out.
fn would_be(case: &Case, kind: Kind, number: usize, worth: u64) -> bool {
    let steps = &case.failure.evidence;
    let value = |kind: Kind| Some((kind.value)(counters(steps, kind)?.get(number)?));
    let without = |place: usize| {
        let mut steps = steps.clone();
        steps.remove(place);
        steps
    };
    let mut places = (0..steps.len()).filter(|place| !steps[*place].ends_with(" = new"));
    // What goes wrong without merges is found without merges, as that is tried first.
    let merges = steps.iter().any(|step| step.contains(".merge("));
    let is_first = !merges
        || (kind.add)(Some(1), 1) == Some(2)
            && (kind.value)(&Counter::from([("a", 1), ("b", 1)])) == 2;
    value(kind) == Some(worth)
        && value(RIGHT) != Some(worth)
        && is_first
        && steps.len() < 20
        && places.all(|place| !is_wrong(&without(place), kind))
}

/// Whether the answer is what a counter of a kind gives, and of no other kind that is known to be
/// wrong.
fn fits(case: &Case, kind: usize) -> Option<String> {
    let seen = case.failure.seen.strip_prefix("after these steps, ")?;
    let (seen, steps) = seen.split_once(": ")?;
    let number: usize = number_behind(seen, "c")?;
    let worth: u64 = number_behind(seen, " is worth ")?;
    let mut fitting = (0..WRONG.len()).filter(|kind| would_be(case, WRONG[*kind], number, worth));
    (fitting.next() == Some(kind) && fitting.next().is_none()).then(|| {
        format!("of the mistakes that are usual here, this one alone makes c{number} worth {worth} after `{steps}`")
    })
}

pub(super) fn merging_adds(case: &Case) -> Option<String> {
    fits(case, 0)
}

pub(super) fn merging_overwrites(case: &Case) -> Option<String> {
    fits(case, 1)
}

pub(super) fn only_new_slots_are_learnt(case: &Case) -> Option<String> {
    fits(case, 2)
}

pub(super) fn one_of_two_is_taken(case: &Case) -> Option<String> {
    fits(case, 3)
}

pub(super) fn greatest_share_counts(case: &Case) -> Option<String> {
    fits(case, 4)
}

pub(super) fn adding_sets(case: &Case) -> Option<String> {
    fits(case, 5)
}

pub(super) fn nothing_leaves_something(case: &Case) -> Option<String> {
    let seen = &case.failure.seen;
    let pair = [word_behind(seen, "steps, ")?, word_behind(seen, " and ")?];
    let [one, two] = pair.map(|name| name.strip_prefix('c')?.parse::<usize>().ok());
    let (one, two) = (one?, two?);
    let (wrong, right) = (
        counters(&case.failure.evidence, KEEPS_ZEROS)?,
        counters(&case.failure.evidence, RIGHT)?,
    );
    let step = case
        .failure
        .evidence
        .iter()
        .find(|step| step.ends_with(", 0)"))?;
    let differ = wrong.get(one)? != wrong.get(two)? && right.get(one)? == right.get(two)?;
    (differ && seen.contains(" differ"))
        .then(|| format!("`{step}` adds nothing to a counter, and made c{one} and c{two} differ"))
}
