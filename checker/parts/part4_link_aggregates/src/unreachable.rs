//! Problem 3: the owner of a link is unreachable; and problem 10: links have two owners.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join;
use runtime::NodeName;
use shortener::Link;

use super::CLAIM_TIMEOUT;
use super::messages::ANSWER_TIMEOUT;
use super::pages::{
    Page, Pages, at_once, create, leads, member, owners, owners_among, peek, put, ring, rings_are,
    wrong_page,
};
use testkit::cluster::{Answer, Cluster, Explained, Options, Request, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::words::Names;

const NODES: [&str; 3] = ["n1", "n2", "n3"];

/// Extra time for a busy machine.
const GRACE: Duration = Duration::from_millis(500);

const REFUSED: &str = "a creation whose owner is unreachable is answered 503 within 2 s, with the reason and Retry-After";

const WHY_REFUSED: &str = "Only the owner creates its links: a node that did so in the owner's place would compete with the owner. So the entry cannot say yes. It must say no soon, and say when the client should try again.";

const STORE_KNOWS: &str =
    "a lookup whose owner is unreachable falls back to the store: it leads to the page within 2 s";

const WHY_STORE: &str = "A link that was created must lead to its page on every node. The store has every link, and reading it does no harm.";

/// Pages by their owners. For pages of the other nodes, the second owner is not the node that will
/// be alone.
///
/// A program of problem 10 asks the second owner when the first does not answer.
async fn beyond(
    cluster: &Cluster<'_>,
    alone: &str,
    site: &str,
) -> Result<BTreeMap<String, Vec<Page>>, Stop> {
    let pages = Page::of(site, 150);
    let first = owners(cluster, alone, &pages).await?;
    let all = NODES.map(|node| cluster.name(node));
    let mut next = BTreeMap::new();
    for node in NODES {
        let others: Vec<NodeName> = all
            .iter()
            .filter(|name| name.short() != node)
            .cloned()
            .collect();
        next.insert(node, owners_among(cluster, alone, &others, &pages).await?);
    }
    let mut beyond: BTreeMap<String, Vec<Page>> = BTreeMap::new();
    for (place, page) in pages.into_iter().enumerate() {
        let owner = &first[place];
        let second = next
            .get(owner.as_str())
            .map(|owners| owners[place].as_str());
        if owner == alone || second != Some(alone) {
            beyond.entry(owner.clone()).or_default().push(page);
        }
    }
    match NODES
        .iter()
        .find(|node| beyond.get(**node).is_none_or(|pages| pages.len() < 4))
    {
        None => Ok(beyond),
        Some(node) => Err(cluster
            .failed_at(
                alone,
                format!("{alone}'s ring gives {node} hardly any of 150 codes"),
                "each member owns its share of the codes",
            )
            .into()),
    }
}

/// Checks that a node refuses a creation in time, with a reason and `Retry-After`.
async fn is_refused(cluster: &Cluster<'_>, node: &str, page: &Page, owner: &str) -> Told {
    let answer = cluster
        .post_form(node, &[("url", &page.url)])
        .await
        .map_err(Stop::from)
        .because(WHY_REFUSED)?;
    let what = format!(
        "{node}, asked to create {}, which {owner} owns,",
        page.path()
    );
    refuses(cluster, node, &answer, &what, REFUSED).because(WHY_REFUSED)
}

/// Checks that an answer is a 503 in time, with a reason and `Retry-After`.
fn refuses(cluster: &Cluster<'_>, node: &str, answer: &Answer, what: &str, expected: &str) -> Told {
    let wrong = if answer.status != 503 {
        format!("{what} answered {}", answer.in_words())
    } else if answer.retry_after.is_none() {
        format!("{what} answered 503 without Retry-After")
    } else if answer.line().is_empty() {
        format!("{what} answered 503 without a reason")
    } else {
        return in_time(cluster, node, answer, what, expected);
    };
    Err(cluster.failed_at(node, wrong, expected).into())
}

fn in_time(cluster: &Cluster<'_>, node: &str, answer: &Answer, what: &str, expected: &str) -> Told {
    // In a simulation, nothing takes any time beside timeouts and messages.
    if answer.took
        < cluster
            .context()
            .limit(ANSWER_TIMEOUT, ANSWER_TIMEOUT + GRACE)
    {
        return Ok(());
    }
    let seen = format!(
        "{what} answered {} after {:.1} s",
        answer.in_words(),
        answer.took.as_secs_f32()
    );
    Err(cluster.failed_at(node, seen, expected).into())
}

/// Checks that a lookup leads to the page in time.
async fn falls_back(cluster: &Cluster<'_>, node: &str, page: &Page, owner: &str) -> Told {
    let asked = cluster
        .request(node, &Request::new("HEAD", page.path()))
        .await;
    let answer = asked.map_err(Stop::from).because(WHY_STORE)?;
    let what = format!("{node}, asked for {}, which {owner} owns,", page.path());
    if answer.status != 302 || answer.location.as_deref() != Some(&page.url) {
        let seen = format!("{what} answered {}", answer.in_words());
        return Err(cluster
            .failed_at(node, seen, STORE_KNOWS)
            .because(WHY_STORE)
            .into());
    }
    in_time(cluster, node, &answer, &what, STORE_KNOWS).because(WHY_STORE)
}

/// The roles of the nodes, links that exist, and pages without a link.
struct Cast {
    /// The node that is cut off.
    alone: &'static str,
    /// The other nodes.
    others: [&'static str; 2],
    /// A link of each node, with its owner. The link of the node that is cut off comes first.
    known: Vec<(&'static str, Page)>,
    /// Three pages of the other nodes, with their owners.
    wanted: Vec<(&'static str, Page)>,
    /// A page of the node that is cut off.
    own: Page,
    /// A page of the first of the other nodes, for which the second creates a link.
    theirs: Page,
}

async fn prepare(
    cluster: &Cluster<'_>,
    [alone, one, other]: [&'static str; 3],
    site: &str,
) -> Result<Cast, Stop> {
    rings_are(cluster, &NODES, &NODES).await?;
    let mut beyond = beyond(cluster, alone, site).await?;
    let mut take = |owner: &str| {
        beyond
            .get_mut(owner)
            .and_then(Vec::pop)
            .expect("each has at least four")
    };
    let nodes = [alone, one, other];
    let cast = Cast {
        alone,
        others: [one, other],
        known: nodes.map(|owner| (owner, take(owner))).to_vec(),
        wanted: [one, other, one].map(|owner| (owner, take(owner))).to_vec(),
        own: take(alone),
        theirs: take(one),
    };
    for (place, (_, page)) in cast.known.iter().enumerate() {
        create(cluster, nodes[(place + 1) % 3], page).await?;
    }
    Ok(cast)
}

pub(super) async fn links_are_cut(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let (nodes, [site]) = (draw.cast(NODES), Names::new(&mut draw).take());
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        let cast = prepare(cluster, nodes, &site).await?;
        let Cast { alone, others, .. } = cast;
        cluster.step(format!("The network is cut between {alone} and the others. {alone} is asked for links of theirs."));
        cluster.partition(&[alone], &others).await?;
        for (owner, page) in &cast.wanted {
            is_refused(cluster, alone, page, owner).await?;
        }
        for (owner, page) in &cast.known {
            falls_back(cluster, alone, page, owner).await?;
            if *owner != alone && peek(cluster, alone, page).await?.is_some() {
                let seen = format!("{owner} owns {}, and {alone}'s table has it", page.path());
                return Err(cluster
                    .failed_at(alone, seen, "a node does not keep what it reads from the store in place of an unreachable owner")
                    .because("The node does not own the code, so its copy would stay when the link is swept.")
                    .into());
            }
        }

        cluster.step("On each side, links are created whose owner is on that side.");
        create(cluster, alone, &cast.own).await?;
        create(cluster, others[1], &cast.theirs).await?;
        for node in others {
            leads(cluster, node, &cast.theirs).await?;
        }

        let (owner, page) = &cast.wanted[1];
        cluster.step(format!("A link of {owner} has expired, and is still in the store. {alone} is asked for it."));
        let expired = Link { expires_at: Some(1_000), ..page.link() };
        cluster.store_set(&page.key(), &expired.to_text()).await?;
        let answer = cluster.request(alone, &Request::new("HEAD", page.path())).await?;
        if answer.status != 404 {
            let seen = format!("{alone}, asked for {}, answered {}", page.path(), answer.in_words());
            let expected = "404: an expired link leads nowhere, even when the owner is unreachable";
            let why = "The store keeps an expired link until it is swept. What a node reads there may have expired.";
            return Err(cluster.failed_at(alone, seen, expected).because(why).into());
        }

        let (owner, page) = &cast.known[1];
        cluster.step(format!("The store refuses {alone}, too. It is asked for a link of {owner}."));
        cluster.store_refused([alone]);
        let answer = cluster.request(alone, &Request::get(page.path())).await?;
        let expected = "a lookup that reaches neither the owner nor the store is answered 503 within 2 s, with the reason and Retry-After";
        refuses(cluster, alone, &answer, &format!("{alone}, asked for {}, which {owner} owns,", page.path()), expected)
            .because("The node does not know whether the link exists. 404 would say that it does not.")?;

        let (owner, page) = &cast.wanted[0];
        cluster.step(format!("The network is whole again. The store still refuses {alone}, whose ring may be old; {alone} is asked to create a link of {owner}."));
        cluster.heal();
        cluster.await_mesh().await?;
        let old = async || match ring(cluster, alone).await?.stale {
            Some(_) => Ok(()),
            None => Err(Unmet::at(alone, format!("{alone} does not say that its ring may be old"))),
        };
        cluster.eventually(CLAIM_TIMEOUT, format!("{alone} says that its ring may be old"), old).await?;
        create(cluster, alone, page).await.because("The entry can reach the owner, and the owner can reach the store.")?;

        cluster.step("The store is back.");
        cluster.store_back([alone]);
        as_before(cluster, &cast).await
    })
    .await
}

/// Checks that the links that were refused can be created now, and that every node leads to them.
async fn as_before(cluster: &Cluster<'_>, cast: &Cast) -> Told {
    for (owner, page) in &cast.wanted {
        let claim = format!("{owner} creates its links again, and has them in its table");
        cluster
            .eventually(CLAIM_TIMEOUT, claim, async || {
                create(cluster, cast.alone, page).await?;
                match peek(cluster, owner, page).await? {
                    Some(_) => Ok(()),
                    None => Err(Unmet::at(
                        cast.alone,
                        format!("{owner} does not have {} in its table", page.path()),
                    )),
                }
            })
            .await
            .because(
                "The owner can be reached again. A node that does not ask the owner wastes the owner's table.",
            )?;
    }
    let known = cast.known.iter().chain(&cast.wanted).map(|(_, page)| page);
    for page in known.chain([&cast.own, &cast.theirs]) {
        for node in NODES {
            leads(cluster, node, page).await?;
        }
    }
    Ok(())
}

pub(super) async fn owner_is_silent(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let (nodes, [site]) = (draw.cast(NODES), Names::new(&mut draw).take());
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        let cast = prepare(cluster, nodes, &site).await?;
        let Cast { alone, others, .. } = cast;
        cluster.step(format!(
            "All messages between {alone} and the others are lost, and no connection closes. {alone} is asked for several of their links at the same time."
        ));
        let mark = cluster.mark();
        cluster.blackhole(&[alone], &others);
        let wanted = at_once(8, &cast.wanted, async |(owner, page)| is_refused(cluster, alone, page, owner).await);
        let known = at_once(8, &cast.known, async |(owner, page)| falls_back(cluster, alone, page, owner).await);
        try_join(wanted, known).await?;
        if !cluster.nothing_crossed(mark, &[alone], &others) || cluster.list(alone).await?.is_empty() {
            return Err(Stop::inconclusive("The messages were not lost, or the nodes noticed it."));
        }
        create(cluster, alone, &cast.own).await?;
        create(cluster, others[1], &cast.theirs).await?;

        cluster.step("The network is whole again, and the nodes are connected.");
        cluster.heal();
        cluster.await_mesh().await?;
        as_before(cluster, &cast).await
    })
    .await
}

pub(super) async fn members_change(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [first, second, other] = draw.cast(NODES);
    let sites: [String; 3] = Names::new(&mut draw).take();
    let mut without_first = [second, other];
    let mut without_second = [first, other];
    without_first.sort_unstable();
    without_second.sort_unstable();
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        cluster.step(format!(
            "Links are created and looked up on each node, all the time. Meanwhile {first} leaves the members, then {second} in its place, and in the end both are members again. All of this happens twice."
        ));
        let over = Cell::new(false);
        let done = [const { Cell::new(0_usize) }; 3];
        let load = at_once(3, 0..3, async |place| {
            while !over.get() {
                one_more(cluster, NODES[place], &sites[place], done[place].get()).await?;
                done[place].set(done[place].get() + 1);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Ok(())
        });
        let change = async {
            let counted = || done.iter().map(Cell::get).min().unwrap_or_default();
            let mut before = counted();
            let changes = [
                (Some(first), None, &without_first[..]),
                (Some(second), Some(first), &without_second),
                (None, Some(second), &NODES),
            ];
            for (gone, back, members) in changes.into_iter().chain(changes) {
                if let Some(gone) = gone {
                    cluster.store_delete(&member(gone)).await?;
                }
                if let Some(back) = back {
                    cluster.store_set(&member(back), "").await?;
                }
                rings_are(cluster, &NODES, members).await?;
                // On a busy machine the rings may change first. The requests after that find links
                // that were created under the old rings.
                while counted() < before + 3 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                before = counted();
            }
            over.set(true);
            Ok(())
        };
        try_join(load, change).await?;
        Ok(())
    })
    .await
}

/// Creates one more link on a node, and looks up an earlier one.
async fn one_more(cluster: &Cluster<'_>, node: &str, site: &str, number: usize) -> Told {
    const CLAIM: &str = "while the members change and all nodes can be reached, every creation and every lookup succeeds";
    const WHY: &str = "The nodes learn of a new owner at different moments. So the old owner goes on answering, and the new owner reads from the store what it does not know.";
    let page = Page::called(site, number);
    let form = [("url", page.url.as_str()), ("code", page.code.as_str())];
    let answer = cluster
        .post_form(node, &form)
        .await
        .map_err(Stop::from)
        .because(WHY)?;
    if answer.status != 201 {
        let what = format!("{node}, asked to create {},", page.path());
        return Err(not_granted(cluster, node, &what, &answer, CLAIM, WHY));
    }
    // Half of the time this is the new link, and otherwise an older one of the same node.
    let earlier = match number % 2 {
        0 => page,
        _ => Page::called(site, number / 2),
    };
    for node in NODES {
        let answer = cluster
            .request(node, &Request::new("HEAD", earlier.path()))
            .await
            .map_err(Stop::from)
            .because(WHY)?;
        if answer.status != 302 {
            let what = format!("{node}, asked for {},", earlier.path());
            return Err(not_granted(cluster, node, &what, &answer, CLAIM, WHY));
        }
        if answer.location.as_deref() != Some(&earlier.url) {
            return Err(wrong_page(cluster, node, &earlier, &answer));
        }
    }
    Ok(())
}

/// The failure of a request that should have succeeded.
fn not_granted(
    cluster: &Cluster<'_>,
    node: &str,
    what: &str,
    answer: &Answer,
    claim: &str,
    why: &str,
) -> Stop {
    let seen = format!("{what} answered {}", answer.in_words());
    cluster.failed_at(node, seen, claim).because(why).into()
}

pub(super) async fn one_of_two_owners_dies(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [one, other, dies] = draw.cast(NODES);
    let [site, last] = Names::new(&mut draw).take();
    let each = draw.number(3..=5);
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let mut pages = Pages::deal(cluster, one, &site, 90).await?;
        let (mut known, mut wanted) = (Vec::new(), Vec::new());
        for owner in NODES {
            for _ in 0..each {
                known.push(pages.take(cluster, owner)?);
                wanted.push(pages.take(cluster, owner)?);
            }
        }
        cluster.step(format!("First, links are created, so that each node owns {}.", count_of(each, "link")));
        for (number, page) in known.iter().enumerate() {
            create(cluster, NODES[number % 3], page).await?;
        }
        // On a busy machine an owner may answer too late, and the second owner does the work.
        let mut elsewhere = Vec::new();
        for (page, owner) in known.iter().zip(owners(cluster, one, &known).await?) {
            if peek(cluster, &owner, page).await? != Some(page.link()) {
                elsewhere.push((page, owner));
            }
        }
        if let Some((page, owner)) = elsewhere.first().filter(|_| elsewhere.len() > known.len() / 4) {
            let seen = format!("{owner} owns {}, and its table does not have it", page.path());
            return Err(cluster
                .failed_at(owner, seen, "while the owner can be reached, it does the work")
                .because("A cluster in which each node does everything itself has no owner whose death could matter.")
                .into());
        }

        cluster.step(format!("{dies} is killed. Old links are looked up on {one} and {other}, and new ones are created."));
        cluster.kill(dies).await?;
        for (number, page) in wanted.iter().enumerate() {
            granted(cluster, [one, other][number % 2], page).await?;
        }
        for page in known.iter().chain(&wanted) {
            for node in [one, other] {
                found(cluster, node, page).await?;
            }
        }

        cluster.step(format!("{dies} is started again."));
        cluster.restart(dies).await?;
        rings_are(cluster, &NODES, &NODES).await?;
        for page in known.iter().chain(&wanted) {
            for node in NODES {
                leads(cluster, node, page).await?;
            }
        }
        let last = Page::called(&last, 1);
        put(cluster, &last).await?;
        leads(cluster, dies, &last).await
    })
    .await
}

const TWO_OWNERS: &str = "with two owners for each code, every creation and every lookup succeeds within 2 s after the death of one node";

const WHY_TWO: &str = "The store gives each code away once, so that a second owner can do the work of the first. Then no request needs one particular node.";

async fn granted(cluster: &Cluster<'_>, node: &str, page: &Page) -> Told {
    let answer = cluster
        .post_form(node, &[("url", &page.url)])
        .await
        .map_err(Stop::from)
        .because(WHY_TWO)?;
    let what = format!("{node}, asked to create {},", page.path());
    if answer.status != 201 {
        return Err(not_granted(
            cluster, node, &what, &answer, TWO_OWNERS, WHY_TWO,
        ));
    }
    in_time(cluster, node, &answer, &what, TWO_OWNERS).because(WHY_TWO)
}

async fn found(cluster: &Cluster<'_>, node: &str, page: &Page) -> Told {
    let asked = cluster
        .request(node, &Request::new("HEAD", page.path()))
        .await;
    let answer = asked.map_err(Stop::from).because(WHY_TWO)?;
    let what = format!("{node}, asked for {},", page.path());
    if answer.status != 302 || answer.location.as_deref() != Some(&page.url) {
        return Err(not_granted(
            cluster, node, &what, &answer, TWO_OWNERS, WHY_TWO,
        ));
    }
    in_time(cluster, node, &answer, &what, TWO_OWNERS).because(WHY_TWO)
}
