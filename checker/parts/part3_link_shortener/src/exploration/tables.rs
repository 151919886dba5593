//! What the tables of all nodes have, and what the store has.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use shortener::Link;
use testkit::cluster::{Cluster, Mark, Standing};
use testkit::scenario::{Stop, Told};
use tokio::time::{Instant, sleep_until};

use super::model::{Attempt, MEETING, Moment, SETTLING, Service, end_of, not_written};
use crate::fact::Fact;
use crate::messages::{CACHE, CACHE_CAP, CacheMsg};
use crate::{code as as_code, stored};

/// How long a cache may take to answer a question about its table. One that is busy is asked again later.
const ANSWER_TIME: Duration = Duration::from_millis(250);

impl Service {
    /// What must hold at every moment; of many links created at once, all are looked at or a few.
    pub(super) async fn compare(&self, cluster: &Cluster<'_>, all: bool) -> Told {
        self.compare_store(cluster, all).await?;
        self.notice_meetings(cluster);
        self.settle(cluster);
        for node in cluster.running() {
            self.compare_table(cluster, &node, all).await?;
        }
        self.state.borrow_mut().looked = Some(Instant::now());
        if self.level.sweeps {
            self.count_swept(cluster).await?;
        }
        Ok(())
    }

    /// The store has each link that was promised, and none that no client asked for.
    async fn compare_store(&self, cluster: &Cluster<'_>, all: bool) -> Told {
        let codes: BTreeSet<String> = {
            let state = self.state.borrow();
            let codes = state.attempts.iter().flat_map(|attempt| &attempt.codes);
            codes
                .filter(|code| all || !state.many.contains(*code))
                .cloned()
                .collect()
        };
        for code in codes {
            let now = shortener::now();
            let there = stored(cluster, &code).await?;
            let mut state = self.state.borrow_mut();
            let lost = state.living(&code, now).find(|truth| {
                there
                    .as_ref()
                    .is_none_or(|link| link.url != truth.url || end_of(link) < truth.end)
            });
            if let Some(truth) = lost {
                let node = truth
                    .creator
                    .clone()
                    .map(|(node, _)| node)
                    .unwrap_or_else(|| cluster.everyone()[0].clone());
                let fact = Fact::LinkLost {
                    node,
                    code: code.clone(),
                    url: truth.url.clone(),
                    has: there.as_ref().map(Link::to_text),
                };
                let failure = cluster
                    .failed(
                        fact.seen(),
                        "a link stays in the store until it expires, and the later expiry counts",
                    )
                    .fact(&fact);
                return Err(failure
                    .because("A 201 is a promise, and the store is where it is kept.")
                    .into());
            }
            let Some(link) = there.filter(|link| !link.is_expired(now)) else {
                continue;
            };
            if state
                .possible(&code, now)
                .any(|attempt| attempt.url == link.url && attempt.latest_end() >= end_of(&link))
            {
                state.is_true(&code, &link, None);
                continue;
            }
            let fact = Fact::StoreInvents {
                node: cluster.everyone()[0].clone(),
                code: code.clone(),
                has: link.to_text(),
            };
            let failure = cluster
                .failed(
                    fact.seen(),
                    "the store has only links that clients asked for, each with the latest expiry requested",
                )
                .fact(&fact);
            return Err(failure
                .because("A code leads where a client wanted it to lead, and for as long as the client wanted.")
                .into());
        }
        Ok(())
    }

    /// Nodes that were connected anew exchange their tables.
    fn notice_meetings(&self, cluster: &Cluster<'_>) {
        if !self.level.meets {
            return;
        }
        let mut state = self.state.borrow_mut();
        let met: BTreeSet<(String, String)> =
            cluster.opened_since(state.read).into_iter().collect();
        state.read = cluster.mark();
        let Some(since) = state.looked else {
            return;
        };
        for (a, b) in met {
            if state.is_clean(cluster, &a, &b) {
                state.gets_table(&a, &b, since);
                state.gets_table(&b, &a, since);
            }
        }
    }

    /// What is due now must be there from now on.
    fn settle(&self, cluster: &Cluster<'_>) {
        let mut state = self.state.borrow_mut();
        let now = Instant::now();
        let is_due = |owed: &super::model::Owed| {
            owed.due <= now && cluster.standing(&owed.node) == Some(Standing::Running)
        };
        let (due, rest) = std::mem::take(&mut state.owed)
            .into_iter()
            .partition(is_due);
        state.owed = rest;
        let due: Vec<super::model::Owed> = due;
        for owed in due {
            if owed.end > shortener::now() {
                state.must_have(&owed.node, &owed.code, &owed.url, owed.end);
            }
        }
    }

    /// A table has what it must have, nothing else than links of the store, and is not too large.
    async fn compare_table(&self, cluster: &Cluster<'_>, node: &str, all: bool) -> Told {
        let asked = cluster
            .call_within(ANSWER_TIME, node, &CACHE, CacheMsg::Size)
            .await;
        let size = match asked {
            Ok(size) => size,
            Err(unanswered) => return not_written(Stop::from(unanswered)),
        };
        if size > CACHE_CAP {
            let fact = Fact::TableTooLarge {
                node: node.to_owned(),
                size,
            };
            let failure = crate::failed(
                cluster,
                &fact,
                format!("a table has at most {CACHE_CAP} entries, including negative ones"),
            );
            return Err(failure.because("Strangers may ask for a million codes. A table that only grows eventually fills the memory of its node.").into());
        }
        let codes: BTreeSet<String> = {
            let (state, now) = (self.state.borrow(), Moment::now());
            // What it must have, and what may be there too early.
            let must = state
                .floors
                .iter()
                .filter(|((of, _), floor)| of == node && floor.end > now.ms);
            let must = must.map(|((_, code), _)| code);
            let is_new = |attempt: &&Attempt| {
                attempt
                    .answered
                    .is_none_or(|answered| answered.at + MEETING > now.at)
            };
            let new = state
                .attempts
                .iter()
                .filter(is_new)
                .filter_map(|attempt| attempt.codes.first());
            must.chain(new)
                .filter(|code| all || !state.many.contains(*code))
                .cloned()
                .collect()
        };
        let looks = codes.iter().map(|code| self.peek(cluster, node, code));
        join_all(looks).await.into_iter().collect()
    }

    async fn peek(&self, cluster: &Cluster<'_>, node: &str, code: &str) -> Told {
        let begun = Moment::now();
        let peeked = cluster
            .call_within(ANSWER_TIME, node, &CACHE, |reply| {
                CacheMsg::Peek(as_code(code), reply)
            })
            .await;
        let has: Option<Link> = match peeked {
            Ok(link) => link,
            Err(unanswered) => return not_written(Stop::from(unanswered)),
        };
        let there = stored(cluster, code).await?;
        let done = Moment::now();
        let state = self.state.borrow();
        let living = has.as_ref().filter(|link| !link.is_expired(done.ms));
        if let Some(link) = living
            && there
                .as_ref()
                .is_none_or(|there| there.url != link.url || end_of(there) < end_of(link))
        {
            let fact = Fact::TableBeforeStore {
                node: node.to_owned(),
                code: code.to_owned(),
                has: link.to_text(),
                stored: there.map(|there| there.to_text()),
            };
            let failure = crate::failed(
                cluster,
                &fact,
                "a table has no link that the store does not have",
            );
            return Err(failure.because(crate::WHY_STORE_FIRST).into());
        }
        let floor = state.floors.get(&(node.to_owned(), code.to_owned()));
        let Some(floor) = floor.filter(|floor| floor.end > done.ms && floor.since < begun.at)
        else {
            return Ok(());
        };
        if !state.is_steady(cluster, node, begun.at) {
            return Ok(());
        }
        match living {
            Some(link) if link.url == floor.url && end_of(link) >= floor.end => Ok(()),
            Some(link) if link.url == floor.url => {
                let fact = Fact::EarlierExpiry {
                    node: node.to_owned(),
                    code: code.to_owned(),
                    has: link.to_text(),
                };
                let wanted = Link {
                    url: floor.url.clone(),
                    expires_at: (floor.end < u64::MAX).then_some(floor.end),
                };
                let failure = crate::failed(
                    cluster,
                    &fact,
                    format!(
                        "of two links of one code the table keeps the one that expires later, `{}`",
                        wanted.to_text()
                    ),
                );
                Err(failure.because("An expiry only ever moves to a later time, so the link that expires later is the newer one.").into())
            }
            other => {
                let instead = other.map(|link| link.url.clone());
                let fact = Fact::TableLacks {
                    node: node.to_owned(),
                    code: code.to_owned(),
                    instead,
                    lacking: 1,
                    of: 1,
                };
                let failure = crate::failed(
                    cluster,
                    &fact,
                    format!(
                        "{node}'s table has the link {code} by now, which leads to {}",
                        floor.url
                    ),
                );
                Err(failure.because("Once a table has a link, and once another node has had time to send it, the node follows it without the store.").into())
            }
        }
    }

    /// Once everything is healed, the tables of nodes that met have each other's links, without the store.
    pub(super) async fn tables_meet(&self, cluster: &Cluster<'_>, mended: Mark) -> Told {
        cluster.step("The store refuses all nodes, and the tables have 5 s.");
        let running = cluster.running();
        for node in &running {
            self.state.borrow_mut().store_refuses(node);
        }
        cluster.store_refused(&running);
        let begun = Instant::now();
        let met: BTreeSet<(String, String)> = cluster.opened_since(mended).into_iter().collect();
        {
            let mut state = self.state.borrow_mut();
            let looked = state.looked.unwrap_or(begun);
            state.owed.clear();
            for (a, b) in met {
                state.gets_table(&a, &b, looked);
                state.gets_table(&b, &a, looked);
            }
            // A link was sent when it was created, or when its node met the other.
            for node in &running {
                for other in running.iter().filter(|other| *other != node) {
                    state.gets_own_links(node, other, begun - SETTLING);
                }
            }
        }
        sleep_until(begun + MEETING).await;
        self.compare(cluster, true).await
    }

    /// Every node follows every link, or says that it does not know.
    pub(super) async fn links_lead_on(&self, cluster: &Cluster<'_>) -> Told {
        cluster.step("Every node is asked for every link.");
        let codes: BTreeSet<String> = {
            let state = self.state.borrow();
            let codes = state
                .attempts
                .iter()
                .filter_map(|attempt| attempt.codes.first());
            codes
                .filter(|code| !state.many.contains(*code))
                .cloned()
                .collect()
        };
        for node in cluster.running() {
            let visits = codes
                .iter()
                .map(|code| self.visit(cluster, &node, code, 1, 0));
            join_all(visits).await.into_iter().collect::<Told>()?;
        }
        Ok(())
    }
}
