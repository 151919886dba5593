//! kind = "near-miss"
//! problem = 3
//! claim = "of two links of one code"
//! about = "Tables are sent with all their links, and what comes last counts, expired or not."
//! mistakes = ["old-link-comes-back"]

// ── file table.rs
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use hashbrown::HashMap;
use shortener::{Code, Link, now};
use tokio::time::Instant;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    Link(Link),
    Nothing,
}

pub const NOTHING_FOR: Duration = Duration::from_secs(1);

pub struct Table {
    cap: usize,
    entries: RwLock<Entries>,
}

type Entries = HashMap<Code, Entry, foldhash::fast::FixedState>;

enum Entry {
    Link(Link),
    Nothing { since: Instant },
}

impl Table {
    pub fn with_room_for(cap: usize) -> Table {
        Table {
            cap,
            entries: RwLock::default(),
        }
    }

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

    pub fn links(&self) -> Vec<(Code, Link)> {
        let (entries, now) = (
            self.entries.read().unwrap_or_else(PoisonError::into_inner),
            now(),
        );
        let links = entries.iter().filter_map(|(code, entry)| match entry {
            Entry::Link(link) => Some((code.clone(), link.clone())),
            _ => None,
        });
        links.collect()
    }

    pub fn len(&self) -> usize {
        self.entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn put(&self, code: Code, link: Link) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        insert(&mut entries, self.cap, code, Entry::Link(link));
    }

    pub fn put_nothing(&self, code: Code) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        match entries.get(&code) {
            Some(Entry::Link(link)) if !link.is_expired(now()) => {}
            _ => {
                let since = Instant::now();
                insert(&mut entries, self.cap, code, Entry::Nothing { since });
            }
        }
    }

    pub fn remove(&self, code: &Code, link: &Link) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(entries.get(code), Some(Entry::Link(known)) if known == link) {
            entries.remove(code);
        }
    }
}

fn insert(entries: &mut Entries, cap: usize, code: Code, entry: Entry) {
    if entries.len() >= cap && !entries.contains_key(&code) {
        let victim = entries.keys().next().cloned();
        victim.map(|victim| entries.remove(&victim));
    }
    entries.insert(code, entry);
}
