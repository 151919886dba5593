//! What a node knows of another must have come to it over the network.
//!
//! The nodes of a scenario run on one machine, so that a file would pass on what a message should.
//! The record tells the two apart: it holds all that came to a node.

use std::time::Duration;

use ciborium::Value;
use runtime::net::faults::{FrameSeen, Kind};
use runtime::{NodeName, wire};
use tokio::time::sleep;

use super::{Counts, SOON, counts, shown, shows};
use testkit::cluster::{Cluster, Explained, Mark, Unmet};
use testkit::scenario::Told;

/// Whoever tells other nodes past the network, at times of its own, does so meanwhile.
pub(super) const WATCHED: Duration = Duration::from_millis(500);

/// Where a consumer shows a count of another node that was reached after `since`, a message could
/// have told it.
pub(super) async fn was_told(
    cluster: &Cluster<'_>,
    node: &str,
    (of, count): (&str, u64),
    since: Mark,
) -> Told {
    let seen = shows(cluster, node).await?;
    accounted_for(cluster, node, &seen, (of, count), since).await
}

/// The same of what a consumer has just shown.
pub(super) async fn accounted_for(
    cluster: &Cluster<'_>,
    node: &str,
    seen: &Counts,
    (of, count): (&str, u64),
    since: Mark,
) -> Told {
    let shown = seen.get(of).copied().unwrap_or(0);
    if shown < count || could_know(cluster, node, count, since).await {
        return Ok(());
    }
    let seen = format!("{node}'s consumer knows {of}: {shown}, and");
    Err(cluster.untold_failure(node, &seen).into())
}

/// While nodes are out of a node's reach, they know no count of it that no message could have told
/// them.
pub(super) async fn stay_untold(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    known: (&str, u64),
    since: Mark,
) -> Told {
    let claim = "what a node knows of another has come to it over the network";
    let untold = async || {
        for node in nodes {
            let told = was_told(cluster, node, known, since).await;
            told.map_err(Unmet::Never)?;
        }
        Ok(())
    };
    cluster.throughout(WATCHED, claim, untold).await
}

/// Waits until the consumers of these nodes show exactly these counts. Of each that a node is to
/// learn after `since`, a message could have told it before it was seen.
pub(super) async fn learn(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    expected: &[(&str, u64)],
    learned: &[(&str, (&str, u64))],
    since: Mark,
    (claim, why): (&str, &str),
) -> Told {
    let wanted = counts(expected);
    let mut account = Ok(());
    let learned = async || {
        for node in nodes {
            let seen = shows(cluster, node).await?;
            for (_, known) in learned.iter().filter(|(learner, _)| learner == node) {
                account = accounted_for(cluster, node, &seen, *known, since).await;
                if account.is_err() {
                    return Ok(());
                }
            }
            if seen != wanted {
                let seen = format!("{node}'s consumer shows {}", shown(&seen));
                return Err(Unmet::at(node, seen));
            }
        }
        Ok(())
    };
    let claim = format!(
        "{claim} (wanted on {}: {})",
        nodes.join(", "),
        shown(&wanted)
    );
    let told = cluster.eventually(SOON, claim, learned).await;
    account?;
    told.because(why)
}

/// Whether anything has come to a node since then that could have told it a count: from whichever
/// node, in whichever message.
pub(super) async fn could_know(cluster: &Cluster<'_>, node: &str, count: u64, since: Mark) -> bool {
    /// What has arrived may be written down a little later.
    const WRITTEN_DOWN: Duration = Duration::from_millis(50);
    if has_come(cluster, node, count, since) {
        return true;
    }
    sleep(WRITTEN_DOWN).await;
    has_come(cluster, node, count, since)
}

fn has_come(cluster: &Cluster<'_>, node: &str, count: u64, since: Mark) -> bool {
    let nodes = cluster.everyone();
    let says = |frame: &FrameSeen| {
        let is_message = matches!(frame.kind, Kind::Cast | Kind::Call | Kind::Answer);
        let is_of_cluster = nodes.iter().any(|node| node == frame.from.short());
        // What is no longer remembered may have said anything.
        let says = || match cluster.payload(frame) {
            Some(payload) => wire::decode(&payload).map_or(true, |said| may_say(&said, count)),
            None => true,
        };
        is_message && is_of_cluster && frame.delivered_at.is_some() && says()
    };
    !cluster.since(since).to(node).filter(says).is_empty()
}

/// Whether a message may say a count: by a number that is no lower, by digits in a text, or in
/// bytes of its own making.
fn may_say(said: &Value, count: u64) -> bool {
    match said {
        Value::Integer(number) => i128::from(*number) >= i128::from(count),
        Value::Float(number) => *number >= count as f64,
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::Text(text) => {
            text.parse::<NodeName>().is_err() && text.contains(|c: char| c.is_ascii_digit())
        }
        Value::Tag(_, said) => may_say(said, count),
        Value::Array(said) => said.iter().any(|said| may_say(said, count)),
        Value::Map(said) => said
            .iter()
            .any(|(key, value)| may_say(key, count) || may_say(value, count)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(said: Value, expected: bool) {
        assert_eq!(may_say(&said, 5), expected, "{said:?}");
    }

    fn ping(count: u64) -> Value {
        let fields = [
            ("from".into(), "n1@127.0.0.1".into()),
            ("count".into(), count.into()),
        ];
        Value::Map(vec![("Ping".into(), Value::Map(fields.to_vec()))])
    }

    #[test]
    fn message_says_a_count_by_a_number_that_is_no_lower() {
        check(ping(5), true);
        check(ping(6), true);
        check(ping(4), false);
        check(Value::Map(vec![("Count".into(), Value::Null)]), false);
    }

    #[test]
    fn message_may_say_a_count_in_a_way_of_its_own() {
        check(Value::Bytes(vec![5]), true);
        check("n1 has 5".into(), true);
        check("n5@127.0.0.1".into(), false);
        check(Value::Array(vec![1.into(), Value::Bytes(vec![])]), false);
    }
}
