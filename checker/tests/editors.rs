//! The course opens in an editor as it is: the tasks find the places that the checker and the compiler
//! print, and every file that names a version of Rust names the same.

use std::fs;
use std::process::Command;

use checker::manifest::PARTS;
use grader::part_report::{Graded, PartReport};
use regex_lite::Regex;
use report::terminal::render;
use serde_json::Value;
use testkit::verdict::{Failure, Outcome, ProblemResult, Verdict};

use crate::training::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The problem matchers of the tasks whose owner is this one.
fn matchers(owner: &str) -> Vec<Value> {
    let tasks: Value = serde_json::from_str(&read(".vscode/tasks.json")).unwrap();
    let all = tasks["tasks"].as_array().unwrap().iter();
    let all = all.flat_map(|task| task["problemMatcher"].as_array().unwrap());
    let own: Vec<Value> = all
        .filter(|matcher| matcher["owner"] == owner)
        .cloned()
        .collect();
    assert_eq!(own.len(), 2, "one on demand, one on every save");
    own
}

fn regex(pattern: &Value) -> Regex {
    Regex::new(pattern["regexp"].as_str().unwrap()).unwrap()
}

#[track_caller]
fn group(pattern: &Value, name: &str, line: &str) -> String {
    let number = pattern[name].as_u64().unwrap();
    let found = regex(pattern).captures(line).unwrap();
    found[usize::try_from(number).unwrap()].to_owned()
}

/// What a run prints whose only scenario failed.
fn printed_failure() -> String {
    let part = &PARTS[0];
    let failure =
        Failure::new("a step", "n1 shows 1", "n1 shows 2").at("src/consumer.rs", Some(42));
    let failed = Verdict::Failed(Box::new(failure));
    let outcome = Outcome::new("a-scenario", "a scenario", 1, failed, 7);
    let mut report = PartReport::new(part, Graded::Exercise, 7, 1);
    report.conclude(vec![ProblemResult::new(
        1,
        "Broadcast",
        false,
        vec![outcome],
    )]);
    colored::control::set_override(false);
    render(&report, &PARTS, "cargo checker")
}

#[test]
fn tasks_find_the_place_that_a_failure_names() {
    let printed = printed_failure();
    for matcher in matchers("checker") {
        let pattern = &matcher["pattern"];
        let found: Vec<&str> = printed
            .lines()
            .filter(|line| regex(pattern).is_match(line))
            .collect();
        let [line] = found[..] else {
            panic!("{found:?} in:\n{printed}");
        };
        assert_eq!(group(pattern, "line", line), "42");
        let file = group(pattern, "file", line);
        assert!(root().join(&file).is_file(), "{file}");
    }
}

#[test]
fn tasks_find_the_place_of_a_compile_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("wrong.rs"),
        "fn main() {\n    unknown();\n}\n",
    )
    .unwrap();
    let output = Command::new("rustc")
        .args(["--color", "never", "wrong.rs"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    for matcher in matchers("rustc") {
        let patterns = matcher["pattern"].as_array().unwrap();
        let mut lines = printed.lines();
        let first = lines
            .find(|line| regex(&patterns[0]).is_match(line))
            .unwrap();
        assert_eq!(group(&patterns[0], "severity", first), "error");
        let place = lines.next().unwrap();
        assert_eq!(group(&patterns[1], "file", place), "wrong.rs");
        assert_eq!(group(&patterns[1], "line", place), "2");
    }
}

/// A background task is busy from a save until the report.
#[test]
fn task_on_every_save_knows_when_a_run_ends() {
    for owner in ["checker", "rustc"] {
        let own = matchers(owner);
        let mut own = own.iter().filter_map(|matcher| matcher.get("background"));
        let ends = own.next().unwrap()["endsPattern"].as_str().unwrap();
        let ends = Regex::new(ends).unwrap();
        assert!(printed_failure().lines().any(|line| ends.is_match(line)));
    }
}

#[test]
fn tasks_offer_every_part() {
    let tasks: Value = serde_json::from_str(&read(".vscode/tasks.json")).unwrap();
    let offered = tasks["inputs"][0]["options"].as_array().unwrap();
    let offered: Vec<&str> = offered.iter().map(|one| one.as_str().unwrap()).collect();
    let parts = PARTS.iter().map(|part| part.name);
    assert_eq!(offered, parts.chain(["all"]).collect::<Vec<_>>());
}

#[test]
fn every_file_names_the_same_rust() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let wanted = manifest["workspace"]["package"]["rust-version"]
        .as_str()
        .unwrap();
    let toolchain: toml::Table = read("rust-toolchain.toml").parse().unwrap();
    let channel = toolchain["toolchain"]["channel"].as_str().unwrap();
    assert!(channel.starts_with(&format!("{wanted}.")), "{channel}");
    let image = format!("FROM docker.io/library/rust:{channel}-");
    let container = read("Containerfile");
    assert!(container.contains(&image), "no {image} in:\n{container}");
}
