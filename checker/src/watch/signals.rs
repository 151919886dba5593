//! What the system and the keyboard tell a process.

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio::time::{Duration, sleep};

use super::terminal::Terminal;
use testkit::interrupt::end_by_force;
use testkit::trouble::{Result, While};

/// How often is looked whether the terminal is ours again, when nobody tells.
const LOOK: Duration = Duration::from_millis(500);

/// A signal that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Ctrl-C, a closed window, or `kill`.
    End,
    /// Ctrl-Z.
    StandStill,
    /// The window has another size.
    Resized,
}

/// Listens to signals.
pub(super) struct Signals {
    ends: [Stream; 2],
    /// How often the end was asked for.
    ends_heard: usize,
    /// The others; of interest at a terminal only.
    of_terminal: Option<[Stream; 3]>,
}

impl Signals {
    /// Listens from now on. Without a terminal a hang-up is left to the system, so that `nohup` works.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn listen(at_a_terminal: bool) -> Result<Signals> {
        let of_terminal = at_a_terminal.then(|| -> Result<[Stream; 3]> {
            Ok([
                stream(Number::HUP)?,
                stream(Number::TSTP)?,
                stream(Number::WINCH)?,
            ])
        });
        Ok(Signals {
            ends: [stream(Number::INT)?, stream(Number::TERM)?],
            ends_heard: 0,
            of_terminal: of_terminal.transpose()?,
        })
    }

    /// The next signal. Cancel safe.
    pub(super) async fn next(&mut self) -> Signal {
        let signal = self.heard().await;
        if signal == Signal::End {
            self.ends_heard += 1;
            tokio::spawn(end_by_force(self.ends_heard));
        }
        signal
    }

    async fn heard(&mut self) -> Signal {
        let [interrupted, terminated] = &mut self.ends;
        let Some([hung_up, stand_still, resized]) = &mut self.of_terminal else {
            tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            }
            return Signal::End;
        };
        tokio::select! {
            _ = interrupted.recv() => Signal::End,
            _ = terminated.recv() => Signal::End,
            _ = hung_up.recv() => Signal::End,
            _ = stand_still.recv() => Signal::StandStill,
            _ = resized.recv() => Signal::Resized,
        }
    }

    /// Waits until the terminal is ours again. Returns whether to go on: in the meantime
    /// it may have been ended.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) async fn stand_still(&mut self) -> Result<bool> {
        let mut continued = stream(Number::CONT)?;
        if !Terminal::stand_still() {
            return Ok(true);
        }
        continued.recv().await;
        while !Terminal::is_ours() {
            tokio::select! {
                signal = self.next() => if signal == Signal::End { return Ok(false) },
                _ = continued.recv() => {}
                () = sleep(LOOK) => {}
            }
        }
        Ok(true)
    }
}

fn stream(number: Number) -> Result<Stream> {
    signal(SignalKind::from_raw(number.as_raw())).or_trouble(|| "listen to signals")
}
