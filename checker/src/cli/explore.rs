//! `checker explore`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{PartArgs, question};
use crate::grading::{Explore, Story, Worlds};
use testkit::part::Part;
use testkit::plain_file::{self, MAX_TEXT};
use testkit::trouble::{Result, Trouble};
use testkit::verdict::World;

const MORE: &str = "\
An exploration draws stories at random: operations and faults in any order. It compares what the
nodes show with a model of the part, and shrinks the first story that breaks a claim. The report
of such a story names a file, which `--story` replays, on real processes as well.";

/// Its flags.
#[derive(Debug, Args)]
#[command(after_help = MORE)]
pub(super) struct ExploreArgs {
    /// The part, such as part1
    pub part: String,
    /// Explores the course's own solution
    #[arg(long)]
    solution: bool,
    /// Explores only this problem; may be given several times
    #[arg(long = "problem", value_name = "N")]
    problems: Vec<u8>,
    /// How long each problem is explored, in seconds
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = seconds)]
    time: Duration,
    /// The first seed; 1 if not given
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Replays the story in this file instead of exploring
    #[arg(long, value_name = "FILE")]
    story: Option<PathBuf>,
    /// Where the story is replayed: simulated or processes
    #[arg(
        long,
        value_name = "WORLD",
        default_value = "simulated",
        requires = "story"
    )]
    world: World,
    /// How many times the story is replayed on processes
    #[arg(long, value_name = "N", default_value_t = 1, requires = "story", value_parser = clap::value_parser!(u32).range(1..=100))]
    times: u32,
    /// Prints the result as JSON, see docs/JSON.md
    #[arg(long)]
    json: bool,
}

/// `60s`, or `60`.
fn seconds(text: &str) -> std::result::Result<Duration, String> {
    match text.strip_suffix('s').unwrap_or(text).parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("it must be a number of seconds, up to a day, such as 60s".to_owned()),
    }
}

impl ExploreArgs {
    /// The same as an order to grade: the part, and the flags for it.
    ///
    /// # Errors
    /// When there is no such part, or no story in the file.
    pub(super) fn settle(self) -> Result<(&'static Part, PartArgs)> {
        let part = question::part(&self.part)?;
        let explore = match &self.story {
            Some(file) => Explore::Story(Box::new(read(file)?)),
            None => Explore::Alone(self.time),
        };
        if let Explore::Story(story) = &explore
            && part.exploration(&story.scenario).is_none()
        {
            let (name, scenario) = (part.name, &story.scenario);
            return Err(Trouble::new(format!(
                "could not find the exploration {scenario:?} of the story in {name}"
            )));
        }
        let problems = match &explore {
            Explore::Story(story) => {
                let exploration = part.exploration(&story.scenario);
                exploration
                    .map(|of| of.scenario.problem)
                    .into_iter()
                    .collect()
            }
            _ => explored(part, self.problems)?,
        };
        let args = PartArgs {
            solution: self.solution,
            problems,
            seed: self.seed,
            repeat: self.times,
            world: Worlds::Only(self.world),
            explore: Some(explore),
            json: self.json,
            ..PartArgs::plain()
        };
        Ok((part, args))
    }
}

/// The problems to explore: those that were named, or all that have an exploration.
///
/// # Errors
/// When a problem that was named has none.
fn explored(part: &Part, named: Vec<u8>) -> Result<Vec<u8>> {
    let have: BTreeSet<u8> = part
        .explorations
        .iter()
        .map(|of| of.scenario.problem)
        .collect();
    let lacks = |number: &&u8| part.problem(**number).is_some() && !have.contains(number);
    match named.iter().find(lacks) {
        Some(number) => Err(Trouble::new(format!(
            "could not explore problem {number} of {}: it has no exploration",
            part.name
        ))),
        None if named.is_empty() => Ok(have.into_iter().collect()),
        None => Ok(named),
    }
}

fn read(file: &std::path::Path) -> Result<Story> {
    let text = plain_file::read(file, MAX_TEXT).map_err(|error| error.to_string());
    let story =
        text.and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()));
    story.map_err(|why| {
        Trouble::new(format!(
            "could not read the story in {}: {why}",
            file.display()
        ))
    })
}
