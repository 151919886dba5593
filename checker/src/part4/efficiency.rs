//! Problem 8: what it costs to know of the views of a thousand links.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::SOON;
use super::pages::shows;
use super::pages::{Page, Pages, all_show, at_once, put, rings_are, view, view_at_once};
use crate::cluster::{Cluster, Explained, Mark, Options, Unmet};
use crate::scenario::{Context, Stop, Told};

/// How many links there are in the end.
const LINKS: usize = 1000;

/// By how many views their cost is measured.
const VIEWS: usize = 20;

/// What that many views may always cost: who tells of several at once does it in a few messages more
/// or less.
const NO_WASTE: usize = VIEWS * 50;

/// How often something is measured that something else may have disturbed.
const TRIES: usize = 3;

/// How often what views cost is measured. Whoever also talks at times of his own does so now and
/// then while they are counted, the more the busier the machine is.
const MOST_TRIES: usize = 12;

/// What costs so many times as much as it may does not cost it by chance.
const BEYOND_CHANCE: usize = 5;

/// Links that are in the store, those of n1 first.
async fn links(cluster: &Cluster<'_>) -> Result<Vec<Page>, Stop> {
    let pages: Vec<Page> = (1..=LINKS)
        .map(|number| Page::called("many", number))
        .collect();
    let pages = Pages::sorted(cluster, pages).await?.all_from("n1");
    at_once(64, &pages, async |page| put(cluster, page).await).await?;
    Ok(pages)
}

/// Bytes that the programs of the nodes have sent each other since a moment, to or from a node.
fn bytes(cluster: &Cluster<'_>, since: Mark, node: &str) -> usize {
    let frames = cluster.since(since).of_programs();
    let frames = frames.filter(|frame| [frame.from.short(), frame.to.short()].contains(&node));
    frames.iter().map(|(_, frame)| frame.bytes).sum()
}

/// What something costs between n1 and n2, without what they say anyhow.
async fn cost(cluster: &Cluster<'_>, work: impl AsyncFnOnce() -> Told) -> Result<usize, Stop> {
    cluster.quiesce().await?;
    let (mark, begun) = (cluster.mark(), Instant::now());
    work().await?;
    cluster.quiesce().await?;
    let (cost, took) = (bytes(cluster, mark, "n2"), begun.elapsed());
    // The same time without it.
    let mark = cluster.mark();
    sleep(took.min(Duration::from_secs(2))).await;
    Ok(cost.saturating_sub(bytes(cluster, mark, "n2")))
}

/// What views of a link on n1 cost that was viewed once before.
async fn cost_of_views(cluster: &Cluster<'_>, page: &Page) -> Result<usize, Stop> {
    cost(cluster, async || {
        view(cluster, "n1", page, VIEWS).await?;
        all_show(
            cluster,
            &["n1", "n2"],
            page,
            VIEWS as u64 + 1,
            "every node shows the views of all nodes",
        )
        .await
    })
    .await
}

pub(super) async fn view_is_cheap(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        rings_are(cluster, &["n1", "n2"], &["n1", "n2"]).await?;
        let pages = links(cluster).await?;
        cluster.step("Ten links are viewed; then one of them twenty times more.");
        view_at_once(cluster, "n1", &pages[..10]).await?;
        all_show(cluster, &["n2"], &pages[9], 1, "every node shows the views of all nodes").await?;
        let few = cost_of_views(cluster, &pages[0]).await?.max(cost_of_views(cluster, &pages[1]).await?);

        cluster.step("A thousand links are viewed; then one of them twenty times more.");
        view_at_once(cluster, "n1", &pages[10..]).await?;
        all_show(cluster, &["n2"], &pages[LINKS - 1], 1, "every node shows the views of all nodes").await?;
        let most = few.max(NO_WASTE) + few / 10;
        let mut many = usize::MAX;
        for page in &pages[2..2 + MOST_TRIES] {
            many = many.min(cost_of_views(cluster, page).await?);
            if many > BEYOND_CHANCE * most {
                break;
            }
            if many <= most {
                cluster.context().observe(format!(
                    "Twenty views cost {few} bytes between two nodes that know ten links, and {many} bytes with a thousand."
                ));
                return Ok(());
            }
        }
        Err(cluster
            .failed(
                format!("twenty views cost {few} bytes with ten links, and {many} bytes with a thousand"),
                "a view costs at most 1.1 times as much with a thousand links as with ten",
            )
            .because(
                "One link was viewed, and nothing has changed about the others. To send all that is known for each view is right, \
                 and stops the cluster on the day on which it has many links.",
            )
            .into())
    })
    .await
}

pub(super) async fn heal_is_cheap(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        rings_are(cluster, &["n1", "n2"], &["n1", "n2"]).await?;
        let pages = links(cluster).await?;
        cluster.step("A thousand links are viewed on n1; n2 knows of them. Then n3 joins, which knows nothing.");
        view_at_once(cluster, "n1", &pages).await?;
        knows_all(cluster, "n2", &pages).await?;
        cluster.quiesce().await?;
        let mark = cluster.mark();
        cluster.join("n3").await?;
        knows_all(cluster, "n3", &pages).await?;
        cluster.quiesce().await?;
        let whole = bytes(cluster, mark, "n3");

        cluster.step("n1 and n2 are cut off from each other, one of the links is viewed on n1, and the network is whole again.");
        let mut one = usize::MAX;
        for page in &pages[..TRIES] {
            one = one.min(cost_of_heal(cluster, page).await?);
            if one * 10 <= whole {
                break;
            }
        }
        if one * 10 > whole {
            return Err(cluster
                .failed(
                    format!("the heal cost {one} bytes between n1 and n2; to tell n3 everything had cost {whole}"),
                    "a heal after which the nodes differ in one link costs at most a tenth of what it costs to tell everything",
                )
                .because(
                    "Links fail often and for a short time, and what has changed meanwhile is little. Two nodes that first find \
                     out what the other one lacks need not send the rest.",
                )
                .into());
        }
        cluster.context().observe(format!("A heal after one view cost {one} bytes, and a node that knew nothing {whole} bytes."));

        cluster.step("n2 is killed and started again: it has the old name, and knows nothing.");
        cluster.restart("n2").await?;
        knows_all(cluster, "n2", &pages[TRIES..]).await.because(
            "What a node of that name once knew, this one does not. Whoever takes notes of what others know must note by which \
             start of the node.",
        )
    })
    .await
}

async fn cost_of_heal(cluster: &Cluster<'_>, page: &Page) -> Result<usize, Stop> {
    cluster.partition(&["n1"], &["n2"]).await?;
    cluster.partition(&["n2"], &["n3"]).await?;
    view(cluster, "n1", page, 1).await?;
    all_show(cluster, &["n1"], page, 2, "n1 counts the view").await?;
    cost(cluster, async || {
        cluster.heal_between(&["n1"], &["n2"]);
        cluster.await_mesh().await?;
        all_show(
            cluster,
            &["n2"],
            page,
            2,
            "on a new link both sides learn of all views, without a new one",
        )
        .await
    })
    .await
}

/// Waits until a node knows that each of many links was viewed once: a part of them is asked for.
async fn knows_all(cluster: &Cluster<'_>, node: &str, pages: &[Page]) -> Told {
    let some: Vec<&Page> = pages.iter().step_by(9).chain(pages.last()).collect();
    let mut known = 0;
    cluster
        .eventually(
            SOON,
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
