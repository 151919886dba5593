//! What is named where its evidence is there, and what is not where it is not.

use serde_json::{Value, json};

use crate::part;
use testkit::diagnosis::tale::Tale;
use testkit::trace::{Change, Fate, Kind, StoreMode, What};

/// A link that never ends.
fn link(name: &str) -> Value {
    json!({ "url": format!("https://example.org/{name}"), "expires_at": null })
}

/// What a service does and is asked.
trait Service {
    fn asked(self, node: &str, question: &str, answer: &str, took_us: u64) -> Tale;
    fn commanded(self, node: &str, command: &str, key: &str, value: &str) -> Tale;
    fn store(self, node: &str, mode: StoreMode) -> Tale;
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

    fn commanded(self, node: &str, command: &str, key: &str, value: &str) -> Tale {
        self.event(What::Store {
            node: node.into(),
            command: command.into(),
            key: Some(key.into()),
            args: vec![key.into(), value.into()],
            forwarded: true,
        })
    }

    fn store(self, node: &str, mode: StoreMode) -> Tale {
        self.event(What::StoreFault {
            nodes: vec![node.into()],
            mode,
            delay_us: None,
            text: String::new(),
        })
    }
}

/// Says of which mistake it is, by its id.
fn named(tale: Tale, problem: u8, seen: &str) -> Option<String> {
    tale.diagnosis(&part(), problem, seen, "")
        .map(|(mistake, _)| mistake)
}

fn created(name: &str) -> Tale {
    let value = format!("- https://example.org/{name}");
    Tale::of(&["n1", "n2", "n3"])
        .commanded("n1", "SET", "link:abc", &value)
        .asked(
            "n1",
            "POST / url=https://example.org/ada code=a…",
            "201 abc",
            500,
        )
}

#[test]
fn crowd_that_asks_side_by_side_is_seen_in_the_store() {
    let ask = |tale: Tale| tale.commanded("n1", "GET", "link:swarm", "");
    let answer = |tale: Tale| tale.asked("n1", "GET /swarm", "404 no", 1_500);
    let seen = "n1 asked the store 8 times for swarm, for 100 visitors";
    let herd = (0..8).fold(Tale::of(&["n1"]), |tale, _| ask(tale));
    let herd = herd.asked("n1", "GET /swarm", "404 no", 8_500);
    assert_eq!(
        named(herd, 1, seen).as_deref(),
        Some("asks-for-each-visitor")
    );
    // The first answer of the store serves all who wait, and then the other questions come there.
    let served = |tale: Tale, took: u64| tale.asked("n1", "GET /swarm", "404 no", took);
    let herd = (2..10).fold(ask(Tale::of(&["n1"])), |tale, beats| {
        served(tale, beats * 1_000)
    });
    let herd = (0..7).fold(herd, |tale, _| ask(tale));
    assert_eq!(
        named(herd, 1, seen).as_deref(),
        Some("asks-for-each-visitor")
    );
    let drip = (0..8).fold(Tale::of(&["n1"]), |tale, _| answer(ask(tale)));
    assert_eq!(named(drip, 1, seen).as_deref(), Some("keeps-no-nothing"));
    // Once a second is as it should be.
    let slowly = (0..8).fold(Tale::of(&["n1"]), |tale, _| {
        answer(ask(tale)).later(1_000_000)
    });
    assert_eq!(named(slowly, 1, seen), None);
}

#[test]
fn link_that_nobody_was_told_of_is_told_apart_from_one_that_one_was_told_of() {
    let seen = "n3's table has no link for abc, still after 5 s";
    assert_eq!(
        named(created("ada"), 2, seen).as_deref(),
        Some("tells-nobody")
    );
    let learn = || json!({ "Learn": ["abc", link("ada")] });
    let one = created("ada").cast(["n1", "n2"], "cache", learn());
    assert_eq!(named(one, 2, seen).as_deref(), Some("does-not-tell-all"));
    let all =
        created("ada")
            .cast(["n1", "n2"], "cache", learn())
            .cast(["n1", "n3"], "cache", learn());
    assert_eq!(
        named(all, 2, seen),
        None,
        "it was told, and why it lacks the link is not known"
    );
}

#[test]
fn promise_before_the_store_has_it_is_named() {
    let asked = "POST / url=https://example.org/ada code=a…";
    let early = Tale::of(&["n1", "n2"])
        .asked("n1", asked, "201 abc", 500)
        .commanded("n1", "SET", "link:abc", "- https://example.org/ada");
    let seen = "n1 answered 201 with the code abc, and the store has nothing under it";
    assert_eq!(
        named(early, 2, seen).as_deref(),
        Some("answers-before-the-store")
    );
    assert_eq!(named(created("ada"), 2, seen), None);
}

#[test]
fn tables_after_a_heal_tell_who_said_nothing() {
    let seen = "n3's table has no link for abc, still after 5 s";
    let healed = || {
        created("ada")
            .event(What::Partition {
                a: "n1".into(),
                b: "n3".into(),
            })
            .event(What::Healed { a: None, b: None })
    };
    let table = |from: &str, links: Value| json!({ "Table": [from, links] });
    assert_eq!(
        named(healed(), 3, seen).as_deref(),
        Some("does-not-tell-who-is-back")
    );
    let one_way = healed().cast(["n3", "n1"], "cache", table("n3", json!([])));
    assert_eq!(
        named(one_way, 3, seen).as_deref(),
        Some("only-one-side-tells")
    );
    let part = healed().cast(
        ["n1", "n3"],
        "cache",
        table("n1", json!([["old", link("old")]])),
    );
    assert_eq!(
        named(part, 3, seen).as_deref(),
        Some("sends-part-of-its-table")
    );
    let whole = healed().cast(
        ["n1", "n3"],
        "cache",
        table("n1", json!([["abc", link("ada")]])),
    );
    assert_eq!(
        named(whole, 3, seen).as_deref(),
        Some("does-not-learn-tables")
    );
}

#[test]
fn not_found_without_an_answer_of_the_store_is_named() {
    let seen = "n1 answered `GET /abc` with 404 there is no such link";
    let gone = || Tale::of(&["n1"]).store("n1", StoreMode::Refused);
    let turned = gone().asked("n1", "GET /abc", "404 there is no such link", 900);
    assert_eq!(named(turned, 5, seen).as_deref(), Some("errors-are-404"));
    let kept = gone()
        .asked("n1", "GET /abc", "503 the store is away", 900)
        .store("n1", StoreMode::Back)
        .asked("n1", "GET /abc", "404 there is no such link", 900);
    assert_eq!(named(kept, 5, seen).as_deref(), Some("errors-are-kept"));
    let known = Tale::of(&["n1"])
        .commanded("n1", "GET", "link:abc", "")
        .store("n1", StoreMode::Refused)
        .asked("n1", "GET /abc", "404 there is no such link", 900);
    assert_eq!(named(known, 5, seen), None, "the store had said so");
}

#[test]
fn creation_that_waits_for_a_paused_node_is_named_by_its_call() {
    let seen = "n1 answered 201 after 3.0 s";
    let paused = || created("ada").done("n3", Change::Paused, "n3 is paused");
    let late = |tale: Tale| {
        tale.later(3_000_000).asked(
            "n1",
            "POST / url=https://example.org/bob",
            "201 bob",
            3_000_000,
        )
    };
    let told = json!({ "Told": ["bob", link("bob")] });
    let waits = paused()
        .commanded("n1", "SET", "link:bob", "- https://example.org/bob")
        .sent(Kind::Call, ["n1", "n3"], "cache", told, Fate::Delivered);
    assert_eq!(
        named(late(waits), 2, seen).as_deref(),
        Some("creation-waits-for-others")
    );
    let silent = paused().commanded("n1", "SET", "link:bob", "- https://example.org/bob");
    assert_eq!(named(late(silent), 2, seen), None);
}

#[test]
fn sweeper_that_tells_no_table_is_named() {
    let seen = "n2's table still has the expired link abc, still after 5 s";
    let swept = || created("ada").commanded("n1", "EVAL", "link:abc", "");
    assert_eq!(
        named(swept(), 6, seen).as_deref(),
        Some("does-not-tell-the-tables")
    );
    let told = swept().cast(
        ["n1", "n2"],
        "cache",
        json!({ "Forget": ["abc", link("ada")] }),
    );
    assert_eq!(named(told, 6, seen), None);
}
