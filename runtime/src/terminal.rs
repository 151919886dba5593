//! Output for the person at the terminal: how every program of the course prints.
//!
//! `println!` and `eprintln!` panic when the terminal's other end is closed or full, and so a
//! program that has done its work would end as if it had crashed. And they print what a terminal
//! *obeys*: a file's name, or a message of another node, could move the cursor or turn the line
//! around. The functions here do neither; a lint warns of the macros.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};

/// Prints a text to standard output, with what a terminal would obey made [visible](showing).
/// Colors stay.
///
/// It is not an error if a reader such as `head` closes the pipe early: the program's
/// outcome is the same as if all had been read.
///
/// # Errors
/// When the text could not be written, because the disk is full for example.
pub fn print(text: impl Display) -> io::Result<()> {
    print_on(text).map(drop)
}

/// Prints a text for programs, such as JSON, to standard output, as it is. Otherwise like
/// [`print()`].
///
/// # Errors
/// As for [`print()`].
pub fn write(text: &str) -> io::Result<()> {
    hand_over(text).map(drop)
}

/// Like [`print()`], for a program that continues to print: returns whether a reader is still there.
///
/// # Errors
/// As for [`print()`].
pub fn print_on(text: impl Display) -> io::Result<bool> {
    hand_over(&showing(&text.to_string()))
}

fn hand_over(text: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes());
    match written.and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Prints a line to standard error, like [`print()`]. When that is closed or full, there is nowhere
/// left to say so, and the line is lost.
pub fn note(line: impl Display) {
    let line = format!("{line}\n");
    let _ = io::stderr().lock().write_all(showing(&line).as_bytes());
}

/// The text with what a terminal would obey made visible, except for colors: for texts of our own that may
/// contain a foreign name.
pub fn showing(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = match color(rest) {
            Some(length) => {
                shown.push_str(&rest[..length]);
                length
            }
            None => {
                push_visible(&mut shown, letter);
                letter.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    Cow::Owned(shown)
}

/// The text with all that a terminal would obey made visible, colors as well: for texts that are
/// entirely foreign, such as what a node printed.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    text.chars()
        .for_each(|letter| push_visible(&mut shown, letter));
    shown
}

/// The text with all that a terminal would obey made visible, the ends of lines and tabs as well: for names
/// of files, which can hold anything.
pub fn one_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' => shown.extend(letter.escape_default()),
            letter => push_visible(&mut shown, letter),
        }
    }
    shown
}

fn push_visible(shown: &mut String, letter: char) {
    match is_obeyed(letter) {
        true => shown.extend(letter.escape_unicode()),
        false => shown.push(letter),
    }
}

/// Whether a terminal obeys this character instead of showing it: control characters, except for
/// the ends of lines and tabs, and those that change the direction of what follows.
pub fn is_obeyed(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        letter => letter.is_control(),
    }
}

/// The length of the color that a text begins with, as in `ESC [ 1 ; 31 m`.
pub fn color(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\x1b[")?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != ';')?;
    rest[end..].starts_with('m').then_some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_made_visible() {
        assert_eq!(visible("a\n\tb"), "a\n\tb");
        assert_eq!(visible("\x1b[31mred"), "\\u{1b}[31mred");
        assert_eq!(visible("ab\u{202e}cd.rs"), "ab\\u{202e}cd.rs");
        assert_eq!(visible("\r\u{7}\u{9b}"), "\\u{d}\\u{7}\\u{9b}");
        assert_eq!(visible("übung → ok"), "übung → ok");
    }

    #[test]
    fn name_stays_on_its_line() {
        assert_eq!(one_line("a\nb\t\x1b[31m.txt"), "a\\nb\\t\\u{1b}[31m.txt");
    }

    #[test]
    fn texts_of_ours_keep_their_colors() {
        let colored = "\x1b[1;31mfailed\x1b[0m\n";
        assert_eq!(showing(colored), colored);
        let foreign = "\x1b[31m\u{2066}a\x1b[2J\x1b]0;title\u{7}\x1b[";
        assert_eq!(
            showing(foreign),
            "\x1b[31m\\u{2066}a\\u{1b}[2J\\u{1b}]0;title\\u{7}\\u{1b}["
        );
    }
}
