//! kind = "right"
//! about = "Negative entries have a map of their own that shares the limit, and go first; then the oldest link goes."

// ── file table.rs
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
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
    entries: Mutex<Entries>,
}

type Map<T> = HashMap<Code, T, foldhash::fast::FixedState>;

#[derive(Default)]
struct Entries {
    links: Map<Link>,
    by_age: VecDeque<Code>,
    nothings: Map<Instant>,
}

impl Table {
    pub fn with_room_for(cap: usize) -> Table {
        Table {
            cap,
            entries: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self, code: &Code) -> Option<Known> {
        let entries = self.lock();
        match entries.links.get(code) {
            Some(link) if !link.is_expired(now()) => return Some(Known::Link(link.clone())),
            _ => {}
        }
        let since = entries.nothings.get(code)?;
        (since.elapsed() < NOTHING_FOR).then_some(Known::Nothing)
    }

    pub fn links(&self) -> Vec<(Code, Link)> {
        let (entries, now) = (self.lock(), now());
        let links = entries.links.iter().filter(|(_, link)| !link.is_expired(now));
        links.map(|(code, link)| (code.clone(), link.clone())).collect()
    }

    pub fn len(&self) -> usize {
        self.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn put(&self, code: Code, link: Link) {
        if link.is_expired(now()) {
            return;
        }
        let mut entries = self.lock();
        entries.nothings.remove(&code);
        let end = |link: &Link| link.expires_at.unwrap_or(u64::MAX);
        match entries.links.get_mut(&code) {
            Some(known) if end(known) > end(&link) => {}
            Some(known) => *known = link,
            None => {
                entries.make_room(self.cap);
                entries.by_age.push_back(code.clone());
                entries.links.insert(code, link);
            }
        }
    }

    pub fn put_nothing(&self, code: Code) {
        let mut entries = self.lock();
        match entries.links.get(&code) {
            Some(link) if !link.is_expired(now()) => return,
            Some(_) => entries.forget(&code),
            None => {}
        }
        if !entries.nothings.contains_key(&code) {
            entries.make_room(self.cap);
        }
        entries.nothings.insert(code, Instant::now());
    }

    pub fn remove(&self, code: &Code, link: &Link) {
        let mut entries = self.lock();
        if entries.links.get(code) == Some(link) {
            entries.forget(code);
        }
    }
}

impl Entries {
    fn len(&self) -> usize {
        self.links.len() + self.nothings.len()
    }

    fn forget(&mut self, code: &Code) {
        self.links.remove(code);
        self.by_age.retain(|other| other != code);
    }

    fn make_room(&mut self, cap: usize) {
        if self.len() < cap {
            return;
        }
        let oldest = self.nothings.iter().min_by_key(|(_, since)| **since);
        if let Some(code) = oldest.map(|(code, _)| code.clone()) {
            self.nothings.remove(&code);
        } else if let Some(code) = self.by_age.pop_front() {
            self.links.remove(&code);
        }
    }
}
