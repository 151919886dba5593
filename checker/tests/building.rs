//! Builds of a small course that has everything the real one has, except the lessons.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use checker::manifest::PARTS;
use grader::building::{Binary, Build, Building, Built};
use grader::course::Course;
use grader::part_report::{Graded, PartReport};
use grader::submission::{Refusal, Submission, read};
use tempfile::TempDir;
use testkit::guard::{Guard, Program};
use testkit::isolation::Isolation;
use testkit::part::Part;
use testkit::run_dir::RunDir;

static PART: LazyLock<&Part> = LazyLock::new(|| &PARTS[0]);

const ROOT: &str = r#"
[workspace]
resolver = "3"
members = ["runtime", "exercises/part1_ping_pong"]
[workspace.metadata.course]
[workspace.package]
version = "0.1.0"
edition = "2024"
[workspace.dependencies]
runtime = { path = "runtime" }
bytes = "1"
[profile.dev]
debug = "line-tables-only"
[profile.dev.package]
runtime = { opt-level = 2 }
bytes = { opt-level = 2 }
"#;

const RUNTIME: &str = r#"
[package]
name = "runtime"
version.workspace = true
edition.workspace = true
[dependencies]
bytes.workspace = true
"#;

const EXERCISE: &str = r#"
[package]
name = "ping-pong"
version.workspace = true
edition.workspace = true
[dependencies]
runtime.workspace = true
bytes.workspace = true
"#;

const LIB: &str = "
pub mod consumer;
pub mod producer;
pub mod protocol;
pub const SOURCE_HASH: Option<&str> = option_env!(\"COURSE_SOURCE_HASH\");
";

const MAIN: &str = "
fn main() {
    let word = ping_pong::producer::word();
    println!(\"node n1 is ready (listening on {word}) [sources {}]\", ping_pong::SOURCE_HASH.unwrap_or(\"none\"));
    let _ = std::io::stdin().read_line(&mut String::new());
}
";

fn word(word: &str) -> String {
    format!("pub fn word() -> &'static str {{ \"{word}\" }}\n")
}

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A course whose learner's producer says `word`.
fn course() -> (TempDir, Course) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    write(&root, "Cargo.toml", ROOT);
    // The versions that the real course has downloaded already.
    fs::copy(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"),
        root.join("Cargo.lock"),
    )
    .unwrap();
    write(&root, "runtime/Cargo.toml", RUNTIME);
    write(&root, "runtime/src/lib.rs", "pub use bytes::Bytes;\n");
    write(&root, "exercises/part1_ping_pong/Cargo.toml", EXERCISE);
    hand_in(&root.join("exercises/part1_ping_pong"), &word("stub"));
    write(&root, "exercises/part1_ping_pong/src/lib.rs", LIB);
    write(&root, "exercises/part1_ping_pong/src/main.rs", MAIN);
    let stub = root.join("checker/stubs/part1_ping_pong");
    write(&stub, "Cargo.toml", EXERCISE);
    hand_in(&stub, &word("stub"));
    write(&stub, "src/lib.rs", LIB);
    write(&stub, "src/main.rs", MAIN);
    let course = Course::find(&root).unwrap();
    (dir, course)
}

/// Writes the files that a learner edits, with times long past, as an archive would.
fn hand_in(folder: &Path, producer: &str) {
    for (file, text) in [
        ("src/producer.rs", producer),
        ("src/consumer.rs", ""),
        ("src/protocol.rs", ""),
    ] {
        write(folder, file, text);
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        fs::File::options()
            .write(true)
            .open(folder.join(file))
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
    }
}

fn submission(producer: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    hand_in(dir.path(), producer);
    dir
}

fn guarded() -> (RunDir, Guard) {
    let run = RunDir::create().unwrap();
    let guard = Guard::start(Path::new(env!("CARGO_BIN_EXE_checker")), &run).unwrap();
    (run, guard)
}

/// Lays out what was handed in and compiles what it depends on; says which packages that were.
async fn laid_out(course: &Course, folder: &Path) -> (Submission, Vec<String>) {
    let submission = Submission::lay_out(course, &PART, folder, &Isolation::find(), |_| {})
        .await
        .unwrap();
    let (_run, guard) = guarded();
    let mut compiled = Vec::new();
    let prepared = submission.prepare(&guard, |what| {
        if let Building::Compiling(package) = what {
            compiled.push(package.split(' ').next().unwrap().to_owned());
        }
    });
    assert_eq!(prepared.await.unwrap(), None);
    (submission, compiled)
}

/// Builds, and returns the program and the packages that were compiled for it.
async fn build(build: &Build) -> (Binary, Vec<String>) {
    let mut compiled = Vec::new();
    let (_run, guard) = guarded();
    let built = build.run(&guard, |what| {
        if let Building::Compiling(package) = what {
            compiled.push(package.split(' ').next().unwrap().to_owned());
        }
    });
    match built.await.unwrap() {
        Built::Binary(binary) => (binary, compiled),
        other => panic!("{other:?}"),
    }
}

/// What a program says when it runs, if it was built from those sources.
async fn word_of(program: &Path, sources: Option<&str>) -> String {
    let (_run, guard) = guarded();
    let node = guard.spawn(Program::node("n1", program));
    let ready = node.ready(Duration::from_secs(20), sources).await.unwrap();
    guard.shutdown().await;
    ready.address.unwrap()
}

#[tokio::test]
async fn submissions_are_told_apart_and_dependencies_compiled_once() {
    let (_dir, course) = course();
    let own = Build::of_course(&course.root, course.exercise(&PART), PART.package);
    let (program, compiled) = build(&own).await;
    assert!(compiled.contains(&"bytes".to_owned()), "{compiled:?}");
    assert_eq!(word_of(&program.path, None).await, "stub");

    let (first, second) = (submission(&word("first")), submission(&word("second")));
    let (slot_0, compiled) = laid_out(&course, first.path()).await;
    assert_eq!(
        compiled,
        ["ping-pong"],
        "packages and the runtime are taken from the course"
    );
    let (slot_1, compiled) = laid_out(&course, second.path()).await;
    assert!(
        compiled.is_empty(),
        "what all depend on is there: {compiled:?}"
    );
    let (first_program, compiled) = build(&slot_0.build).await;
    assert_eq!(compiled, ["ping-pong"]);
    let (second_program, compiled) = build(&slot_1.build).await;
    assert_eq!(compiled, ["ping-pong"]);
    assert_eq!(
        word_of(&first_program.path, Some(&slot_0.sources)).await,
        "first"
    );
    assert_eq!(
        word_of(&second_program.path, Some(&slot_1.sources)).await,
        "second"
    );
    assert_eq!(
        word_of(&program.path, None).await,
        "stub",
        "the learner's own program is still there"
    );

    // The same slot again, for files that look just as old as those of the one before.
    drop(slot_0);
    let third = submission(&word("third"));
    let (again, _) = laid_out(&course, third.path()).await;
    let (program, _) = build(&again.build).await;
    assert_eq!(program.path, first_program.path);
    assert_eq!(word_of(&program.path, Some(&again.sources)).await, "third");
}

#[tokio::test]
async fn forgotten_await_is_told_in_a_sentence() {
    let (_dir, course) = course();
    let forgets = "async fn send() {}\npub async fn ping() {\n    send();\n}\n";
    hand_in(&course.exercise(&PART), &(word("stub") + forgets));
    let own = Build::of_course(&course.root, course.exercise(&PART), PART.package);
    let (program, _) = build(&own).await;
    let mut report = PartReport::new(&PART, Graded::Exercise, 1, 1);
    report.warn(&PART, &program.warnings);
    assert_eq!(
        report.notes,
        [
            "the compiler warns in exercises/part1_ping_pong/src/producer.rs:4: unused implementer of \
          `Future` that must be used: futures do nothing unless you `.await` or poll them."
        ]
    );
}

#[tokio::test]
async fn compile_error_names_the_learners_file_and_line() {
    let (_dir, course) = course();
    hand_in(
        &course.exercise(&PART),
        "\npub fn word() -> &'static str { 7 }\n",
    );
    let own = Build::of_course(&course.root, course.exercise(&PART), PART.package);
    let Built::Refused(errors) = own.run(&guarded().1, |_| {}).await.unwrap() else {
        panic!("it compiles")
    };
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].file, Some(PathBuf::from("src/producer.rs")));
    assert_eq!(errors[0].line, Some(2));
    assert!(
        errors[0].rendered.contains("mismatched types"),
        "{errors:?}"
    );
}

#[tokio::test]
async fn warnings_of_the_learner_are_kept() {
    let (_dir, course) = course();
    hand_in(
        &course.exercise(&PART),
        &format!("{}fn unused() {{}}\n", word("stub")),
    );
    let own = Build::of_course(&course.root, course.exercise(&PART), PART.package);
    let (binary, _) = build(&own).await;
    assert_eq!(binary.warnings.len(), 1, "{:?}", binary.warnings);
    assert_eq!(
        binary.warnings[0].file,
        Some(PathBuf::from("src/producer.rs"))
    );
}

#[tokio::test]
async fn waiting_for_another_cargo_is_said_until_it_is_over() {
    let (_dir, course) = course();
    let own = Build::of_course(&course.root, course.exercise(&PART), PART.package);
    build(&own).await;
    let locks: Vec<fs::File> = fs::read_dir(course.root.join("target/debug"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with("lock"))
        .map(|path| fs::File::options().write(true).open(path).unwrap())
        .collect();
    assert!(!locks.is_empty());
    for lock in &locks {
        lock.lock().unwrap();
    }
    let mut told = Vec::new();
    let (_run, guard) = guarded();
    let built = own.run(&guard, |what| {
        if what == Building::WaitingForLock {
            locks.iter().for_each(|lock| lock.unlock().unwrap());
        }
        told.push(what);
    });
    assert!(matches!(built.await.unwrap(), Built::Binary(_)));
    let waits = told
        .iter()
        .rposition(|what| *what == Building::WaitingForLock);
    let taken = told.iter().rposition(|what| *what == Building::LockTaken);
    assert!(waits.is_some() && waits < taken, "{told:?}");
}

/// What a submission with one more file is refused for.
#[track_caller]
fn refused_for(spoil: impl FnOnce(&Path)) -> String {
    let (_dir, course) = course();
    let handed = submission(&word("mine"));
    spoil(handed.path());
    match read(&PART, &course.exercise(&PART), handed.path()) {
        Err(Refusal::Breaches(breaches)) => breaches.join("\n"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_could_change_the_grading_is_refused() {
    let said = refused_for(|folder| write(folder, "build.rs", "fn main() {}"));
    assert!(said.starts_with("build.rs would run while"), "{said}");
    let said = refused_for(|folder| write(folder, "src/bin/other.rs", "fn main() {}"));
    assert!(
        said.starts_with("src/bin/other.rs would be a program"),
        "{said}"
    );
    let said = refused_for(|folder| {
        std::os::unix::fs::symlink("/etc/passwd", folder.join("src/x.rs")).unwrap()
    });
    assert!(said.starts_with("src/x.rs is not a plain file"), "{said}");
    let said =
        refused_for(|folder| std::os::unix::fs::symlink("/etc", folder.join("etc")).unwrap());
    assert!(said.starts_with("etc is not a plain file"), "{said}");
    let said = refused_for(|folder| write(folder, "src/producer.rs", &"/".repeat(1 << 21)));
    assert!(
        said.contains("src/producer.rs is larger than 1 MiB."),
        "{said}"
    );
    let said = refused_for(|folder| fs::remove_file(folder.join("src/consumer.rs")).unwrap());
    assert_eq!(said, "src/consumer.rs is missing.");
}

#[test]
fn what_reaches_outside_while_it_is_compiled_is_refused() {
    let said = refused_for(|folder| {
        write(
            folder,
            "src/producer.rs",
            "#[path = \"../../../solutions/part1_ping_pong/src/producer.rs\"]\nmod inner;",
        )
    });
    assert!(
        said.starts_with("src/producer.rs has a `path` attribute"),
        "{said}"
    );
    let said = refused_for(|folder| {
        write(
            folder,
            "src/x.rs",
            "const X: &str = include_str!(\"/etc/passwd\");",
        )
    });
    assert!(said.starts_with("src/x.rs uses `include_str`"), "{said}");
}

/// What a build in the sandbox is told when the compiler is to read a file from outside: the rules
/// above are not the only wall.
#[tokio::test]
async fn build_in_a_sandbox_reads_no_other_file() {
    if Isolation::find() != Isolation::Bubblewrap {
        return;
    }
    let (_dir, course) = course();
    write(
        &course.root,
        "solutions/part1_ping_pong/src/producer.rs",
        &word("solved"),
    );
    let handed = submission(&word("mine"));
    let (slot, _) = laid_out(&course, handed.path()).await;
    let solution = course
        .root
        .join("solutions/part1_ping_pong/src/producer.rs");
    for file in [
        solution,
        course
            .root
            .join("checker/stubs/part1_ping_pong/src/producer.rs"),
        "/etc/passwd".into(),
    ] {
        assert!(file.is_file());
        let reaching = format!(
            "pub fn word() -> &'static str {{ include_str!({:?}) }}\n",
            file
        );
        fs::write(slot.build.folder.join("src/producer.rs"), reaching).unwrap();
        let Built::Refused(errors) = slot.build.run(&guarded().1, |_| {}).await.unwrap() else {
            panic!("{} was read", file.display())
        };
        assert!(errors[0].brief.contains("couldn't read"), "{errors:?}");
    }
}

#[test]
fn further_source_files_are_taken_and_the_rest_is_named() {
    let (_dir, course) = course();
    let exercise = course.exercise(&PART);
    let handed = submission(&word("mine"));
    write(handed.path(), "src/gossip/rumour.rs", "");
    write(handed.path(), "src/lib.rs", LIB);
    write(handed.path(), "src/main.rs", "fn main() {}");
    write(handed.path(), "notes.txt", "hello");
    write(handed.path(), "target/debug/x", "");
    write(handed.path(), ".git/config", "");
    let read = read(&PART, &exercise, handed.path()).unwrap();
    let taken: Vec<_> = read
        .taken
        .keys()
        .map(|path| path.to_str().unwrap())
        .collect();
    assert_eq!(
        taken,
        [
            "src/consumer.rs",
            "src/gossip/rumour.rs",
            "src/producer.rs",
            "src/protocol.rs"
        ]
    );
    assert_eq!(
        read.notes,
        [
            "notes.txt is not part of the exercise, and is left out.",
            "src/main.rs differs from the course's file. It is given, so the course's own is used.",
        ]
    );
}

#[test]
fn file_that_is_not_utf_8_is_named() {
    let said =
        refused_for(|folder| fs::write(folder.join("src/consumer.rs"), b"\xff\xfeu\0").unwrap());
    assert_eq!(said, "src/consumer.rs is UTF-16; save it as UTF-8.");
}

#[track_caller]
fn check_found(exercise_is_in: &str) {
    let (_dir, course) = course();
    let handed = tempfile::tempdir().unwrap();
    hand_in(&handed.path().join(exercise_is_in), &word("mine"));
    write(handed.path(), "__MACOSX/._outer", "");
    let read = read(&PART, &course.exercise(&PART), handed.path()).unwrap();
    let taken = &read.taken[Path::new("src/producer.rs")];
    assert_eq!(taken, word("mine").as_bytes());
    let note = format!("The exercise was found in {exercise_is_in}.");
    assert_eq!(read.notes, [note]);
}

#[test]
fn submission_may_be_wrapped_in_more_folders() {
    check_found("outer");
    check_found("outer/inner");
    check_found("part1_ping_pong");
    check_found("outer/part1_ping_pong");
    check_found("outer/exercises/part1_ping_pong");
}

#[test]
fn folder_with_several_submissions_is_none() {
    let (_dir, course) = course();
    let handed = tempfile::tempdir().unwrap();
    for student in ["ada", "bob"] {
        hand_in(&handed.path().join(student), &word("mine"));
    }
    let refused = read(&PART, &course.exercise(&PART), handed.path()).unwrap_err();
    let Refusal::Breaches(breaches) = refused else {
        panic!("{refused:?}");
    };
    assert!(breaches.contains(&"src/producer.rs is missing.".to_owned()));
}

#[test]
fn copy_of_the_whole_course_will_do_as_well() {
    let (_dir, course) = course();
    let handed = tempfile::tempdir().unwrap();
    hand_in(
        &handed.path().join("exercises").join(PART.folder),
        &word("mine"),
    );
    let read = read(&PART, &course.exercise(&PART), handed.path()).unwrap();
    assert_eq!(
        read.taken[Path::new("src/producer.rs")],
        word("mine").into_bytes()
    );
}
