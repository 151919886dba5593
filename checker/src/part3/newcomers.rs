//! Problem 4: nodes that come late, or come again with nothing in their memory.

use std::cell::Cell;
use std::time::Duration;

use runtime::net::faults::{Action, Rule};

use tokio::time::{Instant, sleep};

use super::{Links, SOON, all_lead, create, create_all, follow, led, size, tables_have, url};
use crate::cluster::{Cluster, Explained, Options, Request};
use crate::scenario::{Context, Stop, Told};

/// How many links there are; fewer than a table may have.
const LINKS: usize = 200;

/// How many more are created while a node comes up: as many as get done, and then so many; but no
/// more in all than a table has room for.
const MEANWHILE: usize = 20;
const MOST_MEANWHILE: usize = 600;

const WARM: &str =
    "a node that comes up gets all links from its peers, within 5 s and without the store";

const WHY_WARM: &str = "An empty table is filled by look-ups, and until it is, each of them costs the store one. After a power \
                        failure all nodes do that at once. But the others have the links in their memory.";

pub(super) async fn late_node_warms_up(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        let mut links = two_hundred(cluster).await?;
        cluster.step("The store refuses n3, which joins, late. Meanwhile n1 creates more links.");
        cluster.store_refused(["n3"]);
        warms_up_alone(cluster, "n3", &mut links).await?;

        cluster.step("n4 joins, and is asked for all links as soon as it is in the mesh. The store is there.");
        let mark = cluster.store_mark();
        cluster.join("n4").await?;
        spares_the_store(cluster, "n4", &links, mark).await
    })
    .await
}

pub(super) async fn restarted_node_warms_up(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        let mut links = two_hundred(cluster).await?;
        cluster.step("The store refuses n2, which is killed and started again. Meanwhile n1 creates more links.");
        cluster.store_refused(["n2"]);
        warms_up_alone(cluster, "n2", &mut links).await?;

        cluster.step("n1 is killed and started again, and asked for all links as soon as it is in the mesh, a moment before it is told of any. The store is there.");
        spares_the_store_until_it_is_told(cluster, &links).await
    })
    .await
}

pub(super) async fn peers_are_silent(cx: &Context) -> Told {
    /// A second, and what a busy machine may add.
    const AT_MOST: Duration = Duration::from_secs(2);
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        let mut links = Links::new();
        create_all(cluster, "n1", ["one", "two", "three"].map(Into::into), &mut links).await?;
        tables_have(cluster, &["n1", "n2"], &links, SOON, "all have the links").await?;
        cluster.step("n3 joins, late, and nothing that its peers say gets to it. It is asked for three links. The store is there.");
        let mut held = Vec::new();
        for peer in ["n1", "n2"] {
            let all = Rule::new(Action::Hold).from(&cluster.name(peer)).to(&cluster.name("n3")).times(usize::MAX);
            held.push(cluster.rule(all));
        }
        cluster.join("n3").await?;
        let claim = "a late node whose peers are silent asks the store, and answers within a second";
        let why = "A peer may be busy, or gone before it has answered. Whoever waits for it needs a limit, and something to do \
                   when it is reached.";
        for (code, url) in &links {
            let answer = cluster.get("n3", &format!("/{code}")).await.map_err(Stop::from);
            let answer = answer.claiming(claim).because(why)?;
            led(cluster, "n3", code, &answer, url, claim).because(why)?;
            if answer.took > AT_MOST {
                let took = answer.took.as_secs_f32();
                return Err(cluster
                    .failed_at("n3", format!("n3 answered `GET /{code}` only after {took:.1} s"), claim)
                    .because(why)
                    .into());
            }
        }
        match held.iter().any(|rule| rule.hits() > 0) {
            true => Ok(()),
            false => Err(Stop::inconclusive("The peers had nothing to say to n3.")),
        }
    })
    .await
}

/// Has two nodes create links, and waits until both have all of them.
async fn two_hundred(cluster: &Cluster<'_>) -> Result<Links, Stop> {
    cluster.step(format!(
        "n1 and n2 create {LINKS} links; both have all of them."
    ));
    let mut links = Links::new();
    create_all(
        cluster,
        "n1",
        (0..LINKS / 2).map(|number| format!("one-{number}")),
        &mut links,
    )
    .await?;
    create_all(
        cluster,
        "n2",
        (0..LINKS / 2).map(|number| format!("two-{number}")),
        &mut links,
    )
    .await?;
    tables_have(cluster, &["n1", "n2"], &links, SOON, "all have the links").await?;
    Ok(links)
}

/// A node comes up that the store refuses, while more links are created on n1.
async fn warms_up_alone(cluster: &Cluster<'_>, node: &str, links: &mut Links) -> Told {
    let before = links.clone();
    let is_up = Cell::new(false);
    let comes = async {
        let came = comes_up(cluster, node).await;
        is_up.set(true);
        came
    };
    let created = async {
        let mut rest = MEANWHILE;
        for number in 0..MOST_MEANWHILE {
            let url = url(&format!("meanwhile-{number}"));
            links.insert(create(cluster, "n1", &url).await?, url);
            rest -= usize::from(is_up.get());
            if rest == 0 {
                break;
            }
        }
        Ok::<_, Stop>(())
    };
    let (came, created) = tokio::join!(comes, created);
    came?;
    created?;
    tables_have(cluster, &[node], &before, SOON, WARM)
        .await
        .because(WHY_WARM)?;
    let claim = "a node that comes up also gets the links that are created meanwhile";
    tables_have(cluster, &[node], links, SOON, claim).await.because(
        "Between the moment at which a peer's table is read and the one from which on the node is told of new links, there \
         must be no gap. If there is one, what is created then gets to it by neither way.",
    )?;
    all_lead(cluster, node, links, WARM).await
}

/// Kills n1, starts it again and asks it for all links, while nothing that n2 says gets to it: not
/// before the first look-ups have come to its cache, which must be waiting for the table by then.
async fn spares_the_store_until_it_is_told(cluster: &Cluster<'_>, links: &Links) -> Told {
    /// Whoever was held up for longer may have given up waiting for a table.
    const SOON_ENOUGH: Duration = Duration::from_millis(100);
    const TRIES: usize = 5;
    let most = most_reads(links);
    for _ in 0..TRIES {
        cluster.kill("n1").await?;
        cluster.partition(&["n1"], &["n2"]).await?;
        let all = Rule::new(Action::Hold)
            .from(&cluster.name("n2"))
            .to(&cluster.name("n1"));
        let held = cluster.rule(all.times(usize::MAX));
        cluster.start_node("n1").await?;
        cluster.heal();
        let (begun, mark) = (Instant::now(), cluster.store_mark());
        cluster.connect("n1", "n2").await?;
        cluster.await_mesh().await?;

        let took = Cell::new(Duration::MAX);
        let told = async {
            // Behind the first look-ups, on both ways on which those get to the cache.
            let _ = cluster.request("n1", &Request::get("/")).await;
            size(cluster, "n1").await?;
            let undecided = || (1..=most).contains(&reads(cluster, "n1", mark));
            while undecided() && begun.elapsed() < SOON_ENOUGH {
                sleep(Duration::from_millis(2)).await;
            }
            took.set(begun.elapsed());
            loop {
                held.release();
                sleep(Duration::from_millis(2)).await;
            }
        };
        let claim = "a node that comes up follows every link";
        tokio::select! { biased;
            followed = follow(cluster, "n1", links, claim, most + 1) => followed?,
            stop = told => return stop,
        }
        if reads(cluster, "n1", mark) <= most {
            return Ok(());
        }
        if took.get() < SOON_ENOUGH {
            return spares_the_store(cluster, "n1", links, mark).await;
        }
    }
    Err(Stop::inconclusive(
        "The machine was too slow: n1 may have given up waiting for n2 before anything came.",
    ))
}

/// How many questions to the store the links may cost a node that its peers tell of them.
fn most_reads(links: &Links) -> usize {
    links.len() / 20
}

/// How many links a node has asked the store for.
fn reads(cluster: &Cluster<'_>, node: &str, since: u64) -> usize {
    let commands = cluster.store_commands(since).by(node).named("GET");
    commands.key_starts("link:").len()
}

/// A node that has just come up is asked for all links.
async fn spares_the_store(cluster: &Cluster<'_>, node: &str, links: &Links, mark: u64) -> Told {
    all_lead(
        cluster,
        node,
        links,
        "a node that comes up follows every link",
    )
    .await?;
    let (reads, most) = (reads(cluster, node, mark), most_reads(links));
    if reads <= most {
        return Ok(());
    }
    Err(cluster
        .failed_at(
            node,
            format!("{node} asked the store {reads} times for a link, when it was asked for {} that its peers have", links.len()),
            format!("a node that has just come up asks its peers: at most one of twenty links costs the store a question ({most} here)"),
        )
        .because(WHY_WARM)
        .into())
}

/// Starts a node, for the first time or again.
async fn comes_up(cluster: &Cluster<'_>, node: &str) -> Told {
    match cluster.everyone().iter().any(|other| other == node) {
        true => cluster.restart(node).await,
        false => cluster.join(node).await,
    }
}
