//! What one node knows of the use of all links: what it has counted, and what other nodes have sent
//! it.
//!
//! Requests count and read views here directly, and not through the mailbox of a server. So no
//! request waits for the server, and a crash of the server loses nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shortener::{Aggregates, Code};

use crate::g_counter::{GCounter, Slot};
use crate::visitors::Visitors;

/// What a node knows of the use of one link, or a part of that.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// How often the link was viewed.
    pub views: GCounter,
    // ── gap 9: visitors of a link
    // TODO(9): the visitors.
    // ── end 9
}

impl Usage {
    /// Takes in what another node knows.
    pub fn merge(&mut self, other: &Usage) {
        self.views.merge(&other.views);
        // ── gap 9: learn of visitors
        // TODO(9): take in the visitors that the other node knows.
        // ── end 9
    }

    /// The answer to a request for the aggregates.
    pub fn aggregates(&self) -> Aggregates {
        let mut aggregates = Aggregates {
            redirects: self.views.value(),
            visitors: None,
        };
        // ── gap 9: the number of visitors
        // TODO(9): set `aggregates.visitors` to the number of different visitors.
        // ── end 9
        aggregates
    }
}

/// The use of all links, as one node knows it.
#[derive(Default)]
pub struct Views(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// The slot in which this node counts.
    slot: Slot,
    links: BTreeMap<Code, Usage>,
}

impl Views {
    /// From now on, this node counts in this slot. What it has counted in another slot stays.
    pub fn count_in(&self, slot: Slot) {
        self.known().slot = slot;
    }

    /// Counts a view. Returns what the other nodes have to learn, so that they know it too.
    pub fn count(&self, code: &Code, visitor: &str) -> Usage {
        let Known { slot, links } = &mut *self.known();
        let usage = links.entry(code.clone()).or_default();
        let mut news = Usage::default();
        // ── gap 5: count a view
        // TODO(5): count one view in this node's slot. `news` must hold what the other nodes need
        // to know of it, and no more: problem 8 measures that.
        // ── end 5
        // ── gap 9: count a visitor
        // TODO(9): do the same for the visitor.
        // ── end 9
        news
    }

    /// Takes in what another node knows of a link.
    pub fn merge(&self, code: Code, news: &Usage) {
        self.known().links.entry(code).or_default().merge(news);
    }

    /// Takes in what another node knows of many links. Returns whether any of it was new.
    pub fn merge_all(&self, news: Vec<(Code, Usage)>) -> bool {
        let mut known = self.known();
        let mut learned = false;
        for (code, usage) in news {
            let ours = known.links.entry(code).or_default();
            let before = ours.clone();
            ours.merge(&usage);
            learned |= *ours != before;
        }
        learned
    }

    /// What this node knows of the use of a link.
    pub fn aggregates(&self, code: &Code) -> Aggregates {
        let known = self.known();
        let usage = known.links.get(code);
        usage.map_or_else(|| Usage::default().aggregates(), Usage::aggregates)
    }

    /// All that this node knows.
    pub fn all(&self) -> Vec<(Code, Usage)> {
        let known = self.known();
        let all = known.links.iter();
        all.map(|(code, usage)| (code.clone(), usage.clone()))
            .collect()
    }

    /// The number of links of which this node knows something.
    pub fn len(&self) -> usize {
        self.known().links.len()
    }

    /// Whether this node knows nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    // ── gap 8: find what differs
    // TODO(8): what you need to find out what another node does not know, without sending it
    // everything.
    // ── end 8
}

// ── gap 8: parts
// ── end 8

// ── gap 9: what is not sent
// ── end 9
