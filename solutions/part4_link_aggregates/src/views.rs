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
    /// The visitors.
    #[serde(default, skip_serializing_if = "no_visitors")]
    pub visitors: Visitors,
    // ── end 9
}

impl Usage {
    /// Takes in what another node knows.
    pub fn merge(&mut self, other: &Usage) {
        self.views.merge(&other.views);
        // ── gap 9: learn of visitors
        self.visitors.merge(&other.visitors);
        // ── end 9
    }

    /// The answer to a request for the aggregates.
    pub fn aggregates(&self) -> Aggregates {
        let mut aggregates = Aggregates {
            redirects: self.views.value(),
            visitors: None,
        };
        // ── gap 9: the number of visitors
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
        // The others get the count of our slot as it is now. "One more" would count twice if the
        // message came twice. The slots of other nodes are known to the others already. If they
        // miss this message, the next one contains it.
        usage.views.increment(slot, 1);
        news.views = usage.views.only(slot);
        // ── end 5
        // ── gap 9: count a visitor
        news.visitors = usage.visitors.add(visitor);
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
    /// A short summary of all that this node knows, for a comparison with another node's summary.
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

    /// The parts in which another node, which has this summary, may know more than this node.
    pub fn lacks(&self, theirs: &Summary) -> Vec<u8> {
        let ours = self.summary();
        let pairs = ours.0.iter().zip(&theirs.0).enumerate();
        // An empty part has nothing new.
        let differing = pairs.filter(|(_, (ours, theirs))| ours != theirs && **theirs != 0);
        differing.map(|(part, _)| part as u8).collect()
    }

    /// All that this node knows of the links in some parts.
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
/// The number of parts of a summary. With more parts a summary is longer. With fewer parts, one
/// link that differs drags more others along.
const PARTS: usize = 128;

/// For each part, a hash of all that a node knows of the links in it, and 0 for an empty part. This
/// is a hash tree of one level (Dynamo, DeCandia et al. 2007, compares replicas with deeper trees).
///
/// Equal content must have the same hash in every process, and different content another one: two
/// parts that differ and have the same hash would differ forever. Hence 64 bits of SHA-256.
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
fn no_visitors(visitors: &Visitors) -> bool {
    *visitors == Visitors::default()
}
// ── end 9
