//! The table of one node: the links that it owns and has already looked up.
//!
//! Every lookup reads the table directly. A lookup that went through the mailbox of a server would
//! wait for all others. (In Erlang, the table would be an ETS table.)
//!
//! The table of part 3 also has negative cache entries. This table has none: while the members change,
//! two nodes may own a code, and the entry of one would hide the link that the other has created.

use std::sync::{PoisonError, RwLock};

use hashbrown::HashMap;

use crate::{Code, Link, now};

/// A table of links. No operation on it waits.
pub struct Table {
    max_links: usize,
    links: RwLock<HashMap<Code, Link, foldhash::fast::FixedState>>,
}

impl Table {
    /// An empty table that holds at most `max_links` links.
    pub fn with_room_for(max_links: usize) -> Table {
        Table {
            max_links,
            links: RwLock::default(),
        }
    }

    /// The link of a code, if the table has it. An expired link does not count: another link may have
    /// the code by now.
    pub fn get(&self, code: &Code) -> Option<Link> {
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        links
            .get(code)
            .filter(|link| !link.is_expired(now()))
            .cloned()
    }

    /// The number of links.
    pub fn len(&self) -> usize {
        self.links
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Whether the table has no link.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps a link. Of two links that are not expired, the one that expires later is the newer one: a
    /// code gets a new link only when its old link has expired, and the expiry of a link only ever
    /// moves to a later time. A full table drops any other link, because the store still has it.
    pub fn put(&self, code: Code, link: Link) {
        if link.is_expired(now()) {
            return;
        }
        let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
        let end = |link: &Link| link.expires_at.unwrap_or(u64::MAX);
        match links.get(&code) {
            Some(known) if end(known) > end(&link) => return,
            Some(_) => {}
            None if links.len() >= self.max_links => {
                let victim = links.keys().next().cloned();
                victim.map(|victim| links.remove(&victim));
            }
            None => {}
        }
        links.insert(code, link);
    }

    /// Removes this link; another link of the same code stays.
    pub fn remove(&self, code: &Code, link: &Link) {
        let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
        if links.get(code) == Some(link) {
            links.remove(code);
        }
    }
}
