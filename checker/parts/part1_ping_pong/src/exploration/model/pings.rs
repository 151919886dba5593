//! A producer sends a ping: which number it may have, and which consumers must know it soon.

use std::collections::BTreeSet;

use runtime::net::faults::{Fate, FrameSeen};
use runtime::{CallError, wire};
use testkit::cluster::{Cluster, Explained, Mark, Standing, Unanswered};
use testkit::scenario::{Stop, Told};
use testkit::verdict::Failure;
use tokio::time::Instant;

use super::{CONTINUING, MessageRule, State, TRANSIT_WHEN_BUSY, Table, ordered};
use crate::TRANSIT;
use crate::exploration::Level;
use crate::fact::Fact;
use crate::messages::{ASK_TIMEOUT, ConsumerMsg, PRODUCER, ProducerMsg};

impl Table {
    pub(super) async fn ping(&self, cluster: &Cluster<'_>, node: &str) -> Told {
        if cluster.standing(node) != Some(Standing::Running) {
            return Ok(());
        }
        let Ok(connected) = cluster.list(node).await else {
            return Ok(());
        };
        let (mark, begun) = (cluster.mark(), Instant::now());
        *self
            .state
            .borrow_mut()
            .attempts
            .entry(node.to_owned())
            .or_default() += 1;
        let is_asking = self
            .state
            .borrow()
            .asking
            .get(node)
            .is_some_and(|asking| *asking > 0);
        let answered = match self.level.producers_continue {
            true => CONTINUING,
            // A producer may wait in a handler, as long as it answers in time.
            false if is_asking => ASK_TIMEOUT + TRANSIT_WHEN_BUSY,
            false => cluster.context().limit(TRANSIT, TRANSIT_WHEN_BUSY),
        };
        let asked = cluster
            .call_within(answered, node, &PRODUCER, ProducerMsg::SendPing)
            .await;
        let number: u64 = match asked {
            Ok(number) => number,
            Err(unanswered) => {
                return self.unanswered(
                    node,
                    begun,
                    unanswered,
                    &Fact::SendPingUnanswered {
                        node: node.to_owned(),
                    },
                );
            }
        };
        let mut state = self.state.borrow_mut();
        let undisturbed = state.touched.get(node).is_none_or(|at| *at < begun);
        let highest = state.attempts.get(node).copied().unwrap_or_default();
        let last = state.last.get(node).copied();
        let known = state.known_at_crash.get(node).map(|(known, _)| *known);
        let least = known.or(last).map_or(1, |known| known + 1);
        let wanted = match self.level.producers_continue {
            true => least..=highest,
            // Two pings may be on their way at once.
            false => state.sent.get(node).map_or(1, |sent| sent + 1)..=highest,
        };
        if undisturbed && !wanted.contains(&number) {
            return Err(self
                .wrong_number(cluster, node, number, *wanted.start(), highest)
                .into());
        }
        let sent = state.sent.entry(node.to_owned()).or_default();
        *sent = number.max(*sent);
        state.last.insert(node.to_owned(), number);
        if undisturbed {
            state.known_at_crash.remove(node);
        }
        for consumer in cluster.running() {
            if state.reaches(
                cluster, self.level, &connected, node, &consumer, number, mark, begun,
            ) {
                let late = state
                    .delays
                    .get(&(node.to_owned(), consumer.clone()))
                    .copied();
                let transit = cluster.context().limit(TRANSIT, TRANSIT_WHEN_BUSY);
                let due = Instant::now() + transit + late.unwrap_or_default();
                state.expect(&consumer, node, number, due, cluster.mark());
            }
        }
        Ok(())
    }

    fn wrong_number(
        &self,
        cluster: &Cluster<'_>,
        node: &str,
        number: u64,
        least: u64,
        most: u64,
    ) -> Failure {
        let expected = match least == most {
            true => format!("it is ping number {least}"),
            false => format!("its number is between {least} and {most}"),
        };
        let why = match self.level.producers_continue {
            true => {
                "A ping with a number that a consumer has seen is ignored there: the producer must continue after the highest count that it can learn."
            }
            false => {
                "The caller and every consumer tell pings apart by their numbers: 1, 2, 3, and so on."
            }
        };
        cluster
            .failed(
                format!("{node}'s producer answered SendPing with {number}"),
                expected,
            )
            .node(node)
            .fact(&Fact::PingNumber {
                node: node.to_owned(),
                answer: number,
                wanted: least,
            })
            .because(why)
    }

    /// What it means that a server gave no answer: nothing, if something was done to its node meanwhile.
    pub(super) fn unanswered(
        &self,
        node: &str,
        begun: Instant,
        unanswered: Unanswered,
        fact: &Fact,
    ) -> Told {
        let margin = if self.level.producers_continue {
            CONTINUING
        } else {
            TRANSIT
        };
        let touched = self
            .state
            .borrow()
            .touched
            .get(node)
            .is_some_and(|at| *at + margin >= begun);
        let lasting = matches!(
            unanswered.error,
            CallError::NotUnderstood(_) | CallError::BadAnswer(_)
        );
        let stop = Stop::from(unanswered);
        match stop {
            Stop::NotWritten(_) | Stop::Fault(_) => Err(stop),
            _ if touched && !lasting => Ok(()),
            stop => Err(stop).fact(fact),
        }
    }
}

impl State {
    /// Whether a ping that was just sent gets to a consumer.
    #[expect(
        clippy::too_many_arguments,
        reason = "the ping, and what was known before it was sent"
    )]
    fn reaches(
        &self,
        cluster: &Cluster<'_>,
        level: Level,
        connected: &BTreeSet<String>,
        from: &str,
        to: &str,
        number: u64,
        mark: Mark,
        begun: Instant,
    ) -> bool {
        // A supervisor that restarts two servers begins with the producer, which may take its time.
        let settled = if level.producers_continue {
            CONTINUING
        } else {
            TRANSIT
        };
        let untouched = |node: &str| {
            self.touched
                .get(node)
                .is_none_or(|at| *at + settled < begun)
        };
        if !untouched(to) || !untouched(from) && !level.producers_continue {
            return false;
        }
        if from == to {
            return true;
        }
        if !connected.contains(to)
            || self
                .touched_pairs
                .get(&ordered(from, to))
                .is_some_and(|at| *at + TRANSIT >= begun)
        {
            return false;
        }
        // The ping may have been the last one that a rule waited for.
        let is_ruled = |rule: &MessageRule| ordered(&rule.from, &rule.to) == ordered(from, to);
        if self.is_clean(cluster, from, to) && !self.rules.iter().any(is_ruled) {
            return true;
        }
        let passed = |frame: &FrameSeen| {
            matches!(frame.fate, Fate::Deliver | Fate::Duplicate)
                && cluster
                    .payload(frame)
                    .is_some_and(|payload| is_ping(&payload, number))
        };
        !cluster.is_cut(from, to)
            && !cluster
                .since(mark)
                .from(from)
                .to(to)
                .messages("Ping")
                .filter(passed)
                .is_empty()
    }
}

fn is_ping(payload: &[u8], number: u64) -> bool {
    matches!(wire::decode::<ConsumerMsg>(payload), Ok(ConsumerMsg::Ping { count, .. }) if count == number)
}
