//! The hints of the problems, as TRAINING.md has them: an idea, a direction, nearly the code.

use grader::course::Course;
use testkit::part::{Part, Problem};
use testkit::plain_file::{self, MAX_TEXT};
use testkit::trouble::{Result, Trouble, While};

/// How many hints each problem has.
pub const HINTS: usize = 3;

/// A hint of a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// What it is: "a nudge".
    pub title: String,
    /// Its text, in Markdown.
    pub text: String,
}

/// The hints of a problem, the vaguest first.
///
/// # Errors
/// When TRAINING.md cannot be read, or does not have them.
pub fn of(course: &Course, part: &Part, problem: &Problem) -> Result<Vec<Hint>> {
    let file = course.root.join("TRAINING.md");
    let text = plain_file::read_text(&file, MAX_TEXT);
    let text = text.or_trouble(|| format!("read {}", file.display()))?;
    let hints = in_section(&text, part, problem);
    if hints.len() == HINTS {
        return Ok(hints);
    }
    Err(Trouble::new(format!(
        "could not find the hints of {}, problem {}, in {}",
        part.name,
        problem.number,
        file.display()
    )))
}

/// The hints below the heading of a problem. Two parts may have a problem of one heading, so it is
/// looked for below that of the part.
fn in_section(text: &str, part: &Part, problem: &Problem) -> Vec<Hint> {
    let part = format!("## Part {}: ", part.number);
    let heading = format!("### Problem {}: ", problem.number);
    let mut lines = text
        .lines()
        .skip_while(|line| !line.starts_with(&part))
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .skip_while(|line| !line.starts_with(&heading))
        .skip(1)
        .take_while(|line| !line.starts_with("### "));
    let mut hints = Vec::new();
    while let Some(line) = lines.next() {
        let title = line
            .strip_prefix("<summary>Hint ")
            .and_then(|rest| rest.strip_suffix("</summary>")?.split_once(": "));
        if let Some((_, title)) = title {
            let body: Vec<&str> = lines
                .by_ref()
                .take_while(|line| *line != "</details>")
                .collect();
            hints.push(Hint {
                title: title.to_owned(),
                text: body.join("\n").trim().to_owned(),
            });
        }
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::PARTS;
    use report::markdown;

    #[test]
    fn every_problem_has_three_hints_from_vague_to_plain() {
        let course = Course::find(env!("CARGO_MANIFEST_DIR").as_ref()).unwrap();
        for part in PARTS.iter() {
            for problem in part.problems {
                let hints = of(&course, part, problem).unwrap();
                assert!(hints.iter().all(|hint| !hint.text.is_empty()));
            }
        }
    }

    #[test]
    fn no_hint_shows_a_mark_of_its_markdown() {
        colored::control::set_override(false);
        let course = Course::find(env!("CARGO_MANIFEST_DIR").as_ref()).unwrap();
        let problems = PARTS.iter().flat_map(|part| {
            let problems = part.problems.iter();
            problems.map(move |problem| (part, problem))
        });
        for (part, problem) in problems {
            for hint in of(&course, part, problem).unwrap() {
                let shown = markdown::render(&hint.text, 78);
                // Code is shown as it stands: in blocks, and between backticks.
                let lines = shown.lines().filter(|line| !line.starts_with("    "));
                let lines: Vec<&str> = lines.collect();
                let words = lines.join(" ");
                let words: String = words.split('`').step_by(2).collect();
                for mark in ["*", "](", "**", "<", "&"] {
                    assert!(
                        !words.contains(mark),
                        "{mark} in {}:\n{shown}",
                        problem.anchor
                    );
                }
            }
        }
    }
}
