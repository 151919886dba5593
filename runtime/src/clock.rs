//! Lamport's logical clock: an order of events that respects cause and effect.

use std::sync::atomic::{AtomicU64, Ordering};

/// A node's Lamport clock.
///
/// Each frame that is sent gets the next tick, and a frame that arrives moves the clock past the
/// sender's. So if one event can have caused another, its number is the smaller one; the
/// converse does not hold.
///
/// ```
/// use runtime::Clock;
///
/// let (n1, n2) = (Clock::default(), Clock::default());
/// let sent = n1.stamp();
/// n2.observe(sent);
/// assert!(n2.now() > sent);
/// ```
///
/// # Not promised
/// That the smaller number came first: two events without a common cause may have any numbers.
///
/// # Source
/// Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System*, 1978.
#[derive(Debug, Default)]
pub struct Clock(AtomicU64);

impl Clock {
    /// The time of a frame that is about to be sent.
    pub fn stamp(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes note of a frame that arrived with the time `theirs`.
    pub fn observe(&self, theirs: u64) {
        // A peer could send the largest number there is; time must still be able to go on.
        let theirs = theirs.min(u64::MAX / 2);
        self.0.fetch_max(theirs, Ordering::Relaxed);
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The time of the last event.
    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
