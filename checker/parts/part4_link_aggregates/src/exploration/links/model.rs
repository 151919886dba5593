//! What each answer of the service may be.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runtime::NodeName;
use shortener::Code;
use testkit::cluster::{Answer, Cluster, Explained, Mark, NoAnswer, Request, Standing};
use testkit::exploration::{Fault, Model, StoreDoes};
use testkit::scenario::{Stop, Story, Told};
use tokio::time::{Instant, sleep};

use super::super::between::Between;
use super::super::change_members;
use super::book::Book;
use super::{Do, RECOVERY, REFRESH, REFRESH_WHEN_BUSY, Subject, Wanted, page};
use crate::fact::{Answered, Fact};
use crate::messages::{ANSWER_TIMEOUT, RING, RingMsg};
use crate::pages::{Page, frames_about, peek, ring};

/// The same on processes of a busy machine.
const ANSWER_TIMEOUT_WHEN_BUSY: Duration = Duration::from_secs(4);

const WHY_STORE: &str = "The store gives a code to one URL only, and a 201 means that it has done so. No link vanishes before it expires.";

const WHY_404: &str = "404 means: there is no such link. A node that cannot know answers 503.";

const WHY_503: &str =
    "503 is the answer only when a node that is needed, or the store, cannot be reached.";

const WHY_OWNER: &str = "A node that can reach no other node may be the one that is cut off. If it acted for all owners, ownership would mean nothing.";

/// The model: it hears of everything that the story does.
pub(in super::super) struct Service {
    subject: Subject,
    state: RefCell<State>,
    /// How many requests have begun, and how many are under way.
    begun: Cell<u64>,
    under_way: Cell<u64>,
}

#[derive(Default)]
struct State {
    between: Between,
    book: Book,
    /// The members, as the store lists them, and when they last changed.
    members: BTreeSet<String>,
    changed: Option<Instant>,
    /// The members that were removed, with the moment.
    removed: Vec<(String, Instant)>,
    ever_changed: bool,
    /// What the store does to nodes, and since when.
    stores: BTreeMap<String, (StoreDoes, Instant)>,
    /// The nodes that were asked for a code.
    asked: BTreeMap<Code, BTreeSet<String>>,
}

/// A request that is under way.
struct Asked<'r> {
    node: &'r str,
    /// The codes that may be claimed for it, or the one that is looked up.
    codes: Vec<Code>,
    words: String,
    begun: Instant,
    /// The nodes that the entry could reach when it began.
    reached: BTreeSet<String>,
    frames: Mark,
    commands: u64,
    /// How many requests had begun, if no other was under way.
    alone: Option<u64>,
}

impl Service {
    pub(in super::super) fn of(subject: Subject) -> Service {
        Service {
            subject,
            state: RefCell::default(),
            begun: Cell::default(),
            under_way: Cell::default(),
        }
    }

    async fn create(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        number: usize,
        wanted: Option<&Wanted>,
        ttl: Option<u64>,
    ) -> Told {
        let url = page(number).url;
        let codes = match wanted {
            Some(wanted) => vec![wanted.code()],
            None => Code::candidates(&url),
        };
        let seconds = ttl.map(|ttl| ttl.to_string());
        let mut fields = vec![("url", url.as_str())];
        fields.extend(wanted.map(|_| ("code", codes[0].as_str())));
        fields.extend(seconds.iter().map(|seconds| ("ttl", seconds.as_str())));
        let request = Request::form("/", &fields);
        let Some(asked) = self.begin_request(cluster, node, codes, &request).await? else {
            return Ok(());
        };
        let asking = self.state.borrow_mut().book.ask(&asked.codes, &url);
        let answer = self.answer(cluster, &asked, &request).await?;
        let created = match &answer {
            Some(answer) if answer.status == 201 => answer.line().parse::<Code>().ok(),
            _ => None,
        };
        let told = match &answer {
            None => Ok(()),
            Some(answer) => {
                self.judge_creation(cluster, &asked, answer, &url, ttl, created.as_ref())
                    .await
            }
        };
        let book = &mut self.state.borrow_mut().book;
        match (created, answer) {
            (Some(code), _) => book.created(&asking, &code, ttl),
            (None, Some(answer)) if answer.status == 409 => {
                asked
                    .codes
                    .iter()
                    .for_each(|code| book.refused(&asking, code));
            }
            (None, _) => book.is_open(&asking, ttl),
        }
        told
    }

    async fn judge_creation(
        &self,
        cluster: &Cluster<'_>,
        asked: &Asked<'_>,
        answer: &Answer,
        url: &str,
        ttl: Option<u64>,
        created: Option<&Code>,
    ) -> Told {
        let (from, to) = (asked.begun, Instant::now());
        let node = asked.node;
        let fails = |expected: String, fact: fn(Answered) -> Fact, why: &str| {
            let seen = format!(
                "{node} answered `{}` with {}",
                asked.words,
                answer.in_words()
            );
            let fact = fact(Answered {
                node: node.to_owned(),
                status: answer.status,
            });
            Err(Stop::from(
                cluster
                    .failed_at(node, seen, expected)
                    .fact(&fact)
                    .because(why),
            ))
        };
        match (answer.status, created) {
            (201, Some(code)) => {
                let Some(place) = asked.codes.iter().position(|wanted| wanted == code) else {
                    return fails(
                        "the code is one of the URL's, or the one that was asked for".to_owned(),
                        Fact::WrongCode,
                        WHY_STORE,
                    );
                };
                let (free, known) = {
                    let state = self.state.borrow();
                    if let Some(other) = state
                        .book
                        .leads_to(code, from, to)
                        .filter(|other| *other != url)
                    {
                        return fails(
                            format!("409, or another code: /{code} leads to {other}"),
                            Fact::TwoUrls,
                            WHY_STORE,
                        );
                    }
                    let free =
                        |code: &&Code| !state.book.may_be_taken(code, url, from - RECOVERY, to);
                    let free = asked.codes[..place].iter().find(free).cloned();
                    let leads = |code: &&Code| state.book.leads_to(code, from, to) == Some(url);
                    (free, asked.codes.iter().find(leads).cloned())
                };
                if let Some(known) = known.filter(|known| known != code) {
                    return fails(
                        format!("201 {known}: the URL has this code already"),
                        Fact::AnotherCode,
                        "A URL keeps its code while its link lives, on every node.",
                    );
                }
                let knew = self
                    .state
                    .borrow()
                    .book
                    .may_lead_anyway(code, url, from, to);
                if let Some(free) = free
                    && !knew
                {
                    return fails(
                        format!("201 {free}: no other URL has that code"),
                        Fact::LaterCode,
                        "A URL gets the first of its codes that no other URL has.",
                    );
                }
                let stored = cluster.store_get(&format!("link:{code}")).await?;
                let may_be_swept = ttl.is_some_and(|ttl| from + Duration::from_secs(ttl) <= to);
                if !may_be_swept
                    && !stored
                        .as_ref()
                        .is_some_and(|stored| stored.ends_with(&format!(" {url}")))
                {
                    return fails(
                        format!("the store has the link of /{code} before the answer"),
                        Fact::NotStored,
                        WHY_STORE,
                    );
                }
                self.was_granted(cluster, asked, code, place).await
            }
            (201, None) => fails(
                "the first line of a 201 is the code".to_owned(),
                Fact::WrongCode,
                WHY_STORE,
            ),
            (409, _) => {
                let state = self.state.borrow();
                let taken = asked
                    .codes
                    .iter()
                    .all(|code| state.book.may_be_taken(code, url, from, to));
                match taken {
                    true => Ok(()),
                    false => fails(
                        "201: no other URL has the code".to_owned(),
                        Fact::NotTaken,
                        "409 means that the code belongs to another URL.",
                    ),
                }
            }
            (503, _) => {
                let is_chain =
                    self.state
                        .borrow()
                        .book
                        .may_be_taken(&asked.codes[0], url, from, to);
                self.was_refused(cluster, asked, answer, true, is_chain)
                    .await
            }
            _ => fails("201, 409 or 503".to_owned(), Fact::WrongStatus, WHY_503),
        }
    }

    async fn look_up(&self, cluster: &Cluster<'_>, node: &str, wanted: &Wanted) -> Told {
        let code = wanted.code();
        // A HEAD is no view.
        let request = Request::new("HEAD", format!("/{code}"));
        let Some(asked) = self
            .begin_request(cluster, node, vec![code.clone()], &request)
            .await?
        else {
            return Ok(());
        };
        let Some(answer) = self.answer(cluster, &asked, &request).await? else {
            return Ok(());
        };
        let (from, to) = (asked.begun, Instant::now());
        let certain = self
            .state
            .borrow()
            .book
            .leads_to(&code, from, to)
            .map(str::to_owned);
        let fails = |expected: String, fact: fn(Answered) -> Fact, why: &str| {
            let seen = format!(
                "{node} answered `{}` with {}",
                asked.words,
                answer.in_words()
            );
            let fact = fact(Answered {
                node: node.to_owned(),
                status: answer.status,
            });
            Err(Stop::from(
                cluster
                    .failed_at(node, seen, expected)
                    .fact(&fact)
                    .because(why),
            ))
        };
        match (answer.status, certain) {
            (302, Some(url)) if answer.location.as_ref() != Some(&url) => fails(
                format!("302 {url}: the code belongs to that URL"),
                Fact::TwoUrls,
                WHY_STORE,
            ),
            (302, certain) => {
                let url = answer.location.clone().unwrap_or_default();
                let possible = certain.is_some()
                    || self.state.borrow().book.may_lead_to(&code, &url, from, to);
                match possible {
                    true => self.was_alone(cluster, &asked, &code).await,
                    false => fails(
                        "404: no link with this code leads there, or the link has expired"
                            .to_owned(),
                        Fact::LeadsOn,
                        "An expired link leads nowhere, whichever node is asked.",
                    ),
                }
            }
            (404, Some(url)) => fails(
                format!("302 {url}: the link exists"),
                Fact::LostLink,
                WHY_404,
            ),
            (404, None) => self.was_alone(cluster, &asked, &code).await,
            (503, _) => {
                self.was_refused(cluster, &asked, &answer, false, false)
                    .await
            }
            _ => fails("302, 404 or 503".to_owned(), Fact::WrongStatus, WHY_503),
        }
    }

    /// A request begins, unless its node does not run.
    async fn begin_request<'r>(
        &self,
        cluster: &Cluster<'_>,
        node: &'r str,
        codes: Vec<Code>,
        request: &Request,
    ) -> Result<Option<Asked<'r>>, Stop> {
        if cluster.standing(node) != Some(Standing::Running) {
            return Ok(None);
        }
        self.note_members(cluster).await?;
        let Ok(mut reached) = cluster.list(node).await else {
            return Ok(None);
        };
        reached.retain(|other| cluster.standing(other) == Some(Standing::Running));
        for code in &codes {
            let mut state = self.state.borrow_mut();
            state
                .asked
                .entry(code.clone())
                .or_default()
                .insert(node.to_owned());
        }
        let alone = (self.under_way.get() == 0).then(|| self.begun.get() + 1);
        self.begun.set(self.begun.get() + 1);
        Ok(Some(Asked {
            node,
            codes,
            words: request.in_words(),
            begun: Instant::now(),
            reached,
            frames: cluster.mark(),
            commands: cluster.store_mark(),
            alone,
        }))
    }

    /// The answer, in time; none if something was done to the node meanwhile.
    async fn answer(
        &self,
        cluster: &Cluster<'_>,
        asked: &Asked<'_>,
        request: &Request,
    ) -> Result<Option<Answer>, Stop> {
        self.under_way.set(self.under_way.get() + 1);
        let answered: Result<Answer, NoAnswer> = cluster.request(asked.node, request).await;
        self.under_way.set(self.under_way.get() - 1);
        let state = self.state.borrow();
        if state
            .between
            .was_touched(asked.node, asked.begun - Duration::from_secs(1))
        {
            return match answered.map_err(Stop::from) {
                Err(stop @ (Stop::NotWritten(_) | Stop::Fault(_))) => Err(stop),
                Err(_) => Ok(None),
                Ok(answer) => Ok(Some(answer)),
            };
        }
        let answer = answered.map_err(Stop::from)?;
        let limit = cluster
            .context()
            .limit(ANSWER_TIMEOUT, ANSWER_TIMEOUT_WHEN_BUSY);
        let is_chain = asked.codes.len() > 1 && state.book.is_contested(&asked.codes[0]);
        // Nothing else takes any time in a simulation, and some in life.
        if answer.took >= limit && state.stores_work(asked.begun) && !is_chain {
            let seen = format!(
                "{} answered `{}` after {} ms",
                asked.node,
                asked.words,
                answer.took.as_millis()
            );
            let expected = format!("an answer within {} s", limit.as_secs_f32());
            let fact = Fact::LateAnswer {
                node: asked.node.to_owned(),
            };
            let why = "A visitor waits. Everything that the entry waits for, one after another, must fit into that time.";
            return Err(cluster
                .failed_at(asked.node, seen, expected)
                .fact(&fact)
                .because(why)
                .into());
        }
        Ok(Some(answer))
    }

    /// A creation was granted: not by a node that can reach no other node, for another owner, and not
    /// while there are no members.
    async fn was_granted(
        &self,
        cluster: &Cluster<'_>,
        asked: &Asked<'_>,
        code: &Code,
        place: usize,
    ) -> Told {
        let node = asked.node;
        let (is_isolated, is_ownerless) = {
            let state = self.state.borrow();
            (
                self.subject != Subject::Route && state.is_isolated(cluster, node, asked.begun),
                state.members.is_empty() && state.is_settled(cluster, node, asked.begun),
            )
        };
        let fails = |expected: &str, fact: fn(Answered) -> Fact, why: &str| {
            let seen = format!("{node} answered `{}` with 201 {code}", asked.words);
            let fact = fact(Answered {
                node: node.to_owned(),
                status: 201,
            });
            Err(Stop::from(
                cluster
                    .failed_at(node, seen, expected)
                    .fact(&fact)
                    .because(why),
            ))
        };
        if is_ownerless {
            return fails(
                "503: while the store lists no members, no node owns the code",
                Fact::Ownerless,
                "Without members, no lookup would find the table that has the link.",
            );
        }
        if is_isolated {
            let owners = self.owners(cluster, node, &asked.codes[..=place]).await?;
            let mut is_owner = false;
            for (owner, code) in owners.iter().zip(&asked.codes) {
                is_owner |= match owner {
                    Some(owner) => {
                        owner == node || self.is_second(cluster, node, owner, code).await?
                    }
                    None => true,
                };
            }
            if !is_owner {
                return fails(
                    "503: the node can reach no other node, and does not own the code",
                    Fact::StandsIn,
                    WHY_OWNER,
                );
            }
        }
        self.was_alone(cluster, asked, code).await
    }

    /// A request was refused: there must be a reason for it.
    async fn was_refused(
        &self,
        cluster: &Cluster<'_>,
        asked: &Asked<'_>,
        answer: &Answer,
        creates: bool,
        is_chain: bool,
    ) -> Told {
        let node = asked.node;
        let fails = |expected: String, fact: fn(Answered) -> Fact, why: &str| {
            let seen = format!(
                "{node} answered `{}` with {}",
                asked.words,
                answer.in_words()
            );
            let fact = fact(Answered {
                node: node.to_owned(),
                status: 503,
            });
            Err(Stop::from(
                cluster
                    .failed_at(node, seen, expected)
                    .fact(&fact)
                    .because(why),
            ))
        };
        // The answer to a HEAD has no body.
        if answer.retry_after.is_none() || creates && answer.line().is_empty() {
            return fails(
                "a 503 has the header Retry-After, and says why".to_owned(),
                Fact::NoReason,
                "A client that knows the reason, and when to try again, can act on it.",
            );
        }
        self.note_members(cluster).await?;
        let (in_reach, out_of_reach, stores_work, settled) = {
            let state = self.state.borrow();
            if state.members.is_empty() {
                return Ok(());
            }
            let fine = |other: &str| {
                state.store_works(other, asked.begun)
                    && (other == node
                        && state
                            .between
                            .is_quiet_since(cluster, node, node, asked.begun)
                        || asked.reached.contains(other)
                            && state
                                .between
                                .is_quiet_since(cluster, node, other, asked.begun))
            };
            let recent = state.recent_members(asked.begun);
            let (fine, others): (BTreeSet<String>, BTreeSet<String>) =
                recent.into_iter().partition(|member| fine(member));
            (
                fine,
                others,
                state.stores_work(asked.begun) && state.runs_long(cluster, node, asked.begun),
                state.has_ring(cluster, node, asked.begun),
            )
        };
        let runs_long = self.state.borrow().runs_long(cluster, node, asked.begun);
        if out_of_reach.is_empty() && runs_long {
            return fails(
                "no refusal: the node reaches all members, and they reach the store".to_owned(),
                Fact::Refused,
                WHY_503,
            );
        }
        if self.subject == Subject::Route {
            return Ok(());
        }
        if !creates && stores_work {
            return fails(
                "302 or 404: the node can ask the store, which has every link".to_owned(),
                Fact::NoFallback,
                "A lookup must not fail because the owner cannot be reached.",
            );
        }
        if self.subject == Subject::TwoOwners
            && out_of_reach.len() == 1
            && runs_long
            && in_reach.iter().any(|other| other != node)
            && !out_of_reach.contains(node)
        {
            return fails(
                "201: the second owner takes over".to_owned(),
                Fact::NoSecondOwner,
                "One node cannot be reached, and all others can. Then no request may be refused.",
            );
        }
        if creates && settled && !is_chain {
            let owners = self.owners(cluster, node, &asked.codes[..1]).await?;
            if let [Some(owner)] = &owners[..]
                && in_reach.contains(owner)
            {
                return fails(
                    format!("201: {node} can reach the owner, {owner}, which can reach the store"),
                    Fact::OwnerInReach,
                    WHY_503,
                );
            }
        }
        Ok(())
    }

    /// If nothing else was under way, the members have not changed and nothing is between entry and owner,
    /// only the owner did the work, for one message and its answer.
    async fn was_alone(&self, cluster: &Cluster<'_>, asked: &Asked<'_>, code: &Code) -> Told {
        let is_alone = asked.alone == Some(self.begun.get());
        {
            let state = self.state.borrow();
            if !is_alone
                || state.book.ever_expires(code)
                || asked.codes[0] != *code
                || !state.is_settled(cluster, asked.node, asked.begun)
            {
                return Ok(());
            }
        }
        let about = Page {
            url: format!("/{code}"),
            code: code.clone(),
        };
        let sent = frames_about(cluster, asked.frames, &about).len();
        let commands = cluster
            .store_commands(asked.commands)
            .key(&format!("link:{code}"));
        // Now another request may begin.
        let owners = self
            .owners(cluster, asked.node, std::slice::from_ref(code))
            .await?;
        let [Some(owner)] = &owners[..] else {
            return Ok(());
        };
        if self.subject != Subject::Route && !self.state.borrow().is_in_reach(cluster, asked, owner)
        {
            return Ok(());
        }
        let most = if owner == asked.node { 0 } else { 2 };
        let fact = Fact::OwnerAlone {
            code: code.to_string(),
            owner: owner.clone(),
        };
        if sent > most {
            let seen = format!(
                "`{}` on {} took {sent} messages between nodes",
                asked.words, asked.node
            );
            let expected =
                format!("at most {most}: one message to the owner, {owner}, and its answer");
            return Err(cluster.failed_at(asked.node, seen, expected).fact(&fact).because("Only the owner hears of a link; otherwise each node that you add gives all the others more work.").into());
        }
        if let Some(command) = commands.iter().find(|command| command.node != *owner) {
            let seen = format!(
                "{} asked the store about /{code} ({})",
                command.node, command.name
            );
            let expected = format!("only the owner, {owner}, asks the store about the link");
            return Err(cluster
                .failed_at(&command.node, seen, expected)
                .fact(&fact)
                .because("The owner spares the store the questions of all others.")
                .into());
        }
        Ok(())
    }

    async fn owners(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        codes: &[Code],
    ) -> Result<Vec<Option<String>>, Stop> {
        let codes = codes.to_vec();
        let asked = cluster
            .call(node, &RING, |reply| RingMsg::Owners(codes, reply))
            .await;
        match asked.map_err(Stop::from) {
            Ok(owners) => Ok(owners
                .into_iter()
                .map(|owner| Some(owner?.short().to_owned()))
                .collect()),
            Err(stop @ (Stop::NotWritten(_) | Stop::Fault(_))) => Err(stop),
            Err(_) => Ok(vec![None]),
        }
    }

    /// Whether a node may be the second owner of a code: it would own the code without the owner.
    async fn is_second(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        owner: &str,
        code: &Code,
    ) -> Result<bool, Stop> {
        if self.subject == Subject::Route {
            return Ok(false);
        }
        let others: Vec<_> = {
            let state = self.state.borrow();
            let others = state.members.iter().filter(|member| *member != owner);
            others.map(|member| cluster.name(member)).collect()
        };
        let codes = vec![code.clone()];
        let tried: Result<Vec<Option<NodeName>>, _> = cluster
            .call(node, &RING, |reply| RingMsg::Try(others, codes, reply))
            .await;
        let second = tried.map_err(Stop::from)?.into_iter().flatten().next();
        Ok(second.is_some_and(|second| second.short() == node))
    }

    /// Takes note of the members that the store lists.
    async fn note_members(&self, cluster: &Cluster<'_>) -> Told {
        let keys = cluster.store_keys("member:").await?;
        let names = keys
            .iter()
            .filter_map(|key| key.strip_prefix("member:")?.split('@').next());
        let members: BTreeSet<String> = names.map(str::to_owned).collect();
        let mut state = self.state.borrow_mut();
        state.take_members(members);
        Ok(())
    }

    /// Tables have only links that their nodes own.
    async fn tables(&self, cluster: &Cluster<'_>) -> Told {
        let certain = {
            let state = self.state.borrow();
            if state.ever_changed {
                return Ok(());
            }
            state.book.certain(Instant::now())
        };
        for (code, url) in certain {
            let page = Page {
                url,
                code: code.clone(),
            };
            for node in cluster.running() {
                let owners = self
                    .owners(cluster, &node, std::slice::from_ref(&code))
                    .await?;
                let [Some(owner)] = &owners[..] else { continue };
                let asked_alone = self
                    .state
                    .borrow()
                    .asked
                    .get(&code)
                    .is_some_and(|nodes| nodes.len() == 1 && nodes.contains(&node));
                // A node that others have asked may be a second owner.
                let may_keep = self.subject != Subject::Route && !asked_alone;
                if node == *owner || may_keep {
                    continue;
                }
                if peek(cluster, &node, &page).await?.is_some()
                    && !self.is_second(cluster, &node, owner, &code).await?
                {
                    let fact = Fact::CopyInTable {
                        node: node.clone(),
                        code: code.to_string(),
                        owner: owner.clone(),
                    };
                    let seen = format!("{node} has /{code} in its table");
                    let expected = format!("only {owner}, the owner, has the link in its table");
                    return Err(cluster
                        .failed_at(&node, seen, expected)
                        .fact(&fact)
                        .because(
                            "If every node keeps what it has looked up, every node has every link.",
                        )
                        .into());
                }
            }
        }
        Ok(())
    }
}

impl Model for Service {
    type Operation = Do;

    fn begin<'a>(&'a self, cluster: &'a Cluster<'_>) -> Story<'a> {
        Box::pin(async move {
            let nodes = cluster.running();
            cluster
                .eventually(
                    Duration::from_secs(10),
                    "each node has all members on its ring",
                    async || {
                        for node in &nodes {
                            let state = ring(cluster, node).await?;
                            if state.members.len() != nodes.len() {
                                return Err(
                                    format!("{node} has {} members", state.members.len()).into()
                                );
                            }
                        }
                        Ok(())
                    },
                )
                .await?;
            self.note_members(cluster).await?;
            let mut state = self.state.borrow_mut();
            state.changed = None;
            state.ever_changed = false;
            Ok(())
        })
    }

    fn perform<'a>(&'a self, cluster: &'a Cluster<'_>, operation: &'a Do) -> Story<'a> {
        Box::pin(async move {
            match operation {
                Do::Create {
                    node,
                    page,
                    code,
                    ttl,
                } => self.create(cluster, node, *page, code.as_ref(), *ttl).await,
                Do::LookUp { node, code } => self.look_up(cluster, node, code).await,
                Do::Member { node, added } => {
                    change_members(cluster, node, *added).await?;
                    self.note_members(cluster).await
                }
            }
        })
    }

    fn broken(&self, cluster: &Cluster<'_>, fault: &Fault) {
        let mut state = self.state.borrow_mut();
        let now = Instant::now();
        state.between.broken(cluster, fault);
        match fault {
            Fault::Store { node, does } => {
                // A store that works no better than before has failed since then.
                let since = match state.stores.get(node) {
                    Some((before, since))
                        if *before != StoreDoes::Back && *does != StoreDoes::Back =>
                    {
                        *since
                    }
                    _ => now,
                };
                state.stores.insert(node.clone(), (*does, since));
            }
            // A node that starts makes itself a member.
            Fault::Start { .. } => state.changed = Some(now + RECOVERY),
            _ => {}
        }
    }

    fn look<'a>(&'a self, cluster: &'a Cluster<'_>) -> Story<'a> {
        Box::pin(self.note_members(cluster))
    }

    fn conclude<'a>(&'a self, cluster: &'a Cluster<'_>, _: Mark) -> Story<'a> {
        Box::pin(async move {
            {
                let mut state = self.state.borrow_mut();
                state.between.mended();
                let now = Instant::now();
                for store in state.stores.values_mut() {
                    *store = (StoreDoes::Back, now);
                }
            }
            // The rings are right again, and the connections to the store.
            sleep(2 * RECOVERY).await;
            self.note_members(cluster).await?;
            let certain = self.state.borrow().book.certain(Instant::now());
            cluster.step("Each node is asked for each link.");
            for node in cluster.running() {
                for (code, _) in &certain {
                    self.look_up_code(cluster, &node, code).await?;
                }
            }
            self.tables(cluster).await?;
            for (number, node) in cluster.running().into_iter().enumerate() {
                cluster.step(format!("A client creates another link on {node}."));
                self.create(cluster, &node, 100 + number, None, None)
                    .await?;
            }
            Ok(())
        })
    }
}

impl Service {
    /// Looks a code up that leads somewhere for certain.
    async fn look_up_code(&self, cluster: &Cluster<'_>, node: &str, code: &Code) -> Told {
        for number in 0..8 {
            for wanted in [Wanted::First(number), Wanted::Named(number)] {
                if wanted.code() == *code {
                    return self
                        .look_up(cluster, node, &wanted)
                        .await
                        .because(WHY_STORE);
                }
            }
        }
        Ok(())
    }
}

impl State {
    fn take_members(&mut self, members: BTreeSet<String>) {
        if members == self.members {
            return;
        }
        let now = Instant::now();
        let gone: Vec<String> = self.members.difference(&members).cloned().collect();
        self.removed
            .extend(gone.into_iter().map(|node| (node, now)));
        self.members = members;
        self.changed = self.changed.max(Some(now));
        self.ever_changed = true;
    }

    /// The members, and those that were members a moment ago.
    fn recent_members(&self, begun: Instant) -> BTreeSet<String> {
        let recent = self.removed.iter().filter(|(_, at)| *at + RECOVERY > begun);
        self.members
            .iter()
            .chain(recent.map(|(node, _)| node))
            .cloned()
            .collect()
    }

    /// What the store does to a node since some time before a moment.
    fn store_works(&self, node: &str, begun: Instant) -> bool {
        match self.stores.get(node) {
            None => true,
            // That is a few milliseconds, in which a store may always be late.
            Some((StoreDoes::Slow(ms), _)) if *ms <= 20 => true,
            Some((StoreDoes::Back, since)) => *since + RECOVERY < begun,
            Some(_) => false,
        }
    }

    /// Whether the store works for all nodes.
    fn stores_work(&self, begun: Instant) -> bool {
        self.stores.keys().all(|node| self.store_works(node, begun))
    }

    /// Whether a node has run for a while before a moment, so that it has a ring.
    fn runs_long(&self, cluster: &Cluster<'_>, node: &str, begun: Instant) -> bool {
        cluster.standing(node) == Some(Standing::Running)
            && !self.between.was_touched(node, begun - RECOVERY)
    }

    /// Whether a node's ring has the members that the store lists, since before a moment.
    fn is_settled(&self, cluster: &Cluster<'_>, node: &str, begun: Instant) -> bool {
        let refresh = cluster.context().limit(REFRESH, REFRESH_WHEN_BUSY);
        self.changed.is_none_or(|at| at + refresh < begun)
            && self.store_works(node, begun)
            && self.runs_long(cluster, node, begun)
    }

    /// The same, or the node has had them since before the store failed it.
    fn has_ring(&self, cluster: &Cluster<'_>, node: &str, begun: Instant) -> bool {
        let refresh = cluster.context().limit(REFRESH, REFRESH_WHEN_BUSY);
        let failed = self
            .stores
            .get(node)
            .filter(|(does, _)| *does != StoreDoes::Back);
        let since = failed.map_or(begun, |(_, since)| *since);
        self.is_settled(cluster, node, begun)
            || failed.is_some()
                && self.changed.is_none_or(|at| at + refresh < since)
                && !self.between.was_touched(node, since - RECOVERY)
    }

    /// Whether nothing is in the way of a request to the owner, for a while before it began.
    fn is_in_reach(&self, cluster: &Cluster<'_>, asked: &Asked<'_>, owner: &str) -> bool {
        let (node, begun) = (asked.node, asked.begun);
        self.stores_work(begun)
            && self.runs_long(cluster, owner, begun)
            && (owner == node || asked.reached.contains(owner))
            && self.between.is_quiet_since(cluster, node, owner, begun)
    }

    /// Whether a node can reach no other node, since before a moment.
    fn is_isolated(&self, cluster: &Cluster<'_>, node: &str, begun: Instant) -> bool {
        let apart = |other: &String| {
            let away = matches!(
                cluster.standing(other),
                Some(Standing::Paused | Standing::Killed)
            ) && !self
                .between
                .was_touched(other, begun - Duration::from_millis(100));
            let cut = cluster.is_cut(node, other)
                && !self
                    .between
                    .was_pair_touched(node, other, begun - Duration::from_millis(100));
            other == node || away || cut
        };
        cluster.everyone().iter().all(apart) && !self.between.was_touched(node, begun)
    }
}
