//! The hints of a part's problems, as its `hints.md` has them: an idea, a direction, nearly the code.

use crate::part::{Part, Problem};

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
pub fn of(part: &Part, problem: &Problem) -> Vec<Hint> {
    let heading = format!("## Problem {}: ", problem.number);
    let mut lines = part
        .hints
        .lines()
        .skip_while(|line| !line.starts_with(&heading))
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
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
