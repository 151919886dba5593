//! Puts lines on a terminal: over the last ones, without flicker, never more than fit.
//!
//! There is no alternate screen. What was there before is scrolled up, and what is shown last is
//! still there at the end.

use std::fmt::Write as _;
use std::io::{self, Write};

use runtime::terminal::is_obeyed;

use super::terminal::Size;

/// A screen, and what is on it.
pub(super) struct Screen {
    size: Size,
    shown: Option<Vec<String>>,
}

impl Screen {
    /// Begins with an empty screen; what is there stays above it.
    ///
    /// # Errors
    /// When nothing can be written.
    pub(super) fn begin(size: Size) -> io::Result<Screen> {
        write(&"\n".repeat(size.rows.saturating_sub(1)))?;
        Ok(Screen { size, shown: None })
    }

    /// Shows these lines, of which none may be wider than the screen.
    ///
    /// # Errors
    /// When nothing can be written.
    pub(super) fn show(&mut self, size: Size, mut lines: Vec<String>) -> io::Result<()> {
        lines.truncate(size.rows);
        let mut text = String::new();
        if self.size != size {
            self.size = size;
            self.shown = None;
        }
        let before = self.shown.take().unwrap_or_else(|| {
            text.push_str("\x1b[H\x1b[J");
            Vec::new()
        });
        for (row, line) in lines.iter().enumerate() {
            if before.get(row) != Some(line) {
                // Writing into a string cannot fail.
                let _ = write!(text, "\x1b[{};1H\x1b[K{line}", row + 1);
            }
        }
        if before.len() > lines.len() {
            let _ = write!(text, "\x1b[{};1H\x1b[J", lines.len() + 1);
        }
        if !text.is_empty() {
            let last = lines.len().max(1);
            let _ = write!(text, "\x1b[{last};{}H", width(lines.last()) + 1);
            // Terminals that know these show it all at once.
            write(&format!("\x1b[?2026h{text}\x1b[?2026l"))?;
        }
        self.shown = Some(lines);
        Ok(())
    }

    /// Shows a text of any length, of which the terminal keeps what does not fit.
    ///
    /// # Errors
    /// When nothing can be written.
    pub(super) fn scroll(&mut self, text: &str) -> io::Result<()> {
        self.shown = None;
        write(&format!("\x1b[H\x1b[J{text}"))
    }

    /// Forgets what is on the screen, so that it is drawn anew.
    pub(super) fn forget(&mut self) {
        self.shown = None;
    }

    /// Leaves the screen as it is, for the program that writes next.
    pub(super) fn leave(&mut self) {
        // When the terminal is gone, there is nothing to leave.
        let _ = match self.shown.take() {
            Some(lines) => write(&format!("\x1b[{};1H\n", lines.len().max(1))),
            None => write("\n"),
        };
    }
}

/// Writes to stdout, and at once.
///
/// # Errors
/// When the reader is gone.
fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// A piece of a text for a terminal.
enum Piece<'a> {
    /// Moves nothing: a color, or the begin or end of a link.
    Style(&'a str),
    Letter(char),
}

/// The pieces of a text of ours or of the compiler's. Whatever else it has that could move the cursor is
/// made visible.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if let Some(length) = style(rest) {
            let (style, after) = rest.split_at(length);
            rest = after;
            return Some(Piece::Style(style));
        }
        let letter = rest.chars().next()?;
        rest = &rest[letter.len_utf8()..];
        Some(Piece::Letter(match letter {
            '\t' => ' ',
            letter if is_obeyed(letter) => '\u{fffd}',
            letter => letter,
        }))
    })
}

/// The length of the style that a text begins with.
fn style(text: &str) -> Option<usize> {
    if let Some(rest) = text.strip_prefix("\x1b[") {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != ';')?;
        return rest[end..].starts_with('m').then_some(2 + end + 1);
    }
    let rest = text.strip_prefix("\x1b]8;;")?;
    Some(5 + rest.find("\x1b\\")? + 2)
}

/// How wide a line is on the screen.
pub(super) fn width(line: Option<&String>) -> usize {
    line.map_or(0, |line| {
        pieces(line)
            .filter(|piece| matches!(piece, Piece::Letter(_)))
            .count()
    })
}

/// A line that is not wider than `columns`; what is cut off is shown by a sign.
pub(super) fn cut(line: &str, columns: usize) -> String {
    let line = line.to_owned();
    if width(Some(&line)) <= columns {
        return pieces(&line).fold(String::new(), with);
    }
    let mut left = columns.saturating_sub(1);
    let mut short = String::new();
    for piece in pieces(&line) {
        match piece {
            Piece::Letter(_) if left == 0 => {}
            Piece::Letter(_) => {
                left -= 1;
                if left == 0 {
                    short = with(short, piece);
                    short.push('…');
                    continue;
                }
                short = with(short, piece);
            }
            // The ends of colors and links are kept.
            Piece::Style(_) => short = with(short, piece),
        }
    }
    short
}

/// A line broken into lines that are not wider than `columns`, wherever that is.
pub(super) fn broken(line: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut left = columns.max(1);
    for piece in pieces(line) {
        if let Piece::Letter(_) = piece {
            if left == 0 {
                lines.push(String::new());
                left = columns.max(1);
            }
            left -= 1;
        }
        if let Some(last) = lines.last_mut() {
            *last = with(std::mem::take(last), piece);
        }
    }
    lines
}

fn with(mut text: String, piece: Piece<'_>) -> String {
    match piece {
        Piece::Style(style) => text.push_str(style),
        Piece::Letter(letter) => text.push(letter),
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use report::hyperlink::link;

    use super::*;

    #[test]
    fn line_is_cut_where_the_screen_ends_and_its_color_too() {
        assert_eq!(cut("four", 4), "four");
        assert_eq!(cut("fives", 4), "fiv…");
        assert_eq!(cut("\x1b[31mfives\x1b[0m", 4), "\x1b[31mfiv…\x1b[0m");
    }

    #[test]
    fn long_line_is_broken_without_losing_a_letter() {
        assert_eq!(broken("abcde", 2), ["ab", "cd", "e"]);
        assert_eq!(broken("", 2), [""]);
        assert_eq!(broken("\x1b[1mab\x1b[0mc", 2), ["\x1b[1mab\x1b[0m", "c"]);
    }

    #[test]
    fn what_moves_the_cursor_is_made_visible() {
        assert_eq!(cut("a\x1b[2Jb\rc", 20), "a\u{fffd}[2Jb\u{fffd}c");
    }

    #[test]
    fn link_counts_for_its_text_only() {
        let link = link("a.rs:3", Path::new("/tmp/a.rs"), None);
        assert_eq!(width(Some(&link)), 6);
        assert_eq!(cut(&link, 6), link);
    }
}
