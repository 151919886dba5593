//! The question before a step that a user could regret.

use std::io::{BufRead, IsTerminal, Write};

use clap::builder::PossibleValuesParser;

use crate::manifest::{self, PARTS};
use testkit::part::{Part, Problem};
use testkit::trouble::{Result, Trouble, While};

/// Asks at the terminal, and takes everything but a yes for a no. Without a terminal nobody can
/// be asked: then `otherwise` tells which flag says yes.
pub(super) fn agreed(question: &str, otherwise: &str) -> Result<bool> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(Trouble::new(otherwise));
    }
    let mut stderr = std::io::stderr();
    let asked = write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush());
    asked.or_trouble(|| "ask")?;
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .or_trouble(|| "read the answer")?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// The names of the parts, for clap.
pub(super) fn part_names() -> PossibleValuesParser {
    PossibleValuesParser::new(PARTS.iter().map(|part| part.name))
}

/// The number of a part that is named, `part1`, or numbered, for clap.
pub(super) fn part_number(said: &str) -> std::result::Result<u8, String> {
    let is_it = |part: &&Part| part.name == said || part.number.to_string() == said;
    let found = PARTS.iter().find(is_it).map(|part| part.number);
    found.ok_or_else(|| {
        let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        format!("the parts are {}", names.join(", "))
    })
}

/// The part of a name.
pub(super) fn part(name: &str) -> Result<&'static Part> {
    manifest::part(name).ok_or_else(|| {
        let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        Trouble::new(format!(
            "could not find {name}: the parts are {}",
            names.join(", ")
        ))
    })
}

/// The problem of a number.
pub(super) fn problem(part: &'static Part, number: u8) -> Result<&'static Problem> {
    part.problem(number).ok_or_else(|| {
        Trouble::new(format!(
            "could not find problem {number} in {}: its problems are 1 to {}",
            part.name,
            part.problems.len()
        ))
    })
}
