//! What the runtime warns of, at the prompt.

use std::io::{self, Write};

use prompt::screen::Screen;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;

/// Prints the runtime's warnings, such as a connection that was refused, as lines like others.
/// That a link is up or down is told as news already.
pub(crate) fn show(screen: &Screen) {
    tracing_subscriber::fmt()
        .with_writer(Warnings(screen.clone()))
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

/// Where warnings go.
struct Warnings(Screen);

/// One warning; printed when it is complete.
struct Warning {
    screen: Screen,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Warnings {
    type Writer = Warning;

    fn make_writer(&'a self) -> Warning {
        Warning {
            screen: self.0.clone(),
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
