//! Problem 3: a consumer that was restarted knows again what it knew.

use std::time::Duration;

use ciborium::Value;
use runtime::net::faults::{Action, PatternKind, Rule};
use tokio::time::Instant;

use super::messages::CONSUMER;
use super::{RECOVERY, SOON, all_show, caught_one, send_pings, shown, shows, still_show};
use crate::cluster::{Cluster, Explained, Options, Unmet};
use crate::scenario::{Context, Stop, Told};

/// An answer that is older than this may have been given up by whoever asked for it.
const STILL_WAITED_FOR: Duration = Duration::from_millis(900);

/// A server that does not answer for so long waits for something itself.
const RESPONSIVE: Duration = Duration::from_millis(400);

pub(super) async fn regains_every_count(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n1 sends two pings, n2 one and n3 four; all have them.");
        send_pings(cluster, "n1", 2, 2).await?;
        send_pings(cluster, "n2", 1, 1).await?;
        send_pings(cluster, "n3", 4, 4).await?;
        let before = [("n1", 2), ("n2", 1), ("n3", 4)];
        all_show(cluster, &["n1", "n2", "n3"], &before, SOON, "all have the pings").await?;

        cluster.step("n1 sends its third ping, which the network loses on the way to n3.");
        let lost = cluster.rule(third_ping(cluster, "n1", "n3"));
        send_pings(cluster, "n1", 1, 3).await?;
        caught_one(cluster, &lost).await?;

        cluster.step("n3's consumer crashes, and its supervisor starts it again.");
        cluster.crash("n3", &CONSUMER).await?;
        let after = [("n1", 3), ("n2", 1), ("n3", 4)];
        let claim = "the consumer regains every count within 3 s, without a new ping";
        let why = "What was in its memory is gone, and what was sent while it was away was lost. Nobody will repeat \
                   it unasked: a process that starts must assume that it has missed something.";
        all_show(cluster, &["n3"], &after, RECOVERY, claim)
            .await
            .because(why)
            .evidence("The third ping from n1 to n3 was dropped by the network before the crash.")?;
        still_show(cluster, &["n1", "n2", "n3"], &after, "nobody else's counts change").await
    })
    .await
}

pub(super) async fn silent_producer_withholds_nothing(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n1 sends one ping, n2 two and n3 three; all have them.");
        send_pings(cluster, "n1", 1, 1).await?;
        send_pings(cluster, "n2", 2, 2).await?;
        send_pings(cluster, "n3", 3, 3).await?;
        all_show(cluster, &["n1", "n2", "n3"], &[("n1", 1), ("n2", 2), ("n3", 3)], SOON, "all have the pings").await?;

        cluster.step("n1 is paused, and then n3's consumer crashes.");
        cluster.pause("n1").await?;
        cluster.crash("n3", &CONSUMER).await?;

        let regained = async || {
            let seen = shows(cluster, "n3").await?;
            if seen.get("n2") == Some(&2) && seen.get("n3") == Some(&3) {
                return Ok(());
            }
            Err(Unmet::at("n3", format!("n3's consumer shows {}", shown(&seen))))
        };
        let expected = "a producer that is silent does not withhold the counts of the others (wanted on n3 within 3 s: {n2: 2, n3: 3})";
        cluster.eventually(RECOVERY, expected, regained).await.because(
            "One of many is always slow. Whoever waits for all before using what came from some is as slow as the \
             slowest, and if that one is dead, stands still.",
        )
    })
    .await
}

pub(super) async fn late_answer_overwrites_nothing(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n1 sends two pings; all have them.");
        send_pings(cluster, "n1", 2, 2).await?;
        all_show(cluster, &["n1", "n2", "n3"], &[("n1", 2)], SOON, "all have the pings").await?;

        cluster.step("n3's consumer crashes; the network holds back the first thing that n1 then says to n3.");
        let first = Rule::new(Action::Hold).from(&cluster.name("n1")).to(&cluster.name("n3")).kind(PatternKind::Any).times(1);
        let held = cluster.rule(first);
        cluster.crash("n3", &CONSUMER).await?;
        let asked = Instant::now();
        let answers = async || {
            shows(cluster, "n3").await?;
            Ok(())
        };
        cluster.eventually(RECOVERY, "the restarted consumer answers", answers).await?;
        // A consumer that waits for the answer where it stands has nothing that a late one could
        // overwrite: it takes the ping when it has given up.
        let stands_still = asked.elapsed() > RESPONSIVE;
        let caught = async || {
            if held.held() > 0 || shows(cluster, "n3").await?.get("n1") == Some(&2) {
                return Ok(());
            }
            Err(Unmet::at("n3", "n3's consumer knows nothing of n1, and n1 was not asked either"))
        };
        cluster.eventually(RECOVERY, "the consumer regains n1's count", caught).await?;

        cluster.step("n1 sends its third ping, which reaches n3 before what was held back.");
        send_pings(cluster, "n1", 1, 3).await?;
        let claim = "a new ping counts, also while an answer is outstanding";
        all_show(cluster, &["n3"], &[("n1", 3)], SOON, claim).await?;
        if held.held() == 0 {
            // It got its count elsewhere, and n1 has said nothing that could be late.
            return Ok(());
        }
        if !stands_still && asked.elapsed() > STILL_WAITED_FOR {
            return Err(Stop::inconclusive(
                "The machine was too slow: whoever had asked n1 may have given up by now.",
            ));
        }
        cluster.step("What was held back arrives: it was said when n1 had sent two pings.");
        held.release();
        still_show(cluster, &["n3"], &[("n1", 3)], "a late answer does not overwrite a newer ping")
            .await
            .because(
                "An answer tells how things were when it was given. What comes later need not be newer, so of two \
                 counts of one producer the higher one is right.",
            )
    })
    .await
}

/// Loses the third ping of a node on its way to another.
fn third_ping(cluster: &Cluster<'_>, from: &str, to: &str) -> Rule {
    Rule::new(Action::Drop)
        .from(&cluster.name(from))
        .to(&cluster.name(to))
        .kind(PatternKind::Cast)
        .message("Ping")
        .matching(|message| ping_number(message) == Some(3))
        .times(1)
}

/// The number in an encoded `Ping { from, count }`.
pub(super) fn ping_number(message: &Value) -> Option<u64> {
    let (_, fields) = message.as_map()?.first()?;
    let (_, count) = fields
        .as_map()?
        .iter()
        .find(|(name, _)| name.as_text() == Some("count"))?;
    u64::try_from(count.as_integer()?).ok()
}
