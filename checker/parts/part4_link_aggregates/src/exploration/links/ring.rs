//! The rings of all nodes, while members come and go.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runtime::NodeName;
use testkit::cluster::{Cluster, Mark, Standing};
use testkit::exploration::{Fault, Model, Plan, Step, StoreDoes};
use testkit::scenario::{Stop, Story, Told};
use testkit::seed::Draw;
use tokio::time::{Instant, sleep};

use super::super::between::Between;
use super::super::change_members;
use super::{Do, RECOVERY, REFRESH, REFRESH_WHEN_BUSY};
use crate::fact::Fact;
use crate::messages::{RING, RingMsg, RingState};
use crate::pages::{Page, members_in_words, owners_among, ring};

/// The nodes that run or may be started, and members that never run.
const NAMES: [&str; 7] = ["n1", "n2", "n3", "n4", "n5", "n6", "n7"];

/// How many codes rings are asked for.
const CODES: usize = 40;

const WHY_MEMBERS: &str = "Membership is data, not reachability: the store lists the members, and every node reads them there.";

const WHY_STALE: &str = "A node that cannot read the members keeps its ring. It says that the ring may be old, and stops saying so once it has read them again.";

/// Draws a story.
pub(in super::super) fn draw(draw: &mut Draw) -> Plan {
    let names = draw.cast(NAMES);
    let nodes = draw.number(1..=3) as usize;
    let any =
        |draw: &mut Draw, of: usize| names[draw.number(0..=of as u64 - 1) as usize].to_owned();
    let length = draw.number(4..=20);
    let steps: Vec<Step<Do>> = (0..length)
        .map(|_| match draw.number(0..=9) {
            // Two changes may follow each other at once, such that there are as many members as before.
            0..=3 => Step::Do(Do::Member {
                node: any(draw, nodes + 3),
                added: draw.number(0..=1) == 0,
            }),
            4 => Step::Break(Fault::Kill {
                node: any(draw, nodes),
            }),
            5 => Step::Break(Fault::Start {
                node: any(draw, nodes + 1),
            }),
            6 => {
                let node = any(draw, nodes);
                let does = match draw.number(0..=3) {
                    0 => StoreDoes::Refuse,
                    1 => StoreDoes::Stall,
                    2 => StoreDoes::Mute,
                    _ => StoreDoes::Back,
                };
                Step::Break(Fault::Store { node, does })
            }
            7 if nodes > 1 => Step::Break(Fault::Partition {
                a: names[0].to_owned(),
                b: names[1].to_owned(),
            }),
            _ => {
                let longest = [400, 900, 2_500, 4_000][draw.number(0..=3) as usize];
                Step::Wait(draw.number(1..=longest))
            }
        })
        .collect();
    Plan::of(&names[..nodes], &steps)
}

/// The model: the members, and what the store does to each node.
#[derive(Default)]
pub(in super::super) struct Members {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    between: Between,
    members: BTreeSet<String>,
    changed: Option<Instant>,
    stores: BTreeMap<String, Access>,
}

/// Since when the store works for a node, or does not.
struct Access {
    works: bool,
    since: Instant,
    /// The members when it ceased to work, if the node's ring had them.
    kept: Option<BTreeSet<String>>,
}

impl Members {
    async fn note(&self, cluster: &Cluster<'_>) -> Told {
        let keys = cluster.store_keys("member:").await?;
        let names = keys
            .iter()
            .filter_map(|key| key.strip_prefix("member:")?.split('@').next());
        let members: BTreeSet<String> = names.map(str::to_owned).collect();
        let mut state = self.state.borrow_mut();
        if state.members != members {
            state.members = members;
            state.changed = state.changed.max(Some(Instant::now()));
        }
        Ok(())
    }

    /// Each ring is right, or is said to be old.
    async fn compare(&self, cluster: &Cluster<'_>) -> Told {
        self.note(cluster).await?;
        for node in cluster.running() {
            let begun = Instant::now();
            let seen = match ring(cluster, &node).await {
                Ok(seen) => seen,
                Err(_)
                    if self
                        .state
                        .borrow()
                        .between
                        .was_touched(&node, begun - RECOVERY) =>
                {
                    continue;
                }
                Err(unanswered) => return Err(unanswered.into()),
            };
            self.judge(cluster, &node, &seen, begun)?;
        }
        Ok(())
    }

    fn judge(&self, cluster: &Cluster<'_>, node: &str, seen: &RingState, begun: Instant) -> Told {
        let state = self.state.borrow();
        let fails = |seen: String, expected: String, fact: Fact, why: &str| {
            Err(Stop::from(
                cluster
                    .failed_at(node, seen, expected)
                    .fact(&fact)
                    .because(why),
            ))
        };
        let (wanted, stale) = match state.stores.get(node) {
            _ if state.is_settled(cluster, node, begun) => (Some(&state.members), Some(false)),
            Some(access)
                if !access.works
                    && access.since + RECOVERY < begun
                    && !state.between.was_touched(node, begun - RECOVERY) =>
            {
                (access.kept.as_ref(), Some(true))
            }
            _ => (None, None),
        };
        let names: Vec<String> = seen
            .members
            .iter()
            .map(|name| name.short().to_owned())
            .collect();
        if let Some(wanted) = wanted
            && !wanted.iter().eq(&names)
        {
            let listed: Vec<&str> = wanted.iter().map(String::as_str).collect();
            let expected = match stale {
                Some(true) => format!(
                    "the members when it last read them, each once and in order: {}",
                    in_words(&listed)
                ),
                _ => format!(
                    "the members that the store lists, each once and in order: {}",
                    in_words(&listed)
                ),
            };
            let fact = Fact::Members {
                node: node.to_owned(),
            };
            return fails(
                format!("{node}'s ring has {}", members_in_words(seen)),
                expected,
                fact,
                WHY_MEMBERS,
            );
        }
        if let Some(stale) = stale.filter(|stale| *stale != seen.stale.is_some()) {
            let fact = Fact::Stale {
                node: node.to_owned(),
                stale: seen.stale.is_some(),
            };
            let (said, expected) = match stale {
                true => (
                    "does not say that its ring may be old",
                    "it says so: it has not been able to read the members for several seconds",
                ),
                false => (
                    "says that its ring may be old",
                    "its ring is not old: it can read the members",
                ),
            };
            return fails(
                format!("{node} {said}"),
                expected.to_owned(),
                fact,
                WHY_STALE,
            );
        }
        Ok(())
    }

    /// Rings of the same members name the same owners, and so does a try.
    async fn owners_agree(&self, cluster: &Cluster<'_>) -> Told {
        let pages = Page::of("page", CODES);
        let codes: Vec<_> = pages.iter().map(|page| page.code.clone()).collect();
        let mut first: Option<(String, Vec<Option<NodeName>>)> = None;
        for node in cluster.running() {
            let state = ring(cluster, &node).await?;
            let asked = codes.clone();
            let owners = cluster
                .call(&node, &RING, |reply| RingMsg::Owners(asked, reply))
                .await?;
            let fact = |other: &str| Fact::OwnersDiffer {
                node: node.clone(),
                other: other.to_owned(),
            };
            let strange = owners
                .iter()
                .flatten()
                .find(|owner| !state.members.contains(owner));
            if strange.is_some()
                || owners
                    .iter()
                    .any(|owner| owner.is_none() != state.members.is_empty())
                || owners.len() != CODES
            {
                let seen = format!(
                    "{node}'s ring has {}, and names the owners {owners:?}",
                    members_in_words(&state)
                );
                let expected = "the owner of each code is a member, if there are members";
                return Err(cluster
                    .failed_at(&node, seen, expected)
                    .fact(&fact(&node))
                    .into());
            }
            match &first {
                Some((other, others)) if *others != owners => {
                    let seen = format!(
                        "{node} and {other} know the same members, and name different owners"
                    );
                    let expected = "every node computes the same owner for a code";
                    return Err(cluster
                        .failed_at(&node, seen, expected)
                        .fact(&fact(other))
                        .into());
                }
                Some(_) => {}
                None => {
                    // In another order, and one of them twice.
                    let mut members = state.members.clone();
                    members.reverse();
                    members.extend(state.members.first().cloned());
                    if !members.is_empty() {
                        let tried = owners_among(cluster, &node, &members, &pages).await?;
                        let named = owners
                            .iter()
                            .flatten()
                            .map(|owner| owner.short().to_owned());
                        if !tried.iter().eq(&named.collect::<Vec<_>>()) {
                            let seen = format!(
                                "{node} names other owners in a `Try` with the same members, given in another order and with a duplicate"
                            );
                            let expected = "the owners follow from the members, in whatever order and however often they are named";
                            return Err(cluster
                                .failed_at(&node, seen, expected)
                                .fact(&fact(&node))
                                .into());
                        }
                    }
                    first = Some((node.clone(), owners));
                }
            }
        }
        Ok(())
    }
}

fn in_words(members: &[&str]) -> String {
    match members {
        [] => "none".to_owned(),
        members => members.join(", "),
    }
}

impl State {
    /// Whether a node's ring must be right at a moment.
    fn is_settled(&self, cluster: &Cluster<'_>, node: &str, at: Instant) -> bool {
        let refresh = cluster.context().limit(REFRESH, REFRESH_WHEN_BUSY);
        let works = self
            .stores
            .get(node)
            .is_none_or(|access| access.works && access.since + RECOVERY < at);
        works
            && self.changed.is_none_or(|changed| changed + refresh < at)
            && !self.between.was_touched(node, at - RECOVERY)
    }
}

impl Model for Members {
    type Operation = Do;

    fn begin<'a>(&'a self, cluster: &'a Cluster<'_>) -> Story<'a> {
        Box::pin(async move {
            self.note(cluster).await?;
            self.state.borrow_mut().changed = Some(Instant::now() + Duration::from_secs(1));
            Ok(())
        })
    }

    fn perform<'a>(&'a self, cluster: &'a Cluster<'_>, operation: &'a Do) -> Story<'a> {
        Box::pin(async move {
            if let Do::Member { node, added } = operation {
                change_members(cluster, node, *added).await?;
            }
            self.note(cluster).await
        })
    }

    fn broken(&self, cluster: &Cluster<'_>, fault: &Fault) {
        let mut state = self.state.borrow_mut();
        let now = Instant::now();
        let settled = |state: &State, node: &str| {
            cluster.standing(node) == Some(Standing::Running)
                && state.is_settled(cluster, node, now)
        };
        match fault {
            Fault::Store { node, does } => {
                let works = *does == StoreDoes::Back;
                let kept = match state.stores.get(node) {
                    Some(access) if !access.works => access.kept.clone(),
                    _ => settled(&state, node).then(|| state.members.clone()),
                };
                state.stores.insert(
                    node.clone(),
                    Access {
                        works,
                        since: now,
                        kept,
                    },
                );
            }
            // A node that starts makes itself a member, and knows none.
            Fault::Start { node }
                if !matches!(
                    cluster.standing(node),
                    Some(Standing::Running | Standing::Paused)
                ) =>
            {
                state.changed = Some(now + RECOVERY);
                if let Some(access) = state.stores.get_mut(node) {
                    access.kept = Some(BTreeSet::new());
                    access.since = now;
                }
            }
            Fault::Kill { .. } => state.changed = state.changed.max(Some(now)),
            _ => {}
        }
        state.between.broken(cluster, fault);
    }

    fn look<'a>(&'a self, cluster: &'a Cluster<'_>) -> Story<'a> {
        Box::pin(self.compare(cluster))
    }

    fn conclude<'a>(&'a self, cluster: &'a Cluster<'_>, _: Mark) -> Story<'a> {
        Box::pin(async move {
            {
                let mut state = self.state.borrow_mut();
                state.between.mended();
                for access in state.stores.values_mut() {
                    (access.works, access.since) = (true, Instant::now());
                }
            }
            sleep(2 * RECOVERY).await;
            self.compare(cluster).await?;
            self.owners_agree(cluster).await
        })
    }
}
