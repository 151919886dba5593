//! Problem 6: a producer that was restarted goes on counting where it was.

use std::time::Duration;

use runtime::net::faults::Action;

use super::messages::{CONSUMER, PRODUCER, ProducerMsg};
use super::{
    ALL, SOON, all_show, caught_one, first_pings, ping, send_pings, shown, shows, sorted, told,
};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{count_of, in_words};

const GOES_ON: &str = "the restarted producer goes on counting where it was";

const WHY: &str = "A number that was used already is ignored by every consumer that has seen it, so those pings are \
                   lost without a trace. What the producer forgot, its consumers still know.";

pub(super) async fn goes_on_counting(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [node, other, _] = draw.cast(["n1", "n2", "n3"]);
    let first = draw.number(2..=4);
    let others = first + draw.number(2..=4);
    let more = draw.number(2..=3);
    let most = others + draw.number(1..=3);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{node} sends {} and {other} {}; all have them.",
            count_of(first, "ping"),
            in_words(others)
        ));
        let before = [(node, first), (other, others)];
        first_pings(cluster, &before).await?;
        all_show(cluster, ALL, &before, SOON, "all have the pings").await?;

        cluster.step(format!("{node}'s producer crashes, and its supervisor starts it again."));
        cluster.crash(node, &PRODUCER).await?;
        cluster.step(format!("{node} sends {}.", count_of(more, "ping")));
        for number in first + 1..=first + more {
            ping_goes_on(cluster, node, number).await?;
        }
        let after = [(node, first + more), (other, others)];
        all_show(cluster, ALL, &after, SOON, GOES_ON).await.because(WHY)?;

        // More than any other count: nothing else that is said could be taken for it.
        let number = most.max(first + more + 1);
        cluster.step(format!(
            "{node} sends {}, and has sent {number} then. It is killed and started again: it remembers nothing.",
            count_of(number - first - more, "more ping")
        ));
        send_pings(cluster, node, number - first - more, number).await?;
        all_show(cluster, ALL, &[(node, number), (other, others)], SOON, "all have the pings").await?;
        let since = cluster.mark();
        cluster.restart(node).await?;
        cluster.step(format!("{node} is connected to the others again. Its producer crashes, and {node} sends a ping."));
        cluster.crash(node, &PRODUCER).await?;
        ping_goes_on(cluster, node, number + 1).await?;
        all_count(cluster, ALL, (node, number + 1)).await?;
        if !told::could_know(cluster, node, number, since).await {
            let seen = format!("{node}'s producer went on after {number}, and");
            return Err(cluster.untold_failure(node, &seen).into());
        }
        Ok(())
    })
    .await
}

pub(super) async fn goes_on_counting_from_whoever_knows(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let all = ["n1", "n2", "n3", "n4"];
    let [node, others @ ..] = draw.cast(all);
    // The one that knows all stands neither first nor last among those that can be asked.
    let [behind, knows, behind_too] = sorted(others);
    let number = draw.number(2..=5);
    Cluster::tell(cx, &all, Options::default(), async |cluster| {
        cluster.step(format!(
            "{node} sends {}, the last of which is lost on the way to {behind} and to {behind_too}.",
            count_of(number, "ping")
        ));
        let lost = [behind, behind_too].map(|to| cluster.rule(ping(cluster, Action::Drop, node, to, number)));
        send_pings(cluster, node, number, number).await?;
        for lost in &lost {
            caught_one(cluster, lost).await?;
        }
        let claim = format!("{knows} has all {}", in_words(number));
        all_show(cluster, &[node, knows], &[(node, number)], SOON, &claim).await?;

        cluster.step(format!("The others become slow to answer; then {node}'s consumer and producer crash, both at once."));
        let slow = Duration::from_millis(250);
        for other in others {
            cluster.delay(other, node, slow, Duration::ZERO);
        }
        cluster.crash_together(node, &[CONSUMER.as_str(), PRODUCER.as_str()]).await?;

        cluster.step(format!("{node} sends two pings; {knows}'s count of {node} never falls meanwhile."));
        let pings = async {
            ping_goes_on(cluster, node, number + 1).await?;
            ping_goes_on(cluster, node, number + 2).await
        };
        tokio::select! { biased;
            sent = pings => sent?,
            fallen = never_falls(cluster, knows, node) => fallen?,
        }
        cluster.heal();
        all_show(cluster, &all, &[(node, number + 2)], SOON, GOES_ON).await.because(WHY)
    })
    .await
}

/// Waits until the consumers of these nodes show this count of a node, whatever they show of others.
async fn all_count(cluster: &Cluster<'_>, nodes: &[&str], (of, count): (&str, u64)) -> Told {
    let wanted = format!("{GOES_ON} (wanted on all: {of}: {count})");
    let counted = async || {
        for node in nodes {
            let seen = shows(cluster, node).await?;
            if seen.get(of) != Some(&count) {
                return Err(Unmet::at(
                    node,
                    format!("{node}'s consumer shows {}", shown(&seen)),
                ));
            }
        }
        Ok(())
    };
    cluster.eventually(SOON, wanted, counted).await.because(WHY)
}

/// Has a node send one more ping as soon as its producer is there again; it must be number `number`.
async fn ping_goes_on(cluster: &Cluster<'_>, node: &str, number: u64) -> Told {
    let mut answered = None;
    let sent = async || {
        match cluster
            .call::<_, u64>(node, &PRODUCER, ProducerMsg::SendPing)
            .await
        {
            Ok(answer) => answered = Some(answer),
            // It did not happen, so it may be tried again.
            Err(unanswered) if !unanswered.error.may_have_happened() => {
                return Err(Unmet::from(unanswered));
            }
            Err(unanswered) => return Err(Unmet::from(Stop::from(unanswered))),
        }
        Ok(())
    };
    cluster
        .eventually(SOON, "the restarted producer answers SendPing", sent)
        .await?;
    match answered {
        Some(answer) if answer == number => Ok(()),
        answer => {
            let seen = format!(
                "{node}'s producer answered SendPing with {}",
                answer.unwrap_or_default()
            );
            let expected = format!("{GOES_ON}: this ping is number {number}");
            Err(cluster.failed(seen, expected).because(WHY).into())
        }
    }
}

/// Watches one consumer's count of a node for as long as it is polled; it must not fall.
async fn never_falls(cluster: &Cluster<'_>, at: &str, of: &str) -> Told {
    let mut highest = 0;
    loop {
        let seen = shows(cluster, at).await?;
        let now = seen.get(of).copied().unwrap_or(0);
        if now < highest {
            let shown = shown(&seen);
            return Err(cluster
                .failed(
                    format!("{at}'s consumer showed {highest} for {of}, and then {shown}"),
                    "the count at a consumer that did not crash never falls",
                )
                .because(
                    "Who reads a count twice must not see pings vanish that were there before.",
                )
                .into());
        }
        highest = now;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
