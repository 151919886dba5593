//! The table of one node: the codes that it knows without asking the store.
//!
//! Lookups read it concurrently. They do not go through the mailbox of a server, where they would wait
//! for each other. (In Erlang it would be an ETS table.)

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use hashbrown::HashMap;
use shortener::{Code, Link, now};
use tokio::time::Instant;

/// What a table knows of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// The code has this link.
    Link(Link),
    /// The code had no link when the store was last asked.
    Absent,
}

/// How long a table remembers that a code has no link.
pub const NEGATIVE_TTL: Duration = Duration::from_secs(1);

/// The table. Its operations never wait.
pub struct Table {
    cap: usize,
    entries: RwLock<Entries>,
}

type Entries = HashMap<Code, Entry, foldhash::fast::FixedState>;

/// An entry for a code: its link, or the time since which it has had none.
enum Entry {
    Link(Link),
    Negative { since: Instant },
}

impl Table {
    /// An empty table for at most `cap` entries.
    pub fn with_cap(cap: usize) -> Table {
        Table {
            cap,
            entries: RwLock::default(),
        }
    }

    /// What the table knows of a code. An expired link does not count: the code may have another link
    /// by now.
    pub fn get(&self, code: &Code) -> Option<Known> {
        match self
            .entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(code)?
        {
            Entry::Link(link) if link.is_expired(now()) => None,
            Entry::Link(link) => Some(Known::Link(link.clone())),
            Entry::Negative { since } => (since.elapsed() < NEGATIVE_TTL).then_some(Known::Absent),
        }
    }

    /// All links that have not expired.
    pub fn links(&self) -> Vec<(Code, Link)> {
        let (entries, now) = (
            self.entries.read().unwrap_or_else(PoisonError::into_inner),
            now(),
        );
        let links = entries.iter().filter_map(|(code, entry)| match entry {
            Entry::Link(link) if !link.is_expired(now) => Some((code.clone(), link.clone())),
            _ => None,
        });
        links.collect()
    }

    /// How many entries there are, of both kinds.
    pub fn len(&self) -> usize {
        self.entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps a link.
    pub fn put(&self, code: Code, link: Link) {
        // ── gap 1: keep a link
        // TODO(1): keep the link, so that `get` finds it. Links come from creations on this node, from the
        // store and from other nodes, in any order and more than once.
        // - An expired link must not replace one that has not expired.
        // - Of two links that have not expired, the table must keep the one that expires later. It is the
        //   newer one, because a code gets another link only when its old one has expired.
        // - The table must never have more than `cap` entries, of both kinds together. You choose which
        //   entry it evicts when it is full.
        // ── end 1
    }

    /// Keeps a negative entry: the store answered that the code has no link.
    pub fn put_negative(&self, code: Code) {
        // ── gap 1: keep a negative entry
        // TODO(1): keep an `Entry::Negative`, which expires after `NEGATIVE_TTL`. The store was asked a
        // moment ago, and other nodes were at work meanwhile: the entry must not replace a link that has
        // not expired. It counts toward `cap`, as a link does.
        // ── end 1
    }

    /// Removes a link, if the code still has this one.
    pub fn remove(&self, code: &Code, link: &Link) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(entries.get(code), Some(Entry::Link(known)) if known == link) {
            entries.remove(code);
        }
    }
}

// ── gap 1: evict an entry
// ── end 1
