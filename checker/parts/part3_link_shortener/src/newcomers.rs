//! Problem 4: nodes that come late, or come again with nothing in their memory.

use std::cell::Cell;
use std::time::Duration;

use runtime::net::faults::{Action, Rule};

use tokio::time::{Instant, sleep};

use super::{
    Links, SOON, all_lead, create, create_all, follow, led, numbered, size, tables_have, url,
    was_told,
};
use testkit::cluster::{Cluster, Explained, Options, Request};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::words::Names;

/// How many more are created while a node comes up: as many as get done, and then so many; but no
/// more in all than a table has room for.
const MEANWHILE: usize = 20;
const MOST_MEANWHILE: u64 = 600;

const WARM: &str =
    "a node that comes up gets all links from its peers, within 5 s and without the store";

const WHY_WARM: &str = "An empty table is filled by look-ups, and until it is, each of them costs the store one. After a power \
                        failure all nodes do that at once. But the others have the links in their memory.";

pub(super) async fn late_node_warms_up(cx: &Context) -> Told {
    let mut draw = cx.draw();
    // One of the latecomers has a smaller name than all others, and one a greater name.
    let [late, later] = draw.cast(["n1", "n4"]);
    let [one, other] = draw.cast(["n2", "n3"]);
    let (counts, mut names) = (draw.numbers(105..=125), Names::new(&mut draw));
    Cluster::tell(cx, &["n2", "n3"], Options::with_store(), async |cluster| {
        let mut links = many(cluster, names.take(), counts, [one, other]).await?;
        cluster.step(format!("The store refuses {late}, which joins, late. Meanwhile {one} creates more links."));
        cluster.store_refused([late]);
        warms_up_alone(cluster, names.take(), late, one, &mut links).await?;

        cluster.step(format!("{later} joins, and is asked for all links as soon as it is in the mesh. The store is there."));
        let mark = cluster.store_mark();
        cluster.join(later).await?;
        spares_the_store(cluster, later, &links, mark).await
    })
    .await
}

pub(super) async fn restarted_node_warms_up(cx: &Context) -> Told {
    let mut draw = cx.draw();
    // Both are started again: that of the smaller name and that of the greater one.
    let [first, second] = draw.cast(["n1", "n2"]);
    let (counts, mut names) = (draw.numbers(105..=125), Names::new(&mut draw));
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        let mut links = many(cluster, names.take(), counts, [first, second]).await?;
        cluster.step(format!("The store refuses {first}, which is killed and started again. Meanwhile {second} creates more links."));
        cluster.store_refused([first]);
        warms_up_alone(cluster, names.take(), first, second, &mut links).await?;

        cluster.step(format!(
            "{second} is killed and started again, and asked for all links as soon as it is in the mesh, a moment before it is told of any. The store is there."
        ));
        spares_the_store_until_it_is_told(cluster, second, first, &links).await
    })
    .await
}

pub(super) async fn peers_are_silent(cx: &Context) -> Told {
    /// A second, and what a busy machine may add.
    const AT_MOST: Duration = Duration::from_secs(2);
    let mut draw = cx.draw();
    let [late, one, other] = draw.cast(["n1", "n2", "n3"]);
    let [name] = Names::new(&mut draw).take();
    let count = draw.number(2..=4);
    let mut peers = [one, other];
    peers.sort_unstable();
    Cluster::tell(cx, &peers, Options::with_store(), async |cluster| {
        let mut links = Links::new();
        create_all(cluster, one, numbered(&name, count), &mut links).await?;
        tables_have(cluster, &peers, &links, SOON, "all have the links").await?;
        cluster.step(format!(
            "{late} joins, late, and nothing that its peers say gets to it. It is asked for {}. The store is there.",
            count_of(count, "link")
        ));
        let mut held = Vec::new();
        for peer in peers {
            let all = Rule::new(Action::Hold).from(&cluster.name(peer)).to(&cluster.name(late)).times(usize::MAX);
            held.push(cluster.rule(all));
        }
        cluster.join(late).await?;
        let claim = "a late node whose peers are silent asks the store, and answers within a second";
        let why = "A peer may be busy, or gone before it has answered. Whoever waits for it needs a limit, and something to do \
                   when it is reached.";
        for (code, url) in &links {
            let answer = cluster.get(late, &format!("/{code}")).await.map_err(Stop::from);
            let answer = answer.claiming(claim).because(why)?;
            led(cluster, late, code, &answer, url, claim).because(why)?;
            if answer.took > AT_MOST {
                let took = answer.took.as_secs_f32();
                return Err(cluster
                    .failed_at(late, format!("{late} answered `GET /{code}` only after {took:.1} s"), claim)
                    .because(why)
                    .into());
            }
        }
        match held.iter().any(|rule| rule.hits() > 0) {
            true => Ok(()),
            false => Err(Stop::inconclusive(format!("The peers had nothing to say to {late}."))),
        }
    })
    .await
}

/// Has two nodes create links, fewer than a table may have, and waits until both have all of them.
async fn many(
    cluster: &Cluster<'_>,
    names: [String; 2],
    counts: [u64; 2],
    nodes: [&str; 2],
) -> Result<Links, Stop> {
    cluster.step(format!(
        "{} creates {} links and {} {}; both have all of them.",
        nodes[0], counts[0], nodes[1], counts[1]
    ));
    let mut links = Links::new();
    for (node, (name, count)) in nodes.iter().zip(names.iter().zip(counts)) {
        create_all(cluster, node, numbered(name, count), &mut links).await?;
    }
    tables_have(cluster, &nodes, &links, SOON, "all have the links").await?;
    Ok(links)
}

/// A node comes up that the store refuses, while another one creates more links.
async fn warms_up_alone(
    cluster: &Cluster<'_>,
    [name]: [String; 1],
    node: &str,
    creator: &str,
    links: &mut Links,
) -> Told {
    let (before, mark) = (links.clone(), cluster.mark());
    let is_up = Cell::new(false);
    let comes = async {
        let came = comes_up(cluster, node).await;
        is_up.set(true);
        came
    };
    let created = async {
        let mut rest = MEANWHILE;
        for name in numbered(&name, MOST_MEANWHILE) {
            let url = url(&name);
            links.insert(create(cluster, creator, &url).await?, url);
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
    all_lead(cluster, node, links, WARM).await?;
    was_told(cluster, node, links, mark)
}

/// Kills a node, starts it again and asks it for all links, while nothing that its peer says gets
/// to it: not before the first look-ups have come to its cache, which must be waiting for the
/// table by then.
async fn spares_the_store_until_it_is_told(
    cluster: &Cluster<'_>,
    node: &str,
    peer: &str,
    links: &Links,
) -> Told {
    /// Whoever was held up for longer may have given up waiting for a table.
    const SOON_ENOUGH: Duration = Duration::from_millis(100);
    const TRIES: usize = 5;
    let most = most_reads(links);
    for tries in 1..=TRIES {
        cluster.kill(node).await?;
        cluster.partition(&[node], &[peer]).await?;
        let all = Rule::new(Action::Hold)
            .from(&cluster.name(peer))
            .to(&cluster.name(node));
        let held = cluster.rule(all.times(usize::MAX));
        cluster.start_node(node).await?;
        cluster.heal();
        let (begun, mark) = (Instant::now(), cluster.store_mark());
        cluster.connect(node, peer).await?;
        cluster.await_mesh().await?;

        let took = Cell::new(Duration::MAX);
        let told = async {
            // Behind the first look-ups, on both ways on which those get to the cache.
            let _ = cluster.request(node, &Request::get("/")).await;
            size(cluster, node).await?;
            let undecided = || (1..=most).contains(&reads(cluster, node, mark));
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
            // Who sends its table in parts may be asked for all of these after the first part.
            followed = follow(cluster, node, links, claim, most) => followed?,
            stop = told => return stop,
        }
        let is_few = reads(cluster, node, mark) <= most;
        match took.get() < SOON_ENOUGH {
            true if is_few => return Ok(()),
            true => return spares_the_store(cluster, node, links, mark).await,
            // It may be few because nobody got around to more.
            false if is_few && tries == TRIES => return Ok(()),
            false => {}
        }
    }
    Err(Stop::inconclusive(format!(
        "The machine was too slow: {node} may have given up waiting for {peer} before anything came.",
    )))
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
