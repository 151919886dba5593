//! Problem 1: which node owns which code.

use runtime::NodeName;

use super::SOON;
use super::pages::{Page, member, members_in_words, owners, owners_among, ring, rings_are};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::scenario::{Context, Told};
use testkit::words::Names;

/// How many codes a ring is judged by.
const CODES: usize = 10_000;

/// Codes enough to see a difference.
const SOME_CODES: usize = 500;

/// How far a share may be from the mean, in parts of it.
const BALANCE: f64 = 0.2;

/// How much more than its share of the codes may move when a node comes or goes.
const MOVEMENT: f64 = 1.3;

/// Names of nodes that are in no cluster: like those of ours, and others.
const NAMES: [[&str; 10]; 2] = [
    ["n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10"],
    [
        "gold", "silver", "copper", "iron", "zinc", "tin", "lead", "nickel", "cobalt", "titanium",
    ],
];

const ALL: [&str; 3] = ["n1", "n2", "n3"];

const AGREE: &str = "every node comes to the same owner of a code, whenever and by whatever way it learnt of the members";

const WHY_AGREE: &str = "Nobody keeps a list of who owns what. The nodes agree because each computes the same from the \
                         same members: by a hash that is the same in each process, on a ring that does not depend on \
                         the order in which they were named.";

/// The pages by whose codes a ring is judged, and the nodes in [`NAMES`], are the same in every
/// run: a ring that is good enough is so always, and one that is not never is.
const SITE: &str = "page";

fn members(cluster: &Cluster<'_>, names: &[&str]) -> Vec<NodeName> {
    names.iter().map(|name| cluster.name(name)).collect()
}

pub(super) async fn is_balanced(cx: &Context) -> Told {
    let [node, ..] = cx.draw().cast(ALL);
    Cluster::tell(cx, &[node], Options::with_store(), async |cluster| {
        let pages = Page::of(SITE, CODES);
        for names in NAMES {
            let (first, second) = (names[0], names[1]);
            cluster.step(format!("{node} distributes 10,000 codes over rings of 3 to 10 nodes: {first}, {second} and so on."));
            for count in 3..=names.len() {
                let owners = owners_among(cluster, node, &members(cluster, &names[..count]), &pages).await?;
                let mean = CODES as f64 / count as f64;
                for name in &names[..count] {
                    let own = owners.iter().filter(|owner| owner == name).count();
                    if (own as f64 - mean).abs() > BALANCE * mean {
                        let seen = format!("on a ring of {count} nodes, {name} owns {own} of {CODES} codes");
                        return Err(cluster
                            .failed_at(node, seen, format!("each of {count} nodes owns {mean:.0} of them, give or take 20 %"))
                            .because(
                                "The cluster is as fast as the node that has the most to do. A node that stands at one \
                                 place of the ring owns what chance gives it; with many places, chance evens out.",
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
            cluster.step(format!("{node} distributes 10,000 codes over growing rings, up to {last}, and over the same without {first}."));
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

/// Of a ring of `count` nodes, and the same without one node: only codes of that one have another
/// owner, and not many.
fn few_have_moved(
    cluster: &Cluster<'_>,
    asked: &str,
    node: &str,
    count: usize,
    without: &[String],
    with: &[String],
) -> Told {
    const WHY: &str = "What moves must be read anew, and the store has to bear it. So only what the node that came owns \
                       now may move, and only what the one that went had owned: modulo the number of nodes, nearly everything would.";
    let moved: Vec<(&String, &String)> = without.iter().zip(with).filter(|(a, b)| a != b).collect();
    let ring = format!("a ring of {count} nodes and one without {node}");
    if let Some((from, to)) = moved.iter().find(|(_, with)| *with != node) {
        let seen = format!("between {ring}, a code of {to} moves to {from}");
        let expected = format!("only codes of {node} move");
        return Err(cluster.failed_at(asked, seen, expected).because(WHY).into());
    }
    let most = MOVEMENT * with.len() as f64 / count as f64;
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
    // Another order than that of the names, so that it differs from the one in which a ring is
    // read from the store; and one of them twice.
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

        cluster.step(format!("{asked} is asked for the owners on a ring of the same members, named in another order, and some of them twice."));
        for order in orders {
            let other = owners_among(cluster, asked, &members(cluster, &order), &pages).await?;
            let order = format!("a ring of {}", order.join(", "));
            same(cluster, asked, asked, &owned, &order, &other)?;
        }

        cluster.step(format!("{restarted} is killed and started again: another process, asked for the same."));
        cluster.restart(restarted).await?;
        rings_are(cluster, &[restarted], &ALL).await?;
        let again = owners(cluster, restarted, &pages).await?;
        same(cluster, restarted, asked, &owned, &format!("{restarted}, started again,"), &again)
    })
    .await
}

/// Two rings name the same owners.
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
    let ([site], new) = (Names::new(&mut draw).take(), draw.number(4..=9));
    let new = format!("n{new}");
    Cluster::tell(cx, &ALL, Options::with_store(), async |cluster| {
        let pages = Page::of(&site, SOME_CODES);
        rings_are(cluster, &ALL, &ALL).await?;
        let first = owners(cluster, asked, &pages).await?;

        cluster.step(format!("{killed} is killed. {new}, which does not run, is entered in the store as a member."));
        cluster.kill(killed).await?;
        cluster.store_set(&member(&new), "").await?;
        rings_are(cluster, &[asked, other], &["n1", "n2", "n3", &new]).await.because(
            "The store says who is a member, and nobody else. If who is down dropped out of the ring, its links would move at \
             every hiccup of the network, and to different nodes on each side of a split.",
        )?;
        let second = owners(cluster, asked, &pages).await?;
        same(cluster, other, asked, &second, other, &owners(cluster, other, &pages).await?)?;
        only_to(cluster, asked, &new, &first, &second)?;

        cluster.step(format!("{new} is deleted from the store again."));
        cluster.store_delete(&member(&new)).await?;
        rings_are(cluster, &[asked, other], &ALL).await?;
        let third = owners(cluster, asked, &pages).await?;
        same(cluster, asked, &format!("{asked} before"), &first, &format!("{asked} afterwards"), &third)
    })
    .await
}

/// A node that came owns what has moved, and has something to own.
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
            format!("{node} now owns some codes, and no others have moved"),
        )
        .into())
}

pub(super) async fn keeps_the_old_one(cx: &Context) -> Told {
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
            "The store refuses {refused}, and stands still for {stalled}. Then {new} is entered as a member, and {reached} sees it."
        ));
        cluster.store_refused([refused]);
        cluster.store_stalled([stalled]);
        cluster.store_set(&member(&new), "").await?;
        rings_are(cluster, &[reached], &now).await?;
        let claim = "a ring that cannot be read from the store stays as it was, and its node says why it may be old (`stale`)";
        let why = "Whoever takes an unreachable store for an empty one owns nothing from now on. An old ring is mostly \
                   right; but who looks for the cause must be told that it is old.";
        for node in [refused, stalled] {
            let old = async || {
                let state = ring(cluster, node).await?;
                let words = members_in_words(&state);
                match state.stale {
                    _ if state.members != members(cluster, &ALL) => Err(Unmet::at(node, format!("{node}'s ring has {words}"))),
                    None => Err(Unmet::at(node, format!("{node} says nothing of its ring being stale"))),
                    Some(_) => Ok(()),
                }
            };
            cluster.eventually(SOON, claim, old).await.because(why)?;
        }
        let still = owners(cluster, refused, &pages).await?;
        same(cluster, refused, &format!("{refused} before"), &owned, &format!("{refused} now"), &still).because(why)?;

        cluster.step("The store is back for both.");
        cluster.store_back([refused, stalled]);
        rings_are(cluster, &ALL, &now).await?;
        let fresh = async || {
            for node in ALL {
                if let Some(why) = ring(cluster, node).await?.stale {
                    return Err(Unmet::at(node, format!("{node} says of its ring that it is stale: {why}")));
                }
            }
            Ok(())
        };
        cluster.eventually(SOON, "a ring that was just read is not stale", fresh).await
    })
    .await
}
