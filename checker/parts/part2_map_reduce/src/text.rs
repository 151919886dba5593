//! Inputs, and what comes out when they are counted in another way than by a map-reduce.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use batch::Input;

use super::fact::{Difference, Fact};
use testkit::screen::shortened;
use testkit::seed::Draw;
use testkit::trouble::{Result, While};

/// A result: keys with their values, as bytes.
pub(super) type Table = BTreeMap<Vec<u8>, Vec<u8>>;

/// How often each word occurs.
pub(super) type Words = BTreeMap<Vec<u8>, u64>;

/// Files to be read, and what is in them.
#[derive(Debug, Default)]
pub(super) struct Texts {
    folder: PathBuf,
    pub(super) inputs: Vec<Input>,
    contents: Vec<Vec<u8>>,
}

impl Texts {
    /// No files yet; they will lie in this folder.
    pub(super) fn in_folder(folder: &Path) -> Texts {
        Texts {
            folder: folder.to_owned(),
            ..Texts::default()
        }
    }

    /// Adds a file.
    pub(super) fn with(mut self, name: &str, content: impl Into<Vec<u8>>) -> Result<Texts> {
        let (path, content) = (self.folder.join(name), content.into());
        fs::create_dir_all(&self.folder)
            .or_trouble(|| format!("make {}", self.folder.display()))?;
        fs::write(&path, &content).or_trouble(|| format!("write {}", path.display()))?;
        let name = name.to_owned();
        self.inputs.push(Input { name, path });
        self.contents.push(content);
        Ok(self)
    }

    /// How often each word occurs.
    pub(super) fn word_count(&self) -> Table {
        let mut counts = Words::new();
        for content in &self.contents {
            count(content, &mut counts);
        }
        let counts = counts.into_iter();
        counts
            .map(|(word, count)| (word, count.to_string().into_bytes()))
            .collect()
    }

    /// In which files each word occurs.
    pub(super) fn index(&self) -> Table {
        let mut index: BTreeMap<Vec<u8>, BTreeSet<&str>> = BTreeMap::new();
        for (input, content) in self.inputs.iter().zip(&self.contents) {
            each_word(content, |word| match index.get_mut(word) {
                Some(files) => drop(files.insert(&input.name)),
                None => drop(index.insert(word.to_vec(), BTreeSet::from([&*input.name]))),
            });
        }
        let index = index.into_iter();
        index
            .map(|(word, files)| {
                let files: Vec<&str> = files.into_iter().collect();
                (word, files.join("\t").into_bytes())
            })
            .collect()
    }
}

/// How often each word of some bytes occurs.
pub(super) fn words(content: &[u8]) -> Words {
    let mut counts = Words::new();
    count(content, &mut counts);
    counts
}

fn count(content: &[u8], counts: &mut Words) {
    each_word(content, |word| match counts.get_mut(word) {
        Some(count) => *count += 1,
        None => drop(counts.insert(word.to_vec(), 1)),
    });
}

/// How many records some bytes hold: lines, except for those that order something.
pub(super) fn records(content: &[u8]) -> u64 {
    let lines = content.split_inclusive(|byte| *byte == b'\n');
    let records = lines.filter(|line| !is_order(line));
    records.count() as u64
}

/// Whether a line orders something of a map task.
pub(super) fn is_order(line: &[u8]) -> bool {
    line.starts_with(b"@sleep") || line.starts_with(b"@panic")
}

/// Goes through the bytes one by one; lines that order something are no text.
fn each_word(content: &[u8], mut found: impl FnMut(&[u8])) {
    let mut begun = None;
    let mut at = 0;
    while at < content.len() {
        let is_start = at == 0 || content[at - 1] == b'\n';
        if is_start && is_order(&content[at..]) {
            while at < content.len() && content[at] != b'\n' {
                at += 1;
            }
            continue;
        }
        let is_letter = content[at].is_ascii_alphabetic();
        match begun {
            None if is_letter => begun = Some(at),
            Some(start) if !is_letter => {
                found(&content[start..at]);
                begun = None;
            }
            _ => {}
        }
        at += 1;
    }
    if let Some(start) = begun {
        found(&content[start..]);
    }
}

/// Words of a small language, in lines of eight. `size` says of how many different ones.
pub(super) fn prose(draw: &mut Draw, words: usize, size: usize) -> String {
    let mut text = String::new();
    for number in 1..=words {
        text.push_str(&word(draw.number(0..=size as u64 - 1) as usize));
        text.push(if number % 8 == 0 { '\n' } else { ' ' });
    }
    text
}

/// The word of a number: `Ba`, `De`, `baba`, … No two are the same.
pub(super) fn word(mut number: usize) -> String {
    const FIRST: &[u8] = b"bdfgklmnprstvz";
    const SECOND: &[u8] = b"aeiou";
    let mut word = String::new();
    loop {
        let syllable = number % (FIRST.len() * SECOND.len());
        word.push(FIRST[syllable / SECOND.len()].into());
        word.push(SECOND[syllable % SECOND.len()].into());
        number /= FIRST.len() * SECOND.len();
        if number == 0 {
            return word;
        }
        number -= 1;
    }
}

/// A name for a file, which has not been drawn before.
pub(super) fn file(draw: &mut Draw) -> String {
    format!("{}.txt", word(draw.number(5_000..=9_999_999) as usize))
}

/// Lines of text of the same length: each split of `LINE * n` bytes is n of them.
pub(super) const LINE: usize = 64;

/// So many lines, each of `LINE` bytes; of words from a small language.
pub(super) fn lines(draw: &mut Draw, count: usize) -> String {
    let mut text = String::new();
    for _ in 0..count {
        text.push_str(&line(|| word(draw.number(0..=299) as usize)));
    }
    text
}

/// One line of `LINE` bytes, filled up with dots.
pub(super) fn line(mut word: impl FnMut() -> String) -> String {
    let mut line = String::new();
    loop {
        let word = word();
        if line.len() + word.len() + 2 > LINE {
            break;
        }
        line.push_str(&word);
        line.push(' ');
    }
    while line.len() < LINE - 1 {
        line.push('.');
    }
    line.push('\n');
    line
}

/// Reads an output: one file a partition, each line a key, a tab and a value.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read_output(folder: &Path, partitions: usize) -> std::result::Result<Table, Fact> {
    let parts = read_parts(folder, partitions)?;
    Ok(parts.into_iter().flatten().collect())
}

/// The same, one table a partition.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read_parts(
    folder: &Path,
    partitions: usize,
) -> std::result::Result<Vec<Table>, Fact> {
    let unreadable = |why: String| Fact::OutputUnreadable { why };
    let wanted: BTreeSet<String> = (0..partitions).map(batch::output::part).collect();
    let entries = fs::read_dir(folder).map_err(|error| unreadable(error.to_string()))?;
    let found: BTreeSet<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    if found != wanted {
        let found = found.into_iter().take(12).collect();
        return Err(Fact::OutputFiles { found, partitions });
    }
    let mut parts = Vec::new();
    let mut places: BTreeMap<Vec<u8>, String> = BTreeMap::new();
    for file in wanted {
        let content =
            fs::read(folder.join(&file)).map_err(|error| unreadable(format!("{file}: {error}")))?;
        let mut part = Table::new();
        for line in content
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            let Some(tab) = line.iter().position(|byte| *byte == b'\t') else {
                let line = shown(line);
                return Err(Fact::LineWithoutTab { file, line });
            };
            let (key, value) = (line[..tab].to_vec(), line[tab + 1..].to_vec());
            if let Some(other) = places.insert(key.clone(), file.clone()) {
                let key = shown(&key);
                return Err(match other == file {
                    true => Fact::KeyTwiceInFile { key, file },
                    false => Fact::KeyInTwoFiles {
                        key,
                        files: [other, file],
                    },
                });
            }
            part.insert(key, value);
        }
        parts.push(part);
    }
    Ok(parts)
}

/// How a result differs from what it should be; `None` if it does not.
pub(super) fn difference(seen: &Table, wanted: &Table) -> Option<Fact> {
    /// How many differences are shown.
    const MAX_SHOWN: usize = 3;
    let wrong = wanted
        .iter()
        .filter(|(key, value)| seen.get(*key) != Some(value))
        .map(|(key, value)| (key, seen.get(key), Some(value)));
    let too_many = seen
        .iter()
        .filter(|(key, _)| !wanted.contains_key(*key))
        .map(|(key, value)| (key, Some(value), None));
    let all: Vec<_> = wrong.chain(too_many).collect();
    let text = |value: Option<&Vec<u8>>| value.map(|value| tabs(value));
    let differences = all
        .iter()
        .take(MAX_SHOWN)
        .map(|(key, seen, wanted)| Difference {
            key: shown(key),
            seen: text(*seen),
            wanted: text(*wanted),
        });
    (!all.is_empty()).then(|| Fact::OutputDiffers {
        differences: differences.collect(),
        more: all.len().saturating_sub(MAX_SHOWN),
    })
}

/// The start of some bytes, as text, with a sign where more stands behind it.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = shortened(&String::from_utf8_lossy(bytes), 40);
    text.escape_debug().to_string()
}

fn tabs(value: &[u8]) -> String {
    shown(value).replace("\\t", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_key_is_cut_with_a_sign() {
        let key = "a\tb".repeat(20);
        assert_eq!(shown(&key.as_bytes()[..40]), "a\\tb".repeat(13) + "a");
        assert_eq!(shown(key.as_bytes()), "a\\tb".repeat(13) + "a…");
    }

    #[test]
    fn words_are_counted_and_orders_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let texts = Texts::in_folder(folder.path())
            .with("a", "the end\n@panic 3 /tmp/the\nThe end@panic")
            .unwrap()
            .with("b", b"\xffend\xfe".as_slice())
            .unwrap();
        let table = |entries: &[(&str, &str)]| -> Table {
            let entries = entries.iter();
            entries
                .map(|(key, value)| (key.as_bytes().to_vec(), value.as_bytes().to_vec()))
                .collect()
        };
        let counts = [("The", "1"), ("end", "3"), ("panic", "1"), ("the", "1")];
        assert_eq!(texts.word_count(), table(&counts));
        let index = [("The", "a"), ("end", "a\tb"), ("panic", "a"), ("the", "a")];
        assert_eq!(texts.index(), table(&index));
        assert_eq!(records(b"the end\n@panic 3 /tmp/the\n\nThe end@panic"), 3);
    }

    #[test]
    fn words_of_different_numbers_differ() {
        let words: BTreeSet<String> = (0..20_000).map(word).collect();
        assert_eq!(words.len(), 20_000);
        assert_eq!(line(|| "word".into()).len(), LINE);
    }

    #[test]
    fn output_is_read_whole_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("part-00000", "a\t1\n");
        assert!(matches!(
            read_output(folder.path(), 2).unwrap_err(),
            Fact::OutputFiles { partitions: 2, .. }
        ));
        write("part-00001", "a\t2\n");
        let why = read_output(folder.path(), 2).unwrap_err().to_string();
        assert_eq!(why, "the key `a` is in part-00000 and in part-00001");
        write("part-00001", "b\t2\n");
        let table = read_output(folder.path(), 2).unwrap();
        let mut expected = table.clone();
        assert_eq!(difference(&table, &expected), None);
        expected.insert(b"b".to_vec(), b"3".to_vec());
        expected.remove(b"a".as_slice());
        assert_eq!(
            difference(&table, &expected).unwrap().to_string(),
            "in the output `b` has `2` instead of `3`, `a` should not be there"
        );
    }
}
