//! Part 1, ping pong: its scenarios.
//!
//! Each is a story of two to five nodes. Which node has which part in it, and how many pings it
//! sends, is drawn; where a mistake could show for the smaller name only, or for the larger one,
//! the story has both. A count that is 0 and one that is missing are the same to us: nobody has
//! told the learner which to keep.

mod broadcast;
mod crash;
mod diagnosis;
mod everyone;
mod lost_count;
mod messages;
mod netsplit;
mod told;

use std::collections::BTreeMap;
use std::time::Duration;

use ciborium::Value;
use runtime::net::faults::{Action, Kind, PatternKind, Rule};
use runtime::wire;

use messages::{CONSUMER, ConsumerMsg, PRODUCER, ProducerMsg};
use testkit::cluster::{Cluster, RuleHandle, Unanswered, Unmet, message_in_words};
use testkit::part::Part;
use testkit::scenario::{DEADLINE, Scenario, Told};
use testkit::verdict::Failure;

/// What follows from a message that is under way already comes within this time, however busy the
/// machine; as a rule it takes milliseconds.
const SOON: Duration = Duration::from_secs(5);

/// How long a restarted server may take to know again what it knew.
const RECOVERY: Duration = Duration::from_secs(3);

/// The nodes of most stories.
const ALL: &[&str] = &["n1", "n2", "n3"];

/// All that the checker knows of this part.
pub fn part() -> Part {
    Part::read(
        include_str!("../part.toml"),
        include_str!("../hints.md"),
        SCENARIOS,
        diagnosis::MISTAKES,
    )
}

/// The scenarios of part 1, in the order of its problems.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "part1-broadcast",
        problem: 1,
        title: "a ping reaches every connected consumer, and SendPing answers the number of the ping",
        property: "A ping reaches every consumer that is connected, its own node's too, also one that came late.",
        deadline: DEADLINE,
        run: |cx| Box::pin(broadcast::reaches_every_connected_consumer(cx)),
    },
    Scenario {
        id: "part1-twice",
        problem: 1,
        title: "a ping that is delivered twice counts once",
        property: "Receiving is idempotent: a ping that is delivered twice counts once, and one that comes late undoes nothing.",
        deadline: DEADLINE,
        run: |cx| Box::pin(broadcast::delivered_twice_counts_once(cx)),
    },
    Scenario {
        id: "part1-disconnected",
        problem: 1,
        title: "a node that was disconnected on purpose stays disconnected",
        property: "A broadcast goes to the nodes that are connected, and connects no others.",
        deadline: DEADLINE,
        run: |cx| Box::pin(broadcast::disconnected_stays_disconnected(cx)),
    },
    Scenario {
        id: "part1-hidden",
        problem: 1,
        title: "a hidden node gets no pings",
        property: "Hidden nodes look on and are not part of the cluster: a broadcast passes them by.",
        deadline: DEADLINE,
        run: |cx| Box::pin(broadcast::hidden_node_gets_none(cx)),
    },
    Scenario {
        id: "part1-at-once",
        problem: 1,
        title: "SendPing answers at once, though a node is paused",
        property: "A cast waits for nobody: one silent node does not hold up the pings of the others.",
        deadline: DEADLINE,
        run: |cx| Box::pin(broadcast::answers_at_once(cx)),
    },
    Scenario {
        id: "part1-everyone",
        problem: 2,
        title: "every node appears with its current total, the asking one too",
        property: "The answer holds the total of every node, as it is now.",
        deadline: DEADLINE,
        run: |cx| Box::pin(everyone::appears_with_its_current_total(cx)),
    },
    Scenario {
        id: "part1-dead-and-paused",
        problem: 2,
        title: "with a dead and a paused node, the producer answers, and every node is accounted for",
        property: "A node that cannot answer is named as failed: it is neither forgotten nor guessed at.",
        deadline: DEADLINE,
        run: |cx| Box::pin(everyone::names_dead_and_paused(cx)),
    },
    Scenario {
        id: "part1-three-silent",
        problem: 2,
        title: "three silent nodes cost no more than one: the answer comes in time",
        property: "Asked side by side, any number of silent nodes costs one time limit.",
        deadline: DEADLINE,
        run: |cx| Box::pin(everyone::answers_in_time(cx)),
    },
    Scenario {
        id: "part1-regains",
        problem: 3,
        title: "a restarted consumer regains every count, with the ping that was lost",
        property: "A consumer that crashed regains all counts within 3 s, without a new ping.",
        deadline: DEADLINE,
        run: |cx| Box::pin(crash::regains_every_count(cx)),
    },
    Scenario {
        id: "part1-silent-producer",
        problem: 3,
        title: "a producer that is silent does not withhold the counts of the others",
        property: "What one producer does not answer holds up nothing that the others do.",
        deadline: DEADLINE,
        run: |cx| Box::pin(crash::silent_producer_withholds_nothing(cx)),
    },
    Scenario {
        id: "part1-late-answer",
        problem: 3,
        title: "a late answer does not overwrite a newer ping",
        property: "What is older does not overwrite what is newer, in whatever order they arrive.",
        deadline: DEADLINE,
        run: |cx| Box::pin(crash::late_answer_overwrites_nothing(cx)),
    },
    Scenario {
        id: "part1-partition",
        problem: 4,
        title: "after a partition both sides learn each other's counts",
        property: "After a partition has healed, both sides know all counts, without a new ping.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::heals_after_partition(cx)),
    },
    Scenario {
        id: "part1-blackhole",
        problem: 4,
        title: "after a silence both sides learn each other's counts",
        property: "After a silence that both sides took for death, both know all counts again.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::heals_after_blackhole(cx)),
    },
    Scenario {
        id: "part1-newcomers",
        problem: 4,
        title: "of a late and a restarted node, both sides know the counts of the others",
        property: "A node that comes late, or comes again with nothing in its memory, learns what it missed.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::newcomers_learn(cx)),
    },
    Scenario {
        id: "part1-crash-in-split",
        problem: 5,
        title: "a consumer that crashed during the split knows all counts after the heal",
        property: "A crash and a netsplit at once leave no count behind after the heal.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::crash_during_split(cx)),
    },
    Scenario {
        id: "part1-lost-count",
        problem: 6,
        title: "a restarted producer goes on counting where it was",
        property: "A producer's memory is in its consumers: after a crash it goes on counting where it was.",
        deadline: DEADLINE,
        run: |cx| Box::pin(lost_count::goes_on_counting(cx)),
    },
    Scenario {
        id: "part1-lost-count-twice",
        problem: 6,
        title: "a producer that crashed along with its consumer goes on counting, while the others answer slowly",
        property: "What any surviving consumer has seen is not counted again, however slowly it answers.",
        deadline: DEADLINE,
        run: |cx| Box::pin(lost_count::goes_on_counting_from_whoever_knows(cx)),
    },
];

/// Counts by the short names of nodes, without those that are 0.
type Counts = BTreeMap<String, u64>;

fn counts(expected: &[(&str, u64)]) -> Counts {
    expected
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(node, count)| (node.to_string(), *count))
        .collect()
}

/// `{n1: 3, n2: 5}`, as people read it.
fn shown(counts: &Counts) -> String {
    if counts.is_empty() {
        return "no counts at all".into();
    }
    // A cluster has five nodes at most; whatever shows more has gone astray.
    const MOST: usize = 12;
    let mut shown: Vec<String> = counts
        .iter()
        .take(MOST)
        .map(|(node, count)| format!("{node}: {count}"))
        .collect();
    if counts.len() > MOST {
        shown.push(format!("and {} more", counts.len() - MOST));
    }
    format!("{{{}}}", shown.join(", "))
}

/// What a node's consumer shows.
async fn shows(cluster: &Cluster<'_>, node: &str) -> Result<Counts, Unanswered> {
    let counts: BTreeMap<runtime::NodeName, u64> =
        cluster.call(node, &CONSUMER, ConsumerMsg::Counts).await?;
    Ok(counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(node, count)| (node.short().to_owned(), count))
        .collect())
}

/// Names in their order. The cast is drawn, and who stands beside whom is not.
fn sorted<const N: usize>(mut names: [&str; N]) -> [&str; N] {
    names.sort_unstable();
    names
}

/// The highest of some counts.
fn highest(counts: &[(&str, u64)]) -> u64 {
    counts.iter().map(|(_, count)| *count).max().unwrap_or(0)
}

/// How a sentence goes on about so many pings.
fn it_or_them(pings: u64) -> &'static str {
    if pings == 1 { "it" } else { "them" }
}

/// A fault on the ping of this number from one node to another.
fn ping(cluster: &Cluster<'_>, action: Action, from: &str, to: &str, number: u64) -> Rule {
    Rule::new(action)
        .from(&cluster.name(from))
        .to(&cluster.name(to))
        .kind(PatternKind::Cast)
        .message("Ping")
        .matching(move |message| ping_number(message) == Some(number))
        .times(1)
}

/// The number in an encoded `Ping { from, count }`.
fn ping_number(message: &Value) -> Option<u64> {
    let (_, fields) = message.as_map()?.first()?;
    let (_, count) = fields
        .as_map()?
        .iter()
        .find(|(name, _)| name.as_text() == Some("count"))?;
    u64::try_from(count.as_integer()?).ok()
}

/// Has producers send their first pings, so many each.
async fn first_pings(cluster: &Cluster<'_>, pings: &[(&str, u64)]) -> Told {
    for (node, pings) in pings {
        send_pings(cluster, node, *pings, *pings).await?;
    }
    Ok(())
}

/// Has a node's producer send pings; the last is to be number `last`.
async fn send_pings(cluster: &Cluster<'_>, node: &str, pings: u64, last: u64) -> Told {
    for number in last + 1 - pings..=last {
        let answer: u64 = cluster.call(node, &PRODUCER, ProducerMsg::SendPing).await?;
        if answer != number {
            return Err(number_failure(cluster, node, answer, number).into());
        }
    }
    Ok(())
}

/// Waits until a fault on a single ping has bitten. Where it has not, the pings may no longer be
/// those that were given.
async fn caught_one(cluster: &Cluster<'_>, rule: &RuleHandle<'_>) -> Told {
    let caught = rule.await_hits(1, SOON).await;
    if caught.is_err() {
        pings_are_as_given(cluster)?;
    }
    caught
}

/// What the producers sent to the consumers of other nodes is the `Ping` of protocol.rs.
fn pings_are_as_given(cluster: &Cluster<'_>) -> Told {
    let mut others = None;
    let mut pings = 0;
    let casts = cluster.frames().kind(Kind::Cast).of_programs();
    let to_consumers = casts.filter(|frame| frame.server.as_deref() == Some(CONSUMER.as_str()));
    for (_, frame) in to_consumers.iter() {
        let (from, to) = (frame.from.short(), frame.to.short());
        let Some(payload) = cluster.payload(frame) else {
            continue;
        };
        if frame.message.as_deref() != Some("Ping") {
            let said = message_in_words(&payload);
            others.get_or_insert_with(|| {
                format!("{from} sent {to}'s consumer `{said}`, and no `Ping` to anybody")
            });
            continue;
        }
        pings += 1;
        if let Err(why) = wire::decode::<ConsumerMsg>(&payload) {
            let said = message_in_words(&payload);
            return Err(not_as_given(
                cluster,
                format!("{from} sent {to}'s consumer `{said}`: {why}"),
            )
            .into());
        }
    }
    match others {
        Some(seen) if pings == 0 => Err(not_as_given(cluster, seen).into()),
        _ => Ok(()),
    }
}

fn not_as_given(cluster: &Cluster<'_>, seen: String) -> Failure {
    cluster
        .failed(
            seen,
            "a ping is the message `Ping` as it was given in protocol.rs, with `from`, a node's name, and `count`, a number",
        )
        .because(
            "Nodes of a cluster are not all built on one day: what one sends, others must understand. \
             The messages that are marked as graded are such an agreement.",
        )
}

fn number_failure(cluster: &Cluster<'_>, node: &str, answer: u64, number: u64) -> Failure {
    cluster
        .failed(
            format!("{node}'s producer answered SendPing with {answer}"),
            format!("SendPing answers the number of the ping, which is {number} here"),
        )
        .because(
            "Whoever sent the ping, and every consumer, must mean the same one by the same number.",
        )
}

/// Waits until the consumers of these nodes show exactly these counts.
///
/// `claim` says in words what is claimed; the counts are added to it.
async fn all_show(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    expected: &[(&str, u64)],
    within: Duration,
    claim: &str,
) -> Told {
    let expected = counts(expected);
    let sentence = format!(
        "{claim} (wanted on {}: {})",
        nodes.join(", "),
        shown(&expected)
    );
    cluster
        .eventually(within, sentence, async || {
            for node in nodes {
                let seen = shows(cluster, node).await?;
                if seen != expected {
                    return Err(Unmet::at(
                        node,
                        format!("{node}'s consumer shows {}", shown(&seen)),
                    ));
                }
            }
            Ok(())
        })
        .await
}

/// After everything has come to rest: the consumers of these nodes still show exactly these counts.
async fn still_show(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    expected: &[(&str, u64)],
    claim: &str,
) -> Told {
    cluster.quiesce().await?;
    let expected = counts(expected);
    for node in nodes {
        let seen = shows(cluster, node).await?;
        if seen != expected {
            let sentence = format!("{claim} (wanted on {node}: {})", shown(&expected));
            return Err(cluster
                .failed(
                    format!("{node}'s consumer shows {}", shown(&seen)),
                    sentence,
                )
                .into());
        }
    }
    Ok(())
}
