//! Problem 5: the store refuses, stands still, or is slow.

use std::time::Duration;

use futures_util::future::join_all;
use shortener::Code;

use super::messages::UNAVAILABLE_WITHIN;
use super::{
    Links, SOON, all_lead, code_of, create, create_all, in_store, is_answered, leads, leads_to,
    median, numbered, stored, url,
};
use testkit::cluster::{Answer, Cluster, Explained, Options, Request, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{count_of, in_words};
use testkit::words::Names;

/// What a busy machine may add to what an answer takes.
const BUSY: Duration = Duration::from_millis(500);

const FROM_TABLE: &str = "what is in the table is followed, whatever becomes of the store";

const RETRY: &str = "without the store nothing is created: 503 with `Retry-After`, within 1 s";

const UNKNOWN: &str =
    "without the store it is not known whether there is a link: 503, and never 404";

const BACK: &str = "when the store is back all goes on by itself";

pub(super) async fn store_refuses(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [first, other] = draw.cast(["n1", "n2"]);
    let mut names = Names::new(&mut draw);
    let [known, code, uncached, unknown, meanwhile] = names.take();
    let [phantom, ghost, again] = names.take();
    let count = draw.number(2..=5);
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        cluster.step(format!("{first} creates {}, and both nodes follow them.", count_of(count, "link")));
        let (mut links, uncached) = (Links::new(), url(&uncached));
        create_all(cluster, first, numbered(&known, count), &mut links).await?;
        for node in ["n1", "n2"] {
            all_lead(cluster, node, &links, "every node follows what the store has").await?;
        }
        cluster.store_set(&format!("link:{code}"), &in_store(&uncached)).await?;

        cluster.step(format!("The store refuses {first} alone. {other} creates a link."));
        cluster.store_refused([first]);
        all_lead_now(cluster, first, &links).await?;
        is_unavailable(cluster, first, &post(&phantom), RETRY).await?;
        for code in [&code, &unknown] {
            let request = Request::get(format!("/{code}"));
            is_unavailable(cluster, first, &request, UNKNOWN).await.because(WHY_UNKNOWN)?;
        }
        let meanwhile = url(&meanwhile);
        let made = create(cluster, other, &meanwhile).await?;

        cluster.step("The store refuses both.");
        cluster.store_refused([other]);
        for node in ["n1", "n2"] {
            all_lead_now(cluster, node, &links).await?;
            is_unavailable(cluster, node, &post(&ghost), RETRY).await?;
        }
        let phantoms = [code_for(&phantom), code_for(&ghost)];
        for code in &phantoms {
            if stored(cluster, code).await?.is_some() {
                return Err(Stop::inconclusive("The store has a link though it refused everybody."));
            }
        }

        cluster.step("The store is back. Nothing is restarted.");
        cluster.store_back(["n1", "n2"]);
        links.insert(made, meanwhile);
        links.insert(code, uncached);
        goes_on(cluster, &["n1", "n2"], &links, &again).await?;
        let claim = "a link whose creation was answered 503, as the store refused it, is not created later";
        let look = async || {
            for code in &phantoms {
                if stored(cluster, code).await?.is_some() {
                    return Err(Unmet::from(format!("the store has the link {code} now, of which nobody was told")));
                }
            }
            Ok(())
        };
        cluster.throughout(Duration::from_millis(300), claim, look).await.because(
            "Whoever was told 503 may have asked elsewhere meanwhile, or have changed his mind.",
        )?;
        for node in ["n1", "n2"] {
            for code in &phantoms {
                let claim = "a link whose creation was refused does not exist: 404";
                is_answered(cluster, node, &Request::get(format!("/{code}")), 404, claim).await.because(
                    "Whoever was told 503 knows that he has no link. One that leads somewhere all the same was promised to \
                     nobody, and the store does not know it.",
                )?;
            }
        }
        Ok(())
    })
    .await
}

const WHY_UNKNOWN: &str = "A 404 says for certain that there is no such link, and whoever reads it throws the link away. Of a 503 \
                           he knows that it is worth another try.";

pub(super) async fn store_stands_still(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [node, _] = draw.cast(["n1", "n2"]);
    let mut names = Names::new(&mut draw);
    let [known, code, uncached, stalled, unanswered, again] = names.take();
    let count = draw.number(2..=5);
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        cluster.step(format!(
            "{node} creates {}, and follows them.",
            count_of(count, "link")
        ));
        let mut links = Links::new();
        create_all(cluster, node, numbered(&known, count), &mut links).await?;
        let claim = "every node follows what the store has";
        all_lead(cluster, node, &links, claim).await?;
        let uncached = url(&uncached);
        cluster
            .store_set(&format!("link:{code}"), &in_store(&uncached))
            .await?;

        cluster.step(format!(
            "The store stands still for {node}: it takes what it is told, and does nothing."
        ));
        cluster.store_stalled([node]);
        let (creation, look_up) = (post(&stalled), Request::get(format!("/{code}")));
        let (created, followed, known) = tokio::join!(
            is_unavailable(cluster, node, &creation, RETRY),
            is_unavailable(cluster, node, &look_up, UNKNOWN),
            all_lead_now(cluster, node, &links),
        );
        created?;
        followed?;
        known?;

        cluster.step("The store is back. Whoever wanted a link asks again, twice.");
        cluster.store_back([node]);
        let made = asks_again(cluster, node, &stalled, None).await?;
        links.insert(made, url(&stalled));

        cluster.step(format!(
            "The store does what {node} tells it, but its answers do not come."
        ));
        cluster.store_answers_stalled([node]);
        is_unavailable(cluster, node, &post(&unanswered), RETRY).await?;
        let first = code_for(&unanswered);
        if stored(cluster, &first).await?.is_none() {
            return Err(Stop::inconclusive("The store did not do what it was told."));
        }
        all_lead_now(cluster, node, &links).await?;

        cluster.step("The store is back. Whoever wanted a link asks again, twice.");
        cluster.store_back([node]);
        let made = asks_again(cluster, node, &unanswered, Some(first)).await?;
        links.insert(made, url(&unanswered));
        links.insert(code, uncached);
        goes_on(cluster, &["n1", "n2"], &links, &again).await
    })
    .await
}

/// After a 503 the same URL gets one code, and the store has one link for it.
async fn asks_again(
    cluster: &Cluster<'_>,
    node: &str,
    name: &str,
    code: Option<String>,
) -> Result<String, Stop> {
    let claim = "who asks again after a 503 gets one link, whatever had become of the first try";
    let why = "After a 503 it may have happened or not. Whoever asks again must not need to know: the same URL leads to the \
               same code.";
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
    cluster.eventually(SOON, BACK, look).await?;
    let made = made.unwrap_or_default();
    let again = create(cluster, node, &url(name)).await?;
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
            format!("{node} answered 201 with {made}, then with {again}, and the store has the URL under {}", all.join(" and ")),
            format!("{claim} (wanted: {first} everywhere)"),
        )
        .because(why)
        .into())
}

pub(super) async fn store_is_slow(cx: &Context) -> Told {
    /// What is in the table is there at once; this is what a busy machine may need.
    const AT_MOST: Duration = Duration::from_millis(250);
    let mut draw = cx.draw();
    let [node, ..] = draw.cast(["n1", "n2", "n3"]);
    let [quick, slow, page, created] = Names::new(&mut draw).take();
    let (count, ms) = (draw.number(4..=6), draw.number(380..=420));
    let delay = Duration::from_millis(ms);
    Cluster::tell(cx, &[node], Options::with_store(), async |cluster| {
        cluster.step(format!("{node} creates a link and follows it. The store has {}.", count_of(count, "more link")));
        let quick = url(&quick);
        let code = create(cluster, node, &quick).await?;
        leads(cluster, node, &code, &quick, "a link that was created is followed").await?;
        for code in numbered(&slow, count) {
            cluster.store_set(&format!("link:{code}"), &in_store(&url(&page))).await?;
        }

        cluster.step(format!(
            "The store is slow: {ms} ms. {node} is asked for those {}, to create a link, and twenty times for the one that it knows.",
            in_words(count)
        ));
        cluster.store_slow([node], delay);
        let others: Vec<Request> = numbered(&slow, count)
            .map(|code| Request::get(format!("/{code}")))
            .chain([post(&created)])
            .collect();
        let slow = join_all(others.iter().map(|request| cluster.request(node, request)));
        let known = async {
            // They come second, so that they find the others waiting.
            tokio::time::sleep(delay / 8).await;
            let request = Request::get(format!("/{code}"));
            let requests = vec![request; 20];
            join_all(requests.iter().map(|request| cluster.request(node, request))).await
        };
        let (slow, known) = tokio::join!(slow, known);
        let mut times = Vec::new();
        for answer in known {
            let answer = answer?;
            super::led(cluster, node, &code, &answer, &quick, FROM_TABLE)?;
            times.push(answer.took);
        }
        let (mut held_up, mut longest) = (true, Duration::ZERO);
        for (answer, request) in slow.into_iter().zip(&others) {
            let answer = answer?;
            // On a busy machine, 503 is what may come of it.
            if !matches!(answer.status, 201 | 302 | 503) {
                let (asked, said) = (request.in_words(), answer.in_words());
                return Err(cluster
                    .failed_at(node, format!("{node} answered `{asked}` with {said}"), "a slow store is a store: it is waited for")
                    .into());
            }
            held_up &= answer.took >= delay * 3 / 4;
            longest = longest.max(answer.took);
        }
        if !held_up {
            return Err(Stop::inconclusive("The slow store held nobody up."));
        }
        let median = median(&times);
        if median <= AT_MOST && longest <= delay * 3 {
            return Ok(());
        }
        let why = "A server that handles one message at a time makes everybody wait for the one that waits. What takes long is \
                   given to a task of its own.";
        if median <= AT_MOST {
            return Err(cluster
                .failed_at(
                    node,
                    format!("one of {} requests for different links took {:.1} s, while the store took 0.4 s for each", in_words(count + 1), longest.as_secs_f32()),
                    "look-ups of different codes wait for the store side by side",
                )
                .because(why)
                .into());
        }
        Err(cluster
            .failed_at(
                node,
                format!("half of the look-ups of a link that {node} has in its table took more than {} ms, while the store took {ms} ms", median.as_millis()),
                "who asks for what is in the table does not wait for the store, nor for others who do",
            )
            .because(why)
            .into())
    })
    .await
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

/// Follows links that are in the table, the store being what it is.
async fn all_lead_now(cluster: &Cluster<'_>, node: &str, links: &Links) -> Told {
    for (code, url) in links {
        let answer = cluster.get(node, &format!("/{code}")).await?;
        super::led(cluster, node, code, &answer, url, FROM_TABLE)
            .because("Most visitors come for links that the node knows. They need not notice that the store is gone.")?;
    }
    Ok(())
}

/// A request that cannot be granted without the store is answered so, and soon.
async fn is_unavailable(cluster: &Cluster<'_>, node: &str, request: &Request, claim: &str) -> Told {
    let mut answer = cluster.request(node, request).await?;
    // A machine that was busy for a moment is not so three times.
    for _ in 0..2 {
        if answer.took > UNAVAILABLE_WITHIN + BUSY {
            answer = cluster.request(node, request).await?;
        }
    }
    let (said, asked) = (answer.in_words(), request.in_words());
    let seen = match &answer {
        Answer {
            status: 503,
            retry_after: Some(_),
            took,
            ..
        } if *took <= UNAVAILABLE_WITHIN + BUSY => return Ok(()),
        Answer {
            status: 503,
            retry_after: Some(_),
            took,
            ..
        } => {
            format!(
                "{node} answered `{asked}` with {said}, but only after {:.1} s",
                took.as_secs_f32()
            )
        }
        Answer { status: 503, .. } => {
            format!("{node} answered `{asked}` with {said}, without `Retry-After`")
        }
        _ => format!("{node} answered `{asked}` with {said}"),
    };
    Err(cluster
        .failed_at(node, seen, claim)
        .because("Whoever waits for an answer is a person with a browser, or a program that can wait better than we can.")
        .into())
}

/// All is as it was before, within a few seconds: links are followed, and new ones created.
async fn goes_on(cluster: &Cluster<'_>, nodes: &[&str], links: &Links, new: &str) -> Told {
    for (node, name) in nodes.iter().zip(numbered(new, nodes.len() as u64)) {
        for (code, url) in links {
            let look = async || {
                let answer = cluster.get(node, &format!("/{code}")).await?;
                let seen = format!("{node} answers `GET /{code}` with {}", answer.in_words());
                match answer.status {
                    _ if leads_to(&answer, url) => Ok(()),
                    503 => Err(Unmet::at(node, seen)),
                    _ => Err(Unmet::Never(
                        cluster
                            .failed_at(node, seen, format!("{BACK} (wanted: 302 {url})"))
                            .because(
                                "The store has the link. That it could not be asked for a while does not mean that there is \
                                 none: an error is nothing to be remembered.",
                            )
                            .into(),
                    )),
                }
            };
            cluster
                .eventually(SOON, format!("{BACK} (wanted: 302 {url})"), look)
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
            .eventually(SOON, format!("{BACK}: links are created again"), look)
            .await?;
    }
    Ok(())
}
