//! Problem 2: a link that is created on one node is in the tables of all nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runtime::{PG, PgMsg, ProcessId};
use shortener::Link;
use tokio::time::{Instant, sleep};

use super::cache::{expect_within_cap, look_up};
use super::messages::{CACHE, CACHE_CAP, CACHES};
use super::{
    CLAIM_TIMEOUT, Fact, Links, NOT_FOUND, WHY_STORE_FIRST, create, create_all, create_with,
    expect_redirect, expect_status, expect_stored, failed, follow_all, in_store, is_redirect_to,
    not_yet, numbered, peek, size, stored, tables_have, url, was_told,
};
use testkit::cluster::{Cluster, Explained, Options, Request, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::verdict::Failure;
use testkit::words::Names;

const ALL: [&str; 3] = ["n1", "n2", "n3"];

const EVERYWHERE: &str =
    "a link that was created on one node is in the tables of all nodes, without a lookup";

const WITHOUT_STORE: &str = "a node follows a link in its table without the store";

const WHY_TELL: &str = "A link is created once and followed a thousand times, on any node. If every node receives the link, \
                        none of them needs the store to follow it.";

pub(super) async fn link_is_in_all_tables(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [first, second, third] = draw.cast(ALL);
    let mut names = Names::new(&mut draw);
    let (pages, [ending, missed, late]) = (names.take::<3>(), names.take());
    let counts = [draw.number(2..=5), draw.number(2..=5), draw.number(2..=5)];
    let seconds = draw.number(60..=600);
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        cluster.step(format!(
            "{first} creates {} links, {second} {} and {third} {}; then {first} creates one more, which expires after {seconds} seconds.",
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
        let link = expect_stored(cluster, first, &ending, &page).await?;
        links.insert(ending.clone(), page);

        cluster.step(format!("{second} and {third} answer 404 for the code {missed}. Then {first} creates a link with it."));
        for node in [second, third] {
            expect_status(cluster, node, &Request::get(format!("/{missed}")), 404, NOT_FOUND).await?;
        }
        let late = url(&late);
        create_with(cluster, first, &late, &[("code", &missed)]).await?;
        links.insert(missed, late);

        cluster.step("The store refuses all nodes, before any of the links has been followed.");
        cluster.store_refused(ALL);
        tables_have(cluster, &nodes, &links, CLAIM_TIMEOUT, EVERYWHERE)
            .await
            .because(WHY_TELL)?;
        for node in [second, third] {
            let there = peek(cluster, node, &ending).await?;
            if there.as_ref() != Some(&link) {
                let there = there.map_or("no link".to_owned(), |link| link.to_text());
                let seen = format!("{node}'s table has `{there}` for {ending}, and the store `{}`", link.to_text());
                return Err(cluster
                    .failed_at(node, seen, "a link is replicated with its expiry")
                    .because("A table that does not know when a link expires follows it for too long.")
                    .into());
            }
        }
        for (node, others) in &of_others {
            follow_all(cluster, node, &links, WITHOUT_STORE).await?;
            was_told(cluster, node, others, mark)?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn later_expiry_is_in_all_tables(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [first, second, third] = draw.cast(ALL);
    let [page] = Names::new(&mut draw).take();
    let (short, long) = (draw.number(60..=120), draw.number(300..=600));
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        cluster.step(format!("{first} creates a link for {short} seconds; all nodes have it."));
        are_members(cluster, &ALL).await?;
        let page = url(&page);
        let code = create_with(cluster, first, &page, &[("ttl", &short.to_string())]).await?;
        let links = Links::from([(code.clone(), page.clone())]);
        tables_have(cluster, &nodes, &links, CLAIM_TIMEOUT, EVERYWHERE).await.because(WHY_TELL)?;

        // In both rounds the node that created the link is among those that must hear of it.
        let (long, forever) = (long.to_string(), "that never expires".to_owned());
        let rounds = [
            (second, vec![("ttl", long.as_str())], format!("for {long} seconds")),
            (third, vec![], forever),
        ];
        for (again, ttl, how_long) in rounds {
            cluster.step(format!(
                "The store refuses the other nodes. {again} is asked for a link to the same URL {how_long}."
            ));
            let others: Vec<&str> = ALL.into_iter().filter(|node| *node != again).collect();
            let mark = cluster.mark();
            cluster.store_refused(&others);
            create_with(cluster, again, &page, &ttl).await?;
            let link = expect_stored(cluster, again, &code, &page).await?;
            expect_expiry(cluster, &nodes, &code, &link).await?;
            for node in &others {
                was_told(cluster, node, &links, mark)?;
            }
            cluster.store_back(&others);
        }

        cluster.step(format!("{first} is asked for the link once more, for {short} seconds. The expiry in the store is later, so it stays."));
        create_with(cluster, first, &page, &[("ttl", &short.to_string())]).await?;
        let link = expect_stored(cluster, first, &code, &page).await?;
        cluster.quiesce().await?;
        expect_expiry(cluster, &nodes, &code, &link).await
    })
    .await
}

/// Waits until the tables of nodes have this link, which the store has, with its expiry.
async fn expect_expiry(cluster: &Cluster<'_>, nodes: &[&str], code: &str, link: &Link) -> Told {
    let look = async || {
        for node in nodes {
            let has = peek(cluster, node, code).await?;
            if has.as_ref() == Some(link) {
                continue;
            }
            let fact = match has {
                Some(has) if has.url == link.url => Fact::EarlierExpiry {
                    node: (*node).to_owned(),
                    code: code.to_owned(),
                    has: has.to_text(),
                },
                other => Fact::TableLacks {
                    node: (*node).to_owned(),
                    code: code.to_owned(),
                    instead: other.map(|link| link.url),
                    lacking: 1,
                    of: 1,
                },
            };
            return Err(not_yet(&fact));
        }
        Ok(())
    };
    let wanted = link.to_text();
    let claim = format!(
        "a link's later expiry is in the tables of all nodes, without a lookup (wanted for {code}: {wanted})"
    );
    cluster.eventually(CLAIM_TIMEOUT, claim, look).await.because(
        "A table that still has the earlier expiry stops following a living link too soon, and needs the store again.",
    )
}

pub(super) async fn full_table_stays_full(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [creator, full] = draw.cast(["n1", "n2"]);
    let [many, new] = Names::new(&mut draw).take();
    let (extra, created) = (draw.number(10..=30), draw.number(20..=40));
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        let codes: Vec<String> = numbered(&many, CACHE_CAP as u64 + extra).collect();
        for code in &codes {
            cluster
                .store_set(&format!("link:{code}"), &in_store(&url(code)))
                .await?;
        }
        cluster.step(format!(
            "{full} is asked for {} links in the store, so that its table is full.",
            codes.len()
        ));
        look_up(cluster, full, &codes, 302).await?;
        expect_within_cap(cluster, full).await?;

        cluster.step(format!("{creator} creates {created} links."));
        let (mark, mut links) = (cluster.mark(), Links::new());
        create_all(cluster, creator, numbered(&new, created), &mut links).await?;
        // A full table may evict a new link at once, so its messages show that it was told.
        let is_told = async || match was_told(cluster, full, &links, mark) {
            Ok(()) => Ok(()),
            Err(_) => Err(Unmet::at(
                full,
                format!("{full} was not sent all of the links that {creator} created"),
            )),
        };
        cluster
            .eventually(CLAIM_TIMEOUT, EVERYWHERE, is_told)
            .await
            .because(WHY_TELL)?;
        cluster.quiesce().await?;
        expect_within_cap(cluster, full).await
    })
    .await
}

pub(super) async fn store_comes_first(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [creator, other] = draw.cast(["n1", "n2"]);
    let [first, page, code] = Names::new(&mut draw).take();
    let slow = Duration::from_millis(draw.number(250..=350));
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        expect_status(cluster, creator, &Request::get(format!("/{first}")), 404, NOT_FOUND).await?;
        cluster.step(format!(
            "{creator}'s commands reach the store after {} ms. {creator} is asked for the link {code}.",
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
            expect_stored(cluster, creator, &code, &page).await?;
            return Err(cluster
                .failed_at(
                    creator,
                    format!("{creator} answered 201 before the store had the link"),
                    "a 201 comes when the store has the link",
                )
                .because(WHY_STORE_FIRST)
                .into());
        }
        if answer.status != 201 || begun.elapsed() < slow {
            return Err(Stop::inconclusive(format!(
                "The slow store did not delay {creator}: it answered {}.",
                answer.in_words()
            )));
        }
        let links = Links::from([(code.clone(), page)]);
        tables_have(cluster, &["n1", "n2"], &links, CLAIM_TIMEOUT, EVERYWHERE)
            .await
            .because(WHY_TELL)
    })
    .await
}

fn too_early(cluster: &Cluster<'_>, node: &str) -> Failure {
    cluster
        .failed_at(
            node,
            format!("{node}'s table has the link, and the store does not have it yet"),
            "first the store gets a link, then the table of the node that creates it, then the other nodes",
        )
        .because(
            "The store may still answer that the code belongs to another URL, or not answer at all. Then the table leads to a link \
             that was never created.",
        )
}

pub(super) async fn paused_node_delays_no_creation(cx: &Context) -> Told {
    // Each creation takes less time than this,
    let max_wait = cx.limit(Duration::from_millis(50), Duration::from_secs(1));
    // and the fastest of several less than this: on a busy machine, too, one of them is quick.
    let max_fastest = cx.limit(Duration::from_millis(50), Duration::from_millis(150));
    let mut draw = cx.draw();
    let [creator, one, other] = draw.cast(ALL);
    let [before, first, second] = Names::new(&mut draw).take();
    let counts = [draw.number(5..=10), draw.number(5..=10)];
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        create(cluster, creator, &url(&before)).await?;
        cluster.store_refused([one, other]);
        // Each of the two is paused once: the creator may tell either of them first.
        let rounds = [(one, other, first), (other, one, second)];
        for ((paused, awake, name), count) in rounds.iter().zip(counts) {
            cluster.step(format!("{paused} is paused. {creator} creates {}.", count_of(count, "link")));
            let mark = cluster.mark();
            cluster.pause(paused).await?;
            let claim = "a creation waits for the store, and for no other node";
            let why = "In a large cluster some node is always silent. If every creation waits for every node, all creations \
                       wait for that one.";
            let waits = |took: Duration| Fact::CreationWaits {
                node: creator.to_owned(),
                paused: (*paused).to_owned(),
                took_ms: took.as_millis() as u64,
            };
            let mut links = Links::new();
            let mut fastest = Duration::MAX;
            for (number, name) in numbered(name, count).enumerate() {
                let url = url(&name);
                let begun = Instant::now();
                let made = create(cluster, creator, &url).await;
                let took = begun.elapsed();
                let code = made.claiming(claim).because(why).fact(&waits(took))?;
                fastest = fastest.min(took);
                links.insert(code, url);
                // The store's answer may be late once on a busy machine; then the next creation tells.
                if took > max_wait && number > 0 {
                    return Err(failed(cluster, &waits(took), claim).because(why).into());
                }
            }
            if fastest > max_fastest {
                let claim = format!("{claim} (the fastest of {count} within {} ms)", max_fastest.as_millis());
                return Err(failed(cluster, &waits(fastest), claim).because(why).into());
            }
            let claim = "a paused node does not keep the other nodes from learning of new links";
            tables_have(cluster, &[awake], &links, CLAIM_TIMEOUT, claim).await.because(WHY_TELL)?;
            follow_all(cluster, awake, &links, WITHOUT_STORE).await?;

            cluster.step(format!("{paused} resumes."));
            cluster.resume(paused).await?;
            let claim = "a message to a paused node arrives when the node resumes";
            tables_have(cluster, &[paused], &links, CLAIM_TIMEOUT, claim).await.because(
                "A paused node keeps its connections, and messages wait there. A creator that sends nothing to a silent node \
                 leaves it out forever.",
            )?;
            follow_all(cluster, paused, &links, WITHOUT_STORE).await?;
            for node in [awake, paused] {
                was_told(cluster, node, &links, mark)?;
            }
        }
        Ok(())
    })
    .await
}

pub(super) async fn joined_cache_hears_of_links(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [one, other, late] = draw.cast(ALL);
    let [before, theirs, ours, last, own] = Names::new(&mut draw).take();
    let count = draw.number(2..=4);
    let mut there = [one, other];
    there.sort_unstable();
    Cluster::tell(cx, &there, Options::with_store(), async |cluster| {
        let mut links = Links::new();
        create_all(cluster, one, [before], &mut links).await?;
        tables_have(cluster, &[other], &links, CLAIM_TIMEOUT, EVERYWHERE).await.because(WHY_TELL)?;

        // The cache that crashed is once the one that must be told, and once the one that must tell.
        let claim = "a cache that crashed hears of new links again, and announces its own";
        for (crashed, name) in [(other, theirs), (one, ours)] {
            cluster.step(format!(
                "{crashed}'s cache crashes, and its supervisor starts it again. Then {one} creates {}.",
                count_of(count, "link")
            ));
            cluster.crash(crashed, &CACHE).await?;
            let is_back = async || size(cluster, crashed).await.map(|_| ()).map_err(Into::into);
            cluster.eventually(CLAIM_TIMEOUT, "a cache that crashed is started again", is_back).await?;
            cluster.quiesce().await?;
            are_members(cluster, &there).await.because(
                "A restarted process is a new process. If only the first one joined the group, no node knows the second.",
            )?;
            hear(cluster, one, &[other], &name, count, claim).await?;
        }

        cluster.step(format!("{late} joins late. Then {one} creates {}, and {late} as many.", count_of(count, "more link")));
        cluster.join(late).await?;
        are_members(cluster, &ALL).await?;
        let claim = "a node that joined hears of the links that are created from then on";
        let why = "A creator that looks up the members once does not know the nodes that join later.";
        hear(cluster, one, &[other, late], &last, count, claim).await.because(why)?;
        let claim = "the other nodes hear of the links that a joined node creates";
        hear(cluster, late, &[one, other], &own, count, claim).await.because(WHY_TELL)
    })
    .await
}

/// A node creates links. Other nodes hear of them, and follow them without the store.
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
    tables_have(cluster, others, &links, CLAIM_TIMEOUT, claim).await?;
    for node in others {
        follow_all(cluster, node, &links, WITHOUT_STORE).await?;
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
    cluster.eventually(CLAIM_TIMEOUT, expected, look).await
}

pub(super) async fn late_miss_hides_no_link(cx: &Context) -> Told {
    const SLOW: Duration = Duration::from_millis(500);
    let mut draw = cx.draw();
    let [asker, creator] = draw.cast(["n1", "n2"]);
    let [first, code, page] = Names::new(&mut draw).take();
    let (key, path) = (format!("link:{code}"), format!("/{code}"));
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        for node in ["n1", "n2"] {
            expect_status(cluster, node, &Request::get(format!("/{first}")), 404, NOT_FOUND).await?;
        }
        cluster.step(format!("{asker}'s commands reach the store after 500 ms. It is asked for {code}, which does not exist. Meanwhile {creator} creates a link with that code."));
        cluster.store_slow([asker], SLOW);
        let (page, mark) = (url(&page), cluster.store_mark());
        let links = Links::from([(code.clone(), page.clone())]);
        let since = cluster.mark();
        let asks = async || cluster.request(asker, &Request::get(&path)).await;
        let meanwhile = async || {
            // Long enough for the question to be on its way; the store's commands show whether it was.
            sleep(SLOW / 5).await;
            create_with(cluster, creator, &page, &[("code", &code)]).await?;
            tables_have(cluster, &[asker], &links, CLAIM_TIMEOUT, EVERYWHERE).await.because(WHY_TELL)?;
            // The store's answer is then the one that it would have given before the creation.
            cluster.store_delete(&key).await?;
            let asked = cluster.store_commands(mark).by(asker).key(&key).len();
            Ok::<_, Stop>(asked)
        };
        let (answer, too_late) = tokio::join!(asks(), meanwhile());
        let (answer, too_late) = (answer?, too_late?);
        // Another lookup than this one may have asked, too.
        cluster.quiesce().await?;
        let asked = cluster.store_commands(mark).by(asker).key(&key).len();
        cluster.store_set(&key, &in_store(&page)).await?;
        if too_late > 0 || asked == 0 {
            return Err(Stop::inconclusive(format!("{asker}'s question to the store was not in progress when the link was created.")));
        }
        was_told(cluster, asker, &links, since)?;

        cluster.step(format!("The store told {asker} that there is no link, after {creator} had sent it the link."));
        let claim = "a link that another node sent takes precedence over the store's earlier answer that there is none";
        let why = "The store was asked before the link was there, so its answer is older than the link. An answer of unknown age \
                   must not replace a link in the table.";
        // Nothing more is under way, so the table does not change any more.
        tables_have(cluster, &[asker], &links, Duration::from_millis(300), claim).await.because(why)?;
        cluster.store_refused([asker]);
        let now = cluster.get(asker, &path).await?;
        expect_redirect(cluster, asker, &code, &now, &page, claim).because(why)?;
        if answer.status == 302 && !is_redirect_to(&answer, &page) {
            return expect_redirect(cluster, asker, &code, &answer, &page, claim);
        }
        Ok(())
    })
    .await
}
