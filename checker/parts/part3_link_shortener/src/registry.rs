//! Problem 6: one sweeper in the whole cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runtime::{Address, GLOBAL, GlobalMsg};
use shortener::Link;

use super::messages::{SWEEPER, SweeperMsg, THE_SWEEPER};
use super::{
    Links, SOON, create, create_with, expires, is_answered, is_stored, leads, peek, size, stored,
    url,
};
use testkit::cluster::{Cluster, Explained, Options, Request, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::words::Names;

const ALL: [&str; 3] = ["n1", "n2", "n3"];

const ONE: &str = "one process has the global name `sweeper`, and every node knows which";

const WHY_ONE: &str = "What is to be done once in a cluster is done by one process. That all agree on which is what a registry of \
                       global names is for.";

const EXPIRED: &str = "an expired link leads nowhere, whether it was swept or not: 404";

pub(super) async fn one_node_sweeps(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [creator, visited, _] = draw.cast(ALL);
    let (mut names, seconds) = (Names::new(&mut draw), draw.number(60..=600));
    let ttl = draw.number(1..=2);
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        let sweeper = one_sweeper(cluster, &ALL, None).await?;
        let who = sweeper.node().short().to_owned();
        cluster.step(format!(
            "The sweeper is on {who}. Each node creates two links for {}, {creator} also one without an end and one for {seconds} seconds.",
            count_of(ttl, "second")
        ));
        let mark = cluster.store_mark();
        let (mut short, mut quiet) = (Vec::new(), Vec::new());
        for node in ALL {
            let [followed, left_alone] = names.take();
            short.push(ending(cluster, node, &followed, ttl).await?);
            quiet.push(ending(cluster, node, &left_alone, ttl).await?);
        }
        let [endless, long] = names.take().map(|name: String| url(&name));
        let mut kept = Links::from([(create(cluster, creator, &endless).await?, endless)]);
        kept.insert(create_with(cluster, creator, &long, &[("ttl", &seconds.to_string())]).await?, long);

        cluster.step("The time is over. Every node is asked at once for one link of each.");
        for (code, link) in &short {
            expires(link).await;
            for node in ALL {
                is_answered(cluster, node, &Request::get(format!("/{code}")), 404, EXPIRED).await.because(
                    "A sweeper comes when it comes. Until then it is up to everybody who looks at a link to look at its end, too.",
                )?;
            }
        }

        cluster.step("The sweeper has some time to come.");
        let all: Vec<(String, Link)> = short.iter().chain(&quiet).cloned().collect();
        is_swept(cluster, &all, "expired links are removed from the store").await?;
        only_one_swept(cluster, mark, &all, &who)?;
        for node in ALL {
            is_cleared(cluster, node, &all, kept.len() + short.len()).await?;
        }
        has_swept(cluster, &sweeper, all.len() as u64).await?;
        for (code, url) in &kept {
            is_stored(cluster, creator, code, url).await?;
            leads(cluster, visited, code, url, "what has not expired is not swept").await?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn another_takes_over(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let order = draw.cast(ALL);
    let ([page], ttl) = (Names::new(&mut draw).take(), draw.number(1..=2));
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        let first = one_sweeper(cluster, &ALL, None).await?;
        let who = first.node().short().to_owned();
        cluster.step(format!("The sweeper is on {who}. Its process crashes."));
        cluster.crash(&who, &SWEEPER).await?;
        let second = one_sweeper(cluster, &ALL, Some(&first)).await?;
        let who = second.node().short().to_owned();

        let survivors: Vec<&str> = order.into_iter().filter(|node| *node != who).collect();
        let creator = survivors[0];
        cluster.step(format!(
            "The sweeper is on {who} now. {creator} creates a link for {}, and {who} is killed.",
            count_of(ttl, "second")
        ));
        let short = vec![ending(cluster, creator, &page, ttl).await?];
        cluster.kill(&who).await?;
        let mark = cluster.store_mark();
        let third = one_sweeper(cluster, &survivors, Some(&second)).await.because(
            "With the node its processes are gone, and with them their names. Whoever stood by must notice that the name is free.",
        )?;
        expires(&short[0].1).await;
        is_swept(cluster, &short, "when the sweeper's node dies, another one goes on").await?;
        only_one_swept(cluster, mark, &short, third.node().short())
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
        let why = "Neither side can know whether the other one still lives. Two sweepers do no harm, and none at all does.";
        one_sweeper(cluster, &[alone], None).await.because(why)?;
        let far = one_sweeper(cluster, &[one, other], None).await.because(why)?;
        let mark = cluster.store_mark();
        sweeps(cluster, alone, mark, 1, claim).await.because(why)?;
        sweeps(cluster, far.node().short(), mark, 1, claim).await.because(why)?;

        cluster.step("The network is whole again, and the nodes have found each other.");
        cluster.heal();
        cluster.await_mesh().await?;
        let left = one_sweeper(cluster, &ALL, None).await.because(
            "Two processes of one name have met. One of them has to give way, and all nodes have to know which.",
        )?;
        let who = left.node().short().to_owned();
        // Whoever was just sweeping may bring that to an end.
        sweeps(cluster, &who, cluster.store_mark(), 2, "the one that is left sweeps").await?;
        let mark = cluster.store_mark();
        sweeps(cluster, &who, mark, 3, "the one that is left sweeps").await?;
        let others: Vec<String> = scans(cluster, mark).into_keys().filter(|node| *node != who).collect();
        if !others.is_empty() {
            return Err(cluster
                .failed(
                    format!("{} and {who} looked for expired links in the store", others.join(" and ")),
                    format!("after the heal only one process sweeps: the one that has the name, on {who}"),
                )
                .because("To have had the name once is not to have it. Whoever lost it has to notice.")
                .into());
        }

        cluster.step(format!("The sweeper is on {who}, which is killed."));
        let mut running: Vec<&str> = ALL.into_iter().filter(|node| *node != who).collect();
        let claim = "who lost the name stands by, and takes over when it is free";
        let why = "A loser that has ended for good, or has forgotten what it was for, is missing when it is needed again.";
        cluster.kill(&who).await?;
        let next = one_sweeper(cluster, &running, Some(&left)).await.because(why)?;
        let who = next.node().short().to_owned();

        cluster.step(format!("The sweeper is on {who}, which is killed, too."));
        running.retain(|node| *node != who);
        cluster.kill(&who).await?;
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
                        format!("{node} knows no process of the global name `{THE_SWEEPER}`"),
                    ));
                }
                Some(process) if Some(process) == gone => {
                    return Err(Unmet::at(
                        node,
                        format!("{node} knows the sweeper that is gone"),
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
            [one] => Err(Unmet::from(format!(
                "all know a sweeper on {}",
                one.node().short()
            ))),
            _ => {
                let known = known.iter().map(|(node, sweeper)| {
                    format!("{node} knows a sweeper on {}", sweeper.node().short())
                });
                Err(Unmet::from(known.collect::<Vec<_>>().join(", ")))
            }
        }
    };
    cluster.eventually(SOON, ONE, look).await.because(WHY_ONE)?;
    agreed.ok_or_else(|| Stop::fault("Nobody told who the sweeper is."))
}

/// Creates a link that ends soon.
async fn ending(
    cluster: &Cluster<'_>,
    node: &str,
    name: &str,
    ttl: u64,
) -> Result<(String, Link), Stop> {
    let url = url(name);
    let code = create_with(cluster, node, &url, &[("ttl", &ttl.to_string())]).await?;
    match stored(cluster, &code).await? {
        Some(link) if link.url == url => Ok((code, link)),
        // So slow a machine that it was swept already.
        _ => Err(Stop::inconclusive(
            "A link was over and gone before it could be looked at.",
        )),
    }
}

/// Waits until the store no longer has links that are expired.
async fn is_swept(cluster: &Cluster<'_>, expired: &[(String, Link)], claim: &str) -> Told {
    let look = async || {
        for (code, link) in expired {
            if stored(cluster, code).await?.as_ref() == Some(link) {
                return Err(Unmet::from(format!(
                    "the store still has the expired link {code}"
                )));
            }
        }
        Ok(())
    };
    cluster.eventually(SOON, claim, look).await.because(
        "The store keeps what nobody removes. Links that end are created day after day, and would fill it.",
    )
}

/// Only the sweeper's node has removed these links from the store since a mark.
fn only_one_swept(cluster: &Cluster<'_>, mark: u64, links: &[(String, Link)], who: &str) -> Told {
    let removes = |name: &str| matches!(name, "EVAL" | "EVALSHA" | "DEL" | "UNLINK" | "GETDEL");
    let is_one = |key: &str| links.iter().any(|(code, _)| key == format!("link:{code}"));
    let commands = cluster.store_commands(mark).forwarded();
    let removals = commands
        .filter(|command| removes(&command.name) && command.key.as_deref().is_some_and(is_one));
    let by: BTreeSet<&str> = removals
        .iter()
        .map(|command| command.node.as_str())
        .collect();
    if by == BTreeSet::from([who]) {
        return Ok(());
    }
    let by: Vec<&str> = by.into_iter().collect();
    Err(cluster
        .failed(
            format!("expired links were removed by {}", by.join(" and ")),
            format!("one process sweeps: the one that has the name, on {who}"),
        )
        .because(WHY_ONE)
        .into())
}

/// Waits until a node's table has no more than it needs, and none of the links that are gone.
async fn is_cleared(
    cluster: &Cluster<'_>,
    node: &str,
    gone: &[(String, Link)],
    most: usize,
) -> Told {
    let look = async || {
        for (code, _) in gone {
            if peek(cluster, node, code).await?.is_some() {
                return Err(Unmet::at(
                    node,
                    format!("{node}'s table still has the expired link {code}"),
                ));
            }
        }
        match size(cluster, node).await? {
            size if size <= most => Ok(()),
            size => Err(Unmet::at(
                node,
                format!("{node}'s table has {size} entries"),
            )),
        }
    };
    let claim = format!(
        "the sweeper tells the tables which links are gone, and they forget them ({most} entries at most are of other links, or were looked up since)"
    );
    cluster
        .eventually(SOON, claim, look)
        .await
        .because("A table has room for 1000 entries. What leads nowhere needs none of it.")
}

/// How often each node has looked for what is due, since a mark.
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

/// Waits until a node has looked so often for what is due.
async fn sweeps(cluster: &Cluster<'_>, node: &str, mark: u64, times: usize, claim: &str) -> Told {
    let look = async || match scans(cluster, mark).get(node).copied().unwrap_or_default() {
        seen if seen >= times => Ok(()),
        seen => Err(Unmet::at(
            node,
            format!("{node} looked {seen} times for expired links in the store"),
        )),
    };
    cluster
        .eventually(SOON + Duration::from_secs(2), claim, look)
        .await
}

/// The sweeper says how many links it has swept.
async fn has_swept(cluster: &Cluster<'_>, sweeper: &Address<()>, expected: u64) -> Told {
    let (sweeper, node) = (
        sweeper.retype::<SweeperMsg>(),
        sweeper.node().short().to_owned(),
    );
    let look = async || {
        let asked = cluster
            .manager()
            .call_within(SOON, &sweeper, SweeperMsg::Swept)
            .await;
        match asked {
            Ok(swept) if swept == expected => Ok(()),
            Ok(swept) => Err(Unmet::at(
                &node,
                format!("the sweeper answers `Swept` with {swept}"),
            )),
            Err(why) => Err(Unmet::at(
                &node,
                format!("the process of the name `{THE_SWEEPER}` does not answer `Swept`: {why}"),
            )),
        }
    };
    let claim = format!(
        "the process of the name `{THE_SWEEPER}` is the sweeper, and says how many links it has swept ({expected} here)"
    );
    cluster.eventually(SOON, claim, look).await
}
