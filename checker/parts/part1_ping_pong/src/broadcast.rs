//! Problem 1: a ping reaches every connected consumer and counts once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runtime::net::faults::Action;
use runtime::{Ctx, Server};

use super::messages::{CONSUMER, ConsumerMsg, PRODUCER, ProducerMsg};
use super::told::was_told;
use super::{
    ALL, SOON, all_show, caught_one, first_pings, it_or_them, ping, pings_are_as_given, send_pings,
    sorted, still_show,
};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{count_of, in_order, in_words};

const EVERY_CONSUMER: &str = "a ping reaches every connected consumer, that of its own node too";

/// Longer than a cast can take, and shorter than a call waits for a node that is silent.
const AT_ONCE: Duration = Duration::from_secs(3);

pub(super) async fn reaches_every_connected_consumer(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [a, b, c, late] = draw.cast(["n1", "n2", "n3", "n4"]);
    let [pings_a, pings_b, pings_c] = draw.numbers(1..=7);
    let all = sorted([a, b, c]);
    Cluster::tell(cx, &all, Options::default(), async |cluster| {
        cluster.step(format!(
            "{a} sends {}, {b} {} and {c} {}.",
            count_of(pings_a, "ping"),
            in_words(pings_b),
            in_words(pings_c)
        ));
        let expected = [(a, pings_a), (b, pings_b), (c, pings_c)];
        first_pings(cluster, &expected).await?;
        let why = "Whoever asks any consumer must get the same answer, so every node has to hear of every ping.";
        all_show(cluster, &all, &expected, SOON, EVERY_CONSUMER).await.because(why)?;
        still_show(cluster, &all, &expected, "each count is exactly the number of pings").await.because(why)?;
        pings_are_as_given(cluster)?;

        cluster.step("Ask each for its total.");
        let sum = pings_a + pings_b + pings_c;
        for node in all {
            let total: u64 = cluster.call(node, &CONSUMER, ConsumerMsg::TotalPings).await?;
            if total != sum {
                return Err(cluster
                    .failed(
                        format!("{node}'s consumer answered TotalPings with {total}"),
                        format!("the total is the sum of all counts, {sum}"),
                    )
                    .into());
            }
        }

        let number = pings_a + 1;
        cluster.step(format!("{late} joins the cluster, and then {a} sends its {} ping.", in_order(number)));
        cluster.join(late).await?;
        send_pings(cluster, a, 1, number).await?;
        let reached = async || {
            for node in sorted([a, b, c, late]) {
                let seen = super::shows(cluster, node).await?;
                if seen.get(a) != Some(&number) {
                    return Err(Unmet::at(node, format!("{node}'s consumer shows {}", super::shown(&seen))));
                }
            }
            Ok(())
        };
        let claim = format!("{EVERY_CONSUMER}, also that of a node which came late (wanted on all: {a}: {number})");
        cluster
            .eventually(SOON, claim, reached)
            .await
            .because("Nodes come and go while a program runs: who is connected must be asked when a ping is sent, \
                      and the ping's number must tell a node that came late of all those before.")
    })
    .await
}

pub(super) async fn delivered_twice_counts_once(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [from, to] = draw.cast(["n1", "n2"]);
    let pings = draw.number(3..=6);
    let twice = draw.number(1..=pings);
    Cluster::tell(cx, &["n1", "n2"], Options::default(), async |cluster| {
        cluster.step(format!("The network delivers the {} ping from {from} to {to} twice.", in_order(twice)));
        let doubled = cluster.rule(ping(cluster, Action::Duplicate, from, to, twice));
        send_pings(cluster, from, pings, pings).await?;
        caught_one(cluster, &doubled).await?;

        cluster.step(format!("All {} have arrived, one of them twice.", in_words(pings)));
        let why = "Networks repeat messages, and so do senders that are not sure. Handling must be idempotent: \
                   once or twice, the outcome is the same.";
        let claim = "a ping that is delivered twice counts once";
        all_show(cluster, &[to, from], &[(from, pings)], SOON, claim).await.because(why)?;
        still_show(cluster, &[to, from], &[(from, pings)], claim).await.because(why)?;

        let (late, next) = (pings + 1, pings + 2);
        cluster.step(format!(
            "The {} ping from {from} to {to} is held back, and the {} overtakes it.",
            in_order(late),
            in_order(next)
        ));
        let held = cluster.rule(ping(cluster, Action::Hold, from, to, late));
        send_pings(cluster, from, 2, next).await?;
        caught_one(cluster, &held).await?;
        all_show(cluster, &[to, from], &[(from, next)], SOON, EVERY_CONSUMER).await?;

        cluster.step(format!("The {} ping arrives.", in_order(late)));
        held.release();
        still_show(cluster, &[to, from], &[(from, next)], "a ping that comes late does not undo a newer one")
            .await
            .because("What comes later need not have been said later. Of two numbers of one producer, the higher one is newer.")
    })
    .await
}

pub(super) async fn disconnected_stays_disconnected(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [sender, near, apart] = draw.cast(["n1", "n2", "n3"]);
    let [first, more] = [draw.number(1..=4), draw.number(1..=4)];
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!("{sender} sends {}; all have {}.", count_of(first, "ping"), it_or_them(first)));
        send_pings(cluster, sender, first, first).await?;
        all_show(cluster, ALL, &[(sender, first)], SOON, EVERY_CONSUMER).await?;

        cluster.step(format!("{sender} disconnects from {apart} on purpose, and sends {}.", count_of(more, "more ping")));
        cluster.disconnect(sender, apart).await?;
        cluster.quiesce().await?;
        let mark = cluster.mark();
        send_pings(cluster, sender, more, first + more).await?;
        all_show(cluster, &[sender, near], &[(sender, first + more)], SOON, EVERY_CONSUMER).await?;

        cluster.step(format!("{sender} and {apart} stay apart."));
        let stays = async || {
            let listed = cluster.list(sender).await?;
            if listed.contains(apart) || !cluster.nothing_crossed(mark, &[sender], &[apart]) {
                return Err(Unmet::at(sender, format!("{sender} is connected to {apart} again")));
            }
            Ok(())
        };
        let claim = format!("{apart} stays disconnected: a ping goes to the nodes that are connected, and connects no others");
        cluster.throughout(Duration::from_millis(400), claim, stays).await.because(format!(
            "Somebody took {apart} out of {sender}'s cluster on purpose. A message to one node by name connects to it, \
             so a broadcast must not be a list of names that were seen once."
        ))?;
        was_told(cluster, apart, (sender, first + more), mark).await
    })
    .await
}

pub(super) async fn hidden_node_gets_none(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [sender, _] = draw.cast(["n1", "n2"]);
    let sent = draw.number(2..=6);
    Cluster::tell(cx, &["n1", "n2"], Options::default(), async |cluster| {
        cluster.step(format!("A hidden node, with a consumer of its own, connects to {sender}."));
        let guest = cluster.guest("guest").await?;
        let heard = Heard::default();
        guest
            .start_server::<Eavesdropper>(&CONSUMER, heard.clone())
            .await
            .map_err(|error| Stop::fault(format!("The hidden node's consumer did not start: {error}.")))?;
        guest
            .connect(&cluster.name(sender))
            .await
            .map_err(|error| Stop::inconclusive(format!("The hidden node could not connect to {sender}: {error}.")))?;

        cluster.step(format!("{sender} sends {}.", count_of(sent, "ping")));
        send_pings(cluster, sender, sent, sent).await?;
        all_show(cluster, &["n1", "n2"], &[(sender, sent)], SOON, EVERY_CONSUMER).await?;
        // What the sender told the hidden node before is ahead of this answer, on the same link.
        guest
            .ping(&cluster.name(sender))
            .await
            .map_err(|error| Stop::inconclusive(format!("{sender} did not answer the hidden node: {error}.")))?;
        cluster.quiesce().await?;
        let pings = *heard.0.lock().expect("nobody panics while counting");
        if pings > 0 {
            return Err(cluster
                .failed(format!("the hidden node's consumer got {pings} pings"), "a hidden node gets no pings")
                .because("Hidden nodes are tools that look at a cluster, like the checker itself. They are not among its members.")
                .into());
        }
        Ok(())
    })
    .await
}

pub(super) async fn answers_at_once(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [sender, paused, other] = draw.cast(["n1", "n2", "n3"]);
    let pings = draw.number(2..=4);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!("{paused} is paused: it is connected, and silent."));
        cluster.pause(paused).await?;

        cluster.step(format!("{sender} sends {}.", count_of(pings, "ping")));
        for number in 1..=pings {
            let answer: Result<u64, _> = cluster.call_within(AT_ONCE, sender, &PRODUCER, ProducerMsg::SendPing).await;
            let answer = answer.map_err(Stop::from).because(
                "A ping is a cast: its sender goes on at once. Who waits for each receiver is held up by the slowest, \
                 and for a node that is gone, for ever.",
            );
            if answer? != number {
                return Err(cluster.failed("SendPing answered another number", format!("SendPing answers the number of the ping, {number}")).into());
            }
        }
        all_show(cluster, &[sender, other], &[(sender, pings)], SOON, "the nodes that run get the ping at once").await?;

        cluster.step(format!("{paused} runs on, and finds the pings waiting."));
        cluster.resume(paused).await?;
        all_show(cluster, ALL, &[(sender, pings)], SOON, EVERY_CONSUMER).await
    })
    .await
}

/// How many pings the hidden node got.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<u64>>);

struct Eavesdropper(Heard);

impl Server for Eavesdropper {
    type Msg = ConsumerMsg;
    type Args = Heard;

    async fn init(heard: Heard, _: &Ctx<ConsumerMsg>) -> Self {
        Eavesdropper(heard)
    }

    async fn handle(&mut self, msg: ConsumerMsg, _: &Ctx<ConsumerMsg>) {
        match msg {
            ConsumerMsg::Ping { .. } => {
                *self.0.0.lock().expect("nobody panics while counting") += 1
            }
            ConsumerMsg::Counts(reply) => reply.send(BTreeMap::new()),
            ConsumerMsg::TotalPings(reply) => reply.send(0),
        }
    }
}
