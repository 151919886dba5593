//! The solution of part 2 on a simulated network, in virtual time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use batch::{Experiment, Input, JobId};
use map_reduce_solution as part;
use part::protocol::{JobKind, JobSpec, JobStatus, MANAGER, ManagerMsg};
use runtime::net::faults::{Action, PatternKind, Rule};
use runtime::{Cookie, ExitReason, MemoryNet, Net, Node, NodeConfig, NodeName};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

const TEXT: &str = "the end of the beginning\nis not the beginning of the end\n";

/// Nodes that run part 2, a network that can be broken, and a folder.
struct Cluster {
    net: MemoryNet,
    nodes: BTreeMap<NodeName, Node>,
    folder: TempDir,
}

fn name(number: usize) -> NodeName {
    format!("n{number}@sim").parse().unwrap()
}

impl Cluster {
    async fn of(size: usize) -> Cluster {
        let mut cluster = Cluster {
            net: MemoryNet::new(7),
            nodes: BTreeMap::new(),
            folder: tempfile::tempdir().unwrap(),
        };
        for number in 1..=size {
            let cookie = Cookie::from_text("one for all").unwrap();
            let net = Net::Memory(cluster.net.clone());
            let node = Node::start(NodeConfig::new(name(number), cookie, net))
                .await
                .unwrap();
            if let Some(other) = cluster.nodes.keys().next() {
                node.connect(other).await.unwrap();
            }
            part::start(node.clone()).await.unwrap();
            cluster.nodes.insert(name(number), node);
        }
        cluster
    }

    fn n1(&self) -> &Node {
        &self.nodes[&name(1)]
    }

    /// A slow job of twelve maps and three reduces.
    fn job(&self, output: &str) -> JobSpec {
        let path = self.folder.path().join("text");
        fs::write(&path, TEXT.repeat(6)).unwrap();
        JobSpec {
            kind: JobKind::WordCount,
            input: vec![Input {
                name: "text".into(),
                path,
            }],
            output: self.folder.path().join(output),
            split_bytes: 20,
            partitions: 3,
            experiment: Some(Experiment {
                map_ms: 100,
                reduce_ms: 100,
            }),
        }
    }

    async fn submit(&self, spec: JobSpec) -> JobId {
        let submit = |reply| ManagerMsg::Submit(spec, reply);
        self.n1()
            .call(&MANAGER.at(name(1)), submit)
            .await
            .unwrap()
            .unwrap()
    }

    async fn status(&self, id: &JobId) -> JobStatus {
        let status = |reply| ManagerMsg::Status(id.clone(), reply);
        let asked = self.n1().call(&MANAGER.at(name(1)), status).await;
        asked.unwrap_or(JobStatus::Running(Default::default()))
    }

    async fn over(&self, id: &JobId) -> JobStatus {
        let waited = timeout(Duration::from_secs(30), async {
            loop {
                match self.status(id).await {
                    JobStatus::Running(_) => sleep(Duration::from_millis(10)).await,
                    over => return over,
                }
            }
        });
        waited.await.expect("the job ends")
    }

    /// Waits for a job, and looks whether its output is exactly right.
    async fn is_right(&self, id: &JobId, output: &str) {
        let over = self.over(id).await;
        assert!(matches!(over, JobStatus::Done(_)), "{over:?}");
        let counted = counted(&self.folder.path().join(output));
        let expected = [
            ("the", 24),
            ("end", 12),
            ("of", 12),
            ("beginning", 12),
            ("is", 6),
            ("not", 6),
        ];
        assert_eq!(
            counted,
            expected
                .map(|(word, count)| (word.to_owned(), count))
                .into()
        );
        let left = fs::read_dir(self.folder.path()).unwrap().count();
        assert!(left <= 3, "nothing partial is left");
    }

    async fn maps_are_done(&self, id: &JobId, maps: usize) {
        loop {
            match self.status(id).await {
                JobStatus::Running(progress) if progress.maps_done < maps => {
                    sleep(Duration::from_millis(5)).await;
                }
                _ => return,
            }
        }
    }
}

fn counted(output: &Path) -> BTreeMap<String, u64> {
    let files: Vec<PathBuf> = fs::read_dir(output)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 3);
    let mut counts = BTreeMap::new();
    for line in files.iter().flat_map(|file| {
        fs::read_to_string(file)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    }) {
        let (word, count) = line.split_once('\t').unwrap();
        assert!(
            counts
                .insert(word.to_owned(), count.parse().unwrap())
                .is_none(),
            "{word} twice"
        );
    }
    counts
}

#[tokio::test(start_paused = true)]
async fn job_is_done_by_all_nodes() {
    let cluster = Cluster::of(3).await;
    let id = cluster.submit(cluster.job("out")).await;
    cluster.is_right(&id, "out").await;
    let JobStatus::Done(summary) = cluster.status(&id).await else {
        panic!()
    };
    assert_eq!(summary.attempts as usize, summary.tasks);
    // Twelve maps and three reduces of 100 ms each, on three nodes.
    assert!(
        summary.map_ms < 800 && summary.reduce_ms < 300,
        "{summary:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn node_that_dies_loses_nothing() {
    for maps in [1, 6, 12] {
        let cluster = Cluster::of(3).await;
        let id = cluster.submit(cluster.job("out")).await;
        cluster.maps_are_done(&id, maps).await;
        sleep(Duration::from_millis(20)).await;
        cluster.nodes[&name(2)].stop().await;
        cluster.is_right(&id, "out").await;
    }
}

#[tokio::test(start_paused = true)]
async fn messages_may_be_lost_or_come_twice() {
    for action in [Action::Drop, Action::Duplicate, Action::Hold] {
        for message in ["Assign", "Finished", "Ready"] {
            let cluster = Cluster::of(3).await;
            cluster.net.add_rule(
                Rule::new(action)
                    .kind(PatternKind::Cast)
                    .message(message)
                    .skip(2)
                    .times(4),
            );
            let id = cluster.submit(cluster.job("out")).await;
            cluster.is_right(&id, "out").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn workers_that_cannot_reach_each_other_do_not_stop_the_job() {
    let cluster = Cluster::of(3).await;
    let id = cluster.submit(cluster.job("out")).await;
    cluster.maps_are_done(&id, 3).await;
    cluster.net.partition(&name(2), &name(3));
    cluster.is_right(&id, "out").await;
}

#[tokio::test(start_paused = true)]
async fn silent_node_does_not_hold_the_job_up() {
    let cluster = Cluster::of(3).await;
    let id = cluster.submit(cluster.job("out")).await;
    cluster.maps_are_done(&id, 5).await;
    for other in [1, 2] {
        cluster.net.blackhole(&name(3), &name(other));
    }
    let ended = timeout(Duration::from_secs(3), cluster.is_right(&id, "out")).await;
    assert!(ended.is_ok(), "it took too long");
}

#[tokio::test(start_paused = true)]
async fn manager_that_crashed_goes_on() {
    for maps in [0, 5, 12] {
        let cluster = Cluster::of(3).await;
        let id = cluster.submit(cluster.job("out")).await;
        cluster.maps_are_done(&id, maps).await;
        cluster.n1().exit(&MANAGER.at(name(1)), ExitReason::Killed);
        cluster.is_right(&id, "out").await;
        let next = cluster.submit(cluster.job("next")).await;
        assert_ne!(id, next);
        cluster.is_right(&next, "next").await;
        assert!(matches!(cluster.status(&id).await, JobStatus::Done(_)));
    }
}

#[tokio::test(start_paused = true)]
async fn record_that_always_crashes_ends_the_job() {
    let cluster = Cluster::of(3).await;
    let spec = cluster.job("out");
    fs::write(&spec.input[0].path, format!("{TEXT}@panic\n{TEXT}")).unwrap();
    let id = cluster.submit(spec).await;
    let JobStatus::Failed(why) = cluster.over(&id).await else {
        panic!("it was done")
    };
    assert!(why.contains("text, bytes"), "{why}");
    assert_eq!(
        fs::read_dir(cluster.folder.path()).unwrap().count(),
        1,
        "there is no output"
    );
}
