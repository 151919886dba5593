//! Views in any order, while things break, beside a list of all views: which of them each node must
//! know, and which it may know.

mod model;
mod plan;

use serde::{Deserialize, Serialize};

use testkit::cluster::Options;
use testkit::exploration::Operation;
use testkit::seed::count_of;

use super::{TICK_TIME, member_changes, member_command};
pub(super) use model::Table;
pub(super) use plan::draw;

/// What is explored: what breaks, and what must hold nevertheless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// Nothing is lost.
    Aggregates,
    /// Nodes are kept apart, and messages are lost.
    Netsplits,
    /// The same, and nodes forget. No node asks another for a link.
    Restarts,
    /// Many links, and a netsplit.
    ManyLinks,
    /// Nodes are kept apart, and visitors come back. No node asks another for a link.
    Visitors,
}

impl Subject {
    /// Whether nodes that meet must learn each other's views.
    fn has_meetings(self) -> bool {
        self != Subject::Aggregates
    }

    /// Whether an entry may ask an owner that may be out of reach: whether problem 3 is solved.
    fn falls_back(self) -> bool {
        matches!(self, Subject::Netsplits | Subject::ManyLinks)
    }
}

/// How the nodes of its cluster are set up.
pub(super) fn options(subject: Subject) -> Options {
    let mut options = Options::with_store();
    if subject.has_meetings() {
        options.tick_time = TICK_TIME;
    }
    options
}

/// What visitors do, and readers. Each node owns some links, which have numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Do {
    /// Visitors follow a link on a node, some at the same time. The first has this number, if they
    /// have names.
    View {
        node: String,
        owner: String,
        link: usize,
        visitor: Option<u64>,
        times: u64,
    },
    /// Visitors follow this many links of an owner on a node, each once.
    ViewMany {
        node: String,
        owner: String,
        links: usize,
    },
    /// A node is asked for the aggregates of a link.
    Read {
        node: String,
        owner: String,
        link: usize,
    },
    /// A node is asked what is no view.
    NoView {
        node: String,
        owner: String,
        link: usize,
    },
    /// The counters of a node do nothing else for some time.
    Busy { node: String, ms: u64 },
    /// An operator adds a node to the members, or removes it.
    Member { node: String, added: bool },
}

impl Operation for Do {
    fn sentence(&self) -> String {
        match self {
            Do::View {
                node,
                owner,
                link,
                visitor,
                times,
            } => {
                let what = called(owner, *link);
                match (visitor, times) {
                    (None, 1) => format!("A visitor follows {what} on {node}."),
                    (None, times) => format!(
                        "{node} gets {} of {what} at the same time.",
                        count_of(*times, "view")
                    ),
                    (Some(visitor), 1) => format!("Visitor {visitor} follows {what} on {node}."),
                    (Some(visitor), times) => {
                        format!(
                            "Visitors {visitor} to {} follow {what} on {node}.",
                            visitor + times - 1
                        )
                    }
                }
            }
            Do::ViewMany { node, owner, links } => {
                format!(
                    "{node} gets one view of each of {owner}'s first {}.",
                    count_of(*links as u64, "link")
                )
            }
            Do::Read { node, owner, link } => {
                format!(
                    "A reader asks {node} for the views of {}.",
                    called(owner, *link)
                )
            }
            Do::NoView { node, owner, link } => {
                format!(
                    "{node} gets a HEAD for {}, and a GET for a code that leads nowhere.",
                    called(owner, *link)
                )
            }
            Do::Busy { node, ms } => format!("{node}'s counters do nothing else for {ms} ms."),
            Do::Member { node, added } => member_changes(node, *added),
        }
    }

    fn simpler(&self) -> Vec<Do> {
        match self {
            Do::View {
                node,
                owner,
                link,
                visitor,
                times,
            } => {
                let fewer = [1, 2, 5, 10, 20].into_iter().filter(|fewer| fewer < times);
                let fewer = fewer.map(|times| Do::View {
                    node: node.clone(),
                    owner: owner.clone(),
                    link: *link,
                    visitor: *visitor,
                    times,
                });
                fewer.collect()
            }
            Do::ViewMany { node, owner, links } => {
                let fewer = [1, 2, 5, 10, 20, 50, 100, 200]
                    .into_iter()
                    .filter(|fewer| fewer < links);
                let fewer = fewer.map(|links| Do::ViewMany {
                    node: node.clone(),
                    owner: owner.clone(),
                    links,
                });
                fewer.collect()
            }
            Do::Busy { node, ms } => {
                let shorter = [100, 500, 1000].into_iter().filter(|shorter| shorter < ms);
                shorter
                    .map(|ms| Do::Busy {
                        node: node.clone(),
                        ms,
                    })
                    .collect()
            }
            Do::Read { .. } | Do::NoView { .. } | Do::Member { .. } => Vec::new(),
        }
    }

    fn commands(&self) -> Vec<String> {
        // The codes are those of the exploration's pages, whose owners `play` can be asked for.
        let code = |owner: &String, link: &usize| format!("/CODE-{link}-OF-{owner}");
        match self {
            Do::View {
                node,
                owner,
                link,
                visitor: _,
                times,
            } => (0..*times)
                .map(|_| format!("curl {node} {}", code(owner, link)))
                .collect(),
            Do::ViewMany { node, owner, links } => (0..*links)
                .map(|link| format!("curl {node} {}", code(owner, &link)))
                .collect(),
            Do::Read { node, owner, link } => {
                vec![format!("curl {node} {}/aggregates", code(owner, link))]
            }
            Do::NoView { .. } => Vec::new(),
            Do::Busy { node, ms } => vec![format!("send {node} counters Hold {ms}")],
            Do::Member { node, added } => vec![member_command(node, *added)],
        }
    }
}

/// A link as a sentence names it.
fn called(owner: &str, link: usize) -> String {
    match link {
        0 => format!("a link of {owner}"),
        1 => format!("another link of {owner}"),
        link => format!("link {} of {owner}", link + 1),
    }
}
