//! Problem 6: views on both sides of a split, and messages that come late, twice or never.

use futures_util::future::try_join;
use runtime::net::faults::{Action, Order, PatternKind, Rule};

use super::CLAIM_TIMEOUT;
use super::pages::{
    Page, Pages, all_show, at_once, create, put, rings_are, show_no_more, speaks_of, still_show,
    view, view_at_once, were_told,
};
use testkit::cluster::{Cluster, Explained, Options};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::words::Names;

const NODES: [&str; 3] = ["n1", "n2", "n3"];

const BOTH_SIDES: &str = "after a reconnection both sides know all views, without a new view";

const WHY_MEET: &str = "A message is lost while the connection is down, and the runtime does not repeat it. Both sides have gone on counting, so each must learn what the other knows. What both know already must not count twice.";

const PASSED_ON: &str =
    "when a node learns something from another, so does every node that it can reach";

const WHY_PASSED_ON: &str = "A third node may be connected to the node that has just learned of views, and not to the node that counted them. \
                             No new connection comes up between those two, so a node that has learned something must pass it on.";

pub(super) async fn both_sides_count(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [one, between, other] = draw.cast(NODES);
    let ([site, crowd_site], late) = (Names::new(&mut draw).take(), "n4");
    // The views of a page on one node and on the other, before the first cut and during it.
    let before = [draw.number(2..=5), draw.number(2..=5)];
    let during: [u64; 2] = draw.numbers(1..=5);
    // The views during the second cut: of a page of the near side there, and of a page of the far
    // side on each node.
    let near_views = draw.number(2..=5);
    let far_views = [draw.number(1..=2), draw.number(1..=3), draw.number(1..=3)];
    // Links that are viewed on the far side: more than a program sends that sends only a few.
    let crowd = draw.number(20..=40) as usize;
    let (near_more, heal_views) = (draw.number(1..=4), draw.number(15..=25));
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let mut pages = Pages::deal(cluster, one, &site, 60).await?;
        let (page, near, far) = (pages.take(cluster, between)?, pages.take(cluster, one)?, pages.take(cluster, other)?);
        for page in [&page, &near, &far] {
            create(cluster, one, page).await?;
        }
        let crowd = Page::of(&crowd_site, crowd + 2);
        at_once(16, &crowd, async |page| put(cluster, page).await).await?;
        let (early, crowd) = crowd.split_at(2);
        let begun = cluster.mark();
        cluster.step(format!(
            "A link of {between} is viewed on {one} {}, and on {other} {}.",
            count_of(before[0], "time"), count_of(before[1], "time")
        ));
        view(cluster, one, &page, before[0]).await?;
        view(cluster, other, &page, before[1]).await?;
        let first = before[0] + before[1];
        all_show(cluster, &nodes, &page, first, "every node shows the views of all nodes").await?;
        were_told(cluster, &nodes, [&page], begun)?;

        cluster.step(format!(
            "The network is cut between {one} and {other}; both reach {between}. The link is viewed {} on {one}, and {} on {other}; two other links are viewed once on {other}.",
            count_of(during[0], "time"), count_of(during[1], "time")
        ));
        let mark = cluster.mark();
        cluster.partition(&[one], &[other]).await?;
        view(cluster, one, &page, during[0]).await?;
        view(cluster, other, &page, during[1]).await?;
        view_at_once(cluster, other, early).await?;
        let second = first + during[0] + during[1];
        all_show(cluster, &[between], &page, second, "the node that reaches both sides shows the views of both").await?;
        took_effect(cluster.nothing_crossed(mark, &[one], &[other]))?;
        cluster.step("The network is whole again.");
        cluster.heal();
        cluster.await_mesh().await?;
        still_show(cluster, &nodes, &page, second, BOTH_SIDES).await.because(WHY_MEET)?;
        all_show_one(cluster, &[one], early).await.because(WHY_MEET)?;
        were_told(cluster, &nodes, [&page], mark)?;

        cluster.step(format!(
            "The network is cut between {one} and the others. A link of {one} is viewed on {one} {}, one of {other} on all nodes, and {} others once on {other}.",
            count_of(near_views, "time"), crowd.len()
        ));
        let mark = cluster.mark();
        cluster.partition(&[one], &[between, other]).await?;
        view(cluster, one, &near, near_views).await?;
        view(cluster, between, &far, far_views[1]).await?;
        view(cluster, other, &far, far_views[2]).await?;
        view_at_once(cluster, other, crowd).await?;
        // Each node counts its own views, whichever node owns the link.
        view(cluster, one, &far, far_views[0]).await?;
        all_show(cluster, &[one], &near, near_views, "each side goes on counting").await?;
        all_show(cluster, &[one], &far, far_views[0], "each side goes on counting").await?;
        all_show(cluster, &[between, other], &far, far_views[1] + far_views[2], "each side goes on counting").await?;
        show_no_more(cluster, &[one], &far, far_views[0]).await?;
        show_no_more(cluster, &[between, other], &near, 0).await?;
        took_effect(cluster.nothing_crossed(mark, &[one], &[between, other]))?;

        let mut near_all = near_views;
        let far_sum = far_views.iter().sum();
        // Twice, because a node must pass on what it learns in every meeting, and not only in the
        // first one.
        for more in [0, near_more] {
            if more > 0 {
                cluster.step(format!("{one} is cut off from {between} too, and the link of {one} is viewed on it again, {}.", count_of(more, "time")));
                cluster.partition(&[one], &[between]).await?;
                view(cluster, one, &near, more).await?;
                near_all += more;
            }
            cluster.step(format!("{one} and {between} are connected again; {one} still cannot reach {other}."));
            cluster.heal_between(&[one], &[between]);
            cluster.await_mesh().await?;
            still_show(cluster, &[one, between], &near, near_all, BOTH_SIDES).await.because(WHY_MEET)?;
            still_show(cluster, &[one, between], &far, far_sum, BOTH_SIDES).await.because(WHY_MEET)?;
            still_show(cluster, &[other], &near, near_all, PASSED_ON).await.because(WHY_PASSED_ON)?;
        }
        all_show_one(cluster, &[one], crowd).await.because(WHY_MEET)?;

        cluster.step(format!(
            "The network becomes whole again, while the link of {between} is viewed {heal_views} times on {one} and as often on {other}. Then {late} joins late."
        ));
        let viewed = async {
            for _ in 0..heal_views {
                view(cluster, one, &page, 1).await?;
                view(cluster, other, &page, 1).await?;
            }
            Ok(())
        };
        let healed = async {
            cluster.heal();
            cluster.await_mesh().await
        };
        try_join(viewed, healed).await?;
        let all = second + 2 * heal_views;
        still_show(cluster, &nodes, &page, all, BOTH_SIDES).await.because(WHY_MEET)?;
        still_show(cluster, &nodes, &near, near_all, BOTH_SIDES).await.because(WHY_MEET)?;
        still_show(cluster, &nodes, &far, far_sum, BOTH_SIDES).await.because(WHY_MEET)?;
        were_told(cluster, &[between, other], [&near], mark)?;
        were_told(cluster, &nodes, [&far], mark)?;
        let mark = cluster.mark();
        cluster.join(late).await?;
        for (page, views) in [(&page, all), (&near, near_all), (&far, far_sum)] {
            all_show(cluster, &[late, one], page, views, BOTH_SIDES).await.because(
                "A node that joins late knows none of the earlier views. The new connection is the moment to send it all of them.",
            )?;
            were_told(cluster, &[late], [page], mark)?;
        }
        Ok(())
    })
    .await
}

/// Waits until a node shows one view of each of some links.
async fn all_show_one(cluster: &Cluster<'_>, nodes: &[&str], pages: &[Page]) -> Told {
    for page in pages {
        all_show(cluster, nodes, page, 1, BOTH_SIDES).await?;
    }
    Ok(())
}

fn took_effect(nothing_crossed: bool) -> Told {
    match nothing_crossed {
        true => Ok(()),
        false => Err(Stop::inconclusive(
            "A message crossed the cut, so the cut had no effect.",
        )),
    }
}

pub(super) async fn noise_does_no_harm(cx: &Context) -> Told {
    /// The number of messages that are held back: fewer than the first node sends.
    const MAX_HELD: usize = 3;
    let mut draw = cx.draw();
    let nodes @ [one, other, third] = draw.cast(NODES);
    let ([site], owner) = (Names::new(&mut draw).take(), draw.cast(NODES)[0]);
    let views = [draw.number(4..=7), draw.number(2..=5), draw.number(2..=5)];
    let all = views.iter().sum();
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, one, &site, 60).await?.take(cluster, owner)?;
        create(cluster, one, &page).await?;
        cluster.step(format!(
            "A link of {owner} is viewed on all nodes. Every message about it comes twice, and some messages from {one} to {other} are held back."
        ));
        let begun = cluster.mark();
        let twice = Rule::new(Action::Duplicate).times(usize::MAX).matching(speaks_of(&page));
        let late = Rule::new(Action::Hold)
            .from(&cluster.name(one))
            .to(&cluster.name(other))
            .kind(PatternKind::Cast)
            .times(MAX_HELD)
            .matching(speaks_of(&page));
        // The rule that comes first applies first.
        let late = cluster.rule(late);
        let twice = cluster.rule(twice);
        for (node, views) in [one, other, third].into_iter().zip(views) {
            view(cluster, node, &page, views).await?;
        }
        all_show(cluster, &[one, third], &page, all, "a message that comes twice counts once").await.because(
            "Networks repeat messages, and so do senders that are not sure. Merging a message twice must have the same result as merging it once.",
        )?;

        cluster.step("The messages that were held back arrive, the last one first.");
        let held = late.held();
        late.release_in(&Order::Reversed);
        let claim = "messages that come late, in another order and twice change nothing";
        still_show(cluster, &nodes, &page, all, claim).await.because(
            "A late message holds an old count. A node that overwrites a newer count with it loses views.",
        )?;
        were_told(cluster, &nodes, [&page], begun)?;
        let doubled = cluster.frames().of_programs().doubled().count();
        match (doubled, held) {
            (0, _) => Err(Stop::inconclusive("No message about the link could come twice.")),
            (_, 0) => {
                // Only a cast can be held back; a call waits for its answer.
                cluster.context().observe(format!("No message from {one} to {other} could be held back."));
                Ok(())
            }
            _ if twice.hits() == 0 => Err(Stop::inconclusive("No message came twice.")),
            _ => Ok(()),
        }
    })
    .await
}

pub(super) async fn next_message_makes_up_for_a_lost_one(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [one, other, third] = draw.cast(NODES);
    // The second node is not the owner: the question to it would be lost too.
    let ([site], owner) = (Names::new(&mut draw).take(), draw.either(one, third));
    let [before, lost, next, again] = std::array::from_fn(|_| draw.number(1..=3));
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, one, &site, 60).await?.take(cluster, owner)?;
        create(cluster, one, &page).await?;
        let begun = cluster.mark();
        view(cluster, one, &page, before).await?;
        all_show(cluster, &nodes, &page, before, "every node shows the views of all nodes").await?;
        were_told(cluster, &[other, third], [&page], begun)?;

        cluster.step(format!(
            "A link is viewed on {one} {}, and the messages from {one} to {other} about it are lost, though the two are connected. Then it is viewed on {one} again, {}.",
            count_of(lost, "time"), count_of(next, "time")
        ));
        let mut all = before + lost;
        loses_views(cluster, &page, [one, other, third], lost, all).await?;
        view(cluster, one, &page, next).await?;
        all += next;
        still_show(cluster, &nodes, &page, all, "the next message makes up for the lost ones").await.because(
            "No node notices that a message was lost. A message with the current count contains what the lost messages said; a message that says \"one more\" does not.",
        )?;

        cluster.step(format!(
            "Again it is viewed on {one} {}, and the messages from {one} to {other} are lost. Then the connection between {one} and {other} closes and opens again.",
            count_of(again, "time")
        ));
        all += again;
        let mark = cluster.mark();
        loses_views(cluster, &page, [one, other, third], again, all).await?;
        cluster.partition(&[one], &[other]).await?;
        cluster.heal();
        cluster.await_mesh().await?;
        still_show(cluster, &nodes, &page, all, BOTH_SIDES).await.because(
            "A sent message may not have arrived. A note of what was sent to a node does not say what the node knows: the sender must ask it, or send everything that it may have missed.",
        )?;
        were_told(cluster, &[other, third], [&page], mark)
    })
    .await
}

/// Views a link on the first node. What the first node sends the second about it is lost; the third
/// node learns of the views.
async fn loses_views(
    cluster: &Cluster<'_>,
    page: &Page,
    [one, other, third]: [&str; 3],
    views: u64,
    all: u64,
) -> Told {
    let lost = Rule::new(Action::Drop)
        .from(&cluster.name(one))
        .to(&cluster.name(other))
        .times(usize::MAX)
        .matching(speaks_of(page));
    let lost = cluster.rule(lost);
    view(cluster, one, page, views).await?;
    all_show(
        cluster,
        &[one, third],
        page,
        all,
        "the other node learns of the views",
    )
    .await?;
    // If the second node learns of the views from the third in time, the first may send nothing,
    // and nothing is lost.
    lost.await_hits(1, CLAIM_TIMEOUT).await?;
    // No such message may be in flight when the rule ends.
    cluster.quiesce().await
}
