//! Problem 1: what the service does for anybody, wherever its links are kept.

use super::{
    NOWHERE, create, create_with, expires, is_answered, is_stored, leads, leads_soon, url,
};
use crate::cluster::{Cluster, Explained, Options, Request};
use crate::scenario::{Context, Told};
use std::time::Duration;

pub(super) async fn serves(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        let (margarine, butter) = (url("margarine"), url("butter"));
        cluster.step("n1 creates a link. Both nodes follow it, and n2 gives the same URL the same code.");
        let first = create(cluster, "n1", &margarine).await?;
        is_stored(cluster, "n1", &first, &margarine).await?;
        for node in ["n1", "n2"] {
            leads(cluster, node, &first, &margarine, "every node follows what the store has").await?;
        }
        let again = create(cluster, "n2", &margarine).await?;
        same_code(cluster, "n2", &again, &first, &margarine)?;

        cluster.step("What cannot be had is refused, each in its way.");
        refusals(cluster, &first).await?;

        cluster.step("n1 and n2 are cut off from each other: only the store connects them. n1 gives butter a link for one second. When that is over, n2 gives its code to bread, which asks for it.");
        cluster.partition(&["n1"], &["n2"]).await?;
        let alike = create_with(cluster, "n1", &butter, &[("ttl", "1")]).await?;
        let link = is_stored(cluster, "n1", &alike, &butter).await?;
        expires(&link).await;
        let bread = url("bread");
        create_with(cluster, "n2", &bread, &[("code", &alike)]).await?;
        let claim = "a code whose link has expired can be another URL's, and then leads to that one";
        leads_soon(cluster, "n1", &alike, &bread, Duration::from_millis(2500), claim).await.because(
            "An expired entry of a table is no answer, and no reason to say that there is none: the code may be another link's by now.",
        )?;

        cluster.step("butter is to have a link again: two URLs want the same code now.");
        let other = create(cluster, "n1", &butter).await?;
        if other == alike {
            return Err(cluster
                .failed_at(
                    "n1",
                    format!("n1 answered 201 with {other} for butter, which is bread's code"),
                    "a URL whose first code is another's gets another one",
                )
                .because("Hash values of two URLs may be the same. Whoever came first keeps his code.")
                .into());
        }
        let again = create(cluster, "n2", &butter).await?;
        same_code(cluster, "n2", &again, &other, &butter)?;
        for node in ["n1", "n2"] {
            leads(cluster, node, &alike, &bread, "two URLs that hash alike have two codes").await?;
            leads(cluster, node, &other, &butter, "two URLs that hash alike have two codes").await?;
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

async fn refusals(cluster: &Cluster<'_>, taken: &str) -> Told {
    let nothing = Request::get("/no-such-code");
    is_answered(cluster, "n1", &nothing, 404, NOWHERE).await?;
    let (jam, own) = (
        url("jam"),
        [("url", "https://example.org/jam"), ("code", "my-jam")],
    );
    is_answered(
        cluster,
        "n1",
        &Request::form("/", &own),
        201,
        "a code that is free can be asked for: 201",
    )
    .await?;
    let again = Request::form("/", &own);
    is_answered(
        cluster,
        "n2",
        &again,
        201,
        "to ask once more for what one has is no conflict: 201",
    )
    .await?;
    leads(
        cluster,
        "n2",
        "my-jam",
        &jam,
        "a code that was asked for leads to its URL",
    )
    .await?;
    let other = Request::form(
        "/",
        &[("url", "https://example.org/honey"), ("code", taken)],
    );
    is_answered(cluster, "n2", &other, 409, "a code that is another URL's is 409")
        .await
        .because("A link that is known to people must not lead them to another place from one day to the next.")?;
    let no_url = Request::form("/", &[("url", "margarine")]);
    is_answered(
        cluster,
        "n1",
        &no_url,
        422,
        "what is no URL of the web is 422",
    )
    .await?;
    Ok(())
}
