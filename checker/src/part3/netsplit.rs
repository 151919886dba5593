//! Problem 3: nodes that could not reach each other, and meet again.

use std::time::Duration;

use super::{
    Links, SOON, all_lead, create, create_all, create_with, expires, is_answered, is_stored, leads,
    tables_have, url,
};
use crate::cluster::{Cluster, Explained, Options, Request};
use crate::scenario::{Context, Stop, Told};

const ALL: [&str; 3] = ["n1", "n2", "n3"];

const MEET: &str =
    "after the heal each table has the links of the other side, though nobody has looked them up";

const WHY_MEET: &str = "What was to be told while there was no link is lost, and nobody repeats it. When a link comes up, each \
                        side must take it that it has missed something of the other.";

pub(super) async fn tables_meet(cx: &Context) -> Told {
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        cluster.step("n1 creates two links; all have them.");
        let mut links = Links::new();
        create_all(cluster, "n1", ["before", "earlier"].map(Into::into), &mut links).await?;
        tables_have(cluster, &ALL, &links, SOON, "all have the links").await?;

        cluster.step("The network is cut between n1 and the others. Both sides create links.");
        let mark = cluster.mark();
        cluster.partition(&["n1"], &["n2", "n3"]).await?;
        let (here, there) = (url("here"), url("there"));
        let ours = create(cluster, "n1", &here).await?;
        let theirs = create(cluster, "n3", &there).await?;
        create_all(cluster, "n1", (0..5).map(|number| format!("near-{number}")), &mut links).await?;
        create_all(cluster, "n2", (0..5).map(|number| format!("far-{number}")), &mut links).await?;

        cluster.step("One link of each side is followed on both sides. The others are not.");
        let claim = "during a split each side follows the links of the other, through the store";
        for node in ALL {
            leads(cluster, node, &ours, &here, claim).await?;
            leads(cluster, node, &theirs, &there, claim).await?;
        }
        if !cluster.nothing_crossed(mark, &["n1"], &["n2", "n3"]) {
            return Err(Stop::inconclusive("Something crossed the cut."));
        }
        links.extend([(ours, here), (theirs, there)]);

        cluster.step("The store refuses everybody. Then the network is whole again, and the nodes have found each other.");
        cluster.store_refused(ALL);
        cluster.heal();
        cluster.await_mesh().await?;
        tables_have(cluster, &ALL, &links, SOON, MEET).await.because(WHY_MEET)?;
        for node in ALL {
            all_lead(cluster, node, &links, MEET).await?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn expired_link_stays_dead(cx: &Context) -> Told {
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        cluster.step("n1 creates three links for one second; all have them.");
        let old = url("old");
        for code in ["phoenix", "sparrow", "dodo"] {
            create_with(cluster, "n1", &old, &[("code", code), ("ttl", "1")]).await?;
        }
        let last = is_stored(cluster, "n1", "dodo", &old).await?;

        cluster.step("The network is cut between n1 and the others. The links expire, and each side gives one of the codes to a new URL.");
        cluster.partition(&["n1"], &["n2", "n3"]).await?;
        expires(&last).await;
        let (fire, nest) = (url("fire"), url("nest"));
        create_with(cluster, "n3", &fire, &[("code", "phoenix")]).await?;
        create_with(cluster, "n1", &nest, &[("code", "sparrow"), ("ttl", "60")]).await?;

        cluster.step("The network is whole again, and the nodes have found each other.");
        cluster.heal();
        cluster.await_mesh().await?;
        let links = Links::from([("phoenix".to_owned(), fire), ("sparrow".to_owned(), nest)]);
        let claim = "of two links of one code, the later one is in all tables after the heal";
        let why = "Both sides tell each other what they have, and one of them has old news. It must not matter who speaks \
                   first, or last.";
        tables_have(cluster, &ALL, &links, SOON, claim).await.because(why)?;
        cluster.quiesce().await?;
        // Also when all has been said.
        tables_have(cluster, &ALL, &links, Duration::from_millis(200), claim).await.because(why)?;
        for node in ALL {
            all_lead(cluster, node, &links, claim).await?;
            let claim = "an expired link leads nowhere, whoever still tells of it: 404";
            is_answered(cluster, node, &Request::get("/dodo"), 404, claim)
                .await
                .because("That a link comes from another node does not make it new.")?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn tables_meet_after_silence(cx: &Context) -> Told {
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        create(cluster, "n1", &url("before")).await?;
        create(cluster, "n3", &url("earlier")).await?;
        cluster.step("Everything between n1 and n3 vanishes in silence, and neither notices. Both create links.");
        let mark = cluster.mark();
        cluster.blackhole(&["n1"], &["n3"]);
        let mut links = Links::new();
        create_all(cluster, "n1", ["swallow", "swift"].map(Into::into), &mut links).await?;
        create_all(cluster, "n3", ["martin", "lark"].map(Into::into), &mut links).await?;
        let claim = "a silence between two nodes does not keep a third from learning of new links";
        tables_have(cluster, &["n2"], &links, SOON, claim).await?;
        if !cluster.nothing_crossed(mark, &["n1"], &["n3"]) {
            return Err(Stop::inconclusive("Something crossed the silence."));
        }

        cluster.step("The store refuses everybody. The silence is over: the links that had swallowed something close, and are made anew.");
        cluster.store_refused(ALL);
        cluster.heal();
        cluster.await_mesh().await?;
        tables_have(cluster, &ALL, &links, SOON, MEET).await.because(WHY_MEET)?;
        for node in ALL {
            all_lead(cluster, node, &links, MEET).await?;
        }
        Ok(())
    })
    .await
}
