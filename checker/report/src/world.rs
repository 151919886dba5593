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

/// What it means that there is no verdict on the code, as sentences.
pub fn of_inconclusive(world: World) -> &'static str {
    match world {
        World::Processes => {
            "This is not a verdict on your code. On a less busy machine, the scenario may pass."
        }
        World::Simulated => "This is not a verdict on your code: `--world processes` gives one.",
    }
}

/// How many simulated schedules passes held in: "75 simulated schedules".
pub fn schedules<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Option<String> {
    let held: u64 = outcomes.into_iter().map(|outcome| outcome.schedules).sum();
    let held = usize::try_from(held).unwrap_or(usize::MAX);
    (held > 0).then(|| count(held, "simulated schedule"))
}

/// Which scenarios passed on processes only, and why their simulation gave no verdict: each reason once, as sentences.
pub fn unsimulated<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for outcome in outcomes {
        let Some(why) = outcome.unsimulated.as_deref() else {
            continue;
        };
        let scenario = format!("Problem {}, \"{}\"", outcome.problem, outcome.title);
        match reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, scenarios)) if scenarios.contains(&scenario) => {}
            Some((_, scenarios)) => scenarios.push(scenario),
            None => reasons.push((why, vec![scenario])),
        }
    }
    let told = reasons.into_iter().map(|(why, scenarios)| {
        let others = match scenarios.len() - 1 {
            0 => String::new(),
            others => format!(", and {}", count(others, "other scenario")),
        };
        format!(
            "{}{others}: the run on processes passed, but a simulation broke off. {why}",
            scenarios[0]
        )
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::verdict::Verdict;

    fn pass(title: &str, problem: u8, why: Option<&str>) -> Outcome {
        let verdict = Verdict::Passed {
            property: "It holds.".into(),
        };
        Outcome {
            unsimulated: why.map(str::to_owned),
            ..Outcome::new("part1-a", title, problem, verdict, 7)
        }
    }

    #[test]
    fn scenarios_that_no_simulation_ended_are_named_with_each_reason_once() {
        let outcomes = [
            pass("a", 1, Some("n1 never waits.")),
            pass("b", 2, None),
            pass("c", 2, Some("A socket.")),
            pass("d", 3, Some("A socket.")),
            pass("d", 3, Some("A socket.")),
        ];
        let broke_off = "the run on processes passed, but a simulation broke off";
        assert_eq!(
            unsimulated(&outcomes),
            [
                format!("Problem 1, \"a\": {broke_off}. n1 never waits."),
                format!("Problem 2, \"c\", and 1 other scenario: {broke_off}. A socket."),
            ]
        );
    }
}
