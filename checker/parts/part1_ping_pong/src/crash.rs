//! Problem 3: a consumer that was restarted knows again what it knew.

use std::time::Duration;

use runtime::net::faults::{Action, PatternKind, Rule};
use tokio::time::Instant;

use super::messages::CONSUMER;
use super::told::{accounted_for, was_told};
use super::{
    ALL, RECOVERY, SOON, all_show, caught_one, counts, first_pings, highest, ping, send_pings,
    shown, shows, still_show,
};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{count_of, in_order, in_words};

/// An answer that is older than this may have been given up by whoever asked for it.
const STILL_WAITED_FOR: Duration = Duration::from_millis(900);

/// How long an answer is under way when nothing else may tell a count.
const SLOW: Duration = Duration::from_millis(250);

/// A server that does not answer for so long waits for something itself.
const RESPONSIVE: Duration = Duration::from_millis(400);

pub(super) async fn regains_every_count(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [one, two, three] = draw.cast(["n1", "n2", "n3"]);
    let [pings_one, pings_two, pings_three] = draw.numbers(1..=4);
    let mut known = [(one, pings_one), (two, pings_two), (three, pings_three)];
    let more = [draw.number(1..=3), draw.number(1..=3)];
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{one} sends {}, {two} {} and {three} {}; all have them.",
            count_of(pings_one, "ping"),
            in_words(pings_two),
            in_words(pings_three)
        ));
        first_pings(cluster, &known).await?;
        all_show(cluster, ALL, &known, SOON, "all have the pings").await?;

        // Each of the two once regains the count of the other: of any two, one has the smaller name.
        for (round, [sender, node]) in [[1, 0], [0, 1]].into_iter().enumerate() {
            let (node, sent) = (known[node].0, known[sender].1);
            let number = highest(&known) + more[round];
            known[sender].1 = number;
            let sender = known[sender].0;
            cluster.step(format!(
                "{sender} sends {}, the last of which, number {number}, the network loses on the way to {node}.",
                count_of(number - sent, "more ping")
            ));
            let since = cluster.mark();
            let lost = cluster.rule(ping(cluster, Action::Drop, sender, node, number));
            send_pings(cluster, sender, number - sent, number).await?;
            caught_one(cluster, &lost).await?;
            was_told(cluster, node, (sender, number), since).await?;

            cluster.step(format!(
                "The others become slow to answer. {node}'s consumer crashes, and its supervisor starts it again."
            ));
            for (other, _) in known.iter().filter(|(other, _)| *other != node) {
                cluster.delay(other, node, SLOW, Duration::ZERO);
            }
            cluster.crash(node, &CONSUMER).await?;
            let why = "What was in its memory is gone, and what was sent while it was away was lost. Nobody will repeat \
                       it unasked: a process that starts must assume that it has missed something.";
            let wanted = counts(&known);
            let claim = format!(
                "the consumer regains every count within 3 s, without a new ping (wanted on {node}: {})",
                shown(&wanted)
            );
            let mut account = Ok(());
            let regained = async || {
                let seen = shows(cluster, node).await?;
                account = accounted_for(cluster, node, &seen, (sender, number), since).await;
                match account.is_err() || seen == wanted {
                    true => Ok(()),
                    false => Err(Unmet::at(node, format!("{node}'s consumer shows {}", shown(&seen)))),
                }
            };
            let regained = cluster.eventually(RECOVERY, claim, regained).await;
            account?;
            cluster.heal();
            regained
                .because(why)
                .evidence(format!("Ping number {number} from {sender} to {node} was dropped by the network before the crash."))?;
            still_show(cluster, ALL, &known, "nobody else's counts change").await?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn silent_producer_withholds_nothing(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [node, one, two] = draw.cast(["n1", "n2", "n3"]);
    let [own, pings_one, pings_two] = draw.numbers(1..=5);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{node} sends {}, {one} {} and {two} {}; all have them.",
            count_of(own, "ping"),
            in_words(pings_one),
            in_words(pings_two)
        ));
        let known = [(node, own), (one, pings_one), (two, pings_two)];
        first_pings(cluster, &known).await?;
        all_show(cluster, ALL, &known, SOON, "all have the pings").await?;

        // Whichever of the two a consumer asks first, it is silent once.
        for (silent, other, pings) in [(one, two, pings_two), (two, one, pings_one)] {
            cluster.step(format!("{silent} is paused, and then {node}'s consumer crashes."));
            cluster.pause(silent).await?;
            cluster.crash(node, &CONSUMER).await?;
            let regained = async || {
                let seen = shows(cluster, node).await?;
                if seen.get(other) == Some(&pings) && seen.get(node) == Some(&own) {
                    return Ok(());
                }
                Err(Unmet::at(node, format!("{node}'s consumer shows {}", shown(&seen))))
            };
            let wanted = shown(&counts(&[(other, pings), (node, own)]));
            let expected = format!(
                "a producer that is silent does not withhold the counts of the others (wanted on {node} within 3 s: {wanted})"
            );
            cluster.eventually(RECOVERY, expected, regained).await.because(
                "One of many is always slow. Whoever waits for all before using what came from some is as slow as the \
                 slowest, and if that one is dead, stands still.",
            )?;
            cluster.step(format!("{silent} runs on."));
            cluster.resume(silent).await?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn late_answer_overwrites_nothing(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [sender, _, node] = draw.cast(["n1", "n2", "n3"]);
    let old = draw.number(2..=5);
    let new = old + 1;
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!("{sender} sends {}; all have them.", count_of(old, "ping")));
        send_pings(cluster, sender, old, old).await?;
        all_show(cluster, ALL, &[(sender, old)], SOON, "all have the pings").await?;

        cluster.step(format!(
            "{node}'s consumer crashes; the network holds back the first thing that {sender} then says to {node}."
        ));
        let first = Rule::new(Action::Hold).from(&cluster.name(sender)).to(&cluster.name(node)).kind(PatternKind::Any).times(1);
        let held = cluster.rule(first);
        cluster.crash(node, &CONSUMER).await?;
        let asked = Instant::now();
        let answers = async || {
            shows(cluster, node).await?;
            Ok(())
        };
        cluster.eventually(RECOVERY, "the restarted consumer answers", answers).await?;
        // A consumer that waits for the answer where it stands has nothing that a late one could
        // overwrite: it takes the ping when it has given up.
        let stands_still = asked.elapsed() > RESPONSIVE;
        let caught = async || {
            if held.held() > 0 || shows(cluster, node).await?.get(sender) == Some(&old) {
                return Ok(());
            }
            let seen = format!("{node}'s consumer knows nothing of {sender}, and {sender} was not asked either");
            Err(Unmet::at(node, seen))
        };
        cluster.eventually(RECOVERY, format!("the consumer regains {sender}'s count"), caught).await?;

        cluster.step(format!(
            "{sender} sends its {} ping, which reaches {node} before what was held back.",
            in_order(new)
        ));
        send_pings(cluster, sender, 1, new).await?;
        let claim = "a new ping counts, also while an answer is outstanding";
        all_show(cluster, &[node], &[(sender, new)], SOON, claim).await?;
        if held.held() == 0 {
            // It got its count elsewhere, and the sender has said nothing that could be late.
            return Ok(());
        }
        if !stands_still && asked.elapsed() > STILL_WAITED_FOR {
            return Err(Stop::inconclusive(format!(
                "The machine was too slow: whoever had asked {sender} may have given up by now."
            )));
        }
        cluster.step(format!(
            "What was held back arrives: it was said when {sender} had sent {}.",
            count_of(old, "ping")
        ));
        held.release();
        still_show(cluster, &[node], &[(sender, new)], "a late answer does not overwrite a newer ping")
            .await
            .because(
                "An answer tells how things were when it was given. What comes later need not be newer, so of two \
                 counts of one producer the higher one is right.",
            )
    })
    .await
}
