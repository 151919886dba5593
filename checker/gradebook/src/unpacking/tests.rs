use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

use super::*;

/// An archive with these files, in a folder of its own.
struct Made {
    folder: tempfile::TempDir,
}

impl Made {
    fn new(bytes: &[u8]) -> Made {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("archive"), bytes).unwrap();
        Made { folder }
    }

    fn archive(&self) -> PathBuf {
        self.folder.path().join("archive")
    }

    fn unpacked(&self) -> Result<Vec<String>> {
        let into = self.folder.path().join("into");
        fs::create_dir(&into).unwrap();
        unpack(&self.archive(), Format::of(&self.archive()).unwrap(), &into)
    }

    fn files(&self) -> Vec<String> {
        let into = self.folder.path().join("into");
        let files = walkdir::WalkDir::new(&into).sort_by_file_name().into_iter();
        let files = files.map(|file| file.unwrap());
        files
            .filter(|file| file.file_type().is_file())
            .map(|file| {
                file.path()
                    .strip_prefix(&into)
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect()
    }
}

fn zipped(files: &[(&str, &[u8])]) -> Made {
    let mut bytes = io::Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut bytes);
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap();
    Made::new(bytes.get_ref())
}

/// A tar file; a content of `None` is a symbolic link to `/etc/passwd`.
fn tarred(files: &[(&str, Option<&[u8]>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        // Past the check of the library, as an attacker would.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_mode(0o644);
        header.set_size(content.map_or(0, |content| content.len() as u64));
        if content.is_none() {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        tar.append(&header, content.unwrap_or_default()).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn each_format_is_known_by_its_content_and_holds_the_same_files() {
    let one = "part1_ping_pong/src/consumer.rs";
    let of_tools = [
        "part1_ping_pong/target/debug/big",
        "__MACOSX/._x",
        ".git/config",
    ];
    let zip = zipped(&[
        (one, b"code"),
        (of_tools[0], b"x"),
        (of_tools[1], b"x"),
        (of_tools[2], b"x"),
    ]);
    let tar = tarred(&[(one, Some(b"code")), (of_tools[0], Some(b"x"))]);
    for made in [zip, Made::new(&gzipped(&tar)), Made::new(&tar)] {
        assert_eq!(made.unpacked().unwrap(), Vec::<String>::new());
        assert_eq!(made.files(), [one]);
    }
    let text = Made::new(b"fn main() {}");
    assert_eq!(Format::of(&text.archive()), None);
}

#[test]
fn names_written_on_windows_are_folders() {
    let made = zipped(&[("src\\consumer.rs", b"code")]);
    made.unpacked().unwrap();
    assert_eq!(made.files(), ["src/consumer.rs"]);
}

#[test]
fn file_that_leads_out_of_the_folder_refuses_the_archive() {
    for name in ["../evil.rs", "/tmp/evil.rs", "a/../../evil.rs"] {
        let tar = Made::new(&tarred(&[(name, Some(b"x"))]));
        let zip = zipped(&[(name, b"x")]);
        for made in [tar, zip] {
            let said = made.unpacked().unwrap_err().0;
            assert!(said.contains("leads out of its folder"), "{name}: {said}");
            assert!(!made.folder.path().join("evil.rs").exists());
        }
    }
}

#[test]
fn link_is_left_out_and_told() {
    let made = Made::new(&tarred(&[
        ("src/consumer.rs", None),
        ("src/b.rs", Some(b"x")),
    ]));
    let notes = made.unpacked().unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!(made.files(), ["src/b.rs"]);
}

#[test]
fn file_is_written_up_to_what_its_reader_accepts() {
    let made = zipped(&[("src/consumer.rs", &vec![0; 8 << 20])]);
    made.unpacked().unwrap();
    let file = made.folder.path().join("into/src/consumer.rs");
    assert_eq!(fs::metadata(file).unwrap().len(), MAX_FILE);
}

#[test]
fn archive_that_grows_without_end_is_refused_in_bounded_space() {
    // 70 files of a mebibyte each, from some 70 kB.
    let names: Vec<String> = (0..70).map(|number| format!("src/{number}.rs")).collect();
    let content = vec![0; 1 << 20];
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), &*content))
        .collect();
    let made = zipped(&files);
    let said = made.unpacked().unwrap_err().0;
    assert!(said.contains("more than 64 MiB"), "{said}");
}

#[test]
fn stream_of_passed_over_files_ends_at_the_limit() {
    let mut limited = Limited {
        stream: io::repeat(0),
        left: 1000,
    };
    let error = io::copy(&mut limited, &mut io::sink()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
}

#[test]
fn damaged_archive_is_refused_with_a_sentence() {
    let zip = Made::new(b"PK\x03\x04 and then nothing");
    assert!(zip.unpacked().unwrap_err().0.ends_with('.'));
    let whole = gzipped(&tarred(&[("src/a.rs", Some(&[7; 4000]))]));
    let cut = Made::new(&whole[..whole.len() / 2]);
    assert!(cut.unpacked().unwrap_err().0.ends_with('.'));
}

#[test]
fn bundle_holds_the_files_of_its_newest_commit() {
    let work = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b"])
            .args(args)
            .current_dir(work.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{args:?}: {done:?}");
    };
    git(&["init", "--quiet"]);
    fs::create_dir(work.path().join("src")).unwrap();
    fs::write(work.path().join("src/consumer.rs"), "old").unwrap();
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "one"]);
    fs::write(work.path().join("src/consumer.rs"), "new").unwrap();
    git(&["commit", "--quiet", "-am", "two"]);
    git(&["bundle", "create", "--quiet", "handed.bundle", "HEAD"]);
    let made = Made::new(&fs::read(work.path().join("handed.bundle")).unwrap());
    assert_eq!(Format::of(&made.archive()), Some(Format::GitBundle));
    made.unpacked().unwrap();
    assert_eq!(made.files(), ["src/consumer.rs"]);
    let text = fs::read_to_string(made.folder.path().join("into/src/consumer.rs")).unwrap();
    assert_eq!(text, "new");
    let damaged = Made::new(b"# v2 git bundle\nnonsense\n");
    assert!(
        damaged
            .unpacked()
            .unwrap_err()
            .0
            .contains("git cannot read")
    );
}
