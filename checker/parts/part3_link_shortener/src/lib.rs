//! Part 3, a link shortener: its scenarios.
//!
//! Links are created and followed by HTTP, as anybody would. A look-up fills tables, so whoever
//! wants to know what replication has brought must not look up: the store is refused to a node
//! before its first look-up, or its table is peeked at through the manager. What a table knows is
//! peeked at first and followed then, so that a program that does not know yet what to answer
//! when the store is down is not asked for it before that is the subject.

mod cache;
mod diagnosis;
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

use messages::{CACHE, CacheMsg};
use testkit::cluster::{Answer, Cluster, Mark, NoAnswer, Request, Unanswered, Unmet};
use testkit::part::Part;
use testkit::scenario::{DEADLINE, Scenario, Stop, Told};

/// What follows from something that has happened already comes within this time.
const SOON: Duration = Duration::from_secs(5);

/// For how long an undisturbed request that is answered 503 is made again: a busy machine may
/// keep the store's answer for longer than a node waits for it.
const PATIENT: Duration = Duration::from_secs(4);

/// How many requests are under way at once where there are many.
const AT_ONCE: usize = 8;

/// All that the checker knows of this part.
pub fn part() -> Part {
    Part::read(
        include_str!("../part.toml"),
        include_str!("../hints.md"),
        SCENARIOS,
        diagnosis::MISTAKES,
    )
}

/// The scenarios of part 3, in the order of its problems.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "part3-service",
        problem: 1,
        title: "every node creates links and follows them, and a code is one URL's",
        property: "A URL has one code, whichever node is asked, and a code leads to one URL.",
        deadline: DEADLINE,
        run: |cx| Box::pin(service::serves(cx)),
    },
    Scenario {
        id: "part3-hits",
        problem: 1,
        title: "what was looked up or created once does not cost the store anything",
        property: "What is in the table is answered without the store, and so much faster:",
        deadline: DEADLINE,
        run: |cx| Box::pin(latency::hits_ask_nobody(cx)),
    },
    Scenario {
        id: "part3-unknown",
        problem: 1,
        title: "a hundred look-ups of one unknown code are five at most for the store",
        property: "Also what does not exist is remembered, for a moment: a crowd costs the store next to nothing.",
        deadline: DEADLINE,
        run: |cx| Box::pin(cache::unknown_code_is_asked_for_rarely(cx)),
    },
    Scenario {
        id: "part3-cap",
        problem: 1,
        title: "a table has at most 1000 entries",
        property: "A table stays small, whoever asks for whatever, and what had to go is found in the store.",
        deadline: DEADLINE,
        run: |cx| Box::pin(cache::table_stays_small(cx)),
    },
    Scenario {
        id: "part3-replicates",
        problem: 2,
        title: "a link created on one node is in the tables of all",
        property: "A link that is created on one node is followed on any, without the store.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::link_is_in_all_tables(cx)),
    },
    Scenario {
        id: "part3-store-first",
        problem: 2,
        title: "nobody knows a link before the store has it",
        property: "The store comes first: a 201 is a promise, and nobody leads where the store does not.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::store_comes_first(cx)),
    },
    Scenario {
        id: "part3-paused",
        problem: 2,
        title: "a paused node delays no creation, and learns of it when it wakes up",
        property: "To tell the others takes no time of him who creates, even if one of them is paused.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::paused_node_delays_nobody(cx)),
    },
    Scenario {
        id: "part3-joins-again",
        problem: 2,
        title: "a cache that crashed and a node that joined late hear of new links",
        property: "Whoever joins, for the first time or again, hears of what is created from then on.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::who_joins_is_told(cx)),
    },
    Scenario {
        id: "part3-old-nothing",
        problem: 2,
        title: "a late answer that there is no such link does not hide a new link",
        property: "Nothing never takes the place of something: old news does not hide a new link.",
        deadline: DEADLINE,
        run: |cx| Box::pin(replication::late_nothing_hides_no_link(cx)),
    },
    Scenario {
        id: "part3-split",
        problem: 3,
        title: "both sides of a split go on, and after it their tables meet",
        property: "Both sides of a split create and follow links, and after it each table has those of the other side.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::tables_meet(cx)),
    },
    Scenario {
        id: "part3-split-expired",
        problem: 3,
        title: "tables that meet do not revive an expired link",
        property: "Of two links of one code the later one stays, and an expired one stays dead.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::expired_link_stays_dead(cx)),
    },
    Scenario {
        id: "part3-silence",
        problem: 3,
        title: "after a silence between two nodes their tables meet",
        property: "What got lost in a silence that nobody noticed is made good when the link is new.",
        deadline: DEADLINE,
        run: |cx| Box::pin(netsplit::tables_meet_after_silence(cx)),
    },
    Scenario {
        id: "part3-late",
        problem: 4,
        title: "a late node gets its table from its peers",
        property: "A late node follows every link without the store, and spares it when it is there.",
        deadline: DEADLINE,
        run: |cx| Box::pin(newcomers::late_node_warms_up(cx)),
    },
    Scenario {
        id: "part3-restarted",
        problem: 4,
        title: "a restarted node gets its table from its peers",
        property: "A restarted node gets back what it knew, its own links too, without the store.",
        deadline: DEADLINE,
        run: |cx| Box::pin(newcomers::restarted_node_warms_up(cx)),
    },
    Scenario {
        id: "part3-peers-silent",
        problem: 4,
        title: "a late node whose peers are silent asks the store",
        property: "Nobody waits for his peers for long: there is still the store.",
        deadline: DEADLINE,
        run: |cx| Box::pin(newcomers::peers_are_silent(cx)),
    },
    Scenario {
        id: "part3-refused",
        problem: 5,
        title: "without the store, what is in the table is followed, and all else is 503",
        property: "Without the store known links are followed, the rest is 503, and all goes on when it is back.",
        deadline: DEADLINE,
        run: |cx| Box::pin(store_down::store_refuses(cx)),
    },
    Scenario {
        id: "part3-stalled",
        problem: 5,
        title: "a store that does not answer delays nobody for long, and a retry leads to the same code",
        property: "Whoever got a 503 may ask again: the same URL gets the same code, whatever had happened.",
        deadline: DEADLINE,
        run: |cx| Box::pin(store_down::store_stands_still(cx)),
    },
    Scenario {
        id: "part3-slow",
        problem: 5,
        title: "a slow store does not delay who does not need it",
        property: "Who asks for what is in the table does not wait for those who have to ask the store.",
        deadline: DEADLINE,
        run: |cx| Box::pin(store_down::store_is_slow(cx)),
    },
    Scenario {
        id: "part3-sweeps",
        problem: 6,
        title: "one node sweeps expired links from the store and from the tables",
        property: "What is expired leads nowhere, and one node in the cluster removes it.",
        deadline: DEADLINE,
        run: |cx| Box::pin(registry::one_node_sweeps(cx)),
    },
    Scenario {
        id: "part3-sweeper-dies",
        problem: 6,
        title: "when the sweeper crashes or its node dies, another takes over",
        property: "The name goes to another process when its owner is gone, and the work goes on.",
        deadline: DEADLINE,
        run: |cx| Box::pin(registry::another_takes_over(cx)),
    },
    Scenario {
        id: "part3-sweepers-split",
        problem: 6,
        title: "after a split one sweeper is left, and the loser stands by",
        property: "Each side of a split has a sweeper; afterwards there is one, and the others stand by.",
        deadline: DEADLINE,
        run: |cx| Box::pin(registry::one_is_left_after_a_split(cx)),
    },
];

const NOWHERE: &str = "a code that leads nowhere is 404";

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

/// How a link stands in the store that never ends.
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

/// Makes a request while nothing is wrong, again if it is answered 503.
async fn undisturbed(
    cluster: &Cluster<'_>,
    node: &str,
    request: &Request,
) -> Result<Answer, NoAnswer> {
    let begun = Instant::now();
    loop {
        let answer = cluster.request(node, request).await?;
        if answer.status != 503 || begun.elapsed() > PATIENT {
            return Ok(answer);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Makes a request while nothing is wrong that is to be answered with a status.
async fn is_answered(
    cluster: &Cluster<'_>,
    node: &str,
    request: &Request,
    status: u16,
    claim: &str,
) -> Result<Answer, Stop> {
    let answer = undisturbed(cluster, node, request).await?;
    if answer.status == status {
        return Ok(answer);
    }
    let (said, asked) = (answer.in_words(), request.in_words());
    Err(cluster
        .failed_at(
            node,
            format!("{node} answered `{asked}` with {said}"),
            claim,
        )
        .into())
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
    let answer = is_answered(cluster, node, &request, 201, claim).await?;
    code_of(cluster, node, &answer)
}

/// The code that a 201 tells.
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

/// Creates links for some names side by side, and adds them to those that are there.
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
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    for made in made {
        let (code, url) = made?;
        links.insert(code, url);
    }
    Ok(())
}

/// Whether an answer sends a visitor to a URL.
fn leads_to(answer: &Answer, url: &str) -> bool {
    answer.status == 302 && answer.location.as_deref() == Some(url)
}

/// Follows a link, which has to lead where it should.
async fn leads(cluster: &Cluster<'_>, node: &str, code: &str, url: &str, claim: &str) -> Told {
    let answer = undisturbed(cluster, node, &Request::get(format!("/{code}"))).await?;
    led(cluster, node, code, &answer, url, claim)
}

fn led(
    cluster: &Cluster<'_>,
    node: &str,
    code: &str,
    answer: &Answer,
    url: &str,
    claim: &str,
) -> Told {
    if leads_to(answer, url) {
        return Ok(());
    }
    Err(cluster
        .failed_at(
            node,
            format!("{node} answered `GET /{code}` with {}", answer.in_words()),
            format!("{claim} (wanted: 302 {url})"),
        )
        .into())
}

/// Follows links on a node, some at a time.
async fn all_lead(cluster: &Cluster<'_>, node: &str, links: &Links, claim: &str) -> Told {
    follow(cluster, node, links, claim, AT_ONCE).await
}

/// Follows links on a node, so many at a time.
async fn follow(
    cluster: &Cluster<'_>,
    node: &str,
    links: &Links,
    claim: &str,
    at_once: usize,
) -> Told {
    let followed = stream::iter(links)
        .map(|(code, url)| leads(cluster, node, code, url, claim))
        .buffer_unordered(at_once)
        .collect::<Vec<_>>()
        .await;
    followed.into_iter().collect()
}

/// Waits until a link leads where it should. On the way, a node may not know it yet, or not know
/// whether there is one.
async fn leads_soon(
    cluster: &Cluster<'_>,
    node: &str,
    code: &str,
    url: &str,
    within: Duration,
    claim: &str,
) -> Told {
    let look = async || {
        let answer = cluster.get(node, &format!("/{code}")).await?;
        if leads_to(&answer, url) {
            return Ok(());
        }
        Err(Unmet::at(
            node,
            format!("{node} answers `GET /{code}` with {}", answer.in_words()),
        ))
    };
    let expected = format!("{claim} (wanted: 302 {url})");
    cluster.eventually(within, expected, look).await
}

/// The link that a node's table has for a code.
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
    within: Duration,
    claim: &str,
) -> Told {
    // What was seen once is not peeked at again.
    let mut missing: Vec<(&str, &String, &String)> = nodes
        .iter()
        .flat_map(|node| links.iter().map(|(code, url)| (*node, code, url)))
        .collect();
    let all = links.len();
    let (lacked, answered) = (Cell::new(false), Cell::new(Instant::now()));
    let look = async || {
        lacked.set(false);
        while !missing.is_empty() {
            let from = missing.len().saturating_sub(AT_ONCE);
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
                    let lacks = missing.iter().filter(|(at, ..)| *at == node).count();
                    let instead = known.map_or("no link".to_owned(), |link| link.url);
                    let rest = match lacks {
                        1 => String::new(),
                        _ => format!(" ({lacks} of {all} links were not found there yet)"),
                    };
                    return Err(Unmet::at(
                        node,
                        format!("{node}'s table has {instead} for {code}{rest}"),
                    ));
                }
            }
        }
        Ok(())
    };
    let expected = match links.iter().next() {
        Some((code, url)) if all == 1 => format!("{claim} (wanted for {code}: {url})"),
        _ => claim.to_owned(),
    };
    let waited = cluster.eventually(within, expected, look).await;
    // All that could be seen in this time was right, and more is coming: nobody is late but us.
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

/// What the store has under a code, past all faults.
async fn stored(cluster: &Cluster<'_>, code: &str) -> Result<Option<Link>, Stop> {
    let text = cluster.store_get(&format!("link:{code}")).await?;
    Ok(text.as_deref().and_then(Link::from_text))
}

/// A link that was answered 201, as the store has it.
async fn is_stored(cluster: &Cluster<'_>, node: &str, code: &str, url: &str) -> Result<Link, Stop> {
    match stored(cluster, code).await? {
        Some(link) if link.url == url => Ok(link),
        other => {
            let has = match other {
                None => "nothing".to_owned(),
                Some(link) => link.url,
            };
            Err(cluster
                .failed_at(
                    node,
                    format!(
                        "{node} answered 201 with the code {code}, and the store has {has} under it"
                    ),
                    format!(
                        "a 201 comes when the store has the link, and not before (wanted: {url})"
                    ),
                )
                .because(
                    "A 201 is a promise. What is only in the memory of a node is gone with it.",
                )
                .into())
        }
    }
}

/// Waits until a link has expired.
async fn expires(link: &Link) {
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
