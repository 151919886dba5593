//! What the runtime warns of, at the prompt.

use std::io::{self, Write};

use prompt::screen::Screen;
use runtime::repeats::{self, Repeats};
use tracing_subscriber::fmt::MakeWriter;

/// Prints the runtime's warnings, such as a connection that was refused, as lines like others.
/// That a connection is up or down is told as news already.
pub(crate) fn show(screen: &Screen) -> Repeats {
    repeats::log_to(Warnings(screen.clone()), tracing::Level::WARN, &[])
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
