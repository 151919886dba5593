//! Part 1, ping pong: its scenarios.

use crate::scenario::Scenario;

/// The scenarios of part 1, in the order of its problems.
pub const SCENARIOS: &[Scenario] = &[];
