//! What in a source text reaches for files outside of the submission while it is compiled.
//!
//! The compiler reads files for `include!` and its relatives, and for a module with a `path`
//! attribute: another submission, the course's solution, a file of the machine. So these words are
//! refused, also where a macro could put them together. They are looked for among the tokens, where
//! no comment, string or blank can hide them or be taken for them.

use crate::tokens::tokens;

/// Macros by which the compiler reads a file.
const INCLUDING: &[&str] = &["include", "include_str", "include_bytes"];

/// The first thing in a source text by which it reaches outside, as the end of the sentence "The
/// file … {uses `include_str!`}".
pub(super) fn reaches_outside(source: &str) -> Option<String> {
    let tokens = tokens(source);
    let mut attributes = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        let next = |ahead: usize| tokens.get(place + ahead).map_or("", String::as_str);
        match token.as_str() {
            // Also without `!`, as a macro may be handed the name of another.
            word if INCLUDING.contains(&word) => {
                return Some(format!(
                    "uses `{word}`, with which the compiler reads another file"
                ));
            }
            "#" if next(1) == "[" || (next(1) == "!" && next(2) == "[") => {
                attributes.push(place + if next(1) == "[" { 1 } else { 2 });
            }
            _ => {}
        }
    }
    attributes
        .into_iter()
        .find_map(|open| in_attribute(inside(&tokens, open)))
        .or_else(|| lone_hash(&tokens))
}

/// The tokens between the bracket at `open` and the one that closes it.
fn inside(tokens: &[String], open: usize) -> &[String] {
    let mut depth = 0_usize;
    for (length, token) in tokens[open..].iter().enumerate() {
        match token.as_str() {
            "[" | "(" | "{" => depth += 1,
            "]" | ")" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return &tokens[open + 1..open + length];
        }
    }
    &tokens[open + 1..]
}

/// Attributes whose strings are for people.
const TEXTS: &[&str] = &[
    "allow",
    "deny",
    "deprecated",
    "doc",
    "expect",
    "forbid",
    "ignore",
    "must_use",
    "should_panic",
    "warn",
];

/// Whether a derive macro that parses a string as code could find a macro or an attribute in it. An escape
/// could hide either.
fn may_hold_code(token: &str) -> bool {
    let is_string = token.ends_with(['"', '#']) && token.contains('"');
    is_string
        && token
            .trim_matches(['#', 'r', '"'])
            .contains(['!', '#', '\\', '{'])
}

fn in_attribute(tokens: &[String]) -> Option<String> {
    let is_for_people = tokens
        .first()
        .is_some_and(|name| TEXTS.contains(&name.as_str()));
    if !is_for_people && tokens.iter().any(|token| may_hold_code(token)) {
        return Some(
            "has an attribute whose string could hold code, with which the compiler could read another file"
                .to_owned(),
        );
    }
    let names_path = tokens
        .windows(2)
        .any(|pair| pair[0] == "path" && pair[1] == "=");
    if names_path {
        return Some(
            "has a `path` attribute, with which the compiler reads another file".to_owned(),
        );
    }
    // What a macro puts there is not known here.
    let from_macro = tokens.iter().any(|token| token == "$");
    from_macro.then(|| {
        "has an attribute that a macro fills in, with which the compiler could read another file"
            .to_owned()
    })
}

/// A `#` that opens no attribute as it stands, and is none of a raw identifier's, is for a macro that
/// puts an attribute together.
fn lone_hash(tokens: &[String]) -> Option<String> {
    let at = |place: usize| tokens.get(place).map_or("", String::as_str);
    let lone = (0..tokens.len()).any(|place| {
        let opens = at(place + 1) == "[" || (at(place + 1) == "!" && at(place + 2) == "[");
        let raw = place > 0 && at(place - 1) == "r";
        at(place) == "#" && !opens && !raw
    });
    lone.then(|| {
        "has a macro that makes attributes, with which the compiler could read another file"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: Option<&str>) {
        let seen = reaches_outside(source);
        match expected {
            Some(part) => assert!(
                seen.as_deref().is_some_and(|seen| seen.contains(part)),
                "{source}: {seen:?}"
            ),
            None => assert_eq!(seen, None, "{source}"),
        }
    }

    #[test]
    fn files_outside_are_out_of_reach() {
        check(
            "#[path = \"../../solutions/x.rs\"] mod inner;",
            Some("`path`"),
        );
        check("#  [ /* */ path=\"x.rs\"]\nmod inner;", Some("`path`"));
        check(
            "#[cfg_attr(all(), path = \"x.rs\")] mod inner;",
            Some("`path`"),
        );
        check("#[r#path = \"x.rs\"] mod inner;", Some("`path`"));
        check("#[path\u{200E}= \"x.rs\"] mod inner;", Some("`path`"));
        check("include!(\"x.rs\");", Some("`include`"));
        check(
            "const X: &str = include_str!(\"/etc/passwd\");",
            Some("`include_str`"),
        );
        check(
            "const X: &[u8] = std::include_bytes ! [\"x\"];",
            Some("`include_bytes`"),
        );
        check(
            "use std::include_str as harmless; const X: &str = harmless!(\"x\");",
            Some("`include_str`"),
        );
        check(
            "macro_rules! m { ($m:ident) => { $m!(\"x\") } } m!(include_str);",
            Some("`include_str`"),
        );
        check(
            "macro_rules! m { ($a:meta) => { #[$a] mod x; } } m!(path = \"x.rs\");",
            Some("macro"),
        );
        check(
            "macro_rules! m { ($($t:tt)*) => { $($t)* } } m!(#[path = \"x\"] mod y;);",
            Some("`path`"),
        );
        check(
            "macro_rules! m { ($h:tt $a:tt) => { $h $a mod x; } } m!(# [path = \"x\"]);",
            Some("`path`"),
        );
        check(
            "macro_rules! m { ($h:tt, $a:tt) => { $h $a mod x; } } m!(#, [path = \"x\"]);",
            Some("macro"),
        );
        check(
            "macro_rules! m { ($a:tt) => { # $a mod x; } } m!([path = \"x\"]);",
            Some("macro"),
        );
    }

    #[test]
    fn code_in_the_string_of_an_attribute_is_refused() {
        check(
            "#[derive(Serialize)] #[serde(bound = \"[(); m!{ # [path = \\\"x\\\"] mod y; }]: Sized\")] struct A;",
            Some("string could hold code"),
        );
        check(
            "#[serde(bound = r#\"[(); m!(1)]: Sized\"#)] struct A;",
            Some("string could hold code"),
        );
        check(
            "#[cfg_attr(all(), serde(bound = \"[(); m\\x21(1)]: Sized\"))] struct A;",
            Some("string could hold code"),
        );
        check(
            "#[serde(bound = \"T: Clone\", rename = \"a b\")] struct A;",
            None,
        );
        check("#[must_use = \"it is lost!\"] fn f() {}", None);
        check("#[doc = \"Use `m!{}` # so\"] fn f() {}", None);
    }

    #[test]
    fn ordinary_code_is_left_alone() {
        check("let r#type = r#\"include!\"#; let x = r#path;", None);
        check("let path = \"x.rs\"; // #[path = \"x.rs\"] include!", None);
        check("fn f(path: &str) { let text = \"include_str!\"; }", None);
        check(
            "#[derive(Debug)] struct A { included: u8 } #[cfg(test)] mod tests {}",
            None,
        );
        check(
            "let x = std::env::var(\"HOME\"); let d = env!(\"CARGO_PKG_NAME\");",
            None,
        );
        check("macro_rules! m { ($a:expr) => { $a + 1 } }", None);
    }
}
