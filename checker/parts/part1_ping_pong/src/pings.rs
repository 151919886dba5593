//! Pings: how a scenario has them sent, and the faults on single ones.

use ciborium::Value;
use runtime::net::faults::{Action, Kind, PatternKind, Rule};
use runtime::wire;

use crate::SOON;
use crate::fact::Fact;
use crate::messages::{CONSUMER, ConsumerMsg, PRODUCER, ProducerMsg};
use testkit::cluster::{Cluster, RuleHandle, message_in_words};
use testkit::scenario::{Stop, Told};
use testkit::verdict::Failure;

/// Why a ping has one number.
const WHY_NUMBERED: &str =
    "The caller and every consumer tell pings apart by their numbers, so a ping has one number.";

/// A fault on the ping of this number from one node to another.
pub(super) fn ping(
    cluster: &Cluster<'_>,
    action: Action,
    from: &str,
    to: &str,
    number: u64,
) -> Rule {
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
pub(super) async fn first_pings(cluster: &Cluster<'_>, pings: &[(&str, u64)]) -> Told {
    for (node, pings) in pings {
        send_pings(cluster, node, *pings, *pings).await?;
    }
    Ok(())
}

/// Has a node's producer send pings; the last must be number `last`.
pub(super) async fn send_pings(cluster: &Cluster<'_>, node: &str, pings: u64, last: u64) -> Told {
    for number in last + 1 - pings..=last {
        let answer: u64 = cluster.call(node, &PRODUCER, ProducerMsg::SendPing).await?;
        number_is(cluster, node, answer, number)?;
    }
    Ok(())
}

/// Has a node's producer send three pings at once; the last must be number `last`.
pub(super) async fn send_three_at_once(cluster: &Cluster<'_>, node: &str, last: u64) -> Told {
    let send = async || {
        cluster
            .call::<_, u64>(node, &PRODUCER, ProducerMsg::SendPing)
            .await
    };
    let (one, two, three) = tokio::join!(send(), send(), send());
    let mut answers = [one?, two?, three?];
    answers.sort_unstable();
    if answers == [last - 2, last - 1, last] {
        return Ok(());
    }
    let in_words = |[one, two, three]: [u64; 3]| format!("{one}, {two} and {three}");
    Err(cluster
        .failed(
            format!(
                "{node}'s producer answered three simultaneous SendPing calls with {}",
                in_words(answers)
            ),
            format!(
                "each ping has a number of its own: {}",
                in_words([last - 2, last - 1, last])
            ),
        )
        .node(node)
        .because(WHY_NUMBERED)
        .into())
}

/// Sends consumers a ping of this number in the name of a node's producer. So counts become larger
/// than pings can be sent in a scenario.
pub(super) async fn send_in_the_name_of(
    cluster: &Cluster<'_>,
    from: &str,
    number: u64,
    consumers: &[&str],
) -> Told {
    for node in consumers {
        let ping = ConsumerMsg::Ping {
            from: cluster.name(from),
            count: number,
        };
        cluster.cast(node, &CONSUMER, ping).await?;
    }
    Ok(())
}

/// SendPing was answered with the number of the ping.
pub(super) fn number_is(cluster: &Cluster<'_>, node: &str, answer: u64, wanted: u64) -> Told {
    if answer == wanted {
        return Ok(());
    }
    let expected = format!("SendPing answers with the number of the ping, here {wanted}");
    let failure = number_failure(cluster, node, answer, wanted, expected);
    Err(failure.because(WHY_NUMBERED).into())
}

/// The failure of a producer that gave a ping a wrong number.
pub(super) fn number_failure(
    cluster: &Cluster<'_>,
    node: &str,
    answer: u64,
    wanted: u64,
    expected: String,
) -> Failure {
    let fact = Fact::PingNumber {
        node: node.to_owned(),
        answer,
        wanted,
    };
    let seen = format!("{node}'s producer answered SendPing with {answer}");
    cluster.failed(seen, expected).node(node).fact(&fact)
}

/// Waits until a fault on a single ping has taken effect. If it has not, the pings may no longer
/// be the given ones.
pub(super) async fn took_effect(cluster: &Cluster<'_>, rule: &RuleHandle<'_>) -> Told {
    let caught = rule.await_hits(1, SOON).await;
    if caught.is_err() {
        pings_are_as_given(cluster)?;
    }
    caught
}

/// What the producers sent to the consumers of other nodes is the `Ping` of protocol.rs.
pub(super) fn pings_are_as_given(cluster: &Cluster<'_>) -> Told {
    let mut other_message = None;
    let mut pings = 0;
    let casts = cluster.frames().kind(Kind::Cast).of_programs();
    let to_consumers = casts.filter(|frame| frame.server.as_deref() == Some(CONSUMER.as_str()));
    for (_, frame) in to_consumers.iter() {
        let (from, to) = (frame.from.short(), frame.to.short());
        let Some(payload) = cluster.payload(frame) else {
            continue;
        };
        let sent = || {
            format!(
                "{from} sent {to}'s consumer `{}`",
                message_in_words(&payload)
            )
        };
        if frame.message.as_deref() != Some("Ping") {
            other_message.get_or_insert_with(|| (from.to_owned(), sent()));
            continue;
        }
        pings += 1;
        if let Err(why) = wire::decode::<ConsumerMsg>(&payload) {
            return Err(not_as_given(cluster, from, format!("{}: {why}", sent())));
        }
    }
    match other_message {
        Some((from, sent)) if pings == 0 => {
            let seen = format!("{sent}, and no node sent a `Ping`");
            Err(not_as_given(cluster, &from, seen))
        }
        _ => Ok(()),
    }
}

fn not_as_given(cluster: &Cluster<'_>, from: &str, seen: String) -> Stop {
    cluster
        .failed(
            seen,
            "a ping is the message `Ping` as protocol.rs gives it, with `from`, a node's name, and `count`, a number",
        )
        .node(from)
        .because(
            "The nodes of a cluster run different versions of a program. Each must understand what the others send, so \
             they agree on the messages that are marked as graded.",
        )
        .into()
}

/// How a sentence goes on about so many pings.
pub(super) fn it_or_them(pings: u64) -> &'static str {
    if pings == 1 { "it" } else { "them" }
}
