//! What is done to a cluster on purpose, and the proof that it was done.

use std::time::Duration;

use runtime::net::faults::{Action, Order, PatternKind, Rule, RuleId};
use runtime::system::{NODE, NodeMsg};
use runtime::{Address, Ctx, ExitReason, Info, NodeName, Server, ServerName, SupervisorMsg};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::{Cluster, LOOK, RUNTIME_PATIENCE};
use crate::scenario::{Stop, Told};
use crate::trace::{Change, What};

/// A fault on single messages that is in force. It ends when this is dropped; what it holds is
/// then lost, unless it was released.
pub struct RuleHandle<'a> {
    cluster: &'a Cluster<'a>,
    id: RuleId,
}

impl<'c> Cluster<'c> {
    /// Cuts the nodes of one side off from those of the other: connections close, and dials are
    /// refused. Returns when both sides have seen it.
    ///
    /// # Errors
    /// Inconclusive, when they have not.
    pub async fn partition(&self, one_side: &[&str], other_side: &[&str]) -> Told {
        for (a, b) in pairs(one_side, other_side) {
            self.network().partition(&self.name(a), &self.name(b));
        }
        self.await_parted(one_side, other_side, RUNTIME_PATIENCE)
            .await
    }

    /// Cuts two nodes off from each other, and does not wait until they have seen it.
    pub(crate) fn cut(&self, a: &str, b: &str) {
        self.network().partition(&self.name(a), &self.name(b));
    }

    /// Whether the network keeps two nodes from each other.
    pub fn is_cut(&self, a: &str, b: &str) -> bool {
        self.network().is_cut(&self.name(a), &self.name(b))
    }

    /// Lets everything between two sides vanish in silence, both ways. Nobody can notice it
    /// before the tick time has passed: see [`await_parted`](Self::await_parted).
    pub fn blackhole(&self, one_side: &[&str], other_side: &[&str]) {
        self.blackhole_one_way(one_side, other_side);
        self.blackhole_one_way(other_side, one_side);
    }

    /// Lets everything vanish in silence that goes from one side to the other.
    pub fn blackhole_one_way(&self, from: &[&str], to: &[&str]) {
        for (a, b) in pairs(from, to) {
            self.network().blackhole(&self.name(a), &self.name(b));
        }
    }

    /// Waits until no node of one side lists one of the other, nor the other way round: so long
    /// as a node still shows the other as connected, the fault has not taken effect.
    ///
    /// # Errors
    /// Inconclusive, when it takes too long.
    pub async fn await_parted(
        &self,
        one_side: &[&str],
        other_side: &[&str],
        within: Duration,
    ) -> Told {
        let running = self.running();
        let runs = |node: &str| running.iter().any(|other| other == node);
        let begun = Instant::now();
        for (a, b) in pairs(one_side, other_side)
            .chain(pairs(other_side, one_side))
            .filter(|(a, _)| runs(a))
        {
            while self.list(a).await?.contains(b) {
                if begun.elapsed() > within {
                    self.healthy().await?;
                    let seconds = within.as_secs_f32();
                    return Err(Stop::inconclusive(format!(
                        "The fault had no effect: {a} still lists {b} after {seconds} s."
                    )));
                }
                sleep(LOOK / 4).await;
            }
        }
        Ok(())
    }

    /// Delays each frame from one node to another by `base` and a random part of `jitter`, in
    /// order nevertheless.
    pub fn delay(&self, from: &str, to: &str, base: Duration, jitter: Duration) {
        self.network()
            .delay(&self.name(from), &self.name(to), base, jitter);
    }

    /// Ends partitions, blackholes and delays. The nodes find each other again by themselves:
    /// see [`await_mesh`](Self::await_mesh).
    pub fn heal(&self) {
        self.network().heal_all();
    }

    /// Ends what is between two sides.
    pub fn heal_between(&self, one_side: &[&str], other_side: &[&str]) {
        for (a, b) in pairs(one_side, other_side) {
            self.network().heal(&self.name(a), &self.name(b));
        }
    }

    /// Puts a fault on single messages in force: "drop the next `Ping` from n1 to n2".
    #[must_use = "the rule ends when its handle is dropped"]
    pub fn rule<'a>(&'a self, rule: Rule) -> RuleHandle<'a>
    where
        'c: 'a,
    {
        self.network().note(&in_words(&rule));
        RuleHandle {
            cluster: self,
            id: self.network().add_rule(rule),
        }
    }

    /// Crashes one server of a node, as if it had panicked, and returns when it is seen down.
    ///
    /// # Errors
    /// Inconclusive, when it was not there or did not go down.
    pub async fn crash<M>(&self, node: &str, server: &ServerName<M>) -> Told {
        self.crash_together(node, &[server.as_str()]).await
    }

    /// Crashes several servers of a node at once: none of them learns anything of the others'
    /// crash before its own.
    ///
    /// # Errors
    /// Inconclusive, when one was not there or did not go down.
    pub async fn crash_together(&self, node: &str, servers: &[&str]) -> Told {
        let mut watched = Vec::new();
        for server in servers {
            let target = ServerName::<()>::dynamic(*server).at(self.name(node));
            watched.push(
                self.watch(node, server, format!("{node}'s {server}"), target)
                    .await?,
            );
        }
        // It goes over the same connection as the watches, behind them.
        let names = servers.iter().map(|server| (*server).to_owned()).collect();
        self.cast(node, &NODE, NodeMsg::Kill(names)).await?;
        self.await_killed(watched).await
    }

    /// Crashes all that a supervisor of a node has started on demand, and says how many those were.
    ///
    /// # Errors
    /// Inconclusive, when one did not go down; the verdict, when the supervisor does not answer.
    pub async fn crash_children(
        &self,
        node: &str,
        supervisor: &ServerName<SupervisorMsg>,
    ) -> Result<usize, Stop> {
        let children = self.call(node, supervisor, SupervisorMsg::Children).await?;
        let children = children.into_iter().filter(|child| child.dynamic);
        let mut watched = Vec::new();
        for address in children.filter_map(|child| child.address) {
            let what = format!("a process of {node}'s {}", supervisor.as_str());
            let watch = self.watch(node, supervisor.as_str(), what, address.clone());
            watched.push(watch.await?);
            self.manager.exit(&address, ExitReason::Killed);
        }
        let crashed = watched.len();
        self.await_killed(watched).await?;
        Ok(crashed)
    }

    /// Watches a process that is to be crashed.
    async fn watch(
        &self,
        node: &str,
        server: &str,
        what: String,
        target: Address<()>,
    ) -> Result<Watched, Stop> {
        let (down, downs) = mpsc::unbounded_channel();
        let witness = self.manager.start_unnamed::<Witness>((target, down)).await;
        let witness = witness.map_err(|error| {
            Stop::fault(format!("The checker could not watch {what}: {error}."))
        })?;
        self.write_down(What::Process {
            node: node.to_owned(),
            change: Change::Crashed,
            server: Some(server.to_owned()),
            text: format!("{what} crashes"),
        });
        Ok(Watched {
            what,
            witness,
            downs,
        })
    }

    async fn await_killed(&self, watched: Vec<Watched>) -> Told {
        for Watched {
            what,
            witness,
            mut downs,
        } in watched
        {
            let seen = timeout(RUNTIME_PATIENCE, downs.recv()).await;
            self.manager.exit(&witness, ExitReason::Shutdown);
            let why = match seen {
                Ok(Some(ExitReason::Killed)) => continue,
                Ok(Some(ExitReason::NoProcess)) => {
                    format!("The checker could not crash {what}: it was not running.")
                }
                Ok(Some(reason)) => {
                    format!("The checker wanted to crash {what}, but before that, {reason}.")
                }
                Ok(None) | Err(_) => {
                    format!("The checker crashed {what}, but did not see it go down.")
                }
            };
            self.healthy().await?;
            return Err(Stop::inconclusive(why));
        }
        Ok(())
    }
}

/// A process that is to be crashed, and who will hear of it.
struct Watched {
    what: String,
    witness: Address<()>,
    downs: mpsc::UnboundedReceiver<ExitReason>,
}

impl RuleHandle<'_> {
    /// How often the rule has acted.
    pub fn hits(&self) -> usize {
        self.cluster.network().hits(self.id)
    }

    /// How many messages it holds back.
    pub fn held(&self) -> usize {
        self.cluster.network().held(self.id)
    }

    /// Lets go what it holds, in the order of sending. Says how many messages that were.
    pub fn release(&self) -> usize {
        self.release_in(&Order::AsHeld)
    }

    /// Lets go what it holds, in an order of your choice.
    pub fn release_in(&self, order: &Order) -> usize {
        self.cluster.network().release(self.id, order)
    }

    /// Waits until the rule has acted so often, however long that takes.
    pub async fn has_acted(&self, hits: usize) {
        while self.hits() < hits {
            sleep(LOOK / 4).await;
        }
    }

    /// Waits until the rule has acted so often: the proof that it took effect.
    ///
    /// # Errors
    /// Inconclusive, when there were no such messages.
    pub async fn await_hits(&self, hits: usize, within: Duration) -> Told {
        if timeout(within, self.has_acted(hits)).await.is_ok() {
            return Ok(());
        }
        self.cluster.healthy().await?;
        let (seen, seconds) = (self.hits(), within.as_secs_f32());
        Err(Stop::inconclusive(format!(
            "The fault had no effect: the rule had to catch {hits} messages, and caught {seen} in {seconds} s."
        )))
    }
}

impl Drop for RuleHandle<'_> {
    fn drop(&mut self) {
        self.cluster.network().remove_rule(self.id);
    }
}

/// Watches one process and tells how it ended.
struct Witness(mpsc::UnboundedSender<ExitReason>);

impl Server for Witness {
    type Msg = ();
    type Args = (Address<()>, mpsc::UnboundedSender<ExitReason>);

    async fn init((target, down): Self::Args, ctx: &Ctx<()>) -> Self {
        ctx.monitor(&target);
        Witness(down)
    }

    async fn handle(&mut self, (): (), _: &Ctx<()>) {}

    async fn handle_info(&mut self, info: Info, _: &Ctx<()>) {
        if let Info::Down { reason, .. } = info {
            // The caller may have given up.
            let _ = self.0.send(reason);
        }
    }
}

/// A rule as a learner reads it between the messages: "the network drops the next Ping to n2".
pub fn in_words(rule: &Rule) -> String {
    let does = match rule.action {
        Action::Drop => "drops",
        Action::Duplicate => "doubles",
        Action::Hold => "holds back",
    };
    // One of them, and several.
    let (one, some) = match (&rule.pattern.message, rule.pattern.kind) {
        (Some(name), PatternKind::Answer) => {
            (format!("answer to {name}"), format!("answers to {name}"))
        }
        (Some(name), _) => (name.clone(), name.clone()),
        (None, PatternKind::Answer) => ("answer".into(), "answers".into()),
        (None, PatternKind::Call) => ("call".into(), "calls".into()),
        (None, PatternKind::Cast) => ("cast".into(), "casts".into()),
        (None, PatternKind::Any) => ("message".into(), "messages".into()),
    };
    let others = |skip| match skip {
        1 => "1 other".to_owned(),
        skip => format!("{skip} others"),
    };
    let which = match (rule.skip, rule.times) {
        (0, 1) => format!("the next {one}"),
        (0, usize::MAX) => format!("each {one}"),
        (0, times) => format!("the next {times} {some}"),
        (skip, 1) => format!("one {one} after {}", others(skip)),
        (skip, usize::MAX) => format!("each {one} after {}", others(skip)),
        (skip, times) => format!("{times} {some} after {}", others(skip)),
    };
    let node = |word: &str, node: &Option<NodeName>| match node {
        Some(node) => format!(" {word} {}", node.short()),
        None => String::new(),
    };
    let chance = match rule.chance {
        chance if chance < 1.0 => format!(", with a chance of {} %", chance * 100.0),
        _ => String::new(),
    };
    format!(
        "the network {does} {which}{}{}{chance}",
        node("from", &rule.from),
        node("to", &rule.to)
    )
}

fn pairs<'n>(
    one_side: &'n [&'n str],
    other_side: &'n [&'n str],
) -> impl Iterator<Item = (&'n str, &'n str)> {
    one_side
        .iter()
        .flat_map(move |&a| other_side.iter().map(move |&b| (a, b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: Rule, expected: &str) {
        assert_eq!(in_words(&rule), expected);
    }

    #[test]
    fn rules_are_told_in_words() {
        let (n1, n2) = (
            crate::cluster::full_name("n1"),
            crate::cluster::full_name("n2"),
        );
        check(
            Rule::new(Action::Drop).message("Ping").from(&n1).to(&n2),
            "the network drops the next Ping from n1 to n2",
        );
        check(
            Rule::new(Action::Hold)
                .kind(PatternKind::Answer)
                .message("Count")
                .times(usize::MAX),
            "the network holds back each answer to Count",
        );
        check(
            Rule::new(Action::Drop).times(usize::MAX).chance(0.1),
            "the network drops each message, with a chance of 10 %",
        );
        check(
            Rule::new(Action::Duplicate).skip(2),
            "the network doubles one message after 2 others",
        );
    }
}
