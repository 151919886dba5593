//! What lies in the folder that a teacher gives: a folder or an archive for each student.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::policy::{digest, hex};
use crate::unpacking::{Format, Refused, unpack};
use testkit::trouble::{Result, Trouble, While};

/// What one student handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedIn {
    /// The student: the name of the folder, or of the archive without its ending.
    pub student: String,
    /// The same as the name of a file, different for each student.
    pub file_name: String,
    /// Where it is now, or why it cannot be graded, a sentence.
    pub content: std::result::Result<PathBuf, String>,
    /// What was left out, a sentence each.
    pub notes: Vec<String>,
}

/// A part of the students: the ith of n machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Shard, String> {
        let shard = text.split_once('/').and_then(|(number, of)| {
            let shard = Shard {
                number: number.parse().ok()?,
                of: of.parse().ok()?,
            };
            (1..=shard.of).contains(&shard.number).then_some(shard)
        });
        shard.ok_or_else(|| "it must be NUMBER/OF, such as 1/4".to_owned())
    }
}

/// The endings of archives, which are no part of a student's name.
const ENDINGS: [&str; 6] = [".tar.gz", ".tgz", ".tar", ".zip", ".bundle", ".gz"];

/// Finds the submissions in a folder, in the order of their names. Archives are unpacked into `unpacked`.
///
/// # Errors
/// When the folder cannot be read, or holds nothing.
pub fn find(folder: &Path, unpacked: &Path, shard: Option<Shard>) -> Result<Vec<HandedIn>> {
    let reading = || format!("read {}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).or_trouble(reading)? {
        let entry = entry.or_trouble(reading)?;
        // Left by tools: `.DS_Store`, `.git`.
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.path());
        }
    }
    entries.sort();
    if entries.is_empty() {
        return Err(Trouble::new(format!(
            "could not find a submission in {}: it is empty",
            folder.display()
        )));
    }
    let students = named(&entries);
    let all = entries.iter().zip(students).enumerate();
    let own =
        all.filter(|(place, _)| shard.is_none_or(|shard| place % shard.of == shard.number - 1));
    own.map(|(_, (path, (student, file_name)))| {
        let into = unpacked.join(&file_name);
        let opened = opened(path, &into);
        let (content, notes) = match opened {
            Ok((folder, notes)) => (Ok(folder), notes),
            Err(Refused(why)) => (Err(why), Vec::new()),
        };
        Ok(HandedIn {
            student,
            file_name,
            content,
            notes,
        })
    })
    .collect()
}

/// The student of each entry, and the name of the student's files.
fn named(entries: &[PathBuf]) -> Vec<(String, String)> {
    let whole = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        runtime::terminal::one_line(&name.to_string_lossy())
    };
    let stem = |path: &PathBuf| {
        let name = whole(path);
        let lower = name.to_lowercase();
        let ending = ENDINGS.iter().find(|ending| lower.ends_with(**ending));
        match ending {
            // Letters that are longer in lower case do not end in these.
            Some(ending) if !path.is_dir() && name.is_char_boundary(name.len() - ending.len()) => {
                name[..name.len() - ending.len()].to_owned()
            }
            _ => name,
        }
    };
    let mut stems: BTreeMap<String, usize> = BTreeMap::new();
    for path in entries {
        *stems.entry(stem(path)).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut students = Vec::new();
    for path in entries {
        let student = match stem(path) {
            stem if stems[&stem] == 1 && !stem.is_empty() => stem,
            _ => whole(path),
        };
        let mut file_name = file_name(&student);
        // `Ada` and `ada` are one file on some systems.
        if !taken.insert(file_name.to_lowercase()) {
            file_name = with_hash(&file_name, &path.to_string_lossy());
            taken.insert(file_name.to_lowercase());
        }
        students.push((student, file_name));
    }
    students
}

/// A name that is safe for a file, a link and a shell.
fn file_name(student: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let safe: String = student
        .chars()
        .take(60)
        .map(|letter| if is_plain(letter) { letter } else { '_' })
        .collect();
    let safe = safe.trim_start_matches(['.', '-']);
    match safe == student {
        true => safe.to_owned(),
        false => with_hash(safe, student),
    }
}

fn with_hash(name: &str, of: &str) -> String {
    format!("{name}-{}", &hex(&digest([of.as_bytes()]))[..8])
}

/// The folder that holds what was handed in, unpacked where it was an archive, also one within a folder of
/// the student's own.
fn opened(path: &Path, into: &Path) -> std::result::Result<(PathBuf, Vec<String>), Refused> {
    let kind = fs::symlink_metadata(path)?.file_type();
    let (folder, mut notes) = if kind.is_dir() {
        (path.to_owned(), Vec::new())
    } else {
        let format = Format::of(path).filter(|_| kind.is_file()).ok_or_else(|| {
            Refused(
                "It is neither a folder nor an archive that the checker can unpack (zip, tar, tar.gz, git bundle)."
                    .to_owned(),
            )
        })?;
        let folder = into.join("outer");
        fs::create_dir_all(&folder)?;
        let notes = unpack(path, format, &folder)?;
        (folder, notes)
    };
    if let Some((inner, format)) = only_archive(&folder) {
        let folder = into.join("inner");
        fs::create_dir_all(&folder)?;
        notes.extend(unpack(&inner, format, &folder)?);
        return Ok((folder, notes));
    }
    Ok((folder, notes))
}

/// The archive in a folder that holds nothing else, if that is so.
fn only_archive(folder: &Path) -> Option<(PathBuf, Format)> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let mut entries = entries.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    let (only, None) = (entries.next()?, entries.next()) else {
        return None;
    };
    let is_file = only.file_type().is_ok_and(|kind| kind.is_file());
    let path = only.path();
    let format = Format::of(&path).filter(|_| is_file)?;
    Some((path, format))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn zip(file: &Path, name: &str, content: &[u8]) {
        let mut zip = zip::ZipWriter::new(fs::File::create(file).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
        zip.finish().unwrap();
    }

    #[test]
    fn folders_and_archives_are_a_student_each() {
        let all = tempfile::tempdir().unwrap();
        let at = |name: &str| all.path().join(name);
        fs::create_dir_all(at("ada/src")).unwrap();
        zip(&at("Bob Müller.ZIP"), "wrapped/src/consumer.rs", b"code");
        // A course platform often puts the archive into a folder of the student's.
        fs::create_dir(at("carol_12345_file_")).unwrap();
        zip(
            &at("carol_12345_file_/homework.zip"),
            "src/consumer.rs",
            b"code",
        );
        fs::write(at("dan.rar"), "Rar!").unwrap();
        fs::write(at(".DS_Store"), "x").unwrap();
        std::os::unix::fs::symlink("/etc", at("eve")).unwrap();
        let unpacked = tempfile::tempdir().unwrap();
        let found = find(all.path(), unpacked.path(), None).unwrap();
        let students: Vec<&str> = found.iter().map(|one| one.student.as_str()).collect();
        assert_eq!(
            students,
            ["Bob Müller", "ada", "carol_12345_file_", "dan.rar", "eve"]
        );
        let folder = |place: usize| found[place].content.clone().unwrap();
        assert!(folder(0).join("wrapped/src/consumer.rs").is_file());
        assert!(folder(2).join("src/consumer.rs").is_file());
        assert_eq!(folder(1), at("ada"));
        for refused in [3, 4] {
            assert!(
                found[refused]
                    .content
                    .clone()
                    .unwrap_err()
                    .contains("neither a folder")
            );
        }
        assert!(
            found[0].file_name.starts_with("Bob_M_ller-"),
            "{}",
            found[0].file_name
        );
    }

    #[test]
    fn students_with_one_name_are_told_apart() {
        let all = tempfile::tempdir().unwrap();
        fs::create_dir_all(all.path().join("ada")).unwrap();
        fs::write(all.path().join("ada.zip"), "x").unwrap();
        fs::create_dir_all(all.path().join("Ada")).unwrap();
        let unpacked = tempfile::tempdir().unwrap();
        let found = find(all.path(), unpacked.path(), None).unwrap();
        let students: BTreeSet<&str> = found.iter().map(|one| one.student.as_str()).collect();
        assert_eq!(students, BTreeSet::from(["Ada", "ada", "ada.zip"]));
        let files = found.iter().map(|one| one.file_name.to_lowercase());
        assert_eq!(files.collect::<BTreeSet<_>>().len(), 3);
    }

    #[test]
    fn file_names_are_safe_whatever_the_student_is_called() {
        for odd in [
            "../../etc",
            "-rf",
            ".hidden",
            "a/b",
            "a b",
            "名前",
            "<script>",
            "",
        ] {
            let name = file_name(odd);
            let is_safe = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            assert!(name.chars().all(is_safe), "{odd}: {name}");
            assert!(!name.starts_with(['.']), "{odd}: {name}");
        }
        assert_eq!(file_name("ada"), "ada");
        assert_ne!(file_name("a b"), file_name("a_b"));
    }

    #[test]
    fn shards_share_the_students_out() {
        let all = tempfile::tempdir().unwrap();
        for number in 0..7 {
            fs::create_dir(all.path().join(format!("s{number}"))).unwrap();
        }
        let unpacked = tempfile::tempdir().unwrap();
        let of = |shard: &str| {
            let shard = shard.parse().unwrap();
            let found = find(all.path(), unpacked.path(), Some(shard)).unwrap();
            found.into_iter().map(|one| one.student).collect::<Vec<_>>()
        };
        let mut together = [of("1/3"), of("2/3"), of("3/3")].concat();
        together.sort();
        assert_eq!(together, ["s0", "s1", "s2", "s3", "s4", "s5", "s6"]);
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
