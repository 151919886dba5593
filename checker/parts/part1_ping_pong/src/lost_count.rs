//! Problem 6: a restarted producer continues its count.

use std::time::Duration;

use runtime::net::faults::Action;
use tokio::time::Instant;

use crate::consumers::{Wanted, all_have, all_show, listed, shows};
use crate::everyone::answer_timeout;
use crate::messages::{ASK_TIMEOUT, CONSUMER, PRODUCER, ProducerMsg};
use crate::pings::{
    first_pings, number_failure, ping, send_in_the_name_of, send_pings, took_effect,
};
use crate::told::News;
use crate::{ALL, LARGE, NAMES, SOON, sorted};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{count_of, in_words};

const CONTINUES: &str = "the restarted producer continues its count";

const WHY: &str = "A consumer ignores a number that it has seen already, so a ping with such a number is lost without a \
                   trace. The producer forgot its count, and its consumers still know it.";

/// How much later the consumer that knows most answers than the others.
const ANSWER_DELAY: Duration = Duration::from_millis(250);

pub(super) async fn continues_its_count(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [node, other, paused] = draw.cast(["n1", "n2", "n3"]);
    let first = draw.number(2..=4);
    let others = first + draw.number(2..=4);
    let more = draw.number(2..=3);
    // No other count is as high, so no other number can be taken for it.
    let large = draw.number(LARGE);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{node} sends {} and {other} {}; all have them.",
            count_of(first, "ping"),
            in_words(others)
        ));
        let before = [(node, first), (other, others)];
        first_pings(cluster, &before).await?;
        all_have(cluster, ALL, &Wanted::exactly(&before), "all have the pings").await?;

        cluster.step(format!("{paused} is paused. {node}'s producer crashes, and its supervisor starts it again."));
        cluster.pause(paused).await?;
        cluster.crash(node, &PRODUCER).await?;
        let crashed = Instant::now();
        cluster.step(format!("{node} sends {}.", count_of(more, "ping")));
        next_ping_is(cluster, node, first + 1).await?;
        started_in_time(cluster, node, crashed.elapsed()).await?;
        for number in first + 2..=first + more {
            next_ping_is(cluster, node, number).await?;
        }
        cluster.step(format!("{paused} continues."));
        cluster.resume(paused).await?;
        let after = Wanted::exactly(&[(node, first + more), (other, others)]);
        all_have(cluster, ALL, &after, CONTINUES).await.because(WHY)?;

        cluster.step(format!(
            "The checker sends the other consumers a ping from {node} with the number {large}. Then {node} is killed and \
             started again: it remembers nothing."
        ));
        let others = sorted([other, paused]);
        send_in_the_name_of(cluster, node, large, &others).await?;
        let wanted = Wanted::among_others(&[(node, large)]);
        all_have(cluster, &others, &wanted, "the others have the ping").await?;
        let since = cluster.mark();
        cluster.restart(node).await?;
        cluster.step(format!("{node} is connected to the others again. Its producer crashes, and {node} sends a ping."));
        cluster.crash(node, &PRODUCER).await?;
        next_ping_is(cluster, node, large + 1).await?;
        let wanted = Wanted::among_others(&[(node, large + 1)]);
        all_have(cluster, ALL, &wanted, CONTINUES).await.because(WHY)?;
        let news = News { learner: node, count: (node, large), since };
        if !news.could_be_known(cluster).await {
            let seen = format!("{node}'s producer continued after {large}, and");
            return Err(cluster.untold_failure(node, &seen).node(node).into());
        }
        Ok(())
    })
    .await
}

pub(super) async fn asks_every_consumer(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [node, others @ .., _, _, _, _, _] = draw.cast(NAMES);
    // The consumer that knows all is neither the first nor the last in the list, nor the quickest.
    let [behind, knows, also_behind] = sorted(others);
    let all = sorted([node, behind, knows, also_behind]);
    let number = draw.number(2..=5);
    Cluster::tell(cx, &all, Options::default(), async |cluster| {
        cluster.step(format!(
            "{node} sends {}; the network drops the last one on the way to {behind} and to {also_behind}.",
            count_of(number, "ping")
        ));
        let dropped = [behind, also_behind].map(|to| cluster.rule(ping(cluster, Action::Drop, node, to, number)));
        send_pings(cluster, node, number, number).await?;
        for dropped in &dropped {
            took_effect(cluster, dropped).await?;
        }
        let claim = format!("{knows} has all {}", in_words(number));
        let wanted = Wanted::exactly(&[(node, number)]);
        all_have(cluster, &sorted([node, knows]), &wanted, &claim).await?;

        cluster.step(format!(
            "The others become slow to answer, {knows} most of all. Then {node}'s consumer and producer crash at the same time."
        ));
        for (other, delay) in [(behind, ANSWER_DELAY), (also_behind, ANSWER_DELAY), (knows, 2 * ANSWER_DELAY)] {
            cluster.delay(other, node, delay, Duration::ZERO);
        }
        cluster.crash_together(node, &[CONSUMER.as_str(), PRODUCER.as_str()]).await?;

        cluster.step(format!("{node} sends two pings; {knows}'s count of {node} never falls meanwhile."));
        let pings = async {
            next_ping_is(cluster, node, number + 1).await?;
            next_ping_is(cluster, node, number + 2).await
        };
        tokio::select! { biased;
            sent = pings => sent?,
            fallen = never_falls(cluster, knows, node) => fallen?,
        }
        cluster.heal();
        let wanted = Wanted::exactly(&[(node, number + 2)]);
        all_show(cluster, &all, &wanted, SOON, CONTINUES).await.because(WHY)
    })
    .await
}

/// How long a restarted producer may take to answer at all: longer than its own calls wait, so that
/// what it waited for can be told.
const PATIENCE: Duration = Duration::from_secs(8);

/// Has a node send one more ping as soon as its producer runs again, and compares its number.
async fn next_ping_is(cluster: &Cluster<'_>, node: &str, number: u64) -> Told {
    let mut answered = None;
    let sent = async || {
        match cluster
            .call_within::<_, u64>(PATIENCE, node, &PRODUCER, ProducerMsg::SendPing)
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
    let answer = answered.unwrap_or_default();
    if answer == number {
        return Ok(());
    }
    let expected = format!("{CONTINUES}: this ping has the number {number}");
    let failure = number_failure(cluster, node, answer, number, expected);
    Err(failure.because(WHY).into())
}

/// A silent consumer delays the start of a producer, and by no more than its timeout.
async fn started_in_time(cluster: &Cluster<'_>, node: &str, took: Duration) -> Told {
    if took <= answer_timeout(cluster.context()) {
        return Ok(());
    }
    cluster.healthy().await?;
    let seen = format!(
        "{node}'s producer answered SendPing {:.1} s after its crash",
        took.as_secs_f32()
    );
    let expected = format!(
        "a silent consumer delays the producer's start by {} s at most",
        ASK_TIMEOUT.as_secs()
    );
    Err(cluster
        .failed(seen, expected)
        .node(node)
        .because("A silent node may never answer. Until the producer has started, its node sends no pings.")
        .into())
}

/// Watches one consumer's count of a node for as long as it is polled; it must not fall.
async fn never_falls(cluster: &Cluster<'_>, at: &str, of: &str) -> Told {
    let mut highest = 0;
    loop {
        let seen = shows(cluster, at).await?;
        let now = seen.get(of).copied().unwrap_or(0);
        if now < highest {
            let shown = listed(&seen);
            return Err(cluster
                .failed(
                    format!("{at}'s consumer showed {highest} for {of}, and then {shown}"),
                    "the count at a consumer that did not crash never falls",
                )
                .node(at)
                .because("A reader that asks twice must not see fewer pings the second time.")
                .into());
        }
        highest = now;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
