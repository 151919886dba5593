//! Solutions and scenarios in one program, to simulate them as the checker's own programs do.

use std::path::Path;
use std::sync::Arc;

use testkit::part::Part;
use testkit::scenario::Scenario;
use testkit::simulation::{OWN_FOLDER, Program, Stage, flags, simulate};
use testkit::verdict::Verdict;

/// A part and its solution.
pub struct Solved {
    /// The part.
    pub part: Part,
    program: Program,
}

/// Part 1, whose nodes exchange messages only.
pub fn part1() -> Solved {
    Solved {
        part: part1_ping_pong::part(),
        program: Arc::new(|node, _| Box::pin(async { ping_pong_solution::start(node).await })),
    }
}

/// Part 3, whose nodes serve HTTP and ask a store.
pub fn part3() -> Solved {
    Solved {
        part: part3_link_shortener::part(),
        program: Arc::new(|node, given| {
            Box::pin(async { link_shortener_solution::start(node, flags(given)?).await })
        }),
    }
}

/// A schedule in which nothing happens: a thread, a runtime, and folders.
pub static EMPTY: Scenario = Scenario {
    id: "empty",
    problem: 1,
    title: "nothing happens",
    property: "Nothing happens.",
    deadline: testkit::scenario::DEADLINE,
    run: |_| Box::pin(async { Ok(()) }),
};

impl Solved {
    /// Simulates a scenario under a seed in the present folder, and leaves that as it was.
    ///
    /// # Panics
    /// When it does not pass.
    pub fn simulate(&self, scenario: &'static Scenario, seed: u64) {
        let stage = Stage {
            program: Arc::clone(&self.program),
            data: Path::new("data"),
            scratch: Path::new("scratch"),
            seed_thread: entropy::seed_this_thread,
        };
        let _ = std::fs::create_dir(OWN_FOLDER);
        let schedule = simulate(&stage, scenario, seed, None);
        let verdict = &schedule.outcome.verdict;
        assert!(
            matches!(verdict, Verdict::Passed { .. }),
            "{}, seed {seed}: {verdict:?}",
            scenario.id
        );
        for folder in [OWN_FOLDER, "scratch"] {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
