//! Part 0, A template: its scenarios.

mod diagnosis;
mod exploration;
mod fact;
mod messages;
mod write;

use std::time::Duration;

use testkit::part::Part;
use testkit::scenario::{DEADLINE, Scenario};

/// A message that is under way arrives within this time, however busy the machine; usually it takes
/// milliseconds.
const SOON: Duration = Duration::from_secs(5);

/// The nodes of all stories.
const ALL: [&str; 3] = ["n1", "n2", "n3"];

/// All that the checker knows of this part.
pub fn part() -> Part {
    Part::read(
        include_str!("../part.toml"),
        include_str!("../hints.md"),
        SCENARIOS,
        exploration::EXPLORATIONS,
        diagnosis::MISTAKES,
    )
}

/// The scenarios, in the order of the problems.
const SCENARIOS: &[Scenario] = &[Scenario {
    id: "part0-newest",
    problem: 1,
    title: "the newest value wins, although an older one arrives after it",
    property: "Every register shows the newest value, in whatever order the network delivers.",
    deadline: DEADLINE,
    run: |cx| Box::pin(write::newest_wins(cx)),
}];
