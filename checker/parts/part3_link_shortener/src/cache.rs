//! Problem 1: what is not there, and what there is too much of.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep_until};

use super::messages::CACHE_CAP;
use super::{
    Links, NOWHERE, create_all, create_with, in_store, is_answered, leads, leads_soon, numbered,
    peek, size, undisturbed, url,
};
use testkit::cluster::{Cluster, Explained, Options, Request};
use testkit::scenario::{Context, Stop, Told};
use testkit::words::Names;

/// How many visitors come for a code that there is not.
const CROWD: usize = 100;

/// How often they may cost the store a question, within a second.
const MOST_READS: usize = 5;

/// How soon a link must be known where there was none a moment ago.
const FORGOTTEN_WITHIN: Duration = Duration::from_secs(2);

pub(super) async fn unknown_code_is_asked_for_rarely(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [asked, other] = draw.cast(["n1", "n2"]);
    let [first, swarm, last, drip, drop] = Names::new(&mut draw).take();
    let slow = draw.number(30..=50);
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        for node in ["n1", "n2"] {
            is_answered(cluster, node, &Request::get(format!("/{first}")), 404, NOWHERE).await?;
        }
        cluster.step(format!("A hundred visitors ask {asked} for the same unknown code, {swarm}, all at once, and the store needs {slow} ms."));
        cluster.store_slow([asked], Duration::from_millis(slow));
        let (mark, begun) = (cluster.store_mark(), Instant::now());
        let request = Request::get(format!("/{swarm}"));
        let all_at_once = stream::iter(0..CROWD)
            .map(|_| is_answered(cluster, asked, &request, 404, NOWHERE))
            .buffer_unordered(CROWD)
            .collect::<Vec<_>>()
            .await;
        for answer in all_at_once {
            answer?;
        }
        cluster.store_back([asked]);
        // Behind all questions that may still be on their way.
        is_answered(cluster, asked, &Request::get(format!("/{last}")), 404, NOWHERE).await?;
        few_reads(cluster, asked, &swarm, mark, begun).because(
            "As long as the answer is under way nobody has it, and each who asks for himself asks in vain: a thundering \
             herd. One may ask for all.",
        )?;

        cluster.step(format!("A hundred visitors ask {asked} for another unknown code, {drip}, within one second; one asks {other}."));
        let (mark, begun) = (cluster.store_mark(), Instant::now());
        let request = Request::get(format!("/{drip}"));
        for visitor in 0..CROWD {
            sleep_until(begun + Duration::from_millis(9) * visitor as u32).await;
            is_answered(cluster, asked, &request, 404, NOWHERE).await?;
        }
        few_reads(cluster, asked, &drip, mark, begun).because(
            "A code that somebody has misprinted is asked for as often as a right one. That there is nothing can be \
             remembered like anything else, for a while.",
        )?;
        is_answered(cluster, other, &request, 404, NOWHERE).await?;

        cluster.step(format!("{asked} and {other} are cut off from each other. {asked} creates a link with that code."));
        cluster.partition(&[asked], &[other]).await?;
        let drop = url(&drop);
        create_with(cluster, asked, &drop, &[("code", &drip)]).await?;
        leads(cluster, asked, &drip, &drop, "a link is known at once where it was created").await.because(
            "Whoever has just been told 201 tries it out. That there was nothing before is no longer true.",
        )?;
        let claim = "a link is known on every node within 2 s, also where there was none a moment ago";
        leads_soon(cluster, other, &drip, &drop, FORGOTTEN_WITHIN + Duration::from_millis(500), claim)
            .await
            .because("Perhaps nobody can tell a node that something is there now. So it must ask again before long.")
    })
    .await
}

/// Asking for a code has cost the store next to nothing.
fn few_reads(cluster: &Cluster<'_>, node: &str, code: &str, mark: u64, begun: Instant) -> Told {
    let asked = cluster
        .store_commands(mark)
        .by(node)
        .key(&format!("link:{code}"))
        .len();
    // On a slow machine it takes more than the second for which it is claimed.
    let seconds = begun.elapsed().as_secs() as usize + 1;
    if asked == 0 {
        return Err(Stop::inconclusive(format!(
            "{node} said that there was no such code without asking the store.",
        )));
    }
    if asked <= MOST_READS * seconds {
        return Ok(());
    }
    Err(cluster
        .failed_at(
            node,
            format!("{node} asked the store {asked} times for {code}, for {CROWD} visitors"),
            format!("within a second, one unknown code costs the store at most {MOST_READS} questions, however many ask for it"),
        )
        .into())
}

pub(super) async fn table_stays_small(cx: &Context) -> Told {
    /// Of each of two kinds there are some more than a half of what a table may have.
    const HALF: u64 = CACHE_CAP as u64 / 2;
    let mut draw = cx.draw();
    let [node, ..] = draw.cast(["n1", "n2", "n3"]);
    let [many, none, new] = Names::new(&mut draw).take();
    let kinds = draw.number(HALF + 30..=HALF + 70) as usize;
    let created = draw.number(10..=30);
    Cluster::tell(cx, &[node], Options::with_store(), async |cluster| {
        let links: Links = numbered(&many, 2 * kinds as u64)
            .map(|name| (name.clone(), url(&name)))
            .collect();
        for (code, url) in &links {
            cluster
                .store_set(&format!("link:{code}"), &in_store(url))
                .await?;
        }
        cluster.step(format!(
            "{node} is asked for {kinds} links of the store, and for as many codes that there are not."
        ));
        let codes: Vec<String> = links.keys().cloned().collect();
        let (first, second) = codes.split_at(kinds);
        for (block, some) in first.chunks(110).enumerate() {
            let strange: Vec<String> =
                numbered(&format!("{none}-{block}"), some.len() as u64).collect();
            ask_for(cluster, node, some, 302).await?;
            ask_for(cluster, node, &strange, 404).await?;
            is_small(cluster, node).await?;
        }

        cluster.step(format!(
            "{node} is asked for {kinds} more links, and creates {created}."
        ));
        for some in second.chunks(110) {
            ask_for(cluster, node, some, 302).await?;
            is_small(cluster, node).await?;
        }
        create_all(cluster, node, numbered(&new, created), &mut Links::new()).await?;
        is_small(cluster, node).await?;
        let mut known = 0;
        for code in &codes {
            known += usize::from(peek(cluster, node, code).await?.is_some());
        }
        if known > CACHE_CAP {
            let seen = format!("{node}'s table has {known} of {} links", codes.len());
            return Err(too_large(cluster, node, seen).into());
        }

        cluster.step(format!(
            "{node} is asked for some of the first links again: they may have had to go."
        ));
        for code in first.iter().step_by(25) {
            let claim = "what had to go from the table is still in the store, and is found there";
            leads(cluster, node, code, &links[code], claim).await?;
        }
        is_small(cluster, node).await
    })
    .await
}

/// Asks a node for codes, side by side.
async fn ask_for(cluster: &Cluster<'_>, node: &str, codes: &[String], status: u16) -> Told {
    let asked = stream::iter(codes)
        .map(|code| async move {
            let request = Request::get(format!("/{code}"));
            Ok::<_, Stop>((code, undisturbed(cluster, node, &request).await?))
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
                    node,
                    format!("{node} answered `GET /{code}` with {said}"),
                    "what the store has is 302, and the rest is 404",
                )
                .into());
        }
    }
    Ok(())
}

async fn is_small(cluster: &Cluster<'_>, node: &str) -> Told {
    match size(cluster, node).await? {
        0 => Err(cluster
            .failed_at(
                node,
                format!("{node}'s cache answered `Size` with 0 after many look-ups"),
                "what was looked up is in the table",
            )
            .into()),
        size if size > CACHE_CAP => {
            let seen = format!("{node}'s cache answered `Size` with {size}");
            Err(too_large(cluster, node, seen).into())
        }
        _ => Ok(()),
    }
}

fn too_large(cluster: &Cluster<'_>, node: &str, seen: String) -> testkit::verdict::Failure {
    cluster
        .failed_at(
            node,
            seen,
            format!("a table has at most {CACHE_CAP} entries, those for codes that lead nowhere among them"),
        )
        .because(
            "Whoever is asked by strangers is also asked for a million codes. A memory that only grows ends the node one day.",
        )
}
