//! Problem 3: a restarted consumer knows again what it knew.

use std::time::Duration;

use runtime::net::faults::{Action, PatternKind, Rule};
use tokio::time::{Instant, sleep};

use crate::consumers::{Wanted, all_have, all_show, shows, still_show};
use crate::messages::CONSUMER;
use crate::pings::{first_pings, ping, send_pings, took_effect};
use crate::told::{News, learn};
use crate::{ALL, NAMES, RECOVERY, SOON, highest, sorted};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{count_of, in_order, in_words};

/// After this time, the consumer that asked may have given up.
const STILL_WAITING: Duration = Duration::from_millis(900);

/// How long a producer is paused: longer than a consumer that asks it in time waits for the answer.
const SILENCE: Duration = Duration::from_millis(1500);

/// How late answers are, so that a count which came past the network is seen before them.
const ANSWER_DELAY: Duration = Duration::from_millis(250);

/// A consumer that answers nothing for so long waits in a handler or in `init`.
const RESPONSE_TIME: Duration = Duration::from_millis(400);

pub(super) async fn recovers_every_count(cx: &Context) -> Told {
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
        all_have(cluster, ALL, &Wanted::exactly(&known), "all have the pings").await?;

        // Each of the two recovers the count of the other, so both orders of names occur.
        for (round, [sender, node]) in [[1, 0], [0, 1]].into_iter().enumerate() {
            let (node, sent) = (known[node].0, known[sender].1);
            let number = highest(&known) + more[round];
            known[sender].1 = number;
            let sender = known[sender].0;
            let lost = lose_last_ping(cluster, (sender, sent), number, node).await?;

            cluster.step(format!(
                "The others become slow to answer. {node}'s consumer crashes, and its supervisor starts it again."
            ));
            for (other, _) in known.iter().filter(|(other, _)| *other != node) {
                cluster.delay(other, node, ANSWER_DELAY, Duration::ZERO);
            }
            cluster.crash(node, &CONSUMER).await?;
            let claim = "a restarted consumer recovers every count within 3 s, without a new ping";
            let why = "The crash took the consumer's memory, and the messages that came meanwhile are lost. No node sends \
                       them again by itself, so a server that starts must assume that it has missed something.";
            let all = Wanted::exactly(&known);
            learn(cluster, &[node], &all, &[lost], RECOVERY, (claim, why))
                .await
                .evidence(format!("The network dropped ping number {number} from {sender} to {node} before the crash."))?;
            cluster.heal();
            still_show(cluster, ALL, &all, "a crash changes no count of another consumer").await?;
        }
        Ok(())
    })
    .await
}

/// Has a producer send pings up to a number that no other count reaches; the network drops the last
/// one on the way to a node, which then can learn the number from a later message only.
async fn lose_last_ping<'n>(
    cluster: &Cluster<'_>,
    (sender, sent): (&'n str, u64),
    number: u64,
    node: &'n str,
) -> Result<News<'n>, Stop> {
    cluster.step(format!(
        "{sender} sends {}; the network drops the last one, number {number}, on the way to {node}.",
        count_of(number - sent, "more ping")
    ));
    let news = News {
        learner: node,
        count: (sender, number),
        since: cluster.mark(),
    };
    let dropped = cluster.rule(ping(cluster, Action::Drop, sender, node, number));
    send_pings(cluster, sender, number - sent, number).await?;
    took_effect(cluster, &dropped).await?;
    news.was_told(cluster).await?;
    Ok(news)
}

pub(super) async fn silent_producer_withholds_nothing(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [node, one, two, ..] = draw.cast(NAMES);
    let [own, pings_one, pings_two] = draw.numbers(1..=5);
    let more = [draw.number(1..=3), draw.number(1..=3)];
    let all = sorted([node, one, two]);
    Cluster::tell(cx, &all, Options::default(), async |cluster| {
        cluster.step(format!(
            "{node} sends {}, {one} {} and {two} {}; all have them.",
            count_of(own, "ping"),
            in_words(pings_one),
            in_words(pings_two)
        ));
        let mut known = [(node, own), (one, pings_one), (two, pings_two)];
        first_pings(cluster, &known).await?;
        all_have(cluster, &all, &Wanted::exactly(&known), "all have the pings").await?;

        // Each of the two is silent once, so also the producer that a consumer asks first.
        for (round, [silent, other]) in [[1, 2], [2, 1]].into_iter().enumerate() {
            let silent = known[silent].0;
            let number = highest(&known) + more[round];
            let lost = lose_last_ping(cluster, known[other], number, node).await?;
            known[other].1 = number;
            let other = known[other].0;

            cluster.step(format!(
                "{silent} is paused, and {other} becomes slow to answer. Then {node}'s consumer crashes."
            ));
            cluster.pause(silent).await?;
            cluster.delay(other, node, ANSWER_DELAY, Duration::ZERO);
            cluster.crash(node, &CONSUMER).await?;
            let crashed = Instant::now();
            let claim = "a silent producer does not withhold the counts of the others for longer than 3 s";
            let why = "One of many nodes is always slow. A consumer that waits for every answer before it uses any is as \
                       slow as the slowest node, and a dead node stops it for good.";
            let recovered = Wanted::among_others(&[(other, number), (node, own)]);
            learn(cluster, &[node], &recovered, &[lost], RECOVERY, (claim, why)).await?;
            cluster.heal();

            cluster.step(format!("{silent} continues, after more than a second."));
            sleep(SILENCE.saturating_sub(crashed.elapsed())).await;
            cluster.resume(silent).await?;
            let claim = "a silent producer's count arrives within 3 s after the producer answers again";
            let wanted = Wanted::exactly(&known);
            all_show(cluster, &[node], &wanted, RECOVERY, claim).await.because(
                "No connection was lost, so the consumer gets no news of one. A consumer that asks only once never learns \
                 the count of a producer that was paused just then.",
            )?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn late_answer_overwrites_nothing(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [sender, other, node] = draw.cast(["n1", "n2", "n3"]);
    let first = draw.number(1..=3);
    let old = first + draw.number(1..=3);
    let new = old + 1;
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!("{sender} sends {}; all have them.", count_of(first, "ping")));
        send_pings(cluster, sender, first, first).await?;
        all_have(cluster, ALL, &Wanted::exactly(&[(sender, first)]), "all have the pings").await?;
        let lost = lose_last_ping(cluster, (sender, first), old, node).await?;
        all_have(cluster, &[sender, other], &Wanted::exactly(&[(sender, old)]), "the others have them").await?;

        cluster.step(format!(
            "{node}'s consumer crashes. The network holds back the first message that {sender} then sends to {node}."
        ));
        let first_message =
            Rule::new(Action::Hold).from(&cluster.name(sender)).to(&cluster.name(node)).kind(PatternKind::Any).times(1);
        let held = cluster.rule(first_message);
        cluster.crash(node, &CONSUMER).await?;
        let asked = Instant::now();
        let answers = async || {
            shows(cluster, node).await?;
            Ok(())
        };
        cluster.eventually(RECOVERY, "the restarted consumer answers", answers).await?;
        // A consumer that waits for the answer in `init` handles the ping after it has given up, so
        // a late answer overwrites nothing.
        let waits_in_init = asked.elapsed() > RESPONSE_TIME;
        let caught = async || {
            lost.was_told(cluster).await?;
            let seen = shows(cluster, node).await?;
            if held.held() > 0 || seen.get(sender) == Some(&old) {
                return Ok(());
            }
            let seen = format!("{node}'s consumer does not know {sender}'s count, and no node asked {sender} for it");
            Err(Unmet::at(node, seen))
        };
        cluster.eventually(RECOVERY, format!("the consumer recovers {sender}'s count"), caught).await?;

        cluster.step(format!(
            "{sender} sends its {} ping, which reaches {node} before the held message.",
            in_order(new)
        ));
        send_pings(cluster, sender, 1, new).await?;
        let newest = Wanted::exactly(&[(sender, new)]);
        all_show(cluster, &[node], &newest, SOON, "a new ping counts while the consumer waits for an answer").await?;
        if held.held() == 0 {
            // Another node told it the count, so the sender has sent nothing that could be late.
            return Ok(());
        }
        if !waits_in_init && asked.elapsed() > STILL_WAITING {
            return Err(Stop::inconclusive(format!(
                "The machine was too slow: the node that asked {sender} may have given up by now."
            )));
        }
        cluster.step(format!("The held message arrives; {sender} sent it after its {} ping.", in_order(old)));
        held.release();
        still_show(cluster, &[node], &newest, "a late answer does not overwrite a newer ping")
            .await
            .because(
                "An answer gives the count as it was when the answer was sent. A message that comes later need not be newer, \
                 so of two counts of one producer the higher one is right.",
            )
    })
    .await
}
