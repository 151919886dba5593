//! A mistake is named where the evidence is there, and not where it is not.

use serde_json::{Value, json};

use crate::fact::Fact;
use crate::part;
use testkit::diagnosis::tale::Tale;
use testkit::trace::{Change, Fate, Kind, What};

/// A link without an expiry.
fn link(name: &str) -> Value {
    json!({ "url": format!("https://example.org/{name}"), "expires_at": null })
}

/// Requests to a service, and its commands to the store.
trait Service {
    fn asked(self, node: &str, question: &str, answer: &str, took_us: u64) -> Tale;
    fn commanded(self, node: &str, command: &str, key: &str, value: &str) -> Tale;
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
}

/// The id of the mistake that is named for a fact.
fn named(tale: Tale, problem: u8, fact: &Fact) -> Option<String> {
    tale.named(&part(), problem, fact)
}

/// The link abc is not in a node's table.
fn lacks(node: &str) -> Fact {
    Fact::TableLacks {
        node: node.into(),
        code: "abc".into(),
        instead: None,
        lacking: 1,
        of: 1,
    }
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
fn link_sent_to_no_node_differs_from_one_sent_to_some() {
    let fact = lacks("n3");
    assert_eq!(
        named(created("ada"), 2, &fact).as_deref(),
        Some("tells-nobody")
    );
    let learn = || json!({ "Learn": ["abc", link("ada")] });
    let one = created("ada").cast(["n1", "n2"], "cache", learn());
    assert_eq!(named(one, 2, &fact).as_deref(), Some("does-not-tell-all"));
    let all =
        created("ada")
            .cast(["n1", "n2"], "cache", learn())
            .cast(["n1", "n3"], "cache", learn());
    assert_eq!(
        named(all, 2, &fact),
        None,
        "n3 was sent the link, and the trace does not show why its table lacks it"
    );
}

#[test]
fn tables_after_a_heal_show_which_node_sent_none() {
    let fact = lacks("n3");
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
        named(healed(), 3, &fact).as_deref(),
        Some("does-not-tell-who-is-back")
    );
    let one_way = healed().cast(["n3", "n1"], "cache", table("n3", json!([])));
    assert_eq!(
        named(one_way, 3, &fact).as_deref(),
        Some("only-one-side-tells")
    );
    let old = table("n1", json!([["old", link("old")]]));
    let part = healed().cast(["n1", "n3"], "cache", old);
    assert_eq!(
        named(part, 3, &fact).as_deref(),
        Some("sends-part-of-its-table")
    );
    let whole = table("n1", json!([["abc", link("ada")]]));
    let whole = healed().cast(["n1", "n3"], "cache", whole);
    assert_eq!(
        named(whole, 3, &fact).as_deref(),
        Some("does-not-learn-tables")
    );
}

#[test]
fn creation_that_waits_for_a_paused_node_is_named_by_its_call() {
    let fact = Fact::CreationWaits {
        node: "n1".into(),
        paused: "n3".into(),
        took_ms: 3_000,
    };
    let paused = || created("ada").done("n3", Change::Paused, "");
    let told = json!({ "Told": ["bob", link("bob")] });
    let waits = paused()
        .sent(Kind::Call, ["n1", "n3"], "cache", told, Fate::Delivered)
        .later(3_000_000);
    assert_eq!(
        named(waits, 2, &fact).as_deref(),
        Some("creation-waits-for-others")
    );
    assert_eq!(named(paused().later(3_000_000), 2, &fact), None);
}

#[test]
fn command_that_is_repeated_for_one_request_is_named() {
    let fact = Fact::LateUnavailable {
        node: "n1".into(),
        question: "POST / url=https://example.org/bob".into(),
        took_ms: 3_200,
    };
    let tried = |times: usize| {
        let set = |tale: Tale| {
            tale.commanded("n1", "SET", "link:bob", "- https://example.org/bob")
                .later(800_000)
        };
        (0..times)
            .fold(Tale::of(&["n1"]), |tale, _| set(tale))
            .asked(
                "n1",
                "POST / url=https://example.org/bob",
                "503 the store did not answer",
                3_200_000,
            )
    };
    assert_eq!(
        named(tried(4), 5, &fact).as_deref(),
        Some("tries-the-store-again")
    );
    assert_eq!(named(tried(1), 5, &fact), None);
}

#[test]
fn sweeper_that_tells_no_table_is_named() {
    let fact = Fact::TableKeeps {
        node: "n2".into(),
        code: "abc".into(),
    };
    let swept = || created("ada").commanded("n1", "EVAL", "link:abc", "");
    assert_eq!(
        named(swept(), 6, &fact).as_deref(),
        Some("does-not-tell-the-tables")
    );
    let forget = json!({ "Forget": ["abc", link("ada")] });
    let told = swept().cast(["n1", "n2"], "cache", forget);
    assert_eq!(named(told, 6, &fact), None);
}
