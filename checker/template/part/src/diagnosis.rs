//! The mistakes of part 0 whose proof stands in a message of the trace.

use testkit::diagnosis::{Case, Mistake};

use crate::fact::Fact;

/// The more telling ones come first.
pub(crate) const MISTAKES: &[Mistake] = &[Mistake {
    id: "keeps-the-last",
    problems: &[1],
    suggests: "The register keeps the entry that came last, although an earlier one was greater.",
    training: "problem-1-write-everywhere",
    hint: 1,
    symptom: keeps_the_last,
}];

fn keeps_the_last(case: &Case) -> Option<String> {
    let Fact::Value { node, seen, wanted } = case.fact()? else {
        return None;
    };
    let entries = case.messages().named("Written").to(&node).arrived();
    let arrival_of = |value: u64| {
        let of_value = entries
            .iter()
            .filter(|entry| entry.number("value") == Some(value));
        of_value.filter_map(|entry| entry.delivered_us).max()
    };
    (arrival_of(wanted)? < arrival_of(seen)?).then(|| {
        format!("the entry with {seen} reached {node} after the newer one with {wanted}, and {node} shows {seen}")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use testkit::diagnosis::tale::Tale;

    use crate::fact::Fact;
    use crate::part;

    /// n2 is told of the values in this order, the second of which is newer.
    #[track_caller]
    fn check(arriving: [u64; 2], expected: Option<&str>) {
        let tale = arriving
            .into_iter()
            .fold(Tale::of(&["n1", "n2"]), |tale, value| {
                let entry = json!({ "version": value, "writer": "n1@127.0.0.1", "value": value });
                tale.cast(["n1", "n2"], "register", json!({ "Written": entry }))
            });
        let fact = Fact::Value {
            node: "n2".into(),
            seen: 1,
            wanted: 2,
        };
        assert_eq!(tale.named(&part(), 1, &fact).as_deref(), expected);
    }

    #[test]
    fn register_that_shows_an_entry_that_came_late_is_named() {
        check([2, 1], Some("keeps-the-last"));
        check([1, 2], None);
    }
}
