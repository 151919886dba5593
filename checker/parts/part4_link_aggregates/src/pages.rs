//! Web pages, their short links, and requests about them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ciborium::Value;
use futures_util::StreamExt;
use runtime::net::faults::FrameSeen;
use runtime::{CallError, NodeName};
use shortener::{Code, Link};

use super::CLAIM_TIMEOUT;
use super::fact::Fact;
use super::messages::{
    CACHE, COUNTERS, CacheMsg, CountersMsg, Evaluated, RING, RingMsg, RingState,
};
use testkit::cluster::{Answer, Cluster, Mark, Request, Unmet};
use testkit::scenario::{Stop, Told};

/// Why views do not belong in the store.
pub(super) const WHY_NOT_THE_STORE: &str = "A store that counts views gets a command for each view, and no node learns of views while the store is unreachable. Each node counts its own views, and the nodes send them to each other.";

/// A page, and the code of its short link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) url: String,
    pub(super) code: Code,
}

impl Page {
    /// The page with this number on a site, with the first code that its URL may get. No URL is a
    /// prefix of another, so that a search for it is exact.
    pub(super) fn number(site: &str, number: usize) -> Page {
        let url = format!("https://example.org/{site}/{number}.html");
        let code = Code::candidates(&url).swap_remove(0);
        Page { url, code }
    }

    /// This number of pages of a site.
    pub(super) fn of(site: &str, count: usize) -> Vec<Page> {
        (1..=count)
            .map(|number| Page::number(site, number))
            .collect()
    }

    /// The page with this number on a site, with a code that a client chooses.
    pub(super) fn called(site: &str, number: usize) -> Page {
        Page {
            url: format!("https://example.org/{site}/{number}.html"),
            code: format!("{site}-{number:04}")
                .parse()
                .expect("scenarios choose proper codes"),
        }
    }

    /// `/abc`.
    pub(super) fn path(&self) -> String {
        format!("/{}", self.code)
    }

    /// The key of its link in the store.
    pub(super) fn key(&self) -> String {
        format!("link:{}", self.code)
    }

    /// The fact that a node shows a wrong number of its views.
    pub(super) fn views(&self, node: &str, shown: u64, wanted: u64) -> Fact {
        Fact::Views {
            node: node.to_owned(),
            code: self.code.to_string(),
            shown,
            wanted,
        }
    }

    /// Its link, which never expires.
    pub(super) fn link(&self) -> Link {
        Link {
            url: self.url.clone(),
            expires_at: None,
        }
    }
}

/// Pages by the owners of their codes. Each page can be taken once.
#[derive(Debug)]
pub(super) struct Pages {
    /// The node whose ring names the owners.
    by: String,
    owned: BTreeMap<String, VecDeque<Page>>,
}

impl Pages {
    /// This number of pages of a site, by their owners on a node's ring.
    pub(super) async fn deal(
        cluster: &Cluster<'_>,
        node: &str,
        site: &str,
        count: usize,
    ) -> Result<Pages, Stop> {
        Pages::sorted(cluster, node, Page::of(site, count)).await
    }

    /// These pages, by their owners on a node's ring.
    pub(super) async fn sorted(
        cluster: &Cluster<'_>,
        node: &str,
        pages: Vec<Page>,
    ) -> Result<Pages, Stop> {
        let owners = owners(cluster, node, &pages).await?;
        let mut owned: BTreeMap<String, VecDeque<Page>> = BTreeMap::new();
        for (page, owner) in pages.into_iter().zip(owners) {
            owned.entry(owner).or_default().push_back(page);
        }
        let by = node.to_owned();
        Ok(Pages { by, owned })
    }

    /// The next page that a node owns.
    pub(super) fn take(&mut self, cluster: &Cluster<'_>, owner: &str) -> Result<Page, Stop> {
        let next = self.owned.get_mut(owner).and_then(VecDeque::pop_front);
        next.ok_or_else(|| {
            cluster
                .failed_at(
                    &self.by,
                    format!("{}'s ring gives {owner} hardly any of the codes", self.by),
                    "each member owns its share of the codes",
                )
                .because("A node that owns no codes leaves its work to the others.")
                .into()
        })
    }

    /// All pages that are left. Those that a node owns come first.
    pub(super) fn all_from(mut self, owner: &str) -> Vec<Page> {
        let mut all: Vec<Page> = self.owned.remove(owner).into_iter().flatten().collect();
        all.extend(self.owned.into_values().flatten());
        all
    }
}

/// The owners of pages on a node's ring.
pub(super) async fn owners(
    cluster: &Cluster<'_>,
    node: &str,
    pages: &[Page],
) -> Result<Vec<String>, Stop> {
    let codes = codes(pages);
    let answer = cluster
        .call(node, &RING, |reply| RingMsg::Owners(codes, reply))
        .await?;
    named(cluster, node, "", answer, pages.len())
}

/// The owners of pages on a ring of other members, independent of the cluster.
pub(super) async fn owners_among(
    cluster: &Cluster<'_>,
    node: &str,
    members: &[NodeName],
    pages: &[Page],
) -> Result<Vec<String>, Stop> {
    let (members, codes) = (members.to_vec(), codes(pages));
    let answer = cluster
        .call(node, &RING, |reply| RingMsg::Try(members, codes, reply))
        .await?;
    named(cluster, node, ", in a try,", answer, pages.len())
}

fn codes(pages: &[Page]) -> Vec<Code> {
    pages.iter().map(|page| page.code.clone()).collect()
}

fn named(
    cluster: &Cluster<'_>,
    node: &str,
    in_a_try: &str,
    answer: Vec<Option<NodeName>>,
    wanted: usize,
) -> Result<Vec<String>, Stop> {
    let expected = "each code has exactly one owner, as long as there are members";
    if answer.len() != wanted {
        let seen = format!(
            "{node}'s ring{in_a_try} named {} owners for {wanted} codes",
            answer.len()
        );
        return Err(cluster.failed_at(node, seen, expected).into());
    }
    let name = |owner: NodeName| match cluster.name(owner.short()) == owner {
        true => owner.short().to_owned(),
        // A member of a try may be on a host of its own.
        false => owner.to_string(),
    };
    let names: Option<Vec<String>> = answer.into_iter().map(|owner| Some(name(owner?))).collect();
    names.ok_or_else(|| {
        let seen = format!("{node}'s ring{in_a_try} named no owner for a code");
        cluster.failed_at(node, seen, expected).into()
    })
}

/// What a node knows of the ring.
pub(super) async fn ring(
    cluster: &Cluster<'_>,
    node: &str,
) -> Result<RingState, testkit::cluster::Unanswered> {
    cluster.call(node, &RING, RingMsg::State).await
}

/// The members of a ring, as words.
pub(super) fn members_in_words(state: &RingState) -> String {
    let names: Vec<&str> = state.members.iter().map(NodeName::short).collect();
    match &names[..] {
        [] => "no members".to_owned(),
        names => names.join(", "),
    }
}

/// Waits until the rings of some nodes have exactly these members.
pub(super) async fn rings_are(cluster: &Cluster<'_>, nodes: &[&str], members: &[&str]) -> Told {
    let wanted = match members {
        [] => "no members".to_owned(),
        members => members.join(", "),
    };
    let claim = format!("the ring of each node has the members that the store lists ({wanted})");
    cluster
        .eventually(CLAIM_TIMEOUT, claim, async || {
            for node in nodes {
                let state = ring(cluster, node).await?;
                if state
                    .members
                    .iter()
                    .map(NodeName::short)
                    .ne(members.iter().copied())
                {
                    let seen = format!("{node}'s ring has {}", members_in_words(&state));
                    return Err(Unmet::at(node, seen));
                }
            }
            Ok(())
        })
        .await
}

/// The key of a member in the store.
pub(super) fn member(node: &str) -> String {
    format!("member:{node}@127.0.0.1")
}

/// Creates a link while all nodes are reachable. Returns the number of attempts: on a busy machine
/// an owner may answer too late.
pub(super) async fn create(cluster: &Cluster<'_>, node: &str, page: &Page) -> Result<usize, Stop> {
    let mut tries = 0;
    let expected = format!("{node} creates a short link to {}", page.url);
    cluster
        .eventually(CLAIM_TIMEOUT, expected.clone(), async || {
            tries += 1;
            let answer = cluster.post_form(node, &[("url", &page.url)]).await?;
            let seen = format!("{node} answered {}", answer.in_words());
            match answer.status {
                201 if answer.line() == page.code.as_str() => Ok(()),
                503 => Err(Unmet::at(node, seen)),
                _ => {
                    let expected = format!("{expected}, with the code {}", page.code);
                    Err(Unmet::Never(cluster.failed_at(node, seen, expected).into()))
                }
            }
        })
        .await?;
    Ok(tries)
}

/// Puts a link into the store, without a node.
pub(super) async fn put(cluster: &Cluster<'_>, page: &Page) -> Told {
    cluster.store_set(&page.key(), &page.link().to_text()).await
}

/// Looks a link up while all nodes are reachable. It uses `HEAD`, which is no view.
pub(super) async fn leads(cluster: &Cluster<'_>, node: &str, page: &Page) -> Told {
    asked(cluster, node, page, "HEAD").await
}

/// Views a link this number of times while all nodes are reachable.
pub(super) async fn view(cluster: &Cluster<'_>, node: &str, page: &Page, times: u64) -> Told {
    for _ in 0..times {
        asked(cluster, node, page, "GET").await?;
    }
    Ok(())
}

/// Views links on a node, many at the same time.
pub(super) async fn view_at_once<'p>(
    cluster: &Cluster<'_>,
    node: &str,
    pages: impl IntoIterator<Item = &'p Page>,
) -> Told {
    at_once(32, pages, async |page| view(cluster, node, page, 1).await).await
}

/// Asks for a page, and again after each 503, which is no view.
async fn asked(cluster: &Cluster<'_>, node: &str, page: &Page, method: &'static str) -> Told {
    let request = Request::new(method, page.path());
    let expected = format!("{node} redirects to {}", page.url);
    cluster
        .eventually(CLAIM_TIMEOUT, expected.clone(), async || {
            // Without an answer, nobody knows whether this was a view.
            let answer = cluster.request(node, &request).await.map_err(Stop::from)?;
            match answer.status {
                302 if answer.location.as_deref() == Some(&page.url) => Ok(()),
                503 => {
                    let seen = format!("{node} answered {}", answer.in_words());
                    Err(Unmet::at(node, seen))
                }
                _ => Err(Unmet::Never(wrong_page(cluster, node, page, &answer))),
            }
        })
        .await
}

/// The failure of a lookup that led to another page, or to none.
pub(super) fn wrong_page(cluster: &Cluster<'_>, node: &str, page: &Page, answer: &Answer) -> Stop {
    let seen = format!(
        "{node}, asked for {}, answered {}",
        page.path(),
        answer.in_words()
    );
    cluster
        .failed_at(
            node,
            seen,
            format!("302, and {} leads to {}", page.path(), page.url),
        )
        .because("A short link must lead to its page, whichever node gets the request.")
        .into()
}

/// Keeps the counters of nodes busy for some time, and proves it for the first node.
pub(super) async fn keep_busy(cluster: &Cluster<'_>, nodes: &[&str], held: Duration) -> Told {
    for node in nodes {
        let hold = CountersMsg::Hold(held.as_millis() as u64);
        cluster.cast(node, &COUNTERS, hold).await?;
    }
    // The mailbox keeps the order: no answer means that the counters are busy.
    let soon = Duration::from_millis(100);
    let ask = |reply| CountersMsg::Evaluate(Vec::new(), reply);
    let busy = cluster
        .call_within::<_, Evaluated>(soon, nodes[0], &COUNTERS, ask)
        .await;
    match busy {
        Err(unanswered) if matches!(unanswered.error, CallError::Timeout(_)) => Ok(()),
        Err(unanswered) => Err(unanswered.into()),
        Ok(_) => Err(Stop::inconclusive(format!(
            "{}'s counters answered, although the checker kept them busy.",
            nodes[0]
        ))),
    }
}

/// Does some work for each item, for `width` items at a time, until one fails.
pub(super) async fn at_once<T>(
    width: usize,
    each: impl IntoIterator<Item = T>,
    work: impl AsyncFn(T) -> Told,
) -> Told {
    let work = &work;
    let mut running = futures_util::stream::iter(each)
        .map(|item| work(item))
        .buffer_unordered(width);
    while let Some(told) = running.next().await {
        told?;
    }
    Ok(())
}

/// The link that a node's table has for a page.
pub(super) async fn peek(
    cluster: &Cluster<'_>,
    node: &str,
    page: &Page,
) -> Result<Option<Link>, Stop> {
    let code = page.code.clone();
    Ok(cluster
        .call(node, &CACHE, |reply| CacheMsg::Peek(code, reply))
        .await?)
}

/// What a node shows of the use of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) redirects: u64,
    pub(super) visitors: Option<u64>,
}

/// Asks a node for the aggregates of a link.
pub(super) async fn shows(cluster: &Cluster<'_>, node: &str, code: &Code) -> Result<Shown, Unmet> {
    let path = format!("/{code}/aggregates");
    let answer = cluster.get(node, &path).await?;
    read(&answer).ok_or_else(|| {
        let seen = format!("{node}, asked for {path}, answered {}", answer.in_words());
        match answer.status {
            200 => Unmet::Never(
                cluster
                    .failed_at(node, seen, "200 and `Redirects: n`, with a number n")
                    .into(),
            ),
            _ => Unmet::at(node, seen),
        }
    })
}

fn read(answer: &Answer) -> Option<Shown> {
    let number = |name: &str| {
        let mut lines = answer.body.lines();
        lines.find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    (answer.status == 200).then_some(())?;
    Some(Shown {
        redirects: number("Redirects:")?,
        visitors: number("Visitors:"),
    })
}

/// Waits until nodes show this number of views of a page.
pub(super) async fn all_show(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    page: &Page,
    views: u64,
    claim: &str,
) -> Told {
    let claim = format!(
        "{claim} (wanted on {}: Redirects: {views})",
        nodes.join(", ")
    );
    cluster
        .eventually(CLAIM_TIMEOUT, claim, async || {
            for node in nodes {
                let seen = shows(cluster, node, &page.code).await?.redirects;
                if seen != views {
                    let fact = page.views(node, seen, views);
                    return Err(
                        Unmet::at(node, format!("{node} shows Redirects: {seen}")).fact(&fact)
                    );
                }
            }
            Ok(())
        })
        .await
}

/// Waits until no message is in flight, and then until nodes show this number of views of a page.
pub(super) async fn still_show(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    page: &Page,
    views: u64,
    claim: &str,
) -> Told {
    cluster.quiesce().await?;
    all_show(cluster, nodes, page, views, claim).await
}

/// Checks that messages of other nodes, and not the store, have brought nodes the views of links
/// since a mark.
pub(super) fn were_told<'p>(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    of: impl IntoIterator<Item = &'p Page>,
    since: Mark,
) -> Told {
    store_holds_links(cluster)?;
    let codes: Vec<&str> = of.into_iter().map(|page| page.code.as_str()).collect();
    nodes.iter().try_for_each(|node| {
        let knows = |code: &str| format!("shows views of /{code} on other nodes");
        cluster.was_told(node, since, &codes, knows)
    })
}

/// Whether a key of the store belongs to a link or to a member.
pub(super) fn is_given(key: &str) -> bool {
    const KINDS: [&str; 3] = ["link:", "due:", "member:"];
    KINDS.iter().any(|kind| key.starts_with(kind))
}

/// Checks that the nodes have used only the keys of links and of members.
fn store_holds_links(cluster: &Cluster<'_>) -> Told {
    let commands = cluster.store_commands(0);
    let mut keys = commands
        .iter()
        .filter_map(|command| Some((command, command.key.as_deref()?)));
    match keys.find(|(_, key)| !is_given(key)) {
        None => Ok(()),
        Some((command, key)) => Err(cluster
            .failed_at(
                &command.node,
                format!(
                    "{} used the key {key} of the store ({})",
                    command.node, command.name
                ),
                "the store holds links and members only: nodes send each other views",
            )
            .because(WHY_NOT_THE_STORE)
            .into()),
    }
}

/// Checks that nodes which are cut off show no more views of a page than they can know.
pub(super) async fn show_no_more(
    cluster: &Cluster<'_>,
    nodes: &[&str],
    page: &Page,
    views: u64,
) -> Told {
    /// A program that sends views past the network on a timer does so in this time.
    const WATCH_TIME: Duration = Duration::from_millis(400);
    let claim = format!(
        "a node that is cut off shows only views that a message could have brought it (at most {views})"
    );
    cluster
        .throughout(WATCH_TIME, claim, async || {
            for node in nodes {
                let seen = shows(cluster, node, &page.code).await?.redirects;
                if seen > views {
                    let seen = format!("{node} shows {seen} views of {}, and", page.path());
                    return Err(Unmet::Never(cluster.untold_failure(node, &seen).into()));
                }
            }
            Ok(())
        })
        .await
}

/// Whether a message mentions a link.
pub(super) fn speaks_of(page: &Page) -> impl Fn(&Value) -> bool + Send + Sync + use<> {
    let code = page.code.as_str().to_owned();
    move |message| contains(message, &code)
}

fn contains(value: &Value, text: &str) -> bool {
    match value {
        Value::Text(own) => own.contains(text),
        Value::Bytes(own) => has_within(own, text),
        Value::Array(items) => items.iter().any(|item| contains(item, text)),
        Value::Map(items) => items
            .iter()
            .any(|(key, item)| contains(key, text) || contains(item, text)),
        Value::Tag(_, inner) => contains(inner, text),
        _ => false,
    }
}

fn has_within(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len().max(1))
        .any(|window| window == text.as_bytes())
}

/// The messages between nodes since a mark that mention the code or the URL of a link.
pub(super) fn frames_about(cluster: &Cluster<'_>, since: Mark, page: &Page) -> Vec<FrameSeen> {
    let frames = cluster.since(since);
    let about = |frame: &&FrameSeen| {
        cluster.payload(frame).is_some_and(|payload| {
            has_within(&payload, page.code.as_str()) || has_within(&payload, &page.url)
        })
    };
    frames
        .iter()
        .map(|(_, frame)| frame)
        .filter(about)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_is_found_in_a_message_wherever_it_stands() {
        let page = Page::called("deep", 7);
        let nested = |inner: Value| {
            Value::Map(vec![(
                Value::Text("Told".into()),
                Value::Array(vec![inner]),
            )])
        };
        let speaks = speaks_of(&page);
        assert!(speaks(&nested(Value::Text("deep-0007".into()))));
        assert!(speaks(&nested(Value::Bytes(b"\x01deep-0007\x02".to_vec()))));
        assert!(!speaks(&nested(Value::Text("deep-0008".into()))));
    }
}
