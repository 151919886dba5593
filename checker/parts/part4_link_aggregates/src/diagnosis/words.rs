//! Numbers and names out of what a failure tells.

use std::str::FromStr;

use testkit::diagnosis::Case;

/// What follows some words, up to the next space or mark.
pub(super) fn word_behind<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let behind = &text[text.find(words)? + words.len()..];
    let ends = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    let word = behind.split(ends).next()?.trim_end_matches('.');
    (!word.is_empty()).then_some(word)
}

/// The number that follows some words.
pub(super) fn number_behind<N: FromStr>(text: &str, words: &str) -> Option<N> {
    word_behind(text, words)?.parse().ok()
}

/// The names of a list: `n1, n2, n3`; `no members` are none.
pub(super) fn names(list: &str) -> Vec<&str> {
    let names = list.split(", ").filter(|name| !name.contains(' '));
    names.filter(|name| !name.is_empty()).collect()
}

/// What was seen, without for how long.
pub(super) fn seen<'c>(case: &'c Case) -> &'c str {
    let seen = &case.failure.seen;
    seen.split_once(", still after ")
        .map_or(seen, |(seen, _)| seen)
}

/// So many of something: `1 view`, `2 views`.
pub(super) fn some(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    }
}
