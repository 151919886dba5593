//! Problem 1: what the service does for every client, wherever its links are kept.

use std::time::Duration;

use super::{
    NOT_FOUND, await_expiry, create, create_with, expect_status, expect_stored, follow,
    follow_eventually, request, url,
};
use testkit::cluster::{Cluster, Explained, Options, Request};
use testkit::scenario::{Context, Told};
use testkit::seed::count_of;
use testkit::words::Names;

const NODES: [&str; 2] = ["n1", "n2"];

pub(super) async fn serves(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [first, second] = draw.cast(NODES);
    let mut names = Names::new(&mut draw);
    let [lasting, ending, heir] = names.take();
    let ttl = draw.number(1..=2);
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        let (lasting_url, ending_url, heir_url) = (url(&lasting), url(&ending), url(&heir));
        cluster.step(format!("{first} creates a link to {lasting}. Both nodes follow it, and {second} gives the same URL the same code."));
        let code = create(cluster, first, &lasting_url).await?;
        expect_stored(cluster, first, &code, &lasting_url).await?;
        for node in NODES {
            follow(cluster, node, &code, &lasting_url, "every node follows the links in the store").await?;
        }
        let again = create(cluster, second, &lasting_url).await?;
        same_code(cluster, second, &again, &code, &lasting_url)?;

        cluster.step("The nodes refuse requests that they cannot grant, each with its own status.");
        refusals(cluster, names.take(), [first, second], &code).await?;

        let [contested, one, other] = names.take();
        cluster.step(format!(
            "{first} and {second} are cut off from each other: only the store connects them. Both are asked at once for the code {contested}, each for a different URL."
        ));
        cluster.partition(&[first], &[second]).await?;
        one_of_two_claims_wins(cluster, &contested, [(first, &url(&one)), (second, &url(&other))]).await?;

        cluster.step(format!(
            "{first} gives {ending} a link that expires after {}. When that has expired, {second} gives its code to {heir}.",
            count_of(ttl, "second")
        ));
        let alike = create_with(cluster, first, &ending_url, &[("ttl", &ttl.to_string())]).await?;
        let link = expect_stored(cluster, first, &alike, &ending_url).await?;
        await_expiry(&link).await;
        create_with(cluster, second, &heir_url, &[("code", &alike)]).await?;
        let claim = "a code whose link has expired can belong to another URL, and then leads there";
        follow_eventually(cluster, first, &alike, &heir_url, cx.limit(Duration::from_secs(2), Duration::from_millis(2500)), claim).await.because(
            "An expired table entry is not an answer, neither a link nor a 404: the code may belong to another link by now.",
        )?;

        cluster.step(format!("{first} is asked for a link to {ending} again: two URLs now have the same first code."));
        let other = create(cluster, first, &ending_url).await?;
        if other == alike {
            return Err(cluster
                .failed_at(
                    first,
                    format!("{first} answered 201 with {other} for {ending}, which is the code of {heir}"),
                    "a URL whose first code belongs to another URL gets another code",
                )
                .because("Two URLs may have the same hash value. The URL that came first keeps its code.")
                .into());
        }
        let again = create(cluster, second, &ending_url).await?;
        same_code(cluster, second, &again, &other, &ending_url)?;
        for node in NODES {
            let claim = "two URLs with the same first code have two codes";
            follow(cluster, node, &alike, &heir_url, claim).await?;
            follow(cluster, node, &other, &ending_url, claim).await?;
        }
        Ok(())
    })
    .await
}

fn same_code(cluster: &Cluster<'_>, node: &str, code: &str, first: &str, url: &str) -> Told {
    if code == first {
        return Ok(());
    }
    Err(cluster
        .failed_at(
            node,
            format!("{node} answered 201 with {code} for {url}, which has the code {first} already"),
            "the same URL gets the same code, whichever node is asked",
        )
        .because("A client that got no answer asks again, perhaps another node. That must not make a second link.")
        .into())
}

async fn refusals(
    cluster: &Cluster<'_>,
    [unknown, page, chosen, late, no_url]: [String; 5],
    [one, other]: [&str; 2],
    taken: &str,
) -> Told {
    let unknown = Request::get(format!("/{unknown}"));
    expect_status(cluster, one, &unknown, 404, NOT_FOUND).await?;
    let page = url(&page);
    let own = Request::form("/", &[("url", &page), ("code", &chosen)]);
    let claim = "a client can ask for a free code: 201";
    expect_status(cluster, one, &own, 201, claim).await?;
    let claim = "a second request for the same link is not a conflict: 201";
    expect_status(cluster, other, &own, 201, claim).await?;
    let claim = "a code that a client chose leads to its URL";
    follow(cluster, other, &chosen, &page, claim).await?;
    let late = Request::form("/", &[("url", &url(&late)), ("code", taken)]);
    let claim = "a code that belongs to another URL gets a 409";
    expect_status(cluster, other, &late, 409, claim)
        .await
        .because("A published link must not suddenly lead somewhere else.")?;
    let no_url = Request::form("/", &[("url", &no_url)]);
    let claim = "text that is not a web URL gets a 422";
    expect_status(cluster, one, &no_url, 422, claim).await?;
    Ok(())
}

/// Two nodes are asked for one code at the same time, for different URLs.
async fn one_of_two_claims_wins(
    cluster: &Cluster<'_>,
    code: &str,
    claims: [(&str, &str); 2],
) -> Told {
    // Both claims are on their way before either is answered.
    cluster.store_slow(NODES, Duration::from_millis(60));
    let [one, other] = claims.map(|(node, url)| {
        (
            node,
            url,
            Request::form("/", &[("url", url), ("code", code)]),
        )
    });
    let answers = tokio::join!(
        request(cluster, one.0, &one.2),
        request(cluster, other.0, &other.2)
    );
    cluster.store_back(NODES);
    let why = "Each command of the store is atomic, so one claim comes first. The node whose claim came second learns that \
               from the store's answer, and from nothing else.";
    let winner = match (answers.0?.status, answers.1?.status) {
        (201, 409) => one,
        (409, 201) => other,
        (here, there) => {
            let seen = format!(
                "{} answered {here} and {} answered {there} for the code {code}, each for a different URL",
                one.0, other.0
            );
            let claim = "of two URLs that ask for one code at the same time, one gets it (201), and the other does not (409)";
            return Err(cluster.failed_at(other.0, seen, claim).because(why).into());
        }
    };
    for node in NODES {
        let claim = "a code that two nodes claim at the same time leads to the URL that got it, on both nodes";
        follow(cluster, node, code, winner.1, claim)
            .await
            .because(why)?;
    }
    Ok(())
}
