use serde_json::{Value, json};

use crate::fact::{Counts, Fact};
use crate::part;
use testkit::diagnosis::tale::Tale;
use testkit::trace::{Fate, Kind};

fn ping(from: &str, count: u64) -> Value {
    json!({ "Ping": { "from": from, "count": count } })
}

/// n1 and n2 have met.
fn together() -> Tale {
    Tale::of(&["n1", "n2"]).linked("n1", "n2")
}

/// n2's consumer crashed after the two had met.
fn crashed() -> Tale {
    together()
        .step("n2's consumer crashes")
        .crashed("n2", "consumer")
}

fn counts(of: &[(&str, u64)]) -> Counts {
    let counts = of.iter().map(|(node, count)| (node.to_string(), *count));
    counts.collect()
}

/// A consumer shows these counts and not those.
fn shows(node: &str, seen: &[(&str, u64)], wanted: &[(&str, u64)]) -> Fact {
    Fact::Counts {
        node: node.into(),
        seen: counts(seen),
        wanted: counts(wanted),
    }
}

#[track_caller]
fn check(tale: Tale, problem: u8, fact: &Fact, expected: Option<&str>) {
    let named = tale.named(&part(), problem, fact);
    assert_eq!(named.as_deref(), expected);
}

#[test]
fn consumer_that_counts_a_doubled_ping_twice_is_named() {
    let doubled = together()
        .cast(["n1", "n2"], "consumer", ping("n1", 1))
        .sent(
            Kind::Cast,
            ["n1", "n2"],
            "consumer",
            ping("n1", 2),
            Fate::Doubled,
        );
    let three = shows("n2", &[("n1", 3)], &[("n1", 2)]);
    check(doubled, 1, &three, Some("counts-deliveries"));
    let one_ping = together().cast(["n1", "n2"], "consumer", ping("n1", 2));
    let four = shows("n2", &[("n1", 4)], &[("n1", 2)]);
    check(one_ping, 1, &four, None);
}

#[test]
fn late_answer_is_blamed_only_if_it_came() {
    let newer = || {
        crashed().call(["n2", "n1"], "producer", "Count").cast(
            ["n1", "n2"],
            "consumer",
            ping("n1", 3),
        )
    };
    let fact = shows("n2", &[("n1", 2)], &[("n1", 3)]);
    let late = newer().answer(["n1", "n2"], "producer", "Count", json!(2));
    check(late, 3, &fact, Some("overwrites-with-older"));
    check(newer(), 3, &fact, None);
}

#[test]
fn new_link_without_messages_is_told_from_a_question_of_one_side() {
    let met = || {
        together()
            .step("The network is whole again")
            .linked("n2", "n1")
    };
    let fact = shows("n2", &[("n1", 1)], &[("n1", 5)]);
    check(met(), 4, &fact, Some("says-nothing-on-a-new-link"));
    let question = |tale: Tale, from: &'static str, to: &'static str, count: u64| {
        tale.call([from, to], "producer", "Count").answer(
            [to, from],
            "producer",
            "Count",
            json!(count),
        )
    };
    let one_side = question(met(), "n1", "n2", 0);
    check(one_side, 4, &fact, Some("only-one-side-asks"));
    check(question(met(), "n2", "n1", 5), 4, &fact, None);
}

#[test]
fn consumer_that_misses_only_its_own_count_is_named() {
    let asked = || {
        crashed().call(["n2", "n1"], "producer", "Count").answer(
            ["n1", "n2"],
            "producer",
            "Count",
            json!(3),
        )
    };
    let wanted = [("n1", 3), ("n2", 4)];
    let own_only = shows("n2", &[("n1", 3)], &wanted);
    check(asked(), 3, &own_only, Some("misses-its-own-producer"));
    check(asked(), 3, &shows("n2", &[], &wanted), None);
    check(
        crashed(),
        3,
        &shows("n2", &[], &wanted),
        Some("asks-nobody-else"),
    );
}

#[test]
fn question_to_one_node_after_another_is_seen_by_its_pauses() {
    let asked = |between_us: u64| {
        Tale::of(&["n1", "n2", "n3"])
            .step("Ask n1's producer to ask everyone.")
            .call(["n1", "n2"], "consumer", "TotalPings")
            .later(between_us)
            .call(["n1", "n3"], "consumer", "TotalPings")
    };
    let late = Fact::EveryoneLate { asker: "n1".into() };
    check(asked(1_000_000), 2, &late, Some("asks-one-after-another"));
    check(asked(0), 2, &late, None);
    let for_another_caller = asked(0)
        .later(1_000_000)
        .call(["n1", "n2"], "consumer", "TotalPings");
    check(for_another_caller, 2, &late, None);
}

#[test]
fn missing_pings_are_told_apart_by_what_the_producer_sent() {
    let begun = || together().step("n1 sends three pings, n2 one.");
    let wanted = [("n1", 3), ("n2", 1)];
    let none = shows("n1", &[], &wanted);
    let own_only = shows("n1", &[("n1", 3)], &wanted);
    let others_only = shows("n1", &[("n2", 1)], &wanted);
    check(begun(), 1, &none, Some("sends-nothing"));
    check(begun(), 1, &own_only, None);
    let sent = || {
        begun().cast(["n1", "n2"], "consumer", ping("n1", 3)).cast(
            ["n2", "n1"],
            "consumer",
            ping("n2", 1),
        )
    };
    check(sent(), 1, &others_only, Some("forgets-its-own-consumer"));
    // Its producers send their pings, so it may be the consumer that ignores them.
    check(sent(), 1, &none, None);
}

#[test]
fn ping_that_went_to_another_node_only_is_seen() {
    let sent = || {
        Tale::of(&["n1", "n2", "n3"])
            .linked("n1", "n2")
            .linked("n1", "n3")
            .cast(["n1", "n2"], "consumer", ping("n1", 3))
    };
    let missing = shows("n3", &[], &[("n1", 3)]);
    check(sent(), 1, &missing, Some("pings-not-all-connected"));
    let to_both = sent().cast(["n1", "n3"], "consumer", ping("n1", 3));
    check(to_both, 1, &missing, None);
}

#[test]
fn lower_of_two_answers_must_be_the_one_that_was_believed() {
    let restarted = |number: u64, expected: Option<&str>| {
        let tale = Tale::of(&["n1", "n2", "n3"])
            .step("n1's producer crashes")
            .crashed("n1", "producer")
            .call(["n1", "n2"], "consumer", "Counts")
            .answer(["n2", "n1"], "consumer", "Counts", json!({ "n1": 2 }))
            .call(["n1", "n3"], "consumer", "Counts")
            .answer(
                ["n3", "n1"],
                "consumer",
                "Counts",
                json!({ "n1": 3, "n3": 7 }),
            );
        let fact = Fact::PingNumber {
            node: "n1".into(),
            answer: number,
            wanted: 4,
        };
        check(tale, 6, &fact, expected);
    };
    restarted(3, Some("believes-one-consumer"));
    restarted(8, Some("counts-what-others-sent"));
    restarted(1, None);
}
