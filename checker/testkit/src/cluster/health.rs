//! What goes wrong beside the story: nodes that end by themselves, connections that are lost for no
//! reason, a machine that hangs.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Cluster, Share, Standing, lock};
use crate::guard::Ending;
use crate::processes::BEAT;
use crate::scenario::{Stop, Told, unwritten};
use crate::verdict::Failure;
use crate::world::Process;

/// How long after a lost connection a node may be found to have ended: the guard first collects
/// what the node wrote last.
const NOTICE: Duration = Duration::from_millis(800);

/// More messages than this from one node are no conversation. A node that repeats itself ten
/// times a second to each other node stays far below.
const FLOOD: u64 = 20_000;

/// A machine that hangs for less than this is busy, not broken.
const STILL: Duration = Duration::from_millis(500);

/// When the network between the nodes delivers nothing for this long, a right program may miss the
/// time limits that the exercises give.
const TOO_STILL: Duration = Duration::from_millis(750);

impl Cluster<'_> {
    /// Looks whether something went wrong that is not the story's: a node ended by itself, or a
    /// connection was lost although nothing had been done to it.
    ///
    /// # Errors
    /// The verdict, if so.
    pub async fn healthy(&self) -> Told {
        if let Some(stop) = self.ended_by_itself().or_else(|| self.flooded()) {
            return Err(stop);
        }
        if self.share.as_ref().is_some_and(Share::is_gone) {
            return Err(super::store::store_ended());
        }
        if self.network().books(|books| books.losses().is_empty()) {
            return Ok(());
        }
        Err(self.ailing_soon().await.unwrap_or_else(|| {
            Stop::fault("The checker noted a lost connection, and then found no note of it.")
        }))
    }

    /// Like [`healthy`](Self::healthy), after a connection was seen to go: the reason may take a
    /// moment to be known.
    pub(super) async fn ailing_soon(&self) -> Option<Stop> {
        let begun = Instant::now();
        while begun.elapsed() < NOTICE {
            if let Some(stop) = self.ended_by_itself() {
                return Some(stop);
            }
            sleep(Duration::from_millis(10)).await;
        }
        let loss = self
            .network()
            .books(|books| books.losses().first().cloned())?;
        let (by, to) = (loss.by.short(), loss.to.short());
        Some(Stop::inconclusive(format!(
            "{by} closed its connection to {to} although no fault explains that; perhaps the machine was too busy."
        )))
    }

    /// The verdict, if the machine hung for a good part of the time since `begun`, in
    /// which something was to happen `within`.
    pub(super) fn too_slow(&self, begun: Instant, within: Duration) -> Option<Stop> {
        let still = self.world.stood_still_since(begun);
        (still > STILL.max(within / 4)).then(|| {
            Stop::inconclusive(format!(
                "The machine hung for {:.1} s while something had to happen within {:.1} s.",
                still.as_secs_f32(),
                within.as_secs_f32()
            ))
        })
    }

    /// Ends what it is told when a node says or computes so much that nothing else can be seen.
    pub(super) async fn unless_flooded<T>(
        &self,
        told: impl Future<Output = Result<T, Stop>>,
    ) -> Result<T, Stop> {
        let flood = async {
            loop {
                sleep(Duration::from_millis(100)).await;
                if let Some(stop) = self.flooded().or_else(|| self.crowded_out()) {
                    return stop;
                }
            }
        };
        tokio::select! { biased;
            stop = flood => Err(stop),
            told = told => told.map_err(|stop| match stop {
                Stop::Inconclusive(_) => self.flooded().unwrap_or(stop),
                other => other,
            }),
        }
    }

    fn flooded(&self) -> Option<Stop> {
        if self.share.as_ref().is_some_and(Share::is_flooded) {
            let stop = self.failed(
                "the nodes sent the store more than a million commands",
                "nodes ask the store only for what they need; a few hundred commands are enough here",
            );
            return Some(
                stop.because("A loop that never waits leaves the other nodes no time.")
                    .into(),
            );
        }
        if self.network().books(|books| books.is_crowded()) {
            let stop = self.failed(
                "the nodes opened hundreds of connections to the directory, which had to refuse further ones",
                "each node opens one connection to the directory, and one for each lookup",
            );
            return Some(
                stop.because("A directory that is full of connections cannot tell the nodes where the others are.")
                    .into(),
            );
        }
        let (node, said) = self.network().books(|books| books.most_talkative())?;
        (said > FLOOD).then(|| {
            let node = node.short();
            self.failed(
                format!("{node} sent more than {FLOOD} messages to the other nodes"),
                format!("{node} sends what it has to send, and then stops; a few hundred messages are enough here"),
            )
            .because(
                "A node that never stops sending leaves the other nodes no time. Perhaps each \
                 message triggers further messages, or a loop never waits.",
            )
            .into()
        })
    }

    /// The failure of nodes that left the checker no time to run, whatever else was seen.
    fn crowded_out(&self) -> Option<Stop> {
        let node = self.world.crowded_out()?.node;
        let failure = self
            .failed(
                format!("{node} and the other nodes left the checker no time to run"),
                format!("{node} waits for messages, and uses almost no processor time"),
            )
            .because(
                "One or more loops that never wait leave no time for the other nodes and the checker.",
            );
        Some(failure.into())
    }

    /// A story that could not be told because the nodes left the checker no time to run is their
    /// failure; and a failure tells that they took the processors.
    pub(super) fn blame_the_busy(&self, told: Told) -> Told {
        told.map_err(|stop| match (stop, self.world.busiest()) {
            (Stop::Inconclusive(why), _) => self.crowded_out().unwrap_or(Stop::Inconclusive(why)),
            (Stop::Failed(failure), Some(busy)) => failure.evidence(busy.to_string()).into(),
            (stop, _) => stop,
        })
    }

    /// The verdict on a claim that did not hold, if the checker itself hung meanwhile: the
    /// network did, too, for it is ours, and a right program may have given up on another node.
    async fn stood_still(&self, failure: &Failure) -> Option<Stop> {
        // The pause may have ended just now.
        sleep(2 * BEAT).await;
        let still = self.world.stood_still_since(self.begun);
        (still > TOO_STILL).then(|| {
            Stop::inconclusive(format!(
                "The checker, and with it the network between the nodes, hung for {:.1} s. \
                 That may be why {}.",
                still.as_secs_f32(),
                failure.seen
            ))
        })
    }

    /// What became of the story, in the light of what went on beside it.
    pub(super) async fn conclude(&self, told: Told) -> Told {
        let stop = match told {
            Ok(()) => return self.healthy().await,
            Err(stop) => stop,
        };
        // A process that came to a gap is not restarted, and what is then missed elsewhere, a
        // fault without effect among it, is only the consequence.
        match (stop, self.unwritten_gap()) {
            (Stop::Failed(_) | Stop::Inconclusive(_), Some(gap)) => Err(Stop::NotWritten(gap)),
            (Stop::Failed(mut failure), None) => {
                self.healthy().await?;
                if let Some(stop) = self.stood_still(&failure).await {
                    return Err(stop);
                }
                self.mark_violation(&failure);
                if failure.sketch.is_empty() {
                    failure.sketch = self.sketch();
                }
                Err(Stop::Failed(failure))
            }
            (other, _) => Err(other),
        }
    }

    /// Looks whether some process came to code that nobody wrote yet: then nothing that is waited
    /// for will come.
    ///
    /// # Errors
    /// Not written, if so.
    pub fn written(&self) -> Told {
        match self.unwritten_gap() {
            Some(gap) => Err(Stop::not_written(gap)),
            None => Ok(()),
        }
    }

    /// The gap that some node's panic speaks of.
    pub(super) fn unwritten_gap(&self) -> Option<String> {
        let children: Vec<Arc<dyn Process>> = lock(&self.members)
            .values()
            .map(|member| Arc::clone(&member.child))
            .collect();
        children
            .iter()
            .find_map(|child| unwritten(&child.last_stderr_lines(200)))
    }

    fn ended_by_itself(&self) -> Option<Stop> {
        let (node, child, ending) = lock(&self.members).iter().find_map(|(node, member)| {
            let alive = member.standing != Standing::Killed;
            let ending = member.child.ending().filter(|_| alive)?;
            Some((node.clone(), Arc::clone(&member.child), ending))
        })?;
        if ending == Ending::GuardLost {
            return Some(Stop::fault("The guard process is gone."));
        }
        let stderr = child.last_stderr_lines(20);
        // A node beyond its limits may well have lacked room, by its own doing.
        let within_limits = matches!(ending, Ending::Code(_) | Ending::Signal(_));
        match Stop::of_last_words(&node, &stderr) {
            Some(Stop::Inconclusive(_)) if !within_limits => {}
            Some(stop) => return Some(stop),
            None => {}
        }
        let mut failure = self
            .failed(format!("{node} {ending}"), format!("{node} runs until it is told to stop"))
            .because("A server may crash, and its supervisor starts it again; when a node ends, all its servers end with it.")
            .stderr(&node, stderr);
        if ending == Ending::Signal(9) {
            failure = failure.evidence(
                "The checker did not kill it: perhaps the program itself did, or the system, for lack of memory",
            );
        }
        Some(failure.into())
    }
}
