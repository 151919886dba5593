//! Problem 6: views on both sides of a split, and messages that come late, twice, or not at all.

use runtime::net::faults::{Action, Order, PatternKind, Rule};

use super::SOON;
use super::pages::{Pages, all_show, create, rings_are, speaks_of, still_show, view};
use crate::cluster::{Cluster, Explained, Options};
use crate::scenario::{Context, Stop, Told};

const NODES: [&str; 3] = ["n1", "n2", "n3"];

const BOTH_SIDES: &str = "on a new link both sides learn of all views, without a new one";

const WHY_MEET: &str = "What is told while a link is down is lost, and nobody repeats it. Both sides have gone on counting, so \
                        each must learn what the other knows; and what both know already must not be added twice.";

pub(super) async fn both_sides_count(cx: &Context) -> Told {
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let mut pages = Pages::deal(cluster, 60).await?;
        let (page, near, far) = (pages.take(cluster, "n2")?, pages.take(cluster, "n1")?, pages.take(cluster, "n3")?);
        for page in [&page, &near, &far] {
            create(cluster, "n1", page).await?;
        }
        cluster.step("A link of n2 is viewed on n1 three times, and on n3 twice.");
        view(cluster, "n1", &page, 3).await?;
        view(cluster, "n3", &page, 2).await?;
        all_show(cluster, &NODES, &page, 5, "every node shows the views of all nodes").await?;

        cluster.step("The network is cut between n1 and n3; both reach n2. The link is viewed four times on n1, and once on n3.");
        let mark = cluster.mark();
        cluster.partition(&["n1"], &["n3"]).await?;
        view(cluster, "n1", &page, 4).await?;
        view(cluster, "n3", &page, 1).await?;
        all_show(cluster, &["n2"], &page, 10, "who reaches both sides learns of both").await?;
        has_bitten(cluster, cluster.nothing_crossed(mark, &["n1"], &["n3"]))?;
        cluster.step("The network is whole again.");
        cluster.heal();
        cluster.await_mesh().await?;
        still_show(cluster, &NODES, &page, 10, BOTH_SIDES).await.because(WHY_MEET)?;

        cluster.step("The network is cut between n1 and the others. A link of n1 is viewed on n1 three times, one of n3 on all nodes.");
        let mark = cluster.mark();
        cluster.partition(&["n1"], &["n2", "n3"]).await?;
        view(cluster, "n1", &near, 3).await?;
        view(cluster, "n2", &far, 2).await?;
        view(cluster, "n3", &far, 2).await?;
        // Whoever owns it: the views of n1 are counted on n1.
        view(cluster, "n1", &far, 1).await?;
        all_show(cluster, &["n1"], &near, 3, "each side goes on counting").await?;
        all_show(cluster, &["n1"], &far, 1, "each side goes on counting").await?;
        all_show(cluster, &["n2", "n3"], &far, 4, "each side goes on counting").await?;
        has_bitten(cluster, cluster.nothing_crossed(mark, &["n1"], &["n2", "n3"]))?;

        cluster.step("The network is whole again. n4 joins, late.");
        cluster.heal();
        cluster.await_mesh().await?;
        still_show(cluster, &NODES, &near, 3, BOTH_SIDES).await.because(WHY_MEET)?;
        still_show(cluster, &NODES, &far, 5, BOTH_SIDES).await.because(WHY_MEET)?;
        cluster.join("n4").await?;
        for (page, views) in [(&page, 10), (&near, 3), (&far, 5)] {
            all_show(cluster, &["n4", "n1"], page, views, BOTH_SIDES).await.because(
                "A node that comes late has heard of no view before it came. A link that comes up is the moment to tell it of all.",
            )?;
        }
        Ok(())
    })
    .await
}

fn has_bitten(_: &Cluster<'_>, nothing_crossed: bool) -> Told {
    match nothing_crossed {
        true => Ok(()),
        false => Err(Stop::inconclusive("Something crossed the cut.")),
    }
}

pub(super) async fn noise_does_no_harm(cx: &Context) -> Told {
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, 60).await?.take(cluster, "n1")?;
        create(cluster, "n1", &page).await?;
        cluster.step("A link is viewed on all nodes. Whatever they tell each other of it comes twice, and some of what n1 tells n2 is held back.");
        let twice = Rule::new(Action::Duplicate).times(usize::MAX).matching(speaks_of(&page));
        let late = Rule::new(Action::Hold)
            .from(&cluster.name("n1"))
            .to(&cluster.name("n2"))
            .kind(PatternKind::Cast)
            .times(3)
            .matching(speaks_of(&page));
        // The one that was put in force first is asked first.
        let late = cluster.rule(late);
        let twice = cluster.rule(twice);
        for (node, views) in [("n1", 5), ("n2", 3), ("n3", 4)] {
            view(cluster, node, &page, views).await?;
        }
        all_show(cluster, &["n1", "n3"], &page, 12, "what comes twice counts once").await.because(
            "Networks repeat messages, and so do senders that are not sure. To merge twice must be the same as to merge once.",
        )?;

        cluster.step("What was held back arrives, the last of it first.");
        let held = late.held();
        late.release_in(&Order::Reversed);
        let claim = "what comes late, in another order, and twice, changes nothing that is known already";
        still_show(cluster, &NODES, &page, 12, claim).await.because(
            "A late message says what was true when it was sent. To overwrite what is newer with it would take views back.",
        )?;
        let doubled = cluster.frames().of_programs().doubled().count();
        match (doubled, held) {
            (0, _) => Err(Stop::inconclusive("There was no message about the link that could come twice.")),
            (_, 0) => {
                // Where nothing is cast from n1 to n2, nothing can come late: calls wait for their answers.
                cluster.context().observe("No message from n1 to n2 could be held back.");
                Ok(())
            }
            _ if twice.hits() == 0 => Err(Stop::inconclusive("No message came twice.")),
            _ => Ok(()),
        }
    })
    .await
}

pub(super) async fn lost_message_is_made_up_for(cx: &Context) -> Told {
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, 60).await?.take(cluster, "n1")?;
        create(cluster, "n1", &page).await?;
        view(cluster, "n1", &page, 1).await?;
        all_show(cluster, &NODES, &page, 1, "every node shows the views of all nodes").await?;

        cluster.step("A link is viewed on n1 twice, and what n1 tells n2 of it is lost, though they are connected. Then it is viewed on n1 once more.");
        loses_views(cluster, &page, 2, 3).await?;
        view(cluster, "n1", &page, 1).await?;
        still_show(cluster, &NODES, &page, 4, "the next view makes up for the lost ones").await.because(
            "Nobody is told that a message was lost. Whoever tells how many views there are now, instead of that there was one \
             more, has told with the last message all that the lost ones said.",
        )?;

        cluster.step("Again it is viewed on n1, twice, and what n1 tells n2 is lost. Then the link between n1 and n2 closes and is opened again.");
        loses_views(cluster, &page, 2, 6).await?;
        cluster.partition(&["n1"], &["n2"]).await?;
        cluster.heal();
        cluster.await_mesh().await?;
        still_show(cluster, &NODES, &page, 6, BOTH_SIDES).await.because(
            "What was said is not what was heard. A note of what was sent to n2 does not tell what n2 knows: it has to be asked, \
             or told everything it may have missed.",
        )
    })
    .await
}

/// Views a link of n1 on n1, and what n1 tells n2 of it is lost; n3 learns of it.
async fn loses_views(
    cluster: &Cluster<'_>,
    page: &super::pages::Page,
    views: usize,
    all: u64,
) -> Told {
    let lost = Rule::new(Action::Drop)
        .from(&cluster.name("n1"))
        .to(&cluster.name("n2"))
        .times(usize::MAX)
        .matching(speaks_of(page));
    let lost = cluster.rule(lost);
    view(cluster, "n1", page, views).await?;
    all_show(
        cluster,
        &["n1", "n3"],
        page,
        all,
        "the others learn of the views",
    )
    .await?;
    // Who learnt of them from n3 in time need not hear of them from n1: then nothing was lost.
    lost.await_hits(1, SOON).await?;
    // Nothing of it may be under way when the rule ends.
    cluster.quiesce().await
}
