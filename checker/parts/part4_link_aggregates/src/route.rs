//! Problem 2: a creation and a look-up go to the owner of the code.

use futures_util::future::try_join;
use runtime::net::faults::FrameSeen;

use super::SOON;
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
    "what is asked about a link goes to its owner, and to nobody else: a request and its answer";

const WHY_OWNER: &str = "In part 3 each node had a copy of each link, and each creation was told to all: n - 1 messages, \
                         n times the memory. With an owner for each code, a cluster of a hundred nodes has no more to do for a link than one of three.";

/// One page for each way from a node to an owner, in the order in which the nodes are named.
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

/// Of the messages about a page, all are between the two nodes, and there is one request and one
/// answer for each try; none, if the two are one. Says how many there are.
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
    let (nodes, [site, nobodys]) = (draw.cast(NODES), Names::new(&mut draw).take());
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let ways = one_each_way(cluster, &site, nodes).await?;
        let mut pages = Pages::deal(cluster, nodes[0], &nobodys, 60).await?;
        let mut unknown = Vec::new();
        for owner in nodes {
            unknown.push((owner, pages.take(cluster, owner)?));
        }
        cluster.step("Nine links are created, on each node one that it owns itself, and one of each other owner.");
        let (mark, commands) = (cluster.mark(), cluster.store_mark());
        let mut tries = Vec::new();
        for (entry, _, page) in &ways {
            tries.push(create(cluster, entry, page).await?);
            if cluster.store_get(&page.key()).await?.as_deref() != Some(&page.link().to_text()) {
                let seen = format!("{entry} answered 201, and the store does not have {}", page.key());
                return Err(cluster
                    .failed_at(entry, seen, "a link is in the store before its creation is answered")
                    .because("A created link is promised to somebody. Whoever asked the owner must await what it says.")
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
            "9 creations took {messages} messages: none where a node owned the link itself, and a request and its answer elsewhere. \
             In part 3, each is told to the n - 1 other nodes: 18 messages here, and with 100 nodes, 891.",
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
                // A busy machine may have had to ask twice.
                between_two(cluster, &frames, page, (other, owner), 2)?;
            }
        }
        Ok(())
    })
    .await
}

/// Only the owner of a link has asked the store about it.
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
        .failed_at(&command.node, seen, "the owner does what is to be done for its links, and only the owner")
        .fact(&owner_alone(page, owner))
        .because("If one node does all that is done with a link, nobody needs to be told of it. Two nodes that both do it have to agree again.")
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
                let mut failure = cluster.failed_at(node, seen, "a link is in the table of its owner, and in no other");
                if is_copy {
                    failure = failure.fact(&Fact::CopyInTable {
                        node: node.to_owned(),
                        code: page.code.to_string(),
                        owner: (*owner).to_owned(),
                    });
                }
                return Err(failure
                    .because(
                        "A copy that nobody knows of is the one that is not taken back when the link ends or is swept. And \
                         each table holds a limited number: copies drive out what only this node has.",
                    )
                    .into());
            }
        }

        cluster.step("The store refuses everyone. Each link is looked up on each node again.");
        cluster.store_refused(NODES);
        let mark = cluster.store_mark();
        for (_, owner, page) in &ways {
            for node in NODES {
                leads(cluster, node, page)
                    .await
                    .evidence(format!("{owner} owns {}, and its table has it", page.path()))
                    .because("The owner's table is what the route leads to. Its links do not need the store.")?;
            }
        }
        match cluster.store_commands(mark).forwarded().is_empty() {
            true => Ok(()),
            false => Err(Stop::inconclusive("Something got to the store although it refused everyone.")),
        }
    })
    .await
}

pub(super) async fn code_is_anothers(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [entry, first_owner, third] = draw.cast(NODES);
    let [site, elsewhere, both, own, theirs, wanted, nobodys] = Names::new(&mut draw).take();
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        // The codes of its first choice and of its second, and who owns them.
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
                "{} is another page's already, and {first_owner} owns that code. {entry} is to create a link to {}, whose next code is {second_owner}'s.",
                first.path(),
                first.url
            ));
            let other = Page { url: format!("https://example.org/{elsewhere}/{second_owner}"), ..first.clone() };
            put(cluster, &other).await?;
            let mark = cluster.mark();
            let tries = create(cluster, entry, &second).await.because(
                "Two URLs may come to the same code. The store gives it to one of them, and the other gets its next choice, \
                 which belongs to another owner.",
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
                let expected = "each code that is tried costs a request to its owner and the answer, from the node that was asked";
                return Err(cluster.failed_at(node, seen, expected).because(WHY_OWNER).into());
            }
            for node in NODES {
                leads(cluster, node, &second).await?;
                leads(cluster, node, &other).await?;
            }
            create(cluster, third, &second).await?;
        }

        cluster.step(format!("{entry} and {third} are to create links of two URLs with one code, at the same time."));
        one_of_two_gets_it(cluster, [entry, third], &both).await?;

        cluster.step("Each node is asked for codes that are wanted: a new one, one that another URL has, and one that its own URL has; and for a code that nobody has.");
        let (own, theirs) = (format!("https://example.org/{own}"), format!("https://example.org/{theirs}"));
        for (place, node) in NODES.into_iter().enumerate() {
            let code = format!("{wanted}-{}", place + 1);
            for (asked, url, status) in [(node, &own, 201), (entry, &theirs, 409), (third, &own, 201)] {
                answers(cluster, asked, &Request::form("/", &[("url", url), ("code", &code)]), status).await?;
            }
            answers(cluster, node, &Request::get(format!("/{nobodys}")), 404).await?;
        }
        Ok(())
    })
    .await
}

/// Two nodes create links of two URLs with one code at the same time: one of the URLs gets it, and
/// every node leads there.
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

/// Waits until a node answers with a status, unless it answers with another one than 503.
async fn answers(cluster: &Cluster<'_>, node: &str, request: &Request, status: u16) -> Told {
    let expected = format!("{node} answers `{}` with {status}", request.in_words());
    cluster
        .eventually(SOON, expected.clone(), async || {
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
            return Err(Stop::inconclusive(format!("No code of {gone} moves to {heir} when {gone} is no member any more.")));
        }

        cluster.step(format!(
            "The store refuses {entry}. {gone} is deleted from the members: {gone} and {heir} know of it, and {entry} does not."
        ));
        cluster.store_refused([entry]);
        cluster.store_delete(&member(gone)).await?;
        rings_are(cluster, &[gone, heir], &left).await?;

        cluster.step(format!(
            "{entry} is to create links which belong to {gone}, as {entry} has it; and to {heir}, as {gone} has it."
        ));
        let mark = cluster.mark();
        for page in &moving {
            create(cluster, entry, page).await.because(
                "Rings differ for a moment whenever the members change. Whoever was taken for the owner can do what \
                 is to be done: the store sees to it that a code has one URL.",
            )?;
        }
        cluster.quiesce().await?;
        rings_are(cluster, &[entry], &NODES).await?;
        was_not_passed_on(cluster, mark, &moving, [entry, gone, heir])?;

        cluster.step(format!("They are looked up on {entry} and on {heir}."));
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

/// The node that was asked as the owner has not asked the one which it takes for the owner itself.
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
                    "whoever is asked as the owner does it, and asks nobody else",
                )
                .because(
                    "Where two rings differ, each node may take the other for the owner. A request that is passed on \
                     goes back and forth between them until its time is over.",
                )
                .into());
        }
    }
    Ok(())
}

pub(super) async fn nobody_owns_anything(cx: &Context) -> Told {
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
                    .failed_at(node, format!("{node} answered {} {retry}", answer.in_words()), "without members nothing can be created for now: 503, with Retry-After")
                    .because("Nobody owns the code, so nobody may create the link. That will change: whoever asked should come again.")
                    .into());
            }
        }

        for node in [other, back] {
            let answer = cluster.request(node, &Request::new("HEAD", known.path())).await?;
            let leads = answer.status == 302 && answer.location.as_deref() == Some(&known.url);
            if !leads && answer.status != 503 {
                return Err(cluster
                    .failed_at(node, format!("{node}, asked for {}, answered {}", known.path(), answer.in_words()), "302 and the page, or 503: the link exists")
                    .because("Nobody owns the code now, and the link is in the store all the same. 404 would say that there is no such link.")
                    .into());
            }
        }

        cluster.step(format!("{back} is entered in the store again."));
        cluster.store_set(&member(back), "").await?;
        rings_are(cluster, &["n1", "n2"], &[back]).await?;
        create(cluster, other, &page).await?;
        leads(cluster, back, &page).await
    })
    .await
}
