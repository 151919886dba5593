//! Problem 2: one question to all nodes, answered in time whatever state they are in.

use std::collections::BTreeMap;
use std::time::Duration;

use runtime::{CallError, NodeName};
use tokio::time::Instant;

use super::messages::{ASK_WITHIN, Everyone, PRODUCER, ProducerMsg};
use super::{Counts, SOON, all_show, send_pings, shown};
use crate::cluster::{Cluster, Explained, Options};
use crate::scenario::{Context, Stop, Told};

/// What the answer may take: the limit that the exercise gives, and as much again and a little
/// for a busy machine. Two limits one after the other do not fit twice.
const IN_TIME: Duration = Duration::from_millis(2500);

/// How much is shown of the reason for which a node failed, in characters.
const LONGEST_REASON: usize = 80;

const EVERY_NODE: &str = "every node is in the answer, as a total or as failed";

pub(super) async fn appears_with_its_current_total(cx: &Context) -> Told {
    Cluster::tell(
        cx,
        &["n1", "n2", "n3"],
        Options::default(),
        async |cluster| {
            cluster.step("n1 sends two pings and n3 five; all have them.");
            send_pings(cluster, "n1", 2, 2).await?;
            send_pings(cluster, "n3", 5, 5).await?;
            all_show(
                cluster,
                &["n1", "n2", "n3"],
                &[("n1", 2), ("n3", 5)],
                SOON,
                "all have the pings",
            )
            .await?;
            cluster.step("Ask n2's producer to ask everyone.");
            totals_are(
                cluster,
                ask(cluster, "n2").await?,
                &[("n1", 7), ("n2", 7), ("n3", 7)],
            )?;

            cluster.step("n2 sends four pings, and everyone is asked again.");
            send_pings(cluster, "n2", 4, 4).await?;
            all_show(
                cluster,
                &["n1", "n2", "n3"],
                &[("n1", 2), ("n2", 4), ("n3", 5)],
                SOON,
                "all have the pings",
            )
            .await?;
            totals_are(
                cluster,
                ask(cluster, "n2").await?,
                &[("n1", 11), ("n2", 11), ("n3", 11)],
            )
        },
    )
    .await
}

pub(super) async fn names_dead_and_paused(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2", "n3", "n4"], Options::default(), async |cluster| {
        cluster.step("n1 sends three pings and n4 one; all have them.");
        send_pings(cluster, "n1", 3, 3).await?;
        send_pings(cluster, "n4", 1, 1).await?;
        all_show(cluster, &["n1", "n2", "n3", "n4"], &[("n1", 3), ("n4", 1)], SOON, "all have the pings").await?;

        cluster.step("n3 is paused, and n4 is killed.");
        cluster.pause("n3").await?;
        cluster.kill("n4").await?;

        cluster.step("Ask n1's producer to ask everyone.");
        if !cluster.list("n1").await?.contains("n3") {
            return Err(Stop::inconclusive("n1 took the paused n3 for down before it was asked."));
        }
        let everyone = ask(cluster, "n1").await?;
        let (totals, failed) = (short(&everyone.totals), short(&everyone.failed));
        let answer = answer_in_words(&everyone);
        let wrong = |expected: &str| {
            let why = "A node that does not answer is not a node without pings. Whoever reads the answer must see \
                       which totals are missing, or will take a part for the whole.";
            Err(Stop::from(cluster.failed(answer.clone(), expected).because(why)))
        };
        if totals.get("n1") != Some(&4) || totals.get("n2") != Some(&4) {
            return wrong("every node that runs is in the answer with its current total, 4 at n1 and n2");
        }
        if totals.contains_key("n3") || !failed.contains_key("n3") {
            return wrong("every node is in the answer: n3, connected and silent, is among those that failed, and has no total");
        }
        if totals.contains_key("n4") {
            return wrong("every node is in the answer as it is: n4 is dead and has no total");
        }
        if let Some(both) = totals.keys().find(|node| failed.contains_key(*node)) {
            return wrong(&format!("{EVERY_NODE}, not both as {both}"));
        }
        Ok(())
    })
    .await
}

pub(super) async fn answers_in_time(cx: &Context) -> Told {
    Cluster::tell(
        cx,
        &["n1", "n2", "n3", "n4", "n5"],
        Options::default(),
        async |cluster| {
            cluster.step("n5 sends three pings; all have them.");
            send_pings(cluster, "n5", 3, 3).await?;
            all_show(
                cluster,
                &["n1", "n2", "n3", "n4", "n5"],
                &[("n5", 3)],
                SOON,
                "all have the pings",
            )
            .await?;

            cluster.step("n1, n2 and n3 are paused.");
            for node in ["n1", "n2", "n3"] {
                cluster.pause(node).await?;
            }
            cluster.step("Ask n4's producer to ask everyone.");
            let everyone = ask(cluster, "n4").await?;
            let (totals, failed) = (short(&everyone.totals), short(&everyone.failed));
            let complete = ["n1", "n2", "n3"]
                .iter()
                .all(|node| failed.contains_key(*node) && !totals.contains_key(*node))
                && totals.get("n4") == Some(&3)
                && totals.get("n5") == Some(&3);
            if !complete {
                return Err(cluster
                    .failed(
                        answer_in_words(&everyone),
                        format!(
                            "{EVERY_NODE}: n4 and n5 with a total of 3, the paused ones as failed"
                        ),
                    )
                    .into());
            }
            Ok(())
        },
    )
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

fn totals_are(cluster: &Cluster<'_>, everyone: Everyone, expected: &[(&str, u64)]) -> Told {
    let expected: Counts = expected
        .iter()
        .map(|(node, total)| (node.to_string(), *total))
        .collect();
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
        .map(|(node, why)| {
            let why: String = why.chars().take(LONGEST_REASON).collect();
            format!("{node} ({why})")
        })
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
