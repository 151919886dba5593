//! Problem 1: a value that is written on one node is soon on all, and the newest value wins.

use runtime::net::faults::{Action, PatternKind, Rule};
use testkit::cluster::{Cluster, Explained, Options, Unanswered, Unmet};
use testkit::scenario::{Context, Told};

use crate::fact::Fact;
use crate::messages::{REGISTER, RegisterMsg};
use crate::{ALL, SOON};

pub(crate) async fn newest_wins(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [first, second, late] = draw.cast(ALL);
    // The newer value is the lower one: a register that keeps the greatest value is wrong.
    let [old, new] = [draw.number(500..=999), draw.number(1..=499)];
    Cluster::tell(cx, &ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{old} is written on {first}; the network holds back what {first} sends to {late}."
        ));
        let cast = Rule::new(Action::Hold)
            .from(&cluster.name(first))
            .to(&cluster.name(late))
            .kind(PatternKind::Cast);
        let held = cluster.rule(cast);
        write(cluster, first, old).await?;
        held.await_hits(1, SOON).await?;
        let claim = "a value that is written on one node is soon on every connected node";
        all_show(cluster, &[first, second], old, claim).await?;

        cluster.step(format!("{new} is written on {second}."));
        write(cluster, second, new).await?;
        all_show(cluster, &ALL, new, claim).await?;

        cluster.step(format!("What was held back arrives at {late}."));
        held.release();
        still_show(cluster, &ALL, new, "an older value that comes late does not undo a newer one")
            .await
            .because("A message that comes later need not be newer. The version says which of two values is newer.")
    })
    .await
}

/// Writes a value on a node.
pub(crate) async fn write(cluster: &Cluster<'_>, node: &str, value: u64) -> Told {
    let message = |reply| RegisterMsg::Write(value, reply);
    Ok(cluster.call(node, &REGISTER, message).await?)
}

/// The value that a node's register shows.
pub(crate) async fn shown(cluster: &Cluster<'_>, node: &str) -> Result<u64, Unanswered> {
    cluster.call(node, &REGISTER, RegisterMsg::Read).await
}

/// Once all messages have arrived, the registers of these nodes show a value.
async fn still_show(cluster: &Cluster<'_>, nodes: &[&str], wanted: u64, claim: &str) -> Told {
    cluster.quiesce().await?;
    for node in nodes {
        let seen = shown(cluster, node).await?;
        if seen != wanted {
            let expected = format!("{claim} (here {wanted})");
            let failure = cluster.failed_at(node, format!("{node} shows {seen}"), expected);
            let node = (*node).to_owned();
            let fact = Fact::Value { node, seen, wanted };
            return Err(failure.fact(&fact).into());
        }
    }
    Ok(())
}

/// Waits until the registers of these nodes show a value.
async fn all_show(cluster: &Cluster<'_>, nodes: &[&str], wanted: u64, claim: &str) -> Told {
    let claim = format!("{claim} (here {wanted})");
    let look = async || {
        for node in nodes {
            let seen = shown(cluster, node).await?;
            if seen != wanted {
                let node = (*node).to_owned();
                let unmet = Unmet::at(&node, format!("{node} shows {seen}"));
                return Err(unmet.fact(&Fact::Value { node, seen, wanted }));
            }
        }
        Ok(())
    };
    cluster.eventually(SOON, claim, look).await
}
