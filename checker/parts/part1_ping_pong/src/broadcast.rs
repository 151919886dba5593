//! Problem 1: a ping reaches every connected consumer and counts once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runtime::net::faults::Action;
use runtime::{CallError, Ctx, Server};

use crate::consumers::{Wanted, all_have, still_show};
use crate::fact::Fact;
use crate::messages::{CONSUMER, ConsumerMsg, PRODUCER, ProducerMsg};
use crate::pings::{
    first_pings, it_or_them, number_is, ping, pings_are_as_given, send_in_the_name_of, send_pings,
    send_three_at_once, took_effect,
};
use crate::told::News;
use crate::{ALL, LARGE, TRANSIT, sorted};
use testkit::cluster::{Cluster, Explained, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{count_of, in_order, in_words};

const EVERY_CONSUMER: &str = "a ping reaches every connected consumer, including its own node's";

/// Longer than a cast can take, and shorter than a call waits for a node that is silent.
const SEND_TIMEOUT: Duration = Duration::from_secs(3);

/// How long two nodes are watched that must not connect.
const APART_TIME: Duration = Duration::from_millis(400);

pub(super) async fn reaches_every_connected_consumer(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [a, b, c] = draw.cast(["n1", "n2", "n3"]);
    let [late, ..] = draw.cast(["n4", "n5", "n6", "n7", "n8", "n9"]);
    let [pings_a, pings_b, pings_c] = draw.numbers(1..=7);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{a} sends {}, {b} {} and {c} {}.",
            count_of(pings_a, "ping"),
            in_words(pings_b),
            in_words(pings_c)
        ));
        let first = [(a, pings_a), (b, pings_b), (c, pings_c)];
        first_pings(cluster, &first).await?;
        let why = "Every consumer must show the number of each node's latest ping. So every node must receive every \
                   ping, and must not add its number to an earlier one.";
        let wanted = Wanted::exactly(&first);
        all_have(cluster, ALL, &wanted, EVERY_CONSUMER).await.because(why)?;
        still_show(cluster, ALL, &wanted, "each count is exactly the number of pings").await.because(why)?;
        pings_are_as_given(cluster)?;

        cluster.step("The checker asks each consumer for its total.");
        for node in ALL {
            total_is(cluster, node, pings_a + pings_b + pings_c).await?;
        }

        let number = pings_a + 1;
        cluster.step(format!("{late} joins the cluster, and then {a} sends its {} ping.", in_order(number)));
        cluster.join(late).await?;
        send_pings(cluster, a, 1, number).await?;
        let everyone = sorted([a, b, c, late]);
        let claim = "a ping reaches every connected consumer, including that of a node that joined late";
        all_have(cluster, &everyone, &Wanted::among_others(&[(a, number)]), claim)
            .await
            .because(
                "Nodes come and go while a program runs, so the producer must look up the connected nodes for each ping. \
                 A node that joins late learns the count from the ping's number.",
            )?;

        let last = pings_b + 3;
        cluster.step(format!("The checker asks {b} for three pings at once."));
        send_three_at_once(cluster, b, last).await?;
        all_have(cluster, &everyone, &Wanted::among_others(&[(b, last)]), EVERY_CONSUMER).await
    })
    .await
}

async fn total_is(cluster: &Cluster<'_>, node: &str, sum: u64) -> Told {
    let total: u64 = cluster
        .call(node, &CONSUMER, ConsumerMsg::TotalPings)
        .await?;
    if total == sum {
        return Ok(());
    }
    let seen = format!("{node}'s consumer answered TotalPings with {total}");
    let expected = format!("the total is the sum of all counts, {sum}");
    Err(cluster.failed(seen, expected).node(node).into())
}

pub(super) async fn delivered_twice_counts_once(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [from, to] = draw.cast(["n1", "n2"]);
    let pings = draw.number(3..=6);
    let twice = draw.number(2..=pings);
    let large = draw.number(LARGE);
    let both = [to, from];
    Cluster::tell(cx, &["n1", "n2"], Options::default(), async |cluster| {
        let doubled = cluster.rule(ping(cluster, Action::Duplicate, from, to, twice));
        let first = cluster.rule(ping(cluster, Action::Hold, from, to, 1));
        cluster.step(format!(
            "{from} sends {}. The network holds back the first one on the way to {to}, and delivers the {} twice.",
            count_of(pings, "ping"),
            in_order(twice)
        ));
        send_pings(cluster, from, pings, pings).await?;
        took_effect(cluster, &doubled).await?;
        took_effect(cluster, &first).await?;

        cluster.step(format!("{to} has all the others, one of them twice."));
        let why = "Networks deliver messages twice, and senders repeat a message that may have been lost. A server must \
                   be idempotent: it does not matter how often a message arrives.";
        let claim = "a ping that is delivered twice counts once";
        let wanted = Wanted::exactly(&[(from, pings)]);
        all_have(cluster, &both, &wanted, claim).await.because(why)?;
        still_show(cluster, &both, &wanted, claim).await.because(why)?;

        let (late, next) = (pings + 1, pings + 2);
        cluster.step(format!(
            "The network holds back the {} ping on the way to {to}, and the {} overtakes it.",
            in_order(late),
            in_order(next)
        ));
        let held = cluster.rule(ping(cluster, Action::Hold, from, to, late));
        send_pings(cluster, from, 2, next).await?;
        took_effect(cluster, &held).await?;
        let wanted = Wanted::exactly(&[(from, next)]);
        all_have(cluster, &both, &wanted, EVERY_CONSUMER).await?;
        let why = "A message that comes later need not be newer. Of two numbers of one producer, the higher one is newer.";
        for (number, held) in [(late, held), (1, first)] {
            cluster.step(format!("The {} ping arrives at {to}.", in_order(number)));
            held.release();
            let claim = "a ping that comes late does not undo a newer one";
            still_show(cluster, &both, &wanted, claim).await.because(why)?;
        }

        cluster.step(format!("The checker sends {to}'s consumer a ping from {from} with the number {large}."));
        send_in_the_name_of(cluster, from, large, &[to]).await?;
        let wanted = Wanted::exactly(&[(from, large)]);
        all_have(cluster, &[to], &wanted, "the consumer keeps a large number, too").await?;
        total_is(cluster, to, large).await
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
        all_have(cluster, ALL, &Wanted::exactly(&[(sender, first)]), EVERY_CONSUMER).await?;

        cluster.step(format!("{sender} disconnects from {apart} on purpose, and sends {}.", count_of(more, "more ping")));
        cluster.disconnect(sender, apart).await?;
        cluster.quiesce().await?;
        let (since, last) = (cluster.mark(), first + more);
        send_pings(cluster, sender, more, last).await?;
        let wanted = Wanted::exactly(&[(sender, last)]);
        all_have(cluster, &[sender, near], &wanted, EVERY_CONSUMER).await?;

        cluster.step(format!("{sender} and {apart} stay apart."));
        let stays = async || {
            let listed = cluster.list(sender).await?;
            if listed.contains(apart) || !cluster.nothing_crossed(since, &[sender], &[apart]) {
                return Err(Unmet::at(sender, format!("{sender} is connected to {apart} again")));
            }
            Ok(())
        };
        let claim = format!("a broadcast goes to the connected nodes and connects no others, so {apart} stays disconnected");
        cluster.throughout(APART_TIME, claim, stays).await.because(format!(
            "{sender} was told to disconnect from {apart}. A message to a node by its name connects to it, so a producer must not \
             send to the names that it has seen before."
        ))?;
        News { learner: apart, count: (sender, last), since }.was_told(cluster).await
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
        let received = Received::default();
        guest
            .start_server::<HiddenConsumer>(&CONSUMER, received.clone())
            .await
            .map_err(|error| Stop::fault(format!("The hidden node's consumer did not start: {error}.")))?;
        guest
            .connect(&cluster.name(sender))
            .await
            .map_err(|error| Stop::inconclusive(format!("The hidden node could not connect to {sender}: {error}.")))?;

        cluster.step(format!("{sender} sends {}.", count_of(sent, "ping")));
        send_pings(cluster, sender, sent, sent).await?;
        let wanted = Wanted::exactly(&[(sender, sent)]);
        all_have(cluster, &["n1", "n2"], &wanted, EVERY_CONSUMER).await?;
        // Whatever the sender sent the hidden node before comes ahead of this answer.
        guest
            .ping(&cluster.name(sender))
            .await
            .map_err(|error| Stop::inconclusive(format!("{sender} did not answer the hidden node: {error}.")))?;
        cluster.quiesce().await?;
        let pings = *received.0.lock().expect("no holder of the lock panics");
        if pings > 0 {
            let seen = format!("{sender} sent the hidden node's consumer {}", count_of(pings, "ping"));
            return Err(cluster
                .failed(seen, "a hidden node gets no pings")
                .node(sender)
                .because("A hidden node is a tool that observes a cluster, like the checker, and is not a member of it.")
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
    let max_wait = cx.limit(TRANSIT, SEND_TIMEOUT);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!("{paused} is paused: it stays connected, and is silent."));
        cluster.pause(paused).await?;

        cluster.step(format!("{sender} sends {}.", count_of(pings, "ping")));
        for number in 1..=pings {
            let answer: u64 = match cluster.call_within(max_wait, sender, &PRODUCER, ProducerMsg::SendPing).await {
                Ok(answer) => answer,
                Err(unanswered) => {
                    let timed_out = matches!(unanswered.error, CallError::Timeout(_));
                    let stop: Told = Err(unanswered.into());
                    let stop = stop.because(
                        "A ping is a cast: its sender continues at once. A producer that waits for each receiver is as \
                         slow as the slowest one, and waits forever for a node that is gone.",
                    );
                    return match timed_out {
                        true => stop.fact(&Fact::SendPingUnanswered { node: sender.to_owned() }),
                        false => stop,
                    };
                }
            };
            number_is(cluster, sender, answer, number)?;
        }
        let wanted = Wanted::exactly(&[(sender, pings)]);
        all_have(cluster, &[sender, other], &wanted, "the running nodes get the ping at once").await?;

        cluster.step(format!("{paused} continues, and finds the pings."));
        cluster.resume(paused).await?;
        all_have(cluster, ALL, &wanted, EVERY_CONSUMER).await
    })
    .await
}

/// How many pings the hidden node's consumer received.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<u64>>);

struct HiddenConsumer(Received);

impl Server for HiddenConsumer {
    type Msg = ConsumerMsg;
    type Args = Received;

    async fn init(received: Received, _: &Ctx<ConsumerMsg>) -> Self {
        HiddenConsumer(received)
    }

    async fn handle(&mut self, msg: ConsumerMsg, _: &Ctx<ConsumerMsg>) {
        match msg {
            ConsumerMsg::Ping { .. } => {
                *self.0.0.lock().expect("no holder of the lock panics") += 1
            }
            ConsumerMsg::Counts(reply) => reply.send(BTreeMap::new()),
            ConsumerMsg::TotalPings(reply) => reply.send(0),
        }
    }
}
