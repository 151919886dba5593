//! `checker dev new`: what it lays out keeps the rules of the course, and what it refuses leaves nothing behind.
//!
//! The template's packages are members of the workspace, so they compile like all others. `.ci/run` also builds
//! a new part, and grades the grader on it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use checker::manifest::PARTS;
use grader::course::Course;
use grader::dev::stub_rules;
use grader::dev::variants::Variant;
use grader::sources::Sources;
use grader::stubs;
use tempfile::TempDir;
use testkit::hints::{self, HINTS};
use testkit::part::Part;
use walkdir::{DirEntry, WalkDir};

use crate::training::root;

/// A copy of the course, with the stubs in place of what a learner may have written.
fn copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let is_of_course = |entry: &DirEntry| {
        let left_out = ["target", ".git", ".checker", "exercises", "kjv.txt"];
        !left_out.iter().any(|name| entry.file_name() == *name)
    };
    let mut places = vec![(root(), folder.path().to_owned())];
    places.push((
        root().join("checker/stubs"),
        folder.path().join("exercises"),
    ));
    for (from, to) in places {
        for entry in WalkDir::new(&from).into_iter().filter_entry(is_of_course) {
            let entry = entry.unwrap();
            let to = to.join(entry.path().strip_prefix(&from).unwrap());
            match entry.file_type().is_dir() {
                true => fs::create_dir_all(&to).unwrap(),
                false => drop(fs::copy(entry.path(), &to).unwrap()),
            }
        }
    }
    folder
}

/// All that the course consists of.
fn texts(course: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let is_of_course = |entry: &DirEntry| {
        ![".git", ".checker"]
            .iter()
            .any(|name| entry.file_name() == *name)
    };
    let entries = WalkDir::new(course).into_iter().filter_entry(is_of_course);
    let files = entries
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file());
    files
        .map(|file| (file.path().to_owned(), fs::read(file.path()).unwrap()))
        .collect()
}

fn dev_new(course: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_checker"))
        .args(["dev", "new"])
        .args(args)
        .current_dir(course)
        .output()
        .unwrap()
}

#[track_caller]
fn check_succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The number of the next part.
fn next() -> usize {
    PARTS.len() + 1
}

#[test]
fn new_part_keeps_the_rules_of_the_course() {
    let folder = copy();
    let course = Course::find(folder.path()).unwrap();
    let name = format!("part{}_lock_service", next());
    let before = texts(folder.path());
    let output = dev_new(folder.path(), &[&name, "--title", "One lock, many nodes"]);
    assert!(output.status.success(), "{output:?}");
    let after = texts(folder.path());

    let is_new = |file: &&PathBuf| !before.contains_key(*file);
    let made: Vec<&PathBuf> = after.keys().filter(is_new).collect();
    for file in &made {
        let text = String::from_utf8(after[*file].clone())
            .unwrap()
            .to_lowercase();
        for left in ["template", "part0", "part 0"] {
            assert!(!text.contains(left), "{left} in {}", file.display());
        }
    }
    let in_part = |file: &str| {
        let path = course.root.join("checker/parts").join(&name).join(file);
        &*fs::read_to_string(path).unwrap().leak()
    };
    let part = Part::read(in_part("part.toml"), in_part("hints.md"), &[], &[], &[]);
    assert_eq!(part.title, "One lock, many nodes");
    assert_eq!(usize::from(part.number), next());
    assert_eq!(
        stub_rules::breaches(&course, &part).unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(
        stubs::breaches(&course, &part).unwrap(),
        Vec::<String>::new()
    );
    let solution = Sources::read(&course.solution(&part)).unwrap();
    let variants = Variant::read_all(&course.near_misses(&part)).unwrap();
    assert_eq!(variants.len(), 2);
    for variant in variants {
        variant.apply(&solution).unwrap();
    }
    let chapter = fs::read_to_string(course.root.join(part.chapter)).unwrap();
    assert!(chapter.starts_with(&format!("# Part {}: {}\n", part.number, part.title)));
    for problem in part.problems {
        assert_eq!(hints::of(&part, problem).len(), HINTS);
        assert!(chapter.contains(&format!(
            "\n## Problem {}: {}\n",
            problem.number, problem.title
        )));
    }
    let is_code = |file: &&&PathBuf| {
        file.extension().is_some_and(|kind| kind == "rs")
            && !file.iter().any(|name| name == "near_misses")
    };
    check_succeeds(
        Command::new("rustfmt")
            .args(["--edition", "2024", "--check"])
            .args(made.iter().filter(is_code)),
    );
    // The lock file names the new packages already.
    check_succeeds(
        Command::new("cargo")
            .args(["update", "--workspace", "--offline", "--locked"])
            .current_dir(folder.path()),
    );
    let changed: Vec<&str> = before
        .iter()
        .filter(|(file, text)| after[*file] != **text)
        .map(|(file, _)| file.strip_prefix(folder.path()).unwrap().to_str().unwrap())
        .collect();
    assert_eq!(
        changed,
        [
            ".vscode/tasks.json",
            "Cargo.lock",
            "TRAINING.md",
            "checker/parts/Cargo.toml",
            "training/SUMMARY.md"
        ]
    );
}

#[test]
fn part_that_cannot_be_made_leaves_nothing_behind() {
    let folder = copy();
    let course = folder.path();
    let check = |args: &[&str], why: &str| {
        let before = texts(course);
        let output = dev_new(course, args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains(why), "{said}");
        assert!(texts(course) == before, "{args:?} changed the course");
    };
    let next = |words: &str| format!("part{}_{words}", next());
    for name in [
        "part5",
        "Part5_locks",
        "part05_locks",
        "part5_Locks",
        "part5__locks",
        "../part5_locks",
    ] {
        check(&[name], "a part has a name like part5_lock_service");
    }
    check(
        &["part99_locks"],
        &format!("so the next one is {}", next("…")),
    );
    check(&["part1_ping_pong"], "so the next one is");
    check(&[&next("async")], "Rust reserves the name");
    check(&[&next("tokio")], "already uses a package `tokio`");
    check(&[&next(&"long".repeat(11))], "longer than 40 letters");
    check(
        &[&next("locks"), "--title", "Locks | tables"],
        "could not use the title",
    );

    let chapter = course.join(format!("training/part{}.md", PARTS.len() + 1));
    fs::write(&chapter, "mine").unwrap();
    check(&[&next("locks")], "already exists");
    fs::remove_file(&chapter).unwrap();

    // This is seen when the folders are made.
    let tasks = course.join(".vscode/tasks.json");
    let text = fs::read(&tasks).unwrap();
    fs::write(&tasks, "{}").unwrap();
    check(
        &[&next("locks")],
        "could not find the list of the parts in .vscode/tasks.json",
    );
    fs::write(&tasks, text).unwrap();

    // And this when the lists are edited, too.
    let part1 = course.join("exercises/part1_ping_pong/Cargo.toml");
    let text = fs::read(&part1).unwrap();
    fs::write(&part1, "nonsense").unwrap();
    check(
        &[&next("locks")],
        "could not add the new packages to Cargo.lock",
    );
    fs::write(&part1, text).unwrap();
}

#[test]
fn list_with_uncommitted_changes_is_left_alone() {
    let folder = copy();
    for args in [
        &["init", "--quiet"][..],
        &["add", "."],
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "--quiet",
            "-m",
            "all",
        ],
    ] {
        check_succeeds(Command::new("git").args(args).current_dir(folder.path()));
    }
    let way_in = folder.path().join("TRAINING.md");
    let text = fs::read_to_string(&way_in).unwrap() + "mine\n";
    fs::write(&way_in, &text).unwrap();
    let output = dev_new(folder.path(), &[&format!("part{}_locks", next())]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("TRAINING.md has changes that are not committed"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&way_in).unwrap(), text);
}
