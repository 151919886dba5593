//! What stands behind the name of a command: nodes, shares.

use prompt::command::USAGE;

/// The ways between some nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ways {
    pub(super) from: Vec<String>,
    pub(super) to: Vec<String>,
    /// Whether the ways back are meant, too.
    pub(super) both: bool,
}

/// The words of a line, where `|` and `->` are words of their own, and commas are none.
pub(super) fn words(text: &str) -> Vec<String> {
    let text = text.replace('|', " | ").replace("->", " -> ");
    let words = text.split(|c: char| c.is_whitespace() || c == ',');
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// A share as people write it, from 0 to 1: `10%`. Nothing, if it is no share at all.
pub(super) fn share(word: &str) -> Option<Result<f64, String>> {
    let number = word.strip_suffix('%')?;
    let share = number
        .parse::<f64>()
        .ok()
        .filter(|n| (0.0..=100.0).contains(n));
    let wrong = || format!("{word:?} is not a percentage: write 10%, for example.");
    Some(share.map(|percent| percent / 100.0).ok_or_else(wrong))
}

/// The ways that words name: `n1 -> n2`, `n1 | n2 n3`, `n1 n2`, and `n1` for those between n1 and
/// all others.
pub(super) fn ways(words: &[String], everyone: &[String]) -> Result<Ways, String> {
    let split = |sign: &str| {
        let place = words.iter().position(|word| word == sign)?;
        Some((words[..place].to_vec(), words[place + 1..].to_vec()))
    };
    let (from, to, both) = match (split("->"), split("|"), words) {
        (Some((from, to)), None, _) => (from, to, false),
        (None, Some((one, other)), _) => (one, other, true),
        (None, None, [one, other]) => (vec![one.clone()], vec![other.clone()], true),
        (None, None, [one]) => {
            let others = everyone.iter().filter(|node| *node != one).cloned();
            (vec![one.clone()], others.collect(), true)
        }
        _ => return Err(USAGE.into()),
    };
    if from.is_empty() || to.is_empty() {
        return Err(USAGE.into());
    }
    for node in from.iter().chain(&to) {
        known(node, everyone)?;
    }
    if let Some(node) = from.iter().find(|node| to.contains(node)) {
        return Err(format!("{node} cannot be on both sides."));
    }
    Ok(Ways { from, to, both })
}

/// Whether a node was ever started.
pub(super) fn known(node: &str, everyone: &[String]) -> Result<(), String> {
    if everyone.iter().any(|known| known == node) {
        return Ok(());
    }
    Err(format!(
        "There is no node {node:?}; there are {}.",
        list(everyone)
    ))
}

/// `n1, n2 and n3`
pub(super) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match &names[..] {
        [] => "none".to_owned(),
        [only] => (*only).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

impl Ways {
    /// Each way, from whom to whom.
    pub(super) fn each(&self) -> Vec<(&str, &str)> {
        let (from, to) = self.sides();
        let there = from.iter().flat_map(|&a| to.iter().map(move |&b| (a, b)));
        let mut each: Vec<(&str, &str)> = there.collect();
        if self.both {
            let back: Vec<(&str, &str)> = each.iter().map(|&(a, b)| (b, a)).collect();
            each.extend(back);
        }
        each
    }

    /// Both sides, as a cluster wants them.
    pub(super) fn sides(&self) -> (Vec<&str>, Vec<&str>) {
        (
            self.from.iter().map(String::as_str).collect(),
            self.to.iter().map(String::as_str).collect(),
        )
    }
}

/// A text in which nodes go by their short names, as everywhere at the prompt.
pub(super) fn told(text: &str) -> String {
    text.replace("@127.0.0.1", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Vec<String> {
        ["n1", "n2", "n3"].map(str::to_owned).to_vec()
    }

    #[track_caller]
    fn check(typed: &str, expected: &[(&str, &str)]) {
        assert_eq!(ways(&words(typed), &three()).unwrap().each(), expected);
    }

    #[test]
    fn ways_are_named_with_signs_or_by_two_nodes() {
        check("n1 -> n2", &[("n1", "n2")]);
        check("n1->n2,n3", &[("n1", "n2"), ("n1", "n3")]);
        check("n1 n2", &[("n1", "n2"), ("n2", "n1")]);
        let apart = [("n1", "n2"), ("n1", "n3"), ("n2", "n1"), ("n3", "n1")];
        check("n1|n2 n3", &apart);
        check("n1", &apart);
    }

    #[test]
    fn ways_that_are_none_are_refused_in_words() {
        let refused = |typed: &str| ways(&words(typed), &three()).unwrap_err();
        assert_eq!(
            refused("n1 | n9"),
            "There is no node \"n9\"; there are n1, n2 and n3."
        );
        assert_eq!(refused("n1 | n1"), "n1 cannot be on both sides.");
        for typed in ["", "n1 |", "-> n2", "n1 n2 n3", "n1 -> n2 | n3"] {
            assert_eq!(refused(typed), USAGE, "{typed}");
        }
    }

    #[test]
    fn shares_lie_between_none_and_all() {
        assert_eq!(share("10%"), Some(Ok(0.1)));
        assert_eq!(share("10"), None);
        assert!(share("110%").unwrap().is_err());
        assert!(share("NaN%").unwrap().is_err());
    }
}
