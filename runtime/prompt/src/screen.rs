//! The terminal: lines that appear above the prompt, in order, whoever prints them.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustyline::ExternalPrinter;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long to wait for printed lines to appear. A terminal may be stopped (Ctrl-S), and the line
/// editor takes lines only while it edits; neither may stop the shell.
const PATIENCE: Duration = Duration::from_millis(200);

/// Prints lines, from any task, without waiting.
///
/// Printing may block, and so it is done by a thread of its own: a node whose terminal is stopped
/// must go on answering.
#[derive(Clone)]
pub struct Screen(mpsc::Sender<Item>);

enum Item {
    Line(String),
    /// From now on print above the line being edited.
    Above(Box<dyn ExternalPrinter + Send>),
    Flushed(oneshot::Sender<()>),
}

impl Screen {
    /// Prints to standard output.
    pub fn open() -> Self {
        let (items, queue) = mpsc::channel();
        thread::spawn(move || show(&queue));
        Screen(items)
    }

    /// Prints text on lines of its own. Control characters are shown, not obeyed: part of the
    /// text may come from another node.
    pub fn print(&self, text: impl AsRef<str>) {
        let mut line = String::new();
        for char in text.as_ref().chars() {
            match char {
                '\n' | '\t' => line.push(char),
                char if char.is_control() => line.extend(char.escape_unicode()),
                char => line.push(char),
            }
        }
        let _ = self.0.send(Item::Line(line));
    }

    /// Prints above the line being edited from now on.
    pub fn print_above(&self, printer: Box<dyn ExternalPrinter + Send>) {
        let _ = self.0.send(Item::Above(printer));
    }

    /// Waits, a moment at most, until everything printed so far can be seen.
    pub async fn flushed(&self) {
        let (seen, wait) = oneshot::channel();
        let _ = self.0.send(Item::Flushed(seen));
        let _ = timeout(PATIENCE, wait).await;
    }
}

fn show(queue: &mpsc::Receiver<Item>) {
    let mut above: Option<Box<dyn ExternalPrinter + Send>> = None;
    // Nothing can be done about a terminal that is gone; whoever closed it knows.
    for item in queue {
        match item {
            Item::Line(line) => match &mut above {
                Some(printer) => drop(printer.print(line + "\n")),
                None => {
                    let mut out = io::stdout().lock();
                    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
                }
            },
            Item::Above(printer) => above = Some(printer),
            Item::Flushed(seen) => drop(seen.send(())),
        }
    }
}
