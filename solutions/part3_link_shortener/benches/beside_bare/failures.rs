//! Three nodes under load, of which one is killed and one is cut off.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use runtime::NodeName;
use runtime::directory::DirectoryServer;
use tokio::time::{sleep, timeout};

use crate::NODE;
use crate::client::{self, Client};
use crate::processes::{self, NodeFlags, Process};
use crate::relay::Relays;

const NODES: [&str; 3] = ["n1", "n2", "n3"];

/// Links that are there from the beginning. With all that are created, fewer than a table holds.
const LINKS: usize = 100;

/// How many clients follow links on each node.
const FOLLOWERS: usize = 4;

/// The pause of a client between two requests.
const FOLLOW_EVERY: Duration = Duration::from_millis(1);
const CREATE_EVERY: Duration = Duration::from_millis(50);

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a new link may take until a node that is cut off from then on has been told of it.
const TOLD_WITHIN: Duration = Duration::from_millis(200);

/// A time between two events of the run.
type Span = (Instant, Instant);

/// A link that some node has confirmed.
#[derive(Clone)]
struct Confirmed {
    code: String,
    url: String,
    at: Instant,
}

/// What the clients of one node have seen.
#[derive(Default)]
struct Seen {
    /// When answers were good: of those who follow, and of those who create.
    followed: Vec<Instant>,
    created: Vec<Instant>,
    errors: Vec<Failed>,
    wrong: Vec<String>,
}

/// A request without an answer, or with one that says that there is none.
struct Failed {
    what: String,
    span: Span,
    /// When the link was confirmed that was to be followed, if one was.
    link: Option<Instant>,
}

/// All that the run shares.
struct Run {
    links: Mutex<Vec<Confirmed>>,
    seen: [Mutex<Seen>; NODES.len()],
    https: [u16; NODES.len()],
}

/// Runs it, prints what was seen, and gives the number of wrong answers.
pub(crate) async fn run() -> usize {
    let names: Vec<NodeName> = NODES.iter().map(|name| full(name)).collect();
    let relays = Arc::new(Relays::around(&names[2], &names).await);
    let any = "127.0.0.1:0".parse().unwrap();
    let directory = DirectoryServer::bind(any, relays.clone()).await.unwrap();
    let (_redis, store) = processes::redis();
    let stores = [store, store, relays.to(store).await];
    let run = Arc::new(Run {
        links: Mutex::default(),
        seen: Default::default(),
        https: NODES.map(|_| processes::free_port()),
    });
    let start = |number| start(&run, number, directory.address(), stores[number]);
    let (_n1, n2, _n3) = (start(0), start(1), start(2));
    for number in 0..LINKS {
        let url = format!("https://example.org/from-the-beginning/{number}");
        let code = client::create(run.https[number % 3], &url).await;
        run.confirm(code.expect("a link"), url);
    }
    sleep(Duration::from_secs(1)).await;

    let mut load = tokio::task::JoinSet::new();
    for number in 0..NODES.len() {
        load.spawn(create(run.clone(), number));
        for follower in 0..FOLLOWERS {
            load.spawn(follow(run.clone(), number, follower));
        }
    }
    let begun = Instant::now();
    sleep(Duration::from_secs(3)).await;
    let killed = Instant::now();
    n2.kill();
    sleep(Duration::from_secs(2)).await;
    let cut = Instant::now();
    relays.cut();
    sleep(Duration::from_secs(3)).await;
    // Beside the runtime: to wait for the process would stop a part of the load.
    let _n2 = tokio::task::block_in_place(|| start(1));
    let back = Instant::now();
    sleep(Duration::from_secs(3)).await;
    let healed = Instant::now();
    relays.heal();
    sleep(Duration::from_secs(4)).await;
    load.shutdown().await;
    let ended = Instant::now();

    let lost = run.lost().await;
    let whole = (begun, ended);
    let excuses = |number| match number {
        1 => Some((killed, back)),
        2 => Some((cut, healed)),
        _ => None,
    };
    println!(
        "{:<36} {:>8} {:>8} {:>8} {:>12} {:>12}",
        "failures", "followed", "created", "errors", "longest gap", "…, creating"
    );
    for (number, name) in ["n1", "n2, killed", "n3, cut off"].iter().enumerate() {
        let seen = run.seen[number].lock().unwrap();
        println!(
            "{name:<36} {:>8} {:>8} {:>8} {:>9.0} ms {:>9.0} ms",
            seen.followed.len(),
            seen.created.len(),
            seen.errors.len(),
            longest_gap(&seen.followed, whole),
            longest_gap(&seen.created, whole)
        );
        seen.print_errors(excuses(number), number == 2);
    }
    let seconds = |(from, to): Span| (to - from).as_secs_f64();
    println!(
        "n2 was dead for {:.1} s, n3 cut off for {:.1} s, of {:.1} s",
        seconds((killed, back)),
        seconds((cut, healed)),
        seconds(whole)
    );
    let mut wrong = lost;
    for seen in &run.seen {
        wrong.append(&mut seen.lock().unwrap().wrong);
    }
    println!("wrong answers: {}", wrong.len());
    wrong.iter().take(10).for_each(|line| println!("  {line}"));
    wrong.len()
}

fn full(name: &str) -> NodeName {
    format!("{name}@127.0.0.1").parse().unwrap()
}

fn start(run: &Run, number: usize, directory: SocketAddr, store: u16) -> Process {
    let flags = NodeFlags {
        name: NODES[number],
        directory,
        http: run.https[number],
        store,
        prefix: "failures:",
        connect: (number > 0).then_some(NODES[0]),
        tick_time: 2,
    };
    processes::node(NODE, &flags)
}

impl Run {
    fn confirm(&self, code: String, url: String) {
        let at = Instant::now();
        self.links.lock().unwrap().push(Confirmed { code, url, at });
    }

    fn any_link(&self, random: &mut u64) -> Confirmed {
        // A linear congruence; its high bits are good enough.
        *random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let links = self.links.lock().unwrap();
        links[(*random >> 33) as usize % links.len()].clone()
    }

    /// What is wrong in the end: every link that was confirmed must lead on, on every node.
    async fn lost(&self) -> Vec<String> {
        let links = self.links.lock().unwrap().clone();
        let mut lost = Vec::new();
        for (name, http) in NODES.iter().zip(self.https) {
            for Confirmed { code, url, .. } in &links {
                let leads = client::follow(http, code).await;
                if leads.as_ref() != Some(url) {
                    lost.push(format!(
                        "{name} in the end: {code} leads to {leads:?}, not {url}"
                    ));
                }
            }
        }
        println!(
            "{} links were confirmed, and followed on each node in the end",
            links.len()
        );
        lost
    }

    fn see(&self, number: usize, seen: impl FnOnce(&mut Seen)) {
        seen(&mut self.seen[number].lock().unwrap());
    }
}

/// A client that follows links of all clients.
async fn follow(run: Arc<Run>, number: usize, follower: usize) {
    let mut random = (number * FOLLOWERS + follower) as u64;
    let mut client = None;
    loop {
        sleep(FOLLOW_EVERY).await;
        let Confirmed { code, url, at } = run.any_link(&mut random);
        let begun = Instant::now();
        let answer = ask(&mut client, run.https[number], async |client| {
            client.follow(&code).await
        });
        let answer = answer.await;
        let now = Instant::now();
        run.see(number, |seen| match answer {
            Ok(answer) if answer.status == 302 && answer.location.as_ref() == Some(&url) => {
                seen.followed.push(now);
            }
            Ok(answer) if answer.status != 503 => {
                let node = NODES[number];
                seen.wrong
                    .push(format!("{node}: {code} should lead to {url}: {answer:?}"));
            }
            answer => seen.errors.push(Failed {
                what: format!("follow: {}", in_words(answer)),
                span: (begun, now),
                link: Some(at),
            }),
        });
    }
}

/// A client that creates links.
async fn create(run: Arc<Run>, number: usize) {
    let mut client = None;
    for link in 0.. {
        sleep(CREATE_EVERY).await;
        let url = format!("https://example.org/under-load/{}/{link}", NODES[number]);
        let begun = Instant::now();
        let answer = ask(&mut client, run.https[number], async |client| {
            client.create(&url).await
        });
        let answer = answer.await;
        let now = Instant::now();
        run.see(number, |seen| match answer {
            Ok(answer) if answer.status == 201 => {
                seen.created.push(now);
                run.confirm(answer.body, url);
            }
            Ok(answer) if answer.status != 503 => {
                let node = NODES[number];
                seen.wrong
                    .push(format!("{node}: {url} should get a code: {answer:?}"));
            }
            answer => seen.errors.push(Failed {
                what: format!("create: {}", in_words(answer)),
                span: (begun, now),
                link: None,
            }),
        });
    }
}

/// Asks over a connection, which is made if there is none, and given up after an error.
async fn ask(
    client: &mut Option<Client>,
    http: u16,
    asks: impl AsyncFnOnce(&mut Client) -> std::io::Result<client::Answer>,
) -> Result<client::Answer, String> {
    let asked = timeout(PATIENCE, async {
        let client = match client {
            Some(client) => client,
            None => client.insert(Client::connect(http).await?),
        };
        asks(client).await
    });
    let answer = match asked.await {
        Ok(answer) => answer.map_err(|error| error.kind().to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    };
    if answer.is_err() {
        *client = None;
    }
    answer
}

fn in_words(answer: Result<client::Answer, String>) -> String {
    match answer {
        Ok(answer) => format!("{}, {}", answer.status, answer.body),
        Err(why) => why,
    }
}

impl Seen {
    /// Prints the errors by kind. Those count as due to the failure that fall into its time; a node
    /// that is cut off must still know the links of before.
    fn print_errors(&self, excuse: Option<Span>, knows_links: bool) {
        let mut kinds: BTreeMap<(&str, bool), usize> = BTreeMap::new();
        for Failed { what, span, link } in &self.errors {
            let due = excuse.is_some_and(|(from, to)| {
                let known = link.is_some_and(|at| at + TOLD_WITHIN < from);
                span.1 >= from && span.0 <= to && !(knows_links && known)
            });
            *kinds.entry((what, due)).or_default() += 1;
        }
        for ((what, due), times) in kinds {
            let due = if due { "" } else { "NOT due to the failure: " };
            println!("  {times:>6} × {due}{what}");
        }
    }
}

/// The longest time without a good answer, in milliseconds.
fn longest_gap(good: &[Instant], (from, to): Span) -> f64 {
    let ends = good.iter().copied().chain([to]);
    let mut last = from;
    let mut longest = Duration::ZERO;
    for end in ends {
        longest = longest.max(end.saturating_duration_since(last));
        last = end;
    }
    longest.as_secs_f64() * 1e3
}
