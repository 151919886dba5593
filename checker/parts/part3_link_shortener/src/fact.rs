//! What scenarios saw, as data: the claims that the diagnosis tells apart.

use serde::{Deserialize, Serialize};

/// A claim that did not hold, and what was seen instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "claim", rename_all = "snake_case")]
pub(crate) enum Fact {
    /// A table lacks a link that it must have.
    TableLacks {
        node: String,
        code: String,
        /// The URL to which the table leads instead.
        instead: Option<String>,
        /// How many of the links that were looked for were not found yet.
        lacking: usize,
        of: usize,
    },
    /// A creation is slow, or fails, while another node is paused.
    CreationWaits {
        node: String,
        paused: String,
        took_ms: u64,
    },
    /// A request that needs the store is answered 503, too late.
    LateUnavailable {
        node: String,
        question: String,
        took_ms: u64,
    },
    /// A table keeps a link that was swept from the store.
    TableKeeps { node: String, code: String },
    /// A table has a link that the store does not have.
    TableBeforeStore {
        node: String,
        code: String,
        has: String,
        stored: Option<String>,
    },
    /// A table has a link with an earlier expiry than it must have.
    EarlierExpiry {
        node: String,
        code: String,
        has: String,
    },
    /// A table has too many entries.
    TableTooLarge { node: String, size: usize },
    /// The store lacks a link that a client was promised.
    LinkLost {
        node: String,
        code: String,
        url: String,
        has: Option<String>,
    },
    /// The store has a link that no client asked for.
    StoreInvents {
        node: String,
        code: String,
        has: String,
    },
    /// A node redirects to a link that the store does not have.
    NotInStore {
        node: String,
        code: String,
        url: String,
    },
    /// A code leads to another page than it must.
    WrongUrl {
        node: String,
        question: String,
        url: String,
        wanted: Option<String>,
    },
    /// A code leads to a page although its link has expired.
    ExpiredFollowed {
        node: String,
        code: String,
        url: String,
    },
    /// A living link is 404.
    LivingNotFound {
        node: String,
        code: String,
        url: String,
    },
    /// A node answers 404 although it cannot know.
    NotFoundWithoutStore { node: String, code: String },
    /// A node does not redirect to a link in its table.
    HitUnanswered {
        node: String,
        question: String,
        answer: String,
        url: String,
    },
    /// A lookup that the table could answer goes to the store.
    HitAsksStore {
        node: String,
        code: String,
        command: String,
    },
    /// Visitors of one unknown code cost the store too many questions.
    HerdAsksStore {
        node: String,
        code: String,
        visitors: usize,
        reads: usize,
    },
    /// A node that came up asks the store for links of its peers.
    ColdNodeAsksStore {
        node: String,
        links: usize,
        reads: usize,
    },
    /// An answer comes too late.
    LateAnswer {
        node: String,
        question: String,
        took_ms: u64,
    },
    /// A node answers 503 although it can ask the store.
    UnavailableWithStore {
        node: String,
        question: String,
        answer: String,
    },
    /// A 503 without `Retry-After`.
    NoRetryAfter { node: String, question: String },
    /// A creation is refused although its code is free.
    NoConflict { node: String, question: String },
    /// A URL gets another code than it must.
    WrongCode {
        node: String,
        url: String,
        code: String,
        wanted: String,
    },
    /// A code is given to two pages.
    CodeOfTwo {
        node: String,
        code: String,
        url: String,
        other: String,
    },
    /// A node gives no answer.
    NoAnswer { node: String, seen: String },
    /// A node gives an answer that the text does not list.
    StrangeAnswer {
        node: String,
        question: String,
        answer: String,
    },
    /// Other nodes look for expired links than the one that must.
    Sweepers { node: String, sweep: Vec<String> },
    /// The store keeps an expired link.
    NotSwept { node: String, code: String },
    /// Sweepers say that they have swept more links than expired.
    SweptTooMany {
        node: String,
        swept: u64,
        expired: u64,
    },
    /// A table keeps entries of links that were swept.
    TableGrows {
        node: String,
        before: usize,
        after: usize,
    },
}

impl Fact {
    /// The node that did it.
    pub(crate) fn node(&self) -> &str {
        match self {
            Fact::TableLacks { node, .. }
            | Fact::CreationWaits { node, .. }
            | Fact::LateUnavailable { node, .. }
            | Fact::TableKeeps { node, .. }
            | Fact::TableBeforeStore { node, .. }
            | Fact::EarlierExpiry { node, .. }
            | Fact::TableTooLarge { node, .. }
            | Fact::LinkLost { node, .. }
            | Fact::StoreInvents { node, .. }
            | Fact::NotInStore { node, .. }
            | Fact::WrongUrl { node, .. }
            | Fact::ExpiredFollowed { node, .. }
            | Fact::LivingNotFound { node, .. }
            | Fact::NotFoundWithoutStore { node, .. }
            | Fact::HitUnanswered { node, .. }
            | Fact::HitAsksStore { node, .. }
            | Fact::HerdAsksStore { node, .. }
            | Fact::ColdNodeAsksStore { node, .. }
            | Fact::LateAnswer { node, .. }
            | Fact::UnavailableWithStore { node, .. }
            | Fact::NoRetryAfter { node, .. }
            | Fact::NoConflict { node, .. }
            | Fact::WrongCode { node, .. }
            | Fact::CodeOfTwo { node, .. }
            | Fact::NoAnswer { node, .. }
            | Fact::StrangeAnswer { node, .. }
            | Fact::Sweepers { node, .. }
            | Fact::NotSwept { node, .. }
            | Fact::SweptTooMany { node, .. }
            | Fact::TableGrows { node, .. } => node,
        }
    }

    /// The fact as a sentence.
    pub(crate) fn seen(&self) -> String {
        match self {
            Fact::TableLacks {
                node,
                code,
                instead,
                lacking,
                of,
            } => {
                let instead = instead.as_deref().unwrap_or("no link");
                let more = match lacking {
                    0 | 1 => String::new(),
                    _ => format!(" ({lacking} of {of} links were not found there yet)"),
                };
                format!("{node}'s table has {instead} for {code}{more}")
            }
            Fact::CreationWaits {
                node,
                paused,
                took_ms,
            } => format!(
                "{node} answered 201 after {} while {paused} was paused",
                in_seconds(*took_ms)
            ),
            Fact::LateUnavailable {
                node,
                question,
                took_ms,
            } => format!(
                "{node} answered `{question}` with 503 only after {}",
                in_seconds(*took_ms)
            ),
            Fact::TableKeeps { node, code } => {
                format!("{node}'s table still has the expired link {code}")
            }
            Fact::TableBeforeStore {
                node,
                code,
                has,
                stored,
            } => {
                let stored = stored.as_deref().unwrap_or("nothing");
                format!("{node}'s table has `{has}` for {code}, and the store has `{stored}`")
            }
            Fact::EarlierExpiry { node, code, has } => {
                format!("{node}'s table has `{has}` for {code}")
            }
            Fact::TableTooLarge { node, size } => {
                format!("{node}'s cache answered `Size` with {size}")
            }
            Fact::LinkLost {
                node,
                code,
                url,
                has,
            } => {
                let has = has.as_deref().unwrap_or("nothing");
                format!(
                    "{node} created the link {code} to {url}, and the store has `{has}` under it"
                )
            }
            Fact::StoreInvents { code, has, .. } => format!("the store has `{has}` under {code}"),
            Fact::NotInStore { node, code, url } => {
                format!(
                    "{node} redirected a visitor of {code} to {url}, and the store does not have that link"
                )
            }
            Fact::WrongUrl {
                node,
                question,
                url,
                ..
            } => {
                format!("{node} answered `{question}` with 302 {url}")
            }
            Fact::ExpiredFollowed { node, code, url } => {
                format!(
                    "{node} redirected a visitor of {code} to {url} after that link had expired"
                )
            }
            Fact::LivingNotFound { node, code, url } => {
                format!("{node} answered 404 for {code}, which leads to {url}")
            }
            Fact::NotFoundWithoutStore { node, code } => {
                format!(
                    "{node} answered 404 for {code}, more than 2 s after the store last answered {node}"
                )
            }
            Fact::HitUnanswered {
                node,
                question,
                answer,
                url,
            } => {
                format!(
                    "{node} answered `{question}` with {answer}, and had the link to {url} in its table before"
                )
            }
            Fact::HitAsksStore {
                node,
                code,
                command,
            } => {
                format!(
                    "{node} sent the store the command {command} about {code}, which it has in its table"
                )
            }
            Fact::HerdAsksStore {
                node,
                code,
                visitors,
                reads,
            } => {
                format!("{node} asked the store {reads} times for {code}, for {visitors} visitors")
            }
            Fact::ColdNodeAsksStore { node, links, reads } => {
                format!(
                    "{node} asked the store for {reads} of the {links} links that its peers have"
                )
            }
            Fact::LateAnswer {
                node,
                question,
                took_ms,
            } => {
                format!("{node} answered `{question}` only after {took_ms} ms")
            }
            Fact::UnavailableWithStore {
                node,
                question,
                answer,
            } => {
                format!(
                    "{node} answered `{question}` with {answer}, although it had been able to reach the store for 5 s"
                )
            }
            Fact::NoRetryAfter { node, question } => {
                format!("{node} answered `{question}` with 503, without `Retry-After`")
            }
            Fact::NoConflict { node, question } => {
                format!(
                    "{node} answered `{question}` with 409, and no other page can have the code"
                )
            }
            Fact::WrongCode {
                node, url, code, ..
            } => format!("{node} answered 201 with {code} for {url}"),
            Fact::CodeOfTwo {
                node,
                code,
                url,
                other,
            } => {
                format!("{node} answered 201 with {code} for {url}, while {code} leads to {other}")
            }
            Fact::NoAnswer { seen, .. } => seen.clone(),
            Fact::StrangeAnswer {
                node,
                question,
                answer,
            } => {
                format!("{node} answered `{question}` with {answer}")
            }
            Fact::Sweepers { sweep, .. } => match &sweep[..] {
                [] => "no node looked for expired links within 2 s".to_owned(),
                all => format!("{} looked for expired links", all.join(" and ")),
            },
            Fact::NotSwept { code, .. } => format!("the store still has the expired link {code}"),
            Fact::SweptTooMany { swept, expired, .. } => {
                format!(
                    "the sweepers say that they have swept {swept} links, but only {expired} have expired"
                )
            }
            Fact::TableGrows {
                node,
                before,
                after,
            } => {
                format!(
                    "{node}'s table has {after} entries, and had {before} before the links were created"
                )
            }
        }
    }
}

fn in_seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1000.0)
}
