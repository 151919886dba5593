//! The table of one node: the links that it owns, as far as anybody has asked for them.
//!
//! It is read by every look-up, side by side with all others, and not through the mailbox of a
//! server, where they would wait for each other. (In Erlang it would be an ETS table.)
//!
//! In part 3 it also remembered for a second that there was no link of some code. Here two nodes may
//! own a code for a moment, and the one would go on saying so when the other has created it.

use std::sync::{PoisonError, RwLock};

use hashbrown::HashMap;
use shortener::{Code, Link, now};

/// The table. All that can be done to it is done at once, and waits for nothing.
pub struct Table {
    cap: usize,
    links: RwLock<HashMap<Code, Link, foldhash::fast::FixedState>>,
}

impl Table {
    /// An empty table, for at most so many links.
    pub fn with_room_for(cap: usize) -> Table {
        Table {
            cap,
            links: RwLock::default(),
        }
    }

    /// The link that a code stands for, if it is known. Of an expired link, nothing is known: the
    /// code may be another link's by now.
    pub fn get(&self, code: &Code) -> Option<Link> {
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        links
            .get(code)
            .filter(|link| !link.is_expired(now()))
            .cloned()
    }

    /// How many links there are.
    pub fn len(&self) -> usize {
        self.links
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps a link. Of two that are not expired, the one with more time left is the later: a code
    /// gets a new link only when its old one has ended, and the end of a link only ever moves to a
    /// later time. If that makes one too many, another one goes: any, as all of them can be had from
    /// the store again.
    pub fn put(&self, code: Code, link: Link) {
        if link.is_expired(now()) {
            return;
        }
        let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
        let end = |link: &Link| link.expires_at.unwrap_or(u64::MAX);
        match links.get(&code) {
            Some(known) if end(known) > end(&link) => return,
            Some(_) => {}
            None if links.len() >= self.cap => {
                let victim = links.keys().next().cloned();
                victim.map(|victim| links.remove(&victim));
            }
            None => {}
        }
        links.insert(code, link);
    }

    /// Removes a link, if it is still this one.
    pub fn remove(&self, code: &Code, link: &Link) {
        let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
        if links.get(code) == Some(link) {
            links.remove(code);
        }
    }
}
