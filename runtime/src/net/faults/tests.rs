use bytes::BytesMut;
use serde::{Deserialize, Serialize};

use super::*;
use crate::process_id::ExitReason;
use crate::wire::{self, Header, NoAnswer, Target};

#[derive(Serialize, Deserialize)]
enum Msg {
    Plain,
    Finished { job: u32 },
}

fn node(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn body(header: &Header, message: Option<&Msg>) -> Bytes {
    let payload = message.map_or_else(Bytes::new, |message| wire::encode(message).unwrap());
    let mut out = BytesMut::new();
    wire::put_frame(&mut out, 7, header, &payload);
    out.freeze().slice(4..)
}

fn cast(server: &str, message: &Msg) -> Bytes {
    body(&Header::Cast(Target::Name(server.into())), Some(message))
}

struct Scene {
    table: FaultTable,
    connection: ConnectionId,
    a: NodeName,
    b: NodeName,
}

impl Scene {
    fn new() -> Self {
        let (a, b) = (node("a@h"), node("b@h"));
        let mut table = FaultTable::new(1);
        let connection = table.open(&a, &b).unwrap();
        Scene {
            table,
            connection,
            a,
            b,
        }
    }

    fn there(&mut self, body: &Bytes) -> Fate {
        self.table
            .judge(self.connection, &self.a, &self.b, body)
            .fate
    }

    fn back(&mut self, body: &Bytes) -> Fate {
        self.table
            .judge(self.connection, &self.b, &self.a, body)
            .fate
    }
}

#[test]
fn the_record_names_server_and_message() {
    let mut scene = Scene::new();
    scene.there(&cast("consumer", &Msg::Finished { job: 3 }));
    scene.there(&cast("consumer", &Msg::Plain));
    let seen: Vec<_> = scene
        .table
        .record()
        .frames()
        .map(|(_, frame)| frame.clone())
        .collect();
    assert_eq!(seen[0].message.as_deref(), Some("Finished"));
    assert_eq!(seen[1].message.as_deref(), Some("Plain"));
    assert_eq!(seen[0].server.as_deref(), Some("consumer"));
    assert_eq!((seen[0].kind, seen[0].clock), (Kind::Cast, 7));
}

#[test]
fn a_rule_acts_on_the_nth_match_and_so_often_as_told() {
    let mut scene = Scene::new();
    let rule = Rule::new(Action::Drop)
        .from(&scene.a)
        .message("Finished")
        .skip(2)
        .times(2);
    let rule = scene.table.add_rule(rule);
    let fates: Vec<Fate> = (0..6)
        .map(|job| scene.there(&cast("s", &Msg::Finished { job })))
        .collect();
    use Fate::{Deliver, Drop};
    assert_eq!(fates, [Deliver, Deliver, Drop, Drop, Deliver, Deliver]);
    assert_eq!(scene.there(&cast("s", &Msg::Plain)), Deliver);
    assert_eq!(scene.table.hits(rule), 2);
}

#[test]
fn a_rule_with_a_chance_acts_on_about_that_share() {
    let fates = |chance: f64| -> Vec<Fate> {
        let mut scene = Scene::new();
        let rule = Rule::new(Action::Drop).times(usize::MAX).chance(chance);
        scene.table.add_rule(rule);
        (0..1000)
            .map(|job| scene.there(&cast("s", &Msg::Finished { job })))
            .collect()
    };
    let dropped = |chance| fates(chance).iter().filter(|&&f| f == Fate::Drop).count();
    let tenth = dropped(0.1);
    assert!((60..140).contains(&tenth), "{tenth} of 1000 were dropped");
    assert_eq!((dropped(0.0), dropped(1.0)), (0, 1000));
    assert_eq!(fates(0.5), fates(0.5), "one seed draws the same twice");
}

#[test]
fn a_rule_can_look_into_the_message() {
    let mut scene = Scene::new();
    let third = |value: &ciborium::Value| format!("{value:?}").contains("Integer(3)");
    scene
        .table
        .add_rule(Rule::new(Action::Drop).matching(third));
    assert_eq!(
        scene.there(&cast("s", &Msg::Finished { job: 2 })),
        Fate::Deliver
    );
    assert_eq!(
        scene.there(&cast("s", &Msg::Finished { job: 3 })),
        Fate::Drop
    );
}

#[test]
fn an_answer_is_known_by_its_call() {
    let mut scene = Scene::new();
    let rule = Rule::new(Action::Drop)
        .kind(PatternKind::Answer)
        .server("s")
        .message("Plain")
        .times(9);
    let rule = scene.table.add_rule(rule);
    let call = |server: &str, number| {
        body(
            &Header::Call(Target::Name(server.into()), number),
            Some(&Msg::Plain),
        )
    };
    scene.there(&call("s", 1));
    scene.there(&call("other", 2));
    scene.there(&call("s", 3));
    assert_eq!(
        scene.back(&body(&Header::Answer(1), Some(&Msg::Plain))),
        Fate::Drop
    );
    assert_eq!(
        scene.back(&body(&Header::Answer(2), Some(&Msg::Plain))),
        Fate::Deliver
    );
    assert_eq!(
        scene.back(&body(&Header::NoAnswer(3, NoAnswer::NoReply), None)),
        Fate::Drop
    );
    assert_eq!(scene.table.hits(rule), 2);
}

#[test]
fn the_runtimes_own_frames_are_spared() {
    let mut scene = Scene::new();
    scene
        .table
        .add_rule(Rule::new(Action::Drop).times(usize::MAX));
    let system = Header::Call(Target::Name("$system".into()), 5);
    for frame in [
        body(&Header::Tick, None),
        body(&Header::Ended(1, ExitReason::Normal), None),
        body(&system, Some(&Msg::Plain)),
        Bytes::from_static(b"no frame at all: a handshake"),
    ] {
        assert_eq!(scene.there(&frame), Fate::Deliver);
    }
    assert_eq!(
        scene.back(&body(&Header::Answer(5), Some(&Msg::Plain))),
        Fate::Deliver,
        "the answer to $system"
    );
    assert_eq!(
        scene.back(&body(&Header::Answer(6), Some(&Msg::Plain))),
        Fate::Deliver,
        "an answer to nothing seen"
    );
    assert_eq!(scene.there(&cast("s", &Msg::Plain)), Fate::Drop);
}

#[test]
fn a_blackhole_swallows_one_way_and_heal_names_what_it_broke() {
    let mut scene = Scene::new();
    let (a, b) = (scene.a.clone(), scene.b.clone());
    let idle = scene.table.open(&a, &b).unwrap();
    scene.table.blackhole(&a, &b);
    assert_eq!(
        scene.there(&body(&Header::Tick, None)),
        Fate::Swallow,
        "it spares nothing"
    );
    assert_eq!(scene.back(&body(&Header::Tick, None)), Fate::Deliver);
    assert_eq!(
        scene.table.heal(&a, &b),
        [scene.connection],
        "and not {idle:?}"
    );
    assert_eq!(scene.there(&body(&Header::Tick, None)), Fate::Deliver);
    assert_eq!(scene.table.heal_all(), []);
}

#[test]
fn a_swallowed_close_breaks_the_connection_too() {
    let mut scene = Scene::new();
    let (a, b) = (scene.a.clone(), scene.b.clone());
    scene.table.blackhole(&b, &a);
    assert!(scene.table.passes_close(scene.connection, &a, &b));
    assert!(!scene.table.passes_close(scene.connection, &b, &a));
    assert_eq!(scene.table.heal_all(), [scene.connection]);
}

#[test]
fn a_partition_holds_both_ways_until_healed() {
    let mut scene = Scene::new();
    let (a, b) = (scene.a.clone(), scene.b.clone());
    scene.table.partition(&b, &a);
    assert!(scene.table.open(&a, &b).is_none() && scene.table.open(&b, &a).is_none());
    assert_eq!(scene.there(&cast("s", &Msg::Plain)), Fate::Drop);
    assert_eq!(scene.table.heal(&a, &b), []);
    assert!(scene.table.open(&a, &b).is_some());
}

#[test]
fn delays_come_from_the_seed() {
    let draw = |seed| {
        let (a, b) = (node("a@h"), node("b@h"));
        let mut table = FaultTable::new(seed);
        let connection = table.open(&a, &b).unwrap();
        table.delay(&a, &b, Duration::from_millis(10), Duration::from_millis(5));
        let frame = cast("s", &Msg::Plain);
        (0..20)
            .map(|_| table.judge(connection, &a, &b, &frame).delay)
            .collect::<Vec<_>>()
    };
    let delays = draw(1);
    assert!(
        delays
            .iter()
            .all(|delay| (10..=15).contains(&delay.as_millis())),
        "{delays:?}"
    );
    assert_eq!(delays, draw(1));
    assert_ne!(delays, draw(2));
}

#[test]
fn held_frames_go_on_in_the_order_asked_for() {
    let held = |order: &Order| {
        let mut held = Held::default();
        (0..4).for_each(|frame| held.keep(RuleId::new(0), frame));
        held.release(RuleId::new(0), order)
    };
    assert_eq!(held(&Order::AsHeld), [0, 1, 2, 3]);
    assert_eq!(held(&Order::Reversed), [3, 2, 1, 0]);
    assert_eq!(held(&Order::Chosen(vec![2, 0, 9])), [2, 0, 1, 3]);
}

#[test]
fn a_full_record_forgets_its_oldest_entries_and_counts_them() {
    let mut scene = Scene::new();
    scene.table.record_mut().set_capacity(3);
    let first = scene
        .table
        .judge(
            scene.connection,
            &scene.a,
            &scene.b,
            &cast("s", &Msg::Plain),
        )
        .entry;
    for job in 0..5 {
        scene.there(&cast("s", &Msg::Finished { job }));
    }
    scene.table.delivered(first);
    let record = scene.table.record();
    assert_eq!((record.entries().len(), record.forgotten()), (3, 4));
    assert!(
        record
            .frames()
            .all(|(_, frame)| frame.delivered_at.is_none())
    );
}

#[test]
fn a_record_can_be_saved() {
    let mut scene = Scene::new();
    scene.there(&cast("s", &Msg::Plain));
    let mut saved = Vec::new();
    ciborium::into_writer(scene.table.record(), &mut saved).unwrap();
    let read: ciborium::Value = ciborium::from_reader(&saved[..]).unwrap();
    assert!(format!("{read:?}").contains("Plain"));
}
