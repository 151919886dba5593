//! Problem 2: one question to all nodes, answered in time whatever state they are in.

use std::collections::BTreeMap;
use std::time::Duration;

use runtime::{CallError, NodeName};
use tokio::time::Instant;

use super::messages::{ASK_WITHIN, Everyone, PRODUCER, ProducerMsg};
use super::{ALL, Counts, SOON, all_show, first_pings, it_or_them, send_pings, shown, sorted};
use testkit::cluster::{Cluster, Explained, Options};
use testkit::scenario::{Context, Stop, Told};
use testkit::screen::shortened;
use testkit::seed::{count_of, in_words};

/// What the answer may take: the limit that the exercise gives, and as much again and a little
/// for a busy machine. Two limits one after the other do not fit twice.
const IN_TIME: Duration = Duration::from_millis(2500);

/// How much is shown of the reason for which a node failed, in characters.
const LONGEST_REASON: usize = 80;

const EVERY_NODE: &str = "every node is in the answer, as a total or as failed";

pub(super) async fn appears_with_its_current_total(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [a, asker, b] = draw.cast(["n1", "n2", "n3"]);
    let [pings_a, pings_b, more] = draw.numbers(1..=7);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{a} sends {} and {b} {}; all have them.",
            count_of(pings_a, "ping"),
            in_words(pings_b)
        ));
        let first = [(a, pings_a), (b, pings_b)];
        first_pings(cluster, &first).await?;
        all_show(cluster, ALL, &first, SOON, "all have the pings").await?;
        cluster.step(format!("Ask {asker}'s producer to ask everyone."));
        totals_are(cluster, ask(cluster, asker).await?, pings_a + pings_b)?;

        cluster.step(format!(
            "{asker} sends {}, and everyone is asked again.",
            count_of(more, "ping")
        ));
        send_pings(cluster, asker, more, more).await?;
        let then = [(a, pings_a), (asker, more), (b, pings_b)];
        all_show(cluster, ALL, &then, SOON, "all have the pings").await?;
        totals_are(
            cluster,
            ask(cluster, asker).await?,
            pings_a + more + pings_b,
        )
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
        all_show(cluster, &all, &first, SOON, "all have the pings").await?;

        cluster.step(format!("{paused} is paused, and {dead} is killed."));
        cluster.pause(paused).await?;
        cluster.kill(dead).await?;

        cluster.step(format!("Ask {asker}'s producer to ask everyone."));
        if !cluster.list(asker).await?.contains(paused) {
            return Err(Stop::inconclusive(format!(
                "{asker} took the paused {paused} for down before it was asked."
            )));
        }
        let everyone = ask(cluster, asker).await?;
        let (totals, failed) = (short(&everyone.totals), short(&everyone.failed));
        let answer = answer_in_words(&everyone);
        let wrong = |expected: &str| {
            let why = "A node that does not answer is not a node without pings. Whoever reads the answer must see \
                       which totals are missing, or will take a part for the whole.";
            Err(Stop::from(cluster.failed(answer.clone(), expected).because(why)))
        };
        if [asker, alive].iter().any(|node| totals.get(*node) != Some(&sum)) {
            return wrong(&format!(
                "every node that runs is in the answer with its current total, {sum} at {asker} and {alive}"
            ));
        }
        if totals.contains_key(paused) || !failed.contains_key(paused) {
            return wrong(&format!(
                "every node is in the answer: {paused}, connected and silent, is among those that failed, and has no total"
            ));
        }
        if totals.contains_key(dead) {
            return wrong(&format!(
                "every node is in the answer as it is: {dead} is dead and has no total"
            ));
        }
        if let Some(both) = totals.keys().find(|node| failed.contains_key(*node)) {
            return wrong(&format!("{EVERY_NODE}, not both as {both}"));
        }
        Ok(())
    })
    .await
}

pub(super) async fn answers_in_time(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let all = ["n1", "n2", "n3", "n4", "n5"];
    let [asker, sender, silent @ ..] = draw.cast(all);
    let silent: [&str; 3] = sorted(silent);
    let pings = draw.number(1..=5);
    Cluster::tell(cx, &all, Options::default(), async |cluster| {
        cluster.step(format!(
            "{sender} sends {}; all have {}.",
            count_of(pings, "ping"),
            it_or_them(pings)
        ));
        send_pings(cluster, sender, pings, pings).await?;
        all_show(cluster, &all, &[(sender, pings)], SOON, "all have the pings").await?;

        let [one, two, three] = silent;
        cluster.step(format!("{one}, {two} and {three} are paused."));
        for node in silent {
            cluster.pause(node).await?;
        }
        cluster.step(format!("Ask {asker}'s producer to ask everyone."));
        let everyone = ask(cluster, asker).await?;
        let (totals, failed) = (short(&everyone.totals), short(&everyone.failed));
        let complete = silent
            .iter()
            .all(|node| failed.contains_key(*node) && !totals.contains_key(*node))
            && [asker, sender]
                .iter()
                .all(|node| totals.get(*node) == Some(&pings));
        if !complete {
            let expected = format!(
                "{EVERY_NODE}: {asker} and {sender} with a total of {pings}, the paused ones as failed"
            );
            return Err(cluster
                .failed(answer_in_words(&everyone), expected)
                .into());
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
    let why = format!(
        "Who asks waits for the answer, and cannot do without one for longer than ASK_WITHIN, {} s. \
         A node that is silent may never answer, so the time limit must be the asker's.",
        ASK_WITHIN.as_secs()
    );
    let everyone: Everyone = match asked {
        Ok(everyone) => everyone,
        Err(unanswered) if matches!(unanswered.error, CallError::Timeout(_)) => {
            return Err(Stop::from(unanswered)).because(why);
        }
        Err(unanswered) => return Err(unanswered.into()),
    };
    let took = begun.elapsed();
    if took > IN_TIME {
        cluster.healthy().await?;
        let seen = format!(
            "{node}'s producer answered AskEveryone after {:.1} s",
            took.as_secs_f32()
        );
        let expected = format!(
            "the answer comes in time: within {} s, and a little more on a busy machine",
            ASK_WITHIN.as_secs()
        );
        return Err(cluster.failed(seen, expected).because(why).into());
    }
    Ok(everyone)
}

/// Each node is in the answer, and with this total.
fn totals_are(cluster: &Cluster<'_>, everyone: Everyone, total: u64) -> Told {
    let expected: Counts = ALL.iter().map(|node| ((*node).to_owned(), total)).collect();
    if short(&everyone.totals) == expected && everyone.failed.is_empty() {
        return Ok(());
    }
    let sentence = format!(
        "every node is in the answer with its current total: {}",
        shown(&expected)
    );
    let why = "The one that asks is a node like the others; and what a node said earlier is not what it would say now.";
    Err(cluster
        .failed(answer_in_words(&everyone), sentence)
        .because(why)
        .into())
}

fn short<T: Clone>(by_node: &BTreeMap<NodeName, T>) -> BTreeMap<String, T> {
    by_node
        .iter()
        .map(|(node, value)| (node.short().to_owned(), value.clone()))
        .collect()
}

fn answer_in_words(everyone: &Everyone) -> String {
    let failed: Vec<String> = short(&everyone.failed)
        .into_iter()
        .map(|(node, why)| format!("{node} ({})", shortened(&why, LONGEST_REASON)))
        .collect();
    let failed = if failed.is_empty() {
        "none".to_owned()
    } else {
        failed.join(", ")
    };
    let totals = short(&everyone.totals);
    let totals = if totals.is_empty() {
        "none".to_owned()
    } else {
        shown(&totals)
    };
    format!("the answer holds these totals: {totals}; and these failed: {failed}")
}
