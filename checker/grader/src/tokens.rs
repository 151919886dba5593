//! The words of a Rust source text, without its layout.
//!
//! Two texts are *the same code* when their tokens are: blanks, line breaks and comments do not
//! count. Doc comments do, as they do for the compiler. This is a lexer and no more: it takes any
//! text, also one that does not compile, because learners' files are read with it.

/// The tokens of a source text, in order.
pub fn tokens(source: &str) -> Vec<String> {
    let mut lexer = Lexer {
        rest: source,
        found: Vec::new(),
    };
    while lexer.step() {}
    lexer.found
}

/// The tokens, each with its line, counted from 1.
pub fn numbered(source: &str) -> Vec<(u32, String)> {
    let mut lexer = Lexer {
        rest: source,
        found: Vec::new(),
    };
    let (mut numbered, mut line) = (Vec::new(), 1);
    loop {
        let before = lexer.rest;
        if !lexer.step() {
            return numbered;
        }
        numbered.extend(lexer.found.drain(..).map(|token| (line, token)));
        let taken = &before[..before.len() - lexer.rest.len()];
        line += u32::try_from(taken.matches('\n').count()).unwrap_or(u32::MAX);
    }
}

/// The same tokens without imports and without what the whole crate allows: in these, a stub
/// may differ from its solution.
pub fn without_imports(tokens: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut rest = tokens;
    while let [token, behind @ ..] = rest {
        let begins_item = kept
            .last()
            .is_none_or(|last| matches!(last.as_str(), ";" | "{" | "}" | "]") || is_doc(last));
        let end = if token == "use" && begins_item {
            Some(";")
        } else if rest.len() > 3 && rest[..4] == ["#", "!", "[", "allow"] {
            Some("]")
        } else {
            None
        };
        match end {
            Some(end) => {
                let length = rest.iter().position(|token| token == end);
                rest = &rest[length.map_or(rest.len(), |at| at + 1)..];
            }
            None => {
                kept.push(token.clone());
                rest = behind;
            }
        }
    }
    kept
}

fn is_doc(token: &str) -> bool {
    token.starts_with("//")
}

struct Lexer<'a> {
    rest: &'a str,
    found: Vec<String>,
}

impl Lexer<'_> {
    /// Takes one token, comment or blank off the text. Says whether there was any.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        if is_blank(first) {
            self.rest = self.rest.trim_start_matches(is_blank);
        } else if self.rest.starts_with("//") {
            let line = self.rest.lines().next().unwrap_or_default().len();
            let is_doc = self.rest.starts_with("//!")
                || (self.rest.starts_with("///") && !self.rest.starts_with("////"));
            self.take(line, is_doc);
        } else if self.rest.starts_with("/*") {
            self.take(block_comment(self.rest), false);
        } else if let Some(length) = string(self.rest) {
            self.take(length, true);
        } else if first == '\'' {
            self.take(char_or_lifetime(self.rest), true);
        } else if first.is_alphanumeric() || first == '_' {
            self.take(word(self.rest), true);
        } else {
            self.take(first.len_utf8(), true);
        }
        true
    }

    fn take(&mut self, length: usize, keep: bool) {
        let (token, rest) = self.rest.split_at(length);
        if keep {
            self.found.push(token.trim_end().to_owned());
        }
        self.rest = rest;
    }
}

/// Whether the compiler takes a character for a blank: two marks of the writing direction are blanks to it.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200E}' | '\u{200F}')
}

/// The length of the word, or number, at the beginning of a text. Of `1.5` only the `1`: what
/// matters is that the same text always gives the same tokens.
fn word(text: &str) -> usize {
    let ends = |c: char| !(c.is_alphanumeric() || c == '_');
    text.find(ends).unwrap_or(text.len())
}

/// The length of a block comment, with those nested in it.
fn block_comment(text: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of the string literal at the beginning, of whatever kind, if there is one.
fn string(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""]
        .into_iter()
        .find(|prefix| text.strip_prefix(prefix).is_some_and(opens_string))?;
    let raw = prefix.ends_with('r');
    let behind = &text[prefix.len()..];
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    if hashes > 0 && !raw {
        return None;
    }
    let inside = prefix.len() + hashes + 1;
    if raw {
        let end = format!("\"{}", "#".repeat(hashes));
        let length = text[inside..].find(&end).map(|at| inside + at + end.len());
        return Some(length.unwrap_or(text.len()));
    }
    Some(inside + quoted(&text[inside..], '"'))
}

fn opens_string(text: &str) -> bool {
    text.trim_start_matches('#').starts_with('"')
}

/// The length of a quoted text up to and with its closing quote.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The length of `'a'` or of `'a`: it is a character if a quote follows the first one.
fn char_or_lifetime(text: &str) -> usize {
    let inside = &text[1..];
    let mut chars = inside.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => 1 + quoted(inside, '\''),
        _ => 1 + word(inside),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &[&str]) {
        assert_eq!(tokens(source), expected, "{source}");
    }

    #[test]
    fn layout_and_comments_do_not_count() {
        check("a +\n\tb // c\n/* d /* e */ f */ ;", &["a", "+", "b", ";"]);
    }

    #[test]
    fn doc_comments_count() {
        check("//! a\n/// b\n//// c\nd", &["//! a", "/// b", "d"]);
    }

    #[test]
    fn what_looks_like_a_comment_in_a_string_is_text() {
        check(r#"f("// a \" b")"#, &["f", "(", r#""// a \" b""#, ")"]);
        check(r##"r#"/* " "# b"x""##, &[r##"r#"/* " "#"##, "b\"x\""]);
    }

    #[test]
    fn characters_are_told_from_lifetimes() {
        check("&'a '\\'' 'b' '\"'", &["&", "'a", "'\\''", "'b'", "'\"'"]);
    }

    #[test]
    fn text_that_breaks_off_is_read_to_its_end() {
        for source in ["\"ab", "/* a", "r#\"a", "'", "'\\", "b'", "r#"] {
            tokens(source);
        }
    }

    #[test]
    fn imports_and_what_a_crate_allows_are_left_out() {
        let source =
            "//! doc\n#![allow(unused)]\nuse a::{b, c};\nfn f() -> impl T + use<> { use d; e }";
        let expected = tokens("//! doc\nfn f() -> impl T + use<> { e }");
        assert_eq!(without_imports(&tokens(source)), expected);
    }
}
