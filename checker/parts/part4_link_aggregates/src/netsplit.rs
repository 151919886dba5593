//! Problem 6: views on both sides of a split, and messages that come late, twice, or not at all.

use futures_util::future::try_join;
use runtime::net::faults::{Action, Order, PatternKind, Rule};

use super::SOON;
use super::pages::{
    Page, Pages, all_show, at_once, create, put, rings_are, show_no_more, speaks_of, still_show,
    view, view_at_once, were_told,
};
use testkit::cluster::{Cluster, Explained, Options};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::words::Names;

const NODES: [&str; 3] = ["n1", "n2", "n3"];

const BOTH_SIDES: &str = "on a new link both sides learn of all views, without a new one";

const WHY_MEET: &str = "What is told while a link is down is lost, and nobody repeats it. Both sides have gone on counting, so \
                        each must learn what the other knows; and what both know already must not be added twice.";

const PASSED_ON: &str =
    "what a node learns when it meets another, the others learn too, though they have met neither";

const WHY_PASSED_ON: &str = "A third node may be connected to the one that has just learnt of views, and not to the one that counted them. \
                             No new link comes up between those two, so the node that has learnt something must pass it on.";

pub(super) async fn both_sides_count(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [one, between, other] = draw.cast(NODES);
    let ([site, crowd_site], late) = (Names::new(&mut draw).take(), "n4");
    // How often a page is viewed: on one node and on the other, before the first cut and during it.
    let before = [draw.number(2..=5), draw.number(2..=5)];
    let during: [u64; 2] = draw.numbers(1..=5);
    // During the second cut: a page of this side here, and one of the far side on each node.
    let near_views = draw.number(2..=5);
    let far_views = [draw.number(1..=2), draw.number(1..=3), draw.number(1..=3)];
    // More links of the far side than a node is likely to tell of by accident.
    let crowd = draw.number(20..=40) as usize;
    let (near_more, heal_views) = (draw.number(1..=4), draw.number(15..=25));
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let mut pages = Pages::deal(cluster, one, &site, 60).await?;
        let (page, near, far) = (pages.take(cluster, between)?, pages.take(cluster, one)?, pages.take(cluster, other)?);
        for page in [&page, &near, &far] {
            create(cluster, one, page).await?;
        }
        let crowd = Page::of(&crowd_site, crowd);
        at_once(16, &crowd, async |page| put(cluster, page).await).await?;
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
            "The network is cut between {one} and {other}; both reach {between}. The link is viewed {} on {one}, and {} on {other}.",
            count_of(during[0], "time"), count_of(during[1], "time")
        ));
        let mark = cluster.mark();
        cluster.partition(&[one], &[other]).await?;
        view(cluster, one, &page, during[0]).await?;
        view(cluster, other, &page, during[1]).await?;
        let second = first + during[0] + during[1];
        all_show(cluster, &[between], &page, second, "who reaches both sides learns of both").await?;
        has_bitten(cluster.nothing_crossed(mark, &[one], &[other]))?;
        cluster.step("The network is whole again.");
        cluster.heal();
        cluster.await_mesh().await?;
        still_show(cluster, &nodes, &page, second, BOTH_SIDES).await.because(WHY_MEET)?;
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
        view_at_once(cluster, other, &crowd).await?;
        // Whoever owns it: the views on a node are counted there.
        view(cluster, one, &far, far_views[0]).await?;
        all_show(cluster, &[one], &near, near_views, "each side goes on counting").await?;
        all_show(cluster, &[one], &far, far_views[0], "each side goes on counting").await?;
        all_show(cluster, &[between, other], &far, far_views[1] + far_views[2], "each side goes on counting").await?;
        show_no_more(cluster, &[one], &far, far_views[0]).await?;
        show_no_more(cluster, &[between, other], &near, 0).await?;
        has_bitten(cluster.nothing_crossed(mark, &[one], &[between, other]))?;

        let mut near_all = near_views;
        let far_sum = far_views.iter().sum();
        // Twice: a node passes on what it learns in each meeting, and not in the first one alone.
        for more in [0, near_more] {
            if more > 0 {
                cluster.step(format!("{one} is cut off from {between} too, and the link of {one} is viewed on it {} more.", count_of(more, "time")));
                cluster.partition(&[one], &[between]).await?;
                view(cluster, one, &near, more).await?;
                near_all += more;
            }
            cluster.step(format!("{one} and {between} find each other again; {other} is still out of reach of {one}."));
            cluster.heal_between(&[one], &[between]);
            cluster.await_mesh().await?;
            still_show(cluster, &[one, between], &near, near_all, BOTH_SIDES).await.because(WHY_MEET)?;
            still_show(cluster, &[one, between], &far, far_sum, BOTH_SIDES).await.because(WHY_MEET)?;
            still_show(cluster, &[other], &near, near_all, PASSED_ON).await.because(WHY_PASSED_ON)?;
        }
        all_show_one(cluster, &[one], &crowd).await.because(WHY_MEET)?;

        cluster.step(format!(
            "The network becomes whole again, while the link of {between} is viewed {heal_views} times on {one} and as often on {other}. Then {late} joins, late."
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
                "A node that comes late has heard of no view before it came. A link that comes up is the moment to tell it of all.",
            )?;
            were_told(cluster, &[late], [page], mark)?;
        }
        Ok(())
    })
    .await
}

/// Waits until nodes show one view of each of some links.
async fn all_show_one(cluster: &Cluster<'_>, nodes: &[&str], pages: &[Page]) -> Told {
    for page in pages {
        all_show(cluster, nodes, page, 1, BOTH_SIDES).await?;
    }
    Ok(())
}

fn has_bitten(nothing_crossed: bool) -> Told {
    match nothing_crossed {
        true => Ok(()),
        false => Err(Stop::inconclusive("Something crossed the cut.")),
    }
}

pub(super) async fn noise_does_no_harm(cx: &Context) -> Told {
    /// How many messages are held back, fewer than the first node has to tell.
    const HELD: usize = 3;
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
            "A link of {owner} is viewed on all nodes. Whatever they tell each other of it comes twice, and some of what {one} tells {other} is held back."
        ));
        let begun = cluster.mark();
        let twice = Rule::new(Action::Duplicate).times(usize::MAX).matching(speaks_of(&page));
        let late = Rule::new(Action::Hold)
            .from(&cluster.name(one))
            .to(&cluster.name(other))
            .kind(PatternKind::Cast)
            .times(HELD)
            .matching(speaks_of(&page));
        // The one that was put in force first is asked first.
        let late = cluster.rule(late);
        let twice = cluster.rule(twice);
        for (node, views) in [one, other, third].into_iter().zip(views) {
            view(cluster, node, &page, views).await?;
        }
        all_show(cluster, &[one, third], &page, all, "what comes twice counts once").await.because(
            "Networks repeat messages, and so do senders that are not sure. To merge twice must be the same as to merge once.",
        )?;

        cluster.step("What was held back arrives, the last of it first.");
        let held = late.held();
        late.release_in(&Order::Reversed);
        let claim = "what comes late, in another order, and twice, changes nothing that is known already";
        still_show(cluster, &nodes, &page, all, claim).await.because(
            "A late message says what was true when it was sent. To overwrite what is newer with it would take views back.",
        )?;
        were_told(cluster, &nodes, [&page], begun)?;
        let doubled = cluster.frames().of_programs().doubled().count();
        match (doubled, held) {
            (0, _) => Err(Stop::inconclusive("There was no message about the link that could come twice.")),
            (_, 0) => {
                // Where nothing is cast from one to the other, nothing can come late: calls wait for their answers.
                cluster.context().observe(format!("No message from {one} to {other} could be held back."));
                Ok(())
            }
            _ if twice.hits() == 0 => Err(Stop::inconclusive("No message came twice.")),
            _ => Ok(()),
        }
    })
    .await
}

pub(super) async fn lost_message_is_made_up_for(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [one, other, third] = draw.cast(NODES);
    // Not the second one: it would be asked for the link, and not get the question.
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
            "A link is viewed on {one} {}, and what {one} tells {other} of it is lost, though they are connected. Then it is viewed on {one} {} more.",
            count_of(lost, "time"), count_of(next, "time")
        ));
        let mut all = before + lost;
        loses_views(cluster, &page, [one, other, third], lost, all).await?;
        view(cluster, one, &page, next).await?;
        all += next;
        still_show(cluster, &nodes, &page, all, "the next view makes up for the lost ones").await.because(
            "Nobody is told that a message was lost. Whoever tells how many views there are now, instead of that there was one \
             more, has told with the last message all that the lost ones said.",
        )?;

        cluster.step(format!(
            "Again it is viewed on {one}, {}, and what {one} tells {other} is lost. Then the link between {one} and {other} closes and is opened again.",
            count_of(again, "time")
        ));
        all += again;
        let mark = cluster.mark();
        loses_views(cluster, &page, [one, other, third], again, all).await?;
        cluster.partition(&[one], &[other]).await?;
        cluster.heal();
        cluster.await_mesh().await?;
        still_show(cluster, &nodes, &page, all, BOTH_SIDES).await.because(
            "What was said is not what was heard. A note of what was sent to a node does not tell what it knows: it has to be asked, \
             or told everything it may have missed.",
        )?;
        were_told(cluster, &[other, third], [&page], mark)
    })
    .await
}

/// Views a link on the first node, and what that tells the second of it is lost; the third learns
/// of it.
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
        "the others learn of the views",
    )
    .await?;
    // Who learnt of them from the third in time need not hear of them from the first: then nothing was lost.
    lost.await_hits(1, SOON).await?;
    // Nothing of it may be under way when the rule ends.
    cluster.quiesce().await
}
