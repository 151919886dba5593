//! Problem 4: the laws of the G-Counter, tried in many small experiments.

use std::collections::BTreeMap;

use super::messages::{COUNTERS, CountersMsg, Evaluated, Step};
use super::pages::at_once;
use testkit::cluster::{Cluster, Explained, Options};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::Draw;

/// The number of experiments.
const EXPERIMENTS: usize = 200;

/// The maximum number of steps of an experiment.
const MAX_STEPS: u64 = 14;

/// The maximum of an ordinary increment.
const MAX_ADDED: u64 = 9;

/// Some increments are powers of two, up to this exponent: a count must have room for them.
const MAX_POWER: u64 = 40;

/// The maximum number of counters of an experiment.
const MAX_COUNTERS: usize = 4;

const SLOTS: [&str; 3] = ["a", "b", "c"];

/// What is wrong with an answer, and what the right answer is.
type Judge = fn(&[Step], &Evaluated) -> Option<(String, String)>;

pub(super) async fn values_are_right(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1"], Options::with_store(), async |cluster| {
        cluster.step("n1 runs 200 experiments with counters, and answers with the counters' values.");
        try_all(cluster, wrong_value).await.because(
            "Merges come in any order, twice, and through other counters. A merge takes the higher count of each slot, because that count contains the lower one. Only then are merges commutative, associative and idempotent.",
        )
    })
    .await
}

pub(super) async fn equals_are_equal(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1"], Options::with_store(), async |cluster| {
        cluster.step("n1 runs 200 experiments with counters, and answers which of the counters are equal.");
        try_all(cluster, wrong_equality).await.because(
            "Two counters are equal when each slot has the same count in both. A slot that is missing is 0. Otherwise nodes that compare what they know would forever send each other what both have.",
        )
    })
    .await
}

async fn try_all(cluster: &Cluster<'_>, judge: Judge) -> Told {
    let mut draw = cluster.context().draw();
    let mut experiments = laws();
    experiments.resize_with(EXPERIMENTS, || experiment(&mut draw));
    // The laws come first: their counterexamples read best.
    at_once(8, &experiments, async |steps| {
        let answer = evaluate(cluster, steps).await?;
        match judge(steps, &answer) {
            None => Ok(()),
            Some(_) => Err(counterexample(cluster, steps.clone(), judge).await?),
        }
    })
    .await
}

async fn evaluate(cluster: &Cluster<'_>, steps: &[Step]) -> Result<Evaluated, Stop> {
    let steps = steps.to_vec();
    Ok(cluster
        .call("n1", &COUNTERS, |reply| CountersMsg::Evaluate(steps, reply))
        .await?)
}

/// The failure of the smallest experiment that still goes wrong.
async fn counterexample(
    cluster: &Cluster<'_>,
    steps: Vec<Step>,
    judge: Judge,
) -> Result<Stop, Stop> {
    let mut smallest = steps;
    'smaller: loop {
        for candidate in smaller(&smallest) {
            let answer = evaluate(cluster, &candidate).await?;
            if judge(&candidate, &answer).is_some() {
                smallest = candidate;
                continue 'smaller;
            }
        }
        break;
    }
    let answer = evaluate(cluster, &smallest).await?;
    let Some((seen, expected)) = judge(&smallest, &answer) else {
        return Err(cluster
            .failed_at(
                "n1",
                "the same steps led to different counters in two attempts",
                "the same steps lead to the same counters",
            )
            .into());
    };
    let mut failure = cluster.failed_at(
        "n1",
        format!("after these steps, {seen}: {}", in_words(&smallest)),
        expected,
    );
    for line in lines(&smallest) {
        failure = failure.evidence(line);
    }
    Ok(failure.into())
}

/// Experiments that are a little smaller: without a counter, without a step, with a smaller
/// increment, in an earlier slot. The largest cuts come first.
fn smaller(steps: &[Step]) -> Vec<Vec<Step>> {
    let counters = steps.iter().filter(|step| **step == Step::New).count();
    let mut smaller: Vec<Vec<Step>> = (0..counters)
        .map(|counter| without(steps, counter))
        .collect();
    for (place, step) in steps.iter().enumerate() {
        let mut changed = |step: Option<Step>| {
            let mut steps = steps.to_vec();
            match step {
                Some(step) => steps[place] = step,
                None => drop(steps.remove(place)),
            }
            smaller.push(steps);
        };
        match step {
            Step::New => continue,
            Step::Merge { .. } => changed(None),
            Step::Increment { counter, slot, by } => {
                changed(None);
                let counter = *counter;
                let earlier = SLOTS.iter().take_while(|other| *other != slot);
                for slot in earlier {
                    changed(Some(Step::Increment {
                        counter,
                        slot: (*slot).to_owned(),
                        by: *by,
                    }));
                }
                // A large increment shrinks by a part of itself: in steps of one it would take for
                // ever.
                let less = [1, by / 2, by - by.div_ceil(8)];
                for by in less.into_iter().filter(|less| (1..*by).contains(less)) {
                    let slot = slot.clone();
                    changed(Some(Step::Increment { counter, slot, by }));
                }
            }
        }
    }
    smaller
}

/// The steps without a counter and all steps that use it.
fn without(steps: &[Step], gone: usize) -> Vec<Step> {
    let renumbered = |counter: usize| counter - usize::from(counter > gone);
    let mut created = 0;
    let mut left = Vec::new();
    for step in steps {
        match step {
            Step::New => {
                created += 1;
                if created - 1 != gone {
                    left.push(Step::New);
                }
            }
            Step::Increment { counter, slot, by } if *counter != gone => {
                left.push(Step::Increment {
                    counter: renumbered(*counter),
                    slot: slot.clone(),
                    by: *by,
                })
            }
            Step::Merge { into, from } if *into != gone && *from != gone => {
                left.push(Step::Merge {
                    into: renumbered(*into),
                    from: renumbered(*from),
                })
            }
            _ => {}
        }
    }
    left
}

/// A random experiment.
fn experiment(draw: &mut Draw) -> Vec<Step> {
    let mut below = |most: u64| draw.number(0..=most - 1);
    let mut steps = vec![Step::New, Step::New];
    let mut counters = 2;
    for _ in 0..4 + below(MAX_STEPS - 5) {
        let counter = below(counters as u64) as usize;
        steps.push(match below(10) {
            0 if counters < MAX_COUNTERS => {
                counters += 1;
                Step::New
            }
            0..5 => Step::Increment {
                counter,
                slot: SLOTS[below(3) as usize].to_owned(),
                by: match below(12) {
                    0 => 1 << below(MAX_POWER + 1),
                    _ => below(MAX_ADDED + 1),
                },
            },
            _ => Step::Merge {
                into: counter,
                from: (counter + 1 + below(counters as u64 - 1) as usize) % counters,
            },
        });
    }
    steps
}

/// The laws by name, with small numbers.
fn laws() -> Vec<Vec<Step>> {
    let new = || Step::New;
    let add = |counter, slot: &str, by| Step::Increment {
        counter,
        slot: slot.to_owned(),
        by,
    };
    let merge = |into, from| Step::Merge { into, from };
    vec![
        // Increments add up, in one slot and in two.
        vec![new(), add(0, "a", 3)],
        vec![new(), add(0, "a", 3), add(0, "a", 2), add(0, "b", 4)],
        // A count has more than 8 or 32 bits.
        vec![
            new(),
            add(0, "a", 200),
            add(0, "a", 100),
            add(0, "a", 1 << 33),
        ],
        // To add 0 changes nothing.
        vec![new(), new(), add(0, "a", 0)],
        vec![new(), new(), add(0, "a", 0), merge(1, 0)],
        // Idempotent.
        vec![new(), add(0, "a", 3), new(), merge(1, 0), merge(1, 0)],
        // Commutative.
        vec![
            new(),
            new(),
            new(),
            new(),
            add(0, "a", 3),
            add(1, "b", 4),
            merge(2, 0),
            merge(2, 1),
            merge(3, 1),
            merge(3, 0),
        ],
        // The same slot on both sides: the higher count wins.
        vec![
            new(),
            new(),
            add(0, "a", 3),
            merge(1, 0),
            add(0, "a", 2),
            merge(1, 0),
        ],
        vec![
            new(),
            new(),
            add(0, "a", 3),
            merge(1, 0),
            add(0, "a", 2),
            merge(0, 1),
        ],
        // Associative.
        vec![
            new(),
            new(),
            new(),
            add(0, "a", 1),
            add(1, "a", 2),
            add(1, "b", 5),
            add(2, "b", 3),
            merge(1, 2),
            merge(0, 1),
            merge(2, 0),
        ],
        // Both counters grow after a merge.
        vec![
            new(),
            new(),
            add(0, "a", 2),
            merge(1, 0),
            add(0, "a", 1),
            add(1, "b", 4),
            merge(0, 1),
            merge(1, 0),
        ],
    ]
}

/// The right counters after the steps: the count of each slot that has one.
fn model(steps: &[Step]) -> Vec<BTreeMap<&str, u64>> {
    let mut counters: Vec<BTreeMap<&str, u64>> = Vec::new();
    for step in steps {
        match step {
            Step::New => counters.push(BTreeMap::new()),
            Step::Increment { by: 0, .. } => {}
            Step::Increment { counter, slot, by } => {
                *counters[*counter].entry(slot).or_default() += by;
            }
            Step::Merge { into, from } => {
                for (slot, count) in counters[*from].clone() {
                    let own = counters[*into].entry(slot).or_default();
                    *own = count.max(*own);
                }
            }
        }
    }
    counters
}

fn wrong_value(steps: &[Step], answer: &Evaluated) -> Option<(String, String)> {
    let values: Vec<u64> = model(steps)
        .iter()
        .map(|counter| counter.values().sum())
        .collect();
    if answer.values.len() != values.len() {
        let seen = format!("the answer has {} counters", answer.values.len());
        return Some((seen, format!("the answer has {} counters", values.len())));
    }
    let wrong = (0..values.len()).find(|place| answer.values[*place] != values[*place])?;
    let seen = format!("c{wrong} has the value {}", answer.values[wrong]);
    Some((
        seen,
        format!(
            "c{wrong} has the value {}: the sum of the highest known count of each slot",
            values[wrong]
        ),
    ))
}

fn wrong_equality(steps: &[Step], answer: &Evaluated) -> Option<(String, String)> {
    let counters = model(steps);
    for (one, counter) in counters.iter().enumerate() {
        for (two, other) in counters.iter().enumerate().skip(one + 1) {
            let (should, does) = (counter == other, answer.equal.contains(&(one, two)));
            let words = |equal| {
                format!(
                    "c{one} and c{two} {}",
                    if equal { "are equal" } else { "differ" }
                )
            };
            if should != does {
                let expected = format!(
                    "{}: c{one} is {}, and c{two} is {}",
                    words(should),
                    slots(counter),
                    slots(other)
                );
                return Some((words(does), expected));
            }
        }
    }
    None
}

/// `{a: 3}`.
fn slots(counter: &BTreeMap<&str, u64>) -> String {
    let slots: Vec<String> = counter
        .iter()
        .map(|(slot, count)| format!("{slot}: {count}"))
        .collect();
    format!("{{{}}}", slots.join(", "))
}

/// The steps as code.
fn lines(steps: &[Step]) -> Vec<String> {
    let mut created = 0;
    let line = |step: &Step| match step {
        Step::New => {
            created += 1;
            format!("c{} = new", created - 1)
        }
        Step::Increment { counter, slot, by } => format!("c{counter}.increment({slot}, {by})"),
        Step::Merge { into, from } => format!("c{into}.merge(c{from})"),
    };
    steps.iter().map(line).collect()
}

fn in_words(steps: &[Step]) -> String {
    lines(steps).join("; ")
}

#[cfg(test)]
mod tests {

    use super::*;

    /// The answer of a counter whose merge adds the counts.
    fn adding(steps: &[Step]) -> Evaluated {
        let mut counters: Vec<BTreeMap<String, u64>> = Vec::new();
        for step in steps {
            match step {
                Step::New => counters.push(BTreeMap::new()),
                Step::Increment { counter, slot, by } => {
                    *counters[*counter].entry(slot.clone()).or_default() += by
                }
                Step::Merge { into, from } => {
                    for (slot, count) in counters[*from].clone() {
                        *counters[*into].entry(slot).or_default() += count;
                    }
                }
            }
        }
        Evaluated {
            values: counters
                .iter()
                .map(|counter| counter.values().sum())
                .collect(),
            equal: Vec::new(),
        }
    }

    fn shrunk(mut steps: Vec<Step>) -> Vec<Step> {
        while let Some(candidate) = smaller(&steps)
            .into_iter()
            .find(|steps| wrong_value(steps, &adding(steps)).is_some())
        {
            steps = candidate;
        }
        steps
    }

    #[test]
    fn counterexamples_are_small() {
        let mut draw = Draw::new(7, "counterexamples");
        let mut found = 0;
        for _ in 0..100 {
            let steps = experiment(&mut draw);
            if wrong_value(&steps, &adding(&steps)).is_some() {
                found += 1;
                // A counterexample has five steps, or seven if a count comes twice through a third
                // counter.
                let small = shrunk(steps);
                assert!(small.len() <= 7, "{}", in_words(&small));
            }
        }
        assert!(found > 20, "{found}");
    }

    #[test]
    fn counterexample_reads_like_code() {
        let steps = shrunk(laws().swap_remove(5));
        assert_eq!(
            in_words(&steps),
            "c0 = new; c0.increment(a, 1); c1 = new; c1.merge(c0); c1.merge(c0)"
        );
        let (seen, expected) = wrong_value(&steps, &adding(&steps)).unwrap();
        assert_eq!(seen, "c1 has the value 2");
        assert!(expected.starts_with("c1 has the value 1"), "{expected}");
    }
}
