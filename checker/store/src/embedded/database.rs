//! The keys and values of the store. No I/O, and no clock: the time comes in with each question.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use bytes::Bytes;
use tokio::time::Instant;

/// How many separate databases there are, as in Redis.
pub(crate) const DATABASES: usize = 16;
/// The most memory that keys and values may take together.
const MEMORY_LIMIT: usize = 256 * 1024 * 1024;
/// What an entry is reckoned to take besides its key and value.
const OVERHEAD: usize = 128;

/// What is stored under a key.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) value: Bytes,
    pub(crate) expires: Option<Instant>,
}

impl Entry {
    fn is_alive(&self, now: Instant) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

/// All databases of a store, as a machine without I/O.
///
/// An entry whose time is over is never seen again, whether or not it has been removed yet.
pub(crate) struct Database {
    spaces: [Keyspace; DATABASES],
    used: usize,
    limit: usize,
}

/// Keys are kept in the order of a number made from them, which is the cursor of a scan: the scan
/// goes on at that number, whatever was added or removed meanwhile. So a key that is there all the
/// time is met exactly once.
type Keyspace = BTreeMap<(u64, Bytes), Entry>;

impl Default for Database {
    fn default() -> Database {
        Database {
            spaces: Default::default(),
            used: 0,
            limit: MEMORY_LIMIT,
        }
    }
}

impl Database {
    pub(crate) fn get(&mut self, space: usize, key: &Bytes, now: Instant) -> Option<&Entry> {
        let place = place(key);
        let expired = self.spaces[space]
            .get(&place)
            .is_some_and(|entry| !entry.is_alive(now));
        if expired {
            self.drop_entry(space, &place);
        }
        self.spaces[space].get(&place)
    }

    pub(crate) fn exists(&mut self, space: usize, key: &Bytes, now: Instant) -> bool {
        self.get(space, key, now).is_some()
    }

    /// Stores an entry in place of what was there.
    ///
    /// # Errors
    ///
    /// As Redis does when its memory is used up; then nothing has changed.
    pub(crate) fn put(
        &mut self,
        space: usize,
        key: &Bytes,
        entry: Entry,
        now: Instant,
    ) -> Result<(), String> {
        let place = place(key);
        let old = self.spaces[space]
            .get(&place)
            .map_or(0, |old| size(key, old));
        let new = size(key, &entry);
        if self.used - old + new > self.limit {
            self.sweep(now);
            let old = self.spaces[space]
                .get(&place)
                .map_or(0, |old| size(key, old));
            if self.used - old + new > self.limit {
                return Err("OOM command not allowed when used memory > 'maxmemory'.".to_owned());
            }
        }
        self.drop_entry(space, &place);
        self.used += new;
        // What came in is a piece of a larger buffer, which a stored value must not keep alive.
        let place = (place.0, Bytes::copy_from_slice(key));
        let value = Bytes::copy_from_slice(&entry.value);
        self.spaces[space].insert(place, Entry { value, ..entry });
        Ok(())
    }

    pub(crate) fn set_expiry(&mut self, space: usize, key: &Bytes, expires: Instant) {
        if let Some(entry) = self.spaces[space].get_mut(&place(key)) {
            entry.expires = Some(expires);
        }
    }

    /// Removes a key, and says whether it was there.
    pub(crate) fn remove(&mut self, space: usize, key: &Bytes, now: Instant) -> bool {
        self.exists(space, key, now) && self.drop_entry(space, &place(key))
    }

    pub(crate) fn clear(&mut self, space: usize) {
        let gone = std::mem::take(&mut self.spaces[space]);
        self.used -= gone
            .iter()
            .map(|((_, key), entry)| size(key, entry))
            .sum::<usize>();
    }

    pub(crate) fn len(&self, space: usize, now: Instant) -> usize {
        self.spaces[space]
            .values()
            .filter(|entry| entry.is_alive(now))
            .count()
    }

    /// The next keys from a cursor on, and the cursor to go on with: 0 at the end.
    ///
    /// Looks at `count` entries, and at a few more if their numbers are equal.
    pub(crate) fn scan(
        &self,
        space: usize,
        cursor: u64,
        count: usize,
        now: Instant,
    ) -> (u64, Vec<Bytes>) {
        let mut keys = Vec::new();
        let mut last = None;
        let from = (cursor, Bytes::new());
        for (seen, ((number, key), entry)) in self.spaces[space].range(from..).enumerate() {
            if seen >= count && last != Some(*number) {
                return (*number, keys);
            }
            last = Some(*number);
            if entry.is_alive(now) {
                keys.push(key.clone());
            }
        }
        (0, keys)
    }

    /// Removes all that has expired. Done only for want of memory; else it happens on access.
    fn sweep(&mut self, now: Instant) {
        for space in &mut self.spaces {
            space.retain(|(_, key), entry| {
                let alive = entry.is_alive(now);
                if !alive {
                    self.used -= size(key, entry);
                }
                alive
            });
        }
    }

    fn drop_entry(&mut self, space: usize, place: &(u64, Bytes)) -> bool {
        let gone = self.spaces[space].remove(place);
        self.used -= gone.as_ref().map_or(0, |entry| size(&place.1, entry));
        gone.is_some()
    }

    #[cfg(test)]
    pub(crate) fn with_limit(limit: usize) -> Database {
        Database {
            limit,
            ..Database::default()
        }
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used
    }
}

fn size(key: &Bytes, entry: &Entry) -> usize {
    key.len() + entry.value.len() + OVERHEAD
}

/// The number is never 0, the cursor of a scan's beginning and end, and has at most 53 bits, all
/// that some clients can read. The hash is the same in each run.
fn place(key: &Bytes) -> (u64, Bytes) {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    ((hasher.finish() >> 11).max(1), key.clone())
}
