//! What the model knows: which links there may be and must be, and which tables must have them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use shortener::Link;
use testkit::cluster::{Cluster, Mark, Standing};
use testkit::exploration::{Does, Fault, Model, StoreDoes};
use testkit::scenario::{Stop, Story, Told};
use tokio::time::Instant;

use super::{Do, Level};

/// Every node follows a new link within this time, whatever it answered before.
pub(super) const MAX_STALENESS: Duration = Duration::from_secs(2);

/// The tables of nodes that meet are equal within this time, and those of nodes that come up.
pub(super) const MEETING: Duration = Duration::from_secs(5);

/// How long after a trouble with the store a request may still fail for it.
pub(super) const RECOVERY: Duration = Duration::from_secs(5);

/// How long what is done to a node may show in what it does afterwards.
pub(super) const SETTLING: Duration = Duration::from_secs(2);

/// The longest delay of a store that no request fails for, also where one waits behind others.
const SHORT_DELAY: u64 = 40;

/// The model: it hears of everything that the story does.
pub(super) struct Service {
    pub(super) level: Level,
    pub(super) state: RefCell<State>,
}

#[derive(Default)]
pub(super) struct State {
    /// All creations that were asked for.
    pub(super) attempts: Vec<Attempt>,
    /// Links that the store certainly has, or had until they expired.
    pub(super) truths: Vec<Truth>,
    /// What the table of a node must have of a code.
    pub(super) floors: BTreeMap<(String, String), Floor>,
    /// What tables must have from a moment on, if nothing gets in between.
    pub(super) owed: Vec<Owed>,
    /// Codes of many links created at once, only some of which are looked at after each step.
    pub(super) many: BTreeSet<String>,
    /// Nodes whose tables may be full, so that each new entry may take the place of any other.
    pub(super) full: BTreeSet<String>,
    /// What the latest entry of such a table must be.
    latest: BTreeMap<String, (String, Floor)>,
    /// When something was last done to a node, and when it last went on after a pause.
    touched: BTreeMap<String, Instant>,
    woken: BTreeMap<String, Instant>,
    /// When a node's cache last crashed.
    crashed: BTreeMap<String, Instant>,
    /// Since when the store does what it does for a node; and when it last was in trouble before.
    ways: BTreeMap<String, (StoreDoes, Instant)>,
    troubled: BTreeMap<String, Instant>,
    /// Pairs that the network keeps apart, or whose messages it delays or holds back.
    disturbed: BTreeSet<(String, String)>,
    touched_pairs: BTreeMap<(String, String), Instant>,
    /// Pairs of which single messages are held back, until everything is mended.
    ruled: BTreeSet<(String, String)>,
    /// How far the record was read for new connections, and when.
    pub(super) read: Mark,
    pub(super) looked: Option<Instant>,
    /// Operations under way.
    pub(super) under_way: usize,
}

/// A moment: on the story's clock, and in milliseconds since 1970, by which links expire.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) at: Instant,
    pub(super) ms: u64,
}

impl Moment {
    pub(super) fn now() -> Moment {
        Moment {
            at: Instant::now(),
            ms: shortener::now(),
        }
    }
}

/// A creation that was asked for.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The codes that it may get or have got.
    pub(super) codes: Vec<String>,
    pub(super) url: String,
    pub(super) ttl: Option<u64>,
    pub(super) begun: Moment,
    pub(super) answered: Option<Moment>,
    /// Whether it certainly came to nothing.
    pub(super) refused: bool,
}

impl Attempt {
    /// When its link expires at the latest.
    pub(super) fn latest_end(&self) -> u64 {
        let answered = self
            .answered
            .map_or_else(shortener::now, |answered| answered.ms);
        self.ttl.map_or(u64::MAX, |ttl| answered + 1000 * ttl)
    }

    /// When its link expires at the earliest.
    pub(super) fn earliest_end(&self) -> u64 {
        self.ttl.map_or(u64::MAX, |ttl| self.begun.ms + 1000 * ttl)
    }
}

/// A link that the store certainly has.
#[derive(Debug, Clone)]
pub(super) struct Truth {
    pub(super) code: String,
    pub(super) url: String,
    pub(super) end: u64,
    pub(super) since: Instant,
    /// The node that answered 201, and since when, as long as it remembers.
    pub(super) creator: Option<(String, Instant)>,
}

/// What a table must have of a code: this link, or the same with a later expiry.
#[derive(Debug, Clone)]
pub(super) struct Floor {
    pub(super) url: String,
    pub(super) end: u64,
    pub(super) since: Instant,
}

/// What a table must have from a moment on.
#[derive(Debug, Clone)]
pub(super) struct Owed {
    pub(super) node: String,
    /// The node that must have told it.
    pub(super) from: String,
    pub(super) code: String,
    pub(super) url: String,
    pub(super) end: u64,
    pub(super) due: Instant,
}

/// When a link expires, for comparisons: a link without an expiry expires last.
pub(super) fn end_of(link: &Link) -> u64 {
    link.expires_at.unwrap_or(u64::MAX)
}

impl Service {
    pub(super) fn of(level: Level) -> Service {
        Service {
            level,
            state: RefCell::default(),
        }
    }

    async fn do_it(&self, cluster: &Cluster<'_>, operation: &Do) -> Told {
        self.state.borrow_mut().under_way += 1;
        let told = match operation {
            Do::Create(create) => self.create(cluster, create).await,
            Do::CreateMany { node, page, count } => {
                self.create_many(cluster, node, page, *count).await
            }
            Do::Follow {
                node,
                code,
                visitors,
                over_ms,
            } => self.visit(cluster, node, code, *visitors, *over_ms).await,
            Do::FollowUnknown { node, code, count } => self.fill(cluster, node, code, *count).await,
            Do::FollowAll { node } => self.follow_all(cluster, node).await,
            Do::Together(all) => {
                let all = all
                    .iter()
                    .map(|operation| Box::pin(self.do_it(cluster, operation)));
                let told = futures_util::future::join_all(all).await;
                told.into_iter().collect()
            }
        };
        self.state.borrow_mut().under_way -= 1;
        told
    }
}

impl Model for Service {
    type Operation = Do;

    fn perform<'a>(&'a self, cluster: &'a Cluster<'_>, operation: &'a Do) -> Story<'a> {
        Box::pin(self.do_it(cluster, operation))
    }

    fn broken(&self, cluster: &Cluster<'_>, fault: &Fault) {
        let mut state = self.state.borrow_mut();
        match fault {
            Fault::Partition { a, b } | Fault::Disconnect { node: a, from: b } => {
                state.disturb(a, b)
            }
            Fault::Blackhole { from, to } | Fault::Delay { from, to, .. } => {
                state.disturb(from, to)
            }
            // What arrives twice has arrived.
            Fault::Message {
                does: Does::Duplicate,
                ..
            }
            | Fault::Cast {
                does: Does::Duplicate,
                ..
            } => {}
            Fault::Message { from, to, .. } | Fault::Cast { from, to, .. } => {
                state.disturb(from, to);
                state.ruled.insert(ordered(from, to));
            }
            Fault::Heal { a, b } => state.mend(a, b),
            Fault::HealAll => {
                for (a, b) in state.disturbed.clone() {
                    state.mend(&a, &b);
                }
            }
            Fault::Release | Fault::Connect { .. } => {}
            Fault::Crash { node, servers } => {
                if servers.iter().any(|server| server == "cache") {
                    state.cache_crashes(cluster, node, self.level);
                }
            }
            Fault::Kill { node } => state.is_killed(node),
            Fault::Start { node } => {
                if !matches!(
                    cluster.standing(node),
                    Some(Standing::Running | Standing::Paused)
                ) {
                    state.touch(node);
                    state.forget(node);
                    // It remembers no answer of before.
                    state.woken.remove(node);
                }
            }
            Fault::Pause { node } => {
                if self.level.meets || self.level.sweeps {
                    state.touch(node);
                } else {
                    // Its connections outlive the pause, and what is on them arrives afterwards.
                    state.touched.insert(node.clone(), Instant::now());
                    state.owed.retain(|owed| owed.from != *node);
                }
            }
            Fault::Resume { node } => {
                let now = Instant::now();
                if cluster.standing(node) == Some(Standing::Paused) {
                    state.woken.insert(node.clone(), now);
                    state.touched.insert(node.clone(), now);
                    for owed in state.owed.iter_mut().filter(|owed| owed.node == *node) {
                        owed.due = owed.due.max(now + MAX_STALENESS);
                    }
                }
            }
            Fault::Store { node, does } => state.store_does(node, *does),
        }
    }

    fn mending(&self, _: &Cluster<'_>) {
        self.state.borrow_mut().all_is_mended();
    }

    fn look<'a>(&'a self, cluster: &'a Cluster<'_>) -> Story<'a> {
        Box::pin(self.compare(cluster, false))
    }

    fn conclude<'a>(&'a self, cluster: &'a Cluster<'_>, mended: Mark) -> Story<'a> {
        Box::pin(async move {
            if self.level.meets {
                self.tables_meet(cluster, mended).await?;
            }
            if self.level.sweeps && !cluster.running().is_empty() {
                self.sweepers_agree(cluster).await?;
            }
            // What was refused must not happen now, and what was sent has arrived before anything is asked
            // for.
            tokio::time::sleep(SETTLING).await;
            self.compare(cluster, false).await?;
            self.links_lead_on(cluster).await?;
            self.compare(cluster, false).await
        })
    }
}

impl State {
    /// Something gets in between two nodes.
    fn disturb(&mut self, a: &str, b: &str) {
        self.touched_pairs.insert(ordered(a, b), Instant::now());
        self.disturbed.insert(ordered(a, b));
        self.owed
            .retain(|owed| ordered(&owed.node, &owed.from) != ordered(a, b));
    }

    fn mend(&mut self, a: &str, b: &str) {
        self.touched_pairs.insert(ordered(a, b), Instant::now());
        if !self.ruled.contains(&ordered(a, b)) {
            self.disturbed.remove(&ordered(a, b));
        }
    }

    /// All faults end.
    fn all_is_mended(&mut self) {
        self.ruled.clear();
        for (a, b) in self.disturbed.clone() {
            self.mend(&a, &b);
        }
        let now = Instant::now();
        let ways = std::mem::take(&mut self.ways);
        let troubled = ways.into_iter().filter(|(_, (does, _))| is_trouble(*does));
        self.troubled.extend(troubled.map(|(node, _)| (node, now)));
    }

    /// Something is done to a node: nobody knows what it hears, or what is heard of it.
    fn touch(&mut self, node: &str) {
        self.touched.insert(node.to_owned(), Instant::now());
        self.owed
            .retain(|owed| owed.node != node && owed.from != node);
    }

    /// A node's memory is gone.
    fn forget(&mut self, node: &str) {
        self.floors.retain(|(of, _), _| of != node);
        self.full.remove(node);
        self.latest.remove(node);
        for truth in &mut self.truths {
            truth.creator.take_if(|(creator, _)| creator == node);
        }
    }

    /// A cache that starts again may empty its table; those of the others have to fill it then.
    fn cache_crashes(&mut self, cluster: &Cluster<'_>, node: &str, level: Level) {
        if cluster.standing(node) != Some(Standing::Running) {
            return;
        }
        let now = Instant::now();
        self.crashed.insert(node.to_owned(), now);
        self.touch(node);
        self.forget(node);
        if level.meets {
            self.meets(cluster, node, now);
        }
    }

    /// A node gets the tables of those that it is connected to.
    fn meets(&mut self, cluster: &Cluster<'_>, node: &str, since: Instant) {
        for other in cluster.running() {
            if other != node && self.is_clean(cluster, node, &other) {
                self.gets_table(&other, node, since);
            }
        }
    }

    /// A node will have what another had at a moment.
    pub(super) fn gets_table(&mut self, from: &str, to: &str, since: Instant) {
        let due = Instant::now() + MEETING;
        let had = self
            .floors
            .iter()
            .filter(|((node, _), floor)| node == from && floor.since < since);
        let owed: Vec<Owed> = had
            .map(|((_, code), floor)| Owed {
                node: to.to_owned(),
                from: from.to_owned(),
                code: code.clone(),
                url: floor.url.clone(),
                end: floor.end,
                due,
            })
            .collect();
        self.owed.extend(owed);
    }

    /// A node will have what was created at another before a moment, and since that last forgot anything.
    pub(super) fn gets_own_links(&mut self, from: &str, to: &str, before: Instant) {
        let due = Instant::now() + MEETING;
        let crashed = self.crashed.get(from).copied();
        let own = |truth: &&Truth| {
            let created = truth
                .creator
                .as_ref()
                .filter(|(creator, _)| creator == from);
            created.is_some_and(|(_, at)| {
                *at < before && crashed.is_none_or(|crashed| crashed + SETTLING < *at)
            })
        };
        let owed: Vec<Owed> = self
            .truths
            .iter()
            .filter(own)
            .map(|truth| Owed {
                node: to.to_owned(),
                from: from.to_owned(),
                code: truth.code.clone(),
                url: truth.url.clone(),
                end: truth.end,
                due,
            })
            .collect();
        self.owed.extend(owed);
    }

    /// A node is killed, after all faults have ended.
    pub(super) fn is_killed(&mut self, node: &str) {
        self.touch(node);
        self.forget(node);
    }

    /// The store refuses a node, after all faults have ended.
    pub(super) fn store_refuses(&mut self, node: &str) {
        self.store_does(node, StoreDoes::Refuse);
    }

    fn store_does(&mut self, node: &str, does: StoreDoes) {
        let now = Instant::now();
        let before = self.ways.insert(node.to_owned(), (does, now));
        if before.is_some_and(|(does, _)| is_trouble(does)) {
            self.troubled.insert(node.to_owned(), now);
        }
    }

    /// Whether a node had the store within easy reach from a moment on, and some time before.
    pub(super) fn has_store(&self, node: &str, since: Instant) -> bool {
        let now_good = self
            .ways
            .get(node)
            .is_none_or(|(does, _)| !is_trouble(*does));
        let was_good = self
            .troubled
            .get(node)
            .is_none_or(|at| *at + RECOVERY < since);
        now_good && was_good
    }

    /// Whether no command of a node has got to the store since a moment.
    pub(super) fn got_nothing_through(&self, node: &str, begun: Instant) -> bool {
        let way = self.ways.get(node);
        way.is_some_and(|(does, since)| {
            matches!(does, StoreDoes::Refuse | StoreDoes::Stall) && *since < begun
        })
    }

    /// Whether the store keeps from a node the answers to what it asked at a moment.
    pub(super) fn is_mute(&self, node: &str, at: Instant) -> bool {
        self.ways
            .get(node)
            .is_some_and(|(does, since)| *does == StoreDoes::Mute && *since <= at)
    }

    /// By how much the store is slow for a node.
    pub(super) fn delay(&self, node: &str) -> Duration {
        match self.ways.get(node) {
            Some((StoreDoes::Slow(ms), _)) => Duration::from_millis(*ms),
            _ => Duration::ZERO,
        }
    }

    /// Whether a node runs, and nothing was done to it since a moment.
    pub(super) fn is_steady(&self, cluster: &Cluster<'_>, node: &str, since: Instant) -> bool {
        cluster.standing(node) == Some(Standing::Running)
            && self.touched.get(node).is_none_or(|at| *at < since)
    }

    /// When a node last went on after a pause.
    pub(super) fn woken(&self, node: &str) -> Option<Instant> {
        self.woken.get(node).copied()
    }

    pub(super) fn crashed_since(&self, node: &str, since: Instant) -> bool {
        self.crashed.get(node).is_some_and(|at| *at >= since)
    }

    /// Whether two nodes are there, and nothing was put between them.
    pub(super) fn is_clean(&self, cluster: &Cluster<'_>, a: &str, b: &str) -> bool {
        let runs = |node| cluster.standing(node) == Some(Standing::Running);
        runs(a) && runs(b) && !self.disturbed.contains(&ordered(a, b))
    }

    /// The same, also some time before a moment and ever since. A node may be paused where its
    /// connections outlive that.
    pub(super) fn is_quiet(&self, a: &str, b: &str, since: Instant) -> bool {
        let pair = ordered(a, b);
        !self.disturbed.contains(&pair)
            && self
                .touched_pairs
                .get(&pair)
                .is_none_or(|at| *at + SETTLING < since)
    }

    pub(super) fn has_settled(&self, node: &str, since: Instant) -> bool {
        self.touched
            .get(node)
            .is_none_or(|at| *at + SETTLING < since)
    }

    /// The creations that a code may lead to at a time.
    pub(super) fn possible<'s>(
        &'s self,
        code: &'s str,
        ms: u64,
    ) -> impl Iterator<Item = &'s Attempt> {
        self.attempts.iter().filter(move |attempt| {
            !attempt.refused
                && attempt.latest_end() > ms
                && attempt.codes.iter().any(|own| own == code)
        })
    }

    /// The links of a code that certainly live at a time.
    pub(super) fn living<'s>(&'s self, code: &'s str, ms: u64) -> impl Iterator<Item = &'s Truth> {
        self.truths
            .iter()
            .filter(move |truth| truth.code == code && truth.end > ms)
    }

    /// The store has a link.
    pub(super) fn is_true(&mut self, code: &str, link: &Link, creator: Option<&str>) {
        let end = end_of(link);
        let known = self
            .truths
            .iter_mut()
            .find(|truth| truth.code == code && truth.url == link.url && truth.end == end);
        match known {
            Some(known) => {
                if let Some(creator) = creator {
                    known
                        .creator
                        .get_or_insert_with(|| (creator.to_owned(), Instant::now()));
                }
            }
            None => self.truths.push(Truth {
                code: code.to_owned(),
                url: link.url.clone(),
                end,
                since: Instant::now(),
                creator: creator.map(|creator| (creator.to_owned(), Instant::now())),
            }),
        }
    }

    /// The table of a node gets so many entries that nobody knows what it has then.
    pub(super) fn is_filled(&mut self, node: &str) {
        self.full.insert(node.to_owned());
        self.enters(node, "");
        self.floors.retain(|(of, _), _| of != node);
        for truth in &mut self.truths {
            truth.creator.take_if(|(creator, _)| creator == node);
        }
    }

    /// What the table of a node must have of a code.
    pub(super) fn floor(&self, node: &str, code: &str) -> Option<Floor> {
        let latest = self.latest.get(node).filter(|(latest, _)| latest == code);
        let floor = self.floors.get(&(node.to_owned(), code.to_owned()));
        floor.or(latest.map(|(_, floor)| floor)).cloned()
    }

    /// The table of a node may get an entry of a code.
    pub(super) fn enters(&mut self, node: &str, code: &str) {
        if self
            .latest
            .get(node)
            .is_some_and(|(latest, _)| latest != code)
        {
            self.latest.remove(node);
        }
    }

    /// A table must have a link.
    pub(super) fn must_have(&mut self, node: &str, code: &str, url: &str, end: u64) {
        let since = Instant::now();
        let floor = Floor {
            url: url.to_owned(),
            end,
            since,
        };
        if self.full.contains(node) {
            self.latest
                .insert(node.to_owned(), (code.to_owned(), floor));
            return;
        }
        let place = (node.to_owned(), code.to_owned());
        match self.floors.get_mut(&place) {
            Some(known) if known.end >= end => {}
            // A look at the table that is under way may have come before this.
            _ => drop(self.floors.insert(place, floor)),
        }
    }
}

/// Whether requests may fail for what the store does.
fn is_trouble(does: StoreDoes) -> bool {
    match does {
        StoreDoes::Back => false,
        StoreDoes::Slow(ms) => ms > SHORT_DELAY,
        StoreDoes::Refuse | StoreDoes::Stall | StoreDoes::Mute => true,
    }
}

/// Passes on that the code came to a gap, or that the checker went wrong; anything else that is not
/// answered is no news here.
pub(super) fn not_written(stop: Stop) -> Told {
    match stop {
        Stop::NotWritten(_) | Stop::Fault(_) => Err(stop),
        _ => Ok(()),
    }
}

pub(super) fn ordered(a: &str, b: &str) -> (String, String) {
    let (first, second) = if a <= b { (a, b) } else { (b, a) };
    (first.to_owned(), second.to_owned())
}
