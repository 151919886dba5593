//! The patterns of `SCAN`.

/// Whether the whole text matches the pattern: `*`, `?`, `[a-c]`, `[^x]`, and `\` before a
/// character that stands for itself.
///
/// After a mismatch only the last `*` is tried again, longer. That is enough, and it keeps the
/// work below the product of the two lengths.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while read < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at + 1, read));
            at += 1;
        } else if let Some(next) = one(&pattern[at..], text[read]) {
            at += next;
            read += 1;
        } else if let Some((after, from)) = star {
            star = Some((after, from + 1));
            (at, read) = (after, from + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|rest| *rest == b'*')
}

/// How long the piece of the pattern is that matches this one byte, if it does.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'\\', escaped, ..] => (*escaped == byte).then_some(2),
        [b'[', ..] => {
            let (found, length) = class(&pattern[1..], byte);
            found.then_some(length + 1)
        }
        [plain, ..] => (*plain == byte).then_some(1),
    }
}

/// Whether the class that begins after `[` has this byte, and its length with the `]`. Without a
/// `]`, the class goes on to the end.
fn class(pattern: &[u8], byte: u8) -> (bool, usize) {
    let negated = pattern.first() == Some(&b'^');
    let mut at = usize::from(negated);
    let mut found = false;
    loop {
        match &pattern[at..] {
            [] => break,
            [b'\\', escaped, ..] => {
                found |= *escaped == byte;
                at += 2;
            }
            [b']', ..] => {
                at += 1;
                break;
            }
            [from, b'-', to, ..] => {
                found |= (*from.min(to)..=*from.max(to)).contains(&byte);
                at += 3;
            }
            [plain, ..] => {
                found |= *plain == byte;
                at += 1;
            }
        }
    }
    (found != negated, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(
            matches(pattern.as_bytes(), text.as_bytes()),
            expected,
            "{pattern} {text}"
        );
    }

    #[test]
    fn patterns_match_as_in_redis() {
        check("*", "", true);
        check("*", "anything", true);
        check("", "", true);
        check("", "x", false);
        check("link:*", "link:", true);
        check("link:*", "link:a:b", true);
        check("link:*", "lock:a", false);
        check("h?llo", "hello", true);
        check("h?llo", "hllo", false);
        check("h[ae]llo", "hallo", true);
        check("h[^e]llo", "hello", false);
        check("h[a-c]llo", "hbllo", true);
        check("h[c-a]llo", "hbllo", true);
        check("a\\*b", "a*b", true);
        check("a\\*b", "axb", false);
        check("*a*b*", "xxaxxbxx", true);
        check("*ab", "aab", true);
        check("a[", "a", false);
        check("[abc", "b", true);
        check("a**", "a", true);
    }

    #[test]
    fn many_stars_take_no_more_than_the_product_of_the_lengths() {
        let pattern = "*a".repeat(500) + "b";
        check(&pattern, &"a".repeat(5_000), false);
    }
}
