//! What a node knows of another must have come to it over the network.
//!
//! The nodes of a scenario run on one machine, so a file, or a socket of the program's own, could
//! pass on what a message should. The record tells the two apart: it holds every message that a
//! node received.

use std::time::Duration;

use ciborium::Value;
use runtime::net::faults::{FrameSeen, Kind};
use runtime::{NodeName, wire};
use tokio::time::sleep;

use crate::consumers::{Wanted, await_each, shows};
use crate::fact::Counts;
use testkit::cluster::{Cluster, Explained, Mark, Unmet};
use testkit::scenario::Told;

/// Long enough for a program whose nodes compare their counts past the network now and then.
pub(super) const WATCH_TIME: Duration = Duration::from_millis(500);

/// A count, and who must learn it after a moment.
#[derive(Clone, Copy)]
pub(super) struct News<'a> {
    /// The node whose consumer learns.
    pub(super) learner: &'a str,
    /// The node whose count it is, and the count. No other number that is sent is as high.
    pub(super) count: (&'a str, u64),
    /// When the learner did not know it yet.
    pub(super) since: Mark,
}

impl News<'_> {
    /// If the learner's consumer shows the count, a message that came since then could have told it.
    pub(super) async fn was_told(self, cluster: &Cluster<'_>) -> Told {
        let seen = shows(cluster, self.learner).await?;
        self.accounts_for(cluster, &seen).await
    }

    /// The same for what the consumer has just shown.
    async fn accounts_for(self, cluster: &Cluster<'_>, seen: &Counts) -> Told {
        let (of, count) = self.count;
        let shown = seen.get(of).copied().unwrap_or(0);
        if shown < count || self.could_be_known(cluster).await {
            return Ok(());
        }
        let seen = format!("{}'s consumer knows {of}: {shown}, and", self.learner);
        let failure = cluster.untold_failure(self.learner, &seen);
        Err(failure.node(self.learner).into())
    }

    /// Whether a message could have told the learner: from any node, in any variant.
    pub(super) async fn could_be_known(self, cluster: &Cluster<'_>) -> bool {
        /// The record may hold a message a little after it arrived.
        const WRITE_DELAY: Duration = Duration::from_millis(50);
        if has_come(cluster, self) {
            return true;
        }
        sleep(WRITE_DELAY).await;
        has_come(cluster, self)
    }
}

/// While nodes are out of another node's reach, none of them learns its count past the network.
pub(super) async fn stay_untold(cluster: &Cluster<'_>, news: &[News<'_>]) -> Told {
    let claim = "a node learns about another node only over the network";
    let untold = async || {
        for news in news {
            news.was_told(cluster).await.map_err(Unmet::Never)?;
        }
        Ok(())
    };
    cluster.throughout(WATCH_TIME, claim, untold).await
}

/// Waits until each of these consumers shows what is wanted. As soon as one shows news, a message
/// must account for it.
pub(super) async fn learn(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    wanted: &Wanted,
    news: &[News<'_>],
    within: Duration,
    (claim, why): (&str, &str),
) -> Told {
    let mut account = Ok(());
    let claim = wanted.claim(claim, nodes);
    let learned = await_each(cluster, nodes, within, claim, async |node, seen| {
        for news in news.iter().filter(|news| news.learner == node) {
            account = news.accounts_for(cluster, &seen).await;
            if account.is_err() {
                return Ok(());
            }
        }
        wanted.compare(node, seen)
    })
    .await;
    account?;
    learned.because(why)
}

fn has_come(cluster: &Cluster<'_>, news: News<'_>) -> bool {
    let nodes = cluster.everyone();
    let says = |frame: &FrameSeen| {
        let is_message = matches!(frame.kind, Kind::Cast | Kind::Call | Kind::Answer);
        let is_of_cluster = nodes.iter().any(|node| node == frame.from.short());
        // A message that the record no longer holds may have said anything.
        let says = || match cluster.payload(frame) {
            Some(payload) => {
                wire::decode(&payload).map_or(true, |said| may_say(&said, news.count.1))
            }
            None => true,
        };
        is_message && is_of_cluster && frame.delivered_at.is_some() && says()
    };
    !cluster
        .since(news.since)
        .to(news.learner)
        .filter(says)
        .is_empty()
}

/// Whether a message may tell a count: by a number that is no lower, by digits in a text, or by
/// bytes that only the program understands.
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
    fn number_that_is_no_lower_may_tell_a_count() {
        check(ping(5), true);
        check(ping(6), true);
        check(ping(4), false);
        check(Value::Map(vec![("Count".into(), Value::Null)]), false);
    }

    #[test]
    fn text_with_digits_and_bytes_may_tell_a_count() {
        check(Value::Bytes(vec![5]), true);
        check("n1 has 5".into(), true);
        check("n5@127.0.0.1".into(), false);
        check(Value::Array(vec![1.into(), Value::Bytes(vec![])]), false);
    }
}
