//! Reading lines: from a person, with history and completion, or from a pipe.
//!
//! Reading blocks, so it has a thread of its own. That thread takes no part in what a node does
//! with messages: were it to hang, the node would go on.

use std::fmt;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::PathBuf;
use std::sync::mpsc as blocking;
use std::thread;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use tokio::sync::mpsc;

use crate::screen::Screen;

/// Knows what may be typed.
pub trait Complete: Send + 'static {
    /// All that may stand behind these words.
    fn candidates(&self, before: &[&str]) -> Vec<String>;
}

/// What a person sees and can do while typing.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What stands before the line.
    pub text: String,
    /// The file that remembers the lines, if one does.
    pub history: Option<PathBuf>,
    /// What is printed at a first Ctrl-C, after which a second one ends; without it, each only
    /// abandons its line.
    pub second_interrupt_ends: Option<&'static str>,
}

/// The longest line that is read from a pipe or a file, in bytes.
pub const MAX_LINE: u64 = 1 << 20;

/// A line was longer than [`MAX_LINE`], and nothing behind it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "A line of standard input is longer than {} MiB, so the rest is not read.",
            MAX_LINE >> 20
        )
    }
}

/// A line that was typed. The next one is read when this is dropped, unless it was the last.
pub struct Typed {
    /// The line; after one that is too long, there is no other.
    pub line: Result<String, TooLong>,
    done: blocking::Sender<()>,
}

impl Typed {
    /// No line is read after this one: a prompt that nobody waits for would leave the terminal in
    /// the editor's mode, in which it does not show what is typed.
    pub fn was_last(self) {
        let _ = self.done.send(());
    }
}

/// Leaves the terminal, when this is dropped, as it was when this was made. An editor that was
/// left in the middle of a line, because something else ended the program, does not do so.
pub struct Terminal(Option<Termios>);

impl Terminal {
    /// Takes note of how it is now.
    pub fn remember() -> Terminal {
        Terminal(tcgetattr(io::stdin()).ok())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // The user who closed the terminal knows.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// Whether a person sits at the other end, and not a script.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The lines of standard input, until it ends.
pub fn read_lines(
    prompt: Prompt,
    screen: &Screen,
    complete: impl Complete,
) -> mpsc::Receiver<Typed> {
    let (lines, typed) = mpsc::channel(1);
    let screen = screen.clone();
    thread::spawn(move || {
        if !is_interactive() {
            read_pipe(&lines);
        } else if let Err(error) = edit(&prompt, &screen, Names(complete), &lines) {
            screen.print(format!("The line editor failed: {error}."));
        }
    });
    typed
}

fn read_pipe(lines: &mpsc::Sender<Typed>) {
    let mut input = io::stdin().lock();
    let mut is_first = true;
    while let Ok(Some(line)) = next_line(&mut input) {
        let line = line.map(|line| match is_first {
            true => line.trim_start_matches('\u{feff}').to_owned(),
            false => line,
        });
        is_first = false;
        let goes_on = line.is_ok();
        if !hand_over(line, lines) || !goes_on {
            return;
        }
    }
}

/// The next line without its end, if there is one. What is not UTF-8 is shown in the complaint about its command.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Result<String, TooLong>>> {
    let mut line = Vec::new();
    // `\r\n` may stand behind the longest line.
    let read = Read::take(&mut *input, MAX_LINE + 2).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&line);
    let line = line.trim_end_matches(['\r', '\n']);
    Ok(Some(match line.len() as u64 > MAX_LINE {
        true => Err(TooLong),
        false => Ok(line.to_owned()),
    }))
}

/// Has a line executed; false if it was the last, or if no receiver is left to execute it.
fn hand_over(line: Result<String, TooLong>, lines: &mpsc::Sender<Typed>) -> bool {
    let (done, wait) = blocking::channel();
    let taken = lines.blocking_send(Typed { line, done }).is_ok();
    // Something is sent for the last line; for others the sender is dropped.
    let was_last = wait.recv().is_ok();
    taken && !was_last
}

fn edit(
    prompt: &Prompt,
    screen: &Screen,
    names: Names<impl Complete>,
    lines: &mpsc::Sender<Typed>,
) -> Result<(), ReadlineError> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .build();
    let mut editor: Editor<_, FileHistory> = Editor::with_config(config)?;
    editor.set_helper(Some(names));
    if let Some(file) = &prompt.history {
        // There is none yet on the first day.
        let _ = editor.load_history(file);
    }
    // A terminal that cannot do it, such as a dumb one, gets the lines in between.
    if let Ok(printer) = editor.create_external_printer() {
        screen.print_above(Box::new(printer));
    }
    let mut interrupted = false;
    loop {
        match editor.readline(&prompt.text) {
            Ok(line) => {
                interrupted = false;
                if editor.add_history_entry(line.as_str())?
                    && let Some(file) = &prompt.history
                {
                    // A folder that cannot be written to costs the history, not the prompt.
                    let _ = editor.append_history(file);
                }
                if !hand_over(Ok(line), lines) {
                    return Ok(());
                }
            }
            Err(ReadlineError::Interrupted) => match prompt.second_interrupt_ends {
                Some(_) if interrupted => return Ok(()),
                Some(warning) => {
                    interrupted = true;
                    screen.print(warning);
                }
                None => {}
            },
            Err(ReadlineError::Eof) => return Ok(()),
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                // The editor forgets the rest of the line as well, where it was pasted.
                screen.print("A byte of this line is not UTF-8, so the line is ignored.");
            }
            Err(error) => return Err(error),
        }
    }
}

/// Completes what is typed, for the editor.
struct Names<C>(C);

impl<C: Complete> Completer for Names<C> {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> Result<(usize, Vec<Pair>), ReadlineError> {
        let before = &line[..at];
        let start = before
            .rfind(char::is_whitespace)
            .map_or(0, |space| space + 1);
        let words: Vec<&str> = before[..start].split_whitespace().collect();
        let fitting = self
            .0
            .candidates(&words)
            .into_iter()
            .filter(|name| name.starts_with(&before[start..]))
            .map(|name| Pair {
                replacement: format!("{name} "),
                display: name,
            });
        Ok((start, fitting.collect()))
    }
}

impl<C> Hinter for Names<C> {
    type Hint = String;
}
impl<C> Highlighter for Names<C> {}
impl<C> Validator for Names<C> {}
impl<C: Complete> Helper for Names<C> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &mut impl BufRead, expected: Option<Result<&str, TooLong>>) {
        let line = next_line(input).unwrap();
        assert!(
            line.as_ref()
                .map(|line| line.as_deref().map_err(|why| *why))
                == expected
        );
    }

    #[test]
    fn line_without_end_is_refused_and_not_kept() {
        check(
            &mut io::BufReader::new(io::repeat(b'x')),
            Some(Err(TooLong)),
        );
        let longest = "x".repeat(MAX_LINE as usize);
        check(&mut format!("{longest}\r\n").as_bytes(), Some(Ok(&longest)));
        check(&mut format!("{longest}y\n").as_bytes(), Some(Err(TooLong)));
    }

    #[test]
    fn lines_end_with_the_input() {
        let mut input = "nodes\r\n\nquit".as_bytes();
        check(&mut input, Some(Ok("nodes")));
        check(&mut input, Some(Ok("")));
        check(&mut input, Some(Ok("quit")));
        check(&mut input, None);
    }
}
