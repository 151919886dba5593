//! Problem 5: views are counted where they happen, and known everywhere; and problem 9, by whom.

use std::time::Duration;

use futures_util::future::try_join3;
use runtime::CallError;
use tokio::time::Instant;

use super::SOON;
use super::messages::{COUNTERS, CountersMsg};
use super::pages::{
    Page, Pages, all_show, at_once, create, leads, misled, rings_are, shows, still_show, view,
    view_at_once,
};
use crate::cluster::{Cluster, Explained, Options, Request, Unmet};
use crate::scenario::{Context, Stop, Told};

const NODES: [&str; 3] = ["n1", "n2", "n3"];

/// How long the counters of a node do nothing else.
const HELD: Duration = Duration::from_secs(2);

/// Longer than reading a number can take, and shorter than they are held.
const AT_ONCE: Duration = Duration::from_millis(600);

const ALL_COUNT: &str = "every node shows the views of all nodes";

pub(super) async fn are_counted(cx: &Context) -> Told {
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let mut pages = Pages::deal(cluster, 60).await?;
        let (page, other) = (pages.take(cluster, "n2")?, pages.take(cluster, "n3")?);
        cluster.step(format!("A link is created. It is viewed on n1 three times, on n2 once and on n3 five times: {}.", page.path()));
        create(cluster, "n1", &page).await?;
        view(cluster, "n1", &page, 3).await?;
        view(cluster, "n2", &page, 1).await?;
        view(cluster, "n3", &page, 5).await?;
        let why = "A view is counted where it happens, for nobody else has seen it. Whoever asks any node wants to know of all.";
        all_show(cluster, &NODES, &page, 9, ALL_COUNT).await.because(why)?;

        cluster.step("It is asked for with HEAD, its aggregates are read, and a code that nobody has is asked for. None of that is a view.");
        for node in NODES {
            leads(cluster, node, &page).await?;
            let answer = cluster.get(node, &other.path()).await?;
            if answer.status != 404 {
                let seen = format!("{node}, asked for a code that nobody has, answered {}", answer.in_words());
                return Err(cluster.failed_at(node, seen, "404").into());
            }
        }
        still_show(cluster, &NODES, &page, 9, "a view is a GET that is answered 302, and nothing else is")
            .await
            .because("Browsers, search engines and monitors ask for many things, and nobody is sent on by most of them.")?;
        for code in [&other.code, &Page::called("nothing", 1).code] {
            for node in NODES {
                let seen = shows(cluster, node, code).await.map_err(|unmet| as_stop(cluster, unmet))?;
                if seen.redirects != 0 {
                    let seen = format!("{node} shows Redirects: {} for {code}", seen.redirects);
                    return Err(cluster.failed(seen, "a code that nobody has was never viewed: Redirects: 0").into());
                }
            }
        }
        Ok(())
    })
    .await
}

fn as_stop(cluster: &Cluster<'_>, unmet: Unmet) -> Stop {
    match unmet {
        Unmet::Never(stop) => stop,
        Unmet::NotYet { seen, .. } => cluster
            .failed(seen, "aggregates are answered 200 and `Redirects: n`")
            .into(),
    }
}

pub(super) async fn add_up(cx: &Context) -> Told {
    const EACH: usize = 60;
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let mut pages = Pages::deal(cluster, 60).await?;
        let pages = [pages.take(cluster, "n1")?, pages.take(cluster, "n2")?];
        for page in &pages {
            create(cluster, "n3", page).await?;
        }
        cluster.step("Two links are viewed on all three nodes, sixty times on each, all at once.");
        let views = |node| view_at_once(cluster, node, pages.iter().cycle().take(2 * EACH));
        try_join3(views("n1"), views("n2"), views("n3")).await?;
        for page in &pages {
            let claim = "views that are made at the same time add up exactly";
            still_show(cluster, &NODES, page, 3 * EACH as u64, claim).await.because(
                "A count that is read, increased and written back loses what others did in between. If each node adds to a share \
                 of its own, nobody can overwrite anybody.",
            )?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn are_read_at_once(cx: &Context) -> Told {
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let page = Pages::deal(cluster, 30).await?.take(cluster, "n1")?;
        cluster.step("A link is created, and viewed on n1 and on n2 twice each.");
        create(cluster, "n1", &page).await?;
        view(cluster, "n1", &page, 2).await?;
        view(cluster, "n2", &page, 2).await?;
        still_show(cluster, &NODES, &page, 4, ALL_COUNT).await?;

        cluster.step("The counters of all nodes are kept busy for two seconds. Meanwhile n1 is asked how often the link was viewed, and the link is viewed on it.");
        let begun = Instant::now();
        for node in NODES {
            cluster.cast(node, &COUNTERS, CountersMsg::Hold(HELD.as_millis() as u64)).await?;
        }
        // Its mailbox is in order: while this is not answered, the counters are busy.
        let busy = cluster.call_within::<_, super::messages::Evaluated>(Duration::from_millis(100), "n1", &COUNTERS, |reply| {
            CountersMsg::Evaluate(Vec::new(), reply)
        }).await;
        match busy.map_err(|unanswered| (matches!(unanswered.error, CallError::Timeout(_)), unanswered)) {
            Err((true, _)) => {}
            Err((false, unanswered)) => return Err(unanswered.into()),
            Ok(_) => return Err(Stop::inconclusive("n1's counters were to be busy, and answered.")),
        }
        let claim = "what is known on a node is read there at once, whatever its counters are doing";
        let why = "Reading needs no agreement and no turn: it may be a little old, but it must not wait behind everything \
                   that comes in from other nodes, nor for the slowest of them.";
        let asked = cluster.request("n1", &Request::get(format!("{}/aggregates", page.path())).within(HELD)).await;
        let answer = asked.map_err(Stop::from).because(why)?;
        let follow_claim = "a link is followed at once, whatever the counters are doing";
        let follow_why = "Whoever follows a link wants the page. That it is counted, and that others hear of it, is our business: \
                          it must not cost him a moment.";
        let asked = cluster.request("n1", &Request::get(page.path()).within(HELD)).await;
        let followed = asked.map_err(Stop::from).because(follow_why)?;
        if begun.elapsed() > HELD - Duration::from_millis(200) && answer.took.max(followed.took) <= AT_ONCE {
            return Err(Stop::inconclusive("The counters were not busy for long enough to show anything."));
        }
        for (answer, claim, why) in [(&answer, claim, why), (&followed, follow_claim, follow_why)] {
            if answer.took > AT_ONCE {
                let seen = format!("n1 answered {} after {} ms", answer.in_words(), answer.took.as_millis());
                return Err(cluster.failed(seen, claim).because(why).into());
            }
        }
        match answer.line() {
            "Redirects: 4" => Ok(()),
            line => Err(cluster.failed(format!("n1 answered `{line}`"), "`Redirects: 4`, as before").because(why).into()),
        }
    })
    .await
}

pub(super) async fn visitors_are_told_apart(cx: &Context) -> Told {
    const ALL: usize = 1000;
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let mut pages = Pages::deal(cluster, 60).await?;
        let (page, other) = (pages.take(cluster, "n2")?, pages.take(cluster, "n2")?);
        create(cluster, "n1", &page).await?;
        create(cluster, "n1", &other).await?;
        cluster.step("A thousand visitors view a link, some on each node; 200 of them come twice, to different nodes.");
        let visits = |visitors: std::ops::Range<usize>| visitors.map(|visitor| (NODES[visitor % 3], visitor));
        at_once(24, visits(0..ALL), async |(node, visitor)| visit(cluster, node, &page, visitor).await).await?;
        let again = (0..200).map(|visitor| (NODES[(visitor + 1) % 3], visitor));
        at_once(24, again, async |(node, visitor)| visit(cluster, node, &page, visitor).await).await?;
        let first = agreed(cluster, &page, ALL + 200, ALL).await?;

        cluster.step("A hundred of them come once more.");
        let again = (300..400).map(|visitor| (NODES[(visitor + 2) % 3], visitor));
        at_once(24, again, async |(node, visitor)| visit(cluster, node, &page, visitor).await).await?;
        let second = agreed(cluster, &page, ALL + 300, ALL).await?;
        if first != second {
            let seen = format!("Visitors: {first} has become Visitors: {second}, and nobody new has come");
            return Err(cluster.failed(seen, "who comes again changes the redirects, and not the number of visitors").into());
        }

        cluster.step("The network is cut between n1 and n3. The same hundred visitors view another link on n1 and on n3.");
        cluster.partition(&["n1"], &["n3"]).await?;
        let both = (0..100).flat_map(|visitor| [("n1", visitor), ("n3", visitor)]);
        at_once(24, both, async |(node, visitor)| visit(cluster, node, &other, visitor).await).await?;
        cluster.step("The network is whole again.");
        cluster.heal();
        cluster.await_mesh().await?;
        agreed(cluster, &other, 200, 100).await?;
        Ok(())
    })
    .await
}

/// A visitor follows a link on a node.
async fn visit(cluster: &Cluster<'_>, node: &str, page: &Page, visitor: usize) -> Told {
    let request = Request::get(page.path()).header("x-visitor", format!("visitor-{visitor:04}"));
    cluster
        .eventually(SOON, format!("{node} leads to {}", page.url), async || {
            let answer = cluster.request(node, &request).await.map_err(Stop::from)?;
            match answer.status {
                302 => Ok(()),
                503 => Err(Unmet::at(
                    node,
                    format!("{node} answered {}", answer.in_words()),
                )),
                _ => Err(Unmet::Never(misled(cluster, node, page, &answer))),
            }
        })
        .await
}

/// Waits until all nodes show so many redirects, and the same number of visitors, which is about
/// right.
async fn agreed(
    cluster: &Cluster<'_>,
    page: &Page,
    redirects: usize,
    visitors: usize,
) -> Result<u64, Stop> {
    let mut seen_on_all = 0;
    let claim = format!(
        "all nodes show Redirects: {redirects}, and the same number of visitors, within 10 % of {visitors}"
    );
    cluster.quiesce().await?;
    cluster
        .eventually(SOON, claim, async || {
            let mut numbers = Vec::new();
            for node in NODES {
                let seen = shows(cluster, node, &page.code).await?;
                let Some(number) = seen.visitors else {
                    return Err(Unmet::at(node, format!("{node} shows Redirects: {}, and no Visitors", seen.redirects)));
                };
                if seen.redirects != redirects as u64 || number.abs_diff(visitors as u64) * 10 > visitors as u64 {
                    return Err(Unmet::at(node, format!("{node} shows Redirects: {} and Visitors: {number}", seen.redirects)));
                }
                numbers.push(number);
            }
            if numbers.iter().any(|number| *number != numbers[0]) {
                return Err(format!("n1, n2 and n3 show {numbers:?} visitors").into());
            }
            seen_on_all = numbers[0];
            Ok(())
        })
        .await
        .because(
            "A sum of visitors would count those twice who were on two nodes. An estimate that merges like a G-Counter, and \
             takes the higher value in each place, does not mind who has seen whom, nor how often.",
        )?;
    Ok(seen_on_all)
}
