//! Problem 3: nodes that could not reach each other, and meet again.

use std::time::Duration;

use super::{
    CLAIM_TIMEOUT, Links, await_expiry, create, create_all, create_with, expect_status,
    expect_stored, follow, follow_all, numbered, tables_have, url, was_told,
};
use testkit::cluster::{Cluster, Explained, Options, Request};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::words::Names;

const ALL: [&str; 3] = ["n1", "n2", "n3"];

const MEET: &str =
    "after the network heals, each table has the links of the other side, without a lookup";

const WHY_MEET: &str = "A message that finds no connection is lost, and no node repeats it. When a connection comes up, each side \
                        must assume that it has missed links of the other side.";

/// Of many links a node is asked for each tenth only.
const SAMPLE: usize = 10;

pub(super) async fn tables_meet(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [alone, one, other] = draw.cast(ALL);
    let [before, here, there, near, far] = Names::new(&mut draw).take();
    // So many that a node cannot send only its last few.
    let (earlier, counts) = (draw.number(2..=4), draw.numbers::<2>(105..=125));
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        cluster.step(format!("{alone} creates {}; all nodes have them.", count_of(earlier, "link")));
        let mut links = Links::new();
        create_all(cluster, alone, numbered(&before, earlier), &mut links).await?;
        tables_have(cluster, &nodes, &links, CLAIM_TIMEOUT, "all nodes have the links").await?;

        cluster.step(format!(
            "The network is cut between {alone} and the others. {alone} creates {} links, {one} {}, and {other} one.",
            counts[0] + 1,
            counts[1]
        ));
        let mark = cluster.mark();
        cluster.partition(&[alone], &[one, other]).await?;
        let (here, there) = (url(&here), url(&there));
        let ours = create(cluster, alone, &here).await?;
        let theirs = create(cluster, other, &there).await?;
        let (mut near_links, mut far_links) = (Links::new(), Links::new());
        create_all(cluster, alone, numbered(&near, counts[0]), &mut near_links).await?;
        create_all(cluster, one, numbered(&far, counts[1]), &mut far_links).await?;

        cluster.step("One link of each side is followed on both sides. The others are not.");
        let claim = "during a split each side follows the links of the other side, through the store";
        for node in ALL {
            follow(cluster, node, &ours, &here, claim).await?;
            follow(cluster, node, &theirs, &there, claim).await?;
        }
        if !cluster.nothing_crossed(mark, &[alone], &[one, other]) {
            return Err(Stop::inconclusive("A message crossed the cut."));
        }
        links.extend([(ours, here), (theirs, there)]);
        links.extend(near_links.clone());
        links.extend(far_links.clone());

        cluster.step(format!("The store refuses all nodes. Then {alone} and {one} connect again, and {other} is still out of reach of {alone}."));
        cluster.store_refused(ALL);
        cluster.heal_between(&[alone], &[one]);
        cluster.await_mesh().await?;
        tables_have(cluster, &[alone, one], &links, CLAIM_TIMEOUT, MEET).await.because(WHY_MEET)?;

        cluster.step("The network is whole again, and all nodes are connected.");
        cluster.heal();
        cluster.await_mesh().await?;
        tables_have(cluster, &nodes, &links, CLAIM_TIMEOUT, MEET).await.because(WHY_MEET)?;
        let sample: Links = links.into_iter().step_by(SAMPLE).collect();
        for node in ALL {
            follow_all(cluster, node, &sample, MEET).await?;
        }
        for (node, of_others) in [(alone, &far_links), (one, &near_links), (other, &near_links)] {
            was_told(cluster, node, of_others, mark)?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn expired_link_stays_expired(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [alone, one, other] = draw.cast(ALL);
    let [phoenix, sparrow, dodo, old, fire, nest] = Names::new(&mut draw).take();
    let (ttl, seconds) = (draw.number(1..=2), draw.number(60..=600));
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        cluster.step(format!(
            "{alone} creates the links {phoenix}, {sparrow} and {dodo}, which expire after {}; all nodes have them.",
            count_of(ttl, "second")
        ));
        let old = url(&old);
        for code in [&phoenix, &sparrow, &dodo] {
            create_with(cluster, alone, &old, &[("code", code), ("ttl", &ttl.to_string())]).await?;
        }
        let last = expect_stored(cluster, alone, &dodo, &old).await?;

        cluster.step(format!(
            "The network is cut between {alone} and the others. The links expire. {other} gives {phoenix} to a new URL, and {alone} does so with {sparrow}."
        ));
        cluster.partition(&[alone], &[one, other]).await?;
        await_expiry(&last).await;
        let (fire, nest) = (url(&fire), url(&nest));
        create_with(cluster, other, &fire, &[("code", &phoenix)]).await?;
        create_with(cluster, alone, &nest, &[("code", &sparrow), ("ttl", &seconds.to_string())]).await?;

        cluster.step("The network is whole again, and the nodes are connected.");
        cluster.heal();
        cluster.await_mesh().await?;
        let links = Links::from([(phoenix, fire), (sparrow, nest)]);
        let claim = "of two links of one code, the later one is in all tables after the network heals";
        let why = "Each side sends the other its table, and one of the two tables is out of date. It must not matter which \
                   side sends first, or last.";
        tables_have(cluster, &nodes, &links, CLAIM_TIMEOUT, claim).await.because(why)?;
        cluster.quiesce().await?;
        // The same holds after the last message.
        tables_have(cluster, &nodes, &links, Duration::from_millis(200), claim).await.because(why)?;
        for node in ALL {
            follow_all(cluster, node, &links, claim).await?;
            let claim = "an expired link is 404, even if another node still sends it";
            expect_status(cluster, node, &Request::get(format!("/{dodo}")), 404, claim)
                .await
                .because("A link does not become new because another node sends it.")?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn tables_meet_after_silence(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [one, between, other] = draw.cast(ALL);
    let [before, earlier, ours, theirs] = Names::new(&mut draw).take();
    let counts = [draw.number(2..=5), draw.number(2..=5)];
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        create(cluster, one, &url(&before)).await?;
        create(cluster, other, &url(&earlier)).await?;
        cluster.step(format!("All messages between {one} and {other} vanish silently, and neither notices. Both create links."));
        let mark = cluster.mark();
        cluster.blackhole(&[one], &[other]);
        let (mut near, mut far) = (Links::new(), Links::new());
        create_all(cluster, one, numbered(&ours, counts[0]), &mut near).await?;
        create_all(cluster, other, numbered(&theirs, counts[1]), &mut far).await?;
        let links: Links = near.clone().into_iter().chain(far.clone()).collect();
        let claim = "a silence between two nodes does not keep a third one from learning of new links";
        tables_have(cluster, &[between], &links, CLAIM_TIMEOUT, claim).await?;
        if !cluster.nothing_crossed(mark, &[one], &[other]) {
            return Err(Stop::inconclusive("A message crossed the silence."));
        }

        cluster.step("The store refuses all nodes. The silence ends: the connections that swallowed a message close, and the nodes connect again.");
        cluster.store_refused(ALL);
        cluster.heal();
        cluster.await_mesh().await?;
        tables_have(cluster, &nodes, &links, CLAIM_TIMEOUT, MEET).await.because(WHY_MEET)?;
        for node in ALL {
            follow_all(cluster, node, &links, MEET).await?;
        }
        for (node, of_others) in [(one, &far), (other, &near), (between, &links)] {
            was_told(cluster, node, of_others, mark)?;
        }
        Ok(())
    })
    .await
}
