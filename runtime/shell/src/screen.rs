//! The terminal: lines that appear above the prompt, in order, whoever prints them.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustyline::ExternalPrinter;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;

/// How long to wait for printed lines to appear. A terminal may be stopped (Ctrl-S), and the line
/// editor takes lines only while it edits; neither may stop the shell.
const PATIENCE: Duration = Duration::from_millis(200);

/// Prints lines, from any task, without waiting.
///
/// Printing may block, and so it is done by a thread of its own: a node whose terminal is stopped
/// must go on answering.
#[derive(Clone)]
pub(crate) struct Screen(mpsc::Sender<Item>);

enum Item {
    Line(String),
    /// From now on print above the line being edited.
    Above(Box<dyn ExternalPrinter + Send>),
    Flushed(oneshot::Sender<()>),
}

impl Screen {
    /// Prints to standard output.
    pub(crate) fn open() -> Self {
        let (items, queue) = mpsc::channel();
        thread::spawn(move || show(&queue));
        Screen(items)
    }

    /// Prints text on lines of its own. Control characters are shown, not obeyed: part of the
    /// text may come from another node.
    pub(crate) fn print(&self, text: impl AsRef<str>) {
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
    pub(crate) fn print_above(&self, printer: Box<dyn ExternalPrinter + Send>) {
        let _ = self.0.send(Item::Above(printer));
    }

    /// Waits, a moment at most, until everything printed so far can be seen.
    pub(crate) async fn flushed(&self) {
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

/// Prints the runtime's warnings, such as a connection that was refused, as lines like others.
/// That a link is up or down is told as news already.
pub(crate) fn show_warnings(screen: &Screen) {
    tracing_subscriber::fmt()
        .with_writer(screen.clone())
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .fmt_fields(debug_fn(|out, field, value| match field.name() {
            "message" => write!(out, "{value:?}"),
            _ => Ok(()),
        }))
        .init();
}

/// One warning; printed when it is complete.
pub(crate) struct Warning {
    screen: Screen,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Screen {
    type Writer = Warning;

    fn make_writer(&'a self) -> Warning {
        Warning {
            screen: self.clone(),
            text: Vec::new(),
        }
    }
}

impl Write for Warning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Warning {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        let text = text.trim();
        if !text.is_empty() {
            self.screen.print(text);
        }
    }
}
