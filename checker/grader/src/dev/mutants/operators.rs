//! Edits that turn a server of a distributed system into one that is easily written by mistake: a
//! monitor is skipped, a retry forgotten, a part left out of a merge, two nodes swapped, a count or an
//! epoch is off by one.
//!
//! They work on the text. What does not compile afterwards is left out by those who build it.

use std::ops::Range;

/// An edit of a source text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// What goes.
    pub(super) range: Range<usize>,
    /// What comes.
    pub(super) text: String,
    /// What was done.
    pub(super) about: String,
}

/// What is replaced by what: each place gives a change.
const REPLACED: [(&str, &str); 17] = [
    ("continue", "break"),
    ("continue", "return"),
    ("while ", "if "),
    (".max(", ".min("),
    (".min(", ".max("),
    (".first()", ".last()"),
    (".last()", ".first()"),
    (".any(", ".all("),
    (".all(", ".any("),
    ("..=", ".."),
    (" + 1", ""),
    (" - 1", ""),
    ("true", "false"),
    ("false", "true"),
    ("Duration::ZERO", "Duration::from_secs(1)"),
    ("is_none_or(", "is_some_and("),
    ("is_some_and(", "is_none_or("),
];

/// Calls without which a chain of calls still means something.
const LEFT_OUT: [&str; 13] = [
    "max",
    "min",
    "chain",
    "filter",
    "rev",
    "take",
    "skip",
    "or",
    "or_else",
    "dedup",
    "retain",
    "and_then",
    "skip_while",
];

/// What a line begins with that is no statement to be left out.
const KEPT: [&str; 18] = [
    "let ", "return", "use ", "pub ", "fn ", "async fn", "struct", "enum", "impl", "match ",
    "type ", "const ", "static ", "mod ", "#", "}", ")", ".",
];

/// All changes of a source text.
pub(super) fn changes(source: &str) -> Vec<Change> {
    let mut found = Vec::new();
    let mut begins_statement = false;
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        let code = line.trim();
        if !code.is_empty() && !code.starts_with("//") {
            let at = start + line.len() - line.trim_start().len();
            let is_code = line.starts_with(' ') && !code.starts_with('#');
            if is_code {
                replacements(source, at..at + code.len(), &mut found);
            }
            if is_code && begins_statement && !KEPT.iter().any(|kept| code.starts_with(kept)) {
                found.extend(statement(source, at).map(|range| Change {
                    range,
                    text: String::new(),
                    about: format!("leave out `{}`", code.trim_end_matches(" {")),
                }));
            }
            begins_statement = code.ends_with(['{', '}', ';']);
        }
        start += line.len();
    }
    found
}

/// The changes within a line.
fn replacements(source: &str, line: Range<usize>, found: &mut Vec<Change>) {
    let code = &source[line.clone()];
    for (from, to) in REPLACED {
        for (at, _) in code.match_indices(from) {
            let range = line.start + at..line.start + at + from.len();
            if is_whole(source, &range) {
                found.push(Change {
                    range,
                    text: to.to_owned(),
                    about: format!("replace `{}` with `{}`", from.trim(), to.trim()),
                });
            }
        }
    }
    for call in LEFT_OUT {
        let call = format!(".{call}(");
        for (at, _) in code.match_indices(&call) {
            let start = line.start + at;
            if let Some(end) = closing(source, start + call.len() - 1) {
                found.push(Change {
                    range: start..end,
                    text: String::new(),
                    about: format!("leave out `{call}…)`"),
                });
            }
        }
    }
    for (at, digit) in code.match_indices(|letter: char| letter.is_ascii_digit()) {
        let range = line.start + at..line.start + at + digit.len();
        if is_whole(source, &range)
            && let Ok(number) = digit.parse::<u8>()
        {
            found.push(Change {
                range,
                text: (number + 1).to_string(),
                about: format!("replace `{number}` with `{}`", number + 1),
            });
        }
    }
    for (open, _) in code.match_indices('(') {
        found.extend(swapped(source, line.start + open));
    }
    if let Some((pattern, action)) = code.split_once(" => ")
        && let Some(action) = action.strip_suffix(',')
        && action != "{}"
    {
        let start = line.start + pattern.len() + " => ".len();
        found.push(Change {
            range: start..start + action.len(),
            text: "{}".to_owned(),
            about: format!("do nothing at `{pattern}`"),
        });
    }
}

/// Whether no word or number goes on at either end of a range that begins or ends with one.
fn is_whole(source: &str, range: &Range<usize>) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let inside = &source[range.clone()];
    let before = source[..range.start].chars().next_back();
    let behind = source[range.end..].chars().next();
    let joins = |one: Option<char>, other: Option<char>| {
        one.is_some_and(is_word) && other.is_some_and(is_word)
    };
    let is_fraction = inside.ends_with(|last: char| last.is_ascii_digit())
        && (before == Some('.')
            || source[range.end..].starts_with('.') && !source[range.end..].starts_with(".."));
    !joins(before, inside.chars().next())
        && !joins(inside.chars().next_back(), behind)
        && !is_fraction
}

/// The call or group that opens there, with its two plain arguments swapped.
fn swapped(source: &str, open: usize) -> Option<Change> {
    let end = closing(source, open)?;
    let range = open + 1..end - 1;
    let (first, second) = source[range.clone()].split_once(", ")?;
    let is_plain = |argument: &str| {
        let word = argument.trim_start_matches('&');
        !word.is_empty()
            && word
                .chars()
                .all(|letter| letter.is_alphanumeric() || "_.:()".contains(letter))
    };
    // Parameters and patterns have types and braces, or names of their own.
    (is_plain(first) && is_plain(second) && first != second).then(|| Change {
        range: range.clone(),
        text: format!("{second}, {first}"),
        about: format!("swap `{first}` and `{second}`"),
    })
}

/// The statement that begins there, up to its semicolon or closing brace.
fn statement(source: &str, start: usize) -> Option<Range<usize>> {
    let code = &source[start..];
    let is_block = ["if ", "for ", "while ", "loop "]
        .iter()
        .any(|word| code.starts_with(word));
    let mut at = start;
    loop {
        let letter = source[at..].chars().next()?;
        match letter {
            ';' => return Some(start..at + 1),
            '(' | '[' => at = closing(source, at)?,
            '{' => {
                at = closing(source, at)?;
                if is_block && !source[at..].trim_start().starts_with("else") {
                    return Some(start..at);
                }
            }
            '}' | ')' | ']' => return None,
            '"' => at = text_end(source, at)?,
            letter => at += letter.len_utf8(),
        }
    }
}

/// The byte behind the bracket that closes the one there.
fn closing(source: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = open;
    loop {
        let letter = source[at..].chars().next()?;
        match letter {
            '"' => {
                at = text_end(source, at)?;
                continue;
            }
            '/' if source[at..].starts_with("//") => {
                at += source[at..].find('\n')?;
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += letter.len_utf8();
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The byte behind a text in quotes.
fn text_end(source: &str, quote: usize) -> Option<usize> {
    let mut letters = source[quote + 1..].char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '"' => return Some(quote + 1 + at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a body of a function, once for each change.
    fn changed(body: &str) -> Vec<String> {
        let source = format!("fn a() {{\n    {body}\n}}\n");
        let changes = changes(&source).into_iter().map(|change| {
            let mut changed = source.clone();
            changed.replace_range(change.range, &change.text);
            let body = changed
                .strip_prefix("fn a() {\n")
                .and_then(|body| body.strip_suffix("}\n"));
            body.unwrap_or(&changed).trim().to_owned()
        });
        changes.collect()
    }

    #[track_caller]
    fn check(body: &str, expected: &[&str]) {
        assert_eq!(changed(body), expected);
    }

    #[test]
    fn monitor_is_skipped() {
        check("ctx.watch_nodes();", &[""]);
        check(
            "if up {\n        ask(\"}\");\n    }",
            &["", "if up {\n        \n    }"],
        );
    }

    #[test]
    fn retry_is_forgotten() {
        check(
            "Err(_) => continue,",
            &["Err(_) => break,", "Err(_) => return,", "Err(_) => {},"],
        );
        check("let a = 'b: {\n // for (\n c\n};", &[]);
    }

    #[test]
    fn part_is_left_out_of_a_merge() {
        check("let all = own.chain(other(a)).b;", &["let all = own.b;"]);
        check(
            "let all = own.max(other);",
            &["let all = own.min(other);", "let all = own;"],
        );
    }

    #[test]
    fn nodes_are_swapped() {
        check(
            "let sent = send(&from, to.node);",
            &["let sent = send(to.node, &from);"],
        );
        check("let sent = send(a, |b| c);", &[]);
    }

    #[test]
    fn count_is_off_by_one() {
        check(
            "let next = epoch + 1;",
            &["let next = epoch;", "let next = epoch + 2;"],
        );
        check("let a2 = 0.5 + b.0 + 12;", &[]);
        check(
            "let within = 0..=b;",
            &["let within = 0..b;", "let within = 1..=b;"],
        );
    }

    #[test]
    fn comments_and_imports_stay() {
        assert_eq!(
            changes("use a::{max};\n// ask();\n/// true\nconst A: u8 = 1;\n"),
            []
        );
    }
}
