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
}

impl Fact {
    /// The node that did it.
    pub(crate) fn node(&self) -> &str {
        match self {
            Fact::TableLacks { node, .. }
            | Fact::CreationWaits { node, .. }
            | Fact::LateUnavailable { node, .. }
            | Fact::TableKeeps { node, .. } => node,
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
        }
    }
}

fn in_seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1000.0)
}
