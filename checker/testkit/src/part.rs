//! What a part of the course is: its files, its problems, its scenarios, and the mistakes that
//! learners make in it.

use std::path::Path;

use serde::{Deserialize, Deserializer};

use crate::diagnosis::mistake::Mistake;
use crate::exploration::Exploration;
use crate::scenario::Scenario;

/// A part of the course, graded by the command of its name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its place in the course, from 1.
    pub number: u8,
    /// The command that grades it: `part1`.
    #[serde(skip)]
    pub name: &'static str,
    /// What people call it.
    #[serde(deserialize_with = "forever")]
    pub title: &'static str,
    /// Its folder, under `exercises/`, `solutions/` and `checker/parts/` alike.
    #[serde(deserialize_with = "forever")]
    pub folder: &'static str,
    /// The package of the exercise, and of its binary.
    #[serde(deserialize_with = "forever")]
    pub package: &'static str,
    /// The package of the solution, and of its binary.
    #[serde(deserialize_with = "forever")]
    pub solution_package: &'static str,
    /// Its chapter: `training/part1.md`.
    #[serde(deserialize_with = "forever")]
    pub chapter: &'static str,
    /// The files that a learner may edit, relative to the part's folder. Everything else in the
    /// folder is given; further `.rs` files of the learner's own may lie beside them.
    #[serde(deserialize_with = "all_forever")]
    pub editable: &'static [&'static str],
    /// The Rust files that are given, and not to be edited.
    #[serde(deserialize_with = "all_forever")]
    pub given: &'static [&'static str],
    /// Whether its nodes serve HTTP, and keep what they know in a store.
    #[serde(default)]
    pub serves_http: bool,
    /// Whether its nodes read and write files of one folder.
    #[serde(default)]
    pub shares_files: bool,
    /// With how many seeds each scenario is simulated, unless told otherwise: so many that all scenarios
    /// together take about three seconds of one processor.
    pub seeds: u64,
    /// What is to be solved, in order.
    #[serde(rename = "problem", deserialize_with = "listed_forever")]
    pub problems: &'static [Problem],
    /// The text of its hints: a heading for each problem, and the hints below it.
    #[serde(skip)]
    pub hints: &'static str,
    /// What grades it, in the order of its problems.
    #[serde(skip)]
    pub scenarios: &'static [Scenario],
    /// Stories that are drawn, in the order of its problems.
    #[serde(skip)]
    pub explorations: &'static [Exploration],
    /// What the diagnosis can name, the more telling ones first.
    #[serde(skip)]
    pub mistakes: &'static [Mistake],
}

/// One problem of a part: a gap to fill, graded by a group of scenarios.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Its number within the part, from 1; also the number of its gap.
    pub number: u8,
    /// What people call it.
    #[serde(deserialize_with = "forever")]
    pub title: &'static str,
    /// Whether it lies off the course's way: it is graded, but the exit code does not count it.
    #[serde(default)]
    pub optional: bool,
    /// What it is worth, for those who count: 10, or 5 off the course's way.
    pub points: u8,
    /// The anchor of its section in the part's chapter.
    #[serde(deserialize_with = "forever")]
    pub anchor: &'static str,
    /// The gaps without which it cannot be solved.
    #[serde(deserialize_with = "listed_forever")]
    pub gaps: &'static [u8],
}

impl Part {
    /// The part that a `part.toml` and a `hints.md` describe. Their words are kept until the program ends.
    ///
    /// # Panics
    /// When `part_toml`, which is compiled in, is no such description.
    pub fn read(
        part_toml: &'static str,
        hints: &'static str,
        scenarios: &'static [Scenario],
        explorations: &'static [Exploration],
        mistakes: &'static [Mistake],
    ) -> Part {
        let part: Part = toml::from_str(part_toml).expect("part.toml describes a part");
        Part {
            name: format!("part{}", part.number).leak(),
            hints,
            scenarios,
            explorations,
            mistakes,
            ..part
        }
    }

    /// The problem of that number.
    pub fn problem(&self, number: u8) -> Option<&'static Problem> {
        self.problems
            .iter()
            .find(|problem| problem.number == number)
    }

    /// The exploration of that name.
    pub fn exploration(&self, id: &str) -> Option<&'static Exploration> {
        self.explorations
            .iter()
            .find(|exploration| exploration.scenario.id == id)
    }

    /// A section of its chapter, as it is named to learners: `training/part1.md#problem-3-crash`.
    pub fn section(&self, anchor: &str) -> String {
        format!("{}#{anchor}", self.chapter)
    }

    /// Whether a file, relative to the part's folder, is the learner's own: one of those to be
    /// edited, or one that the course does not have.
    pub fn is_learners(&self, file: &Path) -> bool {
        self.editable
            .iter()
            .any(|editable| file == Path::new(editable))
            || (file.starts_with("src") && !self.given.iter().any(|given| file == Path::new(given)))
    }
}

fn forever<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    Ok(String::deserialize(from)?.leak())
}

fn all_forever<'de, D: Deserializer<'de>>(from: D) -> Result<&'static [&'static str], D::Error> {
    let all = Vec::<String>::deserialize(from)?.into_iter();
    Ok(all.map(|one| &*one.leak()).collect::<Vec<_>>().leak())
}

fn listed_forever<'de, D, T>(from: D) -> Result<&'static [T], D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Vec::deserialize(from)?.leak())
}
