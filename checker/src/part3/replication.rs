//! Problem 2: what is created on one node is in the tables of all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runtime::{PG, PgMsg, ProcessId};
use tokio::time::{Instant, sleep};

use super::messages::{CACHE, CACHES};
use super::{
    Links, NOWHERE, SOON, all_lead, create, create_all, create_with, is_answered, is_stored,
    leads_to, led, peek, size, stored, tables_have, url,
};
use crate::cluster::{Cluster, Explained, Options, Request, Unmet};
use crate::scenario::{Context, Stop, Told};

const EVERYWHERE: &str =
    "a link that was created on one node is in the tables of all, without a look-up";

const WITHOUT_STORE: &str = "what is in the table is followed without the store";

const WHY_TELL: &str = "A link is created once and followed a thousand times, on any node. If each node is told of it, \
                        none needs the store to follow it.";

pub(super) async fn link_is_in_all_tables(cx: &Context) -> Told {
    Cluster::tell(
        cx,
        &["n1", "n2", "n3"],
        Options::with_store(),
        async |cluster| {
            cluster.step(
                "The store refuses n3. n1 and n2 create three links each, and n1 one for a minute.",
            );
            cluster.store_refused(["n3"]);
            are_members(cluster, &["n1", "n2", "n3"]).await?;
            let mut links = Links::new();
            create_all(
                cluster,
                "n1",
                ["one", "two", "three"].map(Into::into),
                &mut links,
            )
            .await?;
            create_all(
                cluster,
                "n2",
                ["four", "five", "six"].map(Into::into),
                &mut links,
            )
            .await?;
            let minute = url("minute");
            let ending = create_with(cluster, "n1", &minute, &[("ttl", "60")]).await?;
            let link = is_stored(cluster, "n1", &ending, &minute).await?;
            links.insert(ending.clone(), minute);

            cluster.step("The store refuses everybody, before any of the links has been followed.");
            cluster.store_refused(["n1", "n2"]);
            tables_have(cluster, &["n1", "n2", "n3"], &links, SOON, EVERYWHERE)
                .await
                .because(WHY_TELL)?;
            let there = peek(cluster, "n3", &ending).await?;
            if there.as_ref() != Some(&link) {
                let there = there.map_or("no link".to_owned(), |link| link.to_text());
                return Err(cluster
                    .failed_at(
                        "n3",
                        format!(
                            "n3's table has `{there}` for {ending}, and the store `{}`",
                            link.to_text()
                        ),
                        "a link is replicated with its end",
                    )
                    .because("A link that does not know its end leads on when it should not.")
                    .into());
            }
            for node in ["n1", "n2", "n3"] {
                all_lead(cluster, node, &links, WITHOUT_STORE).await?;
            }
            if !cluster
                .store_commands(0)
                .by("n3")
                .key_starts("link:")
                .forwarded()
                .is_empty()
            {
                return Err(Stop::inconclusive("n3 got through to the store."));
            }
            Ok(())
        },
    )
    .await
}

pub(super) async fn store_comes_first(cx: &Context) -> Told {
    const SLOW: Duration = Duration::from_millis(300);
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        is_answered(cluster, "n1", &Request::get("/first"), 404, NOWHERE).await?;
        cluster
            .step("It takes 300 ms until the store gets what n1 sends it. n1 is to create a link.");
        cluster.store_slow(["n1"], SLOW);
        let slow = url("slow");
        let request = Request::form("/", &[("url", &slow), ("code", "slow-one")]);
        let begun = Instant::now();
        let asked = async {
            let answer = cluster.request("n1", &request).await?;
            Ok::<_, Stop>((answer, stored(cluster, "slow-one").await?))
        };
        let watched = async {
            loop {
                for node in ["n1", "n2"] {
                    let known = peek(cluster, node, "slow-one").await?;
                    if known.is_some() && stored(cluster, "slow-one").await?.is_none() {
                        return Err(too_early(cluster, node).into());
                    }
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        let (answer, had) = tokio::select! { biased;
            asked = asked => asked?,
            seen = watched => return seen,
        };
        if answer.status == 201 && had.is_none() {
            is_stored(cluster, "n1", "slow-one", &slow).await?;
            return Err(cluster
                .failed_at(
                    "n1",
                    "n1 answered 201 before the store had the link",
                    "a 201 comes when the store has the link",
                )
                .because(
                    "A 201 is a promise. What is only in the memory of a node is gone with it.",
                )
                .into());
        }
        if answer.status != 201 || begun.elapsed() < SLOW {
            return Err(Stop::inconclusive(format!(
                "The slow store did not hold n1 up: it answered {}.",
                answer.in_words()
            )));
        }
        let links = Links::from([("slow-one".to_owned(), slow)]);
        tables_have(cluster, &["n1", "n2"], &links, SOON, EVERYWHERE)
            .await
            .because(WHY_TELL)
    })
    .await
}

fn too_early(cluster: &Cluster<'_>, node: &str) -> crate::verdict::Failure {
    cluster
        .failed_at(
            node,
            format!("{node}'s table has the link, and the store does not have it yet"),
            "first the store gets a link, then the table of the node that creates it, then the other nodes",
        )
        .because(
            "The store may still say that the code is another URL's, or say nothing at all. Then a table leads to a link \
             that was never created.",
        )
}

pub(super) async fn paused_node_delays_nobody(cx: &Context) -> Told {
    const AT_ONCE: Duration = Duration::from_secs(1);
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::with_store(), async |cluster| {
        create(cluster, "n1", &url("before")).await?;
        cluster.step("n3 is paused. n1 creates ten links.");
        cluster.store_refused(["n2", "n3"]);
        cluster.pause("n3").await?;
        let claim = "a creation waits for the store, and for no other node";
        let why = "In a large cluster there is always one that does not answer. If everybody waits for everybody, all wait for \
                   that one.";
        let mut links = Links::new();
        for number in 0..10 {
            let url = url(&format!("paused-{number}"));
            let begun = Instant::now();
            let made = create(cluster, "n1", &url).await;
            let code = made.claiming(claim).because(why)?;
            let took = begun.elapsed();
            links.insert(code, url);
            // The store's answer may be late on a busy machine; then the next one tells.
            if took > AT_ONCE && number > 0 {
                let seen = format!("n1 answered 201 after {:.1} s", took.as_secs_f32());
                return Err(cluster.failed_at("n1", seen, claim).because(why).into());
            }
        }
        let claim = "a paused node does not keep the others from learning of new links";
        tables_have(cluster, &["n2"], &links, SOON, claim).await.because(WHY_TELL)?;
        all_lead(cluster, "n2", &links, WITHOUT_STORE).await?;

        cluster.step("n3 runs on.");
        cluster.resume("n3").await?;
        let claim = "what was sent to a paused node gets there when it runs on";
        tables_have(cluster, &["n3"], &links, SOON, claim).await.because(
            "A paused node keeps its links, and what was sent to it lies there. Whoever does not even send it, because it \
             did not answer, leaves it out for ever.",
        )?;
        all_lead(cluster, "n3", &links, WITHOUT_STORE).await
    })
    .await
}

pub(super) async fn who_joins_is_told(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        cluster.store_refused(["n2", "n3"]);
        let mut links = Links::new();
        create_all(cluster, "n1", ["before".to_owned()], &mut links).await?;
        tables_have(cluster, &["n2"], &links, SOON, EVERYWHERE).await.because(WHY_TELL)?;

        cluster.step("n2's cache crashes, and its supervisor starts it again. Then n1 creates two links.");
        cluster.crash("n2", &CACHE).await?;
        let is_back = async || size(cluster, "n2").await.map(|_| ()).map_err(Into::into);
        cluster.eventually(SOON, "a cache that crashed is started again", is_back).await?;
        cluster.quiesce().await?;
        are_members(cluster, &["n1", "n2"]).await.because(
            "A process that was started again is another process. If only the first one was made a member, nobody knows the second.",
        )?;
        let mut links = Links::new();
        create_all(cluster, "n1", ["after", "afterwards"].map(Into::into), &mut links).await?;
        let claim = "a cache that crashed hears again of new links";
        tables_have(cluster, &["n2"], &links, SOON, claim).await?;
        all_lead(cluster, "n2", &links, WITHOUT_STORE).await?;

        cluster.step("n3 joins, late. Then n1 creates two more links.");
        cluster.join("n3").await?;
        are_members(cluster, &["n1", "n2", "n3"]).await?;
        let mut links = Links::new();
        create_all(cluster, "n1", ["late", "later"].map(Into::into), &mut links).await?;
        let claim = "a node that joined hears of what is created from then on";
        tables_have(cluster, &["n2", "n3"], &links, SOON, claim)
            .await
            .because("Whoever asks once who the others are does not know those who come later.")?;
        all_lead(cluster, "n3", &links, WITHOUT_STORE).await
    })
    .await
}

/// Waits until each of these nodes knows a member of the caches on each of them.
async fn are_members(cluster: &Cluster<'_>, nodes: &[&str]) -> Told {
    let look = async || {
        let mut own: BTreeMap<&str, BTreeSet<ProcessId>> = BTreeMap::new();
        let mut seen = Vec::new();
        for node in nodes {
            let mut view = cluster.call(node, &PG, PgMsg::View).await?;
            let members = view.remove(CACHES).unwrap_or_default();
            let at = |node: &str| {
                members
                    .iter()
                    .filter(|member| member.node.short() == node)
                    .cloned()
                    .collect()
            };
            own.insert(node, at(node));
            for other in nodes {
                let there: BTreeSet<ProcessId> = at(other);
                seen.push((*node, *other, there));
            }
        }
        for (node, other, there) in seen {
            if there.is_empty() {
                return Err(Unmet::at(
                    other,
                    format!("{node} knows no member of the group `{CACHES}` on {other}"),
                ));
            }
            if Some(&there) != own.get(other) {
                return Err(Unmet::at(
                    other,
                    format!(
                        "{node} and {other} do not agree on the members of `{CACHES}` on {other}"
                    ),
                ));
            }
        }
        Ok(())
    };
    let expected = format!("the cache of each node is a member of the process group `{CACHES}`");
    cluster.eventually(SOON, expected, look).await
}

pub(super) async fn late_nothing_hides_no_link(cx: &Context) -> Told {
    const SLOW: Duration = Duration::from_millis(500);
    const KEY: &str = "link:fresh";
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        for node in ["n1", "n2"] {
            is_answered(cluster, node, &Request::get("/first"), 404, NOWHERE).await?;
        }
        cluster.step("n1 is asked for a code that there is not, and needs 500 ms to the store. Meanwhile n2 creates a link with it.");
        cluster.store_slow(["n1"], SLOW);
        let (fresh, mark) = (url("fresh"), cluster.store_mark());
        let asks = async || cluster.request("n1", &Request::get("/fresh")).await;
        let meanwhile = async || {
            // Long enough for the question to be on its way; if it is not, we will see it.
            sleep(SLOW / 5).await;
            create_with(cluster, "n2", &fresh, &[("code", "fresh")]).await?;
            let links = Links::from([("fresh".to_owned(), fresh.clone())]);
            tables_have(cluster, &["n1"], &links, SOON, EVERYWHERE).await.because(WHY_TELL)?;
            // As if the question had been there before the link: the answer is the same.
            cluster.store_delete(KEY).await?;
            let asked = cluster.store_commands(mark).by("n1").key(KEY).len();
            Ok::<_, Stop>(asked)
        };
        let (answer, too_late) = tokio::join!(asks(), meanwhile());
        let (answer, too_late) = (answer?, too_late?);
        // Not only this one look-up may have asked.
        cluster.quiesce().await?;
        let asked = cluster.store_commands(mark).by("n1").key(KEY).len();
        cluster.store_set(KEY, &super::in_store(&fresh)).await?;
        if too_late > 0 || asked == 0 {
            return Err(Stop::inconclusive("n1's question to the store was not under way when the link was created."));
        }

        cluster.step("n1 was told that there is nothing, after it had been told of the link.");
        let claim = "what a node was told of a link counts more than that there was nothing when it asked";
        let why = "The store was asked before the link was there, and its answer is older than the news of the link. An answer \
                   of which it is not known how old it is must not take the place of what is known.";
        let links = Links::from([("fresh".to_owned(), fresh.clone())]);
        // Nothing more is under way: what is in the table now stays.
        tables_have(cluster, &["n1"], &links, Duration::from_millis(300), claim).await.because(why)?;
        cluster.store_refused(["n1"]);
        let now = cluster.get("n1", "/fresh").await?;
        led(cluster, "n1", "fresh", &now, &fresh, claim).because(why)?;
        if answer.status == 302 && !leads_to(&answer, &fresh) {
            return led(cluster, "n1", "fresh", &answer, &fresh, claim);
        }
        Ok(())
    })
    .await
}
