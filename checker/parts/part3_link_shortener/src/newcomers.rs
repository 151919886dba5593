//! Problem 4: nodes that join late, or start again with an empty table.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::join_all;
use runtime::net::faults::{Action, Rule};
use tokio::time::{Instant, interval, sleep};

use super::{
    CLAIM_TIMEOUT, Fact, Links, NOT_FOUND, create, create_all, expect_redirect, expect_status,
    failed, follow_all, follow_side_by_side, numbered, size, tables_have, url, was_told,
};
use testkit::cluster::{Cluster, Explained, Options, Request};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::words::Names;

/// Links are created while a node comes up, at most one in this time. In a simulation a creation takes none.
const CREATION_INTERVAL: Duration = Duration::from_millis(1);

/// So many more are created when it is up.
const AFTERWARDS: usize = 20;

/// A delay of the store for which a node that has waited for its peers in vain may just refuse.
const SLOW: Duration = Duration::from_millis(750);

/// No more than these are created in all, so that the table has room for them.
const MAX_CREATED: u64 = 600;

const WARM: &str =
    "a node that comes up gets all links from its peers within 5 s, without the store";

const WHY_WARM: &str = "If only lookups fill an empty table, each of them costs the store a question. After a power failure all \
                        nodes ask at the same time. The peers have the links in their memory.";

pub(super) async fn late_node_warms_up(cx: &Context) -> Told {
    let mut draw = cx.draw();
    // One late node has a smaller name than all others, and one a greater name.
    let [late, later] = draw.cast(["n1", "n4"]);
    let [one, other] = draw.cast(["n2", "n3"]);
    let (counts, mut names) = (draw.numbers(105..=125), Names::new(&mut draw));
    Cluster::tell(cx, &["n2", "n3"], Options::with_store(), async |cluster| {
        let mut links = create_many(cluster, names.take(), counts, [one, other]).await?;
        cluster.step(format!("The store refuses {late}, which joins late. Meanwhile {one} creates more links."));
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
    // Both are started again: the node with the smaller name and the one with the greater name.
    let [first, second, late] = draw.cast(["n1", "n2", "n3"]);
    let mut nodes = [first, second];
    nodes.sort_unstable();
    let (counts, mut names) = (draw.numbers(105..=125), Names::new(&mut draw));
    Cluster::tell(cx, &nodes, Options::with_store(), async |cluster| {
        let mut links = create_many(cluster, names.take(), counts, [first, second]).await?;
        cluster.step(format!("The store refuses {first}, which is killed and started again. Meanwhile {second} creates more links."));
        cluster.store_refused([first]);
        warms_up_alone(cluster, names.take(), first, second, &mut links).await?;

        cluster.step(format!(
            "{second} is killed and started again, and asked for all links as soon as it is in the mesh, a moment before any link is sent to it. \
             {late} starts at the same time, creates a link, and cannot reach {first}. The store is there."
        ));
        let [own] = names.take();
        spares_the_store_while_it_waits(cluster, second, [late, own.as_str()], first, &links).await
    })
    .await
}

pub(super) async fn silent_peers_delay_no_look_up(cx: &Context) -> Told {
    // A second, or what a busy machine makes of it.
    let max_wait = cx.limit(Duration::from_secs(1), Duration::from_secs(2));
    let mut draw = cx.draw();
    let [late, later, one, other] = draw.cast(["n1", "n2", "n3", "n4"]);
    let [name, unknown] = Names::new(&mut draw).take();
    let count = draw.number(2..=4);
    let mut peers = [one, other];
    peers.sort_unstable();
    Cluster::tell(cx, &peers, Options::with_store(), async |cluster| {
        let mut links = Links::new();
        create_all(cluster, one, numbered(&name, count), &mut links).await?;
        tables_have(cluster, &peers, &links, CLAIM_TIMEOUT, "all nodes have the links").await?;
        cluster.step(format!(
            "{late} joins late, and no message from its peers arrives there. It is asked for {}. The store is there.",
            count_of(count, "link")
        ));
        let silence = |from: &[&str], to: &str| -> Vec<_> {
            let all = |from: &&str| Rule::new(Action::Hold).from(&cluster.name(from)).to(&cluster.name(to)).times(usize::MAX);
            from.iter().map(|from| cluster.rule(all(from))).collect()
        };
        let held = silence(&peers, late);
        cluster.join(late).await?;
        let claim = "a late node whose peers are silent asks the store, and answers within a second";
        let why = "A peer may be busy, or die before it answers. A node that waits for its peers needs a timeout, and an answer \
                   when it expires.";
        for (code, url) in &links {
            let answer = cluster.get(late, &format!("/{code}")).await.map_err(Stop::from);
            let answer = answer.claiming(claim).because(why)?;
            expect_redirect(cluster, late, code, &answer, url, claim).because(why)?;
            if answer.took > max_wait {
                let took = answer.took.as_secs_f32();
                return Err(cluster
                    .failed_at(late, format!("{late} answered `GET /{code}` only after {took:.1} s"), claim)
                    .because(why)
                    .into());
            }
        }
        if held.iter().all(|rule| rule.hits() == 0) {
            return Err(Stop::inconclusive(format!("The peers sent {late} no message that could be held back.")));
        }

        cluster.step(format!(
            "{later} joins late, and no message from the other nodes arrives there. It is asked for {}. The store now answers {later} {} ms late.",
            count_of(count, "link"),
            SLOW.as_millis()
        ));
        let _held = silence(&[one, other, late], later);
        cluster.start_node(later).await?;
        // Its connection to the store comes up while that is quick.
        expect_status(cluster, later, &Request::get(format!("/{unknown}")), 404, NOT_FOUND).await?;
        cluster.store_slow([later], SLOW);
        cluster.connect(later, one).await?;
        cluster.await_mesh().await?;
        let claim = "a late node whose peers are silent and whose store is slow answers within a second, 302 or 503";
        let asked = links.iter().map(|link| is_answered(cluster, later, link, max_wait, claim));
        join_all(asked).await.into_iter().collect::<Told>().because(why)
    })
    .await
}

/// A lookup of a link is answered in time, also if the store is too slow for more than a 503.
async fn is_answered(
    cluster: &Cluster<'_>,
    node: &str,
    (code, url): (&String, &String),
    max_wait: Duration,
    claim: &str,
) -> Told {
    let asked = Request::get(format!("/{code}"));
    let answer = cluster.request(node, &asked).await.map_err(Stop::from);
    let answer = answer.claiming(claim)?;
    if answer.status != 503 {
        expect_redirect(cluster, node, code, &answer, url, claim)?;
    }
    if answer.took <= max_wait {
        return Ok(());
    }
    let late = Fact::LateAnswer {
        node: node.to_owned(),
        question: asked.in_words(),
        took_ms: answer.took.as_millis() as u64,
    };
    Err(failed(cluster, &late, claim).into())
}

/// Two nodes create links, fewer than a table may have, until both have all of them.
async fn create_many(
    cluster: &Cluster<'_>,
    names: [String; 2],
    counts: [u64; 2],
    nodes: [&str; 2],
) -> Result<Links, Stop> {
    cluster.step(format!(
        "{} creates {} links and {} {}; both nodes have all of them.",
        nodes[0], counts[0], nodes[1], counts[1]
    ));
    let mut links = Links::new();
    for (node, (name, count)) in nodes.iter().zip(names.iter().zip(counts)) {
        create_all(cluster, node, numbered(name, count), &mut links).await?;
    }
    tables_have(
        cluster,
        &nodes,
        &links,
        CLAIM_TIMEOUT,
        "all nodes have the links",
    )
    .await?;
    Ok(links)
}

/// A node comes up while the store refuses it and another node creates more links.
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
        let came = start_or_restart(cluster, node).await;
        is_up.set(true);
        came
    };
    let created = async {
        let (mut rest, mut pace) = (AFTERWARDS, interval(CREATION_INTERVAL));
        for name in numbered(&name, MAX_CREATED) {
            pace.tick().await;
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
    tables_have(cluster, &[node], &before, CLAIM_TIMEOUT, WARM)
        .await
        .because(WHY_WARM)?;
    let claim = "a node that comes up also gets the links that are created meanwhile";
    tables_have(cluster, &[node], links, CLAIM_TIMEOUT, claim).await.because(
        "A peer reads its table at one moment and sends the node every new link from another moment on. A link that is \
         created between the two reaches the node in neither way.",
    )?;
    follow_all(cluster, node, links, WARM).await?;
    was_told(cluster, node, links, mark)
}

/// Kills a node, starts it again and asks it for all links, while the messages of its peer are held back.
/// They arrive when the first lookups have come to its cache, which must be waiting for the table then.
/// The table of a node that starts at the same time, and cannot reach the peer, arrives before: it has one link.
async fn spares_the_store_while_it_waits(
    cluster: &Cluster<'_>,
    node: &str,
    [late, own]: [&str; 2],
    peer: &str,
    links: &Links,
) -> Told {
    /// A node that waits for longer may give up waiting for a table.
    const SOON_ENOUGH: Duration = Duration::from_millis(100);
    /// A node that does not wait has asked the store by then.
    const HOLD: Duration = Duration::from_millis(60);
    const TRIES: usize = 5;
    let max_reads = max_reads(links);
    for tries in 1..=TRIES {
        cluster.kill(node).await?;
        if tries > 1 {
            cluster.kill(late).await?;
        }
        cluster.partition(&[node, late], &[peer]).await?;
        let all = Rule::new(Action::Hold)
            .from(&cluster.name(peer))
            .to(&cluster.name(node));
        let held = cluster.rule(all.times(usize::MAX));
        cluster.start_node(node).await?;
        cluster.start_node(late).await?;
        create(cluster, late, &url(own)).await?;
        cluster.heal_between(&[node], &[peer]);
        let (begun, mark) = (Instant::now(), cluster.store_mark());
        cluster.connect(node, peer).await?;
        cluster.connect(late, node).await?;
        cluster.await_mesh().await?;

        let took = Cell::new(Duration::MAX);
        let released = async {
            // These come behind the first lookups, on both ways to the cache.
            let _ = cluster.request(node, &Request::get("/")).await;
            size(cluster, node).await?;
            let is_few = || reads(cluster, node, mark) <= max_reads;
            while is_few() && begun.elapsed() < HOLD {
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
            followed = follow_side_by_side(cluster, node, links, claim, links.len()) => followed?,
            stop = released => return stop,
        }
        let is_few = reads(cluster, node, mark) <= max_reads;
        // A node that does not wait at all may be done before that.
        match took.get().min(begun.elapsed()) < SOON_ENOUGH {
            true if is_few => return Ok(()),
            true => return spares_the_store(cluster, node, links, mark).await,
            // There may be few reads because the machine did not get around to more.
            false if is_few && tries == TRIES => return Ok(()),
            false => {}
        }
    }
    Err(Stop::inconclusive(format!(
        "The machine was too slow: {node} may have given up waiting for {peer} before a message came.",
    )))
}

/// How many questions to the store the links may cost a node whose peers have them.
fn max_reads(links: &Links) -> usize {
    links.len() / 20
}

/// How many links a node has asked the store for.
fn reads(cluster: &Cluster<'_>, node: &str, since: u64) -> usize {
    let commands = cluster.store_commands(since).by(node).named("GET");
    commands.key_starts("link:").len()
}

/// A node that has just come up is asked for all links.
async fn spares_the_store(cluster: &Cluster<'_>, node: &str, links: &Links, mark: u64) -> Told {
    follow_all(
        cluster,
        node,
        links,
        "a node that comes up follows every link",
    )
    .await?;
    let (reads, max_reads) = (reads(cluster, node, mark), max_reads(links));
    if reads <= max_reads {
        return Ok(());
    }
    Err(cluster
        .failed_at(
            node,
            format!("{node} asked the store for {reads} of the {} links that its peers have", links.len()),
            format!("a node that comes up gets its links from its peers: at most one in twenty costs the store a question ({max_reads} here)"),
        )
        .because(WHY_WARM)
        .into())
}

/// Starts a node, for the first time or again.
async fn start_or_restart(cluster: &Cluster<'_>, node: &str) -> Told {
    match cluster.everyone().iter().any(|other| other == node) {
        true => cluster.restart(node).await,
        false => cluster.join(node).await,
    }
}
