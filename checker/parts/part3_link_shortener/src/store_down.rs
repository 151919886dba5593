//! Problem 5: the store refuses, stalls, or is slow.

use std::time::Duration;

use futures_util::future::join_all;
use shortener::Code;

use super::messages::UNAVAILABLE_TIMEOUT;
use super::{
    CLAIM_TIMEOUT, Fact, Links, code_of, create, create_all, expect_redirect, expect_status,
    failed, follow, follow_all, in_store, is_redirect_to, median, numbered, stored, url,
    wrong_answer,
};
use testkit::cluster::{Cluster, Explained, Options, Request, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{count_of, in_words};
use testkit::words::Names;

/// What a busy machine may add to the duration of an answer.
const BUSY: Duration = Duration::from_millis(500);

const NODES: [&str; 2] = ["n1", "n2"];

const STORED: &str = "every node follows the links in the store";

const FROM_TABLE: &str = "a node follows a link in its table, whatever state the store is in";

const RETRY: &str = "without the store no link is created: 503 with `Retry-After`, within 1 s";

const UNKNOWN: &str =
    "without the store a node cannot know whether a code has a link: 503, and never 404";

const RECOVERS: &str = "when the store is back, the node recovers by itself";

pub(super) async fn store_refuses(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [first, other] = draw.cast(NODES);
    let mut names = Names::new(&mut draw);
    let [known, code, uncached, unknown, meanwhile] = names.take();
    let [phantom, ghost, again] = names.take();
    let count = draw.number(2..=5);
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        cluster.step(format!("{first} creates {}, and both nodes follow them.", count_of(count, "link")));
        let (mut links, uncached) = (Links::new(), url(&uncached));
        create_all(cluster, first, numbered(&known, count), &mut links).await?;
        for node in NODES {
            follow_all(cluster, node, &links, STORED).await?;
        }
        cluster.store_set(&format!("link:{code}"), &in_store(&uncached)).await?;

        cluster.step(format!("The store refuses {first} alone. {other} creates a link."));
        cluster.store_refused([first]);
        follow_all_now(cluster, first, &links).await?;
        is_unavailable(cluster, first, &post(&phantom), RETRY).await?;
        for code in [&code, &unknown] {
            let request = Request::get(format!("/{code}"));
            is_unavailable(cluster, first, &request, UNKNOWN).await.because(WHY_UNKNOWN)?;
        }
        let meanwhile = url(&meanwhile);
        let made = create(cluster, other, &meanwhile).await?;

        cluster.step("The store refuses both.");
        cluster.store_refused([other]);
        for node in NODES {
            follow_all_now(cluster, node, &links).await?;
            is_unavailable(cluster, node, &post(&ghost), RETRY).await?;
        }
        let phantoms = [code_for(&phantom), code_for(&ghost)];
        for code in &phantoms {
            if stored(cluster, code).await?.is_some() {
                return Err(Stop::inconclusive("The store has a link even though it refused both nodes."));
            }
        }

        cluster.step("The store is back. No node is restarted.");
        cluster.store_back(NODES);
        links.insert(made, meanwhile);
        links.insert(code, uncached);
        recovers(cluster, &NODES, &links, &again).await?;
        let claim = "a creation that the store refused and the node answered with 503 does not happen later";
        let look = async || {
            for code in &phantoms {
                if stored(cluster, code).await?.is_some() {
                    let key = format!("link:{code}");
                    let sets = cluster.store_commands(0).named("SET").key(&key).forwarded();
                    let node = sets.iter().last().map_or(first, |set| &set.node);
                    let seen = format!("{node} stored the link {code} after it had answered 503");
                    return Err(Unmet::at(node, seen));
                }
            }
            Ok(())
        };
        cluster.throughout(Duration::from_millis(300), claim, look).await.because(
            "A client that got a 503 may have asked elsewhere meanwhile, or may no longer want the link.",
        )?;
        for node in NODES {
            for code in &phantoms {
                let claim = "a link whose creation was refused does not exist: 404";
                expect_status(cluster, node, &Request::get(format!("/{code}")), 404, claim).await.because(
                    "A client that got a 503 knows that it has no link. If the code leads somewhere all the same, the node follows a \
                     link that the store does not know.",
                )?;
            }
        }
        Ok(())
    })
    .await
}

const WHY_UNKNOWN: &str = "A 404 says for certain that there is no such link, and a client that reads it forgets the link. After \
                           a 503 the client tries again.";

pub(super) async fn store_stalls(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [node, other] = draw.cast(NODES);
    let mut names = Names::new(&mut draw);
    let [known, code, uncached, stalled, unanswered, again] = names.take();
    let count = draw.number(2..=5);
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        cluster.step(format!(
            "{node} creates {}, and follows them.",
            count_of(count, "link")
        ));
        let mut links = Links::new();
        create_all(cluster, node, numbered(&known, count), &mut links).await?;
        follow_all(cluster, node, &links, STORED).await?;
        let uncached = url(&uncached);
        cluster
            .store_set(&format!("link:{code}"), &in_store(&uncached))
            .await?;

        cluster.step(format!(
            "The store stalls for {node}: it accepts commands, and neither runs nor answers them."
        ));
        cluster.store_stalled([node]);
        let (creation, look_up) = (post(&stalled), Request::get(format!("/{code}")));
        let (created, followed, known) = tokio::join!(
            is_unavailable(cluster, node, &creation, RETRY),
            is_unavailable(cluster, node, &look_up, UNKNOWN),
            follow_all_now(cluster, node, &links),
        );
        created?;
        followed?;
        known?;

        cluster.step(format!(
            "The store is back. The client asks {node} for its link again, and then {other}."
        ));
        cluster.store_back([node]);
        let made = retry_twice(cluster, [node, other], &stalled, None).await?;
        links.insert(made, url(&stalled));

        cluster.step(format!(
            "The store runs the commands of {node}, but its answers do not arrive."
        ));
        cluster.store_answers_stalled([node]);
        is_unavailable(cluster, node, &post(&unanswered), RETRY).await?;
        let first = code_for(&unanswered);
        if stored(cluster, &first).await?.is_none() {
            return Err(Stop::inconclusive(
                "The store did not run the command whose answer was held back.",
            ));
        }
        follow_all_now(cluster, node, &links).await?;

        cluster.step(format!(
            "The store is back. The client asks {node} for its link again, and then {other}."
        ));
        cluster.store_back([node]);
        let made = retry_twice(cluster, [node, other], &unanswered, Some(first)).await?;
        links.insert(made, url(&unanswered));
        links.insert(code, uncached);
        recovers(cluster, &NODES, &links, &again).await
    })
    .await
}

/// After a 503 the same URL gets one code, and the store has one link for it.
async fn retry_twice(
    cluster: &Cluster<'_>,
    [node, other]: [&str; 2],
    name: &str,
    code: Option<String>,
) -> Result<String, Stop> {
    let claim =
        "a client that retries after a 503 gets one link, whether the first try happened or not";
    let why = "After a 503 the creation may have happened or not. The client cannot know, so the same URL must get the same \
               code.";
    let mut made = None;
    let look = async || {
        let answer = cluster.request(node, &post(name)).await?;
        if answer.status != 201 {
            let seen = format!("{node} answers {}", answer.in_words());
            return Err(Unmet::at(node, seen));
        }
        made = Some(code_of(cluster, node, &answer)?);
        Ok(())
    };
    cluster.eventually(CLAIM_TIMEOUT, RECOVERS, look).await?;
    let made = made.unwrap_or_default();
    let again = create(cluster, other, &url(name)).await?;
    let mut all = Vec::new();
    for key in cluster.store_keys("link:").await? {
        let code = key.trim_start_matches("link:").to_owned();
        if stored(cluster, &code)
            .await?
            .is_some_and(|link| link.url == url(name))
        {
            all.push(code);
        }
    }
    let first = code.as_ref().unwrap_or(&made);
    if made == *first && again == made && all == [made.clone()] {
        return Ok(made);
    }
    Err(cluster
        .failed_at(
            node,
            format!("{node} answered 201 with {made}, then {other} with {again}, and the store has the URL under {}", all.join(" and ")),
            format!("{claim} (wanted: {first} everywhere)"),
        )
        .because(why)
        .into())
}

pub(super) async fn store_is_slow(cx: &Context) -> Told {
    // The table answers at once, or when a busy machine gets around to it.
    let max_wait = cx.limit(Duration::from_millis(20), Duration::from_millis(250));
    /// A machine that was busy for a moment is not so twice.
    const ROUNDS: u64 = 2;
    let mut draw = cx.draw();
    let [node, ..] = draw.cast(["n1", "n2", "n3"]);
    let [quick, slow, page, created] = Names::new(&mut draw).take();
    let (count, ms) = (draw.number(4..=6), draw.number(380..=420));
    let delay = Duration::from_millis(ms);
    Cluster::tell(cx, &[node], Options::with_store(), async |cluster| {
        cluster.step(format!("{node} creates a link and follows it. The store has {}.", count_of(count, "more link")));
        let quick = url(&quick);
        let code = create(cluster, node, &quick).await?;
        follow(cluster, node, &code, &quick, "a node follows a link that it created").await?;
        let others: Vec<String> = numbered(&slow, count * ROUNDS).collect();
        for code in &others {
            cluster.store_set(&format!("link:{code}"), &in_store(&url(&page))).await?;
        }

        cluster.step(format!(
            "The store needs {ms} ms. {node} is asked for those {}, for a new link, and twenty times for the link that it knows.",
            in_words(count)
        ));
        cluster.store_slow([node], delay);
        let (mut hits, mut longest) = (Duration::MAX, Duration::MAX);
        for (codes, created) in others.chunks(count as usize).zip(numbered(&created, ROUNDS)) {
            let others = codes.iter().map(|code| Request::get(format!("/{code}")));
            let others: Vec<Request> = others.chain([post(&created)]).collect();
            let took = hits_beside_misses(cluster, node, delay, (&code, &quick), &others).await?;
            (hits, longest) = (hits.min(took.0), longest.min(took.1));
            if hits <= max_wait && longest <= cx.limit(delay * 2, delay * 3) {
                return Ok(());
            }
        }
        let (seen, claim) = match hits <= max_wait {
            true => (
                format!("one of {} requests for different links took {:.1} s, while the store took 0.4 s for each", in_words(count + 1), longest.as_secs_f32()),
                "lookups of different codes wait for the store at the same time",
            ),
            false => (
                format!("half of the lookups of a link in {node}'s table took {} ms or more, while the store took {ms} ms", hits.as_millis()),
                "a lookup that the table answers does not wait for the store, nor for lookups that do",
            ),
        };
        let failure = cluster.failed_at(node, seen, claim).because(
            "A server handles one message at a time. If its handler waits for the store, all other messages wait, too. A long wait \
             belongs in a task of its own.",
        );
        Err(failure.into())
    })
    .await
}

/// Makes requests that need the slow store, and twenty for a link in the table. Gives the median time of
/// the twenty, and the longest time of the others.
async fn hits_beside_misses(
    cluster: &Cluster<'_>,
    node: &str,
    delay: Duration,
    (code, url): (&str, &str),
    others: &[Request],
) -> Result<(Duration, Duration), Stop> {
    let slow = join_all(others.iter().map(|request| cluster.request(node, request)));
    let known = async {
        // These requests come second, when the others are waiting.
        tokio::time::sleep(delay / 8).await;
        let requests = vec![Request::get(format!("/{code}")); 20];
        join_all(
            requests
                .iter()
                .map(|request| cluster.request(node, request)),
        )
        .await
    };
    let (slow, known) = tokio::join!(slow, known);
    let mut times = Vec::new();
    for answer in known {
        let answer = answer?;
        expect_redirect(cluster, node, code, &answer, url, FROM_TABLE)?;
        times.push(answer.took);
    }
    let (mut delayed, mut longest) = (true, Duration::ZERO);
    for (answer, request) in slow.into_iter().zip(others) {
        let answer = answer?;
        // On a busy machine the store may be too slow.
        if !matches!(answer.status, 201 | 302 | 503) {
            let claim = "a node waits for a slow store";
            return Err(wrong_answer(cluster, node, request, &answer, claim).into());
        }
        delayed &= answer.took >= delay * 3 / 4;
        longest = longest.max(answer.took);
    }
    match delayed {
        true => Ok((median(&times), longest)),
        false => Err(Stop::inconclusive("The slow store delayed no request.")),
    }
}

fn post(name: &str) -> Request {
    Request::form("/", &[("url", &url(name))])
}

/// The first code that a URL may get.
fn code_for(name: &str) -> String {
    let candidates = Code::candidates(&url(name));
    candidates
        .first()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// Follows links in the table, in whatever state the store is; no answer may be a 503.
async fn follow_all_now(cluster: &Cluster<'_>, node: &str, links: &Links) -> Told {
    for (code, url) in links {
        let answer = cluster.get(node, &format!("/{code}")).await?;
        expect_redirect(cluster, node, code, &answer, url, FROM_TABLE)
            .because("Most visitors follow links that the node knows. They need not notice that the store is gone.")?;
    }
    Ok(())
}

/// A request that needs the store is answered 503 with `Retry-After`, within a second.
async fn is_unavailable(cluster: &Cluster<'_>, node: &str, request: &Request, claim: &str) -> Told {
    let why = "A client is waiting for the answer: a person with a browser, or a program that can wait more easily than the node.";
    let max_wait = cluster
        .context()
        .limit(UNAVAILABLE_TIMEOUT, UNAVAILABLE_TIMEOUT + BUSY);
    let mut answer = cluster.request(node, request).await?;
    // A machine that was busy for a moment is not so three times.
    for _ in 0..2 {
        if answer.took > max_wait {
            answer = cluster.request(node, request).await?;
        }
    }
    if answer.status != 503 {
        let failure = wrong_answer(cluster, node, request, &answer, claim);
        return Err(failure.because(why).into());
    }
    if answer.retry_after.is_none() {
        let (asked, said) = (request.in_words(), answer.in_words());
        let seen = format!("{node} answered `{asked}` with {said}, without `Retry-After`");
        return Err(cluster.failed_at(node, seen, claim).because(why).into());
    }
    if answer.took > max_wait {
        let late = Fact::LateUnavailable {
            node: node.to_owned(),
            question: request.in_words(),
            took_ms: answer.took.as_millis() as u64,
        };
        return Err(failed(cluster, &late, claim).because(why).into());
    }
    Ok(())
}

/// Within a few seconds the nodes follow all links again, and create new ones.
async fn recovers(cluster: &Cluster<'_>, nodes: &[&str], links: &Links, new: &str) -> Told {
    for (node, name) in nodes.iter().zip(numbered(new, nodes.len() as u64)) {
        for (code, url) in links {
            let look = async || {
                let answer = cluster.get(node, &format!("/{code}")).await?;
                let seen = format!("{node} answers `GET /{code}` with {}", answer.in_words());
                match answer.status {
                    _ if is_redirect_to(&answer, url) => Ok(()),
                    503 => Err(Unmet::at(node, seen)),
                    _ => Err(Unmet::Never(
                        cluster
                            .failed_at(node, seen, format!("{RECOVERS} (wanted: 302 {url})"))
                            .because(
                                "The store has the link. An error from the store says nothing about the code, so the node must not \
                                 remember it.",
                            )
                            .into(),
                    )),
                }
            };
            cluster
                .eventually(
                    CLAIM_TIMEOUT,
                    format!("{RECOVERS} (wanted: 302 {url})"),
                    look,
                )
                .await?;
        }
        let look = async || {
            let answer = cluster.request(node, &post(&name)).await?;
            match answer.status {
                201 => Ok(()),
                _ => Err(Unmet::at(
                    node,
                    format!("{node} answers {}", answer.in_words()),
                )),
            }
        };
        cluster
            .eventually(
                CLAIM_TIMEOUT,
                format!("{RECOVERS}, and creates links again"),
                look,
            )
            .await?;
    }
    Ok(())
}
