//! The Markdown of the hints as a terminal shows it.
//!
//! As much of it as they use: paragraphs, lists, blocks of code, and within a line
//! code, emphasis and links. What is not understood is shown as it stands.

use colored::{Color, ColoredString, Colorize};

/// Marks within a line where a style begins and ends. They take no room.
const CODE: char = '\u{1}';
const STRONG: char = '\u{2}';

/// Renders a text in lines of a width.
pub fn render(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut paragraph = String::new();
    let mut in_block = false;
    for line in text.lines() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") {
            flush(&mut paragraph, width, &mut lines);
            in_block = !in_block;
        } else if in_block {
            lines.push(format!("    {}", line.cyan()).trim_end().to_owned());
        } else if trimmed.is_empty() {
            flush(&mut paragraph, width, &mut lines);
            lines.push(String::new());
        } else if trimmed.starts_with('|') {
            flush(&mut paragraph, width, &mut lines);
            lines.push(line.to_owned());
        } else {
            if item(trimmed).is_some() {
                flush(&mut paragraph, width, &mut lines);
            }
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(trimmed);
        }
    }
    flush(&mut paragraph, width, &mut lines);
    let mut shown = lines.join("\n");
    shown.push('\n');
    shown
}

/// The length of what makes a line an item of a list: `- ` or `2. `.
fn item(line: &str) -> Option<usize> {
    if line.starts_with("- ") {
        return Some(2);
    }
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    (digits > 0 && line[digits..].starts_with(". ")).then_some(digits + 2)
}

/// Sets a paragraph, and empties it.
fn flush(paragraph: &mut String, width: usize, lines: &mut Vec<String>) {
    let text = std::mem::take(paragraph);
    if text.is_empty() {
        return;
    }
    let hanging = item(&text).unwrap_or(0);
    let marked = inline(&text);
    let mut style = None;
    for (number, line) in broken(&marked, width - hanging).into_iter().enumerate() {
        let indent = if number == 0 { 0 } else { hanging };
        lines.push(format!("{:indent$}{}", "", painted(&line, &mut style)));
    }
}

/// Code and emphasis become marks, links their text with where they lead.
fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let (mut in_code, mut is_emphasized) = (false, false);
    while let Some(letter) = rest.chars().next() {
        if letter == '`' {
            in_code = !in_code;
            out.push(CODE);
        } else if in_code {
            out.push(letter);
        } else if let Some(behind) = rest.strip_prefix("**") {
            out.push(STRONG);
            rest = behind;
            continue;
        } else if letter == '*' && is_mark(&out, &rest[1..], is_emphasized) {
            is_emphasized = !is_emphasized;
            out.push(STRONG);
        } else if let Some((shown, length)) = link(rest) {
            out.push_str(&inline(&shown));
            rest = &rest[length..];
            continue;
        } else if !letter.is_control() {
            out.push(letter);
        }
        rest = &rest[letter.len_utf8()..];
    }
    out
}

/// Whether a star between two texts begins emphasis, or ends it: it begins before a word that another
/// star follows, and ends behind one, whatever comes next.
fn is_mark(before: &str, behind: &str, is_emphasized: bool) -> bool {
    let is_space = |letter: Option<char>| letter.is_none_or(char::is_whitespace);
    let (last, next) = (before.chars().next_back(), behind.chars().next());
    match is_emphasized {
        true => !is_space(last),
        false => {
            !is_space(next)
                && !last.is_some_and(char::is_alphanumeric)
                && behind.split('`').step_by(2).any(|text| text.contains('*'))
        }
    }
}

/// The link at the beginning of a text as it is shown, and how long it is.
fn link(text: &str) -> Option<(String, usize)> {
    let (shown, behind) = text.strip_prefix('[')?.split_once("](")?;
    let (target, _) = behind.split_once(')')?;
    if shown.contains(['[', '\n']) || target.contains(' ') {
        return None;
    }
    let length = shown.len() + target.len() + "[]()".len();
    // A learner reads a path from the top of the course.
    let target = target.trim_start_matches("../");
    Some((format!("{shown} ({target})"), length))
}

/// Breaks a marked text at spaces. Marks take no room, unless code is shown between backticks.
fn broken(text: &str, width: usize) -> Vec<String> {
    let plain = !colored::control::SHOULD_COLORIZE.should_colorize();
    let length = |word: &str| {
        word.chars()
            .filter(|letter| !(*letter == STRONG || (*letter == CODE && !plain)))
            .count()
    };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Paints what stands between marks. `style` is the mark that is still open from the line before.
fn painted(line: &str, style: &mut Option<char>) -> String {
    let colors = colored::control::SHOULD_COLORIZE.should_colorize();
    let mut out = String::new();
    let mut part = String::new();
    let put = |out: &mut String, part: &mut String, style: Option<char>| {
        let part = std::mem::take(part);
        let part: ColoredString = match style {
            Some(CODE) => part.color(Color::Cyan),
            Some(_) => part.bold(),
            None => part.normal(),
        };
        out.push_str(&part.to_string());
    };
    for letter in line.chars() {
        if letter == CODE && !colors {
            part.push('`');
        } else if letter == CODE || letter == STRONG {
            put(&mut out, &mut part, *style);
            *style = if style.is_none() { Some(letter) } else { None };
        } else {
            part.push(letter);
        }
    }
    put(&mut out, &mut part, *style);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_set_in_lines_with_lists_code_and_links() {
        colored::control::set_override(false);
        let text = "A *word* and `a b` and\n[a link](../../../training/part1.md#the-idea) **here**, 2 * 3.\n\n- one item that is long enough for two lines, surely\n- another\n\n```rust\nlet a = b * c;\n```\n";
        insta::assert_snapshot!(render(text, 40), @r"
        A word and `a b` and a link
        (training/part1.md#the-idea) here, 2 *
        3.

        - one item that is long enough for two
          lines, surely
        - another

            let a = b * c;
        ");
    }

    #[test]
    fn emphasis_ends_before_punctuation_too() {
        colored::control::set_override(false);
        let text = "An *event*, (*both*); *a whole\nsentence.* 2*3 is 2 * 3, *p and `*q*`.";
        let expected = "An event, (both); a whole sentence. 2*3 is 2 * 3, *p and `*q*`.\n";
        // A star of code is no end of emphasis.
        assert_eq!(render(text, 100), expected);
    }

    #[test]
    fn text_that_breaks_off_is_shown_as_it_stands() {
        colored::control::set_override(false);
        for text in ["`a", "**a", "[a](", "[a", "```\na", "*", "-", "1.", ""] {
            assert!(render(text, 60).len() <= text.len() + 5, "{text}");
        }
    }
}
