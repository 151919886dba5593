//! The solution of part 4 on a simulated network, in virtual time: what needs no store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use link_aggregates_solution as part;

use part::counters::Counters;
use part::links::{Links, Owned};
use part::protocol::{COUNTERS, CountersMsg};
use part::ring::Owners;
use part::views::Views;
use runtime::net::faults::{Action, Fate, Kind, Order, Rule};
use runtime::{Cookie, ExitReason, MemoryNet, Net, Node, NodeConfig, NodeName, Supervisor};
use shortener::{Code, Link, NewLink, Refusal, Service, Store, Table};
use tokio::time::{Instant, sleep, timeout};

fn name(number: usize) -> NodeName {
    format!("n{number}@sim").parse().unwrap()
}

fn code(number: usize) -> Code {
    Code::candidates(&format!("https://example.org/{number}")).swap_remove(0)
}

/// One node, with what part 4 has on it except for HTTP and the servers that need the store.
struct Member {
    node: Node,
    links: Links,
    owners: Owners,
    views: Arc<Views>,
}

/// Nodes that run part 4, and a network that can be broken.
struct Cluster {
    net: MemoryNet,
    members: BTreeMap<usize, Member>,
}

impl Cluster {
    async fn of(size: usize) -> Cluster {
        let mut cluster = Cluster {
            net: MemoryNet::new(7),
            members: BTreeMap::new(),
        };
        for number in 1..=size {
            cluster.join(number).await;
        }
        cluster
    }

    /// Starts a node, and connects it to one of the others.
    async fn join(&mut self, number: usize) {
        let member = self.alone(number).await;
        if let Some(other) = self.members.values().next() {
            member.node.connect(other.node.name()).await.unwrap();
        }
        self.members.insert(number, member);
        self.meshed().await;
    }

    /// Starts a node without connections.
    async fn alone(&self, number: usize) -> Member {
        let cookie = Cookie::from_text("one for all").unwrap();
        let net = Net::Memory(self.net.clone());
        let node = Node::start(NodeConfig::new(name(number), cookie, net))
            .await
            .unwrap();
        // No process listens there.
        let store = Store::at("redis://127.0.0.1:1", "test:").unwrap();
        let (owners, views) = (Owners::default(), Arc::new(Views::default()));
        let table = Arc::new(Table::with_room_for(100));
        let owned = Owned::new(node.clone(), store.clone(), table);
        owned.register();
        Supervisor::one_for_one()
            .child::<Counters>(&COUNTERS, views.clone())
            .start(&node)
            .await
            .unwrap();
        Member {
            links: Links::new(node.clone(), store, owned, owners.clone(), views.clone()),
            node,
            owners,
            views,
        }
    }

    async fn meshed(&self) {
        let others = self.members.len() - 1;
        let connected = |member: &Member| {
            member
                .node
                .groups()
                .members(&part::protocol::ALL_COUNTERS)
                .len()
                == others + 1
        };
        eventually("all know each other", async || {
            self.members.values().all(connected)
        })
        .await;
        sleep(Duration::from_millis(50)).await;
    }

    async fn kill(&mut self, number: usize) {
        let member = self.members.remove(&number).unwrap();
        self.net.kill(member.node.name());
        member.node.stop().await;
        sleep(Duration::from_millis(50)).await;
    }

    /// Cuts n1 off from all others.
    fn cut_off_n1(&self) {
        let others: Vec<NodeName> = self
            .members
            .keys()
            .skip(1)
            .map(|number| name(*number))
            .collect();
        self.net.split(&[name(1)], &others);
    }

    async fn heal(&self) {
        self.net.heal_all();
        self.meshed().await;
    }

    async fn view(&self, on: usize, link: usize, visitor: &str) {
        self.members[&on]
            .links
            .viewed(code(link), visitor.to_owned())
            .await;
    }

    async fn redirects(&self, on: usize, link: usize) -> u64 {
        self.members[&on]
            .links
            .aggregates(code(link))
            .await
            .redirects
    }

    async fn shows(&self, on: usize, link: usize, views: u64) {
        let what = format!("n{on} shows {views} views of link {link}");
        eventually(&what, async || self.redirects(on, link).await == views).await;
    }

    async fn all_show(&self, link: usize, views: u64) {
        for on in self.members.keys() {
            self.shows(*on, link, views).await;
        }
    }

    /// Lets a node count many views, without informing the others.
    fn count_silently(&self, on: usize, links: std::ops::Range<usize>) {
        for link in links {
            self.members[&on].views.count(&code(link), "ada");
        }
    }

    /// How many bytes of messages between counters have been delivered so far.
    fn bytes(&self) -> usize {
        let record = self.net.record();
        let said = |kind| matches!(kind, Kind::Cast | Kind::Call | Kind::Answer);
        let frames = record
            .frames()
            .filter(|(_, frame)| said(frame.kind) && frame.fate == Fate::Deliver);
        let own = frames.filter(|(_, frame)| {
            !frame
                .server
                .as_deref()
                .is_some_and(|name| name.starts_with('$'))
        });
        own.map(|(_, frame)| frame.bytes).sum()
    }
}

/// Does something to each message about a view.
fn always(action: Action) -> Rule {
    Rule::new(action).message("Merge").times(usize::MAX)
}

/// Waits for something that must come true within 3 seconds.
async fn eventually(what: &str, mut claim: impl AsyncFnMut() -> bool) {
    let waited = timeout(Duration::from_secs(3), async {
        while !claim().await {
            sleep(Duration::from_millis(10)).await;
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("it did not come true that {what}"));
}

#[tokio::test(start_paused = true)]
async fn views_on_all_nodes_add_up() {
    let cluster = Cluster::of(3).await;
    for round in 0..20 {
        for on in 1..=3 {
            cluster.view(on, 1, "ada").await;
        }
        cluster.view(1 + round % 3, 2, "ada").await;
    }
    cluster.all_show(1, 60).await;
    cluster.all_show(2, 20).await;
    cluster.all_show(3, 0).await;
}

#[tokio::test(start_paused = true)]
async fn reading_and_counting_do_not_wait_for_the_server() {
    let cluster = Cluster::of(2).await;
    let (n1, counters) = (&cluster.members[&1].node, COUNTERS.at(name(1)));
    n1.cast(&counters, CountersMsg::Hold(60_000)).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    let before = Instant::now();
    cluster.view(1, 1, "ada").await;
    assert_eq!(cluster.redirects(1, 1).await, 1);
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(cluster.redirects(2, 1).await, 0);
    sleep(Duration::from_secs(60)).await;
    cluster.shows(2, 1, 1).await;
}

#[tokio::test(start_paused = true)]
async fn both_sides_of_a_netsplit_count_and_agree_afterwards() {
    let cluster = Cluster::of(3).await;
    cluster.view(1, 1, "before").await;
    cluster.all_show(1, 1).await;
    cluster.cut_off_n1();
    for _ in 0..3 {
        cluster.view(1, 1, "here").await;
    }
    for _ in 0..5 {
        cluster.view(2, 1, "there").await;
    }
    cluster.shows(1, 1, 4).await;
    cluster.shows(2, 1, 6).await;
    cluster.shows(3, 1, 6).await;
    cluster.heal().await;
    cluster.all_show(1, 9).await;
}

#[tokio::test(start_paused = true)]
async fn views_of_many_links_are_exchanged_after_a_netsplit() {
    let cluster = Cluster::of(3).await;
    cluster.cut_off_n1();
    sleep(Duration::from_millis(10)).await;
    cluster.count_silently(1, 0..2500);
    cluster.count_silently(2, 1000..3000);
    cluster.heal().await;
    for (link, views) in [(0, 1), (999, 1), (1000, 2), (2499, 2), (2500, 1), (2999, 1)] {
        cluster.shows(1, link, views).await;
        cluster.shows(2, link, views).await;
    }
}

#[tokio::test(start_paused = true)]
async fn next_view_makes_up_for_a_lost_one() {
    let cluster = Cluster::of(2).await;
    let lost = cluster
        .net
        .add_rule(Rule::new(Action::Drop).message("Merge").times(2));
    cluster.view(1, 1, "ada").await;
    cluster.view(1, 1, "ada").await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(cluster.net.hits(lost), 2);
    assert_eq!(cluster.redirects(2, 1).await, 0);
    cluster.view(1, 1, "ada").await;
    cluster.shows(2, 1, 3).await;
}

#[tokio::test(start_paused = true)]
async fn reconnection_makes_up_for_a_lost_view() {
    let cluster = Cluster::of(2).await;
    let lost = cluster
        .net
        .add_rule(Rule::new(Action::Drop).message("Merge").times(1));
    cluster.view(1, 1, "ada").await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(cluster.net.hits(lost), 1);
    cluster.net.sever(&name(1), &name(2));
    cluster.shows(2, 1, 1).await;
}

#[tokio::test(start_paused = true)]
async fn doubled_and_reordered_views_do_no_harm() {
    let cluster = Cluster::of(3).await;
    let doubled = cluster
        .net
        .add_rule(always(Action::Duplicate).from(&name(1)));
    let held = cluster.net.add_rule(always(Action::Hold).from(&name(2)));
    for _ in 0..5 {
        cluster.view(1, 1, "ada").await;
        cluster.view(2, 1, "ada").await;
    }
    cluster.shows(3, 1, 5).await;
    assert_eq!(cluster.net.held(held), 10);
    cluster.net.release(held, &Order::Reversed);
    cluster.all_show(1, 10).await;
    sleep(Duration::from_secs(1)).await;
    cluster.all_show(1, 10).await;
    assert_eq!(cluster.net.hits(doubled), 10);
}

#[tokio::test(start_paused = true)]
async fn crash_of_the_server_loses_nothing() {
    let cluster = Cluster::of(2).await;
    cluster.view(1, 1, "ada").await;
    cluster.all_show(1, 1).await;
    let node = &cluster.members[&1].node;
    node.exit(&COUNTERS.at(name(1)), ExitReason::Killed);
    // At least one of these finds no server.
    for _ in 0..5 {
        cluster.view(1, 1, "ada").await;
        tokio::task::yield_now().await;
    }
    cluster.all_show(1, 6).await;
    cluster.view(1, 1, "ada").await;
    cluster.all_show(1, 7).await;
}

#[tokio::test(start_paused = true)]
async fn restarted_node_regains_what_any_other_knew_and_counts_on() {
    let mut cluster = Cluster::of(3).await;
    cluster.view(1, 1, "ada").await;
    cluster.all_show(1, 1).await;
    // Only n2 hears of two more.
    let lost = cluster.net.add_rule(always(Action::Drop).to(&name(3)));
    cluster.view(1, 1, "ada").await;
    cluster.view(1, 1, "ada").await;
    cluster.shows(2, 1, 3).await;
    eventually("both are lost", async || cluster.net.hits(lost) == 2).await;
    cluster.net.remove_rule(lost);
    cluster.kill(1).await;
    assert_eq!(cluster.redirects(3, 1).await, 1);

    // It is back, and counts before it meets another node.
    let n1 = cluster.alone(1).await;
    cluster.members.insert(1, n1);
    for _ in 0..2 {
        cluster.view(1, 1, "ada").await;
    }
    assert_eq!(cluster.redirects(1, 1).await, 2);
    // The one that knows less is met first.
    cluster.net.partition(&name(1), &name(2));
    cluster.members[&1].node.connect(&name(3)).await.unwrap();
    cluster.shows(1, 1, 3).await;
    cluster.shows(3, 1, 3).await;
    cluster.view(1, 1, "ada").await;
    cluster.shows(3, 1, 4).await;
    cluster.net.heal_all();
    cluster.members[&1].node.connect(&name(2)).await.unwrap();
    cluster.meshed().await;
    cluster.shows(1, 1, 6).await;
    cluster.shows(2, 1, 6).await;
    cluster.view(2, 1, "ada").await;
    cluster.shows(1, 1, 7).await;
}

#[tokio::test(start_paused = true)]
async fn views_that_a_dead_node_sent_to_one_reach_all() {
    let mut cluster = Cluster::of(3).await;
    let lost = cluster.net.add_rule(always(Action::Drop).to(&name(3)));
    cluster.view(1, 1, "ada").await;
    cluster.shows(2, 1, 1).await;
    eventually("it is lost", async || cluster.net.hits(lost) == 1).await;
    cluster.net.remove_rule(lost);
    // Only n2 knows of it now, and has no reason to tell n3, until a newcomer learns it.
    cluster.kill(1).await;
    let n4 = cluster.alone(4).await;
    cluster.members.insert(4, n4);
    cluster.net.partition(&name(4), &name(2));
    cluster.members[&4].node.connect(&name(3)).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    cluster.net.heal_all();
    cluster.members[&4].node.connect(&name(2)).await.unwrap();
    cluster.all_show(1, 1).await;
}

#[tokio::test(start_paused = true)]
async fn view_costs_the_same_however_many_links_there_are() {
    let cluster = Cluster::of(3).await;
    let mut costs = Vec::new();
    for links in [10, 1000] {
        cluster.count_silently(1, 0..links);
        cluster.view(1, 1, "ada").await;
        sleep(Duration::from_secs(1)).await;
        let before = cluster.bytes();
        for _ in 0..20 {
            cluster.view(1, 1, "ada").await;
        }
        sleep(Duration::from_secs(1)).await;
        costs.push((cluster.bytes() - before) / 20);
    }
    println!(
        "a view costs {} bytes with 10 links, {} with 1000",
        costs[0], costs[1]
    );
    assert!(costs[1] * 10 <= costs[0] * 11, "{costs:?}");
}

#[tokio::test(start_paused = true)]
async fn heal_costs_little_when_little_differs_and_a_fresh_node_gets_everything() {
    let mut cluster = Cluster::of(3).await;
    for on in 1..=3 {
        cluster.count_silently(on, 0..1000);
    }
    cluster.cut_off_n1();
    sleep(Duration::from_millis(10)).await;
    cluster.heal().await;
    cluster.net.partition(&name(2), &name(3));
    sleep(Duration::from_millis(10)).await;
    cluster.heal().await;
    cluster.all_show(500, 3).await;

    cluster.cut_off_n1();
    sleep(Duration::from_millis(10)).await;
    cluster.view(1, 500, "ada").await;
    let before = cluster.bytes();
    cluster.heal().await;
    cluster.all_show(500, 4).await;
    let healed = cluster.bytes() - before;

    cluster.kill(1).await;
    let before = cluster.bytes();
    cluster.join(1).await;
    cluster.shows(1, 500, 4).await;
    cluster.shows(1, 999, 3).await;
    sleep(Duration::from_secs(1)).await;
    let fresh = cluster.bytes() - before;
    println!("healing costs {healed} bytes, a fresh node {fresh}");
    assert!(healed * 10 <= fresh, "{healed} of {fresh}");
}

#[tokio::test(start_paused = true)]
async fn visitors_count_once_on_both_sides() {
    let cluster = Cluster::of(3).await;
    cluster.cut_off_n1();
    sleep(Duration::from_millis(10)).await;
    for number in 0..600 {
        cluster.view(1, 1, &format!("visitor {number}")).await;
    }
    for number in 400..1000 {
        cluster.view(2, 1, &format!("visitor {number}")).await;
    }
    sleep(Duration::from_millis(100)).await;
    cluster.heal().await;
    cluster.all_show(1, 1200).await;
    for member in cluster.members.values() {
        let visitors = member.links.aggregates(code(1)).await.visitors.unwrap();
        assert!((900..=1100).contains(&visitors), "{visitors}");
    }
}

/// Creates a link on a node. Says what came of it, and how long that took.
async fn create(on: &Member, url: usize) -> (Result<Code, Refusal>, Duration) {
    let url = format!("https://example.org/{url}");
    let link = Link {
        url,
        expires_at: None,
    };
    let before = Instant::now();
    let created = on.links.create(NewLink { link, code: None }).await;
    (created, before.elapsed())
}

#[tokio::test(start_paused = true)]
async fn owner_is_asked_once_and_silence_is_answered_in_time() {
    let cluster = Cluster::of(3).await;
    let members: Vec<NodeName> = (1..=3).map(name).collect();
    let n1 = &cluster.members[&1];
    assert!(
        matches!(create(n1, 1).await.0, Err(Refusal::Unavailable(why)) if why.starts_with("no node owns"))
    );
    n1.owners.learn(Ok(members));
    let owned_by = |node| {
        (0..)
            .find(|url| n1.owners.of(&code(*url)) == Some(name(node)))
            .unwrap()
    };
    let of_n2 = owned_by(2);

    let asked = |cluster: &Cluster| {
        let record = cluster.net.record();
        let of_rpc = record
            .frames()
            .filter(|(_, frame)| frame.server.as_deref() == Some("$rpc"));
        of_rpc
            .map(|(_, frame)| (frame.from.clone(), frame.to.clone(), frame.kind))
            .collect::<Vec<_>>()
    };
    // There is no store; that it is the owner who says so, the frames show.
    let (created, _) = create(n1, of_n2).await;
    assert!(
        matches!(&created, Err(Refusal::Unavailable(why)) if why.contains("store")),
        "{created:?}"
    );
    let (there, back) = (
        (name(1), name(2), Kind::Call),
        (name(2), name(1), Kind::Answer),
    );
    assert_eq!(asked(&cluster), [there, back]);

    for other in [2, 3] {
        cluster.net.blackhole(&name(1), &name(other));
        cluster.net.blackhole(&name(other), &name(1));
    }
    let (created, took) = create(n1, of_n2).await;
    let told =
        |why: &str| why.starts_with("n2@sim owns this code and cannot be reached: no answer");
    assert!(
        matches!(&created, Err(Refusal::Unavailable(why)) if told(why)),
        "{created:?}"
    );
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn second_owner_is_asked_when_the_first_is_dead() {
    let mut cluster = Cluster::of(3).await;
    let members: Vec<NodeName> = (1..=3).map(name).collect();
    cluster.members[&1].owners.learn(Ok(members));
    cluster.kill(2).await;
    let n1 = &cluster.members[&1];
    let of_n2 = (0..)
        .find(|url| n1.owners.of(&code(*url)) == Some(name(2)))
        .unwrap();
    let (created, took) = create(n1, of_n2).await;
    // As n3 says.
    assert!(
        matches!(&created, Err(Refusal::Unavailable(why)) if why.starts_with("the store")),
        "{created:?}"
    );
    assert!(took < Duration::from_secs(2), "{took:?}");
}
