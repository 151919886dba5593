//! Clusters of real processes: what can be done to them, and what the verdicts are.
//!
//! The nodes run the solution of part 1, which is built first; the scenarios here are not those
//! that grade it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use checker::manifest::PARTS;
use grader::building::{Build, Built};
use grader::course::Course;
use grader::runner::Runner;
use report::progress;
use runtime::net::faults::{Action, Rule};
use runtime::{NodeName, Reply, ServerName};
use serde::{Deserialize, Serialize};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::guard::Guard;
use testkit::run_dir::RunDir;
use testkit::scenario::{Context, Scenario, Story, Told};
use testkit::store::{StoreChoice, Stores};
use testkit::verdict::{Failure, Outcome, Verdict};
use tokio::sync::OnceCell;

const PRODUCER: ServerName<ProducerMsg> = ServerName::new("producer");
const CONSUMER: ServerName<ConsumerMsg> = ServerName::new("consumer");

#[derive(Serialize, Deserialize)]
enum ProducerMsg {
    SendPing(Reply<u64>),
}

#[derive(Serialize, Deserialize)]
enum ConsumerMsg {
    Counts(Reply<BTreeMap<NodeName, u64>>),
    /// Which the consumer never heard of.
    TotalPongs(Reply<u64>),
}

/// Generous, for a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(20);

/// The program of the nodes, built once.
async fn solution() -> PathBuf {
    static BUILT: OnceCell<PathBuf> = OnceCell::const_new();
    let build = async || {
        let course = Course::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let part = &PARTS[0];
        let build = Build::of_course(&course.root, course.solution(part), part.solution_package);
        let run = RunDir::create().unwrap();
        let guard = Guard::start(Path::new(env!("CARGO_BIN_EXE_checker")), &run).unwrap();
        let built = build.run(&guard, |_| {}).await.unwrap();
        guard.shutdown().await;
        match built {
            Built::Binary(binary) => binary.path,
            other => panic!("the solution was not built: {other:?}"),
        }
    };
    BUILT.get_or_init(build).await.clone()
}

async fn outcome_of(binary: PathBuf, story: for<'a> fn(&'a Context) -> Story<'a>) -> Outcome {
    let run = RunDir::create().unwrap();
    let guard = Guard::start(Path::new(env!("CARGO_BIN_EXE_checker")), &run).unwrap();
    let scenario: &'static Scenario = Box::leak(Box::new(Scenario {
        id: "story",
        problem: 1,
        title: "a story",
        property: "It holds.",
        deadline: Duration::from_secs(120),
        run: story,
    }));
    let runner = Arc::new(Runner {
        stores: Stores::new(StoreChoice::Embedded, &guard, &run),
        guard: guard.clone(),
        binary,
        sources: None,
        data: PathBuf::new(),
        part: &PARTS[0],
        folder: run.folder("try").unwrap(),
        scratch: run.path().join("scratch"),
        seed: 1,
        sandbox: None,
        jobs: 1,
        gaps: BTreeMap::new(),
        story: None,
        progress: progress::fitting(true, false),
    });
    let outcome = runner.run(&[scenario]).await.remove(0);
    guard.shutdown().await;
    outcome
}

async fn passes(story: for<'a> fn(&'a Context) -> Story<'a>) {
    let outcome = outcome_of(solution().await, story).await;
    assert!(
        matches!(outcome.verdict, Verdict::Passed { .. }),
        "{outcome:#?}"
    );
    assert_eq!(outcome.repeats, [""; 0]);
}

async fn fails(story: for<'a> fn(&'a Context) -> Story<'a>) -> Failure {
    let outcome = outcome_of(solution().await, story).await;
    match outcome.verdict {
        Verdict::Failed(failure) => *failure,
        _ => panic!("{outcome:#?}"),
    }
}

async fn is_inconclusive(story: for<'a> fn(&'a Context) -> Story<'a>) -> String {
    let outcome = outcome_of(solution().await, story).await;
    match outcome.verdict {
        Verdict::Inconclusive { why } => why,
        _ => panic!("{outcome:#?}"),
    }
}

async fn ping(cluster: &Cluster<'_>, node: &str) -> Result<u64, testkit::scenario::Stop> {
    Ok(cluster.call(node, &PRODUCER, ProducerMsg::SendPing).await?)
}

async fn shows(cluster: &Cluster<'_>, node: &str, producer: &str, count: u64) -> Result<(), Unmet> {
    let counts = cluster.call(node, &CONSUMER, ConsumerMsg::Counts).await?;
    let seen = counts.get(&cluster.name(producer)).copied().unwrap_or(0);
    if seen == count {
        Ok(())
    } else {
        Err(Unmet::at(
            node,
            format!("{node} shows {seen} for {producer}"),
        ))
    }
}

const TWO: &[&str] = &["n1", "n2"];
const THREE: &[&str] = &["n1", "n2", "n3"];

#[tokio::test]
async fn mesh_comes_up_and_messages_are_seen() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, THREE, Options::default(), async |cluster| {
            cluster.step("n1 sends a ping.");
            let mark = cluster.mark();
            assert_eq!(ping(cluster, "n1").await?, 1);
            for node in THREE {
                cluster
                    .eventually(SOON, "it arrives", async || {
                        shows(cluster, node, "n1", 1).await
                    })
                    .await?;
            }
            cluster.quiesce().await?;
            let pings = cluster.since(mark).messages("Ping");
            assert_eq!(
                (
                    pings.clone().to("n2").count(),
                    pings.clone().to("n3").count()
                ),
                (1, 1)
            );
            assert_eq!(pings.from("n1").delivered().count(), 2);
            Ok(())
        })
        .await
    }
    passes(|cx| Box::pin(story(cx))).await;
}

#[tokio::test]
async fn partition_lets_nothing_through_and_heals() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, THREE, Options::default(), async |cluster| {
            cluster.partition(&["n1"], &["n2", "n3"]).await?;
            let mark = cluster.mark();
            ping(cluster, "n1").await?;
            cluster.quiesce().await?;
            assert!(cluster.nothing_crossed(mark, &["n1"], &["n2", "n3"]));
            assert_eq!(cluster.list("n1").await?.len(), 0);
            assert_eq!(
                cluster.list("n2").await?.into_iter().collect::<Vec<_>>(),
                ["n3"]
            );
            cluster.heal();
            cluster.await_mesh().await?;
            for node in ["n2", "n3"] {
                cluster
                    .eventually(SOON, "it catches up", async || {
                        shows(cluster, node, "n1", 1).await
                    })
                    .await?;
            }
            Ok(())
        })
        .await
    }
    passes(|cx| Box::pin(story(cx))).await;
}

#[tokio::test]
async fn blackhole_is_noticed_after_the_tick_time_and_heals() {
    async fn story(cx: &Context) -> Told {
        let options = Options {
            tick_time: Duration::from_secs(1),
            ..Options::default()
        };
        Cluster::tell(cx, TWO, options, async |cluster| {
            cluster.blackhole(&["n1"], &["n2"]);
            assert!(
                cluster.list("n1").await?.contains("n2"),
                "nobody can know yet"
            );
            cluster.await_parted(&["n1"], &["n2"], SOON).await?;
            cluster.heal();
            cluster.await_mesh().await
        })
        .await
    }
    passes(|cx| Box::pin(story(cx))).await;
}

#[tokio::test]
async fn nodes_are_killed_restarted_paused_and_join_late() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, TWO, Options::default(), async |cluster| {
            ping(cluster, "n1").await?;
            cluster.kill("n2").await?;
            cluster
                .eventually(SOON, "n1 sees it", async || {
                    not_listed(cluster, "n1", "n2").await
                })
                .await?;
            cluster.restart("n2").await?;
            cluster.join("n3").await?;
            for node in ["n2", "n3"] {
                cluster
                    .eventually(SOON, "it catches up", async || {
                        shows(cluster, node, "n1", 1).await
                    })
                    .await?;
            }
            cluster.pause("n3").await?;
            assert!(!cluster.ping("n3", Duration::from_millis(200)).await);
            ping(cluster, "n1").await?;
            cluster.quiesce().await?;
            cluster.resume("n3").await?;
            cluster.await_mesh().await?;
            cluster
                .eventually(SOON, "it reads on", async || {
                    shows(cluster, "n3", "n1", 2).await
                })
                .await
        })
        .await
    }
    passes(|cx| Box::pin(story(cx))).await;
}

async fn not_listed(cluster: &Cluster<'_>, node: &str, other: &str) -> Result<(), Unmet> {
    match cluster.list(node).await?.contains(other) {
        false => Ok(()),
        true => Err(Unmet::at(node, format!("{node} lists {other}"))),
    }
}

#[tokio::test]
async fn disconnected_nodes_stay_apart_until_they_are_connected() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, THREE, Options::default(), async |cluster| {
            cluster.disconnect("n1", "n2").await?;
            cluster.await_mesh().await?;
            not_listed(cluster, "n1", "n2")
                .await
                .map_err(|_| cluster.failed("n1 lists n2", "it does not"))?;
            cluster.connect("n1", "n2").await?;
            cluster.await_mesh().await
        })
        .await
    }
    passes(|cx| Box::pin(story(cx))).await;
}

#[tokio::test]
async fn lost_ping_is_regained_after_a_crash() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, TWO, Options::default(), async |cluster| {
            let rule = cluster.rule(
                Rule::new(Action::Drop)
                    .to(&cluster.name("n2"))
                    .message("Ping"),
            );
            ping(cluster, "n1").await?;
            rule.await_hits(1, SOON).await?;
            assert_eq!(
                cluster.frames().messages("Ping").to("n2").dropped().count(),
                1
            );
            cluster.crash("n2", &CONSUMER).await?;
            cluster
                .eventually(SOON, "it regains the count", async || {
                    shows(cluster, "n2", "n1", 1).await
                })
                .await
        })
        .await
    }
    passes(|cx| Box::pin(story(cx))).await;
}

#[tokio::test]
async fn held_message_arrives_when_it_is_released_and_is_drawn_at_both_times() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, TWO, Options::default(), async |cluster| {
            cluster.step("n1 sends a ping, which is held back.");
            let rule = cluster.rule(
                Rule::new(Action::Hold)
                    .to(&cluster.name("n2"))
                    .message("Ping"),
            );
            ping(cluster, "n1").await?;
            rule.await_hits(1, SOON).await?;
            cluster.quiesce().await?;
            cluster
                .throughout(Duration::from_millis(100), "it is away", async || {
                    shows(cluster, "n2", "n1", 0).await
                })
                .await?;
            cluster.step("The ping arrives.");
            assert_eq!(rule.release(), 1);
            cluster
                .eventually(SOON, "it arrives", async || {
                    shows(cluster, "n2", "n1", 1).await
                })
                .await?;
            let drawn = cluster.sketch();
            let row = |signs: [&str; 2]| {
                let has_both = |line: &String| signs.iter().all(|sign| line.contains(sign));
                drawn.iter().position(has_both)
            };
            let (sent, step, came) = (
                row(["Ping", "‖"]),
                row(["▸", "arrives"]),
                row(["late: Ping", "►"]),
            );
            assert!(sent.is_some() && sent < step && step < came, "{drawn:#?}");
            Ok(())
        })
        .await
    }
    passes(|cx| Box::pin(story(cx))).await;
}

#[tokio::test]
async fn failure_says_step_claim_and_history() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, TWO, Options::default(), async |cluster| {
            cluster.step("n1 sends a ping.");
            ping(cluster, "n1").await?;
            cluster
                .eventually(
                    Duration::from_millis(300),
                    "n2 shows 2 for n1",
                    async || shows(cluster, "n2", "n1", 2).await,
                )
                .await
                .because("Two are more than one.")
        })
        .await
    }
    let failure = fails(|cx| Box::pin(story(cx))).await;
    assert_eq!(failure.step, "n1 sends a ping.");
    assert_eq!(failure.seen, "n2 shows 1 for n1, even after 0.3 s");
    assert_eq!(
        (failure.expected.as_str(), failure.why.as_str()),
        ("n2 shows 2 for n1", "Two are more than one.")
    );
    let sketch = failure.sketch.join("\n");
    assert!(
        sketch.contains("▸ n1 sends a ping.") && sketch.contains("├─ Ping{from: n1, count: 1} ─"),
        "{sketch}"
    );
    assert_eq!(failure.stderr.map(|last| last.node).as_deref(), Some("n2"));
}

#[tokio::test]
async fn message_that_is_no_longer_understood_is_named() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, TWO, Options::default(), async |cluster| {
            let claim = async || {
                cluster
                    .call("n2", &CONSUMER, ConsumerMsg::TotalPongs)
                    .await?;
                Ok(())
            };
            cluster
                .eventually(Duration::from_secs(3600), "it answers", claim)
                .await
        })
        .await
    }
    let failure = fails(|cx| Box::pin(story(cx))).await;
    assert!(
        failure
            .seen
            .starts_with("n2's consumer no longer understands `TotalPongs`"),
        "{failure:#?}"
    );
}

#[tokio::test]
async fn server_that_is_missing_is_named() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, &["n1"], Options::default(), async |cluster| {
            const NOBODY: ServerName<ConsumerMsg> = ServerName::new("nobody");
            cluster.call("n1", &NOBODY, ConsumerMsg::Counts).await?;
            Ok(())
        })
        .await
    }
    let failure = fails(|cx| Box::pin(story(cx))).await;
    assert_eq!(failure.seen, "n1 runs no server called `nobody`");
}

#[tokio::test]
async fn fault_that_does_not_bite_is_inconclusive() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, TWO, Options::default(), async |cluster| {
            let rule = cluster.rule(Rule::new(Action::Drop).message("Ping"));
            rule.await_hits(1, Duration::from_millis(100)).await
        })
        .await
    }
    let why = is_inconclusive(|cx| Box::pin(story(cx))).await;
    assert!(why.starts_with("The fault had no effect"), "{why}");
}

#[tokio::test]
async fn link_that_is_lost_without_a_fault_is_inconclusive() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, &["n1"], Options::default(), async |cluster| {
            let guest = cluster.guest("guest").await?;
            guest.connect(&cluster.name("n1")).await.unwrap();
            cluster.quiesce().await?;
            guest.stop().await;
            cluster
                .eventually(
                    SOON,
                    "the loss ends this",
                    async || Err("it did not".into()),
                )
                .await
        })
        .await
    }
    let why = is_inconclusive(|cx| Box::pin(story(cx))).await;
    assert!(
        why.starts_with("guest closed its connection to n1 although"),
        "{why}"
    );
}

#[tokio::test]
async fn node_that_ends_by_itself_fails_the_scenario() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, TWO, Options::default(), async |cluster| {
            cluster.step("Wait for nothing.");
            cluster
                .eventually(SOON, "the end comes first", async || {
                    Err("nothing happens".into())
                })
                .await
        })
        .await
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("node");
    let real = solution().await;
    // n2 ends two seconds after its start, and says something before.
    let script = format!(
        "#!/bin/sh\ncase \"$2\" in n1*) exec '{0}' \"$@\";; esac\nexec 3<&0\n'{0}' \"$@\" <&3 &\nsleep 2\necho 'I am tired' >&2\nkill -9 $!\nexit 3\n",
        real.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let outcome = outcome_of(program, |cx| Box::pin(story(cx))).await;
    let Verdict::Failed(failure) = outcome.verdict else {
        panic!("{outcome:#?}")
    };
    assert_eq!(failure.seen, "n2 exited by itself with exit code 3");
    assert_eq!(
        failure.stderr.unwrap().lines.last().map(String::as_str),
        Some("I am tired")
    );
}

#[tokio::test]
async fn crashing_what_does_not_run_is_inconclusive() {
    async fn story(cx: &Context) -> Told {
        Cluster::tell(cx, &["n1"], Options::default(), async |cluster| {
            cluster
                .crash("n1", &ServerName::<ConsumerMsg>::new("nobody"))
                .await
        })
        .await
    }
    let why = is_inconclusive(|cx| Box::pin(story(cx))).await;
    assert_eq!(
        why,
        "The checker could not crash n1's nobody: it was not running."
    );
}
