//! Problem 1: which node owns which code.

use runtime::NodeName;

use super::CLAIM_TIMEOUT;
use super::pages::{Page, member, members_in_words, owners, owners_among, ring, rings_are};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::scenario::{Context, Told};
use testkit::words::Names;

/// The number of codes that measure a ring.
const CODES: usize = 10_000;

/// A number of codes in which two rings differ visibly.
const SOME_CODES: usize = 500;

/// The maximum difference of a share from the mean, as a part of the mean.
const MAX_IMBALANCE: f64 = 0.2;

/// The maximum number of codes that move when a node comes or goes, in shares of that node.
const MAX_MOVEMENT: f64 = 1.3;

/// Names of nodes for rings without a cluster. A short name is unique on its host only.
const NAMES: [[&str; 10]; 3] = [
    ["n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10"],
    [
        "gold", "silver", "copper", "iron", "zinc", "tin", "lead", "nickel", "cobalt", "titanium",
    ],
    [
        "n1",
        "n1@127.0.0.2",
        "n2",
        "n2@127.0.0.2",
        "n3",
        "n3@127.0.0.2",
        "n4",
        "n4@127.0.0.2",
        "n5",
        "n5@127.0.0.2",
    ],
];

const ALL: [&str; 3] = ["n1", "n2", "n3"];

const AGREE: &str = "every node names the same owner for a code, whenever and however it has learned of the members";

const WHY_AGREE: &str = "No node has a list of the owners. The nodes agree because each computes the same from the same members: with a hash that is the same in each process, and with a ring that does not depend on the order of the members.";

/// The site of the pages that measure a ring. Like [`NAMES`], it is the same in every run, so that
/// a ring gets the same verdict every time.
const SITE: &str = "page";

fn members(cluster: &Cluster<'_>, names: &[&str]) -> Vec<NodeName> {
    let full = |name: &&str| name.parse().unwrap_or_else(|_| cluster.name(name));
    names.iter().map(full).collect()
}

pub(super) async fn is_balanced(cx: &Context) -> Told {
    let [node, ..] = cx.draw().cast(ALL);
    Cluster::tell(cx, &[node], Options::with_store(), async |cluster| {
        let pages = Page::of(SITE, CODES);
        for names in NAMES {
            let (first, second) = (names[0], names[1]);
            cluster.step(format!("{node} computes the owners of 10,000 codes on rings of 3 to 10 nodes: {first}, {second} and so on."));
            for count in 3..=names.len() {
                let owners = owners_among(cluster, node, &members(cluster, &names[..count]), &pages).await?;
                let mean = CODES as f64 / count as f64;
                for name in &names[..count] {
                    let own = owners.iter().filter(|owner| owner == name).count();
                    if (own as f64 - mean).abs() > MAX_IMBALANCE * mean {
                        let seen = format!("on a ring of {count} nodes, {name} owns {own} of {CODES} codes");
                        return Err(cluster
                            .failed_at(node, seen, format!("each of {count} nodes owns {mean:.0} of them, give or take 20%"))
                            .because(
                                "The cluster is as fast as its busiest node. A node with one place on the ring owns what chance gives it; with many places, chance evens out.",
                            )
                            .into());
                    }
                }
            }
        }
        Ok(())
    })
    .await
}

pub(super) async fn moves_little(cx: &Context) -> Told {
    let [node, ..] = cx.draw().cast(ALL);
    Cluster::tell(cx, &[node], Options::with_store(), async |cluster| {
        let pages = Page::of(SITE, CODES);
        for names in NAMES {
            let (first, last) = (names[0], names[9]);
            cluster.step(format!("{node} computes the owners of 10,000 codes on growing rings, up to {last}, and on the same rings without {first}."));
            let mut before = owners_among(cluster, node, &members(cluster, &names[..3]), &pages).await?;
            for count in 4..=names.len() {
                let whole = owners_among(cluster, node, &members(cluster, &names[..count]), &pages).await?;
                few_have_moved(cluster, node, names[count - 1], count, &before, &whole)?;
                let rest = owners_among(cluster, node, &members(cluster, &names[1..count]), &pages).await?;
                few_have_moved(cluster, node, first, count, &rest, &whole)?;
                before = whole;
            }
        }
        Ok(())
    })
    .await
}

/// Compares a ring of `count` nodes with the same ring without one node: only codes of that node
/// have another owner, and not many.
fn few_have_moved(
    cluster: &Cluster<'_>,
    asked: &str,
    node: &str,
    count: usize,
    without: &[String],
    with: &[String],
) -> Told {
    const WHY: &str = "The new owner of a code must read its link from the store. So only the codes of the node that comes or goes may move. With a hash modulo the number of nodes, nearly all codes would move.";
    let moved: Vec<(&String, &String)> = without.iter().zip(with).filter(|(a, b)| a != b).collect();
    let ring = format!("a ring of {count} nodes and one without {node}");
    if let Some((from, to)) = moved.iter().find(|(_, with)| *with != node) {
        let seen = format!("between {ring}, a code of {to} moves to {from}");
        let expected = format!("only codes of {node} move");
        return Err(cluster.failed_at(asked, seen, expected).because(WHY).into());
    }
    let most = MAX_MOVEMENT * with.len() as f64 / count as f64;
    if moved.len() as f64 > most {
        let seen = format!(
            "between {ring}, {} of {} codes have another owner",
            moved.len(),
            with.len()
        );
        let expected = format!("at most {most:.0} codes move, which is 1.3 times a node's share");
        return Err(cluster.failed_at(asked, seen, expected).because(WHY).into());
    }
    Ok(())
}

pub(super) async fn all_agree(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [asked, second, third] = draw.cast(ALL);
    let [site] = Names::new(&mut draw).take();
    // The order differs from the order of the names, in which a ring may read the members; and one
    // member is a duplicate.
    let mut orders = [
        ["n3", "n1", "n2", "n3"],
        ["n2", "n2", "n3", "n1"],
        ["n1", "n3", "n2", "n1"],
    ];
    let first = draw.number(0..=2) as usize;
    orders.rotate_left(first);
    let restarted = draw.either(second, third);
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        let pages = Page::of(&site, SOME_CODES);
        cluster.step("Each node is asked for the owners of 500 codes.");
        rings_are(cluster, &ALL, &ALL).await?;
        let owned = owners(cluster, asked, &pages).await?;
        for node in [second, third] {
            same(cluster, node, asked, &owned, node, &owners(cluster, node, &pages).await?)?;
        }

        cluster.step(format!("{asked} is asked for the owners on a ring of the same members, in another order and with a duplicate."));
        for order in orders {
            let other = owners_among(cluster, asked, &members(cluster, &order), &pages).await?;
            let order = format!("a ring of {}", order.join(", "));
            same(cluster, asked, asked, &owned, &order, &other)?;
        }

        cluster.step(format!("{restarted} is killed and started again. Its new process is asked for the owners of the same codes."));
        cluster.restart(restarted).await?;
        rings_are(cluster, &[restarted], &ALL).await?;
        let again = owners(cluster, restarted, &pages).await?;
        same(cluster, restarted, asked, &owned, &format!("{restarted}, started again,"), &again)
    })
    .await
}

/// Checks that two rings name the same owners.
fn same(
    cluster: &Cluster<'_>,
    node: &str,
    one: &str,
    owned: &[String],
    other: &str,
    others: &[String],
) -> Told {
    let differ = owned.iter().zip(others).filter(|(a, b)| a != b);
    let count = differ.clone().count();
    let Some((a, b)) = differ.into_iter().next() else {
        return Ok(());
    };
    let seen = format!(
        "of {} codes, {count} have other owners: {one} says {a} where {other} says {b}",
        owned.len()
    );
    Err(cluster
        .failed_at(node, seen, AGREE)
        .because(WHY_AGREE)
        .into())
}

pub(super) async fn follows_the_store(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [asked, other, killed] = draw.cast(ALL);
    let ([site], [new, newer]) = (Names::new(&mut draw).take(), draw.numbers(4..=9));
    let [new, newer] = [new, newer].map(|number| format!("n{number}"));
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        let pages = Page::of(&site, SOME_CODES);
        rings_are(cluster, &ALL, &ALL).await?;
        let first = owners(cluster, asked, &pages).await?;

        cluster.step(format!("{killed} is killed. {new}, which does not run, is added to the members in the store."));
        cluster.kill(killed).await?;
        cluster.store_set(&member(&new), "").await?;
        rings_are(cluster, &[asked, other], &["n1", "n2", "n3", &new]).await.because(
            "The store alone decides which nodes are members. If a node that is down left the ring, its links would move whenever the network fails for a moment, and to different nodes on each side of a split.",
        )?;
        let second = owners(cluster, asked, &pages).await?;
        same(cluster, other, asked, &second, other, &owners(cluster, other, &pages).await?)?;
        only_to(cluster, asked, &new, &first, &second)?;

        cluster.step(format!("{newer}, which does not run either, takes the place of {new} in the store."));
        cluster.store_delete(&member(&new)).await?;
        cluster.store_set(&member(&newer), "").await?;
        rings_are(cluster, &[asked, other], &["n1", "n2", "n3", &newer]).await?;

        cluster.step(format!("{newer} is deleted from the store again."));
        cluster.store_delete(&member(&newer)).await?;
        rings_are(cluster, &[asked, other], &ALL).await?;
        let third = owners(cluster, asked, &pages).await?;
        same(cluster, asked, &format!("{asked} before"), &first, &format!("{asked} afterwards"), &third)
    })
    .await
}

/// Checks that a new node owns every code that has moved, and at least one.
fn only_to(
    cluster: &Cluster<'_>,
    asked: &str,
    node: &str,
    before: &[String],
    after: &[String],
) -> Told {
    let moved: Vec<&String> = before
        .iter()
        .zip(after)
        .filter(|(a, b)| a != b)
        .map(|(_, to)| to)
        .collect();
    let seen = match moved.iter().find(|to| **to != node) {
        Some(to) => format!("codes have moved to {to}"),
        None if moved.is_empty() => "no code has moved".to_owned(),
        None => return Ok(()),
    };
    Err(cluster
        .failed_at(
            asked,
            seen,
            format!("{node} owns some codes now, and no other codes have moved"),
        )
        .into())
}

pub(super) async fn stays_without_the_store(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [refused, stalled, reached] = draw.cast(ALL);
    let ([site], new) = (Names::new(&mut draw).take(), draw.number(4..=9));
    let new = format!("n{new}");
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        let now = ["n1", "n2", "n3", &new];
        let pages = Page::of(&site, SOME_CODES);
        rings_are(cluster, &ALL, &ALL).await?;
        let owned = owners(cluster, refused, &pages).await?;

        cluster.step(format!(
            "The store refuses {refused}, and stalls for {stalled}. Then {new} is added to the members, and {reached} sees it."
        ));
        cluster.store_refused([refused]);
        cluster.store_stalled([stalled]);
        cluster.store_set(&member(&new), "").await?;
        rings_are(cluster, &[reached], &now).await?;
        let claim = "when a node cannot read the members, its ring stays as it was, and `stale` says why it may be old";
        let why = "A node that mistakes an unreachable store for an empty one loses its ring. An old ring is mostly right, and `stale` tells an operator that it is old.";
        for node in [refused, stalled] {
            let old = async || {
                let state = ring(cluster, node).await?;
                let words = members_in_words(&state);
                match state.stale {
                    _ if state.members != members(cluster, &ALL) => Err(Unmet::at(node, format!("{node}'s ring has {words}"))),
                    None => Err(Unmet::at(node, format!("{node}'s ring has no `stale`"))),
                    Some(_) => Ok(()),
                }
            };
            cluster.eventually(CLAIM_TIMEOUT, claim, old).await.because(why)?;
        }
        let still = owners(cluster, refused, &pages).await?;
        same(cluster, refused, &format!("{refused} before"), &owned, &format!("{refused} now"), &still).because(why)?;

        cluster.step("The store is back for both.");
        cluster.store_back([refused, stalled]);
        rings_are(cluster, &ALL, &now).await?;
        let fresh = async || {
            for node in ALL {
                if let Some(why) = ring(cluster, node).await?.stale {
                    return Err(Unmet::at(node, format!("{node}'s ring is still stale: {why}")));
                }
            }
            Ok(())
        };
        cluster.eventually(CLAIM_TIMEOUT, "a ring is not stale after the node has read the members", fresh).await
    })
    .await
}
