//! Problem 8: what it costs to know of the views of a thousand links.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::SOON;
use super::fact::Fact;
use super::pages::{
    Page, Pages, all_show, at_once, put, rings_are, shows, view, view_at_once, were_told,
};
use testkit::cluster::{Cluster, Explained, Mark, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::words::Names;

/// How many links there are in the end: more than a program is likely to send in one message.
const LINKS: usize = 1200;

/// What one view may always cost: who tells of several at once does it in a few messages more or
/// less.
const NO_WASTE: usize = 50;

/// How often something is measured that something else may have disturbed.
const TRIES: usize = 3;

/// How often what views cost is measured. Whoever also talks at times of his own does so now and
/// then while they are counted, the more the busier the machine is.
const MOST_TRIES: usize = 12;

/// What costs so many times as much as it may does not cost it by chance.
const BEYOND_CHANCE: usize = 5;

/// Links that are in the store, those of a node first.
async fn links(cluster: &Cluster<'_>, node: &str, site: &str) -> Result<Vec<Page>, Stop> {
    let pages: Vec<Page> = (1..=LINKS)
        .map(|number| Page::called(site, number))
        .collect();
    let pages = Pages::sorted(cluster, node, pages).await?.all_from(node);
    at_once(64, &pages, async |page| put(cluster, page).await).await?;
    Ok(pages)
}

/// Bytes that the programs of the nodes have sent each other since a moment, to or from a node.
fn bytes(cluster: &Cluster<'_>, since: Mark, node: &str) -> usize {
    let frames = cluster.since(since).of_programs();
    let frames = frames.filter(|frame| [frame.from.short(), frame.to.short()].contains(&node));
    frames.iter().map(|(_, frame)| frame.bytes).sum()
}

/// What something costs that others have to tell a node, without what they say anyhow.
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
    // The same time without it.
    let mark = cluster.mark();
    sleep(took.min(Duration::from_secs(2))).await;
    Ok(cost.saturating_sub(bytes(cluster, mark, told)))
}

/// What views of a link on a node cost that was viewed once before, of which it tells another one.
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
        cluster.step(format!("Ten links are viewed on {teller}; then one of them {views} times more."));
        view_at_once(cluster, teller, &pages[..10]).await?;
        all_show(cluster, &[told], &pages[9], 1, "every node shows the views of all nodes").await?;
        let few = cost_of_views(cluster, ways, &pages[0], views).await?.max(cost_of_views(cluster, ways, &pages[1], views).await?);

        cluster.step(format!("{LINKS} links are viewed on {teller}; then one of them {views} times more."));
        view_at_once(cluster, teller, &pages[10..]).await?;
        all_show(cluster, &[told], &pages[LINKS - 1], 1, "every node shows the views of all nodes").await?;
        let most = few.max(NO_WASTE * views as usize) + few / 10;
        let mut many = usize::MAX;
        for page in &pages[2..2 + MOST_TRIES] {
            many = many.min(cost_of_views(cluster, ways, page, views).await?);
            if many > BEYOND_CHANCE * most {
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
                "One link was viewed, and nothing has changed about the others. To send all that is known for each view is right, \
                 and stops the cluster on the day on which it has many links.",
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
        cluster.step(format!("{LINKS} links are viewed on {viewed}; {other} knows of them. Then {late} joins, which knows nothing."));
        view_at_once(cluster, viewed, &pages).await?;
        knows_all(cluster, other, &pages).await?;
        cluster.quiesce().await?;
        let mark = cluster.mark();
        cluster.join(late).await?;
        knows_all(cluster, late, &pages).await?;
        cluster.quiesce().await?;
        let whole = bytes(cluster, mark, late);
        were_told(cluster, &[late], &pages, mark)?;

        // Each of the two once misses a view, and is once the one that forgets.
        let mut first = pages.iter();
        // Once both view the link equally often: then the sums agree, and the slots do not.
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
                        format!("the heal cost {one} bytes between {viewed} and {other}; to tell {late} everything had cost {whole}"),
                        "a heal after which the nodes differ in one link costs at most a tenth of what it costs to tell everything",
                    )
                    .because(
                        "Links fail often and for a short time, and what has changed meanwhile is little. Two nodes that first find \
                         out what the other one lacks need not send the rest.",
                    )
                    .fact(&Fact::HealCost {
                        pair: [viewed, other].map(str::to_owned),
                        newcomer: late.to_owned(),
                    })
                    .into());
            }
            cluster.context().observe(format!("A heal after one view cost {one} bytes, and a node that knew nothing {whole} bytes."));

            cluster.step(format!("{other} is killed and started again: it has the old name, and knows nothing."));
            let mark = cluster.mark();
            cluster.restart(other).await?;
            knows_all(cluster, other, &pages[2 * TRIES..]).await.because(
                "What a node of that name once knew, this one does not. Whoever takes notes of what others know must note by which \
                 start of the node.",
            )?;
            were_told(cluster, &[other], &pages[2 * TRIES..], mark)?;
        }
        Ok(())
    })
    .await
}

/// What it costs two nodes to meet that were cut off from each other, and differ in one link: it was
/// viewed once on some of them.
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
        let claim = "on a new link both sides learn of all views, without a new one";
        let all = 1 + here.len() as u64;
        all_show(cluster, &[viewed, other], page, all, claim).await
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
