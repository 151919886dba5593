//! The keys and values of the store, without I/O.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use bytes::Bytes;

/// How many separate databases there are, as in Redis.
pub(crate) const DATABASES: usize = 16;
/// The most memory that keys and values may take together.
const MEMORY_LIMIT: usize = 256 * 1024 * 1024;
/// What an entry is reckoned to take besides its key and value.
const OVERHEAD: usize = 128;

/// All databases of a store, as a machine without I/O.
pub(crate) struct Database {
    spaces: [Keyspace; DATABASES],
    used: usize,
    limit: usize,
}

/// Values by their keys. Keys are kept in the order of a number made from them, which is the cursor
/// of a scan: the scan goes on at that number, whatever was added or removed meanwhile. So a key
/// that is there all the time is met exactly once.
type Keyspace = BTreeMap<(u64, Bytes), Bytes>;

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
    pub(crate) fn get(&self, space: usize, key: &Bytes) -> Option<&Bytes> {
        self.spaces[space].get(&place(key))
    }

    /// Stores a value in place of what was there.
    ///
    /// # Errors
    ///
    /// As Redis does when its memory is used up; then nothing has changed.
    pub(crate) fn put(&mut self, space: usize, key: &Bytes, value: &Bytes) -> Result<(), String> {
        let old = self.get(space, key).map_or(0, |old| size(key, old));
        let used = self.used - old + size(key, value);
        if used > self.limit {
            return Err("OOM command not allowed when used memory > 'maxmemory'.".to_owned());
        }
        // What came in is a piece of a larger buffer, which a stored value must not keep alive.
        let (number, key) = place(key);
        let key = Bytes::copy_from_slice(&key);
        self.spaces[space].insert((number, key), Bytes::copy_from_slice(value));
        self.used = used;
        Ok(())
    }

    /// Removes a key, and says whether it was there.
    pub(crate) fn remove(&mut self, space: usize, key: &Bytes) -> bool {
        let gone = self.spaces[space].remove(&place(key));
        self.used -= gone.as_ref().map_or(0, |value| size(key, value));
        gone.is_some()
    }

    pub(crate) fn clear(&mut self, space: usize) {
        let gone = std::mem::take(&mut self.spaces[space]);
        let gone = gone.iter().map(|((_, key), value)| size(key, value));
        self.used -= gone.sum::<usize>();
    }

    /// The next keys from a cursor on, and the cursor to go on with: 0 at the end.
    ///
    /// Looks at `count` entries, and at a few more if their numbers are equal.
    pub(crate) fn scan(&self, space: usize, cursor: u64, count: usize) -> (u64, Vec<Bytes>) {
        let mut keys = Vec::new();
        let mut last = None;
        let from = (cursor, Bytes::new());
        for (number, key) in self.spaces[space].range(from..).map(|(place, _)| place) {
            if keys.len() >= count && last != Some(*number) {
                return (*number, keys);
            }
            last = Some(*number);
            keys.push(key.clone());
        }
        (0, keys)
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

fn size(key: &Bytes, value: &Bytes) -> usize {
    key.len() + value.len() + OVERHEAD
}

/// The number is never 0, the cursor of a scan's beginning and end, and has at most 53 bits, all
/// that some clients can read. The hash is the same in each run.
fn place(key: &Bytes) -> (u64, Bytes) {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    ((hasher.finish() >> 11).max(1), key.clone())
}
