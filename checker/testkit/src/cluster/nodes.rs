//! The processes of a cluster: started, killed, paused, and brought together.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use runtime::NodeName;
use runtime::system::{NODE, NodeMsg};
use tokio::time::{Instant, sleep};

use super::{Cluster, RUNTIME_PATIENCE, lock, unordered};
use crate::network::Books;
use crate::ready::NotReady;
use crate::scenario::{Stop, Told};
use crate::trace::Change;
use crate::trouble::While;
use crate::world::{Launch, Process};

/// A node of the cluster.
pub(super) struct Member {
    pub(super) name: NodeName,
    pub(super) child: Arc<dyn Process>,
    pub(super) standing: Standing,
    /// How often it was started.
    starts: u64,
    /// Where it listens for HTTP, once it has said so.
    pub(super) http: Option<u16>,
}

/// What we did to a node's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Running,
    Paused,
    Killed,
}

impl Cluster<'_> {
    /// Starts a node and connects it to no other.
    ///
    /// # Errors
    /// The verdict, when it does not come up.
    pub async fn start_node(&self, node: &str) -> Told {
        self.tell_process(node, Change::Started, format!("{node} starts"));
        self.spawn(node).await?;
        self.ready(node).await
    }

    /// Starts a node, connects it to one of the others, and waits until it is in the mesh.
    ///
    /// # Errors
    /// The verdict, when it does not come up or does not get in.
    pub async fn join(&self, node: &str) -> Told {
        self.start_node(node).await?;
        self.bring_in(node).await
    }

    /// Kills a node if it runs, starts it again under its name, and waits until it is back in the
    /// mesh. It remembers nothing.
    ///
    /// # Errors
    /// The verdict, when it does not come back.
    pub async fn restart(&self, node: &str) -> Told {
        if self.standing(node) != Some(Standing::Killed) {
            self.kill(node).await?;
        }
        self.join(node).await
    }

    /// Kills a node (`kill -9`), and waits until it is gone.
    ///
    /// # Errors
    /// Inconclusive, when that cannot be seen.
    pub async fn kill(&self, node: &str) -> Told {
        self.excuse_all(node);
        let child = self.child(node)?;
        self.set_standing(node, Standing::Killed);
        self.tell_process(node, Change::Killed, format!("{node} is killed"));
        child.kill().await?;
        // A machine that is gone takes its disks along.
        let _ = std::fs::remove_dir_all(self.scratch(node));
        let name = self.name(node);
        let begun = Instant::now();
        while self.network().is_registered(&name) {
            if begun.elapsed() > RUNTIME_PATIENCE {
                return Err(Stop::inconclusive(format!(
                    "{node} was killed, but its connections did not close."
                )));
            }
            sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Pauses a node (`kill -STOP`), and waits until it is paused. It keeps its connections,
    /// for as long as the others do not close them.
    ///
    /// # Errors
    /// Inconclusive, when it does not stop.
    pub async fn pause(&self, node: &str) -> Told {
        self.excuse_all(node);
        let child = self.child(node)?;
        self.set_standing(node, Standing::Paused);
        self.tell_process(node, Change::Paused, format!("{node} is paused"));
        self.proven(child.pause().await, node).await
    }

    /// Lets a paused node run on.
    ///
    /// # Errors
    /// Inconclusive, when it has ended meanwhile.
    pub async fn resume(&self, node: &str) -> Told {
        let child = self.child(node)?;
        self.set_standing(node, Standing::Running);
        self.tell_process(node, Change::Resumed, format!("{node} resumes"));
        self.proven(child.resume().await, node).await
    }

    /// Connects a node to another.
    ///
    /// # Errors
    /// Inconclusive, when they do not come together although nothing is between them.
    pub async fn connect(&self, node: &str, to: &str) -> Told {
        lock(&self.parted).remove(&unordered(node, to));
        let other = self.name(to);
        let connected = self
            .ask_runtime(node, |reply| NodeMsg::Connect(other.clone(), reply))
            .await?;
        match connected {
            Ok(()) => Ok(()),
            Err(why) => {
                if let Some(stop) = self.ailing_soon().await {
                    return Err(stop);
                }
                Err(Stop::inconclusive(format!(
                    "{node} could not connect to {to}: {why}."
                )))
            }
        }
    }

    /// Disconnects two nodes on purpose, and waits until neither lists the other.
    ///
    /// # Errors
    /// Inconclusive, when they stay connected.
    pub async fn disconnect(&self, node: &str, from: &str) -> Told {
        self.network()
            .books(|books| books.excuse(&self.name(node), &self.name(from)));
        lock(&self.parted).insert(unordered(node, from));
        let text = format!("{node} disconnects from {from} on purpose");
        self.tell_process(node, Change::Disconnected, text);
        let other = self.name(from);
        self.ask_runtime(node, |reply| NodeMsg::Disconnect(other.clone(), reply))
            .await?;
        self.await_parted(&[node], &[from], RUNTIME_PATIENCE).await
    }

    /// Two nodes that were disconnected on purpose may be connected again.
    pub(crate) fn forget_parting(&self, node: &str, other: &str) {
        lock(&self.parted).remove(&unordered(node, other));
    }

    /// The same for all pairs, which are returned.
    pub(crate) fn forget_partings(&self) -> BTreeSet<(String, String)> {
        std::mem::take(&mut *lock(&self.parted))
    }

    /// Any connection may be lost at any time: the story will not say when.
    pub(crate) fn expect_no_connections(&self) {
        self.network().books(Books::excuse_all);
    }

    /// The nodes that a node lists, by their short names.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn list(&self, node: &str) -> Result<BTreeSet<String>, super::Unanswered> {
        let names = self.ask_runtime(node, NodeMsg::List).await?;
        Ok(names.iter().map(|name| name.short().to_owned()).collect())
    }

    /// Whether a node answers at all.
    pub async fn ping(&self, node: &str, within: Duration) -> bool {
        self.call_within(within, node, &NODE, NodeMsg::Ping)
            .await
            .is_ok()
    }

    /// The nodes that run, by their short names.
    pub fn running(&self) -> Vec<String> {
        let members = lock(&self.members);
        let running = members
            .iter()
            .filter(|(_, member)| member.standing == Standing::Running);
        running.map(|(node, _)| node.clone()).collect()
    }

    /// All nodes that were ever started, by their short names.
    pub fn everyone(&self) -> Vec<String> {
        lock(&self.members).keys().cloned().collect()
    }

    /// Waits until each running node lists each other one, where nothing is between the two.
    /// From then on, a connection that is lost without a fault makes the scenario inconclusive.
    ///
    /// # Errors
    /// Inconclusive, when it takes too long.
    pub async fn await_mesh(&self) -> Told {
        self.await_mesh_within(RUNTIME_PATIENCE).await
    }

    /// Like [`await_mesh`](Self::await_mesh), with a time of its own.
    ///
    /// # Errors
    /// Inconclusive, when it takes too long.
    pub async fn await_mesh_within(&self, within: Duration) -> Told {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(2);
        loop {
            let missing = self.missing_links().await?;
            let Some((node, other)) = missing.first() else {
                break;
            };
            if begun.elapsed() > within {
                self.healthy().await?;
                let seconds = within.as_secs_f32();
                return Err(Stop::inconclusive(format!(
                    "{node} and {other} were not connected after {seconds} s."
                )));
            }
            // They find each other by themselves. A word from us saves the pause between tries.
            if begun.elapsed() > Duration::from_millis(50) {
                for (node, other) in &missing {
                    let other = self.name(other);
                    let short = Duration::from_millis(200);
                    let _ = self
                        .call_within(short, node, &NODE, |reply| NodeMsg::Connect(other, reply))
                        .await;
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(super::LOOK);
        }
        for (a, b) in self.expected_links() {
            self.network()
                .books(|books| books.expect_link(&self.name(&a), &self.name(&b)));
        }
        Ok(())
    }

    pub(super) async fn spawn(&self, node: &str) -> Told {
        let name = self.name(node);
        let to_the_store = match &self.share {
            Some(share) => share.flags(node).await?.to_vec(),
            None => Vec::new(),
        };
        let mut members = lock(&self.members);
        let starts = match members.get(node) {
            Some(member) if member.standing != Standing::Killed => {
                return Err(Stop::fault(format!(
                    "The scenario starts {node}, which is already running."
                )));
            }
            Some(member) => member.starts + 1,
            None => 1,
        };
        let seed = u64::from(self.seed_of_nodes) * 1000 + members.len() as u64 * 100 + starts;
        let scratch = self.scratch(node);
        std::fs::create_dir_all(&scratch).or_trouble(|| format!("make {}", scratch.display()))?;
        let child = self.world.launch(Launch {
            name: &name,
            seed,
            options: &self.options,
            scratch: &scratch,
            shared: &self.context.shared(),
            flags: to_the_store,
        })?;
        members.insert(
            node.to_owned(),
            Member {
                name,
                child,
                standing: Standing::Running,
                starts,
                http: None,
            },
        );
        Ok(())
    }

    /// The folder for what a node keeps to itself.
    fn scratch(&self, node: &str) -> PathBuf {
        self.context.scratch.join(node)
    }

    pub(super) async fn ready(&self, node: &str) -> Told {
        let child = self.child(node)?;
        let (begun, within) = (Instant::now(), self.options.ready_within);
        let ready = child.ready(within).await;
        ready.map_err(|why| {
            let too_slow = match why {
                NotReady::TooLate(_) => self.too_slow(begun, within),
                _ => None,
            };
            too_slow.unwrap_or_else(|| {
                self.context
                    .not_ready(node, &child.last_stderr_lines(20), &why)
            })
        })
    }

    pub(super) fn child(&self, node: &str) -> Result<Arc<dyn Process>, Stop> {
        match lock(&self.members).get(node) {
            Some(member) => Ok(Arc::clone(&member.child)),
            None => Err(Stop::fault(format!(
                "The scenario uses {node}, which it never started."
            ))),
        }
    }

    async fn bring_in(&self, node: &str) -> Told {
        let reachable = |other: &String| other != node && !self.is_apart(node, other);
        if let Some(other) = self.running().into_iter().find(reachable) {
            self.connect(node, &other).await?;
        }
        self.await_mesh().await
    }

    /// What was done to a node's process last, if it was ever started.
    pub fn standing(&self, node: &str) -> Option<Standing> {
        lock(&self.members).get(node).map(|member| member.standing)
    }

    pub(super) fn set_standing(&self, node: &str, standing: Standing) {
        if let Some(member) = lock(&self.members).get_mut(node) {
            member.standing = standing;
        }
    }

    /// The connections of a node may go: something is done to it.
    pub(super) fn excuse_all(&self, node: &str) {
        let name = self.name(node);
        for member in lock(&self.members).values() {
            self.network()
                .books(|books| books.excuse(&name, &member.name));
        }
    }

    /// Something was done to a node's process: it is a proof, unless it could not be done.
    async fn proven(&self, done: crate::trouble::Result<()>, node: &str) -> Told {
        match done {
            Ok(()) => Ok(()),
            Err(trouble) => {
                self.healthy().await?;
                Err(Stop::inconclusive(format!(
                    "What the scenario planned for {node} did not happen: the checker {trouble}."
                )))
            }
        }
    }

    fn is_apart(&self, a: &str, b: &str) -> bool {
        self.network().is_cut(&self.name(a), &self.name(b))
            || lock(&self.parted).contains(&unordered(a, b))
    }

    fn expected_links(&self) -> Vec<(String, String)> {
        let running = self.running();
        let mut links = Vec::new();
        for (index, a) in running.iter().enumerate() {
            links.extend(
                running[index + 1..]
                    .iter()
                    .filter(|b| !self.is_apart(a, b))
                    .map(|b| (a.clone(), b.clone())),
            );
        }
        links
    }

    /// Pairs of which at least one node does not list the other; that one stands first.
    async fn missing_links(&self) -> Result<Vec<(String, String)>, Stop> {
        let mut lists = std::collections::BTreeMap::new();
        for node in self.running() {
            lists.insert(node.clone(), self.list(&node).await?);
        }
        let lists = &lists;
        let lacks = |a: &String, b: &String| lists.get(a).is_some_and(|list| !list.contains(b));
        let links = self.expected_links().into_iter();
        Ok(links
            .filter_map(|(a, b)| {
                if lacks(&a, &b) {
                    Some((a, b))
                } else {
                    lacks(&b, &a).then_some((b, a))
                }
            })
            .collect())
    }
}
