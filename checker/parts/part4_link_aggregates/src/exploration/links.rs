//! Creations, lookups and changes of the members in any order, while things break, beside a book of
//! the links that exist for certain, and of those that may exist.

mod book;
mod model;
mod plan;
mod ring;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shortener::Code;

use testkit::cluster::Options;
use testkit::exploration::Operation;

use super::{TICK_TIME, member_changes, member_command};
use crate::messages::ANSWER_TIMEOUT;
use crate::pages::Page;
pub(super) use model::Service;
pub(super) use plan::draw;
pub(super) use ring::{Members, draw as draw_ring};

/// What is explored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// All nodes can be reached.
    Route,
    /// Nodes cannot be reached.
    Unreachable,
    /// The same, and other owners take over.
    TwoOwners,
}

/// How the nodes of its cluster are set up.
pub(super) fn options() -> Options {
    Options {
        // Two owners, one after the other, are silent for longer than an entry may wait.
        tick_time: 3 * TICK_TIME,
        // An answer that comes too late is seen, and how late it is.
        patience: 3 * ANSWER_TIMEOUT,
        ..Options::with_store()
    }
}

/// A code, as stories name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    /// The first code of a page.
    First(usize),
    /// A code that a client has chosen.
    Named(usize),
}

/// What clients do, and operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Do {
    /// A client creates a link to a page on a node.
    Create {
        node: String,
        page: usize,
        code: Option<Wanted>,
        ttl: Option<u64>,
    },
    /// A visitor looks a code up on a node.
    LookUp { node: String, code: Wanted },
    /// An operator adds a node to the members, or removes it.
    Member { node: String, added: bool },
}

/// The page of a number.
fn page(number: usize) -> Page {
    Page::number("page", number + 1)
}

impl Wanted {
    fn code(&self) -> Code {
        match self {
            Wanted::First(number) => page(*number).code,
            Wanted::Named(number) => Page::called("name", *number).code,
        }
    }
}

impl Operation for Do {
    fn sentence(&self) -> String {
        match self {
            Do::Create {
                node,
                page: number,
                code,
                ttl,
            } => {
                let url = page(*number).url;
                let code = match code {
                    Some(wanted) => format!(", with the code {}", wanted.code()),
                    None => String::new(),
                };
                let ttl = match ttl {
                    Some(seconds) => format!(", which expires after {seconds} s"),
                    None => String::new(),
                };
                format!("A client creates a link to {url} on {node}{code}{ttl}.")
            }
            Do::LookUp { node, code } => format!("A client looks /{} up on {node}.", code.code()),
            Do::Member { node, added } => member_changes(node, *added),
        }
    }

    fn simpler(&self) -> Vec<Do> {
        match self {
            Do::Create {
                node,
                page,
                code,
                ttl,
            } if code.is_some() || ttl.is_some() => {
                let with = |code: Option<Wanted>, ttl| Do::Create {
                    node: node.clone(),
                    page: *page,
                    code,
                    ttl,
                };
                let mut simpler = vec![with(None, None)];
                if code.is_some() && ttl.is_some() {
                    simpler.extend([with(code.clone(), None), with(None, *ttl)]);
                }
                simpler
            }
            _ => Vec::new(),
        }
    }

    fn commands(&self) -> Vec<String> {
        vec![match self {
            Do::Create {
                node,
                page: number,
                code,
                ttl,
            } => {
                let code = code
                    .as_ref()
                    .map(|wanted| format!(" code={}", wanted.code()));
                let ttl = ttl.map(|seconds| format!(" ttl={seconds}"));
                let url = page(*number).url;
                format!(
                    "curl {node} / url={url}{}{}",
                    code.unwrap_or_default(),
                    ttl.unwrap_or_default()
                )
            }
            Do::LookUp { node, code } => format!("curl {node} /{}", code.code()),
            Do::Member { node, added } => member_command(node, *added),
        }]
    }
}

/// How long nodes may take to learn of a change of the members: until their next read of the store,
/// and the read.
const REFRESH: Duration = Duration::from_millis(600);

/// The same on processes of a busy machine.
const REFRESH_WHEN_BUSY: Duration = Duration::from_secs(3);

/// How long a node that has started, or whose store is back, may take until its ring is right.
const RECOVERY: Duration = Duration::from_secs(3);
