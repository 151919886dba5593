use runtime::net::DirectoryMode;
use runtime::net::faults::{Action, FrameSeen};
use runtime::{
    CallError, ConnectionLoss, Cookie, Ctx, Net, Node, NodeConfig, NodeEvent, Reply, Server,
    ServerName, TcpNet, directory,
};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use super::*;
use crate::network::Loss;

const INBOX: ServerName<InboxMsg> = ServerName::new("inbox");

#[derive(Serialize, Deserialize)]
enum InboxMsg {
    Put { number: u64 },
    Numbers(Reply<Vec<u64>>),
}

struct Inbox(Vec<u64>);

impl Server for Inbox {
    type Msg = InboxMsg;
    type Args = ();

    async fn init(_: (), _: &Ctx<InboxMsg>) -> Self {
        Inbox(Vec::new())
    }

    async fn handle(&mut self, msg: InboxMsg, _: &Ctx<InboxMsg>) {
        match msg {
            InboxMsg::Put { number } => self.0.push(number),
            InboxMsg::Numbers(reply) => reply.send(self.0.clone()),
        }
    }
}

/// Long enough for whatever should happen to happen on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn name(short: &str) -> NodeName {
    format!("{short}@127.0.0.1").parse().unwrap()
}

async fn switchboard() -> Switchboard {
    Switchboard::start(name("manager"), cookie(), 1)
        .await
        .unwrap()
}

fn cookie() -> Cookie {
    Cookie::from_text("the cookie of the switchboard's tests").unwrap()
}

async fn node(switchboard: &Switchboard, short: &str, tick_time: Duration, hidden: bool) -> Node {
    let net = Net::Tcp(TcpNet::with(DirectoryMode::At(switchboard.directory())));
    let mut config = NodeConfig::new(name(short), cookie(), net);
    config.tick_time = tick_time;
    config.hidden = hidden;
    config.backoff_cap = Duration::from_millis(100);
    let node = Node::start(config).await.unwrap();
    node.start_server::<Inbox>(&INBOX, ()).await.unwrap();
    node
}

async fn two_nodes(switchboard: &Switchboard, tick_time: Duration) -> (Node, Node) {
    let n1 = node(switchboard, "n1", tick_time, false).await;
    let n2 = node(switchboard, "n2", tick_time, false).await;
    n1.connect(n2.name()).await.unwrap();
    until("both list each other", || {
        n1.list() == [name("n2")] && n2.list() == [name("n1")]
    })
    .await;
    (n1, n2)
}

const QUIET: Duration = Duration::from_secs(30);

#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let waited = timeout(PATIENCE, async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(waited.await.is_ok(), "{what}, at {caller}");
    }
}

async fn down(events: &mut Receiver<NodeEvent>, from: &str) -> ConnectionLoss {
    let waited = timeout(PATIENCE, async {
        loop {
            if let NodeEvent::Down(node, loss) = events.recv().await.unwrap()
                && node == name(from)
            {
                return loss;
            }
        }
    });
    waited.await.expect("the connection goes down")
}

async fn put(from: &Node, to: &str, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        from.cast(&INBOX.at(name(to)), InboxMsg::Put { number })
            .await
            .unwrap();
    }
}

async fn numbers(of: &Node) -> Vec<u64> {
    of.call(&INBOX.at(of.name()), InboxMsg::Numbers)
        .await
        .unwrap()
}

async fn until_numbers(of: &Node, expected: &[u64]) {
    let waited = timeout(PATIENCE, async {
        while numbers(of).await != expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    if waited.await.is_err() {
        assert_eq!(numbers(of).await, expected);
    }
}

fn view(switchboard: &Switchboard) -> &dyn Network {
    switchboard
}

fn losses(switchboard: &Switchboard) -> Vec<Loss> {
    view(switchboard).books(|books| books.losses().to_vec())
}

fn frames(switchboard: &Switchboard, pick: impl Fn(&FrameSeen) -> bool) -> Vec<FrameSeen> {
    view(switchboard).read(|record, _| {
        record
            .frames()
            .map(|(_, frame)| frame)
            .filter(|frame| pick(frame))
            .cloned()
            .collect()
    })
}

fn puts(switchboard: &Switchboard) -> Vec<FrameSeen> {
    frames(switchboard, |frame| frame.message.as_deref() == Some("Put"))
}

#[tokio::test]
async fn messages_pass_and_are_recorded_with_what_they_say() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, QUIET).await;
    put(&n1, "n2", [7]).await;
    until_numbers(&n2, &[7]).await;
    let answer: Vec<u64> = n1
        .call(&INBOX.at(n2.name()), InboxMsg::Numbers)
        .await
        .unwrap();
    assert_eq!(answer, [7]);

    let seen = puts(&switchboard);
    let [put] = &seen[..] else {
        panic!("one Put passed, not {seen:?}")
    };
    assert_eq!(
        (&put.from, &put.to, put.fate),
        (&name("n1"), &name("n2"), Fate::Deliver)
    );
    assert_eq!(put.server.as_deref(), Some("inbox"));
    let said = view(&switchboard)
        .read(|_, payloads| payloads.of(put))
        .expect("the payload is remembered");
    assert!(matches!(
        runtime::wire::decode(&said),
        Ok(InboxMsg::Put { number: 7 })
    ));
    let kinds: Vec<Kind> = frames(&switchboard, |frame| {
        frame.message.as_deref() == Some("Numbers")
    })
    .iter()
    .map(|frame| frame.kind)
    .collect();
    assert_eq!(kinds, [Kind::Call, Kind::Answer]);
    until("nothing is in flight", || switchboard.in_flight() == 0).await;
    assert!(puts(&switchboard)[0].delivered_at.is_some());
}

#[tokio::test]
async fn partition_closes_at_once_and_heals() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, QUIET).await;
    let (mut events_of_n1, mut events_of_n2) = (n1.events(), n2.events());

    switchboard.partition(n1.name(), n2.name());
    assert!(matches!(
        down(&mut events_of_n1, "n2").await,
        ConnectionLoss::Closed(_)
    ));
    assert!(matches!(
        down(&mut events_of_n2, "n1").await,
        ConnectionLoss::Closed(_)
    ));
    assert!(
        n1.connect(n2.name()).await.is_err(),
        "a dial across the partition is refused"
    );

    switchboard.heal(n1.name(), n2.name());
    until("they find each other again", || {
        n1.list() == [name("n2")] && n2.list() == [name("n1")]
    })
    .await;
    put(&n1, "n2", [1]).await;
    until_numbers(&n2, &[1]).await;
    assert_eq!(losses(&switchboard), [], "a partition excuses the loss");
}

#[tokio::test]
async fn partition_leaves_other_links_alone() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, QUIET).await;
    let n3 = node(&switchboard, "n3", QUIET, false).await;
    n3.connect(n1.name()).await.unwrap();
    until("the mesh is full", || {
        [&n1, &n2, &n3].iter().all(|node| node.list().len() == 2)
    })
    .await;

    switchboard.partition(n1.name(), n2.name());
    until("n1 has lost n2 only", || {
        n1.list() == [name("n3")] && n2.list() == [name("n3")]
    })
    .await;
    assert_eq!(n3.list(), [name("n1"), name("n2")]);
}

#[tokio::test]
async fn blackhole_is_found_by_silence_alone() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, Duration::from_millis(600)).await;
    let (mut events_of_n1, mut events_of_n2) = (n1.events(), n2.events());

    switchboard.blackhole(n1.name(), n2.name());
    switchboard.blackhole(n2.name(), n1.name());
    put(&n1, "n2", [1]).await;
    assert_eq!(down(&mut events_of_n1, "n2").await, ConnectionLoss::Silence);
    assert_eq!(down(&mut events_of_n2, "n1").await, ConnectionLoss::Silence);
    assert_eq!(puts(&switchboard)[0].fate, Fate::Swallow);

    switchboard.heal(n1.name(), n2.name());
    until("they find each other again", || {
        n1.list() == [name("n2")] && n2.list() == [name("n1")]
    })
    .await;
    assert!(
        numbers(&n2).await.is_empty(),
        "what was swallowed is gone forever"
    );
}

#[tokio::test]
async fn one_way_blackhole_is_silence_for_one_side_and_a_close_for_the_other() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, Duration::from_millis(600)).await;
    let (mut events_of_n1, mut events_of_n2) = (n1.events(), n2.events());

    switchboard.blackhole(n1.name(), n2.name());
    put(&n2, "n1", [5]).await;
    until_numbers(&n1, &[5]).await;
    assert_eq!(down(&mut events_of_n2, "n1").await, ConnectionLoss::Silence);
    assert!(matches!(
        down(&mut events_of_n1, "n2").await,
        ConnectionLoss::Closed(_)
    ));
}

#[tokio::test]
async fn link_that_swallowed_a_frame_is_closed_on_heal() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, QUIET).await;
    let mut events_of_n2 = n2.events();

    switchboard.blackhole(n1.name(), n2.name());
    put(&n1, "n2", [1]).await;
    until("the frame is swallowed", || {
        puts(&switchboard)
            .iter()
            .any(|put| put.fate == Fate::Swallow)
    })
    .await;
    switchboard.heal_all();
    assert!(matches!(
        down(&mut events_of_n2, "n1").await,
        ConnectionLoss::Closed(_)
    ));
    put(&n1, "n2", [2]).await;
    until_numbers(&n2, &[2]).await;
}

#[tokio::test]
async fn closing_does_not_pass_a_blackhole() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, QUIET).await;
    let mut events_of_n2 = n2.events();

    switchboard.blackhole(n1.name(), n2.name());
    n1.stop().await;
    put(&n2, "n1", [1]).await;
    until("n1 is gone from the directory", || {
        !switchboard.is_registered(&name("n1"))
    })
    .await;
    until("what n2 sent was taken", || !puts(&switchboard).is_empty()).await;
    assert_eq!(n2.list(), [name("n1")], "n2 cannot know");
    switchboard.heal_all();
    assert!(matches!(
        down(&mut events_of_n2, "n1").await,
        ConnectionLoss::Closed(_)
    ));
}

#[tokio::test]
async fn dial_into_a_blackhole_hangs_and_its_target_hears_nothing() {
    let switchboard = switchboard().await;
    let n1 = node(&switchboard, "n1", QUIET, false).await;
    let n2 = node(&switchboard, "n2", QUIET, false).await;
    switchboard.blackhole(n1.name(), n2.name());
    let dialing = {
        let (n1, to) = (n1.clone(), name("n2"));
        tokio::spawn(async move { n1.connect(&to).await })
    };
    until("the hello is swallowed", || {
        frames(&switchboard, |frame| frame.fate == Fate::Swallow).len() == 1
    })
    .await;
    assert!(!dialing.is_finished());
    switchboard.heal_all();
    assert!(
        dialing.await.unwrap().is_err(),
        "the connection that swallowed the hello is closed"
    );
    n1.connect(n2.name()).await.unwrap();
}

#[tokio::test]
async fn single_casts_are_dropped_doubled_and_held() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, QUIET).await;
    let to_n2 = |action| Rule::new(action).to(n2.name()).message("Put");
    let number = |wanted: u64| {
        move |value: &ciborium::Value| {
            let inner = value
                .as_map()
                .and_then(|map| map.first())
                .and_then(|(_, fields)| fields.as_map());
            inner.is_some_and(|fields| fields[0].1.as_integer() == Some(wanted.into()))
        }
    };
    let dropped = switchboard.add_rule(to_n2(Action::Drop).matching(number(2)));
    let doubled = switchboard.add_rule(to_n2(Action::Duplicate).matching(number(3)));
    let held = switchboard.add_rule(to_n2(Action::Hold).matching(number(4)));

    put(&n1, "n2", 1..=5).await;
    until_numbers(&n2, &[1, 3, 3, 5]).await;
    assert_eq!(
        [dropped, doubled, held].map(|rule| switchboard.hits(rule)),
        [1, 1, 1]
    );
    assert_eq!(switchboard.held(held), 1);
    assert_eq!(switchboard.release(held, &Order::AsHeld), 1);
    until_numbers(&n2, &[1, 3, 3, 5, 4]).await;
}

#[tokio::test]
async fn dropped_answer_leaves_the_call_without_one() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, QUIET).await;
    let rule = Rule::new(Action::Drop)
        .kind(runtime::net::faults::PatternKind::Answer)
        .message("Numbers");
    let rule = switchboard.add_rule(rule);
    let asked = n1
        .call_within(
            Duration::from_millis(300),
            &INBOX.at(n2.name()),
            InboxMsg::Numbers,
        )
        .await;
    assert_eq!(asked, Err::<Vec<u64>, _>(CallError::Timeout(name("n2"))));
    assert_eq!(switchboard.hits(rule), 1);
}

#[tokio::test]
async fn delay_keeps_the_order() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, QUIET).await;
    let (base, jitter) = (Duration::from_millis(20), Duration::from_millis(40));
    switchboard.delay(n1.name(), n2.name(), base, jitter);
    put(&n1, "n2", 0..50).await;
    until("they are under way", || switchboard.in_flight() > 0).await;
    until_numbers(&n2, &(0..50).collect::<Vec<_>>()).await;
    for (at, frame) in view(&switchboard).read(|record, _| {
        record
            .frames()
            .map(|(at, frame)| (at, frame.clone()))
            .collect::<Vec<_>>()
    }) {
        if frame.message.as_deref() == Some("Put") {
            assert!(frame.delivered_at.unwrap() >= at + base, "{frame:?}");
        }
    }
}

#[tokio::test]
async fn fifty_thousand_casts_arrive_in_order() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, QUIET).await;
    let begun = tokio::time::Instant::now();
    put(&n1, "n2", 0..50_000).await;
    until_numbers(&n2, &(0..50_000).collect::<Vec<_>>()).await;
    eprintln!("50000 casts took {:?}", begun.elapsed());
    assert_eq!(puts(&switchboard).len(), 50_000);
}

#[tokio::test]
async fn manager_goes_past_all_faults() {
    let switchboard = switchboard().await;
    let manager = node(&switchboard, "manager", QUIET, true).await;
    let n1 = node(&switchboard, "n1", QUIET, false).await;
    switchboard.partition(&name("manager"), n1.name());
    let answer: Vec<u64> = manager
        .call(&INBOX.at(n1.name()), InboxMsg::Numbers)
        .await
        .unwrap();
    assert!(answer.is_empty());
    assert_eq!(frames(&switchboard, |_| true), []);
    assert_eq!(n1.list(), []);
}

#[tokio::test]
async fn loss_that_nobody_caused_is_noticed() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, QUIET).await;
    put(&n1, "n2", [1]).await;
    until_numbers(&n2, &[1]).await;
    n2.stop().await;
    until("the loss is noticed", || {
        losses(&switchboard)
            == [Loss {
                by: name("n2"),
                to: name("n1"),
            }]
    })
    .await;
}

#[tokio::test]
async fn disconnecting_on_purpose_is_no_loss() {
    let switchboard = switchboard().await;
    let (n1, n2) = two_nodes(&switchboard, QUIET).await;
    let mut events_of_n2 = n2.events();
    n1.disconnect(n2.name());
    assert_eq!(
        down(&mut events_of_n2, "n1").await,
        ConnectionLoss::Disconnected
    );
    assert_eq!(losses(&switchboard), []);
}

#[tokio::test]
async fn what_is_no_frame_is_left_to_the_receiver() {
    let switchboard = switchboard().await;
    let n1 = node(&switchboard, "n1", QUIET, false).await;
    let stranger = name("stranger");
    let door = directory::lookup(switchboard.directory(), Some(&stranger), n1.name())
        .await
        .unwrap()
        .unwrap();
    assert_ne!(
        door.to_string(),
        n1.address(),
        "the way leads through the switchboard"
    );
    let mut stream = tokio::net::TcpStream::connect(door).await.unwrap();
    stream.write_all(b"\0\0\0\x05hello").await.unwrap();
    let mut rest = Vec::new();
    let closed = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "n1 closes, and so does the switchboard");
    let seen = frames(&switchboard, |frame| frame.from == stranger);
    assert!(
        matches!(
            seen[..],
            [FrameSeen {
                kind: Kind::Other,
                bytes: 5,
                fate: Fate::Deliver,
                ..
            }]
        ),
        "{seen:?}"
    );
    assert_eq!(losses(&switchboard), []);
}
