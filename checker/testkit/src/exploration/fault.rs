//! Faults of stories that are drawn: what they do to a cluster, and whether they took effect.
//!
//! Unlike the faults of a scenario, these wait for nothing that may never come: a connection may be
//! cut twice, and a node may be paused on one side of a cut. A fault that makes no sense at the
//! moment does nothing.

use std::time::Duration;

use runtime::net::faults::{Action, Fate, PatternKind, Rule};
use runtime::system::{NODE, NodeMsg};
use serde::{Deserialize, Serialize};

use super::Coverage;
use crate::cluster::{Cluster, Mark, RuleHandle, Standing};
use crate::scenario::{Stop, Told};

/// How long nodes may take to find each other once all faults have ended.
const MEETING_TIME: Duration = Duration::from_secs(30);

/// How long a node may take to answer that it has connected to another.
const CONNECT_TIME: Duration = Duration::from_secs(1);

/// Something that breaks, or that is mended. Nodes go by their short names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// The connection between two nodes closes, and there is no new one.
    Partition { a: String, b: String },
    /// Everything from one node to another vanishes.
    Blackhole { from: String, to: String },
    /// Everything from one node to another comes later.
    Delay { from: String, to: String, ms: u64 },
    /// Ends these three between two nodes.
    Heal { a: String, b: String },
    /// Ends these three between all nodes.
    HealAll,
    /// Something happens to the next messages of a kind from one node to another.
    Message {
        does: Does,
        /// The variant; for an answer, of the message that it answers. Any, if none is given.
        message: Option<String>,
        /// Whether the answer is meant.
        answer: bool,
        from: String,
        to: String,
        times: usize,
    },
    /// Something happens to the next messages that want no answer, whatever they say.
    Cast {
        does: Does,
        from: String,
        to: String,
        times: usize,
    },
    /// What the network holds back arrives.
    Release,
    /// Servers of a node crash, at the same moment.
    Crash { node: String, servers: Vec<String> },
    /// A node is killed, and its memory is gone.
    Kill { node: String },
    /// A node starts, for the first time or again.
    Start { node: String },
    /// A node is paused.
    Pause { node: String },
    /// A paused node runs again.
    Resume { node: String },
    /// A node disconnects from another on purpose.
    Disconnect { node: String, from: String },
    /// A node connects to another.
    Connect { node: String, to: String },
    /// The store does what it says for a node.
    Store { node: String, does: StoreDoes },
}

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    Drop,
    Duplicate,
    Hold,
}

/// What the store does to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreDoes {
    /// It accepts no connection.
    Refuse,
    /// It accepts commands, and does nothing.
    Stall,
    /// It does what it is asked, and answers nothing.
    Mute,
    /// It answers so many milliseconds late.
    Slow(u64),
    /// It works.
    Back,
}

impl Does {
    fn verb(self) -> &'static str {
        match self {
            Does::Drop => "loses",
            Does::Duplicate => "repeats",
            Does::Hold => "holds back",
        }
    }

    /// The word of `checker play` for it.
    fn command(self) -> &'static str {
        match self {
            Does::Drop => "drop",
            Does::Duplicate => "dup",
            Does::Hold => "hold",
        }
    }
}

impl Fault {
    /// The word by which it is counted, if it breaks something.
    fn word(&self) -> Option<&'static str> {
        Some(match self {
            Fault::Partition { .. } => "partition",
            Fault::Blackhole { .. } => "blackhole",
            Fault::Delay { .. } => "delay",
            Fault::Message { does, .. } | Fault::Cast { does, .. } => match does {
                Does::Drop => "lost message",
                Does::Duplicate => "repeated message",
                Does::Hold => "late message",
            },
            Fault::Crash { .. } => "crash",
            Fault::Kill { .. } => "kill",
            Fault::Start { .. } => "start",
            Fault::Pause { .. } => "pause",
            Fault::Disconnect { .. } => "disconnect",
            Fault::Store {
                does: StoreDoes::Refuse,
                ..
            } => "store refused",
            Fault::Store {
                does: StoreDoes::Stall | StoreDoes::Mute,
                ..
            } => "store stalled",
            Fault::Store {
                does: StoreDoes::Slow(_),
                ..
            } => "store slow",
            Fault::Heal { .. }
            | Fault::HealAll
            | Fault::Release
            | Fault::Resume { .. }
            | Fault::Connect { .. }
            | Fault::Store {
                does: StoreDoes::Back,
                ..
            } => return None,
        })
    }

    /// A sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Fault::Partition { a, b } => format!("The network cuts {a} off from {b}."),
            Fault::Blackhole { from, to } => {
                format!("From now on, everything that {from} sends to {to} vanishes.")
            }
            Fault::Delay { from, to, ms } => {
                format!("From now on, everything from {from} to {to} takes {ms} ms longer.")
            }
            Fault::Heal { a, b } => format!("The network between {a} and {b} works again."),
            Fault::HealAll => "The network works again between all nodes.".to_owned(),
            Fault::Message {
                does,
                message,
                answer,
                from,
                to,
                times,
            } => {
                let does = does.verb();
                let what = match (message, answer, *times) {
                    (Some(message), true, 1) => format!("the next answer to {message}"),
                    (Some(message), true, times) => {
                        format!("the next {times} answers to {message}")
                    }
                    (Some(message), false, 1) => format!("the next {message}"),
                    (Some(message), false, times) => format!("the next {times} {message} messages"),
                    (None, true, 1) => "the next answer".to_owned(),
                    (None, true, times) => format!("the next {times} answers"),
                    (None, false, 1) => "the next message".to_owned(),
                    (None, false, times) => format!("the next {times} messages"),
                };
                format!("The network {does} {what} from {from} to {to}.")
            }
            Fault::Cast {
                does,
                from,
                to,
                times,
            } => {
                let does = does.verb();
                let what = match times {
                    1 => "the next cast".to_owned(),
                    times => format!("the next {times} casts"),
                };
                format!("The network {does} {what} from {from} to {to}.")
            }
            Fault::Release => "The messages that the network held back arrive.".to_owned(),
            Fault::Crash { node, servers } => match &servers[..] {
                [server] => format!("{node}'s {server} crashes."),
                _ => format!(
                    "{node}'s {} crash at the same moment.",
                    servers.join(" and ")
                ),
            },
            Fault::Kill { node } => format!("{node} is killed."),
            Fault::Start { node } => format!("{node} starts."),
            Fault::Pause { node } => format!("{node} is paused."),
            Fault::Resume { node } => format!("{node} runs again."),
            Fault::Disconnect { node, from } => {
                format!("{node} disconnects from {from} on purpose.")
            }
            Fault::Connect { node, to } => format!("{node} connects to {to}."),
            Fault::Store { node, does } => match does {
                StoreDoes::Refuse => format!("The store refuses {node}."),
                StoreDoes::Stall => {
                    format!("The store accepts commands from {node}, but does not execute them.")
                }
                StoreDoes::Mute => {
                    format!("The store executes commands from {node}, but does not answer.")
                }
                StoreDoes::Slow(ms) => format!("The store answers {node} {ms} ms late."),
                StoreDoes::Back => format!("The store works for {node} again."),
            },
        }
    }

    /// The command of `checker play` that does it.
    pub(super) fn command(&self) -> String {
        match self {
            Fault::Partition { a, b } => format!("partition {a} | {b}"),
            Fault::Blackhole { from, to } => format!("blackhole {from} -> {to}"),
            Fault::Delay { from, to, ms } => format!("delay {from} -> {to} {ms}ms"),
            Fault::Heal { a, b } => format!("heal {a} {b}"),
            Fault::HealAll => "heal".to_owned(),
            Fault::Message {
                does,
                message,
                answer,
                from,
                to,
                times,
            } => {
                let does = does.command();
                let what = match message {
                    _ if *answer => "answers ",
                    Some(message) => &format!("{message} "),
                    None => "",
                };
                let times = if *times == 1 { " once" } else { "" };
                format!("{does} {what}{from} -> {to}{times}")
            }
            Fault::Cast {
                does,
                from,
                to,
                times,
            } => {
                let once = if *times == 1 { " once" } else { "" };
                format!("{} {from} -> {to}{once}", does.command())
            }
            Fault::Release => "release".to_owned(),
            Fault::Crash { node, servers } => {
                let crash = |server: &String| format!("crash {node} {server}");
                servers.iter().map(crash).collect::<Vec<_>>().join("\n")
            }
            Fault::Kill { node } => format!("kill {node}"),
            Fault::Start { node } => format!("start {node}"),
            Fault::Pause { node } => format!("pause {node}"),
            Fault::Resume { node } => format!("resume {node}"),
            Fault::Disconnect { node, from } => format!("disconnect {node} {from}"),
            Fault::Connect { node, to } => format!("connect {node} {to}"),
            Fault::Store { node, does } => match does {
                StoreDoes::Refuse => format!("store refuse {node}"),
                StoreDoes::Stall => format!("store stall {node}"),
                StoreDoes::Mute => format!("store mute {node}"),
                StoreDoes::Slow(ms) => format!("store slow {ms}ms {node}"),
                StoreDoes::Back => format!("store back {node}"),
            },
        }
    }

    /// The same with simpler values.
    pub(super) fn simpler(&self) -> Vec<Fault> {
        let mut simpler = Vec::new();
        match self {
            Fault::Message { times, .. } if *times > 1 => {
                let mut once = self.clone();
                if let Fault::Message { times, .. } = &mut once {
                    *times = 1;
                }
                simpler.push(once);
            }
            Fault::Cast { times, .. } if *times > 1 => {
                let mut once = self.clone();
                if let Fault::Cast { times, .. } = &mut once {
                    *times = 1;
                }
                simpler.push(once);
            }
            Fault::Crash { node, servers } if servers.len() > 1 => {
                simpler.extend(servers.iter().map(|server| Fault::Crash {
                    node: node.clone(),
                    servers: vec![server.clone()],
                }));
            }
            Fault::Delay { from, to, ms } => {
                let round = [100, 300, 500, 1000].into_iter().filter(|round| round < ms);
                simpler.extend(round.map(|ms| Fault::Delay {
                    from: from.clone(),
                    to: to.clone(),
                    ms,
                }));
            }
            _ => {}
        }
        simpler
    }
}

/// All that is broken in a cluster, and what came of it.
pub(super) struct Mishap<'c> {
    cluster: &'c Cluster<'c>,
    rules: Vec<RuleHandle<'c>>,
    /// What was done, and how it is known whether that took effect.
    done: Vec<(&'static str, Effect)>,
    coverage: Coverage,
}

/// How it is known that a fault took effect.
enum Effect {
    Seen(bool),
    /// The rule of that place acted.
    Rule(usize),
    /// A frame of this fate went from a node to another since then; of any fate, if none is given.
    Frame(Mark, String, String, Option<Fate>),
}

impl<'c> Mishap<'c> {
    /// Nothing is broken yet.
    pub(super) fn of(cluster: &'c Cluster<'_>) -> Mishap<'c> {
        Mishap {
            cluster,
            rules: Vec::new(),
            done: Vec::new(),
            coverage: Coverage::default(),
        }
    }

    /// How often which fault was used, and took effect.
    pub(super) fn coverage(&mut self) -> Coverage {
        for (word, effect) in std::mem::take(&mut self.done) {
            let took_effect = match effect {
                Effect::Seen(seen) => seen,
                Effect::Rule(rule) => self.rules.get(rule).is_some_and(|rule| rule.hits() > 0),
                Effect::Frame(since, from, to, fate) => {
                    let frames = self.cluster.since(since).from(&from).to(&to);
                    let frames = frames.filter(|frame| fate.is_none_or(|fate| frame.fate == fate));
                    !frames.is_empty()
                }
            };
            self.coverage.fault(word, took_effect);
        }
        std::mem::take(&mut self.coverage)
    }

    fn is(&self, node: &str, standing: Standing) -> bool {
        self.cluster.standing(node) == Some(standing)
    }

    fn rule(&self, does: Does, from: &str, to: &str, times: usize) -> Rule {
        let action = match does {
            Does::Drop => Action::Drop,
            Does::Duplicate => Action::Duplicate,
            Does::Hold => Action::Hold,
        };
        let rule = Rule::new(action).from(&self.cluster.name(from));
        rule.to(&self.cluster.name(to)).times(times)
    }

    /// Does what a fault says.
    ///
    /// # Errors
    /// The verdict, when something goes wrong that is not the fault's doing.
    pub(super) async fn make(&mut self, fault: &Fault) -> Told {
        let cluster = self.cluster;
        let running = |node: &str| cluster.standing(node) == Some(Standing::Running);
        let exists = |node: &str| cluster.standing(node).is_some();
        let effect = match fault {
            Fault::Partition { a, b } if exists(a) && exists(b) => {
                let connected =
                    running(a) && cluster.list(a).await.is_ok_and(|all| all.contains(b));
                cluster.cut(a, b);
                Effect::Seen(connected)
            }
            Fault::Blackhole { from, to } if exists(from) && exists(to) => {
                let since = cluster.mark();
                cluster.blackhole_one_way(&[from], &[to]);
                Effect::Frame(since, from.clone(), to.clone(), Some(Fate::Swallow))
            }
            Fault::Delay { from, to, ms } => {
                let since = cluster.mark();
                cluster.delay(from, to, Duration::from_millis(*ms), Duration::ZERO);
                Effect::Frame(since, from.clone(), to.clone(), None)
            }
            Fault::Heal { a, b } => {
                cluster.heal_between(&[a], &[b]);
                return Ok(());
            }
            Fault::HealAll => {
                cluster.heal();
                return Ok(());
            }
            Fault::Message {
                does,
                message,
                answer,
                from,
                to,
                times,
            } => {
                let mut rule = self.rule(*does, from, to, *times);
                if let Some(message) = message {
                    rule = rule.message(message);
                }
                if *answer {
                    rule = rule.kind(PatternKind::Answer);
                }
                self.rules.push(cluster.rule(rule));
                Effect::Rule(self.rules.len() - 1)
            }
            Fault::Cast {
                does,
                from,
                to,
                times,
            } => {
                let rule = self.rule(*does, from, to, *times).kind(PatternKind::Cast);
                self.rules.push(cluster.rule(rule));
                Effect::Rule(self.rules.len() - 1)
            }
            Fault::Release => {
                self.release();
                return Ok(());
            }
            Fault::Crash { node, servers } if running(node) => {
                let servers: Vec<&str> = servers.iter().map(String::as_str).collect();
                // A server that is down already cannot crash.
                match cluster.crash_together(node, &servers).await {
                    Ok(()) => Effect::Seen(true),
                    Err(Stop::Inconclusive(_)) => Effect::Seen(false),
                    Err(stop) => return Err(stop),
                }
            }
            Fault::Kill { node } if exists(node) && !self.is(node, Standing::Killed) => {
                cluster.kill(node).await?;
                Effect::Seen(true)
            }
            Fault::Start { node } if !running(node) && !self.is(node, Standing::Paused) => {
                cluster.start_node(node).await?;
                let others = cluster.running().into_iter().filter(|other| other != node);
                for other in others {
                    if self.connect(node, &other).await {
                        break;
                    }
                }
                Effect::Seen(true)
            }
            Fault::Pause { node } if running(node) => {
                cluster.pause(node).await?;
                Effect::Seen(true)
            }
            Fault::Resume { node } if self.is(node, Standing::Paused) => {
                cluster.resume(node).await?;
                return Ok(());
            }
            Fault::Disconnect { node, from } if running(node) && running(from) => {
                match cluster.disconnect(node, from).await {
                    Ok(()) => Effect::Seen(true),
                    Err(Stop::Inconclusive(_)) => Effect::Seen(false),
                    Err(stop) => return Err(stop),
                }
            }
            Fault::Connect { node, to } if running(node) && exists(to) => {
                cluster.forget_parting(node, to);
                self.connect(node, to).await;
                return Ok(());
            }
            Fault::Store { node, does } => {
                match does {
                    StoreDoes::Refuse => cluster.store_refused([node]),
                    StoreDoes::Stall => cluster.store_stalled([node]),
                    StoreDoes::Mute => cluster.store_answers_stalled([node]),
                    StoreDoes::Slow(ms) => cluster.store_slow([node], Duration::from_millis(*ms)),
                    StoreDoes::Back => cluster.store_back([node]),
                }
                Effect::Seen(true)
            }
            _ => Effect::Seen(false),
        };
        self.done.extend(fault.word().map(|word| (word, effect)));
        Ok(())
    }

    /// Has a node connect to another. Says whether it did.
    async fn connect(&self, node: &str, to: &str) -> bool {
        let other = self.cluster.name(to);
        let connected = self
            .cluster
            .call_within(CONNECT_TIME, node, &NODE, |reply| {
                NodeMsg::Connect(other, reply)
            })
            .await;
        matches!(connected, Ok(Ok(())))
    }

    fn release(&self) {
        for rule in &self.rules {
            if rule.held() > 0 {
                rule.release();
            }
        }
    }

    /// Ends all faults but death: what was held back arrives, paused nodes run, and each pair of
    /// running nodes is connected when this returns.
    ///
    /// # Errors
    /// Inconclusive, when they do not find each other.
    pub(super) async fn mend(&mut self) -> Told {
        let cluster = self.cluster;
        let coverage = self.coverage();
        self.coverage = coverage;
        self.release();
        self.rules.clear();
        cluster.heal();
        let all = cluster.everyone();
        for node in all.iter().filter(|node| self.is(node, Standing::Paused)) {
            cluster.resume(node).await?;
        }
        cluster.mend_store();
        for (node, other) in cluster.forget_partings() {
            self.connect(&node, &other).await;
        }
        cluster.await_mesh_within(MEETING_TIME).await
    }
}
