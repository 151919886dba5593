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
    /// By whom.
    #[serde(default, skip_serializing_if = "is_nobody")]
    pub visitors: Visitors,
    // ── end 9
}

impl Usage {
    /// Learns what another knows.
    pub fn merge(&mut self, other: &Usage) {
        self.views.merge(&other.views);
        // ── gap 9: learn of visitors
        self.visitors.merge(&other.visitors);
        // ── end 9
    }

    /// What is said of it.
    pub fn aggregates(&self) -> Aggregates {
        let mut aggregates = Aggregates {
            redirects: self.views.value(),
            visitors: None,
        };
        // ── gap 9: how many have followed it
        aggregates.visitors = Some(self.visitors.estimate());
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
        // The others get our share of the counter as it is now, not "one more" (a merge that came
        // twice would count twice), and not what they know already of the shares of others. If they
        // miss this one, the next contains it.
        usage.views.increment(slot, 1);
        news.views = usage.views.only(slot);
        // ── end 5
        // ── gap 9: count a visitor
        news.visitors = usage.visitors.add(visitor);
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
    /// A short summary of all that is known, to be compared with another's.
    pub fn summary(&self) -> Summary {
        let mut hashes: Vec<Option<Sha256>> = vec![None; PARTS];
        for (code, usage) in &self.known().links {
            let usage = runtime::wire::encode(usage).expect("numbers and texts can be encoded");
            hashes[part_of(code)]
                .get_or_insert_default()
                .update([code.as_str().as_bytes(), b" ", &usage].concat());
        }
        let short = |hash: Option<Sha256>| hash.map_or(0, |hash| first_bytes(hash) | 1);
        Summary(hashes.into_iter().map(short).collect())
    }

    /// The parts of which another, who has this summary, may know what is not known here.
    pub fn lacks(&self, theirs: &Summary) -> Vec<u8> {
        let ours = self.summary();
        let pairs = ours.0.iter().zip(&theirs.0).enumerate();
        // From an empty part nothing can be learnt.
        let differing = pairs.filter(|(_, (ours, theirs))| ours != theirs && **theirs != 0);
        differing.map(|(part, _)| part as u8).collect()
    }

    /// All that is known of the links in some parts.
    pub fn parts(&self, parts: &[u8]) -> Vec<(Code, Usage)> {
        let known = self.known();
        let wanted = |code: &Code| parts.contains(&(part_of(code) as u8));
        let links = known.links.iter().filter(|(code, _)| wanted(code));
        links
            .map(|(code, usage)| (code.clone(), usage.clone()))
            .collect()
    }
    // ── end 8
}

// ── gap 8: parts
/// In how many parts the links fall, for comparing. A summary of more parts is longer, and with
/// fewer there are more links in a part that is sent because one of them differs.
const PARTS: usize = 128;

/// For each part a hash of all that is known of the links in it, 0 if that is nothing: a hash tree
/// of a single level (Dynamo, DeCandia et al. 2007, compares replicas with deeper ones).
///
/// The hashes must be the same in every process, and different for different content: two parts
/// that differ and have one hash would stay different for ever. Thus a good hash, and 64 bits of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Summary(Vec<u64>);

fn part_of(code: &Code) -> usize {
    let hash = Sha256::new_with_prefix(code.as_str());
    (first_bytes(hash) % PARTS as u64) as usize
}

fn first_bytes(hash: Sha256) -> u64 {
    let bytes = hash.finalize();
    u64::from_be_bytes(bytes[..8].try_into().expect("a hash has 32 bytes"))
}
// ── end 8

// ── gap 9: what is not sent
fn is_nobody(visitors: &Visitors) -> bool {
    *visitors == Visitors::default()
}
// ── end 9
