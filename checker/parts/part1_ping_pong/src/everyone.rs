//! Problem 2: one question to all nodes, answered in time whatever state they are in.

use std::collections::BTreeMap;
use std::time::Duration;

use runtime::{CallError, NodeName};
use tokio::time::Instant;

use crate::consumers::{Wanted, all_have, listed};
use crate::fact::{Counts, Fact};
use crate::messages::{ASK_TIMEOUT, Everyone, PRODUCER, ProducerMsg};
use crate::pings::{first_pings, it_or_them, send_in_the_name_of, send_pings};
use crate::{ALL, LARGE, NAMES, TRANSIT, sorted};
use testkit::cluster::{Cluster, Explained, Options};
use testkit::scenario::{Context, Stop, Told};
use testkit::screen::shortened;
use testkit::seed::{count_of, in_words};
use testkit::verdict::Failure;

/// What an answer that needs all of `ASK_TIMEOUT` may take.
pub(super) fn answer_timeout(cx: &Context) -> Duration {
    // As much again and a little for a busy machine, and less than two more timeouts one after the other.
    cx.limit(ASK_TIMEOUT + TRANSIT, Duration::from_millis(2500))
}

/// How slowly a node answers whose total must be in the answer.
const SLOW: Duration = Duration::from_millis(400);

/// How much a sentence quotes of the reason for which a node failed, in characters.
const MAX_REASON: usize = 80;

const EVERY_NODE: &str = "every node is in the answer, with its total or as failed";

pub(super) async fn appears_with_its_current_total(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [a, asker, b] = draw.cast(["n1", "n2", "n3"]);
    let [pings_a, pings_b, more] = draw.numbers(1..=7);
    let large = draw.number(LARGE);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{a} sends {} and {b} {}; all have them.",
            count_of(pings_a, "ping"),
            in_words(pings_b)
        ));
        let first = [(a, pings_a), (b, pings_b)];
        first_pings(cluster, &first).await?;
        all_have(cluster, ALL, &Wanted::exactly(&first), "all have the pings").await?;
        cluster.step(format!("The checker asks {asker}'s producer to ask everyone."));
        totals_are(cluster, asker, ask(cluster, asker).await?, pings_a + pings_b)?;

        cluster.step(format!(
            "{asker} sends {}, and the checker sends every consumer a ping from {a} with the number {large}.",
            count_of(more, "ping")
        ));
        send_pings(cluster, asker, more, more).await?;
        send_in_the_name_of(cluster, a, large, ALL).await?;
        let then = Wanted::exactly(&[(a, large), (asker, more), (b, pings_b)]);
        all_have(cluster, ALL, &then, "all have the pings").await?;

        cluster.step(format!("The checker asks {asker}'s producer twice at once to ask everyone."));
        let (one, two) = tokio::join!(ask(cluster, asker), ask(cluster, asker));
        for everyone in [one?, two?] {
            totals_are(cluster, asker, everyone, large + more + pings_b)?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn names_dead_and_paused(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let all = ["n1", "n2", "n3", "n4"];
    let [asker, alive, paused, dead] = draw.cast(all);
    let [own, of_the_dead] = draw.numbers(1..=5);
    let sum = own + of_the_dead;
    Cluster::tell(cx, &all, Options::default(), async |cluster| {
        cluster.step(format!(
            "{asker} sends {} and {dead} {}; all have them.",
            count_of(own, "ping"),
            in_words(of_the_dead)
        ));
        let first = [(asker, own), (dead, of_the_dead)];
        first_pings(cluster, &first).await?;
        all_have(cluster, &all, &Wanted::exactly(&first), "all have the pings").await?;

        cluster.step(format!("{paused} is paused, and {dead} is killed."));
        cluster.pause(paused).await?;
        cluster.kill(dead).await?;

        cluster.step(format!("The checker asks {asker}'s producer to ask everyone."));
        if !cluster.list(asker).await?.contains(paused) {
            return Err(Stop::inconclusive(format!(
                "{asker} declared the paused {paused} down before the checker asked."
            )));
        }
        let everyone = ask(cluster, asker).await?;
        let (totals, failed) = (short(&everyone.totals), short(&everyone.failed));
        let wrong = |expected: &str| {
            let why = "A node that does not answer is not a node without pings. The reader of the answer must see which \
                       totals are missing, or the reader takes a part for the whole.";
            Err(answer_failure(cluster, asker, &everyone, expected).because(why).into())
        };
        if [asker, alive].iter().any(|node| totals.get(*node) != Some(&sum)) {
            return wrong(&format!(
                "every running node is in the answer with its current total, {sum} at {asker} and {alive}"
            ));
        }
        if totals.contains_key(paused) || !failed.contains_key(paused) {
            return wrong(&format!(
                "every node is in the answer: {paused} is connected and silent, so it is among the failed and has no total"
            ));
        }
        if totals.contains_key(dead) {
            return wrong(&format!("every node is in the answer as it is: {dead} is dead and has no total"));
        }
        if let Some(both) = totals.keys().find(|node| failed.contains_key(*node)) {
            return wrong(&format!("{EVERY_NODE}, and {both} is in it as both"));
        }
        Ok(())
    })
    .await
}

pub(super) async fn answers_in_time(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [asker, sender, one, two, three, ..] = draw.cast(NAMES);
    let silent = sorted([one, two, three]);
    let all = sorted([asker, sender, one, two, three]);
    let pings = draw.number(1..=5);
    Cluster::tell(cx, &all, Options::default(), async |cluster| {
        cluster.step(format!(
            "{sender} sends {}; all have {}.",
            count_of(pings, "ping"),
            it_or_them(pings)
        ));
        send_pings(cluster, sender, pings, pings).await?;
        all_have(cluster, &all, &Wanted::exactly(&[(sender, pings)]), "all have the pings").await?;

        let [one, two, three] = silent;
        cluster.step(format!("{one}, {two} and {three} are paused, and {sender} becomes slow to answer."));
        for node in silent {
            cluster.pause(node).await?;
        }
        cluster.delay(sender, asker, SLOW, Duration::ZERO);
        cluster.step(format!("The checker asks {asker}'s producer twice at once to ask everyone."));
        let (first, second) = tokio::join!(ask(cluster, asker), ask(cluster, asker));
        for everyone in [first?, second?] {
            let (totals, failed) = (short(&everyone.totals), short(&everyone.failed));
            let complete = silent
                .iter()
                .all(|node| failed.contains_key(*node) && !totals.contains_key(*node))
                && [asker, sender]
                    .iter()
                    .all(|node| totals.get(*node) == Some(&pings));
            if !complete {
                cluster.healthy().await?;
                let expected = format!(
                    "{EVERY_NODE}: {asker}, and {sender} after {} s, with a total of {pings}, and the paused nodes as failed",
                    SLOW.as_secs_f32()
                );
                return Err(answer_failure(cluster, asker, &everyone, &expected).into());
            }
        }
        Ok(())
    })
    .await
}

/// Asks a node's producer to ask everyone; the answer must come in time.
async fn ask(cluster: &Cluster<'_>, node: &str) -> Result<Everyone, Stop> {
    let begun = Instant::now();
    let asked = cluster
        .call_within(
            Duration::from_secs(8),
            node,
            &PRODUCER,
            ProducerMsg::AskEveryone,
        )
        .await;
    let late = Fact::EveryoneLate {
        asker: node.to_owned(),
    };
    let why = format!(
        "The caller must get an answer within ASK_TIMEOUT, {} s. A silent node may never answer, so the producer must \
         limit how long it waits. A caller must not wait for the answers to another caller's question.",
        ASK_TIMEOUT.as_secs()
    );
    let everyone: Everyone = match asked {
        Ok(everyone) => everyone,
        Err(unanswered) if matches!(unanswered.error, CallError::Timeout(_)) => {
            return Err(Stop::from(unanswered)).because(why).fact(&late);
        }
        Err(unanswered) => return Err(unanswered.into()),
    };
    let took = begun.elapsed();
    if took > answer_timeout(cluster.context()) {
        cluster.healthy().await?;
        let seen = format!(
            "{node}'s producer answered AskEveryone after {:.1} s",
            took.as_secs_f32()
        );
        let expected = format!(
            "the answer comes in time: within {} s, or a little more on a busy machine",
            ASK_TIMEOUT.as_secs()
        );
        let failure = cluster.failed(seen, expected).node(node).fact(&late);
        return Err(failure.because(why).into());
    }
    Ok(everyone)
}

/// Each node is in the answer, and with this total.
fn totals_are(cluster: &Cluster<'_>, asker: &str, everyone: Everyone, total: u64) -> Told {
    let wanted: Counts = ALL.iter().map(|node| ((*node).to_owned(), total)).collect();
    if short(&everyone.totals) == wanted && everyone.failed.is_empty() {
        return Ok(());
    }
    let expected = format!(
        "every node is in the answer with its current total: {}",
        listed(&wanted)
    );
    let why = "The asking node is a node like the others. An earlier total need not be the current one, and each \
               question needs an answer of its own.";
    let failure = answer_failure(cluster, asker, &everyone, &expected);
    Err(failure.because(why).into())
}

fn short<T: Clone>(by_node: &BTreeMap<NodeName, T>) -> BTreeMap<String, T> {
    by_node
        .iter()
        .map(|(node, value)| (node.short().to_owned(), value.clone()))
        .collect()
}

/// The failure of a producer whose answer to AskEveryone is wrong.
fn answer_failure(
    cluster: &Cluster<'_>,
    asker: &str,
    everyone: &Everyone,
    expected: &str,
) -> Failure {
    let (totals, failed) = (short(&everyone.totals), short(&everyone.failed));
    let none_or = |listed: String| match listed.is_empty() {
        true => "none".to_owned(),
        false => listed,
    };
    let reasons: Vec<String> = failed
        .iter()
        .map(|(node, why)| format!("{node} ({})", shortened(why, MAX_REASON)))
        .collect();
    let in_totals = match totals.is_empty() {
        true => String::new(),
        false => listed(&totals),
    };
    let seen = format!(
        "{asker}'s answer contains these totals: {}; and these nodes failed: {}",
        none_or(in_totals),
        none_or(reasons.join(", "))
    );
    let asker = asker.to_owned();
    let failure = cluster.failed(seen, expected).node(asker.as_str());
    failure.fact(&Fact::Everyone {
        asker,
        totals,
        failed,
    })
}
