//! Problem 2: a creation and a look-up go to the owner of the code.

use runtime::net::faults::FrameSeen;

use super::SOON;
use super::pages::{
    Page, Pages, at_once, create, frames_about, leads, member, owners, owners_among, peek, put,
    rings_are,
};
use crate::cluster::{Cluster, Explained, Mark, Options, Request, Unmet};
use crate::scenario::{Context, Stop, Told};

const NODES: [&str; 3] = ["n1", "n2", "n3"];

const TO_THE_OWNER: &str =
    "what is asked about a link goes to its owner, and to nobody else: a request and its answer";

const WHY_OWNER: &str = "In part 3 each node had a copy of each link, and each creation was told to all: n - 1 messages, \
                         n times the memory. With an owner for each code, a cluster of a hundred nodes has no more to do for a link than one of three.";

/// One page for each way from a node to an owner.
async fn one_each_way(
    cluster: &Cluster<'_>,
) -> Result<Vec<(&'static str, &'static str, Page)>, Stop> {
    let mut pages = Pages::deal(cluster, 90).await?;
    let mut ways = Vec::new();
    for entry in NODES {
        for owner in NODES {
            ways.push((entry, owner, pages.take(cluster, owner)?));
        }
    }
    Ok(ways)
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
    let seen = match frames.iter().find(|frame| !fits(frame)) {
        Some(frame) => format!(
            "{entry} was asked for {}, which {owner} owns, and {} sent {} a message about it",
            page.path(),
            frame.from.short(),
            frame.to.short()
        ),
        None if frames.len() > 2 * tries => format!(
            "{entry} was asked for {}, which {owner} owns, and that took {} messages",
            page.path(),
            frames.len()
        ),
        None => return Ok(frames.len()),
    };
    Err(cluster.failed(seen, TO_THE_OWNER).because(WHY_OWNER).into())
}

pub(super) async fn goes_to_the_owner(cx: &Context) -> Told {
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let ways = one_each_way(cluster).await?;
        cluster.step("Nine links are created, on each node one that it owns itself, and one of each other owner.");
        let (mark, commands) = (cluster.mark(), cluster.store_mark());
        let mut tries = Vec::new();
        for (entry, _, page) in &ways {
            tries.push(create(cluster, entry, page).await?);
            if cluster.store_get(&page.key()).await?.as_deref() != Some(&page.link().to_text()) {
                let seen = format!("{entry} answered 201, and the store does not have {}", page.key());
                return Err(cluster
                    .failed(seen, "a link is in the store before its creation is answered")
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

        cluster.step("Each link is looked up on each node.");
        let (mark, commands) = (cluster.mark(), cluster.store_mark());
        for (_, _, page) in &ways {
            for node in NODES {
                leads(cluster, node, page).await?;
            }
        }
        cluster.quiesce().await?;
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
        .failed(seen, "the owner does what is to be done for its links, and only the owner")
        .because("If one node does all that is done with a link, nobody needs to be told of it. Two nodes that both do it have to agree again.")
        .into())
}

pub(super) async fn only_the_owner_keeps_it(cx: &Context) -> Told {
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let ways = one_each_way(cluster).await?;
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
                let seen = match (kept, node == *owner) {
                    (Some(link), true) if link == page.link() => continue,
                    (None, false) => continue,
                    (Some(link), true) => format!("{node} owns {}, and its table says {}", page.path(), link.url),
                    (None, true) => format!("{node} owns {}, and its table does not have it", page.path()),
                    (Some(_), false) => format!("{owner} owns {}, and {node}'s table has it too", page.path()),
                };
                return Err(cluster
                    .failed(seen, "a link is in the table of its owner, and in no other")
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
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        // The codes of its first choice and of its second, and who owns them.
        let (mut near, mut far) = (None, None);
        for number in 1..=90 {
            let first = Page::number(number);
            let code = shortener::Code::candidates(&first.url).swap_remove(1);
            let second = Page { code, ..first.clone() };
            let both = [first, second];
            match &owners(cluster, "n1", &both).await?.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["n2", "n1"] => near = near.or(Some(both)),
                ["n2", "n3"] => far = far.or(Some(both)),
                _ => {}
            }
            if near.is_some() && far.is_some() {
                break;
            }
        }
        let (Some(near), Some(far)) = (near, far) else {
            return Err(Stop::inconclusive("Hardly any code belongs to n2."));
        };
        for (both, second_owner, most) in [(near, "n1", 2), (far, "n3", 4)] {
            let [first, second] = both;
            cluster.step(format!(
                "{} is another page's already, and n2 owns that code. n1 is to create a link to {}, whose next code is {second_owner}'s.",
                first.path(),
                first.url
            ));
            let other = Page { url: format!("{}/other", first.url), ..first.clone() };
            put(cluster, &other).await?;
            let mark = cluster.mark();
            let tries = create(cluster, "n1", &second).await.because(
                "Two URLs may come to the same code. The store gives it to one of them, and the other gets its next choice, \
                 which belongs to another owner.",
            )?;
            cluster.quiesce().await?;
            let frames = frames_about(cluster, mark, &second);
            let seen = match frames.iter().find(|frame| ![frame.from.short(), frame.to.short()].contains(&"n1")) {
                Some(frame) => format!("{} sent {} a message about {}", frame.from.short(), frame.to.short(), first.url),
                None if frames.len() > most * tries => format!("the creation took {} messages", frames.len()),
                None => String::new(),
            };
            if !seen.is_empty() {
                let expected = "each code that is tried costs a request to its owner and the answer, from the node that was asked";
                return Err(cluster.failed(seen, expected).because(WHY_OWNER).into());
            }
            for node in NODES {
                leads(cluster, node, &second).await?;
                leads(cluster, node, &other).await?;
            }
            create(cluster, "n3", &second).await?;
        }

        cluster.step("n1, n2 and n3 are asked for codes that are wanted: a new one, one that another URL has, and one that its own URL has; and for a code that nobody has.");
        for (place, node) in NODES.into_iter().enumerate() {
            let own = format!("wanted-{}", place + 1);
            for (asked, url, status) in [(node, "https://example.org/own", 201), ("n1", "https://example.org/theirs", 409), ("n3", "https://example.org/own", 201)] {
                answers(cluster, asked, &Request::form("/", &[("url", url), ("code", &own)]), status).await?;
            }
            answers(cluster, node, &Request::get("/nobodys"), 404).await?;
        }
        Ok(())
    })
    .await
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
    Cluster::tell(cx, &NODES, Options::with_store(), async |cluster| {
        rings_are(cluster, &NODES, &NODES).await?;
        let pages: Vec<Page> = (1..=90).map(Page::number).collect();
        let now = owners(cluster, "n1", &pages).await?;
        let then = owners_among(cluster, &[cluster.name("n1"), cluster.name("n3")], &pages).await?;
        let moves = |place: &usize| now[*place] == "n2" && then[*place] == "n3";
        let moving: Vec<&Page> = (0..pages.len()).filter(moves).map(|place| &pages[place]).take(4).collect();
        if moving.is_empty() {
            return Err(Stop::inconclusive("No code of n2 moves to n3 when n2 is no member any more."));
        }

        cluster.step("The store refuses n1. n2 is deleted from the members: n2 and n3 know of it, and n1 does not.");
        cluster.store_refused(["n1"]);
        cluster.store_delete(&member("n2")).await?;
        rings_are(cluster, &["n2", "n3"], &["n1", "n3"]).await?;

        cluster.step("n1 is to create links which belong to n2, as n1 has it; and to n3, as n2 has it.");
        let mark = cluster.mark();
        for page in &moving {
            create(cluster, "n1", page).await.because(
                "Rings differ for a moment whenever the members change. Whoever was taken for the owner can do what \
                 is to be done: the store sees to it that a code has one URL.",
            )?;
        }
        cluster.quiesce().await?;
        rings_are(cluster, &["n1"], &NODES).await?;
        was_not_passed_on(cluster, mark, &moving)?;

        cluster.step("They are looked up on n1 and on n3.");
        at_once(4, &moving, async |page| {
            leads(cluster, "n1", page).await?;
            leads(cluster, "n3", page).await
        })
        .await?;
        cluster.quiesce().await?;
        was_not_passed_on(cluster, mark, &moving)
    })
    .await
}

/// n2, which was asked, has not asked n3.
fn was_not_passed_on(cluster: &Cluster<'_>, since: Mark, pages: &[&Page]) -> Told {
    for page in pages {
        let frames = frames_about(cluster, since, page);
        let passed_on = frames
            .iter()
            .any(|frame| frame.from.short() == "n2" && frame.to.short() == "n3");
        if passed_on {
            return Err(cluster
                .failed(
                    format!("n2, which n1 had asked for {}, sent n3 a message about it", page.path()),
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
    Cluster::tell(cx, &["n1", "n2"], Options::with_store(), async |cluster| {
        rings_are(cluster, &["n1", "n2"], &["n1", "n2"]).await?;
        cluster.step("All members are deleted from the store.");
        for node in ["n1", "n2"] {
            cluster.store_delete(&member(node)).await?;
        }
        rings_are(cluster, &["n1", "n2"], &[]).await?;
        let page = Page::number(1);
        for node in ["n1", "n2"] {
            let answer = cluster.post_form(node, &[("url", &page.url)]).await?;
            if answer.status != 503 || answer.retry_after.is_none() {
                let retry = answer.retry_after.as_ref().map_or("without Retry-After", |_| "with Retry-After");
                return Err(cluster
                    .failed_at(node, format!("{node} answered {} {retry}", answer.in_words()), "without members nothing can be created for now: 503, with Retry-After")
                    .because("Nobody owns the code, so nobody may create the link. That will change: whoever asked should come again.")
                    .into());
            }
        }

        cluster.step("n2 is entered in the store again.");
        cluster.store_set(&member("n2"), "").await?;
        rings_are(cluster, &["n1", "n2"], &["n2"]).await?;
        create(cluster, "n1", &page).await?;
        leads(cluster, "n2", &page).await
    })
    .await
}
