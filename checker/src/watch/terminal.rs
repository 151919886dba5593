//! The terminal while it gives keys without Enter.

use std::io::IsTerminal;

use rustix::process::{Signal, getpgrp, getppid, getsid, kill_process};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr};

use testkit::guard::{TerminalGuard, for_keys, own_program};
use testkit::trouble::{Result, While};

/// The narrowest and lowest that a screen is laid out for.
const LEAST: Size = Size {
    columns: 60,
    rows: 24,
};

/// How much a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// In a line.
    pub(super) columns: usize,
    /// Lines.
    pub(super) rows: usize,
}

/// A terminal that was taken. It is as it was when this is dropped, and also when it never is.
pub(super) struct Terminal {
    before: Termios,
    guard: TerminalGuard,
    is_taken: bool,
}

impl Terminal {
    /// Whether a person sits at a terminal, and sees what is printed there.
    pub(super) fn is_there() -> bool {
        let is_dumb = std::env::var_os("TERM").is_none_or(|kind| kind == "dumb");
        std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !is_dumb
    }

    /// Takes it.
    ///
    /// # Errors
    /// When its modes cannot be read or set.
    pub(super) fn take() -> Result<Terminal> {
        let own = own_program()?;
        let mut terminal = Terminal {
            before: modes()?,
            guard: TerminalGuard::start(&own, rustix::stdio::stdin())?,
            is_taken: false,
        };
        terminal.take_again()?;
        Ok(terminal)
    }

    /// Takes it again after it was given back.
    ///
    /// # Errors
    /// When its modes cannot be read or set.
    pub(super) fn take_again(&mut self) -> Result<()> {
        self.before = modes()?;
        self.guard.taken()?;
        self.is_taken = true;
        set(&for_keys(&self.before))
    }

    /// Makes it as it was.
    pub(super) fn give_back(&mut self) {
        // The system stops a program that sets modes from the background.
        if std::mem::take(&mut self.is_taken) {
            // A terminal that is gone needs nothing any more.
            let _ = set(&self.before);
            self.guard.returned();
        }
    }

    /// Whether the terminal is with this process now, and not with the shell or another program.
    pub(super) fn is_ours() -> bool {
        tcgetpgrp(rustix::stdio::stdin()).is_ok_and(|group| group == getpgrp())
    }

    /// How much it shows; 80 by 24 when it does not say.
    pub(super) fn size() -> Size {
        let said = tcgetwinsize(rustix::stdio::stdout())
            .ok()
            .filter(|said| said.ws_col > 0 && said.ws_row > 0);
        said.map_or(
            Size {
                columns: 80,
                ..LEAST
            },
            |said| Size {
                columns: usize::from(said.ws_col),
                rows: usize::from(said.ws_row),
            },
        )
    }

    /// Waits until it is continued, as programs do on Ctrl-Z. Returns whether it did: without
    /// a shell that could continue it (the checker is all that runs in its window) it must not.
    pub(super) fn stand_still() -> bool {
        let shell = getppid().and_then(|parent| getsid(Some(parent)).ok());
        if shell.is_none() || shell != getsid(None).ok() {
            return false;
        }
        // Signals for oneself arrive before the call returns, or very soon after.
        kill_process(rustix::process::getpid(), Signal::STOP).is_ok()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.give_back();
    }
}

fn modes() -> Result<Termios> {
    tcgetattr(rustix::stdio::stdin()).or_trouble(|| "read the terminal's modes")
}

fn set(modes: &Termios) -> Result<()> {
    tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, modes)
        .or_trouble(|| "set the terminal's modes")
}
