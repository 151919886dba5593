//! Symptoms of problems 3 and 4: nodes that meet, again or for the first time.

use super::{Lacking, lacking};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Sent, listed, seconds};
use testkit::trace::{Change, What};

/// A link that a table lacks after its node has met others, and the messages since then.
struct Meeting<'a> {
    link: Lacking<'a>,
    /// When the nodes could meet.
    since: u64,
    /// Whether the node was started then; otherwise the network was healed.
    is_started: bool,
    /// The nodes that it could not reach before.
    others: Vec<&'a str>,
    /// The messages of the others to it that have links in them, or may have.
    heard: Vec<Sent<'a>>,
    /// Its own messages of this kind to the others.
    sent: Vec<Sent<'a>>,
}

fn meeting<'a>(case: &Case<'a>) -> Option<Meeting<'a>> {
    let link = lacking(case)?;
    let node = link.node;
    let healed = case.last(|what| matches!(what, What::Healed { .. }));
    let started = case.process(node, Change::Started);
    let since = healed.max(started)?;
    let is_started = healed.is_none_or(|healed| healed < since);
    let apart = |other: &str| {
        let both = |a: &str, b: &str| (a == node && b == other) || (a == other && b == node);
        let cut = case.last(|what| match what {
            What::Partition { a, b } => both(a, b),
            What::Blackhole { from, to } => both(from, to),
            _ => false,
        });
        cut.is_some()
    };
    let nodes = case.nodes().iter().map(String::as_str);
    let others: Vec<&str> = nodes
        .filter(|other| *other != node && (is_started || apart(other)))
        .collect();
    let with_links = case.messages().since(since).that(may_have_links);
    let heard = with_links.clone().to(node);
    let sent = with_links.from(node);
    Some(Meeting {
        since,
        is_started,
        heard: heard
            .iter()
            .filter(|sent| others.contains(&sent.from.as_str()))
            .copied()
            .collect(),
        sent: sent
            .iter()
            .filter(|sent| others.contains(&sent.to.as_str()))
            .copied()
            .collect(),
        others,
        link,
    })
}

/// Whether links are in a message, or may be: the trace leaves out the words of a long one.
fn may_have_links(sent: &Sent) -> bool {
    let body = sent.message.body.as_ref();
    sent.name.as_deref() == Some("Table")
        || body.is_none_or(|body| body.to_string().contains("\"url\""))
}

impl Meeting<'_> {
    /// The moment of the meeting, as the beginning of a sentence.
    fn when(&self) -> String {
        match self.is_started {
            true => format!("after the start of {}", self.link.node),
            false => "after the network was whole again".to_owned(),
        }
    }
}

pub(super) fn one_side_tells(case: &Case) -> Option<String> {
    let met = meeting(case)?;
    let sent = met.sent.first()?;
    (met.heard.is_empty() && !met.is_started).then(|| {
        format!(
            "{} {} sent {} its table, and got none in return",
            met.when(),
            met.link.node,
            sent.to
        )
    })
}

pub(super) fn returned_node_is_not_told(case: &Case) -> Option<String> {
    let met = meeting(case)?;
    let neither = met.heard.is_empty() && met.sent.is_empty() && !met.others.is_empty();
    neither.then(|| {
        let none = match met.others.len() {
            1 => "did not send its table",
            _ => "sent none of their tables",
        };
        format!(
            "{} {} {none} to {}",
            met.when(),
            listed(&met.others),
            met.link.node
        )
    })
}

pub(super) fn part_of_the_table(case: &Case) -> Option<String> {
    let met = meeting(case)?;
    let Lacking {
        node,
        code,
        creator,
        created_us,
    } = met.link;
    let tables: Vec<&Sent> = met
        .heard
        .iter()
        .filter(|sent| sent.from == creator)
        .collect();
    let are_read = tables.iter().all(|sent| sent.message.body.is_some());
    // If the code had another link before, the creator's own table may have kept that.
    let requests = case.requests();
    let created = requests
        .iter()
        .filter(|asked| asked.created() == Some(code));
    let has_two_links = created.count() > 1;
    if tables.is_empty() || !are_read || created_us > met.since || has_two_links {
        return None;
    }
    let mut links = case.tellings();
    links.retain(|telling| {
        let sent = &telling.sent;
        sent.from == creator && sent.to == node && sent.at_us >= met.since
    });
    let has_it = links.iter().any(|telling| telling.code == code);
    (!has_it).then(|| {
        format!(
            "{} {creator} sent {node} {} links of its table, and {code}, which it had created itself, was not among them",
            met.when(),
            links.len()
        )
    })
}

pub(super) fn table_is_not_learned(case: &Case) -> Option<String> {
    let met = meeting(case)?;
    let Lacking { node, code, .. } = met.link;
    let tellings = case.tellings();
    let told = tellings.iter().find(|telling| {
        let sent = &telling.sent;
        sent.at_us >= met.since && sent.to == node && telling.code == code && sent.arrived()
    })?;
    let has_two_urls = tellings
        .iter()
        .any(|telling| telling.code == code && telling.url != told.url);
    let is_a_table = told.sent.name.as_deref() == Some("Table");
    (is_a_table && !has_two_urls).then(|| {
        format!(
            "{} {} sent {node} its table with the link {code} in it, which arrived, and {node}'s table did not have that link {} later",
            met.when(),
            told.sent.from,
            seconds(case.failure_at().saturating_sub(told.sent.at_us))
        )
    })
}
