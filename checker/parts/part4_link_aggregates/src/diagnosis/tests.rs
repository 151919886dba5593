//! What is named where its evidence is there, and what is not where it is not.

use serde_json::{Value, json};

use crate::part;
use testkit::diagnosis::tale::Tale;
use testkit::diagnosis::{Case, diagnose};
use testkit::trace::{Change, Fate, Kind, StoreMode, What};
use testkit::verdict::Failure;

/// What the nodes of part 4 do and are asked.
trait Service {
    fn asked(self, node: &str, question: &str, answer: &str, took_us: u64) -> Tale;
    fn viewed(self, node: &str, times: usize) -> Tale;
    fn commanded(self, node: &str, command: &str, key: &str) -> Tale;
    fn ran(self, way: [&str; 2], function: &str) -> Tale;
    fn unanswered(self, way: [&str; 2], function: &str) -> Tale;
    fn told(self, way: [&str; 2], slot: &str, count: u64, fate: Fate) -> Tale;
}

impl Service for Tale {
    fn asked(self, node: &str, question: &str, answer: &str, took_us: u64) -> Tale {
        self.event(What::Request {
            node: node.into(),
            question: question.into(),
            answer: answer.into(),
            took_us: Some(took_us),
        })
    }

    fn viewed(self, node: &str, times: usize) -> Tale {
        (0..times).fold(self, |tale, _| {
            tale.asked(node, "GET /ada", "302 https://example.org/", 500)
        })
    }

    fn commanded(self, node: &str, command: &str, key: &str) -> Tale {
        self.event(What::Store {
            node: node.into(),
            command: command.into(),
            key: Some(key.into()),
            args: vec![key.into()],
            forwarded: true,
        })
    }

    fn ran(self, [from, to]: [&str; 2], function: &str) -> Tale {
        let asked = json!({ "Run": { "function": function } });
        self.sent(Kind::Call, [from, to], "$rpc", asked, Fate::Delivered)
            .answer([to, from], "$rpc", "Run", Value::Null)
    }

    fn unanswered(self, way: [&str; 2], function: &str) -> Tale {
        let asked = json!({ "Run": { "function": function } });
        self.sent(Kind::Call, way, "$rpc", asked, Fate::Swallowed)
    }

    fn told(self, way: [&str; 2], slot: &str, count: u64, fate: Fate) -> Tale {
        let news = json!({ "Merge": ["ada", { "views": { slot: count } }] });
        self.sent(Kind::Cast, way, "counters", news, fate)
    }
}

fn nodes() -> Tale {
    Tale::of(&["n1", "n2", "n3"])
}

/// A node shows another number of views of `ada` than it should.
#[track_caller]
fn shows(tale: Tale, problem: u8, node: &str, shown: u64, wanted: u64) -> Option<String> {
    let answer = format!("200 Redirects: {shown}");
    let named = tale
        .asked(node, "GET /ada/aggregates", &answer, 500)
        .diagnosis(
            &part(),
            problem,
            &format!("{node} shows Redirects: {shown}, still after 5 s"),
            &format!("all count (wanted on n1, n2, n3: Redirects: {wanted})"),
        );
    named.map(|(mistake, _)| mistake)
}

/// A failure without any trace.
#[track_caller]
fn check_words(problem: u8, seen: &str, steps: &[&str], expected: Option<&str>) {
    let mut failure = Failure::new("", seen, "");
    failure.evidence = steps.iter().map(|step| (*step).to_owned()).collect();
    let case = Case {
        scenario: "",
        failure: &failure,
        traces: &[],
    };
    let named = diagnose(&part(), problem, &case).map(|named| named.mistake);
    assert_eq!(named.as_deref(), expected, "{seen}");
}

#[track_caller]
fn check_steps(answer: &str, steps: &[&str], expected: Option<&str>) {
    let seen = format!("after these steps, {answer}: {}", steps.join("; "));
    check_words(4, &seen, steps, expected);
}

#[test]
fn counterexample_names_the_only_mistake_that_leads_to_it() {
    let twice = [
        "c0 = new",
        "c0.increment(a, 1)",
        "c1 = new",
        "c1.merge(c0)",
        "c1.merge(c0)",
    ];
    check_steps("c1 is worth 2", &twice, Some("merge-adds"));
    // No mistake that is known makes three of it.
    check_steps("c1 is worth 3", &twice, None);

    let two_slots = ["c0 = new", "c0.increment(a, 1)", "c0.increment(b, 1)"];
    check_steps("c0 is worth 1", &two_slots, Some("value-is-greatest-slot"));
    let one_slot = ["c0 = new", "c0.increment(a, 1)", "c0.increment(a, 1)"];
    check_steps("c0 is worth 1", &one_slot, Some("increment-sets"));
    let nothing = ["c0 = new", "c1 = new", "c0.increment(a, 0)"];
    check_steps("c0 and c1 differ", &nothing, Some("zero-leaves-entry"));
}

#[test]
fn step_that_is_not_needed_tells_of_another_mistake() {
    // Setting would give 1 too, but would have done so without the merges.
    let steps = [
        "c0 = new",
        "c1 = new",
        "c0.increment(a, 1)",
        "c1.merge(c0)",
        "c0.increment(a, 1)",
        "c1.merge(c0)",
    ];
    check_steps("c1 is worth 1", &steps, Some("merge-takes-new-slots-only"));
}

#[test]
fn strange_steps_are_no_evidence() {
    for steps in [
        &["c0 = new", "c7.merge(c0)"][..],
        &["nonsense"],
        &["c0.increment(a, 99999999999999999999999)"],
    ] {
        check_steps("c0 is worth 18446744073709551615", steps, None);
    }
}

#[test]
fn rings_that_differ_in_two_of_three_codes_are_made_by_different_hashes() {
    let differ = |count: u64, other: &str, to: &str| {
        format!("of 500 codes, {count} have other owners: n1 says n2 where {other} says {to}")
    };
    check_words(
        1,
        &differ(332, "n2", "n1"),
        &[],
        Some("hash-of-one-process"),
    );
    // A few codes have another reason.
    check_words(1, &differ(20, "n2", "n1"), &[], None);

    let order = "a ring of n3, n1, n2, n3";
    let (place, twice) = ("owner-by-place-in-list", "named-twice-owns-more");
    check_words(1, &differ(330, order, "n1"), &[], Some(place));
    check_words(1, &differ(83, order, "n3"), &[], Some(twice));
    check_words(1, &differ(83, order, "n1"), &[], None);
}

#[test]
fn member_that_owns_nothing_was_not_unlucky() {
    let owns = |own: u64| format!("on a ring of 3 nodes, n1 owns {own} of 10000 codes");
    check_words(1, &owns(5012), &[], Some("too-few-places"));
    check_words(1, &owns(0), &[], None);
}

#[test]
fn dead_member_is_told_from_one_that_came_late() {
    let seen = "n1's ring has n1, n2, still after 5 s";
    let named = |tale: Tale, wanted: &str| {
        let expected =
            format!("the members are those that the store lists, on each node ({wanted})");
        tale.diagnosis(&part(), 1, seen, &expected)
            .map(|(id, _)| id)
    };
    let killed = || nodes().done("n3", Change::Killed, "n3 is killed");
    let dropped = named(killed(), "n1, n2, n3");
    assert_eq!(dropped.as_deref(), Some("connected-are-members"));

    let read = |tale: Tale| tale.commanded("n1", "SCAN", "member:*");
    let entered = || nodes().step("n7 is entered");
    let ignored = named(read(read(read(entered()))), "n1, n2, n7");
    assert_eq!(ignored.as_deref(), Some("members-taken-once"));
    // It may not have read them at all.
    assert_eq!(named(entered(), "n1, n2, n7"), None);
}

#[test]
fn silence_of_the_store_is_needed_for_what_is_made_of_it() {
    let refused = What::StoreFault {
        nodes: vec!["n1".into()],
        mode: StoreMode::Refused,
        delay_us: None,
        text: "the store refuses n1".into(),
    };
    let seen = "n1's ring has no members, still after 5 s";
    let named = nodes().event(refused).diagnosis(&part(), 1, seen, "");
    insta::assert_debug_snapshot!(named, @r#"
    Some(
        (
            "silence-is-no-members",
            "the store refuses n1, and from then on n1's ring has no members",
        ),
    )
    "#);
    assert_eq!(nodes().diagnosis(&part(), 1, seen, ""), None);
}

#[test]
fn look_up_that_asks_nobody_is_told_from_one_that_asks_another() {
    let seen = "any node was asked for /ada, which n2 owns, and n1 asked the store";
    let answered = |tale: Tale| {
        let tale = tale.asked("n1", "HEAD /ada", "302 https://example.org/", 500);
        tale.diagnosis(&part(), 2, seen, "").map(|(id, _)| id)
    };
    let alone = answered(nodes().commanded("n1", "GET", "link:ada"));
    assert_eq!(alone.as_deref(), Some("owner-never-asked"));
    let other = answered(nodes().ran(["n1", "n3"], "look up"));
    assert_eq!(other.as_deref(), Some("others-asked-for-link"));
    assert_eq!(answered(nodes().ran(["n1", "n2"], "look up")), None);
}

#[test]
fn copy_came_from_the_owner_only_if_the_store_was_not_asked() {
    let seen = "n2 owns /ada, and n1's table has it too";
    let named = |tale: Tale| {
        let tale = tale.ran(["n1", "n2"], "look up").asked(
            "n1",
            "HEAD /ada",
            "302 https://example.org/",
            500,
        );
        tale.diagnosis(&part(), 2, seen, "").map(|(id, _)| id)
    };
    assert_eq!(named(nodes()).as_deref(), Some("entry-keeps-answers"));
    assert_eq!(named(nodes().commanded("n1", "GET", "link:ada")), None);
}

#[test]
fn refused_look_up_is_named_only_if_the_store_could_be_asked() {
    let seen = "n1, asked for /ada, which n2 owns, answered 503 no owner";
    let cut = || {
        nodes().event(What::Partition {
            a: "n1".into(),
            b: "n2".into(),
        })
    };
    let named = |tale: Tale| tale.diagnosis(&part(), 3, seen, "").map(|(id, _)| id);
    assert_eq!(named(cut()).as_deref(), Some("no-way-past-owner"));
    assert_eq!(named(cut().commanded("n1", "GET", "link:ada")), None);
    let silent = cut().event(What::StoreFault {
        nodes: vec!["n1".into()],
        mode: StoreMode::Stalled,
        delay_us: None,
        text: String::new(),
    });
    assert_eq!(named(silent), None);
}

#[test]
fn one_long_wait_is_told_from_two_that_add_up() {
    let slow = |tale: Tale, took: u64| {
        let tale = tale.asked("n1", "POST / url=https://example.org/", "503 sorry", took);
        let named = tale.diagnosis(&part(), 3, "n1 answered 503 late", "");
        named.map(|(id, _)| id)
    };
    let once = nodes().unanswered(["n1", "n2"], "claim").later(4_990_000);
    let once = slow(once, 4_991_500);
    assert_eq!(once.as_deref(), Some("owner-without-time-limit"));
    let twice = nodes()
        .unanswered(["n1", "n2"], "claim")
        .later(2_000_000)
        .unanswered(["n1", "n3"], "claim")
        .later(1_000_000);
    let twice = slow(twice, 3_002_500);
    assert_eq!(twice.as_deref(), Some("time-limits-add-up"));
    // It was slow for another reason.
    assert_eq!(slow(nodes().later(5_000_000), 5_000_000), None);
}

#[test]
fn message_that_came_twice_is_counted_twice() {
    let noise = |fate| nodes().viewed("n2", 1).told(["n2", "n1"], "n2#1", 1, fate);
    let named = shows(noise(Fate::Doubled), 6, "n1", 2, 1);
    assert_eq!(named.as_deref(), Some("messages-counted-as-views"));
    assert_eq!(shows(noise(Fate::Delivered), 6, "n1", 2, 1), None);
    assert_eq!(shows(noise(Fate::Doubled), 6, "n1", 3, 1), None);
}

#[test]
fn old_message_overwrites_only_if_one_came() {
    let newer = || {
        let viewed = nodes().viewed("n1", 5);
        viewed.told(["n1", "n2"], "n1#1", 5, Fate::Delivered)
    };
    let late = || newer().told(["n1", "n2"], "n1#1", 3, Fate::Held);
    let named = shows(late(), 6, "n2", 3, 5);
    assert_eq!(named.as_deref(), Some("late-news-overwrite"));
    assert_eq!(shows(newer(), 6, "n2", 3, 5), None);
    assert_eq!(shows(late(), 6, "n2", 4, 5), None);
}

#[test]
fn silence_on_a_new_link_is_told_from_half_of_it() {
    let again = || {
        let met = nodes().linked("n1", "n3").viewed("n1", 2).viewed("n3", 1);
        met.linked("n1", "n3")
    };
    let nothing = shows(again(), 6, "n1", 2, 3);
    assert_eq!(nothing.as_deref(), Some("nothing-told-on-new-link"));
    let half = again().told(["n1", "n3"], "n1#1", 2, Fate::Delivered);
    let half = shows(half, 6, "n1", 2, 3);
    assert_eq!(half.as_deref(), Some("one-side-tells"));
    let both = again().told(["n1", "n3"], "n1#1", 2, Fate::Delivered).told(
        ["n3", "n1"],
        "n3#1",
        1,
        Fate::Delivered,
    );
    assert_eq!(shows(both, 6, "n1", 2, 3), None);
    // They never lost each other.
    let once = nodes().linked("n1", "n3").viewed("n3", 1);
    assert_eq!(shows(once, 6, "n1", 0, 1), None);
}

/// n1 counts six views in a slot, tells n2, is killed, and started again.
fn restarted(slot: &str) -> Tale {
    nodes()
        .viewed("n1", 6)
        .told(["n1", "n2"], slot, 6, Fate::Delivered)
        .done("n1", Change::Killed, "n1 is killed")
        .done("n1", Change::Started, "n1 starts")
        .viewed("n1", 4)
}

#[test]
fn slot_is_used_again_only_if_who_counted_in_it_has_forgotten_it() {
    let again = restarted("n1").told(["n1", "n2"], "n1", 4, Fate::Delivered);
    let again = shows(again, 7, "n2", 6, 10);
    assert_eq!(again.as_deref(), Some("slot-used-again"));
    // It passes on what it has just been told of its old slot.
    let learnt = restarted("n1#1")
        .told(["n2", "n1"], "n1#1", 6, Fate::Delivered)
        .later(10_000)
        .told(["n1", "n3"], "n1#1", 6, Fate::Delivered);
    assert_eq!(shows(learnt, 7, "n3", 6, 10), None);
}

#[test]
fn views_after_a_crash_of_the_counters_hide_in_the_old_slot_or_do_not() {
    let crashed = |slot: &str, count: u64| {
        let tale = nodes()
            .told(["n1", "n2"], "n1", 8, Fate::Delivered)
            .crashed("n1", "counters")
            .viewed("n1", 1)
            .told(["n2", "n1"], "n1", 8, Fate::Delivered)
            .later(10_000)
            .told(["n1", "n2"], "n1", 8, Fate::Delivered)
            .told(["n1", "n2"], slot, count, Fate::Delivered);
        shows(tale, 7, "n2", 8, 9)
    };
    assert_eq!(crashed("n1", 8).as_deref(), Some("slot-used-again"));
    assert_eq!(crashed("n1", 9), None);
    assert_eq!(crashed("n1#2", 1), None);
}

#[test]
fn number_of_any_size_does_no_harm() {
    let huge = u64::MAX;
    let told = restarted("n1")
        .told(["n2", "n1"], "n1", huge, Fate::Doubled)
        .told(["n3", "n1"], "n3", huge, Fate::Doubled);
    for problem in 5..=9 {
        let _ = shows(restarted("n1"), problem, "n1", huge, huge);
    }
    assert_eq!(shows(told, 6, "n1", huge, 10), None);
}

#[test]
fn too_few_registers_are_told_from_second_visits() {
    let visitors = |tale: Tale, shown: u64| {
        let expected =
            "all nodes show Redirects: 1200, and the same number of visitors, within 10 % of 1000";
        let seen = format!("n1 shows Redirects: 1200 and Visitors: {shown}, still after 5 s");
        tale.diagnosis(&part(), 9, &seen, expected)
            .map(|(id, _)| id)
    };
    let registers = |count: u16| {
        let fields = (0..count).map(|number| (number.to_string(), json!(1)));
        let registers = Value::Object(fields.collect());
        let news = json!({ "Merge": ["ada", { "views": {}, "visitors": registers }] });
        nodes().cast(["n1", "n2"], "counters", news)
    };
    let few = visitors(registers(16), 824);
    assert_eq!(few.as_deref(), Some("too-few-registers"));
    let twice = visitors(registers(1000), 1190);
    assert_eq!(twice.as_deref(), Some("second-visit-counts"));
    assert_eq!(visitors(registers(1000), 824), None);
}

#[test]
fn node_that_is_asked_over_http_asks_for_its_own_visitors() {
    let asked = || {
        nodes()
            .step("n1 is to create links")
            .unanswered(["n1", "n2"], "claim")
    };
    let named = |tale: Tale| {
        let tale = tale.ran(["n2", "n3"], "claim");
        let seen = "n2, which n1 had asked for /ada, sent n3 a message about it";
        tale.diagnosis(&part(), 2, seen, "").map(|(id, _)| id)
    };
    assert_eq!(named(asked()).as_deref(), Some("owner-passes-on"));
    assert_eq!(named(asked().viewed("n2", 1)), None);
}

#[test]
fn views_in_the_store_are_known_by_their_keys() {
    let told = |key: &str| {
        let viewed = nodes().viewed("n1", 2);
        shows(viewed.commanded("n1", "SET", key), 5, "n2", 0, 2)
    };
    assert_eq!(
        told("views:ada:n1").as_deref(),
        Some("keeps-views-in-the-store")
    );
    assert_ne!(
        told("link:ada").as_deref(),
        Some("keeps-views-in-the-store")
    );
}
