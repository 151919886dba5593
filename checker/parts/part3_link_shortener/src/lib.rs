//! Part 3, a link shortener: its scenarios.
//!
//! The checker creates and follows links over HTTP, like any client. A lookup fills a table, so a claim
//! about replication must not look up: the scenario first has the store refuse the node, or it peeks at
//! the node's table through the manager. Each such claim peeks first and follows afterwards, so that a
//! program without problem 5 can pass the problems before it.

mod cache;
mod diagnosis;
mod exploration;
mod fact;
mod latency;
mod messages;
mod netsplit;
mod newcomers;
mod registry;
mod replication;
mod service;
mod store_down;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use shortener::{Code, Link};
use tokio::time::{Instant, sleep};

use fact::Fact;
use messages::{CACHE, CacheMsg};
use testkit::cluster::{Answer, Cluster, Commands, Mark, NoAnswer, Request, Unanswered, Unmet};
use testkit::part::Part;
use testkit::scenario::{DEADLINE, Scenario, Stop, Told};
use testkit::verdict::Failure;

/// A claim that follows from what has happened must hold within this time.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(5);

/// While nothing is wrong, a request that is answered 503 is repeated for so long: on a busy machine
/// the store's answer may come later than a node waits for it.
const RETRY_TIMEOUT: Duration = Duration::from_secs(4);

/// How many requests are under way at once where there are many.
const CONCURRENCY: usize = 8;

/// All that the checker knows of this part.
pub fn part() -> Part {
    Part::read(
        include_str!("../part.toml"),
        include_str!("../hints.md"),
        SCENARIOS,
        exploration::EXPLORATIONS,
        diagnosis::MISTAKES,
    )
}

/// The scenarios of part 3, in the order of its problems.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "part3-service",
        problem: 1,
        title: "every node creates and follows links, and a code belongs to one URL",
        property: "A URL has one code on every node, and a code leads to one URL.",
        deadline: DEADLINE,
        run: |cx| Box::pin(service::serves(cx)),
    },
    Scenario {
        id: "part3-hits",
        problem: 1,
        title: "a link that was looked up or created costs the store nothing more",
        property: "A node answers from its table without the store, and faster:",
        deadline: DEADLINE,
        run: |cx| Box::pin(latency::hits_cost_no_command(cx)),
    },
    Scenario {
        id: "part3-unknown",
        problem: 1,
        title: "a hundred lookups of one unknown code cost the store at most five questions",
        property: "A node remembers for a moment that a code does not exist: a crowd costs the store next to nothing.",
        deadline: DEADLINE,
        run: |cx| Box::pin(cache::unknown_code_is_read_rarely(cx)),
    },
    Scenario {
        id: "part3-cap",
        problem: 1,
        title: "a table has at most 1000 entries",
        property: "A table stays small whatever visitors ask for, and the store still has every evicted link.",
        deadline: DEADLINE,
        run: |cx| Box::pin(cache::table_stays_small(cx)),
    },
    Scenario {
        id: "part3-replicates",
        problem: 2,
        title: "a link created on one node is in the tables of all nodes",
        property: "Every node follows a link that another node created, without the store.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::link_is_in_all_tables(cx)),
    },
    Scenario {
        id: "part3-prolonged",
        problem: 2,
        title: "a later expiry that a link gets on one node is in the tables of all nodes",
        property: "The later of two expiries counts, on every node.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::later_expiry_is_in_all_tables(cx)),
    },
    Scenario {
        id: "part3-full",
        problem: 2,
        title: "a full table stays at 1000 entries when other nodes send it links",
        property: "A table keeps its limit wherever its entries come from.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::full_table_stays_full(cx)),
    },
    Scenario {
        id: "part3-store-first",
        problem: 2,
        title: "no node knows a link before the store has it",
        property: "The store comes first: a 201 is a promise, and no table has a link that the store lacks.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::store_comes_first(cx)),
    },
    Scenario {
        id: "part3-paused",
        problem: 2,
        title: "a paused node delays no creation, and learns of the link after it resumes",
        property: "A creation waits for no other node, even if one of them is paused.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::paused_node_delays_no_creation(cx)),
    },
    Scenario {
        id: "part3-joins-again",
        problem: 2,
        title: "a cache that crashed and a node that joined late hear of new links",
        property: "A node that joins, for the first time or again, hears of every link that is created from then on.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::joined_cache_hears_of_links(cx)),
    },
    Scenario {
        id: "part3-old-nothing",
        problem: 2,
        title: "a late negative answer from the store does not hide a new link",
        property: "A negative answer never replaces a link: old news does not hide a new link.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::late_miss_hides_no_link(cx)),
    },
    Scenario {
        id: "part3-split",
        problem: 3,
        title: "both sides of a split create and follow links, and their tables are equal after it",
        property: "Both sides of a split create and follow links, and after it each table has those of the other side.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::tables_meet(cx)),
    },
    Scenario {
        id: "part3-split-expired",
        problem: 3,
        title: "tables that meet do not revive an expired link",
        property: "Of two links of one code the later one stays, and an expired link stays expired.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::expired_link_stays_expired(cx)),
    },
    Scenario {
        id: "part3-silence",
        problem: 3,
        title: "tables are equal after a silence between two nodes",
        property: "Links that were lost in an unnoticed silence arrive over the new connection.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::tables_meet_after_silence(cx)),
    },
    Scenario {
        id: "part3-late",
        problem: 4,
        title: "a late node gets its table from its peers",
        property: "A late node follows every link without the store, and spares the store when it is there.",
        deadline: DEADLINE,
        run: |cx| Box::pin(newcomers::late_node_warms_up(cx)),
    },
    Scenario {
        id: "part3-restarted",
        problem: 4,
        title: "a restarted node gets its table from its peers",
        property: "A restarted node gets back the links that it knew, its own among them, without the store.",
        deadline: DEADLINE,
        run: |cx| Box::pin(newcomers::restarted_node_warms_up(cx)),
    },
    Scenario {
        id: "part3-peers-silent",
        problem: 4,
        title: "a late node whose peers are silent asks the store",
        property: "A node waits for its peers for a limited time, and then asks the store.",
        deadline: DEADLINE,
        run: |cx| Box::pin(newcomers::silent_peers_delay_no_look_up(cx)),
    },
    Scenario {
        id: "part3-refused",
        problem: 5,
        title: "without the store, a node follows the links in its table and answers 503 to everything else",
        property: "Without the store a node follows known links and answers 503 to the rest, and it recovers when the store is back.",
        deadline: DEADLINE,
        run: |cx| Box::pin(store_down::store_refuses(cx)),
    },
    Scenario {
        id: "part3-stalled",
        problem: 5,
        title: "a store that does not answer delays no request for long, and a retry gets the same code",
        property: "A client that got a 503 may retry: the same URL gets the same code, whether the first try happened or not.",
        deadline: DEADLINE,
        run: |cx| Box::pin(store_down::store_stalls(cx)),
    },
    Scenario {
        id: "part3-slow",
        problem: 5,
        title: "a slow store does not delay requests that do not need it",
        property: "A lookup that the table answers does not wait for lookups that need the store.",
        deadline: DEADLINE,
        run: |cx| Box::pin(store_down::store_is_slow(cx)),
    },
    Scenario {
        id: "part3-sweeps",
        problem: 6,
        title: "one node sweeps expired links from the store and from the tables",
        property: "An expired link leads nowhere, and one node in the cluster removes it.",
        deadline: DEADLINE,
        run: |cx| Box::pin(registry::one_node_sweeps(cx)),
    },
    Scenario {
        id: "part3-recreated",
        problem: 6,
        title: "a code that gets a new link during a sweep keeps the new link",
        property: "The sweeper removes the link that it found, and no later link of the same code.",
        deadline: DEADLINE,
        run: |cx| Box::pin(registry::new_link_survives_the_sweep(cx)),
    },
    Scenario {
        id: "part3-sweeper-dies",
        problem: 6,
        title: "when the sweeper crashes or its node dies, another sweeper takes over",
        property: "The name goes to another process when its owner is gone, and the sweeping continues.",
        deadline: DEADLINE,
        run: |cx| Box::pin(registry::another_takes_over(cx)),
    },
    Scenario {
        id: "part3-sweepers-split",
        problem: 6,
        title: "after a split one sweeper is left, and the loser stands by",
        property: "Each side of a split has a sweeper; after it there is one, and the others stand by.",
        deadline: DEADLINE,
        run: |cx| Box::pin(registry::one_is_left_after_a_split(cx)),
    },
];

const NOT_FOUND: &str = "a code without a link is 404";

/// Codes, and the URLs that they lead to.
type Links = BTreeMap<String, String>;

fn url(name: &str) -> String {
    format!("https://example.org/{name}")
}

/// So many names that differ in a number only: `butter-48-1`, `butter-48-2`.
fn numbered(name: &str, count: u64) -> impl Iterator<Item = String> + use<> {
    let name = name.to_owned();
    (1..=count).map(move |number| format!("{name}-{number}"))
}

/// The text of a link without an expiry, as it stands in the store.
fn in_store(url: &str) -> String {
    let link = Link {
        url: url.to_owned(),
        expires_at: None,
    };
    link.to_text()
}

fn code(text: &str) -> Code {
    text.parse().expect("scenarios use proper codes")
}

/// A failure that is made of a fact.
fn failed(cluster: &Cluster<'_>, fact: &Fact, expected: impl Into<String>) -> Failure {
    let failure = cluster.failed_at(fact.node(), fact.seen(), expected);
    failure.fact(fact)
}

/// A fact that may still change.
fn not_yet(fact: &Fact) -> Unmet {
    Unmet::at(fact.node(), fact.seen()).fact(fact)
}

/// Makes a request while nothing is wrong, again if it is answered 503.
async fn request(cluster: &Cluster<'_>, node: &str, request: &Request) -> Result<Answer, NoAnswer> {
    let begun = Instant::now();
    loop {
        let answer = cluster.request(node, request).await?;
        if answer.status != 503 || begun.elapsed() > RETRY_TIMEOUT {
            return Ok(answer);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Makes a request while nothing is wrong, which must be answered with a status.
async fn expect_status(
    cluster: &Cluster<'_>,
    node: &str,
    asked: &Request,
    status: u16,
    claim: &str,
) -> Result<Answer, Stop> {
    let answer = request(cluster, node, asked).await?;
    if answer.status == status {
        return Ok(answer);
    }
    Err(wrong_answer(cluster, node, asked, &answer, claim).into())
}

/// A failure: the node gave a wrong answer.
fn wrong_answer(
    cluster: &Cluster<'_>,
    node: &str,
    asked: &Request,
    answer: &Answer,
    claim: impl Into<String>,
) -> Failure {
    let (asked, answer) = (asked.in_words(), answer.in_words());
    let seen = format!("{node} answered `{asked}` with {answer}");
    cluster.failed_at(node, seen, claim)
}

/// Creates a link while nothing is wrong, and gives its code.
async fn create(cluster: &Cluster<'_>, node: &str, url: &str) -> Result<String, Stop> {
    create_with(cluster, node, url, &[]).await
}

/// Creates a link with a code or a time to live.
async fn create_with(
    cluster: &Cluster<'_>,
    node: &str,
    url: &str,
    more: &[(&str, &str)],
) -> Result<String, Stop> {
    let fields: Vec<(&str, &str)> = [("url", url)]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    let request = Request::form("/", &fields);
    let claim = "a link is created: 201, with its code in the body and in `Location`";
    let answer = expect_status(cluster, node, &request, 201, claim).await?;
    code_of(cluster, node, &answer)
}

/// The code in a 201.
fn code_of(cluster: &Cluster<'_>, node: &str, answer: &Answer) -> Result<String, Stop> {
    let code = answer.line();
    let location = answer.location.as_deref().unwrap_or("nothing");
    if code.parse::<Code>().is_ok() && location == format!("/{code}") {
        return Ok(code.to_owned());
    }
    Err(cluster
        .failed_at(
            node,
            format!("{node} answered 201 with the code `{code}`, and {location} in `Location`"),
            "a 201 has the new code in its body, and /CODE in `Location`",
        )
        .into())
}

/// Creates links for some names side by side, and adds them to `links`.
async fn create_all(
    cluster: &Cluster<'_>,
    node: &str,
    names: impl IntoIterator<Item = String>,
    links: &mut Links,
) -> Told {
    let made = stream::iter(names)
        .map(|name| async move {
            let url = url(&name);
            Ok::<_, Stop>((create(cluster, node, &url).await?, url))
        })
        .buffer_unordered(CONCURRENCY)
        .collect::<Vec<_>>()
        .await;
    for made in made {
        let (code, url) = made?;
        links.insert(code, url);
    }
    Ok(())
}

/// Whether an answer redirects a visitor to a URL.
fn is_redirect_to(answer: &Answer, url: &str) -> bool {
    answer.status == 302 && answer.location.as_deref() == Some(url)
}

/// Follows a link while nothing is wrong; it must lead to its URL.
async fn follow(cluster: &Cluster<'_>, node: &str, code: &str, url: &str, claim: &str) -> Told {
    let answer = request(cluster, node, &Request::get(format!("/{code}"))).await?;
    expect_redirect(cluster, node, code, &answer, url, claim)
}

fn expect_redirect(
    cluster: &Cluster<'_>,
    node: &str,
    code: &str,
    answer: &Answer,
    url: &str,
    claim: &str,
) -> Told {
    if is_redirect_to(answer, url) {
        return Ok(());
    }
    let asked = Request::get(format!("/{code}"));
    let claim = format!("{claim} (wanted: 302 {url})");
    Err(wrong_answer(cluster, node, &asked, answer, claim).into())
}

/// Follows links on a node, some at a time.
async fn follow_all(cluster: &Cluster<'_>, node: &str, links: &Links, claim: &str) -> Told {
    follow_side_by_side(cluster, node, links, claim, CONCURRENCY).await
}

/// Follows links on a node, so many at a time.
async fn follow_side_by_side(
    cluster: &Cluster<'_>,
    node: &str,
    links: &Links,
    claim: &str,
    concurrency: usize,
) -> Told {
    let followed = stream::iter(links)
        .map(|(code, url)| follow(cluster, node, code, url, claim))
        .buffer_unordered(concurrency)
        .collect::<Vec<_>>()
        .await;
    followed.into_iter().collect()
}

/// Waits until a link leads to its URL. Until then the node may not know it, or answer 503.
async fn follow_eventually(
    cluster: &Cluster<'_>,
    node: &str,
    code: &str,
    url: &str,
    timeout: Duration,
    claim: &str,
) -> Told {
    let look = async || {
        let answer = cluster.get(node, &format!("/{code}")).await?;
        if is_redirect_to(&answer, url) {
            return Ok(());
        }
        let answer = answer.in_words();
        Err(Unmet::at(
            node,
            format!("{node} answers `GET /{code}` with {answer}"),
        ))
    };
    let expected = format!("{claim} (wanted: 302 {url})");
    cluster.eventually(timeout, expected, look).await
}

/// The commands of a node since a mark that mention one of these codes, as a key or otherwise.
fn commands_about(cluster: &Cluster<'_>, node: &str, mark: u64, codes: &[&str]) -> Commands {
    let mentions = |text: &String| codes.iter().any(|code| text.contains(code));
    let commands = cluster.store_commands(mark).by(node);
    commands.filter(|command| command.key.iter().chain(&command.args).any(mentions))
}

/// The link in a node's table for a code.
async fn peek(cluster: &Cluster<'_>, node: &str, of: &str) -> Result<Option<Link>, Unanswered> {
    let code = code(of);
    cluster
        .call(node, &CACHE, |reply| CacheMsg::Peek(code, reply))
        .await
}

/// How many entries a node's table has.
async fn size(cluster: &Cluster<'_>, node: &str) -> Result<usize, Unanswered> {
    cluster.call(node, &CACHE, CacheMsg::Size).await
}

/// Waits until the tables of nodes have links. Nothing is looked up.
async fn tables_have(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    links: &Links,
    timeout: Duration,
    claim: &str,
) -> Told {
    // A link that was seen once is not peeked at again.
    let mut missing: Vec<(&str, &String, &String)> = nodes
        .iter()
        .flat_map(|node| links.iter().map(|(code, url)| (*node, code, url)))
        .collect();
    let all = links.len();
    let (lacked, answered) = (Cell::new(false), Cell::new(Instant::now()));
    let look = async || {
        lacked.set(false);
        while !missing.is_empty() {
            let from = missing.len().saturating_sub(CONCURRENCY);
            let peeks = missing[from..]
                .iter()
                .map(|(node, code, _)| peek(cluster, node, code));
            for known in join_all(peeks).await.into_iter().rev() {
                let known = known?;
                answered.set(Instant::now());
                let Some((node, code, url)) = missing.pop() else {
                    break;
                };
                if !matches!(&known, Some(link) if link.url == *url) {
                    missing.push((node, code, url));
                    lacked.set(true);
                    return Err(not_yet(&Fact::TableLacks {
                        node: node.to_owned(),
                        code: code.clone(),
                        instead: known.map(|link| link.url),
                        lacking: missing.iter().filter(|(at, ..)| *at == node).count(),
                        of: all,
                    }));
                }
            }
        }
        Ok(())
    };
    let expected = match links.iter().next() {
        Some((code, url)) if all == 1 => format!("{claim} (wanted for {code}: {url})"),
        _ => claim.to_owned(),
    };
    let waited = cluster.eventually(timeout, expected, look).await;
    // Every link that was looked at was there, and the node still answers: only the checker is late.
    let is_answering = answered.get().elapsed() < Duration::from_secs(2);
    let failed = waited.as_ref().is_err_and(Stop::is_failure);
    if failed && !lacked.get() && is_answering {
        return Err(Stop::inconclusive(
            "The machine was too slow to look at all links in time; those that were looked at were there.",
        ));
    }
    waited
}

/// A node has heard of links from other nodes since a moment.
fn was_told(cluster: &Cluster<'_>, node: &str, links: &Links, since: Mark) -> Told {
    let codes: Vec<&str> = links.keys().map(String::as_str).collect();
    cluster.was_told(node, since, &codes, |code| format!("knows the link {code}"))
}

/// The link in the store for a code, past all faults.
async fn stored(cluster: &Cluster<'_>, code: &str) -> Result<Option<Link>, Stop> {
    let text = cluster.store_get(&format!("link:{code}")).await?;
    Ok(text.as_deref().and_then(Link::from_text))
}

const WHY_STORE_FIRST: &str = "A 201 is a promise. A link that is only in the memory of one node is gone when that node \
                               is gone.";

/// The link in the store of a creation that was answered 201.
async fn expect_stored(
    cluster: &Cluster<'_>,
    node: &str,
    code: &str,
    url: &str,
) -> Result<Link, Stop> {
    let has = match stored(cluster, code).await? {
        Some(link) if link.url == url => return Ok(link),
        other => other.map_or("nothing".to_owned(), |link| link.url),
    };
    let failure = cluster.failed_at(
        node,
        format!("{node} answered 201 with the code {code}, and the store has {has} under it"),
        format!("a 201 comes when the store has the link, and not before (wanted: {url})"),
    );
    Err(failure.because(WHY_STORE_FIRST).into())
}

/// Waits until a link has expired.
async fn await_expiry(link: &Link) {
    while !link.is_expired(shortener::now()) {
        let left = link
            .expires_at
            .map_or(0, |end| end.saturating_sub(shortener::now()));
        sleep(Duration::from_millis(left.clamp(1, 100))).await;
    }
}

/// The middle one of several times.
fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
