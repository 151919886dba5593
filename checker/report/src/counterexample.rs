//! Sentences on the shortest story that breaks a claim, and on how much was explored.

use super::words::quoted;
use grader::part_report::{Graded, PartReport, count};
use testkit::verdict::{Counterexample, Explored, Outcome, Verdict};

/// What its steps are, as a sentence that ends with a colon.
pub fn heading(found: &Counterexample) -> String {
    let (steps, of) = (found.steps.len(), found.of);
    let enough = match (steps, of) {
        (0, _) => "No step is needed, only a cluster".to_owned(),
        (1, 1) => "This step is enough".to_owned(),
        (1, of) => format!("1 of {of} steps is enough"),
        (steps, of) if steps == of => format!("All {of} steps are needed"),
        (steps, of) => format!("{steps} of {of} steps are enough"),
    };
    let minimal = if found.minimal && steps > 1 {
        ", and if you leave out any one of them, the claim holds"
    } else {
        ""
    };
    format!("{enough}{minimal}:")
}

/// The steps, numbered.
pub fn steps(found: &Counterexample) -> Vec<String> {
    let numbered = (1..).zip(&found.steps);
    numbered
        .map(|(number, step)| format!("{number:>2}. {step}"))
        .collect()
}

/// The commands that tell the story of a failure again, each with what it is for; none, if it is no story or
/// was not kept. `command` is how the reader calls the checker.
pub fn again(report: &PartReport, outcome: &Outcome, command: &str) -> Vec<(&'static str, String)> {
    let found = match &outcome.verdict {
        Verdict::Failed(failure) => failure.counterexample.as_ref(),
        _ => None,
    };
    let (Some(found), Some(run), Some(folder)) = (found, &report.run, &outcome.folder) else {
        return Vec::new();
    };
    let whose = match report.graded {
        Graded::Solution => " --solution",
        Graded::Exercise | Graded::Submission(_) => "",
    };
    let here = std::env::current_dir().unwrap_or_default();
    let file = |name| {
        let file = run.join(folder).join(name);
        quoted(&file.strip_prefix(&here).unwrap_or(&file).to_string_lossy())
    };
    let part = &report.part;
    let explore = format!("{command} explore {part}{whose} --story {}", file(STORY));
    let script = file(SCRIPT);
    let nodes = found.plan.nodes.len();
    vec![
        ("again", explore.clone()),
        (
            "for real",
            format!("{explore} --world processes --times 10"),
        ),
        (
            "by hand",
            format!("{command} play {part}{whose} --nodes {nodes} --script {script}"),
        ),
    ]
}

/// The file of a story that was found, in the folder of its traces.
pub const STORY: &str = "story.json";
/// The same as a script for `checker play`.
pub const SCRIPT: &str = "story.play";

/// How much was explored: "200 random stories with 731 faults that took effect", and how many of all small
/// stories were told.
pub fn explored<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Option<String> {
    let explored: Vec<&Explored> = outcomes
        .into_iter()
        .filter_map(|of| of.explored.as_ref())
        .collect();
    let counted = |of: u64, what| count(usize::try_from(of).unwrap_or(usize::MAX), what);
    let small = explored.iter().filter_map(|of| of.small.as_ref());
    let mut stories: Vec<String> = small
        .filter(|small| small.held > 0)
        .map(|small| match small.held == small.of {
            true => format!("all {} stories of {}", small.of, small.bounds),
            false => format!(
                "{} of the {} stories of {}",
                small.held, small.of, small.bounds
            ),
        })
        .collect();
    match explored.iter().map(|of| of.held).sum() {
        0 => {}
        1 => stories.push("1 random story".to_owned()),
        held => stories.push(format!("{held} random stories")),
    }
    let effects = explored.iter().map(|of| of.coverage.took_effect()).sum();
    (!stories.is_empty()).then(|| {
        format!(
            "{} with {} that took effect",
            stories.join(", and in "),
            counted(effects, "fault")
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use testkit::exploration::{Coverage, Tally};
    use testkit::verdict::{Exhausted, World};

    use super::*;

    #[track_caller]
    fn check(held: u64, small: Option<u64>, expected: Option<&str>) {
        let tally = Tally {
            used: 5,
            took_effect: 3,
        };
        let outcome = Outcome {
            scenario: "an-exploration".into(),
            title: "pings in any order".into(),
            problem: 1,
            verdict: Verdict::Passed {
                property: "all is well".into(),
            },
            observations: Vec::new(),
            duration: Duration::ZERO,
            repeats: Vec::new(),
            seed: 1,
            explored: Some(Explored {
                held,
                inconclusive: 0,
                small: small.map(|held| Exhausted {
                    bounds: "two pings".into(),
                    held,
                    of: 12,
                }),
                coverage: Coverage {
                    operations: 9,
                    faults: [("kill".to_owned(), tally)].into(),
                },
            }),
            world: World::Simulated,
            schedules: 0,
            unsimulated: None,
            folder: None,
        };
        assert_eq!(explored([&outcome]).as_deref(), expected);
    }

    #[test]
    fn stories_that_were_told_are_counted_and_no_others() {
        let effects = "with 3 faults that took effect";
        check(0, None, None);
        check(1, None, Some(&format!("1 random story {effects}")));
        check(
            0,
            Some(7),
            Some(&format!("7 of the 12 stories of two pings {effects}")),
        );
        check(
            20,
            Some(12),
            Some(&format!(
                "all 12 stories of two pings, and in 20 random stories {effects}"
            )),
        );
    }
}
