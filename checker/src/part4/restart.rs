//! Problem 7: a node that dies and comes again, or only its counters.

use runtime::system::{NODE, NodeMsg};

use super::SOON;
use super::messages::COUNTERS;
use super::pages::{Pages, all_show, create, rings_are, shows, still_show, view};
use crate::cluster::{Cluster, Explained, Options, Unmet};
use crate::scenario::{Context, Stop, Told};

const NODES: [&str; 3] = ["n1", "n2", "n3"];

const KNOWN_ONES: &str =
    "every view counts that another living node knew of, and every view after the restart";

const WHY_SLOT: &str = "A node that starts anew does not know how far it had counted. If it counts in the same slot from 0, or from \
                        what the first one answers who may know less, its new views hide behind the old ones. A slot that nobody \
                        ever counted in does not have to know.";

pub(super) async fn peers_know_different_amounts(cx: &Context) -> Told {
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, 60).await?.take(cluster, "n3")?;
        create(cluster, "n1", &page).await?;
        cluster.step("A link of n3 is viewed on n1 five times, and all know of it. Then n1 and n2 are cut off from each other, and it is viewed on n1 three times more.");
        view(cluster, "n1", &page, 5).await?;
        all_show(cluster, &NODES, &page, 5, "every node shows the views of all nodes").await?;
        cluster.partition(&["n1"], &["n2"]).await?;
        view(cluster, "n1", &page, 3).await?;
        all_show(cluster, &["n1", "n3"], &page, 8, "who is connected learns of the views").await?;

        cluster.step("n1 is killed, and started again; n2 answers it before n3 does.");
        cluster.kill("n1").await?;
        cluster.heal();
        cluster.start_node("n1").await?;
        cluster.connect("n1", "n2").await?;
        cluster.await_mesh().await?;
        still_show(cluster, &NODES, &page, 8, KNOWN_ONES).await.because(WHY_SLOT)?;

        cluster.step("It is viewed on n1 twice; n1 is killed and started again once more; and it is viewed on n1 and n2.");
        view(cluster, "n1", &page, 2).await?;
        still_show(cluster, &NODES, &page, 10, KNOWN_ONES).await.because(WHY_SLOT)?;
        cluster.restart("n1").await?;
        view(cluster, "n1", &page, 1).await?;
        view(cluster, "n2", &page, 1).await?;
        still_show(cluster, &NODES, &page, 12, KNOWN_ONES).await.because(WHY_SLOT)
    })
    .await
}

pub(super) async fn views_before_anybody_is_met(cx: &Context) -> Told {
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, 60).await?.take(cluster, "n1")?;
        create(cluster, "n1", &page).await?;
        cluster
            .step("A link of n1 is viewed on n1 six times, and all know of it. Then n1 is killed.");
        view(cluster, "n1", &page, 6).await?;
        all_show(
            cluster,
            &NODES,
            &page,
            6,
            "every node shows the views of all nodes",
        )
        .await?;
        cluster.kill("n1").await?;

        cluster.step(
            "n1 is started again, and cannot reach anybody. The link is viewed on it four times.",
        );
        cluster.partition(&["n1"], &["n2", "n3"]).await?;
        let mark = cluster.mark();
        cluster.start_node("n1").await?;
        rings_are(cluster, &["n1"], &NODES).await?;
        view(cluster, "n1", &page, 4).await?;
        let some = async || match shows(cluster, "n1", &page.code).await?.redirects {
            4.. => Ok(()),
            seen => Err(Unmet::at("n1", format!("n1 shows Redirects: {seen}"))),
        };
        cluster
            .eventually(
                SOON,
                "n1 counts its views, whether it knows of earlier ones or not (wanted: at least 4)",
                some,
            )
            .await?;
        if !cluster.nothing_crossed(mark, &["n1"], &["n2", "n3"]) {
            return Err(Stop::inconclusive("n1 was to be alone, and was not."));
        }

        cluster.step("The network is whole again, and the nodes have found each other.");
        cluster.heal();
        cluster.await_mesh().await?;
        still_show(cluster, &NODES, &page, 10, KNOWN_ONES)
            .await
            .because(WHY_SLOT)?;
        view(cluster, "n1", &page, 1).await?;
        still_show(cluster, &NODES, &page, 11, KNOWN_ONES)
            .await
            .because(WHY_SLOT)
    })
    .await
}

pub(super) async fn only_the_counters_crash(cx: &Context) -> Told {
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, 60).await?.take(cluster, "n1")?;
        create(cluster, "n1", &page).await?;
        cluster.step("A link of n1 is viewed on n1 five times and on n2 twice, and all know of it. Then the counters of n1 crash, and their supervisor starts them again.");
        view(cluster, "n1", &page, 5).await?;
        view(cluster, "n2", &page, 2).await?;
        all_show(cluster, &NODES, &page, 7, "every node shows the views of all nodes").await?;
        cluster.crash("n1", &COUNTERS).await?;
        are_back(cluster).await?;
        let why = "A server that starts anew has forgotten everything; its node is still connected, so that no link comes up \
                   by which the others would notice. It has to ask them, or to keep what it counts where its own crash does not reach.";
        still_show(cluster, &NODES, &page, 7, KNOWN_ONES).await.because(why)?;
        view(cluster, "n1", &page, 3).await?;
        still_show(cluster, &NODES, &page, 10, KNOWN_ONES).await.because(WHY_SLOT)?;

        cluster.step("n1 is cut off, and the link is viewed on it twice. Its counters crash; then it is viewed on n1 once more.");
        cluster.partition(&["n1"], &["n2", "n3"]).await?;
        view(cluster, "n1", &page, 2).await?;
        cluster.quiesce().await?;
        cluster.crash("n1", &COUNTERS).await?;
        are_back(cluster).await?;
        view(cluster, "n1", &page, 1).await?;

        cluster.step("The network is whole again, and the nodes have found each other.");
        cluster.heal();
        cluster.await_mesh().await?;
        cluster.quiesce().await?;
        let mut all = 0;
        let settled = async || {
            let mut seen = Vec::new();
            for node in NODES {
                seen.push(shows(cluster, node, &page.code).await?.redirects);
            }
            all = seen[0];
            // Nobody but n1's counters knew of two of them.
            let right = (11..=13).contains(&all) && seen.iter().all(|seen| *seen == all);
            match right {
                true => Ok(()),
                false => Err(format!("n1, n2 and n3 show Redirects: {}, {} and {}", seen[0], seen[1], seen[2]).into()),
            }
        };
        cluster
            .eventually(SOON, format!("{KNOWN_ONES} (wanted: the same everywhere, and 11 to 13)"), settled)
            .await
            .because(WHY_SLOT)?;
        view(cluster, "n1", &page, 1).await?;
        still_show(cluster, &NODES, &page, all + 1, KNOWN_ONES).await.because(WHY_SLOT)
    })
    .await
}

/// Waits until n1's counters run again.
async fn are_back(cluster: &Cluster<'_>) -> Told {
    let there = async || {
        let servers = cluster.call("n1", &NODE, NodeMsg::Servers).await?;
        match servers
            .iter()
            .any(|(server, _)| server == COUNTERS.as_str())
        {
            true => Ok(()),
            false => Err(Unmet::at("n1", "n1 runs no counters")),
        }
    };
    cluster
        .eventually(SOON, "n1's supervisor starts the counters again", there)
        .await
}
