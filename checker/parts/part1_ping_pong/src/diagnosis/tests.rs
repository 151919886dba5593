use serde_json::{Value, json};

use crate::part;
use testkit::diagnosis::tale::Tale;
use testkit::trace::{Change, Fate, Kind};

fn ping(from: &str, count: u64) -> Value {
    json!({ "Ping": { "from": from, "count": count } })
}

/// n1 and n2 have met.
fn together() -> Tale {
    Tale::of(&["n1", "n2"]).linked("n1", "n2")
}

#[track_caller]
fn check(named: Option<(String, String)>, expected: Option<(&str, &str)>) {
    let named = named
        .as_ref()
        .map(|(mistake, because)| (mistake.as_str(), because.as_str()));
    assert_eq!(named, expected);
}

#[test]
fn ping_that_came_twice_and_counts_twice_is_named() {
    let twice = |fate| {
        together()
            .step("All have arrived.")
            .cast(["n1", "n2"], "consumer", ping("n1", 1))
            .sent(Kind::Cast, ["n1", "n2"], "consumer", ping("n1", 2), fate)
            .diagnosis(
                &part(),
                1,
                "n2's consumer shows {n1: 3}",
                "(wanted on n2: {n1: 2})",
            )
    };
    let because = "n2 was told the count of n1 3 times (the network delivered \
                   {\"Ping\":{\"count\":2,\"from\":\"n1\"}} twice), it was never told more than 2, and it shows 3";
    check(twice(Fate::Doubled), Some(("counts-deliveries", because)));
    // Who shows more than he was told, in whatever way one counts, has made another mistake.
    let told_less = together()
        .step("All have arrived.")
        .cast(["n1", "n2"], "consumer", ping("n1", 2))
        .diagnosis(
            &part(),
            1,
            "n2's consumer shows {n1: 4}",
            "(wanted on n2: {n1: 2})",
        );
    check(told_less, None);
}

#[test]
fn late_answer_is_blamed_only_if_there_was_one() {
    let crash = || {
        together()
            .step("n2's consumer crashes")
            .crashed("n2", "consumer")
            .call(["n2", "n1"], "producer", "Count")
            .cast(["n1", "n2"], "consumer", ping("n1", 3))
    };
    let end = |tale: Tale| {
        tale.diagnosis(
            &part(),
            3,
            "n2's consumer shows {n1: 2}",
            "(wanted on n2: {n1: 3})",
        )
    };
    let late = crash().answer(["n1", "n2"], "producer", "Count", json!(2));
    let because = "n2 was told 3 for n1, then came an answer that said 2, and now it shows 2";
    check(end(late), Some(("overwrites-with-older", because)));
    check(end(crash()), None);
}

#[test]
fn knowledge_that_no_message_brought_is_named() {
    let seen = "n2's consumer knows n1: 5, and no message that could have told it came to n2";
    let named = together().step("n1 sends pings").diagnosis(
        &part(),
        3,
        seen,
        "what a node knows of another has come to it over the network",
    );
    let because = "n2's consumer knows n1: 5, though no message had told it";
    check(named, Some(("shares-a-disk", because)));
}

#[test]
fn silence_on_a_new_link_is_told_from_a_question_of_one_side() {
    let met = || {
        together()
            .step("n1 sends pings")
            .step("The network is whole again")
            .linked("n2", "n1")
    };
    let end = |tale: Tale| {
        tale.diagnosis(
            &part(),
            4,
            "n2's consumer shows {n1: 1}",
            "(wanted on n2: {n1: 5})",
        )
    };
    let because = "a link between n2 and n1 came up, and neither sent the other anything over it";
    check(end(met()), Some(("says-nothing-on-a-new-link", because)));
    let asked = met().call(["n1", "n2"], "producer", "Count").answer(
        ["n2", "n1"],
        "producer",
        "Count",
        json!(0),
    );
    let because = "when n2 and n1 met, n1 asked n2 for its count, and n2 did not ask n1";
    check(end(asked), Some(("only-one-side-asks", because)));
    let answered = met().call(["n2", "n1"], "producer", "Count").answer(
        ["n1", "n2"],
        "producer",
        "Count",
        json!(5),
    );
    check(end(answered), None);
}

#[test]
fn consumer_that_did_not_ask_its_own_node_is_not_named_if_more_is_missing() {
    let crash = |shown: &str| {
        together()
            .step("n2's consumer crashes")
            .crashed("n2", "consumer")
            .call(["n2", "n1"], "producer", "Count")
            .answer(["n1", "n2"], "producer", "Count", json!(3))
            .diagnosis(
                &part(),
                3,
                &format!("n2's consumer shows {shown}"),
                "(wanted on n2: {n1: 3, n2: 4})",
            )
    };
    let because =
        "n2 asked n1, which answered, and of all the counts only that of n2 itself is missing";
    check(crash("{n1: 3}"), Some(("misses-its-own-producer", because)));
    check(crash("no counts at all"), None);
}

#[test]
fn silent_nodes_are_known_by_their_silence() {
    let asked = |seen: &str, between_us: u64| {
        Tale::of(&["n1", "n2", "n3"])
            .step("Ask n1's producer to ask everyone.")
            .call(["n1", "n2"], "consumer", "TotalPings")
            .later(between_us)
            .call(["n1", "n3"], "consumer", "TotalPings")
            .answer(["n3", "n1"], "consumer", "TotalPings", json!(4))
            .diagnosis(&part(), 2, seen, "the answer comes in time")
    };
    let because = "n1 asked n2, which was silent, and only 1.0 s later the next one, n3";
    let late = "n1's producer answered AskEveryone after 5.0 s";
    check(
        asked(late, 1_000_000),
        Some(("asks-one-after-another", because)),
    );
    let because = "n1 asked all at once, n2 was silent, and it answered only after 5.0 s";
    check(asked(late, 0), Some(("waits-longer-than-it-may", because)));
    let zero = "the answer holds these totals: {n1: 4, n2: 0, n3: 4}; and these failed: none";
    let because = "n2 did not answer n1, and the answer holds 0 as its total";
    check(asked(zero, 0), Some(("takes-silence-for-zero", because)));
    // It asks one after another too, but that is not what is wrong with this answer.
    check(
        asked(zero, 1_000_000),
        Some(("takes-silence-for-zero", because)),
    );
    let right = "the answer holds these totals: {n1: 4, n3: 4}; and these failed: n2 (no answer)";
    check(asked(right, 0), None);
}

#[test]
fn who_asks_one_after_another_is_not_said_to_ask_all_at_once() {
    let asked = Tale::of(&["n1", "n2", "n3"])
        .step("Ask n1's producer to ask everyone.")
        .call(["n1", "n2"], "consumer", "TotalPings")
        .answer(["n2", "n1"], "consumer", "TotalPings", json!(4))
        .later(1_000)
        .call(["n1", "n3"], "consumer", "TotalPings")
        .later(5_000_000)
        .diagnosis(
            &part(),
            2,
            "n1's producer answered AskEveryone after 5.0 s",
            "the answer comes in time",
        );
    let because =
        "n1 asked n3 when it had the answer of n2, n3 was silent, and it answered only after 5.0 s";
    check(asked, Some(("waits-longer-than-it-may", because)));
}

#[test]
fn silent_node_that_is_asked_again_and_again_is_seen() {
    let asked = |times: usize| {
        let begun = Tale::of(&["n1", "n2", "n3"]).step("Ask n1's producer to ask everyone.");
        let asked = (0..times).fold(begun, |tale, _| {
            tale.call(["n1", "n3"], "consumer", "TotalPings")
                .later(1_000_000)
        });
        let named = asked.diagnosis(
            &part(),
            2,
            "n1's producer did not answer `AskEveryone` within 8 s",
            "a call is answered",
        );
        named.map(|(mistake, _)| mistake)
    };
    assert_eq!(asked(8).as_deref(), Some("asks-the-silent-again"));
    assert_eq!(asked(1), None);
}

#[test]
fn pings_that_reach_nobody_are_told_apart() {
    let seen = |tale: Tale, seen: &str| {
        let named = tale.diagnosis(&part(), 1, seen, "(wanted on n1, n2: {n1: 3, n2: 1})");
        named.map(|(mistake, _)| mistake)
    };
    let begun = || together().step("n1 sends three pings, n2 one.");
    let nothing = "n1's consumer shows no counts at all";
    let own_only = "n1's consumer shows {n1: 3}";
    assert_eq!(seen(begun(), nothing).as_deref(), Some("sends-nothing"));
    assert_eq!(
        seen(begun(), own_only).as_deref(),
        Some("pings-its-own-node-only")
    );
    // Who sends its pings to others, and shows none, may not keep what it is told.
    let sent = || begun().cast(["n1", "n2"], "consumer", ping("n1", 3));
    assert_ne!(seen(sent(), nothing).as_deref(), Some("sends-nothing"));
    assert_ne!(
        seen(sent(), own_only).as_deref(),
        Some("pings-its-own-node-only")
    );
}

#[test]
fn total_that_lacks_the_pings_of_a_dead_node_is_seen() {
    let killed = |totals: &str| {
        Tale::of(&["n1", "n2", "n3"])
            .linked("n1", "n3")
            .step("n1 sends three pings and n3 one")
            .cast(["n1", "n2"], "consumer", ping("n1", 3))
            .cast(["n3", "n1"], "consumer", ping("n3", 1))
            .cast(["n3", "n2"], "consumer", ping("n3", 1))
            .step("n3 is killed.")
            .done("n3", Change::Killed, "n3 is killed")
            .step("Ask n1's producer to ask everyone.")
            .call(["n1", "n2"], "consumer", "TotalPings")
            .answer(["n2", "n1"], "consumer", "TotalPings", json!(3))
            .diagnosis(
                &part(),
                2,
                &format!("the answer holds these totals: {totals}; and these failed: none"),
                "every node that runs is in the answer with its current total",
            )
    };
    let because =
        "n1 had been told 1 for n3, then n3 died, and the total of n1 is 3: less by those 1";
    check(
        killed("{n1: 3, n2: 3}"),
        Some(("forgets-who-is-down", because)),
    );
    check(killed("{n1: 2, n2: 2}"), None);
}

#[test]
fn lower_of_two_answers_must_be_the_one_that_was_believed() {
    let restarted = |number: u64| {
        Tale::of(&["n1", "n2", "n3"])
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
            )
            .diagnosis(
                &part(),
                6,
                &format!("n1's producer answered SendPing with {number}"),
                "this ping is number 4",
            )
            .map(|(mistake, _)| mistake)
    };
    assert_eq!(restarted(3).as_deref(), Some("believes-one-consumer"));
    assert_eq!(restarted(8).as_deref(), Some("counts-what-others-sent"));
    assert_eq!(restarted(1).as_deref(), Some("counts-while-it-recovers"));
    assert_eq!(restarted(6), None);
}

#[test]
fn counts_are_read_from_a_sentence() {
    let text = "all have them (wanted on n1, n2 within 3 s: {n1: 3, n2: 12}, n3: 4 at n3)";
    let counts = super::counts_in(text);
    let counts: Vec<(&str, u64)> = counts
        .iter()
        .map(|(node, count)| (&**node, *count))
        .collect();
    assert_eq!(counts, [("n1", 3), ("n2", 12), ("n3", 4)]);
}
