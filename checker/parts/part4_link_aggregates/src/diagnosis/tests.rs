//! Which mistakes the diagnosis names, and what evidence it needs.

use serde_json::{Value, json};

use crate::fact::Fact;
use crate::part;
use testkit::diagnosis::tale::Tale;
use testkit::trace::{Change, Fate, Kind, What};

/// Events of part 4.
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
    // The node may have counted its own views wrongly: it told the others of fewer.
    let wrong = late().viewed("n2", 4);
    let wrong = wrong.told(["n2", "n1"], "n2#1", 2, Fate::Delivered);
    assert_eq!(shows(wrong, 6, "n2", 7, 9), None);
    let right = late().viewed("n2", 4);
    let right = right.told(["n2", "n1"], "n2#1", 4, Fate::Delivered);
    let named = shows(right, 6, "n2", 7, 9);
    assert_eq!(named.as_deref(), Some("late-news-overwrite"));
    // Had it overwritten what it knew, the node would show the last message.
    let again = late().told(["n1", "n2"], "n1#1", 5, Fate::Held);
    assert_eq!(shows(again, 6, "n2", 3, 5), None);
    // It may have added one for each of three messages.
    let three = late().told(["n1", "n2"], "n1#1", 1, Fate::Delivered);
    assert_eq!(
        shows(
            three.told(["n1", "n2"], "n1#1", 3, Fate::Held),
            6,
            "n2",
            3,
            5
        ),
        None
    );
}

#[test]
fn silence_after_a_reconnection_differs_from_half_of_it() {
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
    // They were always connected.
    let once = nodes().linked("n1", "n3").viewed("n3", 1);
    assert_eq!(shows(once, 6, "n1", 0, 1), None);
}

/// A node shows another number of views of `ada` than it should.
fn shows(tale: Tale, problem: u8, node: &str, shown: u64, wanted: u64) -> Option<String> {
    let fact = Fact::Views {
        node: node.to_owned(),
        code: "ada".to_owned(),
        shown,
        wanted,
    };
    tale.named(&part(), problem, &fact)
}

#[test]
fn look_up_that_asks_no_node_differs_from_one_that_asks_another() {
    let named = |tale: Tale| {
        let fact = Fact::OwnerAlone {
            code: "ada".to_owned(),
            owner: "n2".to_owned(),
        };
        let tale = tale.asked("n1", "HEAD /ada", "302 https://example.org/", 500);
        tale.named(&part(), 2, &fact)
    };
    let alone = named(nodes().commanded("n1", "GET", "link:ada"));
    assert_eq!(alone.as_deref(), Some("owner-never-asked"));
    let other = named(nodes().ran(["n1", "n3"], "look up"));
    assert_eq!(other.as_deref(), Some("others-asked-for-link"));
    assert_eq!(named(nodes().ran(["n1", "n2"], "look up")), None);
}

#[test]
fn copy_came_from_the_owner_only_if_the_store_was_not_asked() {
    let named = |tale: Tale| {
        let fact = Fact::CopyInTable {
            node: "n1".to_owned(),
            code: "ada".to_owned(),
            owner: "n2".to_owned(),
        };
        let tale = tale.ran(["n1", "n2"], "look up").asked(
            "n1",
            "HEAD /ada",
            "302 https://example.org/",
            500,
        );
        tale.named(&part(), 2, &fact)
    };
    assert_eq!(named(nodes()).as_deref(), Some("entry-keeps-answers"));
    assert_eq!(named(nodes().commanded("n1", "GET", "link:ada")), None);
}

#[test]
fn others_are_told_of_a_creation_only_if_the_owner_claimed_the_code() {
    let named = |tale: Tale| {
        let fact = Fact::CopyInTable {
            node: "n3".to_owned(),
            code: "ada".to_owned(),
            owner: "n2".to_owned(),
        };
        let created = tale.ran(["n1", "n3"], "create").asked(
            "n1",
            "POST / url=https://example.org/&code=ada",
            "201 ada",
            500,
        );
        created.named(&part(), 2, &fact)
    };
    let claimed = |node| nodes().commanded(node, "SET", "link:ada");
    assert_eq!(
        named(claimed("n2")).as_deref(),
        Some("others-told-of-creation")
    );
    assert_eq!(named(claimed("n3")), None);
}

#[test]
fn one_long_timeout_differs_from_two_that_add_up() {
    let slow = |tale: Tale, took: u64| {
        let tale = tale.asked("n1", "POST / url=https://example.org/", "503 sorry", took);
        tale.named(&part(), 3, &())
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

/// n1 counts six views in a slot, sends them to n2, is killed and starts again.
fn restarted(slot: &str) -> Tale {
    nodes()
        .viewed("n1", 6)
        .told(["n1", "n2"], slot, 6, Fate::Delivered)
        .done("n1", Change::Killed, "n1 is killed")
        .done("n1", Change::Started, "n1 starts")
        .viewed("n1", 4)
}

#[test]
fn slot_is_used_again_only_if_its_node_has_forgotten_it() {
    let again = restarted("n1").told(["n1", "n2"], "n1", 4, Fate::Delivered);
    let again = shows(again, 7, "n2", 6, 10);
    assert_eq!(again.as_deref(), Some("slot-used-again"));
    // It passes on what another node has just sent about its old slot.
    let learned = restarted("n1#1")
        .told(["n2", "n1"], "n1#1", 6, Fate::Delivered)
        .later(10_000)
        .told(["n1", "n3"], "n1#1", 6, Fate::Delivered);
    assert_eq!(shows(learned, 7, "n3", 6, 10), None);
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
