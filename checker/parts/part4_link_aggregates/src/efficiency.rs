//! Problem 8: how many bytes nodes send each other when they know many links.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::CLAIM_TIMEOUT;
use super::fact::Fact;
use super::pages::{
    Page, Pages, all_show, at_once, put, rings_are, shows, view, view_at_once, were_told,
};
use testkit::cluster::{Cluster, Explained, Mark, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::words::Names;

/// The number of links in the end: more than a program is likely to send in one message.
const LINKS: usize = 1200;

/// The bytes that one view may always cost: a program that sends several views at once needs a few
/// messages more or less.
const FREE_BYTES: usize = 50;

/// The number of measurements of a heal: other traffic may disturb one of them.
const TRIES: usize = 3;

/// The maximum number of measurements of views. A program that sends on a timer does so during some
/// of them, and more often on a busy machine.
const MAX_TRIES: usize = 12;

/// Two costs in a row that are this many times the limit are no accident. One may be: on a busy machine, what the
/// nodes still tell each other of earlier views falls into it.
const CLEAR_EXCESS: usize = 5;

/// Puts links into the store. Those that a node owns come first.
async fn links(cluster: &Cluster<'_>, node: &str, site: &str) -> Result<Vec<Page>, Stop> {
    let pages: Vec<Page> = (1..=LINKS)
        .map(|number| Page::called(site, number))
        .collect();
    let pages = Pages::sorted(cluster, node, pages).await?.all_from(node);
    at_once(64, &pages, async |page| put(cluster, page).await).await?;
    Ok(pages)
}

/// The bytes that the programs have sent to or from a node since a mark.
fn bytes(cluster: &Cluster<'_>, since: Mark, node: &str) -> usize {
    let frames = cluster.since(since).of_programs();
    let frames = frames.filter(|frame| [frame.from.short(), frame.to.short()].contains(&node));
    frames.iter().map(|(_, frame)| frame.bytes).sum()
}

/// The bytes that some work costs at a node, without the bytes that the nodes send anyway.
async fn cost(
    cluster: &Cluster<'_>,
    told: &str,
    work: impl AsyncFnOnce() -> Told,
) -> Result<usize, Stop> {
    cluster.quiesce().await?;
    let (mark, begun) = (cluster.mark(), Instant::now());
    work().await?;
    cluster.quiesce().await?;
    let (cost, took) = (bytes(cluster, mark, told), begun.elapsed());
    // The same time without the work.
    let mark = cluster.mark();
    sleep(took.min(Duration::from_secs(2))).await;
    Ok(cost.saturating_sub(bytes(cluster, mark, told)))
}

/// The bytes that views of a link cost. The first node counts them and sends them to the second,
/// and the link was viewed once before.
async fn cost_of_views(
    cluster: &Cluster<'_>,
    [teller, told]: [&str; 2],
    page: &Page,
    views: u64,
) -> Result<usize, Stop> {
    cost(cluster, told, async || {
        view(cluster, teller, page, views).await?;
        all_show(
            cluster,
            &[teller, told],
            page,
            views + 1,
            "every node shows the views of all nodes",
        )
        .await
    })
    .await
}

pub(super) async fn view_is_cheap(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [teller, told] = draw.cast(["n1", "n2"]);
    let ([site], views) = (Names::new(&mut draw).take(), draw.number(18..=24));
    let ways = [teller, told];
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        rings_are(cluster, &["n1", "n2"], &["n1", "n2"]).await?;
        let pages = links(cluster, teller, &site).await?;
        cluster.step(format!("Ten links are viewed on {teller}; then one of them {views} more times."));
        view_at_once(cluster, teller, &pages[..10]).await?;
        all_show(cluster, &[told], &pages[9], 1, "every node shows the views of all nodes").await?;
        let few = cost_of_views(cluster, ways, &pages[0], views).await?.max(cost_of_views(cluster, ways, &pages[1], views).await?);

        cluster.step(format!("{LINKS} links are viewed on {teller}; then one of them {views} more times."));
        view_at_once(cluster, teller, &pages[10..]).await?;
        all_show(cluster, &[told], &pages[LINKS - 1], 1, "every node shows the views of all nodes").await?;
        let most = few.max(FREE_BYTES * views as usize) + few / 10;
        let mut many = usize::MAX;
        for (earlier, page) in pages[2..2 + MAX_TRIES].iter().enumerate() {
            many = many.min(cost_of_views(cluster, ways, page, views).await?);
            if earlier > 0 && many > CLEAR_EXCESS * most {
                break;
            }
            if many <= most {
                cluster.context().observe(format!(
                    "{views} views cost {few} bytes between two nodes that know ten links, and {many} bytes with {LINKS}."
                ));
                return Ok(());
            }
        }
        Err(cluster
            .failed_at(
                teller,
                format!("{views} views cost {few} bytes with ten links, and {many} bytes with {LINKS}"),
                format!("a view costs at most 1.1 times as much with {LINKS} links as with ten"),
            )
            .because(
                "One link was viewed, and the others have not changed. A program that sends everything for each view is correct, and stops the cluster once there are many links.",
            )
            .into())
    })
    .await
}

pub(super) async fn heal_is_cheap(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [viewed, other, late] = draw.cast(["n1", "n2", "n3"]);
    let [site] = Names::new(&mut draw).take();
    let mut there = [viewed, other];
    there.sort_unstable();
    Cluster::tell(cx, &there, Options::with_store(), async |cluster| {
        rings_are(cluster, &there, &there).await?;
        let pages = links(cluster, viewed, &site).await?;
        cluster.step(format!("{LINKS} links are viewed on {viewed}, and {other} learns of the views. Then {late} joins, and knows nothing."));
        view_at_once(cluster, viewed, &pages).await?;
        knows_all(cluster, other, &pages).await?;
        cluster.quiesce().await?;
        let mark = cluster.mark();
        cluster.join(late).await?;
        knows_all(cluster, late, &pages).await?;
        cluster.quiesce().await?;
        let whole = bytes(cluster, mark, late);
        were_told(cluster, &[late], &pages, mark)?;

        // Each of the two nodes misses a view once, and forgets everything once.
        let mut first = pages.iter();
        // In one round the link is viewed once on both nodes: then their sums are equal, and their
        // slots are not.
        let both = draw.number(0..=1) as usize;
        for (round, [viewed, other]) in [[viewed, other], [other, viewed]].into_iter().enumerate() {
            let here = if round == both { vec![viewed, other] } else { vec![viewed] };
            cluster.step(format!(
                "{viewed} and {other} are cut off from each other, one of the links is viewed once on {}, and the network is whole again.",
                here.join(" and once on ")
            ));
            let mut one = usize::MAX;
            for page in first.by_ref().take(TRIES) {
                one = one.min(cost_of_heal(cluster, [viewed, other, late], &here, page).await?);
                if one * 10 <= whole {
                    break;
                }
            }
            if one * 10 > whole {
                return Err(cluster
                    .failed_at(
                        viewed,
                        format!("{viewed} and {other} sent each other {one} bytes after the split; {late}, which knew nothing, got everything in {whole} bytes"),
                        "two nodes that differ in one link send at most a tenth of the bytes that sending everything takes",
                    )
                    .because(
                        "Connections fail often and for a short time, and little changes meanwhile. Two nodes that first compare what they know need not send the rest.",
                    )
                    .fact(&Fact::HealCost {
                        pair: [viewed, other].map(str::to_owned),
                        newcomer: late.to_owned(),
                    })
                    .into());
            }
            cluster.context().observe(format!("After a split with one link viewed, the nodes sent {one} bytes; a node that knew nothing got {whole} bytes."));

            cluster.step(format!("{other} is killed and started again: it has its old name, and knows nothing."));
            let mark = cluster.mark();
            cluster.restart(other).await?;
            knows_all(cluster, other, &pages[2 * TRIES..]).await.because(
                "The node with that name knew the views before its restart, and knows nothing now. A program that notes what other nodes know must note it for each start of a node.",
            )?;
            were_told(cluster, &[other], &pages[2 * TRIES..], mark)?;
        }
        Ok(())
    })
    .await
}

/// The bytes that two nodes exchange after a split in which a link was viewed once on some of them.
async fn cost_of_heal(
    cluster: &Cluster<'_>,
    [viewed, other, third]: [&str; 3],
    here: &[&str],
    page: &Page,
) -> Result<usize, Stop> {
    cluster.partition(&[viewed], &[other]).await?;
    cluster.partition(&[other], &[third]).await?;
    for node in here {
        view(cluster, node, page, 1).await?;
        all_show(
            cluster,
            &[node],
            page,
            2,
            &format!("{node} counts the view"),
        )
        .await?;
    }
    cost(cluster, other, async || {
        cluster.heal_between(&[viewed], &[other]);
        cluster.await_mesh().await?;
        let claim = "after a reconnection both sides know all views, without a new view";
        let all = 1 + here.len() as u64;
        all_show(cluster, &[viewed, other], page, all, claim).await
    })
    .await
}

/// Waits until a node shows one view of each of many links. The checker asks for a sample of them.
async fn knows_all(cluster: &Cluster<'_>, node: &str, pages: &[Page]) -> Told {
    let some: Vec<&Page> = pages.iter().step_by(9).chain(pages.last()).collect();
    let mut known = 0;
    cluster
        .eventually(
            CLAIM_TIMEOUT,
            format!("{node} learns of the views of all links"),
            async || {
                while let Some(page) = some.get(known) {
                    match shows(cluster, node, &page.code).await?.redirects {
                        1 => known += 1,
                        seen => {
                            return Err(Unmet::at(
                                node,
                                format!("{node} shows Redirects: {seen} for {}", page.path()),
                            ));
                        }
                    }
                }
                Ok(())
            },
        )
        .await
}
