//! Problem 2: what is created on one node is in the tables of all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runtime::{PG, PgMsg, ProcessId};
use tokio::time::{Instant, sleep};

use super::messages::{CACHE, CACHES};
use super::{
    Links, NOWHERE, SOON, all_lead, create, create_all, create_with, is_answered, is_stored,
    leads_to, led, numbered, peek, size, stored, tables_have, url, was_told,
};
use testkit::cluster::{Cluster, Explained, Options, Request, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::words::Names;

const ALL: [&str; 3] = ["n1", "n2", "n3"];

const EVERYWHERE: &str =
    "a link that was created on one node is in the tables of all, without a look-up";

const WITHOUT_STORE: &str = "what is in the table is followed without the store";

const WHY_TELL: &str = "A link is created once and followed a thousand times, on any node. If each node is told of it, \
                        none needs the store to follow it.";

pub(super) async fn link_is_in_all_tables(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [first, second, third] = draw.cast(ALL);
    let mut names = Names::new(&mut draw);
    let (pages, [ending]) = (names.take::<3>(), names.take());
    let counts = [draw.number(2..=5), draw.number(2..=5), draw.number(2..=5)];
    let seconds = draw.number(60..=600);
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        cluster.step(format!(
            "{first} creates {} links, {second} {} and {third} {}; then {first} one more, for {seconds} seconds.",
            counts[0], counts[1], counts[2]
        ));
        are_members(cluster, &ALL).await?;
        let mark = cluster.mark();
        let mut links = Links::new();
        let mut of_others = ALL.map(|node| (node, Links::new()));
        for (creator, (page, count)) in [first, second, third].into_iter().zip(pages.iter().zip(counts)) {
            let mut own = Links::new();
            create_all(cluster, creator, numbered(page, count), &mut own).await?;
            for (_, others) in of_others.iter_mut().filter(|(node, _)| *node != creator) {
                others.extend(own.clone());
            }
            links.extend(own);
        }
        let page = url(&ending);
        let ending = create_with(cluster, first, &page, &[("ttl", &seconds.to_string())]).await?;
        let link = is_stored(cluster, first, &ending, &page).await?;
        links.insert(ending.clone(), page);

        cluster.step("The store refuses everybody, before any of the links has been followed.");
        cluster.store_refused(ALL);
        tables_have(cluster, &nodes, &links, SOON, EVERYWHERE)
            .await
            .because(WHY_TELL)?;
        for node in [second, third] {
            let there = peek(cluster, node, &ending).await?;
            if there.as_ref() != Some(&link) {
                let there = there.map_or("no link".to_owned(), |link| link.to_text());
                let seen = format!("{node}'s table has `{there}` for {ending}, and the store `{}`", link.to_text());
                return Err(cluster
                    .failed_at(node, seen, "a link is replicated with its end")
                    .because("A link that does not know its end leads on when it should not.")
                    .into());
            }
        }
        for (node, others) in &of_others {
            all_lead(cluster, node, &links, WITHOUT_STORE).await?;
            was_told(cluster, node, others, mark)?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn store_comes_first(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [creator, other] = draw.cast(["n1", "n2"]);
    let [first, page, code] = Names::new(&mut draw).take();
    let slow = Duration::from_millis(draw.number(250..=350));
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        is_answered(cluster, creator, &Request::get(format!("/{first}")), 404, NOWHERE).await?;
        cluster.step(format!(
            "It takes {} ms until the store gets what {creator} sends it. {creator} is to create the link {code}.",
            slow.as_millis()
        ));
        cluster.store_slow([creator], slow);
        let page = url(&page);
        let request = Request::form("/", &[("url", &page), ("code", &code)]);
        let begun = Instant::now();
        let asked = async {
            let answer = cluster.request(creator, &request).await?;
            Ok::<_, Stop>((answer, stored(cluster, &code).await?))
        };
        let watched = async {
            loop {
                for node in [creator, other] {
                    let known = peek(cluster, node, &code).await?;
                    if known.is_some() && stored(cluster, &code).await?.is_none() {
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
            is_stored(cluster, creator, &code, &page).await?;
            return Err(cluster
                .failed_at(
                    creator,
                    format!("{creator} answered 201 before the store had the link"),
                    "a 201 comes when the store has the link",
                )
                .because("A 201 is a promise. What is only in the memory of a node is gone with it.")
                .into());
        }
        if answer.status != 201 || begun.elapsed() < slow {
            return Err(Stop::inconclusive(format!(
                "The slow store did not hold {creator} up: it answered {}.",
                answer.in_words()
            )));
        }
        let links = Links::from([(code.clone(), page)]);
        tables_have(cluster, &["n1", "n2"], &links, SOON, EVERYWHERE)
            .await
            .because(WHY_TELL)
    })
    .await
}

fn too_early(cluster: &Cluster<'_>, node: &str) -> testkit::verdict::Failure {
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
    let mut draw = cx.draw();
    let [creator, one, other] = draw.cast(ALL);
    let [before, first, second] = Names::new(&mut draw).take();
    let counts = [draw.number(5..=10), draw.number(5..=10)];
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        create(cluster, creator, &url(&before)).await?;
        cluster.store_refused([one, other]);
        // Each of the two is paused once: which of them is told first is not for us to know.
        let rounds = [(one, other, first), (other, one, second)];
        for ((paused, awake, name), count) in rounds.iter().zip(counts) {
            cluster.step(format!("{paused} is paused. {creator} creates {}.", count_of(count, "link")));
            let mark = cluster.mark();
            cluster.pause(paused).await?;
            let claim = "a creation waits for the store, and for no other node";
            let why = "In a large cluster there is always one that does not answer. If everybody waits for everybody, all wait for \
                       that one.";
            let mut links = Links::new();
            for (number, name) in numbered(name, count).enumerate() {
                let url = url(&name);
                let begun = Instant::now();
                let made = create(cluster, creator, &url).await;
                let code = made.claiming(claim).because(why)?;
                let took = begun.elapsed();
                links.insert(code, url);
                // The store's answer may be late on a busy machine; then the next one tells.
                if took > AT_ONCE && number > 0 {
                    let seen = format!("{creator} answered 201 after {:.1} s", took.as_secs_f32());
                    return Err(cluster.failed_at(creator, seen, claim).because(why).into());
                }
            }
            let claim = "a paused node does not keep the others from learning of new links";
            tables_have(cluster, &[awake], &links, SOON, claim).await.because(WHY_TELL)?;
            all_lead(cluster, awake, &links, WITHOUT_STORE).await?;

            cluster.step(format!("{paused} runs on."));
            cluster.resume(paused).await?;
            let claim = "what was sent to a paused node gets there when it runs on";
            tables_have(cluster, &[paused], &links, SOON, claim).await.because(
                "A paused node keeps its links, and what was sent to it lies there. Whoever does not even send it, because it \
                 did not answer, leaves it out for ever.",
            )?;
            all_lead(cluster, paused, &links, WITHOUT_STORE).await?;
            for node in [awake, paused] {
                was_told(cluster, node, &links, mark)?;
            }
        }
        Ok(())
    })
    .await
}

pub(super) async fn who_joins_is_told(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [one, other, late] = draw.cast(ALL);
    let [before, theirs, ours, last, own] = Names::new(&mut draw).take();
    let count = draw.number(2..=4);
    let mut there = [one, other];
    there.sort_unstable();
    Cluster::tell(cx, &there, Options::with_store(), async |cluster| {
        let mut links = Links::new();
        create_all(cluster, one, [before], &mut links).await?;
        tables_have(cluster, &[other], &links, SOON, EVERYWHERE).await.because(WHY_TELL)?;

        // A cache that crashed must be told, and must tell.
        let claim = "a cache that crashed hears again of new links, and tells of its own";
        for (crashed, name) in [(other, theirs), (one, ours)] {
            cluster.step(format!(
                "{crashed}'s cache crashes, and its supervisor starts it again. Then {one} creates {}.",
                count_of(count, "link")
            ));
            cluster.crash(crashed, &CACHE).await?;
            let is_back = async || size(cluster, crashed).await.map(|_| ()).map_err(Into::into);
            cluster.eventually(SOON, "a cache that crashed is started again", is_back).await?;
            cluster.quiesce().await?;
            are_members(cluster, &there).await.because(
                "A process that was started again is another process. If only the first one was made a member, nobody knows the second.",
            )?;
            hear(cluster, one, &[other], &name, count, claim).await?;
        }

        cluster.step(format!("{late} joins, late. Then {one} creates {}, and {late} as many.", count_of(count, "more link")));
        cluster.join(late).await?;
        are_members(cluster, &ALL).await?;
        let claim = "a node that joined hears of what is created from then on";
        let why = "Whoever asks once who the others are does not know those who come later.";
        hear(cluster, one, &[other, late], &last, count, claim).await.because(why)?;
        let claim = "of what a node that joined creates, the others hear";
        hear(cluster, late, &[one, other], &own, count, claim).await.because(WHY_TELL)
    })
    .await
}

/// Has a node create links, which others are told of, and follow without the store.
async fn hear(
    cluster: &Cluster<'_>,
    creator: &str,
    others: &[&str],
    name: &str,
    count: u64,
    claim: &str,
) -> Told {
    let (mark, mut links) = (cluster.mark(), Links::new());
    cluster.store_refused(others);
    create_all(cluster, creator, numbered(name, count), &mut links).await?;
    tables_have(cluster, others, &links, SOON, claim).await?;
    for node in others {
        all_lead(cluster, node, &links, WITHOUT_STORE).await?;
        was_told(cluster, node, &links, mark)?;
    }
    cluster.store_back(others);
    Ok(())
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
    let mut draw = cx.draw();
    let [asker, creator] = draw.cast(["n1", "n2"]);
    let [first, code, page] = Names::new(&mut draw).take();
    let (key, path) = (format!("link:{code}"), format!("/{code}"));
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        for node in ["n1", "n2"] {
            is_answered(cluster, node, &Request::get(format!("/{first}")), 404, NOWHERE).await?;
        }
        cluster.step(format!("{asker} is asked for {code}, a code that there is not, and needs 500 ms to the store. Meanwhile {creator} creates a link with it."));
        cluster.store_slow([asker], SLOW);
        let (page, mark) = (url(&page), cluster.store_mark());
        let links = Links::from([(code.clone(), page.clone())]);
        let since = cluster.mark();
        let asks = async || cluster.request(asker, &Request::get(&path)).await;
        let meanwhile = async || {
            // Long enough for the question to be on its way; if it is not, we will see it.
            sleep(SLOW / 5).await;
            create_with(cluster, creator, &page, &[("code", &code)]).await?;
            tables_have(cluster, &[asker], &links, SOON, EVERYWHERE).await.because(WHY_TELL)?;
            // As if the question had been there before the link: the answer is the same.
            cluster.store_delete(&key).await?;
            let asked = cluster.store_commands(mark).by(asker).key(&key).len();
            Ok::<_, Stop>(asked)
        };
        let (answer, too_late) = tokio::join!(asks(), meanwhile());
        let (answer, too_late) = (answer?, too_late?);
        // Not only this one look-up may have asked.
        cluster.quiesce().await?;
        let asked = cluster.store_commands(mark).by(asker).key(&key).len();
        cluster.store_set(&key, &super::in_store(&page)).await?;
        if too_late > 0 || asked == 0 {
            return Err(Stop::inconclusive(format!("{asker}'s question to the store was not under way when the link was created.")));
        }
        was_told(cluster, asker, &links, since)?;

        cluster.step(format!("{asker} was told that there is nothing, after it had been told of the link."));
        let claim = "what a node was told of a link counts more than that there was nothing when it asked";
        let why = "The store was asked before the link was there, and its answer is older than the news of the link. An answer \
                   of which it is not known how old it is must not take the place of what is known.";
        // Nothing more is under way: what is in the table now stays.
        tables_have(cluster, &[asker], &links, Duration::from_millis(300), claim).await.because(why)?;
        cluster.store_refused([asker]);
        let now = cluster.get(asker, &path).await?;
        led(cluster, asker, &code, &now, &page, claim).because(why)?;
        if answer.status == 302 && !leads_to(&answer, &page) {
            return led(cluster, asker, &code, &answer, &page, claim);
        }
        Ok(())
    })
    .await
}
