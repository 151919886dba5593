//! All views, and what nodes must show of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use testkit::cluster::{Cluster, Explained, Mark, NoAnswer, Request, Standing, Unmet};
use testkit::exploration::{Fault, Model};
use testkit::scenario::{Stop, Story, Told};

use super::super::between::Between;
use super::super::change_members;
use super::{Do, Subject};
use crate::fact::Fact;
use crate::messages::{COUNTERS, CountersMsg};
use crate::pages::{Page, Shown, WHY_NOT_THE_STORE, is_given, owners, put, ring, shows};

/// How long a node that is not busy may take to show a view that it has served.
const OWN: Duration = Duration::from_millis(250);

/// How long a view may take to all nodes that are connected: "soon".
const SOON: Duration = Duration::from_secs(2);

/// How long nodes that met may take to exchange their views.
const MEETING: Duration = Duration::from_secs(8);

/// How long a node may take to answer what it knows itself.
const AT_ONCE: Duration = Duration::from_millis(250);

/// The same on processes of a busy machine.
const AT_ONCE_WHEN_BUSY: Duration = Duration::from_millis(1_500);

/// How long the rings may take to have all members, when the story begins.
const RING_TIME: Duration = Duration::from_secs(10);

/// How many requests are under way at the same time.
const WIDTH: u64 = 24;

const WHY_ONCE: &str = "A message may come twice, and news of a view may come along two paths. Each node's counts are kept apart, and the higher one is taken, so that no view counts twice.";

const WHY_ALL: &str = "No fault remains between the nodes. All of them must show what any of them has counted or heard of, without a new view.";

const WHY_KEPT: &str = "A node forgets no view that it knows. It counts in a slot of its own, and takes the higher count of each slot.";

const WHY_SKETCH: &str = "A sum of visitors counts a visitor of two nodes twice. A sketch that merges by the higher value of each register counts each visitor once.";

/// The model: it hears of everything that the story does.
pub(in super::super) struct Table {
    subject: Subject,
    /// The links, by their owners in the beginning.
    links: RefCell<BTreeMap<String, Vec<Page>>>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    between: Between,
    /// All views, in the order in which they began.
    views: Vec<View>,
    /// What nodes have shown in their present lives, each link's highest number.
    shown: BTreeMap<(String, String), Observed>,
    /// Until when the counters of a node may be busy.
    busy: BTreeMap<String, Instant>,
    /// Views that nodes must know from a moment on, if nothing gets in between: view and node.
    pending: Vec<(usize, String, Instant)>,
    /// By how much messages from any node are late, at most.
    delay: Duration,
    /// The nodes whose store has ever failed.
    stores: BTreeSet<String>,
    /// Whether the members have changed, and with them the owners of links.
    members_changed: bool,
    /// How often the model has looked.
    looks: usize,
    /// How far the store's commands were looked at.
    store: u64,
}

/// A view.
struct View {
    code: String,
    node: String,
    life: u32,
    visitor: Option<u64>,
    outcome: Outcome,
    /// The nodes that must know it.
    known_by: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It may count or not.
    Open,
    /// It was answered with 302.
    Counts,
    /// It was refused.
    None,
}

/// What a node showed of a link: how many views, and how many had begun by then.
#[derive(Clone, Copy)]
struct Observed {
    views: u64,
    begun: usize,
}

impl Table {
    pub(in super::super) fn of(subject: Subject) -> Table {
        Table {
            subject,
            links: RefCell::default(),
            state: RefCell::default(),
        }
    }

    /// Makes the links, and waits until all nodes know their owners.
    async fn make_links(&self, cluster: &Cluster<'_>) -> Told {
        let nodes = cluster.running();
        cluster
            .eventually(
                RING_TIME,
                "each node has all members on its ring",
                async || {
                    for node in &nodes {
                        let state = ring(cluster, node).await?;
                        if state.members.len() != nodes.len() {
                            return Err(Unmet::at(
                                node,
                                format!("{node} has {} members", state.members.len()),
                            ));
                        }
                    }
                    Ok(())
                },
            )
            .await?;
        let (count, each) = match self.subject {
            Subject::ManyLinks => (1_200, usize::MAX),
            _ => (12 * nodes.len(), 2),
        };
        let pages = Page::of("page", count);
        let owned = owners(cluster, &nodes[0], &pages).await?;
        let mut links: BTreeMap<String, Vec<Page>> = BTreeMap::new();
        for (page, owner) in pages.into_iter().zip(owned) {
            let of_owner = links.entry(owner).or_default();
            if of_owner.len() < each {
                put(cluster, &page).await?;
                of_owner.push(page);
            }
        }
        *self.links.borrow_mut() = links;
        Ok(())
    }

    /// The first links of an owner.
    fn some(&self, owner: &str, from: usize, count: usize) -> Vec<Page> {
        let links = self.links.borrow();
        links
            .get(owner)
            .into_iter()
            .flatten()
            .skip(from)
            .take(count)
            .cloned()
            .collect()
    }

    /// Whether a request of a node for a link of an owner is one that this problem allows.
    fn is_allowed(&self, cluster: &Cluster<'_>, node: &str, owner: &str) -> bool {
        cluster.standing(node) == Some(Standing::Running)
            && (self.subject.falls_back()
                || node == owner
                || self.subject == Subject::Aggregates && cluster.standing(owner).is_some())
    }

    /// A visitor follows a link.
    async fn view(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        page: &Page,
        visitor: Option<u64>,
    ) -> Told {
        let number = {
            let mut state = self.state.borrow_mut();
            let life = state.between.life(node);
            state.views.push(View {
                code: page.code.to_string(),
                node: node.to_owned(),
                life,
                visitor,
                outcome: Outcome::Open,
                known_by: BTreeSet::new(),
            });
            state.views.len() - 1
        };
        let begun = Instant::now();
        let mut request = Request::get(page.path());
        if let Some(visitor) = visitor {
            request = request.header("x-visitor", name_of(visitor));
        }
        let answer = match cluster.request(node, &request).await {
            Ok(answer) => answer,
            Err(silent) => return self.unanswered(node, silent),
        };
        let mut state = self.state.borrow_mut();
        match answer.status {
            302 if answer.location.as_deref() == Some(&page.url) => {
                state.counts(cluster, number);
                let limit = cluster.context().limit(AT_ONCE, AT_ONCE_WHEN_BUSY);
                let undisturbed = self.owns(node, page)
                    && !state.members_changed
                    && !state.stores.contains(node)
                    && !state.between.was_touched(node, begun - SOON);
                if answer.took <= limit || !undisturbed {
                    return Ok(());
                }
                let seen = format!(
                    "{node} took {} ms to redirect a visitor of {}",
                    answer.took.as_millis(),
                    page.path()
                );
                let expected = format!(
                    "a redirect within {} ms: {node} owns the link",
                    limit.as_millis()
                );
                let fact = Fact::LateRedirect {
                    node: node.to_owned(),
                };
                let why =
                    "A visitor must wait neither for a server that counts nor for another node.";
                Err(cluster
                    .failed_at(node, seen, expected)
                    .fact(&fact)
                    .because(why)
                    .into())
            }
            503 => {
                state.views[number].outcome = Outcome::None;
                Ok(())
            }
            _ => {
                let seen = format!(
                    "{node}, asked for {}, answered {}",
                    page.path(),
                    answer.in_words()
                );
                let expected = format!(
                    "302, and {} leads to {}; or 503 with a reason",
                    page.path(),
                    page.url
                );
                let fact = Fact::WrongPage {
                    node: node.to_owned(),
                    code: page.code.to_string(),
                    status: answer.status,
                };
                Err(cluster.failed_at(node, seen, expected).fact(&fact).into())
            }
        }
    }

    /// What it means that a request was not answered: nothing, if something was done to its node.
    fn unanswered(&self, node: &str, silent: NoAnswer) -> Told {
        let begun = Instant::now() - Duration::from_secs(6);
        let touched = self.state.borrow().between.was_touched(node, begun);
        match Stop::from(silent) {
            stop @ (Stop::NotWritten(_) | Stop::Fault(_)) => Err(stop),
            _ if touched => Ok(()),
            stop => Err(stop),
        }
    }

    async fn views(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        of: impl IntoIterator<Item = (Page, Option<u64>)>,
    ) -> Told {
        use futures_util::StreamExt;
        let views = of
            .into_iter()
            .map(async |(page, visitor)| self.view(cluster, node, &page, visitor).await);
        let mut views =
            std::pin::pin!(futures_util::stream::iter(views).buffer_unordered(WIDTH as usize));
        while let Some(told) = views.next().await {
            told?;
        }
        Ok(())
    }

    /// What is no view.
    async fn no_view(&self, cluster: &Cluster<'_>, node: &str, page: &Page) -> Told {
        let nowhere = format!("{}x", page.path());
        for request in [Request::new("HEAD", page.path()), Request::get(nowhere)] {
            if let Err(silent) = cluster.request(node, &request).await {
                self.unanswered(node, silent)?;
            }
        }
        Ok(())
    }

    /// Asks a node for the views of a link. It shows all that it must know, no more than there were,
    /// and no less than before.
    async fn read(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        page: &Page,
    ) -> Result<Option<Shown>, Stop> {
        let code = page.code.as_str();
        let (least, life) = {
            let mut state = self.state.borrow_mut();
            state.settle(cluster);
            (state.least_on(node, code), state.between.life(node))
        };
        let begun = Instant::now();
        let shown = match shows(cluster, node, &page.code).await {
            Ok(shown) => shown,
            Err(Unmet::Never(stop)) => return Err(stop),
            Err(Unmet::NotYet { seen, .. }) => {
                if self
                    .state
                    .borrow()
                    .between
                    .was_touched(node, begun - Duration::from_secs(6))
                {
                    return Ok(None);
                }
                let fact = Fact::NoNumber {
                    node: node.to_owned(),
                };
                return Err(cluster
                    .failed_at(node, seen, "200, and the number of views")
                    .fact(&fact)
                    .into());
            }
        };
        let (took, limit) = (
            begun.elapsed(),
            cluster.context().limit(AT_ONCE, AT_ONCE_WHEN_BUSY),
        );
        let mut state = self.state.borrow_mut();
        if state.between.was_touched(node, begun - SOON) && state.between.life(node) != life {
            return Ok(None);
        }
        if took > limit && !state.between.was_touched(node, begun - SOON) {
            let seen = format!(
                "{node} took {} ms to answer how often {} was viewed",
                took.as_millis(),
                page.path()
            );
            let expected = format!(
                "a node shows the number at once (within {} ms)",
                limit.as_millis()
            );
            let fact = Fact::LateNumber {
                node: node.to_owned(),
            };
            let why = "A reader must wait neither for a server nor for another node: the number is in the node's memory.";
            return Err(cluster
                .failed_at(node, seen, expected)
                .fact(&fact)
                .because(why)
                .into());
        }
        let most = state.most(code);
        let fails = |wanted: String, fact: Fact, why: &str| {
            let seen = format!(
                "{node} shows Redirects: {} for {}",
                shown.redirects,
                page.path()
            );
            Stop::from(
                cluster
                    .failed_at(node, seen, wanted)
                    .fact(&fact)
                    .because(why),
            )
        };
        if shown.redirects > most {
            let fact = Fact::TooManyViews {
                node: node.to_owned(),
                code: code.to_owned(),
                shown: shown.redirects,
                most,
            };
            return Err(fails(
                format!("there were {most} views of it, so no node shows more"),
                fact,
                WHY_ONCE,
            ));
        }
        let before = state
            .shown
            .get(&(node.to_owned(), code.to_owned()))
            .map_or(0, |before| before.views);
        if shown.redirects < before {
            let fact = Fact::FewerViews {
                node: node.to_owned(),
                code: code.to_owned(),
                shown: shown.redirects,
                before,
            };
            return Err(fails(
                format!("it showed {before} before, and a number never falls"),
                fact,
                WHY_KEPT,
            ));
        }
        if shown.redirects < least {
            let fact = Fact::TooFewViews {
                node: node.to_owned(),
                code: code.to_owned(),
                shown: shown.redirects,
                least,
            };
            let why = "It has served these views, or a connected node has, and no fault was between the two.";
            return Err(fails(
                format!("it shows at least {least} by now"),
                fact,
                why,
            ));
        }
        let observed = Observed {
            views: shown.redirects,
            begun: state.views.len(),
        };
        state
            .shown
            .insert((node.to_owned(), code.to_owned()), observed);
        Ok(Some(shown))
    }

    /// The nodes used only the keys of the store that they may use.
    fn store_holds_links(&self, cluster: &Cluster<'_>) -> Told {
        let mut state = self.state.borrow_mut();
        let commands = cluster.store_commands(state.store);
        state.store = cluster.store_mark();
        let foreign = |key: &&str| !is_given(key);
        for command in commands.iter() {
            if let Some(key) = command.key.as_deref().filter(foreign) {
                let seen = format!(
                    "{} used the key {key} of the store ({})",
                    command.node, command.name
                );
                let expected =
                    "the store holds links and members only: nodes send each other views";
                let fact = Fact::ForeignKey {
                    node: command.node.clone(),
                };
                return Err(cluster
                    .failed_at(&command.node, seen, expected)
                    .fact(&fact)
                    .because(WHY_NOT_THE_STORE)
                    .into());
            }
        }
        Ok(())
    }

    /// The links that were viewed.
    fn viewed(&self) -> Vec<Page> {
        let state = self.state.borrow();
        let viewed: BTreeSet<&str> = state.views.iter().map(|view| view.code.as_str()).collect();
        let links = self.links.borrow();
        let links = links.values().flatten();
        links
            .filter(|page| viewed.contains(page.code.as_str()))
            .cloned()
            .collect()
    }

    /// Each pair of nodes is kept apart and meets again.
    async fn all_meet(&self, cluster: &Cluster<'_>, nodes: &[String]) -> Told {
        cluster.step("The network is cut between all nodes, and then it is whole again.");
        let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
        for (place, node) in nodes.iter().enumerate() {
            cluster.partition(&[*node], &nodes[place + 1..]).await?;
        }
        cluster.heal();
        cluster.await_mesh().await
    }

    /// Nodes that have met show all views that one of them knows; `alike` if they are all nodes, and so
    /// show the same.
    async fn all_show(&self, cluster: &Cluster<'_>, nodes: &[String], alike: bool) -> Told {
        let mut viewed = self.viewed();
        cluster
            .eventually(MEETING, "nodes that have met show all views that one of them knows, of each link", async || {
                for place in 0..viewed.len() {
                    // What does not hold is looked at first next time.
                    viewed.swap(0, place);
                    let page = &viewed[0];
                    let code = page.code.as_str();
                    for node in nodes {
                        let Some(shown) = self.read(cluster, node, page).await? else {
                            continue;
                        };
                        let least = self.state.borrow().least(nodes, code);
                        if shown.redirects < least {
                            let seen = format!("{node} shows Redirects: {} for {}, and there were at least {least} views that count", shown.redirects, page.path());
                            let fact = Fact::LostViews { node: node.clone(), code: code.to_owned(), shown: shown.redirects, least };
                            return Err(Unmet::at(node, seen).fact(&fact));
                        }
                    }
                    if alike {
                        self.numbers_agree(nodes, page)?;
                    }
                }
                Ok(())
            })
            .await
            .because(WHY_ALL)
    }

    fn numbers_agree(&self, nodes: &[String], page: &Page) -> Result<(), Unmet> {
        let state = self.state.borrow();
        let shown = |node: &String| {
            let observed = state.shown.get(&(node.clone(), page.code.to_string()));
            observed.map_or(0, |observed| observed.views)
        };
        let [first, others @ ..] = nodes else {
            return Ok(());
        };
        match others.iter().find(|other| shown(other) != shown(first)) {
            None => Ok(()),
            Some(other) => {
                let seen = format!(
                    "for {}, {first} shows Redirects: {} and {other} shows Redirects: {}",
                    page.path(),
                    shown(first),
                    shown(other)
                );
                let fact = Fact::NumbersDiffer {
                    node: other.clone(),
                    code: page.code.to_string(),
                };
                Err(Unmet::at(other, seen).fact(&fact))
            }
        }
    }

    /// All nodes show the same number of visitors, about the right one, and a visitor who comes back
    /// does not change it.
    async fn visitors_agree(&self, cluster: &Cluster<'_>) -> Told {
        let nodes = cluster.running();
        for page in self.viewed() {
            let before = self.visitors(cluster, &nodes, &page).await?;
            let returning = {
                let state = self.state.borrow();
                let views = state
                    .views
                    .iter()
                    .filter(|view| view.code == page.code.as_str() && state.is_sure(&nodes, view));
                views.filter_map(|view| view.visitor).max()
            };
            let entry = nodes.iter().find(|node| self.owns(node, &page));
            if let (Some(visitor), Some(entry)) = (returning, entry) {
                cluster.step(format!(
                    "Visitor {visitor} comes back and follows {} on {entry}.",
                    page.path()
                ));
                self.view(cluster, entry, &page, Some(visitor)).await?;
                self.all_show(cluster, &nodes, true).await?;
                let after = self.visitors(cluster, &nodes, &page).await?;
                if after != before {
                    let seen = format!(
                        "the number of visitors of {} went from {before} to {after}",
                        page.path()
                    );
                    let fact = Fact::ReturnedVisitor {
                        code: page.code.to_string(),
                    };
                    let why = "A visitor who comes back changes no register of the sketch.";
                    return Err(cluster
                        .failed(seen, "a returning visitor does not change the number")
                        .fact(&fact)
                        .because(why)
                        .into());
                }
            }
        }
        Ok(())
    }

    fn owns(&self, node: &str, page: &Page) -> bool {
        self.links
            .borrow()
            .get(node)
            .is_some_and(|links| links.contains(page))
    }

    /// The number of visitors that all nodes show.
    async fn visitors(
        &self,
        cluster: &Cluster<'_>,
        nodes: &[String],
        page: &Page,
    ) -> Result<u64, Stop> {
        let (least, most) = {
            let state = self.state.borrow();
            let of = |views: &mut dyn Iterator<Item = &View>| -> BTreeSet<u64> {
                views.filter_map(|view| view.visitor).collect()
            };
            let of_page = || {
                state
                    .views
                    .iter()
                    .filter(|view| view.code == page.code.as_str())
            };
            let sure = of(&mut of_page().filter(|view| state.is_sure(nodes, view)));
            let all = of(&mut of_page().filter(|view| view.outcome != Outcome::None));
            (sure.len() as u64, all.len() as u64)
        };
        // Two of few visitors may share a register, by chance.
        let slack = |visitors: u64| (visitors / 10).max(1);
        let (least, most) = (least - slack(least).min(least), most + slack(most));
        let mut number = 0;
        let claim = format!(
            "all nodes show the same number of visitors for {}, between {least} and {most}",
            page.path()
        );
        cluster
            .eventually(MEETING, claim, async || {
                let mut all = Vec::new();
                for node in nodes {
                    let shown = shows(cluster, node, &page.code).await?;
                    let fact = Fact::Visitors {
                        node: node.clone(),
                        code: page.code.to_string(),
                        shown: shown.visitors,
                    };
                    match shown.visitors {
                        Some(visitors) if (least..=most).contains(&visitors) => all.push(visitors),
                        Some(visitors) => {
                            return Err(Unmet::at(
                                node,
                                format!("{node} shows Visitors: {visitors}"),
                            )
                            .fact(&fact));
                        }
                        None => {
                            return Err(
                                Unmet::at(node, format!("{node} shows no visitors")).fact(&fact)
                            );
                        }
                    }
                }
                number = all.first().copied().unwrap_or_default();
                match all.iter().position(|other| *other != number) {
                    None => Ok(()),
                    Some(place) => {
                        let fact = Fact::VisitorsDiffer {
                            code: page.code.to_string(),
                        };
                        Err(Unmet::at(
                            &nodes[place],
                            format!("{} show {all:?} visitors", nodes.join(", ")),
                        )
                        .fact(&fact))
                    }
                }
            })
            .await
            .because(WHY_SKETCH)?;
        Ok(number)
    }
}

impl Model for Table {
    type Operation = Do;

    fn begin<'a>(&'a self, cluster: &'a Cluster<'_>) -> Story<'a> {
        Box::pin(self.make_links(cluster))
    }

    fn perform<'a>(&'a self, cluster: &'a Cluster<'_>, operation: &'a Do) -> Story<'a> {
        Box::pin(async move {
            match operation {
                Do::View {
                    node,
                    owner,
                    link,
                    visitor,
                    times,
                } if self.is_allowed(cluster, node, owner) => {
                    let page = self.some(owner, *link, 1);
                    let named = |time: u64| visitor.map(|visitor| visitor + time);
                    let views = (0..*times)
                        .flat_map(|time| page.first().cloned().map(|page| (page, named(time))));
                    self.views(cluster, node, views).await
                }
                Do::ViewMany { node, owner, links } if self.is_allowed(cluster, node, owner) => {
                    let pages = self.some(owner, 0, *links);
                    self.views(cluster, node, pages.into_iter().map(|page| (page, None)))
                        .await
                }
                Do::Read { node, owner, link }
                    if cluster.standing(node) == Some(Standing::Running) =>
                {
                    for page in self.some(owner, *link, 1) {
                        self.read(cluster, node, &page).await?;
                    }
                    Ok(())
                }
                Do::NoView { node, owner, link } if self.is_allowed(cluster, node, owner) => {
                    for page in self.some(owner, *link, 1) {
                        self.no_view(cluster, node, &page).await?;
                    }
                    Ok(())
                }
                Do::Busy { node, ms } if cluster.standing(node) == Some(Standing::Running) => {
                    self.state
                        .borrow_mut()
                        .is_busy(node, Duration::from_millis(*ms));
                    // A node that has just died is not busy.
                    match cluster.cast(node, &COUNTERS, CountersMsg::Hold(*ms)).await {
                        Err(stop @ (Stop::NotWritten(_) | Stop::Fault(_))) => Err(stop),
                        _ => Ok(()),
                    }
                }
                Do::Member { node, added } => {
                    self.state.borrow_mut().members_changed = true;
                    change_members(cluster, node, *added).await
                }
                _ => Ok(()),
            }
        })
    }

    fn broken(&self, cluster: &Cluster<'_>, fault: &Fault) {
        let mut state = self.state.borrow_mut();
        let affected = state.between.broken(cluster, fault);
        state.settle(cluster);
        let state = &mut *state;
        let views = &state.views;
        state
            .pending
            .retain(|(view, node, _)| !affected.concerns(&views[*view].node, node));
        if let Some(node) = &affected.forgets {
            state.shown.retain(|(other, _), _| other != node);
            for view in &mut state.views {
                view.known_by.remove(node);
            }
        }
        if let Fault::Store { node, .. } = fault {
            state.stores.insert(node.clone());
        }
        if let Fault::Delay { ms, .. } = fault {
            state.delay = state.delay.max(Duration::from_millis(*ms));
        }
    }

    fn look<'a>(&'a self, cluster: &'a Cluster<'_>) -> Story<'a> {
        Box::pin(async move {
            self.store_holds_links(cluster)?;
            if self.subject == Subject::ManyLinks {
                return Ok(());
            }
            // One link after the other, to be quick.
            let viewed = self.viewed();
            let looks = self.state.borrow().looks;
            self.state.borrow_mut().looks += 1;
            if let Some(page) = viewed.get(looks % viewed.len().max(1)) {
                for node in cluster.running() {
                    self.read(cluster, &node, page).await?;
                }
            }
            Ok(())
        })
    }

    fn conclude<'a>(&'a self, cluster: &'a Cluster<'_>, mended: Mark) -> Story<'a> {
        Box::pin(async move {
            let until = {
                let mut state = self.state.borrow_mut();
                state.between.mended();
                state.busy.values().max().copied()
            };
            if let Some(until) = until {
                tokio::time::sleep_until(until).await;
            }
            let nodes = cluster.running();
            if self.subject.has_meetings() {
                let groups = groups(&nodes, &cluster.opened_since(mended));
                for group in groups.iter().filter(|group| group.len() > 1) {
                    self.all_show(cluster, group, false).await?;
                }
                if groups.len() > 1 {
                    self.all_meet(cluster, &nodes).await?;
                }
            }
            self.all_show(cluster, &nodes, true).await?;
            // What is still under way changes nothing.
            sleep(SOON).await;
            self.all_show(cluster, &nodes, true).await?;
            match self.subject {
                Subject::Visitors => self.visitors_agree(cluster).await,
                _ => Ok(()),
            }
        })
    }
}

/// Nodes in groups, in which there is a way from each to each over pairs that have met.
fn groups(nodes: &[String], met: &[(String, String)]) -> Vec<Vec<String>> {
    let mut groups: Vec<Vec<String>> = nodes.iter().map(|node| vec![node.clone()]).collect();
    for (a, b) in met {
        let of = |node: &String, groups: &[Vec<String>]| {
            groups.iter().position(|group| group.contains(node))
        };
        if let (Some(one), Some(other)) = (of(a, &groups), of(b, &groups))
            && one != other
        {
            let joined = groups.swap_remove(one.max(other));
            groups[one.min(other)].extend(joined);
        }
    }
    groups
}

impl State {
    /// A view was answered with 302.
    fn counts(&mut self, cluster: &Cluster<'_>, number: usize) {
        let now = Instant::now();
        let view = &mut self.views[number];
        view.outcome = Outcome::Counts;
        let (node, life) = (view.node.clone(), view.life);
        if self.between.life(&node) != life {
            return;
        }
        self.pending.push((number, node.clone(), now + OWN));
        for other in cluster.running() {
            if other != node
                && self.between.is_quiet(cluster, &node, &other)
                && !cluster.is_cut(&node, &other)
            {
                let free = |node: &String| self.busy.get(node).copied().unwrap_or(now);
                let due = now.max(free(&node)).max(free(&other)) + SOON + self.delay;
                self.pending.push((number, other, due));
            }
        }
    }

    /// The counters of a node are busy for some more time.
    fn is_busy(&mut self, node: &str, time: Duration) {
        let now = Instant::now();
        let until = self.busy.entry(node.to_owned()).or_insert(now);
        *until = now.max(*until) + time;
        for (view, other, due) in &mut self.pending {
            if self.views[*view].node == node && other != node
                || other == node && self.views[*view].node != node
            {
                *due += time;
            }
        }
    }

    /// What is due by now is known.
    fn settle(&mut self, cluster: &Cluster<'_>) {
        let now = Instant::now();
        let (due, pending) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|(_, _, due)| *due <= now);
        self.pending = pending;
        let due: Vec<(usize, String, Instant)> = due;
        for (view, node, _) in due {
            // A node that is killed at this moment knows nothing.
            if cluster.standing(&node) == Some(Standing::Running) {
                self.views[view].known_by.insert(node);
            }
        }
    }

    /// How many views of a link a node must know.
    fn least_on(&self, node: &str, code: &str) -> u64 {
        let views = self.views.iter().filter(|view| view.code == code);
        views.filter(|view| view.known_by.contains(node)).count() as u64
    }

    /// How many views of a link there were at most.
    fn most(&self, code: &str) -> u64 {
        let views = self.views.iter().filter(|view| view.code == code);
        views.filter(|view| view.outcome != Outcome::None).count() as u64
    }

    /// Whether one of some nodes has served a view, or must know it.
    fn is_sure(&self, nodes: &[String], view: &View) -> bool {
        let served = || nodes.contains(&view.node) && self.between.life(&view.node) == view.life;
        view.outcome == Outcome::Counts
            && (served() || nodes.iter().any(|node| view.known_by.contains(node)))
    }

    /// How many views of a link some nodes know at least, together: those that are sure, and what one
    /// of them has shown beyond these.
    fn least(&self, nodes: &[String], code: &str) -> u64 {
        let of_code = self
            .views
            .iter()
            .enumerate()
            .filter(|(_, view)| view.code == code);
        let sure = of_code.filter(|(_, view)| self.is_sure(nodes, view));
        let sure: Vec<usize> = sure.map(|(number, _)| number).collect();
        let shown = nodes
            .iter()
            .filter_map(|node| self.shown.get(&(node.clone(), code.to_owned())));
        let beyond = shown.map(|observed| {
            let sure_then = sure
                .iter()
                .filter(|number| **number < observed.begun)
                .count() as u64;
            observed.views.saturating_sub(sure_then)
        });
        sure.len() as u64 + beyond.max().unwrap_or_default()
    }
}

/// The name of a visitor. Many differ from another's in one letter only, or in its case.
fn name_of(visitor: u64) -> String {
    let pair = visitor / 2;
    match visitor % 2 {
        0 => format!("visitor-{pair}"),
        _ => format!("Visitor-{pair}"),
    }
}
