//! Problem 1: codes that do not exist, and tables that are full.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep_until};

use super::messages::CACHE_CAP;
use super::{
    Links, NOT_FOUND, commands_about, create_all, create_with, expect_status, follow,
    follow_eventually, in_store, numbered, peek, size, url,
};
use testkit::cluster::{Cluster, Explained, Options, Request};
use testkit::scenario::{Context, Stop, Told};
use testkit::verdict::Failure;
use testkit::words::Names;

/// How many visitors ask for a code that does not exist.
const VISITORS: usize = 100;

/// How many questions to the store they may cost within a second.
const MAX_READS: usize = 5;

/// A node that answered 404 must know a new link of that code after this time.
const MAX_STALENESS: Duration = Duration::from_secs(2);

/// What a busy machine may add.
const BUSY: Duration = Duration::from_millis(500);

pub(super) async fn unknown_code_is_read_rarely(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [asked, other] = draw.cast(["n1", "n2"]);
    let [first, swarm, last, drip, drop] = Names::new(&mut draw).take();
    let slow = draw.number(30..=50);
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        for node in ["n1", "n2"] {
            expect_status(cluster, node, &Request::get(format!("/{first}")), 404, NOT_FOUND).await?;
        }
        cluster.step(format!("A hundred visitors ask {asked} for the same unknown code, {swarm}, all at once. The store needs {slow} ms."));
        cluster.store_slow([asked], Duration::from_millis(slow));
        let (mark, begun) = (cluster.store_mark(), Instant::now());
        let request = Request::get(format!("/{swarm}"));
        let all_at_once = stream::iter(0..VISITORS)
            .map(|_| expect_status(cluster, asked, &request, 404, NOT_FOUND))
            .buffer_unordered(VISITORS)
            .collect::<Vec<_>>()
            .await;
        for answer in all_at_once {
            answer?;
        }
        cluster.store_back([asked]);
        // Its question comes to the store after all others that may still be on their way.
        expect_status(cluster, asked, &Request::get(format!("/{last}")), 404, NOT_FOUND).await?;
        expect_few_reads(cluster, asked, &swarm, mark, begun).because(
            "While the store's answer is in transit, no visitor has it yet. If each lookup asks the store for itself, they all \
             ask the same question: a thundering herd. One question is enough for all of them.",
        )?;

        cluster.step(format!("A hundred visitors ask {asked} for another unknown code, {drip}, within one second; one visitor asks {other}."));
        let (mark, begun) = (cluster.store_mark(), Instant::now());
        let request = Request::get(format!("/{drip}"));
        for visitor in 0..VISITORS {
            sleep_until(begun + Duration::from_millis(9) * visitor as u32).await;
            expect_status(cluster, asked, &request, 404, NOT_FOUND).await?;
        }
        expect_few_reads(cluster, asked, &drip, mark, begun).because(
            "Visitors ask for a misprinted code as often as for a right one. A table can remember for a while that a code does \
             not exist: a negative cache.",
        )?;
        expect_status(cluster, other, &request, 404, NOT_FOUND).await?;

        cluster.step(format!("{asked} and {other} are cut off from each other. {asked} creates a link with that code."));
        cluster.partition(&[asked], &[other]).await?;
        let drop = url(&drop);
        create_with(cluster, asked, &drop, &[("code", &drip)]).await?;
        let claim = "a node that creates a link follows it at once, even if it answered 404 a moment ago";
        follow(cluster, asked, &drip, &drop, claim).await.because(
            "A client that got a 201 tries out its link. The negative entry in the table is out of date.",
        )?;
        let claim = "every node follows a new link within 2 s, even if it answered 404 a moment ago";
        follow_eventually(cluster, other, &drip, &drop, cx.limit(MAX_STALENESS, MAX_STALENESS + BUSY), claim)
            .await
            .because("Perhaps no other node can send this node the link. So it must ask the store again before long.")
    })
    .await
}

/// The lookups of a code have cost the store next to nothing.
fn expect_few_reads(
    cluster: &Cluster<'_>,
    node: &str,
    code: &str,
    mark: u64,
    begun: Instant,
) -> Told {
    let reads = commands_about(cluster, node, mark, &[code]).len();
    // On a slow machine it takes more than the second of the claim.
    let seconds = begun.elapsed().as_secs() as usize + 1;
    if reads == 0 {
        return Err(Stop::inconclusive(format!(
            "{node} answered 404 for a new code without a question to the store.",
        )));
    }
    if reads <= MAX_READS * seconds {
        return Ok(());
    }
    Err(cluster
        .failed_at(
            node,
            format!("{node} asked the store {reads} times for {code}, for {VISITORS} visitors"),
            format!("within a second, one unknown code costs the store at most {MAX_READS} questions, however many visitors ask for it"),
        )
        .into())
}

pub(super) async fn table_stays_small(cx: &Context) -> Told {
    /// There are two kinds of entries, and of each a little more than half of the limit.
    const HALF: u64 = CACHE_CAP as u64 / 2;
    let mut draw = cx.draw();
    let [node, ..] = draw.cast(["n1", "n2", "n3"]);
    let [many, unknown, new] = Names::new(&mut draw).take();
    let kinds = draw.number(HALF + 30..=HALF + 70) as usize;
    let created = draw.number(10..=30);
    Cluster::tell(cx, &[node], Options::with_store(), async |cluster| {
        let links: Links = numbered(&many, 2 * kinds as u64)
            .map(|name| (name.clone(), url(&name)))
            .collect();
        for (code, url) in &links {
            cluster
                .store_set(&format!("link:{code}"), &in_store(url))
                .await?;
        }
        cluster.step(format!(
            "{node} is asked for {kinds} links in the store, and for as many codes that do not exist."
        ));
        let codes: Vec<String> = links.keys().cloned().collect();
        let (first, second) = codes.split_at(kinds);
        for (block, some) in first.chunks(110).enumerate() {
            let strange: Vec<String> =
                numbered(&format!("{unknown}-{block}"), some.len() as u64).collect();
            look_up(cluster, node, some, 302).await?;
            look_up(cluster, node, &strange, 404).await?;
            expect_within_cap(cluster, node).await?;
        }

        cluster.step(format!(
            "{node} is asked for {kinds} more links, and creates {created}."
        ));
        for some in second.chunks(110) {
            look_up(cluster, node, some, 302).await?;
            expect_within_cap(cluster, node).await?;
        }
        create_all(cluster, node, numbered(&new, created), &mut Links::new()).await?;
        expect_within_cap(cluster, node).await?;
        let mut known = 0;
        for code in &codes {
            known += usize::from(peek(cluster, node, code).await?.is_some());
        }
        if known > CACHE_CAP {
            let seen = format!("{node}'s table has {known} of {} links", codes.len());
            return Err(too_large(cluster, node, seen).into());
        }

        cluster.step(format!(
            "{node} is asked for some of the first links again, which it may have evicted."
        ));
        for code in first.iter().step_by(25) {
            let claim = "a node finds an evicted link in the store";
            follow(cluster, node, code, &links[code], claim).await?;
        }
        expect_within_cap(cluster, node).await
    })
    .await
}

/// Asks a node for codes, side by side.
pub(super) async fn look_up(
    cluster: &Cluster<'_>,
    node: &str,
    codes: &[String],
    status: u16,
) -> Told {
    let claim = "a code in the store gets a 302, and any other code a 404";
    let asked = stream::iter(codes)
        .map(|code| async move {
            let request = Request::get(format!("/{code}"));
            expect_status(cluster, node, &request, status, claim).await
        })
        .buffer_unordered(16)
        .collect::<Vec<_>>()
        .await;
    asked.into_iter().try_for_each(|asked| asked.map(|_| ()))
}

/// A table that many codes were looked up in is neither empty nor too large.
pub(super) async fn expect_within_cap(cluster: &Cluster<'_>, node: &str) -> Told {
    match size(cluster, node).await? {
        0 => Err(cluster
            .failed_at(
                node,
                format!("{node}'s cache answered `Size` with 0 after many lookups"),
                "a table keeps the codes that were looked up",
            )
            .into()),
        size if size > CACHE_CAP => {
            let seen = format!("{node}'s cache answered `Size` with {size}");
            Err(too_large(cluster, node, seen).into())
        }
        _ => Ok(()),
    }
}

fn too_large(cluster: &Cluster<'_>, node: &str, seen: String) -> Failure {
    cluster
        .failed_at(
            node,
            seen,
            format!("a table has at most {CACHE_CAP} entries, including negative ones"),
        )
        .because("Strangers may ask for a million codes. A table that only grows eventually fills the memory of its node.")
}
