//! Problem 7: a restart of a node, or of its counters alone.

use runtime::system::{NODE, NodeMsg};

use super::CLAIM_TIMEOUT;
use super::messages::COUNTERS;
use super::pages::{
    Page, Pages, all_show, create, keep_busy, rings_are, shows, still_show, view, were_told,
};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::words::Names;

const NODES: [&str; 3] = ["n1", "n2", "n3"];

const KNOWN_ONES: &str =
    "every view counts that another living node knew, and every view after the restart";

const WHY_SLOT: &str = "A restarted node does not know its old count. If it counts in the same slot from 0, or from what the first peer answers, its new views hide behind the old ones. A slot that no process has used before has no old count.";

pub(super) async fn peers_know_different_amounts(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [dies, less, more] = draw.cast(NODES);
    // The checker asks the node that forgets first.
    let nodes = [dies, more, less];
    let [site] = Names::new(&mut draw).take();
    // The views that both peers know, and those that one of them does not know.
    let (known, hidden) = (draw.number(3..=6), draw.number(2..=4));
    let [second, third, on_less] = std::array::from_fn(|_| draw.number(1..=3));
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, dies, &site, 60).await?.take(cluster, more)?;
        create(cluster, dies, &page).await?;
        cluster.step(format!(
            "A link of {more} is viewed on {dies} {}, and all nodes know it. Then {dies} and {less} are cut off from each other, and it is viewed on {dies} again, {}.",
            count_of(known, "time"), count_of(hidden, "time")
        ));
        view(cluster, dies, &page, known).await?;
        all_show(cluster, &nodes, &page, known, "every node shows the views of all nodes").await?;
        // From now on, the better informed node may pass on what the other has missed.
        let missed = cluster.mark();
        cluster.partition(&[dies], &[less]).await?;
        view(cluster, dies, &page, hidden).await?;
        let mut all = known + hidden;
        all_show(cluster, &[dies, more], &page, all, "a connected node learns of the views").await?;

        cluster.step(format!(
            "{dies} is killed and started again. Then the store refuses all nodes, and {less} meets {dies} before {more} does."
        ));
        let mark = cluster.mark();
        cluster.kill(dies).await?;
        cluster.heal();
        cluster.partition(&[dies], &[more]).await?;
        cluster.start_node(dies).await?;
        rings_are(cluster, &[dies], &NODES).await?;
        cluster.store_refused(NODES);
        cluster.connect(dies, less).await?;
        cluster.quiesce().await?;
        cluster.heal();
        cluster.connect(dies, more).await?;
        cluster.await_mesh().await?;
        still_show(cluster, &nodes, &page, all, KNOWN_ONES).await.because(WHY_SLOT)?;
        were_told(cluster, &[dies], [&page], mark)?;
        were_told(cluster, &[less], [&page], missed)?;
        cluster.store_back(NODES);

        cluster.step(format!(
            "It is viewed on {dies} {}; {dies} is killed and started again once more; and it is viewed on {dies} {} and on {less} {}.",
            count_of(second, "time"), count_of(third, "time"), count_of(on_less, "time")
        ));
        view(cluster, dies, &page, second).await?;
        all += second;
        still_show(cluster, &nodes, &page, all, KNOWN_ONES).await.because(WHY_SLOT)?;
        let mark = cluster.mark();
        cluster.restart(dies).await?;
        view(cluster, dies, &page, third).await?;
        view(cluster, less, &page, on_less).await?;
        all += third + on_less;
        still_show(cluster, &nodes, &page, all, KNOWN_ONES).await.because(WHY_SLOT)?;
        were_told(cluster, &nodes, [&page], mark)
    })
    .await
}

pub(super) async fn views_before_the_first_meeting(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [dies, one, other] = draw.cast(NODES);
    let [site] = Names::new(&mut draw).take();
    // There are fewer views after the restart than before it, so that they can hide behind the
    // earlier ones.
    let (before, after, last) = (draw.number(5..=8), draw.number(2..=4), draw.number(1..=2));
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, one, &site, 60).await?.take(cluster, dies)?;
        create(cluster, dies, &page).await?;
        cluster.step(format!(
            "A link of {dies} is viewed on {dies} {}, and all nodes know it. Then {dies} is killed.",
            count_of(before, "time")
        ));
        let begun = cluster.mark();
        view(cluster, dies, &page, before).await?;
        let claim = "every node shows the views of all nodes";
        all_show(cluster, &nodes, &page, before, claim).await?;
        were_told(cluster, &[one, other], [&page], begun)?;
        cluster.kill(dies).await?;

        cluster.step(format!(
            "{dies} is started again, and cannot reach any other node. The link is viewed on it {}.",
            count_of(after, "time")
        ));
        cluster.partition(&[dies], &[one, other]).await?;
        let mark = cluster.mark();
        cluster.start_node(dies).await?;
        rings_are(cluster, &[dies], &NODES).await?;
        view(cluster, dies, &page, after).await?;
        let some = async || match shows(cluster, dies, &page.code).await?.redirects {
            seen if seen >= after => Ok(()),
            seen => Err(Unmet::at(dies, format!("{dies} shows Redirects: {seen}"))),
        };
        cluster
            .eventually(
                CLAIM_TIMEOUT,
                format!("{dies} counts its views, whether it knows earlier ones or not (wanted: at least {after})"),
                some,
            )
            .await?;
        if !cluster.nothing_crossed(mark, &[dies], &[one, other]) {
            return Err(Stop::inconclusive(format!("{dies} was not cut off.")));
        }

        cluster.step("The store refuses all nodes. The network is whole again, and the nodes are connected.");
        cluster.store_refused(NODES);
        cluster.heal();
        cluster.await_mesh().await?;
        let all = before + after;
        still_show(cluster, &nodes, &page, all, KNOWN_ONES)
            .await
            .because(WHY_SLOT)?;
        were_told(cluster, &nodes, [&page], mark)?;
        cluster.store_back(NODES);
        view(cluster, dies, &page, last).await?;
        still_show(cluster, &nodes, &page, all + last, KNOWN_ONES)
            .await
            .because(WHY_SLOT)
    })
    .await
}

pub(super) async fn only_the_counters_crash(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [crashes, one, other] = draw.cast(NODES);
    let [site] = Names::new(&mut draw).take();
    let (own, others, more) = (draw.number(4..=6), draw.number(1..=3), draw.number(2..=3));
    let (untold, alone, last) = (draw.number(1..=3), draw.number(2..=3), draw.number(1..=2));
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, one, &site, 60).await?.take(cluster, crashes)?;
        create(cluster, crashes, &page).await?;
        cluster.step(format!(
            "A link of {crashes} is viewed on {crashes} {} and on {one} {}, and all nodes know it. Then the counters of {crashes} crash, and their supervisor restarts them.",
            count_of(own, "time"), count_of(others, "time")
        ));
        view(cluster, crashes, &page, own).await?;
        view(cluster, one, &page, others).await?;
        let mut sum = own + others;
        all_show(cluster, &nodes, &page, sum, "every node shows the views of all nodes").await?;
        cluster.crash(crashes, &COUNTERS).await?;
        are_back(cluster, crashes).await?;
        let why = "A restarted server has forgotten everything. Its node is still connected, so the others see no new connection. The server must ask them, or keep its counts where they survive its crash.";
        still_show(cluster, &nodes, &page, sum, KNOWN_ONES).await.because(why)?;
        view(cluster, crashes, &page, more).await?;
        sum += more;
        still_show(cluster, &nodes, &page, sum, KNOWN_ONES).await.because(WHY_SLOT)?;

        cluster.step(format!(
            "The counters of {crashes} are busy, and the link is viewed on {crashes} {}. The counters crash before they have sent the views to the others.",
            count_of(untold, "time")
        ));
        keep_busy(cluster, &[crashes], CLAIM_TIMEOUT).await?;
        view(cluster, crashes, &page, untold).await?;
        cluster.crash(crashes, &COUNTERS).await?;
        are_back(cluster, crashes).await?;
        sum = agree(cluster, &page, sum, sum + untold).await.because(
            "The server's mailbox is lost with the server. A node that still knows these views must send them to the others when its server is back, because no other node will.",
        )?;

        cluster.step(format!(
            "{crashes} is cut off, and the link is viewed on it {}. Its counters crash; then it is viewed on {crashes} again, {}.",
            count_of(alone, "time"), count_of(last, "time")
        ));
        cluster.partition(&[crashes], &[one, other]).await?;
        view(cluster, crashes, &page, alone).await?;
        cluster.quiesce().await?;
        cluster.crash(crashes, &COUNTERS).await?;
        are_back(cluster, crashes).await?;
        view(cluster, crashes, &page, last).await?;

        cluster.step("The store refuses all nodes. The network is whole again, and the nodes are connected.");
        let mark = cluster.mark();
        cluster.store_refused(NODES);
        cluster.heal();
        cluster.await_mesh().await?;
        // Only the counters that crashed knew the views just before the crash.
        let all = agree(cluster, &page, sum + last, sum + last + alone).await.because(WHY_SLOT)?;
        were_told(cluster, &[one, other], [&page], mark)?;
        cluster.store_back(NODES);
        view(cluster, crashes, &page, last).await?;
        still_show(cluster, &nodes, &page, all + last, KNOWN_ONES).await.because(WHY_SLOT)
    })
    .await
}

/// Waits until no message is in flight, and then until all nodes show the same number of views,
/// within these bounds. Returns this number.
async fn agree(cluster: &Cluster<'_>, page: &Page, least: u64, most: u64) -> Result<u64, Stop> {
    cluster.quiesce().await?;
    let mut all = 0;
    let claim = format!("{KNOWN_ONES} (wanted: the same everywhere, and {least} to {most})");
    cluster
        .eventually(CLAIM_TIMEOUT, claim, async || {
            let mut seen = Vec::new();
            for node in NODES {
                seen.push(shows(cluster, node, &page.code).await?.redirects);
            }
            all = seen[0];
            let fits = |views: &u64| *views == seen[0] && (least..=most).contains(views);
            let Some(wrong) = seen.iter().position(|views| !fits(views)) else {
                return Ok(());
            };
            let (node, words) = (
                NODES[wrong],
                format!(
                    "n1, n2 and n3 show Redirects: {}, {} and {}",
                    seen[0], seen[1], seen[2]
                ),
            );
            Err(Unmet::at(node, words).fact(&page.views(node, seen[wrong], least)))
        })
        .await?;
    Ok(all)
}

/// Waits until a node's counters run again.
async fn are_back(cluster: &Cluster<'_>, node: &str) -> Told {
    let there = async || {
        let servers = cluster.call(node, &NODE, NodeMsg::Servers).await?;
        match servers
            .iter()
            .any(|(server, _)| server == COUNTERS.as_str())
        {
            true => Ok(()),
            false => Err(Unmet::at(node, format!("{node} runs no counters"))),
        }
    };
    cluster
        .eventually(
            CLAIM_TIMEOUT,
            format!("{node}'s supervisor restarts the counters"),
            there,
        )
        .await
}
