//! Problem 2: a creation and a lookup go to the owner of the code.

use futures_util::future::try_join;
use runtime::net::faults::FrameSeen;
use shortener::Link;

use super::CLAIM_TIMEOUT;
use super::fact::Fact;
use super::pages::{
    Page, Pages, at_once, create, frames_about, leads, member, owners, owners_among, peek, put,
    rings_are,
};
use testkit::cluster::{Cluster, Explained, Mark, Options, Request, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::words::Names;

const NODES: [&str; 3] = ["n1", "n2", "n3"];

const TO_THE_OWNER: &str =
    "a request about a link goes to its owner and to no other node, in one message and one answer";

const WHY_OWNER: &str = "In part 3 each node had a copy of each link, and each creation took n - 1 messages and n times the memory. With an owner for each code, a cluster of a hundred nodes has no more work for a link than a cluster of three.";

/// One page for each pair of an entry and an owner.
async fn one_each_way(
    cluster: &Cluster<'_>,
    site: &str,
    nodes: [&'static str; 3],
) -> Result<Vec<(&'static str, &'static str, Page)>, Stop> {
    let mut pages = Pages::deal(cluster, nodes[0], site, 90).await?;
    let mut ways = Vec::new();
    for entry in nodes {
        for owner in nodes {
            ways.push((entry, owner, pages.take(cluster, owner)?));
        }
    }
    Ok(ways)
}

fn owner_alone(page: &Page, owner: &str) -> Fact {
    Fact::OwnerAlone {
        code: page.code.to_string(),
        owner: owner.to_owned(),
    }
}

/// Checks that all messages about a page go between entry and owner: one request and one answer for
/// each attempt, and none if one node is both. Returns their number.
fn between_two(
    cluster: &Cluster<'_>,
    frames: &[FrameSeen],
    page: &Page,
    (entry, owner): (&str, &str),
    tries: usize,
) -> Result<usize, Stop> {
    let fits = |frame: &FrameSeen| {
        let pair = [frame.from.short(), frame.to.short()];
        entry != owner && pair.contains(&entry) && pair.contains(&owner)
    };
    let (node, what) = match frames.iter().find(|frame| !fits(frame)) {
        Some(frame) => (
            frame.from.short(),
            format!(
                "{} sent {} a message about it",
                frame.from.short(),
                frame.to.short()
            ),
        ),
        None if frames.len() > 2 * tries => (entry, format!("that took {} messages", frames.len())),
        None => return Ok(frames.len()),
    };
    let seen = format!(
        "{entry} was asked for {}, which {owner} owns, and {what}",
        page.path()
    );
    Err(cluster
        .failed_at(node, seen, TO_THE_OWNER)
        .because(WHY_OWNER)
        .fact(&owner_alone(page, owner))
        .into())
}

pub(super) async fn goes_to_the_owner(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let (nodes, [site, unused]) = (draw.cast(NODES), Names::new(&mut draw).take());
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let ways = one_each_way(cluster, &site, nodes).await?;
        let mut pages = Pages::deal(cluster, nodes[0], &unused, 60).await?;
        let mut unknown = Vec::new();
        for owner in nodes {
            unknown.push((owner, pages.take(cluster, owner)?));
        }
        cluster.step("Nine links are created, three on each node: one for each owner.");
        let (mark, commands) = (cluster.mark(), cluster.store_mark());
        let mut tries = Vec::new();
        for (entry, _, page) in &ways {
            tries.push(create(cluster, entry, page).await?);
            if cluster.store_get(&page.key()).await?.as_deref() != Some(&page.link().to_text()) {
                let seen = format!("{entry} answered 201, and the store does not have {}", page.key());
                return Err(cluster
                    .failed_at(entry, seen, "a link is in the store before its creation is answered")
                    .because("201 promises the link to the client. The entry must wait for the owner's answer.")
                    .into());
            }
        }
        cluster.quiesce().await?;
        let mut messages = 0;
        for ((entry, owner, page), tries) in ways.iter().zip(tries) {
            messages += between_two(cluster, &frames_about(cluster, mark, page), page, (entry, owner), tries)?;
            by_the_owner(cluster, commands, page, entry, owner)?;
        }
        cluster.context().observe(format!(
            "9 creations took {messages} messages: none if the entry was the owner, and a request and its answer otherwise. In part 3, each creation goes to the n - 1 other nodes: 18 messages here, and 891 with 100 nodes.",
        ));

        cluster.step("Each link is looked up on each node, and so is a code of each node that no link has.");
        let (mark, commands) = (cluster.mark(), cluster.store_mark());
        for (_, page) in &unknown {
            for node in NODES {
                answers(cluster, node, &Request::new("HEAD", page.path()), 404).await?;
            }
        }
        for (_, _, page) in &ways {
            for node in NODES {
                leads(cluster, node, page).await?;
            }
        }
        cluster.quiesce().await?;
        for (owner, page) in &unknown {
            by_the_owner(cluster, commands, page, "any node", owner)?;
        }
        for (_, owner, page) in &ways {
            by_the_owner(cluster, commands, page, "any node", owner)?;
            for other in NODES.iter().filter(|other| *other != owner) {
                let frames: Vec<FrameSeen> = frames_about(cluster, mark, page)
                    .into_iter()
                    .filter(|frame| [frame.from.short(), frame.to.short()].contains(other))
                    .collect();
                // On a busy machine the entry may have asked twice.
                between_two(cluster, &frames, page, (other, owner), 2)?;
            }
        }
        Ok(())
    })
    .await
}

/// Checks that only the owner of a link has asked the store about it.
fn by_the_owner(cluster: &Cluster<'_>, since: u64, page: &Page, entry: &str, owner: &str) -> Told {
    let commands = cluster.store_commands(since).key(&page.key());
    let other = commands.iter().find(|command| command.node != owner);
    let Some(command) = other else { return Ok(()) };
    let seen = format!(
        "{entry} was asked for {}, which {owner} owns, and {} asked the store",
        page.path(),
        command.node
    );
    Err(cluster
        .failed_at(&command.node, seen, "only the owner of a link asks the store about it")
        .fact(&owner_alone(page, owner))
        .because("If one node does all the work for a link, no other node needs to hear of it. If two nodes both do it, they have to agree again.")
        .into())
}

pub(super) async fn only_the_owner_keeps_it(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let (nodes, [site]) = (draw.cast(NODES), Names::new(&mut draw).take());
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let ways = one_each_way(cluster, &site, nodes).await?;
        cluster.step("Nine links are created, and each is looked up on each node.");
        for (entry, _, page) in &ways {
            create(cluster, entry, page).await?;
            for node in NODES {
                leads(cluster, node, page).await?;
            }
        }
        for (_, owner, page) in &ways {
            for node in NODES {
                let kept = peek(cluster, node, page).await?;
                let is_copy = kept.is_some() && node != *owner;
                let seen = match (kept, node == *owner) {
                    (Some(link), true) if link == page.link() => continue,
                    (None, false) => continue,
                    (Some(link), true) => format!("{node} owns {}, and its table says {}", page.path(), link.url),
                    (None, true) => format!("{node} owns {}, and its table does not have it", page.path()),
                    (Some(_), false) => format!("{owner} owns {}, and {node}'s table has it too", page.path()),
                };
                let mut failure = cluster.failed_at(node, seen, "a link is in the table of its owner, and in no other table");
                if is_copy {
                    failure = failure.fact(&Fact::CopyInTable {
                        node: node.to_owned(),
                        code: page.code.to_string(),
                        owner: (*owner).to_owned(),
                    });
                }
                return Err(failure
                    .because(
                        "When the link expires, no node removes a copy that it does not know about. And each table holds a limited number of links: copies evict the links that only this node has.",
                    )
                    .into());
            }
        }

        cluster.step("The store refuses all nodes. Each link is looked up on each node again.");
        cluster.store_refused(NODES);
        let mark = cluster.store_mark();
        for (_, owner, page) in &ways {
            for node in NODES {
                leads(cluster, node, page)
                    .await
                    .evidence(format!("{owner} owns {}, and its table has it", page.path()))
                    .because("The owner has the link in its table, so the lookup does not need the store.")?;
            }
        }
        match cluster.store_commands(mark).forwarded().is_empty() {
            true => Ok(()),
            false => Err(Stop::inconclusive("A command reached the store although it refused all nodes.")),
        }
    })
    .await
}

pub(super) async fn code_is_taken(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [entry, first_owner, third] = draw.cast(NODES);
    let [site, elsewhere, both, own, theirs, wanted, unused] = Names::new(&mut draw).take();
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        // The first and the second code of each URL, and their owners.
        let firsts = Page::of(&site, 200);
        let second = |first: &Page| Page {
            code: shortener::Code::candidates(&first.url).swap_remove(1),
            ..first.clone()
        };
        let seconds: Vec<Page> = firsts.iter().map(second).collect();
        let owners_of = [owners(cluster, entry, &firsts).await?, owners(cluster, entry, &seconds).await?];
        let owned_by = |second_owner: &str| {
            let mut places = 0..firsts.len();
            let place = places.find(|place| owners_of[0][*place] == first_owner && owners_of[1][*place] == second_owner)?;
            Some([firsts[place].clone(), seconds[place].clone()])
        };
        let (Some(near), Some(far)) = (owned_by(entry), owned_by(third)) else {
            return Err(Stop::inconclusive(format!("Hardly any code belongs to {first_owner}.")));
        };
        for (both, second_owner, most) in [(near, entry, 2), (far, third, 4)] {
            let [first, second] = both;
            cluster.step(format!(
                "Another page already has the code {}, which {first_owner} owns. {entry} is asked to create a link to {}, whose next code {second_owner} owns.",
                first.path(),
                first.url
            ));
            let other = Page { url: format!("https://example.org/{elsewhere}/{second_owner}"), ..first.clone() };
            put(cluster, &other).await?;
            let mark = cluster.mark();
            let tries = create(cluster, entry, &second).await.because(
                "Two URLs may have the same first code. The store gives it to one of them; the other gets its next code, which may have another owner.",
            )?;
            cluster.quiesce().await?;
            let frames = frames_about(cluster, mark, &second);
            let stray = frames.iter().find(|frame| ![frame.from.short(), frame.to.short()].contains(&entry));
            let wrong = match stray {
                Some(frame) => {
                    let (from, to) = (frame.from.short(), frame.to.short());
                    Some((from, format!("{from} sent {to} a message about {}", first.url)))
                }
                None if frames.len() > most * tries => Some((entry, format!("the creation took {} messages", frames.len()))),
                None => None,
            };
            if let Some((node, seen)) = wrong {
                let expected = "each code that the entry tries costs one request to its owner and one answer";
                return Err(cluster.failed_at(node, seen, expected).because(WHY_OWNER).into());
            }
            for node in NODES {
                leads(cluster, node, &second).await?;
                leads(cluster, node, &other).await?;
            }
            create(cluster, third, &second).await?;

            cluster.step(format!("The link of the other page expires. {entry} is asked again to create a link to {}.", first.url));
            let expired = Link { expires_at: Some(1_000), ..other.link() };
            cluster.store_set(&first.key(), &expired.to_text()).await?;
            create(cluster, entry, &second).await.because(
                "A URL keeps its code while its link lives, even when its first code is free. So the owner must know all codes that the URL may have.",
            )?;
        }

        cluster.step(format!("{entry} and {third} are asked to create links of two URLs with one code, at the same time."));
        one_of_two_gets_it(cluster, [entry, third], &both).await?;

        cluster.step("Each node is asked for chosen codes: a new code, a code that another URL has, and a code that its own URL has; and for a code that no link has.");
        let (own, theirs) = (format!("https://example.org/{own}"), format!("https://example.org/{theirs}"));
        for (place, node) in NODES.into_iter().enumerate() {
            let code = format!("{wanted}-{}", place + 1);
            for (asked, url, status) in [(node, &own, 201), (entry, &theirs, 409), (third, &own, 201)] {
                answers(cluster, asked, &Request::form("/", &[("url", url), ("code", &code)]), status).await?;
            }
            answers(cluster, node, &Request::get(format!("/{unused}")), 404).await?;
        }
        Ok(())
    })
    .await
}

/// Two nodes create links of two URLs with one code at the same time. One URL gets the code, and
/// every node leads to it.
async fn one_of_two_gets_it(cluster: &Cluster<'_>, nodes: [&str; 2], site: &str) -> Told {
    const CLAIM: &str = "of two URLs that want one code at the same time, one gets it (201), and the other does not (409)";
    let page = Page::called(site, 1);
    let pages = [
        page.clone(),
        Page {
            url: format!("{}?other", page.url),
            ..page
        },
    ];
    let ask = async |place: usize| {
        let Page { url, code } = &pages[place];
        let form = [("url", url.as_str()), ("code", code.as_str())];
        cluster
            .post_form(nodes[place], &form)
            .await
            .map_err(Stop::from)
    };
    let (first, second) = try_join(ask(0), ask(1)).await?;
    let winner = match (first.status, second.status) {
        (201, 409) => &pages[0],
        (409, 201) => &pages[1],
        (503, _) | (_, 503) => return Err(Stop::inconclusive("The owner answered too late.")),
        _ => {
            let seen = format!(
                "{} answered {}, and {} {}",
                nodes[0],
                first.in_words(),
                nodes[1],
                second.in_words()
            );
            return Err(cluster.failed_at(nodes[1], seen, CLAIM).into());
        }
    };
    for node in NODES {
        leads(cluster, node, winner).await?;
    }
    Ok(())
}

/// Waits until a node answers with this status, instead of 503. Any other status is a failure.
async fn answers(cluster: &Cluster<'_>, node: &str, request: &Request, status: u16) -> Told {
    let expected = format!("{node} answers `{}` with {status}", request.in_words());
    cluster
        .eventually(CLAIM_TIMEOUT, expected.clone(), async || {
            let answer = cluster.request(node, request).await?;
            let seen = format!("{node} answered {}", answer.in_words());
            match answer.status {
                now if now == status => Ok(()),
                503 => Err(Unmet::at(node, seen)),
                _ => Err(Unmet::Never(
                    cluster.failed_at(node, seen, &expected).into(),
                )),
            }
        })
        .await
}

pub(super) async fn is_not_passed_on(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [entry, gone, heir] = draw.cast(NODES);
    let [site] = Names::new(&mut draw).take();
    let mut left = [entry, heir];
    left.sort_unstable();
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let pages = Page::of(&site, 90);
        let now = owners(cluster, entry, &pages).await?;
        let then = owners_among(cluster, entry, &left.map(|node| cluster.name(node)), &pages).await?;
        let moves = |place: &usize| now[*place] == gone && then[*place] == heir;
        let moving: Vec<&Page> = (0..pages.len()).filter(moves).map(|place| &pages[place]).take(4).collect();
        if moving.is_empty() {
            return Err(Stop::inconclusive(format!("No code of {gone} moves to {heir} when {gone} leaves the members.")));
        }

        cluster.step(format!(
            "The store refuses {entry}. {gone} is deleted from the members: {gone} and {heir} see that, and {entry} does not."
        ));
        cluster.store_refused([entry]);
        cluster.store_delete(&member(gone)).await?;
        rings_are(cluster, &[gone, heir], &left).await?;

        cluster.step(format!(
            "{entry} is asked to create links that {gone} owns on {entry}'s ring, and {heir} owns on {gone}'s ring."
        ));
        let mark = cluster.mark();
        for page in &moving {
            create(cluster, entry, page).await.because(
                "Rings differ for a moment whenever the members change. A node that is asked as the owner can do the work, because the store gives each code to one URL.",
            )?;
        }
        cluster.quiesce().await?;
        rings_are(cluster, &[entry], &NODES).await?;
        was_not_passed_on(cluster, mark, &moving, [entry, gone, heir])?;

        cluster.step(format!("The links are looked up on {entry} and on {heir}."));
        at_once(4, &moving, async |page| {
            leads(cluster, entry, page).await?;
            leads(cluster, heir, page).await
        })
        .await?;
        cluster.quiesce().await?;
        was_not_passed_on(cluster, mark, &moving, [entry, gone, heir])
    })
    .await
}

/// Checks that the node which was asked as the owner has not asked the node that its own ring
/// names.
fn was_not_passed_on(
    cluster: &Cluster<'_>,
    since: Mark,
    pages: &[&Page],
    [entry, asked, owner]: [&str; 3],
) -> Told {
    for page in pages {
        let frames = frames_about(cluster, since, page);
        let passed_on = frames
            .iter()
            .any(|frame| frame.from.short() == asked && frame.to.short() == owner);
        if passed_on {
            return Err(cluster
                .failed_at(
                    asked,
                    format!("{asked}, which {entry} had asked for {}, sent {owner} a message about it", page.path()),
                    "a node that is asked as the owner does the work, and asks no other node",
                )
                .because(
                    "When two rings differ, each of two nodes may think that the other is the owner. A request that they pass on goes back and forth until its timeout.",
                )
                .into());
        }
    }
    Ok(())
}

pub(super) async fn no_members_create_nothing(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [back, other] = draw.cast(["n1", "n2"]);
    let [site] = Names::new(&mut draw).take();
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        rings_are(cluster, &["n1", "n2"], &["n1", "n2"]).await?;
        let known = Page::number(&site, 2);
        create(cluster, back, &known).await?;
        cluster.step("A link is created. Then all members are deleted from the store.");
        for node in ["n1", "n2"] {
            cluster.store_delete(&member(node)).await?;
        }
        rings_are(cluster, &["n1", "n2"], &[]).await?;
        let page = Page::number(&site, 1);
        for node in [other, back] {
            let answer = cluster.post_form(node, &[("url", &page.url)]).await?;
            if answer.status != 503 || answer.retry_after.is_none() {
                let retry = answer.retry_after.as_ref().map_or("without Retry-After", |_| "with Retry-After");
                return Err(cluster
                    .failed_at(node, format!("{node} answered {} {retry}", answer.in_words()), "without members a creation is answered 503, with Retry-After")
                    .because("No node owns the code, so no node may create the link. That will change, so the client should try again later.")
                    .into());
            }
        }

        for node in [other, back] {
            let answer = cluster.request(node, &Request::new("HEAD", known.path())).await?;
            let leads = answer.status == 302 && answer.location.as_deref() == Some(&known.url);
            if !leads && answer.status != 503 {
                return Err(cluster
                    .failed_at(node, format!("{node}, asked for {}, answered {}", known.path(), answer.in_words()), "302 with the page, or 503: the link exists")
                    .because("No node owns the code now, but the store has the link. 404 would say that there is no such link.")
                    .into());
            }
        }

        cluster.step(format!("{back} is added to the members again."));
        cluster.store_set(&member(back), "").await?;
        rings_are(cluster, &["n1", "n2"], &[back]).await?;
        create(cluster, other, &page).await?;
        leads(cluster, back, &page).await
    })
    .await
}
