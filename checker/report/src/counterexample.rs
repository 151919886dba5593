//! Sentences on the shortest story that breaks a claim, and on how much was explored.

use super::terminal::quoted;
use grader::part_report::{Graded, PartReport, count};
use testkit::verdict::{Counterexample, Outcome, Verdict};

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
        ", and without any one of them the claim holds"
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

/// How much was explored: "200 random stories with 731 faults that took effect".
pub fn explored<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Option<String> {
    let explored = outcomes.into_iter().filter_map(|of| of.explored.as_ref());
    let (held, effects) = explored.fold((0, 0), |(held, effects), explored| {
        (
            held + explored.held,
            effects + explored.coverage.took_effect(),
        )
    });
    let counted = |of: u64, what| count(usize::try_from(of).unwrap_or(usize::MAX), what);
    let stories = match held {
        0 => return None,
        1 => "1 random story".to_owned(),
        held => format!("{held} random stories"),
    };
    Some(format!(
        "{stories} with {} that took effect",
        counted(effects, "fault")
    ))
}
