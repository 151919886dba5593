//! A sentence on where an outcome was seen: on processes, in a simulation, or in both.

use grader::part_report::count;
use testkit::verdict::{Outcome, Verdict, World};

/// What a failure that only a simulation has seen says of itself, as a sentence.
pub fn simulated_failure(outcome: &Outcome) -> Option<String> {
    let is_failure = matches!(outcome.verdict, Verdict::Failed(_));
    (is_failure && outcome.world == World::Simulated).then(|| {
        format!(
            "This was seen in a simulation, with seed {}, which repeats it exactly. There, messages arrive in orders \
             that a quiet machine does not show.",
            outcome.seed
        )
    })
}

/// What it means that nothing can be said of the code, as sentences.
pub fn of_inconclusive(world: World) -> &'static str {
    match world {
        World::Processes => {
            "This says nothing about your code. On a less busy machine it may well pass."
        }
        World::Simulated => "This says nothing about your code. Run it on processes: they decide.",
    }
}

/// How many simulated schedules passes held in: "75 simulated schedules".
pub fn schedules<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Option<String> {
    let held: u64 = outcomes.into_iter().map(|outcome| outcome.schedules).sum();
    let held = usize::try_from(held).unwrap_or(usize::MAX);
    (held > 0).then(|| count(held, "simulated schedule"))
}

/// Why passes were decided by the processes alone, each reason once, as sentences.
pub fn unsimulated<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for why in outcomes
        .into_iter()
        .filter_map(|of| of.unsimulated.as_deref())
    {
        let said = format!("The processes decided alone, without a simulation. {why}");
        if !reasons.contains(&said) {
            reasons.push(said);
        }
    }
    reasons
}
