//! Values by key, held compactly: the table of a map task, and that of a reduce task.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::functions::Functions;

/// When so many values of a key have come together, they are combined, if they can be.
const COMBINE_AT: u32 = 16;

/// Values by key. The order of keys is the same in every run.
pub(crate) struct Grouped {
    groups: HashMap<Box<[u8]>, Group, FixedState>,
    combines: bool,
}

/// Values, each behind its length.
#[derive(Default)]
struct Group {
    bytes: Vec<u8>,
    count: u32,
}

impl Grouped {
    pub(crate) fn new() -> Self {
        Grouped {
            // Not the usual random state: where a table begins to be written must not differ from
            // run to run.
            groups: HashMap::with_hasher(FixedState::with_seed(7)),
            combines: true,
        }
    }

    pub(crate) fn push(&mut self, functions: &dyn Functions, key: &[u8], value: &[u8]) {
        let group = match self.groups.get_mut(key) {
            Some(group) => group,
            None => self.groups.entry(key.into()).or_default(),
        };
        group.push(value);
        if group.count >= COMBINE_AT && self.combines {
            self.combines = group.combine(functions, key);
        }
    }

    /// Combines what has not been combined yet.
    pub(crate) fn combine(&mut self, functions: &dyn Functions) {
        for (key, group) in &mut self.groups {
            if group.count > 1 && self.combines {
                self.combines = group.combine(functions, key);
            }
        }
    }

    /// Keys with their values, encoded as [`write_group`] wants them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], u32, &[u8])> {
        let groups = self.groups.iter();
        groups.map(|(key, group)| (&**key, group.count, &*group.bytes))
    }

    /// Keys in order, each with its values.
    pub(crate) fn sorted(&self) -> Vec<(&[u8], Vec<&[u8]>)> {
        let groups = self.groups.iter();
        let mut sorted: Vec<_> = groups
            .map(|(key, group)| (&**key, group.values()))
            .collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        sorted
    }
}

impl Group {
    fn push(&mut self, value: &[u8]) {
        write_length(&mut self.bytes, value.len());
        self.bytes.extend_from_slice(value);
        self.count += 1;
    }

    fn values(&self) -> Vec<&[u8]> {
        let mut values = Vec::with_capacity(self.count as usize);
        values.extend(Values(&self.bytes));
        values
    }

    /// Says whether the values can be combined.
    fn combine(&mut self, functions: &dyn Functions, key: &[u8]) -> bool {
        let Some(combined) = functions.combine(key, &self.values()) else {
            return false;
        };
        self.bytes.clear();
        self.count = 0;
        self.push(&combined);
        true
    }
}

/// Takes values from behind their lengths.
pub(crate) struct Values<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        take(&mut self.0)
    }
}

/// Writes a key and its values.
pub(crate) fn write_group(to: &mut Vec<u8>, key: &[u8], count: u32, values: &[u8]) {
    write_length(to, key.len());
    to.extend_from_slice(key);
    write_length(to, count as usize);
    to.extend_from_slice(values);
}

/// A key with its values.
pub type KeyValues<'a> = (&'a [u8], Vec<&'a [u8]>);

/// The keys of a fetched partition, each with its values; `None` when these bytes are no partition.
pub fn groups(bytes: &[u8]) -> Option<Vec<KeyValues<'_>>> {
    let mut rest = bytes;
    let groups = std::iter::from_fn(|| read_group(&mut rest)).collect();
    rest.is_empty().then_some(groups)
}

/// Reads one key with its values from the front, if all of it is there.
pub(crate) fn read_group<'a>(from: &mut &'a [u8]) -> Option<KeyValues<'a>> {
    let mut rest = *from;
    let key = take(&mut rest)?;
    let count = read_length(&mut rest)?;
    let mut values = Vec::with_capacity(count.min(rest.len()));
    for _ in 0..count {
        values.push(take(&mut rest)?);
    }
    *from = rest;
    Some((key, values))
}

fn take<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut rest = *from;
    let length = read_length(&mut rest)?;
    let (taken, rest) = rest.split_at_checked(length)?;
    *from = rest;
    Some(taken)
}

/// Lengths are written seven bits a byte, the low ones first (LEB128).
fn write_length(to: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        to.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    to.push(length as u8);
}

fn read_length(from: &mut &[u8]) -> Option<usize> {
    // Nearly all are short, and this is read for each value of each key.
    if let [byte @ 0..0x80, rest @ ..] = from {
        *from = rest;
        return Some((*byte).into());
    }
    let mut length = 0;
    for (place, &byte) in from.iter().enumerate().take(9) {
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            *from = &from[place + 1..];
            return Some(length);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum(bool);

    impl Functions for Sum {
        fn map(&self, _: &str, _: &[u8], _: &mut dyn FnMut(&[u8], &[u8])) {}

        fn reduce(&self, _: &[u8], values: &[&[u8]]) -> Vec<u8> {
            let numbers = values
                .iter()
                .map(|value| str::from_utf8(value).unwrap().parse::<u64>().unwrap());
            numbers.sum::<u64>().to_string().into_bytes()
        }

        fn combine(&self, key: &[u8], values: &[&[u8]]) -> Option<Vec<u8>> {
            self.0.then(|| self.reduce(key, values))
        }

        fn partition(&self, _: &[u8], _: usize) -> usize {
            0
        }
    }

    fn filled(functions: &Sum) -> Grouped {
        let mut grouped = Grouped::new();
        for _ in 0..1000 {
            grouped.push(functions, b"the", b"1");
        }
        grouped.push(functions, b"end", &[b'7'; 300]);
        grouped
    }

    #[test]
    fn values_are_kept_by_key_whether_or_not_they_combine() {
        for combines in [false, true] {
            let functions = Sum(combines);
            let mut grouped = filled(&functions);
            if combines {
                grouped.combine(&functions);
            }
            let sorted = grouped.sorted();
            assert_eq!(sorted.len(), 2);
            assert_eq!(sorted[0], (b"end".as_slice(), vec![[b'7'; 300].as_slice()]));
            assert_eq!(sorted[1].1.len(), if combines { 1 } else { 1000 });
            assert_eq!(functions.reduce(b"the", &sorted[1].1), b"1000");
        }
    }

    #[test]
    fn groups_are_read_as_they_were_written_and_only_whole() {
        let functions = Sum(false);
        let mut bytes = Vec::new();
        let grouped = filled(&functions);
        for (key, count, values) in grouped.iter() {
            write_group(&mut bytes, key, count, values);
        }
        let mut rest = &bytes[..];
        let first = read_group(&mut rest).unwrap();
        let second = read_group(&mut rest).unwrap();
        assert!(rest.is_empty());
        assert_eq!([first.1.len(), second.1.len()].iter().max(), Some(&1000));
        assert_eq!(groups(&bytes).unwrap().len(), 2);
        assert_eq!(groups(&bytes[1..]), None);
        let mut cut = &bytes[..bytes.len() - 1];
        assert!(read_group(&mut cut).is_some());
        assert!(read_group(&mut cut).is_none());
        assert!(!cut.is_empty(), "what is not whole is left");
    }
}
