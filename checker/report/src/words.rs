//! How words are set on a terminal: colored, as sentences, in lines of a width.

use colored::{ColoredString, Colorize};

use testkit::verdict::Standing;

/// Colors text after a standing.
pub fn color(standing: Standing, text: &str) -> ColoredString {
    match standing {
        Standing::Passed => text.green(),
        Standing::Failed => text.red().bold(),
        Standing::Inconclusive => text.yellow(),
        Standing::NotWritten => text.cyan(),
        Standing::CheckerFault => text.magenta().bold(),
    }
}

/// Turns a fragment into a sentence.
pub fn sentence(fragment: &str) -> String {
    let fragment = fragment.trim_end();
    let mut letters = fragment.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let end = if fragment.ends_with(['.', '!', '?', ':', '…', '`', '"']) {
        ""
    } else {
        "."
    };
    // A name such as n1 stays as it is.
    let first_word = fragment.split(' ').next().unwrap_or_default();
    if first_word.contains(|c: char| c.is_ascii_digit() || "@_`(\"".contains(c)) {
        format!("{fragment}{end}")
    } else {
        format!("{}{}{end}", first.to_uppercase(), letters.as_str())
    }
}

/// Breaks text into lines of a width, at spaces only; lines that are there already stay, and what
/// is indented stays so.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for given in text.lines() {
        let words = given.trim_start_matches(' ');
        let indent = &given[..given.len() - words.len()];
        let mut line = indent.to_owned();
        for (number, word) in words.split(' ').enumerate() {
            if number > 0 && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::replace(&mut line, indent.to_owned()));
            } else if number > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// A text in one line of a width, with a sign where something is missing.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// A word as a shell takes it for one.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+@:=,".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
