//! Texts that a terminal opens when they are clicked on: hyperlinks by the escape sequence OSC 8.
//! Terminals that do not know it show the text alone.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::Path;

/// A text that leads to a file, and to a line of it in terminals that can do that.
pub fn link(text: &str, file: &Path, line: Option<u32>) -> String {
    let mut address = String::from("file://");
    for &byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                address.push(char::from(byte));
            }
            other => {
                let _ = write!(address, "%{other:02X}");
            }
        }
    }
    // Each of these terminals has its own way to write a line.
    if let Some(line) = line {
        let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|is| is == value);
        if is("TERM_PROGRAM", "vscode") {
            let _ = write!(address, "#L{line}");
        } else if is("TERM", "xterm-kitty") {
            let _ = write!(address, "#{line}");
        }
    }
    format!("\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\")
}

/// The same for a report that is printed: a plain text where stdout is no terminal or shows no
/// styles, and where the path leads to no file from the current folder.
pub(crate) fn link_if_shown(text: &str, path: &str, line: Option<u32>) -> String {
    let is_shown =
        std::io::stdout().is_terminal() && colored::control::SHOULD_COLORIZE.should_colorize();
    match Path::new(path).canonicalize() {
        Ok(file) if is_shown => link(text, &file, line),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_encoded_and_the_text_is_not() {
        let link = link("ä.rs:3", Path::new("/tmp/ä b/ä.rs"), None);
        assert_eq!(
            link,
            "\x1b]8;;file:///tmp/%C3%A4%20b/%C3%A4.rs\x1b\\ä.rs:3\x1b]8;;\x1b\\"
        );
    }
}
