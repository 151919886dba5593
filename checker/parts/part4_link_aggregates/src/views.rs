//! Problem 5: each node counts its views, and all nodes know the sum; and problem 9: the number of
//! visitors.

use std::time::Duration;

use futures_util::future::try_join3;
use tokio::time::Instant;

use super::CLAIM_TIMEOUT;
use super::pages::{
    Page, Pages, WHY_NOT_THE_STORE, all_show, at_once, create, keep_busy, leads, rings_are,
    show_no_more, shows, still_show, view, view_at_once, were_told, wrong_page,
};
use testkit::cluster::{Cluster, Explained, Options, Request, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{Draw, count_of};
use testkit::words::Names;

const NODES: [&str; 3] = ["n1", "n2", "n3"];

/// How long the counters of a node are busy.
const HOLD_TIME: Duration = Duration::from_secs(2);

/// The maximum time of a request that does not wait for the counters. It is shorter than the time
/// for which they are busy.
const MAX_READ_TIME: Duration = Duration::from_millis(600);

const ALL_SHOW_ALL: &str = "every node shows the views of all nodes";

pub(super) async fn are_counted(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [first, second, third] = draw.cast(NODES);
    let [site, nothing] = Names::new(&mut draw).take();
    let (owner, [one, two, three]) = (draw.cast(NODES)[0], draw.numbers(1..=6));
    let all = one + two + three;
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let mut pages = Pages::deal(cluster, first, &site, 60).await?;
        let (page, other) = (pages.take(cluster, owner)?, pages.take(cluster, third)?);
        cluster.step(format!(
            "A link is created. It is viewed on {first} {}, on {second} {} and on {third} {}: {}.",
            count_of(one, "time"), count_of(two, "time"), count_of(three, "time"), page.path()
        ));
        create(cluster, first, &page).await?;
        let begun = cluster.mark();
        view(cluster, first, &page, one).await?;
        view(cluster, second, &page, two).await?;
        view(cluster, third, &page, three).await?;
        let why = "Only the node where a view happens sees it, so that node counts it. A client of any node wants the sum of all.";
        all_show(cluster, &NODES, &page, all, ALL_SHOW_ALL).await.because(why)?;
        were_told(cluster, &NODES, [&page], begun)?;

        cluster.step("Each node gets a HEAD for the link, a request for its aggregates, and a GET for a code that no link has. None of these is a view.");
        for node in NODES {
            leads(cluster, node, &page).await?;
            let answer = cluster.get(node, &other.path()).await?;
            if answer.status != 404 {
                let seen = format!("{node}, asked for a code that no link has, answered {}", answer.in_words());
                return Err(cluster.failed_at(node, seen, "404").into());
            }
        }
        still_show(cluster, &NODES, &page, all, "a view is a GET that is answered 302, and nothing else is")
            .await
            .because("Browsers, search engines and monitors send many requests, and most of them follow no link.")?;
        for code in [&other.code, &Page::called(&nothing, 1).code] {
            for node in NODES {
                let seen = shows(cluster, node, code).await.map_err(|unmet| as_stop(cluster, node, unmet))?;
                if seen.redirects != 0 {
                    let seen = format!("{node} shows Redirects: {} for {code}", seen.redirects);
                    return Err(cluster.failed_at(node, seen, "a code that no link has was never viewed: Redirects: 0").into());
                }
            }
        }
        Ok(())
    })
    .await
}

fn as_stop(cluster: &Cluster<'_>, node: &str, unmet: Unmet) -> Stop {
    match unmet {
        Unmet::Never(stop) => stop,
        Unmet::NotYet { seen, .. } => cluster
            .failed_at(node, seen, "aggregates are answered 200 and `Redirects: n`")
            .into(),
    }
}

pub(super) async fn add_up(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [one, other, third] = draw.cast(NODES);
    let [site] = Names::new(&mut draw).take();
    // One node counts more than 8 bits hold.
    let views = [
        draw.number(260..=290),
        draw.number(20..=40),
        draw.number(20..=40),
    ];
    let all = views.iter().sum();
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let mut pages = Pages::deal(cluster, one, &site, 60).await?;
        let pages = [pages.take(cluster, one)?, pages.take(cluster, other)?];
        for page in &pages {
            create(cluster, third, page).await?;
        }
        let [most, some, few] = views;
        cluster.step(format!("Two links are viewed {most} times each on {one}, {some} times on {other} and {few} times on {third}, all at once."));
        let begun = cluster.mark();
        let viewed = |node, views: u64| view_at_once(cluster, node, pages.iter().cycle().take(2 * views as usize));
        try_join3(viewed(one, views[0]), viewed(other, views[1]), viewed(third, views[2])).await?;
        for page in &pages {
            let claim = "views at the same time add up exactly";
            still_show(cluster, &NODES, page, all, claim).await.because(
                "A count that is read, increased and written back loses the views in between. If each node adds to a slot of its own in one step, no view overwrites another.",
            )?;
        }
        were_told(cluster, &NODES, &pages, begun)
    })
    .await
}

pub(super) async fn travel_between_nodes(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let nodes @ [alone, one, other] = draw.cast(NODES);
    let [site] = Names::new(&mut draw).take();
    let [here, there, hidden] = draw.numbers(1..=5);
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        // The node that is cut off later owns the page, so that it can lead to it.
        let page = Pages::deal(cluster, alone, &site, 60).await?.take(cluster, alone)?;
        create(cluster, one, &page).await?;
        cluster.step(format!(
            "The store refuses all nodes. A link of {alone} is viewed on {alone} {} and on {other} {}.",
            count_of(here, "time"), count_of(there, "time")
        ));
        let begun = cluster.mark();
        cluster.store_refused(NODES);
        view(cluster, alone, &page, here).await?;
        view(cluster, other, &page, there).await?;
        let all = here + there;
        still_show(cluster, &nodes, &page, all, "every node shows the views of all nodes, even without the store")
            .await
            .because(WHY_NOT_THE_STORE)?;
        were_told(cluster, &[one, other], [&page], begun)?;

        cluster.step(format!(
            "The store is back, and {alone} is cut off from the others. The link is viewed on {alone} {}.",
            count_of(hidden, "time")
        ));
        cluster.store_back(NODES);
        let mark = cluster.mark();
        cluster.partition(&[alone], &[one, other]).await?;
        view(cluster, alone, &page, hidden).await?;
        all_show(cluster, &[alone], &page, all + hidden, "each side goes on counting").await?;
        show_no_more(cluster, &[one, other], &page, all).await?;
        if !cluster.nothing_crossed(mark, &[alone], &[one, other]) {
            return Err(Stop::inconclusive("A message crossed the cut, so the cut had no effect."));
        }
        Ok(())
    })
    .await
}

pub(super) async fn are_read_at_once(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [asked, other, third] = draw.cast(NODES);
    let ([site], owner) = (Names::new(&mut draw).take(), draw.cast(NODES)[0]);
    let (here, there) = (draw.number(1..=4), draw.number(1..=4));
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, asked, &site, 60).await?.take(cluster, owner)?;
        cluster.step(format!(
            "A link is created, and viewed on {asked} {} and on {other} {}.",
            count_of(here, "time"), count_of(there, "time")
        ));
        create(cluster, other, &page).await?;
        let mark = cluster.mark();
        view(cluster, asked, &page, here).await?;
        view(cluster, other, &page, there).await?;
        still_show(cluster, &NODES, &page, here + there, ALL_SHOW_ALL).await?;
        were_told(cluster, &NODES, [&page], mark)?;

        cluster.step(format!(
            "The counters of all nodes are busy for two seconds. Meanwhile {asked} gets a request for the link's aggregates, and a GET for the link."
        ));
        let begun = Instant::now();
        keep_busy(cluster, &[asked, other, third], HOLD_TIME).await?;
        let claim = "a node reads the count at once, however busy its counters are";
        let why = "Reading a count needs no agreement. The count may be a little old, but the request must not wait behind the messages of other nodes.";
        let read = cluster.request(asked, &Request::get(format!("{}/aggregates", page.path())).within(HOLD_TIME)).await;
        let answer = read.map_err(Stop::from).because(why)?;
        let follow_claim = "a node follows a link at once, however busy its counters are";
        let follow_why = "A client that follows a link wants the page. The count must not delay it.";
        let followed = cluster.request(asked, &Request::get(page.path()).within(HOLD_TIME)).await;
        let followed = followed.map_err(Stop::from).because(follow_why)?;
        if begun.elapsed() > HOLD_TIME - Duration::from_millis(200) && answer.took.max(followed.took) <= MAX_READ_TIME {
            return Err(Stop::inconclusive("The counters were not busy for long enough to show anything."));
        }
        for (answer, claim, why) in [(&answer, claim, why), (&followed, follow_claim, follow_why)] {
            if answer.took > MAX_READ_TIME {
                let seen = format!("{asked} answered {} after {} ms", answer.in_words(), answer.took.as_millis());
                return Err(cluster.failed_at(asked, seen, claim).because(why).into());
            }
        }
        let wanted = format!("Redirects: {}", here + there);
        match answer.line() {
            line if line == wanted => Ok(()),
            line => Err(cluster.failed_at(asked, format!("{asked} answered `{line}`"), format!("`{wanted}`, as before")).because(why).into()),
        }
    })
    .await
}

pub(super) async fn returning_visitors_count_once(cx: &Context) -> Told {
    /// The number of links with a small crowd of their own. A coarse sketch may estimate one crowd
    /// well by luck, but not all of these.
    const SMALL: usize = 12;
    let mut draw = cx.draw();
    let [one, between, other] = draw.cast(NODES);
    let ([site, crowd], owner) = (Names::new(&mut draw).take(), draw.cast(NODES)[0]);
    let all = draw.number(300..=400);
    let (twice, thrice, both) = (
        draw.number(all / 4..=all / 3),
        draw.number(50..=75),
        draw.number(80..=120),
    );
    let small: Vec<u64> = (0..SMALL).map(|_| draw.number(60..=90)).collect();
    let mut visitors = Visitors {
        draw,
        crowd,
        came: 0,
    };
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let mut pages = Pages::deal(cluster, one, &site, 90).await?;
        let (page, split) = (pages.take(cluster, owner)?, pages.take(cluster, between)?);
        let rest: Vec<Page> = pages.all_from(owner).into_iter().take(SMALL).collect();
        for page in rest.iter().chain([&page, &split]) {
            create(cluster, one, page).await?;
        }
        cluster.step(format!(
            "{all} visitors view a link, some on each node; {twice} of them come twice, to different nodes."
        ));
        let first: Vec<Visit> = visitors.come(all);
        visit(cluster, &page, &first).await?;
        let again: Vec<Visit> = first[..twice as usize].iter().map(Visit::elsewhere).collect();
        visit(cluster, &page, &again).await?;
        let before = agreed(cluster, &page, all + twice, all).await?;

        cluster.step(format!("{thrice} of them come once more."));
        let again: Vec<Visit> = again[..thrice as usize].iter().map(Visit::elsewhere).collect();
        visit(cluster, &page, &again).await?;
        let after = agreed(cluster, &page, all + twice + thrice, all).await?;
        if before != after {
            let seen = format!("Visitors: {before} has become Visitors: {after}, though no new visitor has come");
            return Err(cluster.failed_at(NODES[0], seen, "a visitor who returns changes the redirects, but not the number of visitors").into());
        }

        cluster.step(format!("{} more are viewed, each by a small crowd of its own.", count_of(SMALL as u64, "link")));
        for (page, count) in rest.iter().zip(&small) {
            visit(cluster, page, &visitors.come(*count)).await?;
        }
        cluster.quiesce().await?;
        for (page, count) in rest.iter().zip(&small) {
            show_alike(cluster, page, *count, *count).await?;
        }

        cluster.step(format!(
            "The network is cut between {one} and {other}. The same {both} visitors view another link on {one} and on {other}."
        ));
        cluster.partition(&[one], &[other]).await?;
        let here: Vec<Visit> = visitors.come(both).into_iter().map(|visit| Visit { node: one, ..visit }).collect();
        let there: Vec<Visit> = here.iter().map(|visit| Visit { node: other, ..visit.clone() }).collect();
        visit(cluster, &split, &here).await?;
        visit(cluster, &split, &there).await?;
        cluster.step("The network is whole again.");
        cluster.heal();
        cluster.await_mesh().await?;
        agreed(cluster, &split, 2 * both, both).await?;
        Ok(())
    })
    .await
}

/// A source of new visitors, who come to random nodes.
struct Visitors {
    draw: Draw,
    crowd: String,
    came: u64,
}

/// A visit of a visitor on a node.
#[derive(Debug, Clone)]
struct Visit {
    node: &'static str,
    visitor: String,
}

impl Visitors {
    fn come(&mut self, count: u64) -> Vec<Visit> {
        let first = self.came;
        self.came += count;
        let visit = |number| Visit {
            node: self.draw.cast(NODES)[0],
            visitor: format!("{}-{number:04}", self.crowd),
        };
        (first..first + count).map(visit).collect()
    }
}

impl Visit {
    /// The same visitor on the next node.
    fn elsewhere(&self) -> Visit {
        let place = NODES.iter().position(|node| *node == self.node);
        Visit {
            node: NODES[place.map_or(0, |place| (place + 1) % NODES.len())],
            visitor: self.visitor.clone(),
        }
    }
}

/// Visitors follow a link, many at the same time.
async fn visit(cluster: &Cluster<'_>, page: &Page, visits: &[Visit]) -> Told {
    at_once(24, visits, async |Visit { node, visitor }| {
        let request = Request::get(page.path()).header("x-visitor", visitor);
        cluster
            .eventually(
                CLAIM_TIMEOUT,
                format!("{node} redirects to {}", page.url),
                async || {
                    let answer = cluster.request(node, &request).await.map_err(Stop::from)?;
                    match answer.status {
                        302 => Ok(()),
                        503 => Err(Unmet::at(
                            node,
                            format!("{node} answered {}", answer.in_words()),
                        )),
                        _ => Err(Unmet::Never(wrong_page(cluster, node, page, &answer))),
                    }
                },
            )
            .await
    })
    .await
}

/// Waits until no message is in flight, and then until all nodes show the same.
async fn agreed(
    cluster: &Cluster<'_>,
    page: &Page,
    redirects: u64,
    visitors: u64,
) -> Result<u64, Stop> {
    cluster.quiesce().await?;
    show_alike(cluster, page, redirects, visitors).await
}

/// Waits until all nodes show this number of redirects, and the same number of visitors, which is
/// about right.
async fn show_alike(
    cluster: &Cluster<'_>,
    page: &Page,
    redirects: u64,
    visitors: u64,
) -> Result<u64, Stop> {
    let mut seen_on_all = 0;
    let claim = format!(
        "all nodes show Redirects: {redirects}, and the same number of visitors, within 10% of {visitors}"
    );
    cluster
        .eventually(CLAIM_TIMEOUT, claim, async || {
            let mut numbers = Vec::new();
            for node in NODES {
                let seen = shows(cluster, node, &page.code).await?;
                let Some(number) = seen.visitors else {
                    return Err(Unmet::at(node, format!("{node} shows Redirects: {}, and no Visitors", seen.redirects)));
                };
                if seen.redirects != redirects || number.abs_diff(visitors) * 10 > visitors {
                    return Err(Unmet::at(node, format!("{node} shows Redirects: {} and Visitors: {number}", seen.redirects)));
                }
                numbers.push(number);
            }
            if let Some(place) = numbers.iter().position(|number| *number != numbers[0]) {
                return Err(Unmet::at(NODES[place], format!("n1, n2 and n3 show {numbers:?} visitors")));
            }
            seen_on_all = numbers[0];
            Ok(())
        })
        .await
        .because(
            "A sum of visitors counts a visitor of two nodes twice. An estimate that merges like a G-Counter, with the higher value of each register, counts each visitor once.",
        )?;
    Ok(seen_on_all)
}
