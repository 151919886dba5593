//! The terminal: lines that appear above the prompt, in order, from any task.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use runtime::terminal::{self, visible};
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
    Flushed(oneshot::Sender<Option<String>>),
}

impl Screen {
    /// Prints to standard output.
    pub fn open() -> Self {
        let (items, queue) = mpsc::channel();
        thread::spawn(move || show(&queue));
        Screen(items)
    }

    /// Prints text on lines of its own, and shows what a terminal would obey: part of the text may
    /// come from another node.
    pub fn print(&self, text: impl AsRef<str>) {
        let _ = self.0.send(Item::Line(visible(text.as_ref())));
    }

    /// Prints above the line being edited from now on.
    pub fn print_above(&self, printer: Box<dyn ExternalPrinter + Send>) {
        let _ = self.0.send(Item::Above(printer));
    }

    /// Waits, a moment at most, until everything printed so far can be seen. Says why something
    /// could not be printed, if the disk is full for example. That nobody reads any more is not
    /// said: that is up to the reader.
    pub async fn flushed(&self) -> Option<String> {
        let (seen, wait) = oneshot::channel();
        let _ = self.0.send(Item::Flushed(seen));
        timeout(PATIENCE, wait).await.ok()?.ok()?
    }
}

fn show(queue: &mpsc::Receiver<Item>) {
    let mut above: Option<Box<dyn ExternalPrinter + Send>> = None;
    let mut trouble = None;
    for item in queue {
        match item {
            Item::Line(line) => match &mut above {
                // Nothing can be done about a terminal that is gone; the user who closed it knows.
                Some(printer) => drop(printer.print(line + "\n")),
                None => {
                    if let Err(error) = terminal::print(line + "\n") {
                        trouble = Some(error.to_string());
                    }
                }
            },
            Item::Above(printer) => above = Some(printer),
            Item::Flushed(seen) => drop(seen.send(trouble.clone())),
        }
    }
}
