//! When the checker does not get to run, and whether that is the doing of the nodes.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// How often the pulse beats.
pub(crate) const BEAT: Duration = Duration::from_millis(25);

/// How often the nodes are weighed; sooner, when a beat was late.
const LOOK: Duration = Duration::from_millis(250);

/// Nodes crowd others out when they take more than this share of the machine's processors between two
/// looks. The nodes of two clusters may be at it side by side.
const MOST: f64 = 0.3;

/// When the nodes made the pulse this late in all, the machine is theirs. A right program has a few threads
/// that run at once, and the system lets the checker run between them.
const CROWDED_OUT: Duration = Duration::from_secs(1);

/// When the nodes took the processors for this long in all, a failure tells it.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// The time that each node was on the processors so far.
type Times = BTreeMap<String, Duration>;

/// Notices when this process does not get to run.
pub(super) struct Pulse {
    noted: Arc<Mutex<Noted>>,
    beating: JoinHandle<()>,
}

#[derive(Default)]
struct Noted {
    /// When the machine was not there for us: it did something else than to run the nodes.
    pauses: VecDeque<(Instant, Duration)>,
    /// How late the pulse was because of the nodes.
    late: Duration,
    /// How long the nodes crowded others out, and how long each was on the processors meanwhile.
    crowded: Duration,
    used: Times,
}

/// A node that left others no time on the processors.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Busy {
    pub(crate) node: String,
    used: Duration,
    within: Duration,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kept the processors busy: within {:.1} s it used {:.1} s of processor time",
            self.node,
            self.within.as_secs_f32(),
            self.used.as_secs_f32(),
        )
    }
}

impl Pulse {
    /// Begins to watch. `times` weighs the nodes.
    pub(super) fn start(times: impl Fn() -> Times + Send + 'static) -> Pulse {
        let noted: Arc<Mutex<Noted>> = Arc::default();
        let noting = Arc::clone(&noted);
        let beating = tokio::spawn(async move {
            let (mut looked, mut before) = (Instant::now(), times());
            loop {
                let slept = Instant::now();
                sleep(BEAT).await;
                let late = slept.elapsed().saturating_sub(BEAT);
                if late <= BEAT && looked.elapsed() < LOOK {
                    continue;
                }
                let now = times();
                let since = looked.elapsed();
                lock(&noting).note(late, since, used_between(&before, &now));
                (looked, before) = (Instant::now(), now);
            }
        });
        Pulse { noted, beating }
    }

    /// The longest time since `begun` in which the machine did not let this process run.
    pub(super) fn longest_pause_since(&self, begun: Instant) -> Duration {
        let noted = lock(&self.noted);
        let since = noted.pauses.iter().rev();
        let since = since.take_while(|(at, _)| *at >= begun);
        since.map(|(_, late)| *late).max().unwrap_or_default()
    }

    /// The busiest node, if it was the nodes that did not let this process run.
    pub(super) fn crowded_out(&self) -> Option<Busy> {
        lock(&self.noted).crowded_out()
    }

    /// The busiest node, if the nodes took the processors for so long that it matters to what was seen.
    pub(super) fn busiest(&self) -> Option<Busy> {
        let noted = lock(&self.noted);
        noted.busiest().filter(|busy| busy.within >= WORTH_TELLING)
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.beating.abort();
    }
}

impl Noted {
    /// Takes in what the nodes `used` of the processors `within` the time since the last look, and how late
    /// the pulse was.
    fn note(&mut self, late: Duration, within: Duration, used: Times) {
        const KEPT: usize = 1000;
        let processors = std::thread::available_parallelism().map_or(1, |number| number.get());
        let there_is = within.as_secs_f64() * processors as f64;
        if used.values().sum::<Duration>().as_secs_f64() > there_is * MOST {
            if late > BEAT {
                self.late += late;
            }
            self.crowded += within;
            for (node, used) in used {
                *self.used.entry(node).or_default() += used;
            }
        } else if late > BEAT {
            self.pauses.push_back((Instant::now(), late));
            if self.pauses.len() > KEPT {
                self.pauses.pop_front();
            }
        }
    }

    fn crowded_out(&self) -> Option<Busy> {
        self.busiest().filter(|_| self.late > CROWDED_OUT)
    }

    fn busiest(&self) -> Option<Busy> {
        let (node, used) = self.used.iter().max_by_key(|(_, used)| **used)?;
        Some(Busy {
            node: node.clone(),
            used: *used,
            within: self.crowded,
        })
    }
}

fn lock(noted: &Mutex<Noted>) -> MutexGuard<'_, Noted> {
    noted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What each node used since it was weighed before. A node that was restarted begins at zero.
fn used_between(before: &Times, now: &Times) -> Times {
    let used = |(node, now): (&String, &Duration)| {
        let before = before.get(node).copied().unwrap_or_default();
        (node.clone(), now.checked_sub(before).unwrap_or(*now))
    };
    now.iter().map(used).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn all_processors(within: Duration) -> Duration {
        within * std::thread::available_parallelism().unwrap().get() as u32
    }

    #[tokio::test]
    async fn pulse_notices_that_the_process_did_not_run() {
        let pulse = Pulse::start(Times::new);
        let begun = Instant::now();
        sleep(Duration::from_millis(60)).await;
        let still = Instant::now();
        while still.elapsed() < Duration::from_millis(300) {
            std::hint::spin_loop();
        }
        sleep(Duration::from_millis(60)).await;
        assert!(pulse.longest_pause_since(begun) >= Duration::from_millis(200));
        assert!(pulse.longest_pause_since(Instant::now()).is_zero());
        assert_eq!(pulse.crowded_out(), None);
    }

    #[test]
    fn pause_in_which_the_nodes_took_the_processors_is_theirs_and_the_busiest_is_named() {
        let mut noted = Noted::default();
        let within = seconds(2.0);
        for _ in 0..2 {
            let used = |share: f64| all_processors(within).mul_f64(share);
            let used = [("n1".to_owned(), used(0.1)), ("n2".to_owned(), used(0.6))];
            noted.note(seconds(0.8), within, used.into());
        }
        assert!(noted.pauses.is_empty());
        let busy = noted.crowded_out().unwrap();
        assert_eq!((busy.node.as_str(), busy.within), ("n2", seconds(4.0)));
        let whole = format!("{:.1}", all_processors(seconds(2.4)).as_secs_f32());
        assert_eq!(
            busy.to_string(),
            format!(
                "n2 kept the processors busy: within 4.0 s it used {whole} s of processor time"
            )
        );
    }

    #[test]
    fn pause_in_which_the_nodes_hardly_ran_is_the_machines() {
        let mut noted = Noted::default();
        let within = seconds(2.0);
        let used = [("n1".to_owned(), all_processors(within).mul_f64(0.2))];
        noted.note(seconds(1.9), within, used.into());
        assert_eq!(noted.pauses.len(), 1);
        assert_eq!(noted.crowded_out(), None);
    }

    #[test]
    fn busy_nodes_that_let_the_checker_run_are_not_blamed() {
        let mut noted = Noted::default();
        let within = seconds(0.25);
        for _ in 0..100 {
            let used = [("n1".to_owned(), all_processors(within).mul_f64(0.9))];
            noted.note(seconds(0.01), within, used.into());
        }
        assert_eq!(noted.crowded_out(), None);
    }

    #[test]
    fn restarted_node_is_weighed_from_its_start() {
        let times = |time| Times::from([("n1".to_owned(), seconds(time))]);
        assert_eq!(used_between(&times(5.0), &times(6.0)), times(1.0));
        assert_eq!(used_between(&times(5.0), &times(0.5)), times(0.5));
        assert_eq!(used_between(&Times::new(), &times(0.5)), times(0.5));
    }
}
