//! Creations and lookups, and which answers are right.

use std::time::Duration;

use futures_util::future::join_all;
use shortener::{Code, Link};
use testkit::cluster::{Answer, Cluster, Explained, NoAnswer, Request, Standing};
use testkit::scenario::{Stop, Told};
use testkit::verdict::Failure;
use tokio::time::sleep;

use super::Create;
use super::model::{Attempt, MAX_STALENESS, Moment, Owed, SETTLING, Service, end_of, not_written};
use crate::fact::Fact;
use crate::messages::UNAVAILABLE_TIMEOUT;
use crate::{numbered, stored, url};

/// How long an answer may take that needs nothing but a table, and a creation besides the time of
/// the store.
const AT_ONCE: Duration = Duration::from_millis(50);

/// What a busy machine may add to the duration of an answer, where machines can be busy.
const BUSY: Duration = Duration::from_millis(1_500);

/// How often the store is asked for one creation at most, one time after the other: a new connection,
/// a code that is taken by an expired link, and a link that gets a later expiry, behind the questions of a
/// sweeper.
const STORE_ROUNDS: u32 = 12;

/// How many questions to the store one unknown code may cost within a second.
const MAX_READS: usize = 5;

const ONE_URL: &str = "A published link must not suddenly lead somewhere else.";

impl Service {
    fn failed(&self, cluster: &Cluster<'_>, fact: &Fact, expected: impl Into<String>) -> Failure {
        crate::failed(cluster, fact, expected)
    }

    /// Has a node create a link.
    pub(super) async fn create(&self, cluster: &Cluster<'_>, create: &Create) -> Told {
        let Create {
            node,
            page,
            code,
            ttl,
        } = create;
        if cluster.standing(node) != Some(Standing::Running) {
            return Ok(());
        }
        let url = url(page);
        let ttl_text = ttl.map(|ttl| ttl.to_string());
        let mut fields = vec![("url", url.as_str())];
        fields.extend(code.as_ref().map(|code| ("code", code.as_str())));
        fields.extend(ttl_text.as_ref().map(|ttl| ("ttl", ttl.as_str())));
        let request = Request::form("/", &fields);
        let codes: Vec<String> = match code {
            Some(code) => vec![code.clone()],
            None => Code::candidates(&url).iter().map(Code::to_string).collect(),
        };
        let connected = match self.level.replicates {
            true => cluster.list(node).await.unwrap_or_default(),
            false => Default::default(),
        };
        let begun = Moment::now();
        let place = {
            let mut state = self.state.borrow_mut();
            state.attempts.push(Attempt {
                codes,
                url: url.clone(),
                ttl: *ttl,
                begun,
                answered: None,
                refused: false,
            });
            state.attempts.len() - 1
        };
        let (alone, delay) = {
            let state = self.state.borrow();
            (state.under_way == 1, state.delay(node))
        };
        let answer = cluster.request(node, &request).await;
        let done = Moment::now();
        let alone = alone && self.state.borrow().under_way == 1;
        let allowed = AT_ONCE + STORE_ROUNDS * delay.max(self.state.borrow().delay(node));
        self.state.borrow_mut().attempts[place].answered = Some(done);
        let answer = match answer {
            Ok(answer) => answer,
            Err(silence) => return self.silent(cluster, node, begun, silence),
        };
        match answer.status {
            201 => {
                let got = crate::code_of(cluster, node, &answer)?;
                self.created(cluster, create, place, &got).await?;
                let receivers: Vec<String> = connected.into_iter().collect();
                self.announced(cluster, node, &got, begun, &receivers);
                match alone {
                    true => {
                        self.creation_was_quick(cluster, node, &request, begun, allowed, &answer)
                    }
                    // Of creations of one code at once, each may have to read again what another has changed.
                    false => Ok(()),
                }
            }
            409 => {
                self.state.borrow_mut().attempts[place].refused = true;
                let state = self.state.borrow();
                let rival = code.as_ref().is_some_and(|code| {
                    let mut rivals = state.possible(code, begun.ms);
                    rivals.any(|rival| rival.url != url)
                });
                if rival {
                    return Ok(());
                }
                let fact = Fact::NoConflict {
                    node: node.clone(),
                    question: request.in_words(),
                };
                let failure = self.failed(
                    cluster,
                    &fact,
                    "a code that belongs to no other page is granted: 201",
                );
                Err(failure.because("409 says that another page has the code. A client that reads it looks for another code unnecessarily.").into())
            }
            503 => {
                let mut state = self.state.borrow_mut();
                state.attempts[place].refused = state.got_nothing_through(node, begun.at);
                drop(state);
                self.unavailable(cluster, node, &request, begun, &answer, code.is_some())
            }
            _ => self.strange(cluster, node, &request, &answer),
        }
    }

    /// A node has answered 201.
    async fn created(
        &self,
        cluster: &Cluster<'_>,
        create: &Create,
        place: usize,
        got: &str,
    ) -> Told {
        let Create {
            node, page, code, ..
        } = create;
        let url = url(page);
        let (begun, done, codes) = {
            let state = self.state.borrow();
            let attempt = &state.attempts[place];
            (attempt.begun, Moment::now(), attempt.codes.clone())
        };
        let wrong_code = |wanted: &str| {
            let fact = Fact::WrongCode {
                node: node.clone(),
                url: url.clone(),
                code: got.to_owned(),
                wanted: wanted.to_owned(),
            };
            let failure = self.failed(cluster, &fact, format!("the link gets the code {wanted}"));
            Err(Stop::from(failure.because(
                "A URL has the same code on every node and at any time, so a client that got no answer can ask again.",
            )))
        };
        if !codes.iter().any(|code| code == got) {
            return wrong_code(&codes[0]);
        }
        let wanted = {
            let state = self.state.borrow();
            let own = |code: &&String| {
                state
                    .living(code, done.ms)
                    .any(|truth| truth.url == url && truth.since < begun.at)
            };
            let others = |code: &str| {
                let mut possible = state
                    .attempts
                    .iter()
                    .filter(|other| !other.refused && other.codes.iter().any(|own| own == code));
                possible.any(|other| other.url != url)
            };
            match codes.iter().find(own) {
                _ if code.is_some() => None,
                // It may have an earlier code that it got later.
                Some(known)
                    if codes
                        .iter()
                        .take_while(|code| *code != known)
                        .all(|code| others(code)) =>
                {
                    Some(known.clone())
                }
                None if !others(&codes[0]) => Some(codes[0].clone()),
                _ => None,
            }
        };
        if let Some(wanted) = wanted
            && wanted != got
        {
            return wrong_code(&wanted);
        }
        let rival = {
            let state = self.state.borrow();
            let mut living = state.living(got, done.ms);
            living
                .find(|truth| truth.since < begun.at && truth.url != url)
                .map(|truth| truth.url.clone())
        };
        if let Some(other) = rival {
            let fact = Fact::CodeOfTwo {
                node: node.clone(),
                code: got.to_owned(),
                url,
                other,
            };
            let failure = self.failed(
                cluster,
                &fact,
                "a code belongs to one page until its link expires",
            );
            return Err(failure.because(ONE_URL).into());
        }
        let there = stored(cluster, got).await?;
        let ends = {
            let mut state = self.state.borrow_mut();
            state.enters(node, got);
            state.attempts[place].codes = vec![got.to_owned()];
            let own = &state.attempts[place];
            own.earliest_end()
        };
        match there {
            Some(link) if link.url == url && end_of(&link) >= ends => {
                let mut state = self.state.borrow_mut();
                state.is_true(got, &link, Some(node));
                if state.is_steady(cluster, node, begun.at) && !state.crashed_since(node, begun.at)
                {
                    // A link that there was already may expire later than the client asked for.
                    let known = state
                        .living(got, done.ms)
                        .filter(|truth| truth.url == url && truth.since < begun.at)
                        .map(|truth| truth.end)
                        .max();
                    state.must_have(node, got, &url, known.map_or(ends, |known| known.max(ends)));
                }
                Ok(())
            }
            // It has expired meanwhile, and may belong to another page.
            _ if ends <= shortener::now() => Ok(()),
            other => {
                let has = other.as_ref().map(Link::to_text);
                let fact = Fact::LinkLost {
                    node: node.clone(),
                    code: got.to_owned(),
                    url,
                    has,
                };
                let failure = self.failed(
                    cluster,
                    &fact,
                    "a 201 comes when the store has the link, with its expiry",
                );
                Err(failure.because(crate::WHY_STORE_FIRST).into())
            }
        }
    }

    /// The other nodes must soon have a link.
    fn announced(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        code: &str,
        begun: Moment,
        receivers: &[String],
    ) {
        if !self.level.replicates {
            return;
        }
        let mut state = self.state.borrow_mut();
        let outlives_pauses = !self.level.meets && !self.level.sweeps;
        let can_tell = state.is_steady(cluster, node, begun.at)
            && !state.crashed_since(node, begun.at - SETTLING);
        let Some(floor) = state.floor(node, code) else {
            return;
        };
        if !can_tell {
            return;
        }
        let can_hear = |other: &&String| {
            let there = match cluster.standing(other) {
                Some(Standing::Running) => state.has_settled(other, begun.at),
                Some(Standing::Paused) => outlives_pauses,
                _ => false,
            };
            there && state.is_quiet(node, other, begun.at)
        };
        let now = tokio::time::Instant::now();
        let owed: Vec<Owed> = receivers
            .iter()
            .filter(can_hear)
            .map(|other| Owed {
                node: other.clone(),
                from: node.to_owned(),
                code: code.to_owned(),
                url: floor.url.clone(),
                end: floor.end,
                due: now + MAX_STALENESS,
            })
            .collect();
        state.owed.extend(owed);
    }

    fn creation_was_quick(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        request: &Request,
        begun: Moment,
        allowed: Duration,
        answer: &Answer,
    ) -> Told {
        let state = self.state.borrow();
        if !state.has_store(node, begun.at)
            || !state.is_steady(cluster, node, begun.at - SETTLING)
            || state.crashed_since(node, begun.at - SETTLING)
        {
            return Ok(());
        }
        if answer.took <= cluster.context().limit(allowed, allowed + BUSY) {
            return Ok(());
        }
        let fact = Fact::LateAnswer {
            node: node.to_owned(),
            question: request.in_words(),
            took_ms: answer.took.as_millis() as u64,
        };
        let failure = self.failed(
            cluster,
            &fact,
            "a creation waits for the store and for nothing else",
        );
        Err(failure
            .because("Another node may be paused, dead or cut off, and no client may wait for it.")
            .into())
    }

    /// Creates so many links, and remembers that there are many; or fills a table with them.
    pub(super) async fn create_many(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        page: &str,
        count: u64,
    ) -> Told {
        if self.level.is_full {
            return self.fill_with_links(cluster, node, page, count).await;
        }
        for (number, name) in numbered(page, count).enumerate() {
            if number % 8 > 0 {
                let code = Code::candidates(&url(&name))[0].to_string();
                self.state.borrow_mut().many.insert(code);
            }
            let create = Create {
                node: node.to_owned(),
                page: name,
                code: None,
                ttl: None,
            };
            self.create(cluster, &create).await?;
        }
        Ok(())
    }

    /// Visitors ask a node for a code.
    pub(super) async fn visit(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        code: &str,
        visitors: u64,
        over_ms: u64,
    ) -> Told {
        if cluster.standing(node) != Some(Standing::Running) {
            return Ok(());
        }
        let begun = Moment::now();
        let others = self.state.borrow().under_way;
        let (mark, pause) = (cluster.store_mark(), over_ms / visitors.max(1));
        let all = (0..visitors).map(|visitor| async move {
            sleep(Duration::from_millis(visitor * pause)).await;
            self.follow(cluster, node, code).await
        });
        let mut statuses = Vec::new();
        for answered in join_all(all).await {
            statuses.push(answered?);
        }
        let state = self.state.borrow();
        let alone = others == 1 && state.under_way == 1;
        let counted = statuses.iter().all(|status| *status == Some(404))
            && state.is_steady(cluster, node, begun.at - SETTLING)
            && !state.crashed_since(node, begun.at - SETTLING)
            && (alone || !state.full.contains(node));
        let reads = crate::commands_about(cluster, node, mark, &[code])
            .named("GET")
            .len();
        if !counted || reads <= MAX_READS {
            return Ok(());
        }
        let fact = Fact::HerdAsksStore {
            node: node.to_owned(),
            code: code.to_owned(),
            visitors: visitors as usize,
            reads,
        };
        let expected = format!(
            "within a second, one unknown code costs the store at most {MAX_READS} questions"
        );
        Err(self.failed(cluster, &fact, expected).because(
            "A miss is an answer, too: visitors who ask at the same time share it, and a table remembers it for a second.",
        ).into())
    }

    /// A visitor asks a node for a code. Says with which status it was answered.
    async fn follow(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        code: &str,
    ) -> Result<Option<u16>, Stop> {
        if cluster.standing(node) != Some(Standing::Running) {
            return Ok(None);
        }
        let request = Request::get(format!("/{code}"));
        let begun = Moment::now();
        self.state.borrow_mut().enters(node, code);
        let (mark, floor) = (cluster.store_mark(), self.state.borrow().floor(node, code));
        let alone = self.state.borrow().under_way;
        let answer = match cluster.request(node, &request).await {
            Ok(answer) => answer,
            Err(silence) => return self.silent(cluster, node, begun, silence).map(|()| None),
        };
        let done = Moment::now();
        self.state.borrow_mut().enters(node, code);
        let hit = floor.filter(|floor| {
            floor.end > done.ms
                && floor.since < begun.at
                && self.state.borrow().is_steady(cluster, node, begun.at)
        });
        match answer.status {
            302 => {
                self.redirected(cluster, node, code, &request, begun, &answer)
                    .await?
            }
            404 => {
                self.not_found(cluster, node, code, begun, done)?;
                self.answered_in_time(cluster, node, &request, begun, &answer)?;
            }
            503 if hit.is_none() => {
                self.unavailable(cluster, node, &request, begun, &answer, true)?
            }
            503 => {}
            _ => self.strange(cluster, node, &request, &answer)?,
        }
        let Some(floor) = hit else {
            return Ok(Some(answer.status));
        };
        let question = request.in_words();
        if answer.status != 302 {
            let fact = Fact::HitUnanswered {
                node: node.to_owned(),
                question,
                answer: answer.in_words(),
                url: floor.url,
            };
            let failure = self.failed(
                cluster,
                &fact,
                "a node follows a link in its table, whatever state the store is in",
            );
            return Err(failure
                .because("The table has the link, so the node knows where it leads.")
                .into());
        }
        if answer.took > cluster.context().limit(AT_ONCE, BUSY) {
            let fact = Fact::LateAnswer {
                node: node.to_owned(),
                question,
                took_ms: answer.took.as_millis() as u64,
            };
            let failure = self.failed(
                cluster,
                &fact,
                "a lookup that the table can answer waits for nothing",
            );
            return Err(failure.because("The table is in the memory of the node. Whatever else is slow, the table answers at once.").into());
        }
        // A sweeper reads what has a note that it expires, and a creation reads what it creates.
        let asked = crate::commands_about(cluster, node, mark, &[code]);
        let only_look_up = alone == 1 && self.never_expires(code);
        if only_look_up && !asked.is_empty() {
            let command = asked
                .iter()
                .next()
                .map(|command| command.name.clone())
                .unwrap_or_default();
            let fact = Fact::HitAsksStore {
                node: node.to_owned(),
                code: code.to_owned(),
                command,
            };
            let failure = self.failed(
                cluster,
                &fact,
                "a lookup that the table can answer sends no command to the store",
            );
            return Err(failure.because("All nodes share one store. Each question that a node repeats takes the place of another node's.").into());
        }
        Ok(Some(answer.status))
    }

    fn never_expires(&self, code: &str) -> bool {
        let state = self.state.borrow();
        let mut of_code = state
            .attempts
            .iter()
            .filter(|attempt| attempt.codes.iter().any(|own| own == code));
        of_code.all(|attempt| attempt.ttl.is_none())
    }

    /// A node redirects a visitor.
    async fn redirected(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        code: &str,
        request: &Request,
        begun: Moment,
        answer: &Answer,
    ) -> Told {
        let done = Moment::now();
        let url = answer.location.clone().unwrap_or_default();
        {
            let state = self.state.borrow();
            let certain = state
                .living(code, done.ms)
                .find(|truth| truth.since < begun.at);
            let fact = |wanted: Option<String>| Fact::WrongUrl {
                node: node.to_owned(),
                question: request.in_words(),
                url: url.clone(),
                wanted,
            };
            if let Some(truth) = certain
                && truth.url != url
            {
                let failure = self.failed(
                    cluster,
                    &fact(Some(truth.url.clone())),
                    format!("{code} leads to {}", truth.url),
                );
                return Err(failure.because(ONE_URL).into());
            }
            if !state
                .possible(code, begun.ms)
                .any(|attempt| attempt.url == url)
            {
                let past = state.possible(code, 0).any(|attempt| attempt.url == url);
                if past {
                    let fact = Fact::ExpiredFollowed {
                        node: node.to_owned(),
                        code: code.to_owned(),
                        url,
                    };
                    let failure = self.failed(
                        cluster,
                        &fact,
                        "an expired link leads nowhere, whether it was swept or not",
                    );
                    return Err(failure.because("The client who created the link said when it ends. From then on the code may belong to another page.").into());
                }
                let failure = self.failed(
                    cluster,
                    &fact(None),
                    "a code leads to the page that a client created it for",
                );
                return Err(failure.because(ONE_URL).into());
            }
        }
        self.answered_in_time(cluster, node, request, begun, answer)?;
        let there = stored(cluster, code).await?;
        let mut state = self.state.borrow_mut();
        match there {
            Some(link) if link.url == url => state.is_true(code, &link, None),
            _ => {
                // The store gave it up only if it has expired.
                let expired = state.possible(code, 0).any(|attempt| {
                    attempt.url == url && attempt.earliest_end() <= shortener::now()
                });
                if !expired {
                    let fact = Fact::NotInStore {
                        node: node.to_owned(),
                        code: code.to_owned(),
                        url,
                    };
                    let failure = self.failed(
                        cluster,
                        &fact,
                        "a link exists if and only if the store has it",
                    );
                    return Err(failure.because(crate::WHY_STORE_FIRST).into());
                }
            }
        }
        // It may have found the link before that got a later expiry.
        let least = state
            .possible(code, begun.ms)
            .filter(|attempt| attempt.url == url)
            .map(Attempt::earliest_end)
            .min();
        if let Some(end) = least
            && end > done.ms
            && state.is_steady(cluster, node, begun.at - SETTLING)
            && !state.crashed_since(node, begun.at - SETTLING)
        {
            state.must_have(node, code, &url, end);
        }
        Ok(())
    }

    /// A node says that there is no such link.
    fn not_found(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        code: &str,
        begun: Moment,
        done: Moment,
    ) -> Told {
        let state = self.state.borrow();
        let woken = state.woken(node);
        for truth in state.living(code, done.ms) {
            let created = truth
                .creator
                .as_ref()
                .filter(|(creator, _)| creator == node);
            let is_creator = created.is_some();
            let seen_from = match created {
                Some((_, at)) => *at,
                None => woken.map_or(truth.since, |woken| woken.max(truth.since)) + MAX_STALENESS,
            };
            if seen_from < begun.at {
                let fact = Fact::LivingNotFound {
                    node: node.to_owned(),
                    code: code.to_owned(),
                    url: truth.url.clone(),
                };
                let expected = match is_creator {
                    true => "a node that creates a link follows it at once",
                    false => "every node follows a link that is at least 2 s old",
                };
                let failure = self.failed(cluster, &fact, expected);
                return Err(failure.because("404 means: I know that there is no such link. A search engine that reads it forgets the page.").into());
            }
        }
        // Whether it sent the question itself or was told: some node must have had the answer lately.
        let since = begun.at - MAX_STALENESS;
        let asked = cluster
            .store_commands(0)
            .forwarded()
            .key(&format!("link:{code}"));
        let heard = asked
            .filter(|command| command.at >= since && !state.is_mute(&command.node, command.at));
        if self.level.store_down && heard.is_empty() && woken.is_none_or(|woken| woken < since) {
            let fact = Fact::NotFoundWithoutStore {
                node: node.to_owned(),
                code: code.to_owned(),
            };
            let failure = self.failed(
                cluster,
                &fact,
                "without the store a node cannot know whether a code has a link: 503",
            );
            return Err(failure.because("404 means: I know that there is no such link. Without the store, and a second after its last answer, no node knows that.").into());
        }
        Ok(())
    }

    /// A node answers 503.
    fn unavailable(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        request: &Request,
        begun: Moment,
        answer: &Answer,
        is_one_question: bool,
    ) -> Told {
        let question = request.in_words();
        let state = self.state.borrow();
        let steady = state.is_steady(cluster, node, begun.at - SETTLING)
            && !state.crashed_since(node, begun.at - SETTLING);
        if steady && state.has_store(node, begun.at) {
            let fact = Fact::UnavailableWithStore {
                node: node.to_owned(),
                question,
                answer: answer.in_words(),
            };
            let failure = self.failed(
                cluster,
                &fact,
                "a node that can ask the store gives an answer other than 503",
            );
            return Err(failure.because("503 says that the node cannot know. It was not cut off from the store, and had time to recover.").into());
        }
        if self.level.warms_up && is_one_question {
            drop(state);
            return self.answered_in_time(cluster, node, request, begun, answer);
        }
        if !self.level.store_down {
            return Ok(());
        }
        if answer.retry_after.is_none() {
            let fact = Fact::NoRetryAfter {
                node: node.to_owned(),
                question,
            };
            let failure = self.failed(cluster, &fact, "a 503 has `Retry-After`");
            return Err(failure
                .because("It tells clients to ask again, and when.")
                .into());
        }
        let limit = cluster
            .context()
            .limit(UNAVAILABLE_TIMEOUT, UNAVAILABLE_TIMEOUT + BUSY);
        if steady && is_one_question && answer.took > limit {
            let fact = Fact::LateUnavailable {
                node: node.to_owned(),
                question,
                took_ms: answer.took.as_millis() as u64,
            };
            let failure = self.failed(
                cluster,
                &fact,
                "a request that needs the store gets a 503 within 1 s when the store does not answer",
            );
            return Err(failure
                .because(
                    "A visitor is waiting. A node that cannot get the answer must refuse soon.",
                )
                .into());
        }
        Ok(())
    }

    /// A lookup is answered within a second.
    fn answered_in_time(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        request: &Request,
        begun: Moment,
        answer: &Answer,
    ) -> Told {
        let state = self.state.borrow();
        let limit = cluster
            .context()
            .limit(UNAVAILABLE_TIMEOUT, UNAVAILABLE_TIMEOUT + BUSY);
        let judged = self.level.warms_up || self.level.store_down;
        let steady = state.is_steady(cluster, node, begun.at)
            && !state.crashed_since(node, begun.at - SETTLING);
        if !judged || !steady || answer.took <= limit {
            return Ok(());
        }
        let fact = Fact::LateAnswer {
            node: node.to_owned(),
            question: request.in_words(),
            took_ms: answer.took.as_millis() as u64,
        };
        let failure = self.failed(
            cluster,
            &fact,
            "no visitor waits longer than a second for an answer",
        );
        Err(failure
            .because(
                "The answer that a node waits for, from another node or the store, may never come.",
            )
            .into())
    }

    /// A request was not answered: no news, if something was done to the node meanwhile.
    fn silent(&self, cluster: &Cluster<'_>, node: &str, begun: Moment, silence: NoAnswer) -> Told {
        let steady = self
            .state
            .borrow()
            .is_steady(cluster, node, begun.at - SETTLING);
        let seen = silence.to_string();
        match Stop::from(silence) {
            stop if steady => Err(stop).fact(&Fact::NoAnswer {
                node: node.to_owned(),
                seen,
            }),
            stop => not_written(stop),
        }
    }

    fn strange(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        request: &Request,
        answer: &Answer,
    ) -> Told {
        let fact = Fact::StrangeAnswer {
            node: node.to_owned(),
            question: request.in_words(),
            answer: answer.in_words(),
        };
        Err(self
            .failed(
                cluster,
                &fact,
                "the answer is one of those that the chapter lists",
            )
            .into())
    }

    /// Whether a node runs, so that its table can be filled: then nobody knows what that has afterwards.
    fn is_to_be_filled(&self, cluster: &Cluster<'_>, node: &str) -> bool {
        let runs = cluster.standing(node) == Some(Standing::Running);
        if runs {
            self.state.borrow_mut().is_filled(node);
        }
        runs
    }

    /// A node is asked for so many codes that do not exist.
    pub(super) async fn fill(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        code: &str,
        count: u64,
    ) -> Told {
        if !self.is_to_be_filled(cluster, node) {
            return Ok(());
        }
        for code in numbered(code, count) {
            self.follow(cluster, node, &code).await?;
        }
        Ok(())
    }

    /// A node creates so many links, of which only the answers are looked at.
    async fn fill_with_links(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        page: &str,
        count: u64,
    ) -> Told {
        if !self.is_to_be_filled(cluster, node) {
            return Ok(());
        }
        for name in numbered(page, count) {
            let (begun, request) = (Moment::now(), Request::form("/", &[("url", &url(&name))]));
            match cluster.request(node, &request).await {
                Ok(answer) if answer.status == 201 => {}
                Ok(answer) if answer.status == 503 => {
                    self.unavailable(cluster, node, &request, begun, &answer, true)?;
                }
                Ok(answer) => return self.strange(cluster, node, &request, &answer),
                Err(silence) => return self.silent(cluster, node, begun, silence),
            }
        }
        Ok(())
    }

    /// Visitors ask a node for all links that another running node has.
    pub(super) async fn follow_all(&self, cluster: &Cluster<'_>, node: &str) -> Told {
        if cluster.standing(node) != Some(Standing::Running) {
            return Ok(());
        }
        let Ok(connected) = cluster.list(node).await else {
            return Ok(());
        };
        let begun = Moment::now();
        let (codes, judged) = {
            let state = self.state.borrow();
            let others: Vec<String> = cluster
                .running()
                .into_iter()
                .filter(|other| other != node)
                .collect();
            let has = |of: &str, code: &str| {
                let floor = state.floors.get(&(of.to_owned(), code.to_owned()));
                floor.is_some_and(|floor| floor.end > begun.ms + 5_000)
            };
            let settled = |other: &str| state.has_settled(other, begun.at);
            let codes: Vec<String> = state
                .truths
                .iter()
                .map(|truth| truth.code.clone())
                .filter(|code| {
                    others
                        .iter()
                        .any(|other| settled(other) && has(other, code))
                })
                .collect();
            // A node that is as new has none of the links, and says so.
            let quiet = others
                .iter()
                .all(|other| connected.contains(other) && state.is_quiet(node, other, begun.at));
            (
                codes,
                quiet
                    && state.has_store(node, begun.at)
                    && !state.crashed_since(node, begun.at - SETTLING),
            )
        };
        let mark = cluster.store_mark();
        let asked = codes.iter().map(|code| self.follow(cluster, node, code));
        for answered in join_all(asked).await {
            answered?;
        }
        let about: Vec<&str> = codes.iter().map(String::as_str).collect();
        let reads = crate::commands_about(cluster, node, mark, &about)
            .named("GET")
            .len();
        if !judged
            || !self.state.borrow().is_steady(cluster, node, begun.at)
            || reads <= codes.len() / 20
            || codes.len() < 20
        {
            return Ok(());
        }
        let fact = Fact::ColdNodeAsksStore {
            node: node.to_owned(),
            links: codes.len(),
            reads,
        };
        let failure = self.failed(
            cluster,
            &fact,
            "of the links that its peers have, at most one in twenty costs the store a question",
        );
        Err(failure.because("After a power failure all nodes start empty, and all visitors return at once. The peers have the links in their memory.").into())
    }
}
