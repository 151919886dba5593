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
        // Links come from creations here, from the store and from other nodes, in any order. An expired link
        // teaches nothing. Of two others, the one that expires later is the newer: a code gets a new link
        // only when its old one has expired, and the expiry of a link only ever moves to a later time.
        if link.is_expired(now()) {
            return;
        }
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let end = |link: &Link| link.expires_at.unwrap_or(u64::MAX);
        match entries.get(&code) {
            Some(Entry::Link(known)) if end(known) > end(&link) => {}
            _ => insert(&mut entries, self.cap, code, Entry::Link(link)),
        }
        // ── end 1
    }

    /// Keeps a negative entry: the store answered that the code has no link.
    pub fn put_negative(&self, code: Code) {
        // ── gap 1: keep a negative entry
        // The store was asked some time ago, and the link may have been created since. So a negative entry
        // never replaces a link: it would hide a new link behind old news. It expires soon, so this node
        // finds a link that no other node could send it.
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        match entries.get(&code) {
            Some(Entry::Link(link)) if !link.is_expired(now()) => {}
            _ => {
                let since = Instant::now();
                insert(&mut entries, self.cap, code, Entry::Negative { since });
            }
        }
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
/// Inserts an entry. A full table evicts another one first: any entry, as the store has all links. (Which
/// one is best is a science of its own; here it matters that a stranger who asks for a million codes does
/// not fill our memory.)
fn insert(entries: &mut Entries, cap: usize, code: Code, entry: Entry) {
    if entries.len() >= cap && !entries.contains_key(&code) {
        let victim = entries.keys().next().cloned();
        victim.map(|victim| entries.remove(&victim));
    }
    entries.insert(code, entry);
}
// ── end 1
