//! Problem 6: one sweeper in the whole cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runtime::{Address, GLOBAL, GlobalMsg};
use shortener::Link;

use super::messages::{SWEEPER, SweeperMsg, THE_SWEEPER};
use super::{
    CLAIM_TIMEOUT, Fact, Links, await_expiry, create, create_with, expect_status, expect_stored,
    follow, follow_all, not_yet, peek, size, stored, tables_have, url,
};
use testkit::cluster::{Cluster, Explained, Options, Request, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::words::Names;

const ALL: [&str; 3] = ["n1", "n2", "n3"];

const ONE: &str = "one process has the global name `sweeper`, and every node knows which";

const WHY_ONE: &str = "Work that must be done once in a cluster is done by one process. A registry of global names lets all \
                       nodes agree on which process that is.";

const EXPIRED: &str = "an expired link is 404, whether it was swept or not";

pub(super) async fn one_node_sweeps(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [creator, visited, _] = draw.cast(ALL);
    let (mut names, seconds) = (Names::new(&mut draw), draw.number(60..=600));
    let ttl = draw.number(1..=2);
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        let sweeper = one_sweeper(cluster, &ALL, None).await?;
        let owner = sweeper.node().short().to_owned();
        cluster.step(format!(
            "The sweeper is on {owner}. Each node creates two links that expire after {}; {creator} also creates one without an expiry, and one that expires after {seconds} seconds.",
            count_of(ttl, "second")
        ));
        let mark = cluster.store_mark();
        let (mut followed, mut untouched) = (Vec::new(), Vec::new());
        for node in ALL {
            let [one, other] = names.take();
            followed.push(create_for(cluster, node, &one, ttl).await?);
            untouched.push(create_for(cluster, node, &other, ttl).await?);
        }
        let [endless, long] = names.take().map(|name: String| url(&name));
        let mut kept = Links::from([(create(cluster, creator, &endless).await?, endless)]);
        kept.insert(create_with(cluster, creator, &long, &[("ttl", &seconds.to_string())]).await?, long);

        cluster.step("The short links expire. Then every node is asked immediately for one link of each node.");
        for (code, link) in &followed {
            await_expiry(link).await;
            for node in ALL {
                expect_status(cluster, node, &Request::get(format!("/{code}")), 404, EXPIRED).await.because(
                    "The sweeper comes some time after the expiry. Until then each lookup must compare the expiry with the time.",
                )?;
            }
        }

        cluster.step("The checker gives the sweeper some time.");
        let all: Vec<(String, Link)> = followed.iter().chain(&untouched).cloned().collect();
        is_swept(cluster, &all, &owner, "expired links are removed from the store").await?;
        only_one_swept(cluster, mark, &all, &owner)?;
        for node in ALL {
            is_cleared(cluster, node, &all, kept.len() + followed.len()).await?;
        }
        has_swept(cluster, &sweeper, all.len() as u64).await?;
        for (code, url) in &kept {
            expect_stored(cluster, creator, code, url).await?;
            follow(cluster, visited, code, url, "a link that has not expired is not swept").await?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn new_link_survives_the_sweep(cx: &Context) -> Told {
    /// How long a command of the sweeper's node is on its way to the store: long enough for a creation, and
    /// short enough to connect and to ask within the store's timeout.
    const SLOW: Duration = Duration::from_millis(200);
    let mut draw = cx.draw();
    let order = draw.cast(ALL);
    let [code, old, new] = Names::new(&mut draw).take();
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        let sweeper = one_sweeper(cluster, &ALL, None).await?;
        let owner = sweeper.node().short().to_owned();
        let creator = order.into_iter().find(|node| *node != owner).unwrap_or(order[0]);
        cluster.step(format!("The sweeper is on {owner}. {creator} creates the link {code}, which expires after one second."));
        create_with(cluster, creator, &url(&old), &[("code", &code), ("ttl", "1")]).await?;
        let mark = cluster.store_mark();
        cluster.store_slow([&owner], SLOW);
        let key = format!("link:{code}");
        let is_read = async || match cluster.store_commands(mark).by(&owner).named("GET").key(&key).is_empty() {
            true => Err(Unmet::at(&owner, format!("{owner} did not read the expired link {code}"))),
            false => Ok(()),
        };
        cluster.eventually(CLAIM_TIMEOUT, "the sweeper looks for expired links in the store", is_read).await.because(WHY_SWEEP)?;

        cluster.step(format!("{owner} has read the expired link, and its next command reaches the store after {} ms. Meanwhile {creator} gives {code} to another URL.", SLOW.as_millis()));
        let new = url(&new);
        create_with(cluster, creator, &new, &[("code", &code)]).await?;
        if !cluster.store_commands(mark).by(&owner).named("EVAL").key(&key).forwarded().is_empty() {
            return Err(Stop::inconclusive("The sweeper removed the old link before the new one was created."));
        }
        cluster.store_back([&owner]);
        let claim = "the sweeper continues";
        sweeps(cluster, &owner, cluster.store_mark(), 2, claim).await?;
        cluster.quiesce().await?;

        cluster.step("The sweeper is done with the old link.");
        let claim = "the sweeper removes the link that it found expired, and not a new link of the same code";
        let why = "Time passes between a read and a removal, and the code may have a new link by then. The sweeper must name the link \
                   that it means, not only its code.";
        expect_stored(cluster, creator, &code, &new).await.claiming(claim).because(why)?;
        let links = Links::from([(code, new)]);
        tables_have(cluster, &ALL, &links, CLAIM_TIMEOUT, claim).await.because(why)?;
        for node in ALL {
            follow_all(cluster, node, &links, claim).await.because(why)?;
        }
        has_swept(cluster, &sweeper, 0).await
    })
    .await
}

pub(super) async fn another_takes_over(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let order = draw.cast(ALL);
    let ([page], ttl) = (Names::new(&mut draw).take(), draw.number(1..=2));
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        let first = one_sweeper(cluster, &ALL, None).await?;
        let owner = first.node().short().to_owned();
        cluster.step(format!("The sweeper is on {owner}. Its process crashes."));
        cluster.crash(&owner, &SWEEPER).await?;
        let second = one_sweeper(cluster, &ALL, Some(&first)).await?;
        let owner = second.node().short().to_owned();

        let survivors: Vec<&str> = order.into_iter().filter(|node| *node != owner).collect();
        let creator = survivors[0];
        cluster.step(format!(
            "The sweeper is on {owner} now. {creator} creates a link for {}, and {owner} is killed.",
            count_of(ttl, "second")
        ));
        let short = vec![create_for(cluster, creator, &page, ttl).await?];
        cluster.kill(&owner).await?;
        let mark = cluster.store_mark();
        let third = one_sweeper(cluster, &survivors, Some(&second)).await.because(
            "The processes of a node die with it, and their names are free. A sweeper that stands by must notice that.",
        )?;
        await_expiry(&short[0].1).await;
        let owner = third.node().short();
        is_swept(cluster, &short, owner, "when the sweeper's node dies, another sweeper takes over").await?;
        only_one_swept(cluster, mark, &short, owner)
    })
    .await
}

pub(super) async fn one_is_left_after_a_split(cx: &Context) -> Told {
    let [alone, one, other] = cx.draw().cast(ALL);
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        one_sweeper(cluster, &ALL, None).await?;
        cluster.step(format!("The network is cut between {alone} and the others."));
        cluster.partition(&[alone], &[one, other]).await?;
        let claim = "during a split each side has a sweeper";
        let why = "Neither side can know whether the other side still lives. Two sweepers do no harm; without a sweeper the store \
                   fills up.";
        one_sweeper(cluster, &[alone], None).await.because(why)?;
        let far = one_sweeper(cluster, &[one, other], None).await.because(why)?;
        let mark = cluster.store_mark();
        sweeps(cluster, alone, mark, 1, claim).await.because(why)?;
        sweeps(cluster, far.node().short(), mark, 1, claim).await.because(why)?;

        cluster.step("The network is whole again, and the nodes are connected.");
        cluster.heal();
        cluster.await_mesh().await?;
        let left = one_sweeper(cluster, &ALL, None).await.because(
            "Two processes with one name have met. One of them has to give way, and all nodes have to know which.",
        )?;
        let owner = left.node().short().to_owned();
        // The loser may finish the sweep that it has begun.
        sweeps(cluster, &owner, cluster.store_mark(), 2, "the owner of the name sweeps").await?;
        let mark = cluster.store_mark();
        sweeps(cluster, &owner, mark, 3, "the owner of the name sweeps").await?;
        let others: Vec<String> = scans(cluster, mark).into_keys().filter(|node| *node != owner).collect();
        if let Some(loser) = others.first() {
            return Err(cluster
                .failed_at(
                    loser,
                    format!("{} looked for expired links in the store, and so did {owner}", others.join(" and ")),
                    format!("after the network heals, only the owner of the name sweeps, on {owner}"),
                )
                .because("A process that had the name once may have lost it. It must notice that.")
                .into());
        }

        cluster.step(format!("The sweeper is on {owner}, which is killed."));
        let mut running: Vec<&str> = ALL.into_iter().filter(|node| *node != owner).collect();
        let claim = "a process that lost the name stands by, and takes over when the name is free";
        let why = "If the loser ends, or never tries again, the cluster has no sweeper when the owner dies.";
        cluster.kill(&owner).await?;
        let next = one_sweeper(cluster, &running, Some(&left)).await.because(why)?;
        let owner = next.node().short().to_owned();

        cluster.step(format!("The sweeper is on {owner}, which is killed, too."));
        running.retain(|node| *node != owner);
        cluster.kill(&owner).await?;
        let last = one_sweeper(cluster, &running, Some(&next)).await.because(why)?;
        sweeps(cluster, last.node().short(), cluster.store_mark(), 1, claim).await.because(why)
    })
    .await
}

/// Waits until all of these nodes know one and the same process by the name, on one of them, and
/// not the one that is gone.
async fn one_sweeper(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    gone: Option<&Address<()>>,
) -> Result<Address<()>, Stop> {
    let mut agreed = None;
    let look = async || {
        let mut known: BTreeMap<&str, Address<()>> = BTreeMap::new();
        for node in nodes {
            let view = cluster.call(node, &GLOBAL, GlobalMsg::View).await?;
            match view.get(THE_SWEEPER) {
                None => {
                    return Err(Unmet::at(
                        node,
                        format!("{node} knows no process with the global name `{THE_SWEEPER}`"),
                    ));
                }
                Some(process) if Some(process) == gone => {
                    return Err(Unmet::at(
                        node,
                        format!("{node} still knows the sweeper that is gone"),
                    ));
                }
                Some(process) => drop(known.insert(node, process.clone())),
            }
        }
        let different: BTreeSet<&Address<()>> = known.values().collect();
        match different.into_iter().collect::<Vec<_>>()[..] {
            [one] if nodes.contains(&one.node().short()) => {
                agreed = Some(one.clone());
                Ok(())
            }
            [one] => Err(Unmet::at(
                nodes[0],
                format!("{} knows a sweeper on {}", nodes[0], one.node().short()),
            )),
            _ => {
                let known = known.iter().map(|(node, sweeper)| {
                    format!("{node} knows a sweeper on {}", sweeper.node().short())
                });
                Err(Unmet::at(nodes[0], known.collect::<Vec<_>>().join(", ")))
            }
        }
    };
    cluster
        .eventually(CLAIM_TIMEOUT, ONE, look)
        .await
        .because(WHY_ONE)?;
    agreed.ok_or_else(|| {
        Stop::fault("The claim held, but the checker did not note which node sweeps.")
    })
}

/// Creates a link that expires after so many seconds.
async fn create_for(
    cluster: &Cluster<'_>,
    node: &str,
    name: &str,
    ttl: u64,
) -> Result<(String, Link), Stop> {
    let url = url(name);
    let code = create_with(cluster, node, &url, &[("ttl", &ttl.to_string())]).await?;
    match stored(cluster, &code).await? {
        Some(link) if link.url == url => Ok((code, link)),
        // The machine is so slow that the link was swept already.
        _ => Err(Stop::inconclusive(
            "A link had expired and was swept before the checker could look at it.",
        )),
    }
}

const WHY_SWEEP: &str = "The store keeps every link that no node removes. Links that expire are created day after day, and would \
                         fill it.";

/// Waits until the store no longer has these expired links.
async fn is_swept(
    cluster: &Cluster<'_>,
    expired: &[(String, Link)],
    owner: &str,
    claim: &str,
) -> Told {
    let look = async || {
        for (code, link) in expired {
            if stored(cluster, code).await?.as_ref() == Some(link) {
                return Err(Unmet::at(
                    owner,
                    format!(
                        "the store still has the expired link {code}, and the sweeper is on {owner}"
                    ),
                ));
            }
        }
        Ok(())
    };
    cluster
        .eventually(CLAIM_TIMEOUT, claim, look)
        .await
        .because(WHY_SWEEP)
}

/// Only the owner of the name has removed these links from the store since a mark.
fn only_one_swept(cluster: &Cluster<'_>, mark: u64, links: &[(String, Link)], owner: &str) -> Told {
    let removes = |name: &str| matches!(name, "EVAL" | "DEL" | "UNLINK" | "GETDEL");
    let is_one = |key: &str| links.iter().any(|(code, _)| key == format!("link:{code}"));
    let commands = cluster.store_commands(mark).forwarded();
    let removals = commands
        .filter(|command| removes(&command.name) && command.key.as_deref().is_some_and(is_one));
    let by: BTreeSet<&str> = removals
        .iter()
        .map(|command| command.node.as_str())
        .collect();
    if by == BTreeSet::from([owner]) {
        return Ok(());
    }
    let by: Vec<&str> = by.into_iter().collect();
    let other = by.iter().find(|node| **node != owner).unwrap_or(&owner);
    Err(cluster
        .failed_at(
            other,
            format!("expired links were removed by {}", by.join(" and ")),
            format!("one process sweeps: the owner of the name, on {owner}"),
        )
        .because(WHY_ONE)
        .into())
}

/// Waits until a node's table has none of the links that are gone, and at most so many entries.
async fn is_cleared(
    cluster: &Cluster<'_>,
    node: &str,
    gone: &[(String, Link)],
    max_entries: usize,
) -> Told {
    let kept = |code: &str| Fact::TableKeeps {
        node: node.to_owned(),
        code: code.to_owned(),
    };
    let look = async || {
        for (code, _) in gone {
            if peek(cluster, node, code).await?.is_some() {
                return Err(not_yet(&kept(code)));
            }
        }
        match size(cluster, node).await? {
            size if size <= max_entries => Ok(()),
            size => {
                let seen = format!("{node}'s table has {size} entries");
                Err(Unmet::at(node, seen).fact(&kept(&gone[0].0)))
            }
        }
    };
    let claim = format!(
        "the sweeper tells every table which links are gone, and the tables remove them (at most {max_entries} entries are left, of other links and of lookups since)"
    );
    cluster
        .eventually(CLAIM_TIMEOUT, claim, look)
        .await
        .because("A table has room for 1000 entries. An expired link needs none of it.")
}

/// How often each node has looked for expired links since a mark.
fn scans(cluster: &Cluster<'_>, mark: u64) -> BTreeMap<String, usize> {
    let mut scans = BTreeMap::new();
    for command in cluster
        .store_commands(mark)
        .named("SCAN")
        .key_starts("due:")
        .iter()
    {
        *scans.entry(command.node.clone()).or_default() += 1;
    }
    scans
}

/// Waits until a node has looked so often for expired links.
async fn sweeps(cluster: &Cluster<'_>, node: &str, mark: u64, times: usize, claim: &str) -> Told {
    let look = async || match scans(cluster, mark).get(node).copied().unwrap_or_default() {
        seen if seen >= times => Ok(()),
        seen => Err(Unmet::at(
            node,
            format!("{node} looked {seen} times for expired links in the store"),
        )),
    };
    cluster
        .eventually(CLAIM_TIMEOUT + Duration::from_secs(2), claim, look)
        .await
}

/// The sweeper answers how many links it has swept.
async fn has_swept(cluster: &Cluster<'_>, sweeper: &Address<()>, expected: u64) -> Told {
    let (sweeper, node) = (
        sweeper.retype::<SweeperMsg>(),
        sweeper.node().short().to_owned(),
    );
    let look = async || {
        let asked = cluster
            .manager()
            .call_within(CLAIM_TIMEOUT, &sweeper, SweeperMsg::Swept)
            .await;
        match asked {
            Ok(swept) if swept == expected => Ok(()),
            Ok(swept) => Err(Unmet::at(
                &node,
                format!("the sweeper on {node} answers `Swept` with {swept}"),
            )),
            Err(why) => Err(Unmet::at(
                &node,
                format!(
                    "the process with the name `{THE_SWEEPER}` on {node} does not answer `Swept`: {why}"
                ),
            )),
        }
    };
    let claim = format!(
        "the process with the name `{THE_SWEEPER}` is the sweeper, and says how many links it has swept ({expected} here)"
    );
    cluster.eventually(CLAIM_TIMEOUT, claim, look).await
}
