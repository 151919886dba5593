//! Symptoms of problems 1 and 7: what the functions of the jobs compute. Tasks of one node are
//! seen by nobody, so the output is all there is to go by; but it is known of which text it is.

use testkit::diagnosis::Case;

/// A difference between the output and what was right.
#[derive(Debug, PartialEq)]
struct Difference<'a> {
    key: &'a str,
    /// What the output has, unless the key is missing.
    has: Option<&'a str>,
    /// What it should have, unless the key should not be there.
    right: Option<&'a str>,
}

/// The differences that the failure shows, and how many more there are.
fn differences<'a>(case: &Case<'a>) -> Option<(Vec<Difference<'a>>, u64)> {
    let told = case.failure.seen.strip_prefix("in the output ")?;
    // Each but the first begins behind a comma, with a backtick; what it quotes has none.
    let mut shown = Vec::new();
    for one in told.split(", `") {
        let (key, what) = one.strip_prefix('`').unwrap_or(one).split_once('`')?;
        let quoted: Vec<&str> = what.split('`').skip(1).step_by(2).collect();
        let (has, right) = match quoted[..] {
            [has, right] => (Some(has), Some(right)),
            _ if what.starts_with(" is missing") => (None, Some("")),
            _ => (Some(""), None),
        };
        shown.push(Difference { key, has, right });
    }
    let more = told
        .rsplit_once(", and ")
        .and_then(|(_, more)| more.split(' ').next());
    Some((shown, more.and_then(|more| more.parse().ok()).unwrap_or(0)))
}

/// A word that was counted too often, if the first ones that are wrong all were.
pub(super) fn counted_too_often<'a>(case: &Case<'a>) -> Option<(&'a str, u64, u64)> {
    let (shown, _) = differences(case)?;
    let counts = shown.iter().map(|one| counted(&shown, one.key));
    let counts: Vec<(u64, u64)> = counts.collect::<Option<_>>()?;
    let (has, right) = *counts.first()?;
    let all = counts.iter().all(|(has, right)| has > right);
    all.then(|| (shown[0].key, has, right))
}

/// How a word was counted, and how often it is there.
fn counted(shown: &[Difference], word: &str) -> Option<(u64, u64)> {
    let of = shown.iter().find(|shown| shown.key == word)?;
    Some((of.has?.parse().ok()?, of.right?.parse().ok()?))
}

pub(super) fn key_in_two_files(case: &Case) -> Option<String> {
    let seen = &case.failure.seen;
    let (key, places) = seen.strip_prefix("the key `")?.split_once("` stands in ")?;
    Some(format!(
        "`{key}` is in {}, so its pairs went to two reduce tasks",
        places.replace(" and in ", " and also in ")
    ))
}

pub(super) fn lower_cases_words(case: &Case) -> Option<String> {
    /// The Bible has 13,578 different words. If nearly all are missing, it is not for their case.
    const ALL: u64 = 12_000;
    let (shown, more) = differences(case)?;
    let missing = shown.iter().all(|shown| shown.has.is_none());
    let capital = |word: &str| word.contains(|letter: char| letter.is_ascii_uppercase());
    let words: Vec<&str> = shown.iter().map(|shown| shown.key).collect();
    let [first, .., last] = words[..] else {
        return None;
    };
    (missing && more < ALL && words.iter().all(|word| capital(word)))
        .then(|| format!("words with capital letters are missing, such as `{first}` and `{last}`"))
}

pub(super) fn counts_a_word_once_a_line(case: &Case) -> Option<String> {
    let (shown, _) = differences(case)?;
    let (has, right) = counted(&shown, "AM")?;
    (has, right).eq(&(2, 4)).then(|| {
        "the text has `AM` four times, twice in each of two lines, and it was counted twice"
            .to_owned()
    })
}

pub(super) fn counts_words_with_apostrophes(case: &Case) -> Option<String> {
    let (shown, _) = differences(case)?;
    let (has, right) = counted(&shown, "Aaron")?;
    (has, right).eq(&(319, 350)).then(|| {
        "the text has `Aaron` 350 times, 31 of them as `Aaron's`, and it was counted 319 times"
            .to_owned()
    })
}

pub(super) fn counts_words_with_punctuation(case: &Case) -> Option<String> {
    let (shown, _) = differences(case)?;
    let (has, right) = counted(&shown, "Aaron")?;
    (has, right).eq(&(205, 350)).then(|| {
        "the text has `Aaron` 350 times, 145 of them beside a mark, as in `Aaron,`, and it was counted 205 times"
            .to_owned()
    })
}

pub(super) fn counts_words_with_digits(case: &Case) -> Option<String> {
    let (shown, _) = differences(case)?;
    let digits = |shown: &&Difference| {
        shown.right.is_none() && shown.key.contains(|c: char| c.is_ascii_digit())
    };
    let with = shown.iter().find(digits)?;
    Some(format!("`{}` is in the output as a word", with.key))
}

pub(super) fn counts_empty_words(case: &Case) -> Option<String> {
    let (shown, _) = differences(case)?;
    let empty = shown
        .iter()
        .any(|shown| shown.key.is_empty() && shown.right.is_none());
    empty.then(|| "the output has an entry for a word of no letters at all".to_owned())
}

pub(super) fn counts_letters_of_all_alphabets(case: &Case) -> Option<String> {
    let (shown, _) = differences(case)?;
    let with = shown
        .iter()
        .find(|shown| shown.right.is_none() && !shown.key.is_ascii())?;
    Some(format!("`{}` is in the output as one word", with.key))
}

pub(super) fn skips_lines_that_are_not_utf8(case: &Case) -> Option<String> {
    let (shown, _) = differences(case)?;
    let is_missing = |word: &str| {
        shown
            .iter()
            .any(|shown| shown.key == word && shown.has.is_none())
    };
    // Without the whole line, not only the word that stands beside such a byte.
    (is_missing("caf") && is_missing("end")).then(|| {
        "`caf` and `end` are missing, which stand in lines that have bytes in them which are no UTF-8".to_owned()
    })
}

/// The files that the index has for a key, and those that it should have, in their order. (The
/// failure has blanks for tabs, and the text has one name with a blank.)
fn files<'a>(case: &Case<'a>) -> Option<(&'a str, Vec<&'a str>, Vec<&'a str>)> {
    let (shown, _) = differences(case)?;
    let one = shown
        .into_iter()
        .find(|shown| shown.has.is_some() && shown.right.is_some())?;
    let names = |list: &'a str| {
        let mut names = Vec::new();
        for name in list.split_inclusive(".txt") {
            names.push(name.trim_start());
        }
        names
    };
    let (has, right) = (names(one.has?), names(one.right?));
    (right.len() > 1 && right.iter().all(|name| name.ends_with(".txt")))
        .then_some((one.key, has, right))
}

pub(super) fn index_repeats_files(case: &Case) -> Option<String> {
    let (key, has, right) = files(case)?;
    let twice = right
        .iter()
        .find(|name| has.iter().filter(|other| other == name).count() > 1)?;
    Some(format!(
        "the index has `{twice}` more than once for `{key}`"
    ))
}

pub(super) fn index_out_of_order(case: &Case) -> Option<String> {
    let (key, has, right) = files(case)?;
    let mut sorted = has.clone();
    sorted.sort_unstable();
    (has != right && sorted == right).then(|| {
        let (has, right) = (has.join("`, `"), right.join("`, `"));
        format!("the index has `{has}` for `{key}`, which is complete, and should be in this order: `{right}`")
    })
}

pub(super) fn counts_instead_of_adding(case: &Case) -> Option<String> {
    let (shown, _) = differences(case)?;
    let low = |shown: &&Difference| {
        let number = |text: Option<&str>| text?.parse::<u64>().ok();
        number(shown.has)
            .zip(number(shown.right))
            .is_some_and(|(has, right)| has * 2 < right)
    };
    if !shown.iter().all(|shown| low(&shown)) {
        return None;
    }
    let one = shown.first()?;
    Some(format!(
        "`{}` was counted {} times instead of {}, and the other words that are wrong are far too low as well",
        one.key, one.has?, one.right?
    ))
}

pub(super) fn combines_lists_of_files(case: &Case) -> Option<String> {
    let (key, has, right) = files(case)?;
    let twice = right
        .iter()
        .find(|name| has.iter().filter(|other| other == name).count() > 1)?;
    Some(format!(
        "the index has `{twice}` more than once for `{key}`, as it has lists of files where names should be"
    ))
}

pub(super) fn combines_nothing(case: &Case) -> Option<String> {
    let (bytes, rest) = case
        .failure
        .seen
        .split_once(" bytes were fetched to count ")?;
    let words = rest.split(' ').next()?;
    let (bytes, words): (u64, u64) = (bytes.parse().ok()?, words.parse().ok()?);
    // A combiner that is not there leaves as much as one that puts values side by side.
    (bytes > words).then(|| {
        format!("{bytes} bytes were fetched for {words} words, more than one for each word, although there are only 200 different ones")
    })
}
