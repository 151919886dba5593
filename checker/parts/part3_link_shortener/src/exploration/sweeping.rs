//! Who sweeps, and what.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runtime::{GLOBAL, GlobalMsg};
use testkit::cluster::Cluster;
use testkit::scenario::{Stop, Told};
use tokio::time::sleep;

use super::Create;
use super::model::{Service, not_written};
use crate::fact::Fact;
use crate::messages::{SWEEPER, SweeperMsg, THE_SWEEPER};
use crate::{size, stored};

/// How long sweepers may take to agree, and the owner to sweep what has expired.
const AGREEMENT: Duration = Duration::from_secs(5);

/// In this time the owner looks for expired links some times.
const WATCH: Duration = Duration::from_secs(2);

/// How long a sweeper may take to answer. One that waits for the store is asked again later.
const ANSWER_TIME: Duration = Duration::from_millis(250);

const WHY_ONE: &str = "Work that must be done once in a cluster is done by one process. When that process is gone, another one takes over, and when two owners meet, one continues.";

impl Service {
    /// Sweepers never say that they have swept more links than have expired.
    pub(super) async fn count_swept(&self, cluster: &Cluster<'_>) -> Told {
        let mut swept = BTreeMap::new();
        for node in cluster.running() {
            let asked = cluster
                .call_within(ANSWER_TIME, &node, &SWEEPER, SweeperMsg::Swept)
                .await;
            match asked {
                Ok(count) => drop(swept.insert(node, count)),
                Err(unanswered) => not_written(Stop::from(unanswered))?,
            }
        }
        let now = shortener::now();
        let state = self.state.borrow();
        let expired = state
            .attempts
            .iter()
            .filter(|attempt| !attempt.refused && attempt.earliest_end() <= now)
            .count() as u64;
        let all: u64 = swept.values().sum();
        let most = swept.iter().max_by_key(|(_, count)| **count);
        match most {
            Some((node, _)) if all > expired => {
                let fact = Fact::SweptTooMany {
                    node: node.clone(),
                    swept: all,
                    expired,
                };
                let failure = crate::failed(
                    cluster,
                    &fact,
                    "each link is swept once, and counted by the process that removed it from the store",
                );
                Err(failure.because("Two sweepers may find the same link during a split. Only one of them removes it.").into())
            }
            _ => Ok(()),
        }
    }

    /// Once everything is healed, one node sweeps; when that is gone, another does.
    pub(super) async fn sweepers_agree(&self, cluster: &Cluster<'_>) -> Told {
        cluster.step("The sweepers have 5 s to agree.");
        sleep(AGREEMENT).await;
        let owner = self.one_sweeps(cluster).await?;
        self.tables_are_swept(cluster, &owner).await?;
        if cluster.running().len() < 2 {
            return Ok(());
        }
        cluster.step(format!(
            "{owner}, whose sweeper is the owner, is killed. The others have 5 s."
        ));
        self.state.borrow_mut().is_killed(&owner);
        cluster.kill(&owner).await?;
        sleep(AGREEMENT).await;
        self.one_sweeps(cluster).await.map(|_| ())
    }

    /// One node looks for expired links, all nodes know which, and the store has no expired link.
    async fn one_sweeps(&self, cluster: &Cluster<'_>) -> Result<String, Stop> {
        let mark = cluster.store_mark();
        sleep(WATCH).await;
        let scans = cluster
            .store_commands(mark)
            .named("SCAN")
            .key_starts("due:");
        let sweep: BTreeSet<String> = scans.iter().map(|scan| scan.node.clone()).collect();
        let mut owners = BTreeSet::new();
        for node in cluster.running() {
            let view = cluster.call(&node, &GLOBAL, GlobalMsg::View).await?;
            owners.extend(
                view.get(THE_SWEEPER)
                    .map(|owner| owner.node().short().to_owned()),
            );
        }
        let sweep: Vec<String> = sweep.into_iter().collect();
        let owner = match (&sweep[..], owners.len()) {
            ([one], 1) if owners.contains(one) => one.clone(),
            _ => {
                let node = sweep
                    .first()
                    .cloned()
                    .unwrap_or_else(|| cluster.running()[0].clone());
                let fact = Fact::Sweepers { node, sweep };
                let owners: Vec<String> = owners.into_iter().collect();
                let failure = crate::failed(
                    cluster,
                    &fact,
                    "one node sweeps: the one with the global name `sweeper`",
                );
                let failure = failure.evidence(match &owners[..] {
                    [] => "No node knows a process with that name".to_owned(),
                    all => format!(
                        "The nodes know a process with that name on {}",
                        all.join(" and ")
                    ),
                });
                return Err(failure.because(WHY_ONE).into());
            }
        };
        let past = shortener::now() - AGREEMENT.as_millis() as u64;
        let codes: BTreeSet<String> = self
            .state
            .borrow()
            .attempts
            .iter()
            .flat_map(|attempt| attempt.codes.clone())
            .collect();
        for code in codes {
            if stored(cluster, &code)
                .await?
                .is_some_and(|link| link.is_expired(past))
            {
                let fact = Fact::NotSwept { node: owner, code };
                let failure = crate::failed(
                    cluster,
                    &fact,
                    "the sweeper removes expired links from the store",
                );
                return Err(failure.because("The store keeps every link that no node removes, and would eventually fill up.").into());
            }
        }
        Ok(owner)
    }

    /// The tables forget a link that is swept.
    async fn tables_are_swept(&self, cluster: &Cluster<'_>, owner: &str) -> Told {
        let running = cluster.running();
        let creator = running
            .iter()
            .find(|node| *node != owner)
            .map_or(owner, String::as_str);
        cluster.step(format!(
            "{creator} creates two links that expire after a second, and the sweeper on {owner} has to sweep them."
        ));
        let mut before = BTreeMap::new();
        for node in &running {
            before.insert(node.clone(), size(cluster, node).await?);
        }
        for page in ["dusk", "dawn"] {
            let create = Create {
                node: creator.to_owned(),
                page: page.to_owned(),
                code: None,
                ttl: Some(1),
            };
            self.create(cluster, &create).await?;
        }
        sleep(Duration::from_secs(1) + AGREEMENT).await;
        for (node, before) in before {
            let after = size(cluster, &node).await?;
            if after > before {
                let fact = Fact::TableGrows {
                    node,
                    before,
                    after,
                };
                let failure = crate::failed(
                    cluster,
                    &fact,
                    "the sweeper tells all tables which links are gone, and they remove them",
                );
                return Err(failure
                    .because("A table has room for 1000 entries. An expired link needs none of it.")
                    .into());
            }
        }
        Ok(())
    }
}
