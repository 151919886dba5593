//! What ends a run before its end: a signal, or that nobody reads any more.
//!
//! A run that is ended early still says what it knows. So nothing is torn down here: whatever works
//! is told, and stops where it can.

use std::sync::Arc;

use rustix::process::{self, getpid, kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep};

use crate::trouble::{Result, While};

/// The signals that end a run, and how people call them.
const SIGNALS: [(SignalKind, &str); 3] = [
    (SignalKind::interrupt(), "SIGINT"),
    (SignalKind::terminate(), "SIGTERM"),
    (SignalKind::hangup(), "SIGHUP"),
];

/// Signals that come within this time of each other are one.
const ONE_SIGNAL: Duration = Duration::from_millis(300);

/// How long a process may take to end after a first signal, and after a second.
const GRACE: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(5)];

/// Whether a run is to end early, and why. All clones hear the same.
#[derive(Clone)]
pub struct Interrupt(watch::Receiver<Heard>);

/// Tells an [`Interrupt`].
#[derive(Clone)]
pub struct Interrupter(Arc<watch::Sender<Heard>>);

#[derive(Debug, Clone, Default)]
struct Heard {
    times: usize,
    /// As a fragment: "ended by signal (SIGTERM)".
    why: String,
    /// When a signal came last.
    signal: Option<Instant>,
}

impl Interrupt {
    /// One that is never raised.
    pub fn never() -> Interrupt {
        Interrupt(watch::channel(Heard::default()).1)
    }

    /// One that is raised through its other half.
    pub fn new() -> (Interrupter, Interrupt) {
        let (sender, receiver) = watch::channel(Heard::default());
        (Interrupter(Arc::new(sender)), Interrupt(receiver))
    }

    /// Why it was raised, if it was.
    pub fn why(&self) -> Option<String> {
        let heard = self.0.borrow();
        (heard.times > 0).then(|| heard.why.clone())
    }

    /// Waits until it is raised, and says why. Cancel safe.
    pub async fn raised(&self) -> String {
        self.raised_times(1).await
    }

    /// Waits until it is raised once more: the user does not want to wait for the report.
    /// Cancel safe.
    pub async fn raised_again(&self) {
        self.raised_times(2).await;
    }

    async fn raised_times(&self, times: usize) -> String {
        let mut heard = self.0.clone();
        let why = heard.wait_for(|heard| heard.times >= times).await;
        let why = why.map(|heard| heard.why.clone());
        match why {
            Ok(why) => why,
            // Nobody is left to raise it.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Interrupter {
    /// Raises the interrupt. The first reason is the one that is told.
    pub fn raise(&self, why: &str) {
        self.0.send_modify(|heard| {
            heard.times += 1;
            if heard.why.is_empty() {
                why.clone_into(&mut heard.why);
            }
        });
    }

    /// Whether a signal that arrives now is a further one. Tools such as `timeout` send the same one to a
    /// process and to its group, which nobody means as a second.
    fn is_another_signal(&self) -> bool {
        self.0.send_if_modified(|heard| {
            let now = Instant::now();
            let before = heard.signal.replace(now);
            before.is_none_or(|before| now - before > ONE_SIGNAL)
        })
    }

    /// Raises the interrupt at each signal that ends a run, from now on.
    ///
    /// A signal that this process was started to ignore stays ignored, so that `nohup` works.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen_to_signals(&self) -> Result<()> {
        let ignored = ignored();
        for (kind, name) in SIGNALS {
            if ignored & (1 << (kind.as_raw_value() - 1)) != 0 {
                continue;
            }
            let stream = signal(kind).or_trouble(|| "listen to signals")?;
            tokio::spawn(pass_on(stream, name, self.clone()));
        }
        Ok(())
    }
}

async fn pass_on(mut stream: Signal, name: &'static str, to: Interrupter) {
    while stream.recv().await.is_some() {
        if !to.is_another_signal() {
            continue;
        }
        to.raise(&format!("ended by signal ({name})"));
        let times = to.0.borrow().times;
        tokio::spawn(end_by_force(times));
    }
}

/// Ends this process by force from outside of what it does, when a signal has asked for its end that
/// many times and the process is still there: it may be writing to a pipe that nobody reads. The guard
/// ends whatever the process has started.
pub async fn end_by_force(times: usize) {
    sleep(GRACE[usize::from(times > 1)]).await;
    let _ = kill_process(getpid(), process::Signal::KILL);
}

/// The signals that this process ignores, a bit each, the first being signal 1.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or_else(|| {
        // Where the system does not say it: `nohup` leaves no terminal.
        use std::io::IsTerminal;
        let at_a_terminal = std::io::stdin().is_terminal()
            || std::io::stdout().is_terminal()
            || std::io::stderr().is_terminal();
        match at_a_terminal {
            true => 0,
            false => 1 << (SignalKind::hangup().as_raw_value() - 1),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn first_reason_is_told_and_the_second_is_counted() {
        let (interrupter, interrupt) = Interrupt::new();
        assert_eq!(interrupt.why(), None);
        interrupter.raise("ended by signal (SIGTERM)");
        assert_eq!(interrupt.raised().await, "ended by signal (SIGTERM)");
        interrupter.raise("ended by signal (SIGINT)");
        interrupt.raised_again().await;
        assert_eq!(interrupt.why().unwrap(), "ended by signal (SIGTERM)");
    }

    #[tokio::test(start_paused = true)]
    async fn signal_that_is_sent_twice_at_one_moment_counts_once() {
        let (interrupter, _interrupt) = Interrupt::new();
        assert!(interrupter.is_another_signal());
        assert!(!interrupter.is_another_signal());
        sleep(ONE_SIGNAL * 2).await;
        assert!(interrupter.is_another_signal());
    }
}
