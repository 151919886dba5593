//! Warnings that come in floods: of each kind, one line a second.
//!
//! The cause of a warning is often another program, which can repeat it as often as it likes: with
//! messages that no server understands, or with connections without the cookie. If each of them were a
//! line in the log, a stranger could fill the disk. So the first warning of a kind is printed at once, and
//! those that follow within a second are counted, and reported in one line.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber, warn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Prints what the runtime has to say, down to this level, to `writer`: messages, and the named
/// fields behind them. To be called once, in `main`.
///
/// The caller must let the result [tell](Repeats::tell) what was counted.
pub fn log_to<W>(writer: W, level: Level, fields: &'static [&'static str]) -> Repeats
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let repeats = Repeats::default();
    tracing_subscriber::fmt()
        .with_writer(writer)
        .with_max_level(level)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        // A line that cannot be written is lost; to say so on standard error would panic when
        // that is what cannot be written to.
        .log_internal_errors(false)
        .fmt_fields(debug_fn(|out, field, value| match field.name() {
            "message" => write!(out, "{value:?}"),
            name if fields.contains(&name) => write!(out, " {name}={value:?}"),
            _ => Ok(()),
        }))
        .finish()
        .with(repeats.clone())
        .init();
    repeats
}

/// Counts warnings and errors instead of letting them be printed, when one of their kind was
/// printed within the last second. Clones count together.
///
/// Of one kind is what comes from the same line of code and has the same field `of`: the process
/// that it is about, for example.
#[derive(Debug, Clone, Default)]
pub struct Repeats(Arc<Mutex<BTreeMap<Kind, Seen>>>);

type Kind = (Option<&'static str>, Option<u32>, String);

#[derive(Debug)]
struct Seen {
    first: String,
    /// How many came since something was printed of it.
    more: usize,
    /// Whether less than a whole second has passed since.
    fresh: bool,
}

impl Repeats {
    /// Reports once a second what was counted, forever.
    pub async fn tell(self) {
        loop {
            sleep(Duration::from_secs(1)).await;
            self.tell_now();
        }
    }

    /// Reports what was counted and not reported yet.
    pub fn tell_now(&self) {
        let mut lines = Vec::new();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, seen| {
                let keep = seen.more > 0 || seen.fresh;
                if seen.more > 0 {
                    lines.push(format!("{} more like this: {}", seen.more, seen.first));
                }
                (seen.more, seen.fresh) = (0, seen.more > 0);
                keep
            });
        for line in lines {
            warn!("{line}");
        }
    }
}

impl<S: Subscriber> Layer<S> for Repeats {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let about = event.metadata();
        if *about.level() > Level::WARN || about.target() == module_path!() {
            return true;
        }
        let mut of = Text::of("of");
        event.record(&mut of);
        let kind = (about.file(), about.line(), of.text);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = seen.get_mut(&kind) {
            seen.more += 1;
            return false;
        }
        let mut message = Text::of("message");
        event.record(&mut message);
        let first = Seen {
            first: message.text,
            more: 0,
            fresh: true,
        };
        seen.insert(kind, first);
        true
    }
}

/// The text of one field.
struct Text {
    name: &'static str,
    text: String,
}

impl Text {
    fn of(name: &'static str) -> Text {
        Text {
            name,
            text: String::new(),
        }
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == self.name {
            self.text = format!("{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn take(&self) -> Vec<String> {
            let bytes = std::mem::take(&mut *self.0.lock().unwrap());
            let text = String::from_utf8(bytes).unwrap();
            text.lines().map(|line| line.trim().to_owned()).collect()
        }
    }

    #[test]
    fn of_each_kind_one_line_a_second_is_printed() {
        let lines = Lines::default();
        let writer = lines.clone();
        let repeats = Repeats::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .with_level(false)
            .with_target(false)
            .without_time()
            .fmt_fields(debug_fn(|out, field, value| match field.name() {
                "message" => write!(out, "{value:?}"),
                _ => Ok(()),
            }))
            .finish()
            .with(repeats.clone());
        tracing::subscriber::with_default(subscriber, || {
            let refuse = |of: &str, port: u16| warn!(%of, "{of} refuses {port}");
            for port in 1..=1000 {
                refuse("n1", port);
                refuse("n2", port);
            }
            assert_eq!(lines.take(), ["n1 refuses 1", "n2 refuses 1"]);
            repeats.tell_now();
            let more = |of: &str| format!("999 more like this: {of} refuses 1");
            assert_eq!(lines.take(), [more("n1"), more("n2")]);
            refuse("n1", 1001);
            assert!(lines.take().is_empty(), "less than a second ago");
            repeats.tell_now();
            assert_eq!(lines.take(), ["1 more like this: n1 refuses 1"]);
            repeats.tell_now();
            repeats.tell_now();
            refuse("n1", 1002);
            assert_eq!(lines.take(), ["n1 refuses 1002"]);
            for _ in 0..2 {
                tracing::info!("no warning");
            }
            assert_eq!(lines.take(), ["no warning", "no warning"]);
        });
    }
}
