//! Problem 1: what the service does for anybody, wherever its links are kept.

use super::{
    NOWHERE, create, create_with, expires, is_answered, is_stored, leads, leads_soon, url,
};
use std::time::Duration;
use testkit::cluster::{Cluster, Explained, Options, Request};
use testkit::scenario::{Context, Told};
use testkit::seed::count_of;
use testkit::words::Names;

pub(super) async fn serves(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [first, second] = draw.cast(["n1", "n2"]);
    let mut names = Names::new(&mut draw);
    let [lasting, ending, heir] = names.take();
    let ttl = draw.number(1..=2);
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        let (lasting_url, ending_url, heir_url) = (url(&lasting), url(&ending), url(&heir));
        cluster.step(format!("{first} creates a link to {lasting}. Both nodes follow it, and {second} gives the same URL the same code."));
        let code = create(cluster, first, &lasting_url).await?;
        is_stored(cluster, first, &code, &lasting_url).await?;
        for node in ["n1", "n2"] {
            leads(cluster, node, &code, &lasting_url, "every node follows what the store has").await?;
        }
        let again = create(cluster, second, &lasting_url).await?;
        same_code(cluster, second, &again, &code, &lasting_url)?;

        cluster.step("What cannot be had is refused, each in its way.");
        refusals(cluster, names.take(), [first, second], &code).await?;

        cluster.step(format!(
            "{first} and {second} are cut off from each other: only the store connects them. {first} gives {ending} a link for {}. When that has expired, {second} gives its code to {heir}, which asks for it.",
            count_of(ttl, "second")
        ));
        cluster.partition(&[first], &[second]).await?;
        let alike = create_with(cluster, first, &ending_url, &[("ttl", &ttl.to_string())]).await?;
        let link = is_stored(cluster, first, &alike, &ending_url).await?;
        expires(&link).await;
        create_with(cluster, second, &heir_url, &[("code", &alike)]).await?;
        let claim = "a code whose link has expired can be another URL's, and then leads to that one";
        leads_soon(cluster, first, &alike, &heir_url, Duration::from_millis(2500), claim).await.because(
            "An expired entry of a table is no answer, and no reason to say that there is none: the code may be another link's by now.",
        )?;

        cluster.step(format!("{ending} is to have a link again: two URLs want the same code now."));
        let other = create(cluster, first, &ending_url).await?;
        if other == alike {
            return Err(cluster
                .failed_at(
                    first,
                    format!("{first} answered 201 with {other} for {ending}, which is the code of {heir}"),
                    "a URL whose first code is another's gets another one",
                )
                .because("Hash values of two URLs may be the same. Whoever came first keeps his code.")
                .into());
        }
        let again = create(cluster, second, &ending_url).await?;
        same_code(cluster, second, &again, &other, &ending_url)?;
        for node in ["n1", "n2"] {
            leads(cluster, node, &alike, &heir_url, "two URLs that hash alike have two codes").await?;
            leads(cluster, node, &other, &ending_url, "two URLs that hash alike have two codes").await?;
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
        .because("Whoever got no answer asks again, perhaps another node. That must not make a second link.")
        .into())
}

async fn refusals(
    cluster: &Cluster<'_>,
    [unknown, page, chosen, late, no_url]: [String; 5],
    [one, other]: [&str; 2],
    taken: &str,
) -> Told {
    let nothing = Request::get(format!("/{unknown}"));
    is_answered(cluster, one, &nothing, 404, NOWHERE).await?;
    let page = url(&page);
    let own = Request::form("/", &[("url", &page), ("code", &chosen)]);
    is_answered(
        cluster,
        one,
        &own,
        201,
        "a code that is free can be asked for: 201",
    )
    .await?;
    is_answered(
        cluster,
        other,
        &own,
        201,
        "to ask once more for what one has is no conflict: 201",
    )
    .await?;
    leads(
        cluster,
        other,
        &chosen,
        &page,
        "a code that was asked for leads to its URL",
    )
    .await?;
    let late = Request::form("/", &[("url", &url(&late)), ("code", taken)]);
    is_answered(cluster, other, &late, 409, "a code that is another URL's is 409")
        .await
        .because("A link that is known to people must not lead them to another place from one day to the next.")?;
    let no_url = Request::form("/", &[("url", &no_url)]);
    is_answered(
        cluster,
        one,
        &no_url,
        422,
        "what is no URL of the web is 422",
    )
    .await?;
    Ok(())
}
