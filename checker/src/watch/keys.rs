//! Reads what stdin has, in a thread of its own: reading a terminal cannot be interrupted.

use std::io::{ErrorKind, Read};

use rustix::fs::{FileType, fstat};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use testkit::trouble::{Result, While};

/// What the key Esc sends alone, and other keys in front of more.
pub(super) const ESCAPE: char = '\u{1b}';

/// The keys that are pressed from now on. Closed when the terminal is gone.
///
/// # Errors
/// When no thread can be started.
pub(super) fn keys() -> Result<UnboundedReceiver<char>> {
    let (keys, pressed) = unbounded_channel();
    read_aside(move |read| {
        let text = String::from_utf8_lossy(read);
        // Arrows and the like come as several characters, which are no keys of their own.
        if text.starts_with(ESCAPE) && text.len() > 1 {
            return true;
        }
        text.chars().all(|key| keys.send(key).is_ok())
    })?;
    Ok(pressed)
}

/// Closed when stdin is a pipe and that is closed: the program that started the checker is gone. An end of
/// `/dev/null` or of a file tells nothing of that kind.
///
/// # Errors
/// When no thread can be started.
pub(super) fn starter() -> Result<UnboundedReceiver<char>> {
    let (open, closed) = unbounded_channel();
    let kind = fstat(rustix::stdio::stdin()).map(|stat| FileType::from_raw_mode(stat.st_mode));
    if matches!(kind, Ok(FileType::Fifo | FileType::Socket)) {
        read_aside(move |_| {
            let _kept: &UnboundedSender<char> = &open;
            true
        })?;
    } else {
        // For ever open.
        std::mem::forget(open);
    }
    Ok(closed)
}

/// Reads until the end, or until the receiver is gone.
fn read_aside(mut heard: impl FnMut(&[u8]) -> bool + Send + 'static) -> Result<()> {
    let read = move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = [0; 256];
        loop {
            match stdin.read(&mut buffer) {
                Ok(0) => return,
                Ok(read) if heard(&buffer[..read]) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => return,
            }
        }
    };
    std::thread::Builder::new()
        .name("keys".to_owned())
        .spawn(read)
        .or_trouble(|| "start a thread that reads keys")?;
    Ok(())
}
