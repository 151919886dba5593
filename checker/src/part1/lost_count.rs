//! Problem 6: a producer that was restarted goes on counting where it was.

use std::time::Duration;

use runtime::net::faults::{Action, PatternKind, Rule};

use super::crash::ping_number;
use super::messages::{CONSUMER, PRODUCER, ProducerMsg};
use super::{SOON, all_show, caught_one, send_pings, shown, shows};
use crate::cluster::{Cluster, Explained, Options, Unmet};
use crate::scenario::{Context, Stop, Told};

const GOES_ON: &str = "the restarted producer goes on counting where it was";

const WHY: &str = "A number that was used already is ignored by every consumer that has seen it, so those pings are \
                   lost without a trace. What the producer forgot, its consumers still know.";

pub(super) async fn goes_on_counting(cx: &Context) -> Told {
    Cluster::tell(
        cx,
        &["n1", "n2", "n3"],
        Options::default(),
        async |cluster| {
            cluster.step("n1 sends three pings and n3 seven; all have them.");
            send_pings(cluster, "n1", 3, 3).await?;
            send_pings(cluster, "n3", 7, 7).await?;
            let before = [("n1", 3), ("n3", 7)];
            all_show(
                cluster,
                &["n1", "n2", "n3"],
                &before,
                SOON,
                "all have the pings",
            )
            .await?;

            cluster.step("n1's producer crashes, and its supervisor starts it again.");
            cluster.crash("n1", &PRODUCER).await?;
            cluster.step("n1 sends two pings.");
            ping_goes_on(cluster, 4).await?;
            ping_goes_on(cluster, 5).await?;
            all_show(
                cluster,
                &["n1", "n2", "n3"],
                &[("n1", 5), ("n3", 7)],
                SOON,
                GOES_ON,
            )
            .await
            .because(WHY)
        },
    )
    .await
}

pub(super) async fn goes_on_counting_from_whoever_knows(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n1 sends three pings, the third of which is lost on the way to n2.");
        let third = Rule::new(Action::Drop)
            .from(&cluster.name("n1"))
            .to(&cluster.name("n2"))
            .kind(PatternKind::Cast)
            .message("Ping")
            .matching(|message| ping_number(message) == Some(3))
            .times(1);
        let lost = cluster.rule(third);
        send_pings(cluster, "n1", 3, 3).await?;
        caught_one(cluster, &lost).await?;
        all_show(cluster, &["n1", "n3"], &[("n1", 3)], SOON, "n3 has all three").await?;

        cluster.step("n2 and n3 become slow to answer; then n1's consumer and producer crash, both at once.");
        let slow = Duration::from_millis(250);
        cluster.delay("n2", "n1", slow, Duration::ZERO);
        cluster.delay("n3", "n1", slow, Duration::ZERO);
        cluster.crash_together("n1", &[CONSUMER.as_str(), PRODUCER.as_str()]).await?;

        cluster.step("n1 sends two pings; n3's count of n1 never falls meanwhile.");
        let pings = async {
            ping_goes_on(cluster, 4).await?;
            ping_goes_on(cluster, 5).await
        };
        tokio::select! { biased;
            sent = pings => sent?,
            fallen = never_falls(cluster, "n3", "n1") => fallen?,
        }
        cluster.heal();
        all_show(cluster, &["n1", "n2", "n3"], &[("n1", 5)], SOON, GOES_ON).await.because(WHY)
    })
    .await
}

/// Has n1 send one more ping as soon as its producer is there again; it must be number `number`.
async fn ping_goes_on(cluster: &Cluster<'_>, number: u64) -> Told {
    let mut answered = None;
    let sent = async || {
        match cluster
            .call::<_, u64>("n1", &PRODUCER, ProducerMsg::SendPing)
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
                "n1's producer answered SendPing with {}",
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
