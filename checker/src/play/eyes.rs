//! What is shown without having been asked for: messages as they pass, nodes that end by
//! themselves, connections that are lost.

use std::cell::RefCell;
use std::time::Duration;

use prompt::screen::Screen;

use super::words::told;
use report::words::sentence;
use testkit::cluster::{Cluster, Mark};
use testkit::guard::Ending;
use testkit::screen::shortened;
use testkit::trace::{Event, Fate, What};
use testkit::trouble::Trouble;

/// How often is looked.
const LOOK: Duration = Duration::from_millis(50);

/// The most lines that are shown at one look. A flood of them would hide the prompt.
const MOST: usize = 40;

/// The longest line of a message, in characters.
const LONGEST: usize = 160;

/// Watches a cluster during a session of `play`.
pub(super) struct Eyes<'c> {
    cluster: &'c Cluster<'c>,
    screen: Screen,
    watching: RefCell<Option<Watching>>,
}

struct Watching {
    from: Mark,
    /// Only lines that contain this.
    text: String,
    /// Also what the runtime says for itself.
    all: bool,
}

impl<'c> Eyes<'c> {
    pub(super) fn on(cluster: &'c Cluster<'c>, screen: &Screen) -> Eyes<'c> {
        Eyes {
            cluster,
            screen: screen.clone(),
            watching: RefCell::new(None),
        }
    }

    /// Looks until the end of all things: when the guard is gone, or the store.
    pub(super) async fn look(&self) -> Trouble {
        loop {
            tokio::time::sleep(LOOK).await;
            self.show_messages();
            for ended in self.cluster.take_ended() {
                if ended.how == Ending::GuardLost {
                    return Trouble::new("lost its guard process, and with it all nodes");
                }
                let node = &ended.node;
                let mut text = format!("{node} ended by itself: it {}.", ended.how);
                for line in &ended.last_lines {
                    text.push_str(&format!("\n  {node}: {line}"));
                }
                text.push_str(&format!("\n`restart {node}` starts it again."));
                self.screen.print(text);
            }
            for loss in self.cluster.take_losses() {
                let (by, to) = (loss.by.short(), loss.to.short());
                // A node that ends loses its connections; the message above says so.
                if self.cluster.running().iter().any(|node| node == by) {
                    self.screen
                        .print(format!("{by} lost its connection to {to}."));
                }
            }
        }
    }

    /// Shows messages from now on, or no longer.
    pub(super) fn watch(&self, text: &str) -> String {
        let mut watching = self.watching.borrow_mut();
        if watching.is_some() && text.is_empty() {
            drop(watching);
            self.rest();
            return "No longer watching.".into();
        }
        let all = text == "all";
        *watching = Some(Watching {
            from: self.cluster.mark(),
            text: if all { String::new() } else { text.to_owned() },
            all,
        });
        "Watching. Enter, or `watch` again, ends it.".into()
    }

    /// Stops showing messages, after those that passed already; says whether they were shown.
    pub(super) fn rest(&self) -> bool {
        self.show_messages();
        self.watching.borrow_mut().take().is_some()
    }

    /// Shows the messages that passed since the last look.
    pub(super) fn show_messages(&self) {
        let mut watching = self.watching.borrow_mut();
        let Some(Watching { from, text, all }) = &mut *watching else {
            return;
        };
        let events = self.cluster.events_since(from);
        let lines = events.iter().filter_map(|event| line(event, *all));
        let lines: Vec<String> = lines.filter(|line| line.contains(text.as_str())).collect();
        for line in lines.iter().take(MOST) {
            self.screen.print(line);
        }
        if lines.len() > MOST {
            let more = lines.len() - MOST;
            self.screen.print(format!("          … and {more} more"));
        }
    }
}

/// `    1.234  n1 -> n2  Ping{from: n1, count: 3}  (lost)`
fn line(event: &Event, all: bool) -> Option<String> {
    let text = match &event.what {
        What::Message(message) if all || message.is_of_programs() => {
            let fate = match message.fate {
                Fate::Dropped => "  (lost)",
                Fate::Swallowed => "  (vanishes)",
                Fate::Doubled => "  (comes twice)",
                Fate::Held => "  (kept back)",
                Fate::Delivered | Fate::UnderWay => "",
            };
            let label = shortened(&message.label, LONGEST);
            format!("{} -> {}  {label}{fate}", message.from, message.to)
        }
        What::Opened { from, to, .. } if all => format!("{from} -- {to}  connected"),
        What::Closed { by: Some(by), .. } if all => format!("{by} closed a connection"),
        What::Closed { by: None, .. } if all => "the network closed a connection".to_owned(),
        What::Refused { from, to } if all => format!("{from} -- {to}  refused"),
        What::Process { text, .. } | What::StoreFault { text, .. } => sentence(text),
        _ => return None,
    };
    let seconds = event.at_us as f64 / 1_000_000.0;
    Some(told(&format!("{seconds:9.3}  {text}")))
}
