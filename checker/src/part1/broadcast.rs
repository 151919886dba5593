//! Problem 1: a ping reaches every connected consumer and counts once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runtime::net::faults::{Action, PatternKind, Rule};
use runtime::{Ctx, Server};

use super::crash::ping_number;
use super::messages::{CONSUMER, ConsumerMsg, PRODUCER, ProducerMsg};
use super::{SOON, all_show, caught_one, pings_are_as_given, send_pings, still_show};
use crate::cluster::{Cluster, Explained, Options, Unmet};
use crate::scenario::{Context, Stop, Told};

const EVERY_CONSUMER: &str = "a ping reaches every connected consumer, that of its own node too";

/// Longer than a cast can take, and shorter than a call waits for a node that is silent.
const AT_ONCE: Duration = Duration::from_secs(3);

pub(super) async fn reaches_every_connected_consumer(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n1 sends three pings, n2 one and n3 five.");
        send_pings(cluster, "n1", 3, 3).await?;
        send_pings(cluster, "n2", 1, 1).await?;
        send_pings(cluster, "n3", 5, 5).await?;

        let expected = [("n1", 3), ("n2", 1), ("n3", 5)];
        let why = "Whoever asks any consumer must get the same answer, so every node has to hear of every ping.";
        all_show(cluster, &["n1", "n2", "n3"], &expected, SOON, EVERY_CONSUMER).await.because(why)?;
        still_show(cluster, &["n1", "n2", "n3"], &expected, "each count is exactly the number of pings").await.because(why)?;
        pings_are_as_given(cluster)?;

        cluster.step("Ask each for its total.");
        for node in ["n1", "n2", "n3"] {
            let total: u64 = cluster.call(node, &CONSUMER, ConsumerMsg::TotalPings).await?;
            if total != 9 {
                return Err(cluster.failed(format!("{node}'s consumer answered TotalPings with {total}"), "the total is the sum of all counts, 9").into());
            }
        }

        cluster.step("n4 joins the cluster, and then n1 sends its fourth ping.");
        cluster.join("n4").await?;
        send_pings(cluster, "n1", 1, 4).await?;
        let reached = async || {
            for node in ["n1", "n2", "n3", "n4"] {
                let seen = super::shows(cluster, node).await?;
                if seen.get("n1") != Some(&4) {
                    return Err(Unmet::at(node, format!("{node}'s consumer shows {}", super::shown(&seen))));
                }
            }
            Ok(())
        };
        cluster
            .eventually(SOON, format!("{EVERY_CONSUMER}, also that of a node which came late (wanted on all: n1: 4)"), reached)
            .await
            .because("Nodes come and go while a program runs: who is connected must be asked when a ping is sent, \
                      and the ping's number must tell a node that came late of all those before.")
    })
    .await
}

pub(super) async fn delivered_twice_counts_once(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2"], Options::default(), async |cluster| {
        cluster.step("The network delivers the second ping from n1 to n2 twice.");
        let second = Rule::new(Action::Duplicate)
            .from(&cluster.name("n1"))
            .to(&cluster.name("n2"))
            .kind(PatternKind::Cast)
            .message("Ping")
            .skip(1)
            .times(1);
        let twice = cluster.rule(second);
        send_pings(cluster, "n1", 3, 3).await?;
        caught_one(cluster, &twice).await?;

        cluster.step("All three have arrived, one of them twice.");
        let why = "Networks repeat messages, and so do senders that are not sure. Handling must be idempotent: \
                   once or twice, the outcome is the same.";
        all_show(cluster, &["n1", "n2"], &[("n1", 3)], SOON, "a ping that is delivered twice counts once").await.because(why)?;
        still_show(cluster, &["n1", "n2"], &[("n1", 3)], "a ping that is delivered twice counts once").await.because(why)?;

        cluster.step("The fourth ping from n1 to n2 is held back, and the fifth overtakes it.");
        let fourth = Rule::new(Action::Hold)
            .from(&cluster.name("n1"))
            .to(&cluster.name("n2"))
            .kind(PatternKind::Cast)
            .message("Ping")
            .matching(|message| ping_number(message) == Some(4))
            .times(1);
        let late = cluster.rule(fourth);
        send_pings(cluster, "n1", 2, 5).await?;
        caught_one(cluster, &late).await?;
        all_show(cluster, &["n1", "n2"], &[("n1", 5)], SOON, EVERY_CONSUMER).await?;

        cluster.step("The fourth ping arrives.");
        late.release();
        still_show(cluster, &["n1", "n2"], &[("n1", 5)], "a ping that comes late does not undo a newer one")
            .await
            .because("What comes later need not have been said later. Of two numbers of one producer, the higher one is newer.")
    })
    .await
}

pub(super) async fn disconnected_stays_disconnected(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n1 sends a ping; all have it.");
        send_pings(cluster, "n1", 1, 1).await?;
        all_show(cluster, &["n1", "n2", "n3"], &[("n1", 1)], SOON, EVERY_CONSUMER).await?;

        cluster.step("n1 disconnects from n3 on purpose, and sends two more pings.");
        cluster.disconnect("n1", "n3").await?;
        cluster.quiesce().await?;
        let mark = cluster.mark();
        send_pings(cluster, "n1", 2, 3).await?;
        all_show(cluster, &["n1", "n2"], &[("n1", 3)], SOON, EVERY_CONSUMER).await?;

        cluster.step("n1 and n3 stay apart.");
        let apart = async || {
            let listed = cluster.list("n1").await?;
            if listed.contains("n3") || !cluster.nothing_crossed(mark, &["n1"], &["n3"]) {
                return Err(Unmet::at("n1", "n1 is connected to n3 again"));
            }
            Ok(())
        };
        cluster
            .throughout(Duration::from_millis(400), "n3 stays disconnected: a ping goes to the nodes that are connected, and connects no others", apart)
            .await
            .because(
                "Somebody took n3 out of n1's cluster on purpose. A message to one node by name connects to it, \
                 so a broadcast must not be a list of names that were seen once.",
            )
    })
    .await
}

pub(super) async fn hidden_node_gets_none(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2"], Options::default(), async |cluster| {
        cluster.step("A hidden node, with a consumer of its own, connects to n1.");
        let guest = cluster.guest("guest").await?;
        let heard = Heard::default();
        guest
            .start_server::<Eavesdropper>(&CONSUMER, heard.clone())
            .await
            .map_err(|error| Stop::fault(format!("The hidden node's consumer did not start: {error}.")))?;
        guest
            .connect(&cluster.name("n1"))
            .await
            .map_err(|error| Stop::inconclusive(format!("The hidden node could not connect to n1: {error}.")))?;

        cluster.step("n1 sends three pings.");
        send_pings(cluster, "n1", 3, 3).await?;
        all_show(cluster, &["n1", "n2"], &[("n1", 3)], SOON, EVERY_CONSUMER).await?;
        // What n1 sent the hidden node before is ahead of this answer, on the same link.
        guest
            .ping(&cluster.name("n1"))
            .await
            .map_err(|error| Stop::inconclusive(format!("n1 did not answer the hidden node: {error}.")))?;
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
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n2 is paused: it is connected, and silent.");
        cluster.pause("n2").await?;

        cluster.step("n1 sends two pings.");
        for number in 1..=2 {
            let answer: Result<u64, _> = cluster.call_within(AT_ONCE, "n1", &PRODUCER, ProducerMsg::SendPing).await;
            let answer = answer.map_err(Stop::from).because(
                "A ping is a cast: its sender goes on at once. Who waits for each receiver is held up by the slowest, \
                 and for a node that is gone, for ever.",
            );
            if answer? != number {
                return Err(cluster.failed("SendPing answered another number", format!("SendPing answers its number, {number}")).into());
            }
        }
        all_show(cluster, &["n1", "n3"], &[("n1", 2)], SOON, "the nodes that run get the ping at once").await?;

        cluster.step("n2 runs on, and finds the pings waiting.");
        cluster.resume("n2").await?;
        all_show(cluster, &["n1", "n2", "n3"], &[("n1", 2)], SOON, EVERY_CONSUMER).await
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
