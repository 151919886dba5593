//! What depends on what, as ARCHITECTURE.md says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use checker::manifest::PARTS;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn manifest(folder: &Path) -> toml::Table {
    fs::read_to_string(folder.join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap()
}

fn package(folder: &Path) -> String {
    manifest(folder)["package"]["name"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn folders_in(place: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(place)).unwrap();
    let folders: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").exists())
        .collect();
    assert!(!folders.is_empty(), "{place} has no packages");
    folders
}

/// The packages of ours that a package names, for building, testing or otherwise.
fn ours(folder: &Path) -> BTreeSet<String> {
    named(
        folder,
        &["dependencies", "dev-dependencies", "build-dependencies"],
    )
}

/// The packages of ours that a package needs.
fn needed(folder: &Path) -> BTreeSet<String> {
    named(folder, &["dependencies"])
}

fn named(folder: &Path, sections: &[&str]) -> BTreeSet<String> {
    let all: BTreeSet<String> = [
        root().join("runtime"),
        root().join("runtime/batch"),
        root().join("runtime/shortener"),
        root().join("runtime/prompt"),
        root().join("runtime/shell"),
        root().join("checker"),
        root().join("checker/store"),
        root().join("checker/entropy"),
        root().join("checker/testkit"),
        root().join("checker/grader"),
        root().join("checker/report"),
        root().join("checker/parts"),
        root().join("checker/gradebook"),
    ]
    .into_iter()
    .chain([root().join("benches")])
    .chain(folders_in("checker/parts"))
    .chain(folders_in("checker/stubs"))
    .chain(folders_in("solutions"))
    .chain(folders_in("checker/template"))
    .map(|folder| package(&folder))
    .collect();
    let manifest = manifest(folder);
    let named = sections
        .iter()
        .filter_map(|section| manifest.get(*section)?.as_table());
    named
        .flat_map(|table| table.keys().cloned())
        .filter(|name| all.contains(name))
        .collect()
}

#[test]
fn runtime_depends_on_nothing_of_ours() {
    assert_eq!(ours(&root().join("runtime")), BTreeSet::new());
}

#[test]
fn batch_depends_on_the_runtime_alone() {
    assert_eq!(ours(&root().join("runtime/batch")), set(&["runtime"]));
}

#[test]
fn shortener_depends_on_the_runtime_alone() {
    assert_eq!(ours(&root().join("runtime/shortener")), set(&["runtime"]));
}

#[test]
fn prompt_depends_on_the_runtime_alone() {
    assert_eq!(ours(&root().join("runtime/prompt")), set(&["runtime"]));
}

#[test]
fn store_depends_on_nothing_of_ours() {
    assert_eq!(ours(&root().join("checker/store")), BTreeSet::new());
}

/// The other packages are named below with all that they need: only programs that the checker writes
/// link it.
#[test]
fn entropy_depends_on_nothing_of_ours() {
    assert_eq!(ours(&root().join("checker/entropy")), BTreeSet::new());
}

#[test]
fn exercises_and_solutions_depend_on_what_is_given_alone() {
    let template = ["exercise", "solution"].map(|of| root().join("checker/template").join(of));
    for folder in folders_in("checker/stubs")
        .into_iter()
        .chain(folders_in("solutions"))
        .chain(template)
    {
        let ours = ours(&folder);
        assert!(ours.contains("runtime"), "{}", folder.display());
        assert!(
            ours.is_subset(&set(&["runtime", "batch", "shortener"])),
            "{}",
            folder.display()
        );
    }
}

#[test]
fn checker_depends_on_no_exercise_and_no_solution() {
    assert_eq!(
        ours(&root().join("checker")),
        set(&[
            "runtime",
            "batch",
            "shortener",
            "prompt",
            "store",
            "testkit",
            "grader",
            "report",
            "parts",
            "gradebook",
        ])
    );
}

#[test]
fn testkit_knows_no_part() {
    let needed = needed(&root().join("checker/testkit"));
    assert_eq!(needed, set(&["runtime", "store"]));
}

#[test]
fn grader_knows_no_part_and_no_report() {
    let needed = needed(&root().join("checker/grader"));
    assert_eq!(needed, set(&["runtime", "prompt", "testkit"]));
}

#[test]
fn report_knows_no_part() {
    let needed = needed(&root().join("checker/report"));
    assert_eq!(needed, set(&["runtime", "testkit", "grader"]));
}

#[test]
fn gradebook_knows_no_part() {
    let needed = needed(&root().join("checker/gradebook"));
    assert_eq!(needed, set(&["runtime", "testkit", "grader", "report"]));
}

#[test]
fn part_depends_on_the_testkit_and_on_what_learners_are_given() {
    let template = root().join("checker/template/part");
    for folder in folders_in("checker/parts").into_iter().chain([template]) {
        let ours = ours(&folder);
        assert!(
            ours.is_subset(&set(&["runtime", "batch", "shortener", "testkit"])),
            "{}",
            folder.display()
        );
    }
}

#[test]
fn every_part_is_listed() {
    let needed = needed(&root().join("checker/parts"));
    let parts = folders_in("checker/parts");
    let parts = parts.iter().map(|folder| package(folder));
    assert_eq!(needed, parts.chain(["testkit".to_owned()]).collect());
    for part in PARTS.iter() {
        assert!(needed.contains(part.folder), "{}", part.folder);
    }
    assert_eq!(PARTS.len() + 1, needed.len());
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn packages_of_exercises_and_solutions_have_different_names() {
    let exercises: BTreeSet<String> = folders_in("checker/stubs")
        .iter()
        .map(|folder| package(folder))
        .collect();
    for solution in folders_in("solutions") {
        assert!(
            !exercises.contains(&package(&solution)),
            "cargo would link two binaries of one name"
        );
    }
}

#[test]
fn every_file_of_tests_is_a_module_of_the_one_program() {
    for package in ["runtime", "checker", "checker/store"] {
        let tests = root().join(package).join("tests");
        let program = fs::read_to_string(tests.join("main.rs")).unwrap();
        for entry in fs::read_dir(&tests).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Some(module) = name.strip_suffix(".rs").filter(|name| *name != "main") else {
                continue;
            };
            let declared = format!("mod {module};");
            assert!(
                program.lines().any(|line| line == declared),
                "{package}/tests/main.rs does not declare {name}, so its tests never run"
            );
        }
    }
}
