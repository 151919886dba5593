//! What is to be graded, and how.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use grader::part_report::Graded;
use grader::runner::Asked;
use testkit::exploration::Plan;
use testkit::isolation::Isolation;
use testkit::run_dir::RunDir;
use testkit::store::StoreChoice;
use testkit::trouble::{Result, Trouble, While};
use testkit::verdict::World;

/// What to grade, and how.
#[derive(Debug, Clone)]
pub struct Order {
    /// Whose code.
    pub graded: Graded,
    /// Which problems; all, when empty.
    pub problems: Vec<u8>,
    /// The seed of the first run; each further run takes the next number.
    pub seed: u64,
    /// How often.
    pub repeat: u32,
    /// Show the compiler's warnings.
    pub verbose: bool,
    /// Which store the nodes use, where they use one.
    pub store: StoreChoice,
    /// What walls in what was handed in.
    pub isolation: Isolation,
    /// Where the nodes run.
    pub worlds: Worlds,
    /// The seed of the first simulated schedule.
    pub first_simulated: u64,
    /// With how many seeds each scenario is simulated; the part's own number, if not given.
    pub seeds: Option<u64>,
    /// What is explored.
    pub explore: Explore,
}

/// What is explored, where nodes are simulated.
#[derive(Debug, Clone, PartialEq)]
pub enum Explore {
    /// Nothing.
    Off,
    /// Each problem whose scenarios passed, in so many schedules, or in as many as it is worth.
    Passed(Option<u64>),
    /// Each problem, for so long, and its scenarios are left out.
    Alone(Duration),
    /// One story is told again, and nothing else.
    Story(Box<Story>),
}

/// A story of an exploration, as it is kept in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// The exploration.
    pub scenario: String,
    /// The seed under which it was seen.
    pub seed: u64,
    /// What happens.
    pub plan: Plan,
}

impl Order {
    pub(super) fn story(&self) -> Option<&Story> {
        match &self.explore {
            Explore::Story(story) => Some(story),
            _ => None,
        }
    }

    pub(super) fn asked(&self, run: &RunDir) -> Result<Asked> {
        Ok(match &self.explore {
            Explore::Passed(schedules) => Asked {
                schedules: *schedules,
                ..Asked::default()
            },
            Explore::Alone(time) => Asked {
                schedules: Some(u64::MAX),
                time: Some(*time),
                small: true,
                ..Asked::default()
            },
            Explore::Story(story) => {
                let file = run.folder("story")?.join("plan.json");
                let plan = serde_json::to_vec(&story.plan).expect("a plan is data");
                fs::write(&file, plan).or_trouble(|| format!("write {}", file.display()))?;
                Asked {
                    story: Some(file),
                    ..Asked::default()
                }
            }
            Explore::Off => Asked::default(),
        })
    }
}

impl FromStr for Explore {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match (text, text.parse()) {
            ("off", _) => Ok(Explore::Off),
            (_, Ok(schedules)) if schedules > 0 => Ok(Explore::Passed(Some(schedules))),
            _ => Err("it must be a number of schedules, or off".to_owned()),
        }
    }
}

/// Where the nodes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worlds {
    /// On processes, and beside them in a simulation.
    Both,
    /// In one world alone.
    Only(World),
}

impl FromStr for Worlds {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match (text, text.parse()) {
            ("both", _) => Ok(Worlds::Both),
            (_, Ok(world)) => Ok(Worlds::Only(world)),
            _ => Err("it must be both, processes or simulated".to_owned()),
        }
    }
}

/// The seed of the first simulated schedule, unless told otherwise: always the same, so that the same program
/// gets the same verdict.
pub const FIRST_SIMULATED: u64 = 1;

/// The seed of each round.
pub(super) fn seeds(order: &Order) -> impl Iterator<Item = u64> {
    let seed = order.seed;
    (0..order.repeat.max(1)).map(move |round| seed.wrapping_add(u64::from(round)))
}

/// The folder that a learner named, made absolute, so that it can be named again.
///
/// # Errors
/// When the folder is not there.
pub fn submitted(folder: PathBuf) -> Result<Graded> {
    let whole = folder
        .canonicalize()
        .or_trouble(|| format!("find the folder {}", folder.display()))?;
    if !whole.is_dir() {
        return Err(Trouble::new(format!(
            "could not grade {}: it is not a folder, but a copy of the exercise's folder is needed",
            folder.display()
        )));
    }
    Ok(Graded::Submission(whole))
}
