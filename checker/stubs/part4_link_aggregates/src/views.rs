//! What one node knows of the use of all links: what it has counted, and what others have told it.
//!
//! Views are counted and read where they happen, side by side, and not through the mailbox of a
//! server: nobody who follows a link waits for the server, nor does who asks how often that was
//! done. And what is here outlives the server.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shortener::{Aggregates, Code};

use crate::g_counter::{GCounter, Slot};
use crate::visitors::Visitors;

/// What is known of the use of one link, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// How often it was followed.
    pub views: GCounter,
    // ── gap 9: who has followed it
    // TODO(9): by whom.
    // ── end 9
}

impl Usage {
    /// Learns what another knows.
    pub fn merge(&mut self, other: &Usage) {
        self.views.merge(&other.views);
        // ── gap 9: learn of visitors
        // TODO(9): learn of the visitors that the other knows.
        // ── end 9
    }

    /// What is said of it.
    pub fn aggregates(&self) -> Aggregates {
        let mut aggregates = Aggregates {
            redirects: self.views.value(),
            visitors: None,
        };
        // ── gap 9: how many have followed it
        // TODO(9): say how many different visitors there were: `aggregates.visitors`.
        // ── end 9
        aggregates
    }
}

/// The use of all links, as one node knows it.
#[derive(Default)]
pub struct Views(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Where this node counts.
    slot: Slot,
    links: BTreeMap<Code, Usage>,
}

impl Views {
    /// From now on, this node counts in that slot. What it has counted in another one stays.
    pub fn count_in(&self, slot: Slot) {
        self.known().slot = slot;
    }

    /// Counts a view. Gives what others have to learn, so that they know of it.
    pub fn count(&self, code: &Code, visitor: &str) -> Usage {
        let Known { slot, links } = &mut *self.known();
        let usage = links.entry(code.clone()).or_default();
        let mut news = Usage::default();
        // ── gap 5: count a view
        // TODO(5): one more view, counted in this node's slot. Into `news` goes what the others need to
        // know of it, and no more than that: for problem 8 it will matter.
        // ── end 5
        // ── gap 9: count a visitor
        // TODO(9): the same for the visitor.
        // ── end 9
        news
    }

    /// Learns what another node knows of a link.
    pub fn merge(&self, code: Code, news: &Usage) {
        self.known().links.entry(code).or_default().merge(news);
    }

    /// Learns what another node knows of many links. Says whether any of it was new.
    pub fn merge_all(&self, news: Vec<(Code, Usage)>) -> bool {
        let mut known = self.known();
        let mut learnt = false;
        for (code, usage) in news {
            let ours = known.links.entry(code).or_default();
            let before = ours.clone();
            ours.merge(&usage);
            learnt |= *ours != before;
        }
        learnt
    }

    /// What is known of the use of a link.
    pub fn aggregates(&self, code: &Code) -> Aggregates {
        let known = self.known();
        let usage = known.links.get(code);
        usage.map_or_else(|| Usage::default().aggregates(), Usage::aggregates)
    }

    /// All that is known.
    pub fn all(&self) -> Vec<(Code, Usage)> {
        let known = self.known();
        let all = known.links.iter();
        all.map(|(code, usage)| (code.clone(), usage.clone()))
            .collect()
    }

    /// Of how many links something is known.
    pub fn len(&self) -> usize {
        self.known().links.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    // ── gap 8: find what differs
    // TODO(8): what you need, to find out what another does not know without telling it everything.
    // ── end 8
}

// ── gap 8: parts
// ── end 8

// ── gap 9: what is not sent
// ── end 9
