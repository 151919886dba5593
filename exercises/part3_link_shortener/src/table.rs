//! The table of one node: what it knows of codes without asking anybody.
//!
//! It is read by every look-up, side by side with all others, and not through the mailbox of a
//! server, where they would wait for each other. (In Erlang it would be an ETS table.)

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use hashbrown::HashMap;
use shortener::{Code, Link, now};
use tokio::time::Instant;

/// What a table knows of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It stands for this link.
    Link(Link),
    /// It stood for no link when the store was last asked.
    Nothing,
}

/// How long a table remembers that there was nothing.
pub const NOTHING_FOR: Duration = Duration::from_secs(1);

/// The table. All that can be done to it is done at once, and waits for nothing.
pub struct Table {
    cap: usize,
    entries: RwLock<Entries>,
}

type Entries = HashMap<Code, Entry, foldhash::fast::FixedState>;

/// What is kept of a code: a link, or since when there is none.
enum Entry {
    Link(Link),
    Nothing { since: Instant },
}

impl Table {
    /// An empty table, for at most so many entries.
    pub fn with_room_for(cap: usize) -> Table {
        Table {
            cap,
            entries: RwLock::default(),
        }
    }

    /// What is known of a code, if anything is. Of an expired link, nothing is known: the code may
    /// be another link's by now.
    pub fn get(&self, code: &Code) -> Option<Known> {
        match self
            .entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(code)?
        {
            Entry::Link(link) if link.is_expired(now()) => None,
            Entry::Link(link) => Some(Known::Link(link.clone())),
            Entry::Nothing { since } => (since.elapsed() < NOTHING_FOR).then_some(Known::Nothing),
        }
    }

    /// All links that are not expired.
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

    /// How many entries there are, of whatever kind.
    pub fn len(&self) -> usize {
        self.entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps a link.
    pub fn put(&self, code: Code, link: Link) {
        // ── gap 1: keep a link
        // TODO(1): keep the link, so that `get` finds it. Links come from creations on this node, from
        // the store and from other nodes, in any order and more than once. An expired link must not
        // replace one that has not expired. Of two that have not expired, the table must keep the one
        // that expires later: it is the newer, for a code gets another link only when its old one has
        // expired. The table must never have more than `cap` entries, of whatever kind; which one goes
        // when there is no room is yours to choose.
        // ── end 1
    }

    /// Remembers that there is no link of this code, as the store said.
    pub fn put_nothing(&self, code: Code) {
        // ── gap 1: remember that there is nothing
        // TODO(1): remember, for `NOTHING_FOR`, that there is no link of this code: `Entry::Nothing`.
        // The store was asked a moment ago, and others were at work meanwhile: a link that is here
        // must not be hidden by that. The limit holds for these entries, too.
        // ── end 1
    }

    /// Removes a link, if it is still this one.
    pub fn remove(&self, code: &Code, link: &Link) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(entries.get(code), Some(Entry::Link(known)) if known == link) {
            entries.remove(code);
        }
    }
}

// ── gap 1: make room
// ── end 1
