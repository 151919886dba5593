//! Solutions and scenarios in one program, to simulate them as the checker's own programs do.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ping_pong_solution::protocol::{CONSUMER, PRODUCER, ProducerMsg};
use testkit::cluster::{Cluster, Options};
use testkit::part::Part;
use testkit::scenario::{Context, Scenario, Told};
use testkit::simulation::{OWN_FOLDER, Program, Stage, flags, simulate};
use testkit::verdict::Verdict;
use tokio::time::sleep;

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

/// Three nodes of part 1, a dozen operations and faults, and ten quiet seconds.
pub static SHORT: Scenario = Scenario {
    id: "short",
    problem: 1,
    title: "three nodes exchange pings across a partition and a crash",
    property: "They do.",
    deadline: testkit::scenario::DEADLINE,
    run: |cx| Box::pin(short_story(cx)),
};

async fn short_story(cx: &Context) -> Told {
    const NODES: [&str; 3] = ["n1", "n2", "n3"];
    Cluster::tell(cx, &NODES, Options::default(), async |cluster| {
        for node in NODES.repeat(3) {
            let _: u64 = cluster.call(node, &PRODUCER, ProducerMsg::SendPing).await?;
        }
        cluster.partition(&["n1"], &["n2", "n3"]).await?;
        cluster.heal();
        cluster.crash("n3", &CONSUMER).await?;
        sleep(Duration::from_secs(10)).await;
        Ok(())
    })
    .await
}

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
