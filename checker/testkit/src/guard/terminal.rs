//! The process that sets a terminal back when the checker no longer can.
//!
//! While `checker watch` reads keys without Enter, and while a line is edited in `checker play`, the
//! terminal neither shows what is typed nor waits for the end of a line. A checker that ends by itself undoes that. One that is killed
//! (`kill -9`) cannot, and its terminal would look broken. So a process of its own waits at the end of
//! a pipe: when that closes while the terminal is still taken, it sets the terminal back.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

use crate::trouble::{Result, Trouble, While};

/// The checker is about to take the terminal. Answered by the same byte once its modes are noted.
const TAKEN: u8 = b't';

/// The same, for an editor of lines.
const TAKEN_BY_EDITOR: u8 = b'e';

/// The checker has set the terminal back itself.
const RETURNED: u8 = b'r';

/// What makes a terminal ready again, whatever was written to it last: what is pasted has no marks around
/// it, visible cursor, no color.
const READY: &[u8] = b"\x1b[?2004l\x1b[?25h\x1b[0m\r\n";

/// The checker's side: a running process that knows the terminal.
pub struct TerminalGuard {
    process: Child,
    orders: Option<ChildStdin>,
    answers: ChildStderr,
}

impl TerminalGuard {
    /// Starts one for a terminal. `checker` is the program to run as one: usually
    /// [`own_program`](super::own_program).
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start(checker: &Path, terminal: impl AsFd) -> Result<TerminalGuard> {
        let terminal: OwnedFd = terminal
            .as_fd()
            .try_clone_to_owned()
            .or_trouble(|| "share the terminal")?;
        let mut process = Command::new(checker)
            .args(["guard", "--terminal"])
            .stdin(Stdio::piped())
            .stdout(terminal)
            .stderr(Stdio::piped())
            .spawn()
            .or_trouble(|| "start the process that looks after the terminal")?;
        let (Some(orders), Some(answers)) = (process.stdin.take(), process.stderr.take()) else {
            return Err(Trouble::new(
                "could not talk to the process that looks after the terminal",
            ));
        };
        Ok(TerminalGuard {
            process,
            orders: Some(orders),
            answers,
        })
    }

    /// Has the terminal's modes noted, which are to come back.
    ///
    /// # Errors
    /// When the process does not answer.
    pub fn taken(&mut self) -> Result<()> {
        self.taken_in_a_way(TAKEN)
    }

    /// The same, for a checker that lets an editor of lines take the terminal, again and again.
    ///
    /// # Errors
    /// When the process does not answer.
    pub fn taken_by_editor(&mut self) -> Result<()> {
        self.taken_in_a_way(TAKEN_BY_EDITOR)
    }

    fn taken_in_a_way(&mut self, order: u8) -> Result<()> {
        self.order(order)?;
        let mut answer = [0];
        self.answers
            .read_exact(&mut answer)
            .or_trouble(|| "hear the process that looks after the terminal")
    }

    /// Says that the terminal is as it was.
    pub fn returned(&mut self) {
        // When the process is gone, there is nobody who could set anything back.
        let _ = self.order(RETURNED);
    }

    fn order(&mut self, order: u8) -> Result<()> {
        let Some(orders) = &mut self.orders else {
            return Ok(());
        };
        orders
            .write_all(&[order])
            .or_trouble(|| "tell the process that looks after the terminal")
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.process.wait();
    }
}

/// A terminal's modes for keys without Enter. Ctrl-C and Ctrl-Z still send signals, and lines that
/// are printed still begin at the left.
pub fn for_keys(before: &Termios) -> Termios {
    let mut modes = before.clone();
    modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    modes
}

/// What is local about an editor of lines: for it, Ctrl-C and Ctrl-Z are keys, too.
fn for_editor(before: &Termios) -> LocalModes {
    before.local_modes
        - (LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN | LocalModes::ISIG)
}

/// Runs until its stdin closes; then sets the terminal that is its stdout back, if that is taken.
///
/// # Errors
/// When its stdout is no terminal.
pub(super) fn main() -> Result<()> {
    // In a session of its own neither Ctrl-C nor a closed window ends it. And only for the terminal
    // of its own session a process must be in the foreground to set the modes.
    let _ = rustix::process::setsid();
    let terminal = std::io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .or_trouble(|| "keep the terminal")?;
    // The modes to come back, and what is local about those that the checker sets.
    let mut taken: Option<(Termios, LocalModes)> = None;
    for order in std::io::stdin().lock().bytes() {
        match order {
            Ok(order @ (TAKEN | TAKEN_BY_EDITOR)) => {
                let before = tcgetattr(&terminal).or_trouble(|| "read the terminal's modes")?;
                let ours = match order {
                    TAKEN => for_keys(&before).local_modes,
                    _ => for_editor(&before),
                };
                taken = Some((before, ours));
                let _ = std::io::stderr().write_all(&[order]);
            }
            Ok(RETURNED) => taken = None,
            // A program that says something else is no checker.
            _ => break,
        }
    }
    let Some((before, ours)) = taken else {
        return Ok(());
    };
    // A shell that has its terminal back may have set it up already, and knows better.
    let now = tcgetattr(&terminal).or_trouble(|| "read the terminal's modes")?;
    if now.local_modes == ours {
        tcsetattr(&terminal, OptionalActions::Now, &before)
            .or_trouble(|| "set the terminal's modes")?;
        let _ = File::from(terminal).write_all(READY);
    }
    Ok(())
}
