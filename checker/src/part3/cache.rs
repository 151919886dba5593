//! Problem 1: what is not there, and what there is too much of.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep_until};

use super::messages::CACHE_CAP;
use super::{
    Links, NOWHERE, create_all, create_with, in_store, is_answered, leads, leads_soon, peek, size,
    undisturbed, url,
};
use crate::cluster::{Cluster, Explained, Options, Request};
use crate::scenario::{Context, Stop, Told};

/// How many visitors come for a code that there is not.
const CROWD: usize = 100;

/// How often they may cost the store a question, within a second.
const MOST_READS: usize = 5;

/// How soon a link must be known where there was none a moment ago.
const FORGOTTEN_WITHIN: Duration = Duration::from_secs(2);

pub(super) async fn unknown_code_is_asked_for_rarely(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        for node in ["n1", "n2"] {
            is_answered(cluster, node, &Request::get("/first"), 404, NOWHERE).await?;
        }
        cluster.step("A hundred visitors ask n1 for the same unknown code, all at once, and the store needs 40 ms.");
        cluster.store_slow(["n1"], Duration::from_millis(40));
        let (mark, begun) = (cluster.store_mark(), Instant::now());
        let swarm = Request::get("/swarm");
        let all_at_once = stream::iter(0..CROWD)
            .map(|_| is_answered(cluster, "n1", &swarm, 404, NOWHERE))
            .buffer_unordered(CROWD)
            .collect::<Vec<_>>()
            .await;
        for answer in all_at_once {
            answer?;
        }
        cluster.store_back(["n1"]);
        // Behind all questions that may still be on their way.
        is_answered(cluster, "n1", &Request::get("/last"), 404, NOWHERE).await?;
        few_reads(cluster, "swarm", mark, begun).because(
            "As long as the answer is under way nobody has it, and each who asks for himself asks in vain: a thundering \
             herd. One may ask for all.",
        )?;

        cluster.step("A hundred visitors ask n1 for another unknown code, within one second; one asks n2.");
        let (mark, begun) = (cluster.store_mark(), Instant::now());
        let drip = Request::get("/drip");
        for visitor in 0..CROWD {
            sleep_until(begun + Duration::from_millis(9) * visitor as u32).await;
            is_answered(cluster, "n1", &drip, 404, NOWHERE).await?;
        }
        few_reads(cluster, "drip", mark, begun).because(
            "A code that somebody has misprinted is asked for as often as a right one. That there is nothing can be \
             remembered like anything else, for a while.",
        )?;
        is_answered(cluster, "n2", &drip, 404, NOWHERE).await?;

        cluster.step("n1 and n2 are cut off from each other. n1 creates a link with that code.");
        cluster.partition(&["n1"], &["n2"]).await?;
        let drop = url("drop");
        create_with(cluster, "n1", &drop, &[("code", "drip")]).await?;
        leads(cluster, "n1", "drip", &drop, "a link is known at once where it was created").await.because(
            "Whoever has just been told 201 tries it out. That there was nothing before is no longer true.",
        )?;
        let claim = "a link is known on every node within 2 s, also where there was none a moment ago";
        leads_soon(cluster, "n2", "drip", &drop, FORGOTTEN_WITHIN + Duration::from_millis(500), claim)
            .await
            .because("Perhaps nobody can tell a node that something is there now. So it must ask again before long.")
    })
    .await
}

/// Asking for a code has cost the store next to nothing.
fn few_reads(cluster: &Cluster<'_>, code: &str, mark: u64, begun: Instant) -> Told {
    let asked = cluster
        .store_commands(mark)
        .by("n1")
        .key(&format!("link:{code}"))
        .len();
    // On a slow machine it takes more than the second for which it is claimed.
    let seconds = begun.elapsed().as_secs() as usize + 1;
    if asked == 0 {
        return Err(Stop::inconclusive(
            "n1 said that there was no such code without asking the store.",
        ));
    }
    if asked <= MOST_READS * seconds {
        return Ok(());
    }
    Err(cluster
        .failed_at(
            "n1",
            format!("n1 asked the store {asked} times for {code}, for {CROWD} visitors"),
            format!("within a second, one unknown code costs the store at most {MOST_READS} questions, however many ask for it"),
        )
        .into())
}

pub(super) async fn table_stays_small(cx: &Context) -> Told {
    /// More than a table may have entries, of either kind.
    const KINDS: usize = CACHE_CAP / 2 + 50;
    Cluster::tell(cx, &["n1"], Options::with_store(), async |cluster| {
        let names = (0..2 * KINDS).map(|number| format!("many-{number}"));
        let links: Links = names.map(|name| (name.clone(), url(&name))).collect();
        for (code, url) in &links {
            cluster
                .store_set(&format!("link:{code}"), &in_store(url))
                .await?;
        }
        cluster.step(format!(
            "n1 is asked for {KINDS} links of the store, and for as many codes that there are not."
        ));
        let codes: Vec<String> = links.keys().cloned().collect();
        let (first, second) = codes.split_at(KINDS);
        for (block, some) in first.chunks(110).enumerate() {
            let strange: Vec<String> = (0..some.len())
                .map(|number| format!("none-{block}-{number}"))
                .collect();
            ask_for(cluster, some, 302).await?;
            ask_for(cluster, &strange, 404).await?;
            is_small(cluster).await?;
        }

        cluster.step(format!(
            "n1 is asked for {KINDS} more links, and creates some."
        ));
        for some in second.chunks(110) {
            ask_for(cluster, some, 302).await?;
            is_small(cluster).await?;
        }
        create_all(
            cluster,
            "n1",
            (0..20).map(|number| format!("new-{number}")),
            &mut Links::new(),
        )
        .await?;
        is_small(cluster).await?;
        let mut known = 0;
        for code in &codes {
            known += usize::from(peek(cluster, "n1", code).await?.is_some());
        }
        if known > CACHE_CAP {
            return Err(too_large(
                cluster,
                format!("n1's table has {known} of {} links", codes.len()),
            )
            .into());
        }

        cluster.step("n1 is asked for some of the first links again: they may have had to go.");
        for code in first.iter().step_by(25) {
            let claim = "what had to go from the table is still in the store, and is found there";
            leads(cluster, "n1", code, &links[code], claim).await?;
        }
        is_small(cluster).await
    })
    .await
}

/// Asks n1 for codes, side by side.
async fn ask_for(cluster: &Cluster<'_>, codes: &[String], status: u16) -> Told {
    let asked = stream::iter(codes)
        .map(|code| async move {
            let request = Request::get(format!("/{code}"));
            Ok::<_, Stop>((code, undisturbed(cluster, "n1", &request).await?))
        })
        .buffer_unordered(16)
        .collect::<Vec<_>>()
        .await;
    for asked in asked {
        let (code, answer) = asked?;
        if answer.status != status {
            let said = answer.in_words();
            return Err(cluster
                .failed_at(
                    "n1",
                    format!("n1 answered `GET /{code}` with {said}"),
                    "what the store has is 302, and the rest is 404",
                )
                .into());
        }
    }
    Ok(())
}

async fn is_small(cluster: &Cluster<'_>) -> Told {
    match size(cluster, "n1").await? {
        0 => Err(cluster
            .failed_at(
                "n1",
                "n1's cache answered `Size` with 0 after many look-ups",
                "what was looked up is in the table",
            )
            .into()),
        size if size > CACHE_CAP => {
            Err(too_large(cluster, format!("n1's cache answered `Size` with {size}")).into())
        }
        _ => Ok(()),
    }
}

fn too_large(cluster: &Cluster<'_>, seen: String) -> crate::verdict::Failure {
    cluster
        .failed_at(
            "n1",
            seen,
            format!("a table has at most {CACHE_CAP} entries, those for codes that lead nowhere among them"),
        )
        .because(
            "Whoever is asked by strangers is also asked for a million codes. A memory that only grows ends the node one day.",
        )
}
