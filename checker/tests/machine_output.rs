//! What the checker says to programs: JSON, a stream of it, JUnit, and other formats of a report.
//!
//! All of it is tried on one real run of the solution of part 1, in the course's own folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn checker(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_checker"))
        .args(args)
        .env("NO_COLOR", "1")
        .current_dir(root())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What one run left: its JSON, its JUnit file, and its name.
struct Ran {
    json: Value,
    junit: String,
    run: String,
}

/// A run of problem 3 of part 1, made once.
fn ran() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let junit = folder.path().join("junit.xml");
        let args = [
            "part1",
            "--solution",
            "--problem",
            "3",
            "--seed",
            "7",
            "--json",
            "--junit",
        ];
        let output = checker(&[&args[..], &[junit.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{output:?}");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let run = json["parts"][0]["run"].as_str().unwrap();
        Ran {
            run: run.rsplit('/').next().unwrap().to_owned(),
            junit: std::fs::read_to_string(junit).unwrap(),
            json,
        }
    })
}

/// The names of all fields of a value, `parts[].problems[].points` say.
fn fields(of: &Value, path: &str, into: &mut std::collections::BTreeSet<String>) {
    match of {
        Value::Object(map) => {
            for (name, value) in map {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                into.insert(path.clone());
                fields(value, &path, into);
            }
        }
        Value::Array(items) => {
            for item in items {
                fields(item, &format!("{path}[]"), into);
            }
        }
        _ => {}
    }
}

fn document() -> String {
    std::fs::read_to_string(root().join("docs/JSON.md")).unwrap()
}

/// The example of a kind in the document: the first block behind that heading.
fn example(heading: &str) -> Vec<Value> {
    let document = document();
    let (_, behind) = document
        .split_once(&format!("## {heading}\n"))
        .unwrap_or_else(|| panic!("docs/JSON.md has no section {heading}"));
    let (_, block) = behind.split_once("```json\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let values = serde_json::Deserializer::from_str(block).into_iter();
    values.map(|value| value.unwrap()).collect()
}

#[test]
fn json_has_the_fields_that_the_example_has() {
    let mut shown = std::collections::BTreeSet::new();
    fields(&example("The result")[0], "", &mut shown);
    let mut real = std::collections::BTreeSet::new();
    fields(&ran().json, "", &mut real);
    let unknown: Vec<_> = real.difference(&shown).collect();
    assert!(unknown.is_empty(), "docs/JSON.md lacks {unknown:?}");
    // What only a failure has is in the example, and not in this run.
    let verdicts = [
        "step",
        "seen",
        "expected",
        "why",
        "evidence",
        "place",
        "diagnosis",
        "training",
    ];
    let of_failures = |field: &&String| {
        let mut names = field.split(['.', '[']);
        names.any(|name| verdicts.contains(&name) || ["sketch", "stderr"].contains(&name))
    };
    let gone: Vec<_> = shown
        .difference(&real)
        .filter(|field| !of_failures(field))
        .collect();
    assert!(gone.is_empty(), "no run has {gone:?}");
}

#[test]
fn failure_has_the_fields_that_the_example_has() {
    let example = &example("The result")[0];
    let outcomes = example["parts"][0]["problems"][0]["outcomes"].clone();
    let outcomes: Vec<checker::verdict::Outcome> = serde_json::from_value(outcomes).unwrap();
    let failed = outcomes
        .iter()
        .find(|outcome| matches!(outcome.verdict, checker::verdict::Verdict::Failed(_)))
        .expect("the example has a failure");
    let mut shown = std::collections::BTreeSet::new();
    let mut written = std::collections::BTreeSet::new();
    let place = outcomes
        .iter()
        .position(|outcome| outcome.scenario == failed.scenario);
    let of_example = &example["parts"][0]["problems"][0]["outcomes"][place.unwrap()];
    fields(of_example, "", &mut shown);
    fields(&serde_json::to_value(failed).unwrap(), "", &mut written);
    assert_eq!(
        shown, written,
        "a field is not known, or not written any more"
    );
    for field in shown {
        let name = field.rsplit(['.', '[', ']']).next().unwrap_or_default();
        assert!(
            document().contains(&format!("`{name}`")),
            "docs/JSON.md does not explain {name}"
        );
    }
}

#[test]
fn points_are_summed_up() {
    let json = &ran().json;
    assert_eq!(json["schema"], 1);
    assert_eq!(json["exit_code"], 0);
    assert_eq!(json["points"]["earned"], 10);
    assert_eq!(json["points"]["of"], 10);
    assert_eq!(json["parts"][0]["problems"][0]["earned"], 10);
}

#[test]
fn junit_has_a_suite_for_the_problem_and_a_case_for_each_scenario() {
    let outcomes = ran().json["parts"][0]["problems"][0]["outcomes"]
        .as_array()
        .unwrap();
    let junit = &ran().junit;
    assert!(junit.starts_with("<?xml"), "{junit}");
    assert!(
        junit.contains(r#"<testsuite name="part1 problem 3: Crash""#),
        "{junit}"
    );
    assert_eq!(junit.matches("<testcase ").count(), outcomes.len());
    assert!(
        junit.contains(r#"<property name="earned" value="10"/>"#),
        "{junit}"
    );
}

#[test]
fn stream_tells_each_event_on_a_line_and_ends_with_the_exit_code() {
    let output = checker(&[
        "part1",
        "--solution",
        "--problem",
        "2",
        "--seed",
        "7",
        "--stream",
    ]);
    let events: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(names.first(), Some(&"part_begun"));
    for name in [
        "build_begun",
        "scenario_begun",
        "step",
        "scenario_ended",
        "part_ended",
    ] {
        assert!(names.contains(&name), "no {name} in {names:?}");
    }
    assert!(events.iter().all(|event| event["schema"] == 1));
    let end = events.last().unwrap();
    assert_eq!(
        (&end["event"], &end["exit_code"]),
        (&"end".into(), &0.into())
    );
    let known: Vec<Value> = example("The stream");
    for event in &events {
        let same = known.iter().find(|shown| shown["event"] == event["event"]);
        let shown = same.unwrap_or_else(|| panic!("docs/JSON.md does not show {}", event["event"]));
        let keys = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        if event["event"] != "building" {
            assert_eq!(keys(shown), keys(event), "{}", event["event"]);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn stream_that_nobody_reads_ends_quietly() {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(env!("CARGO_BIN_EXE_checker"))
        .args(["part1", "--solution", "--stream"])
        .current_dir(root())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    drop(reader);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn trouble_is_told_as_json_too() {
    let output = checker(&["part1", "--problem", "9", "--json"]);
    assert_eq!(output.status.code(), Some(4));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["standing"], "checker_fault");
    assert!(json["troubles"][0].as_str().unwrap().contains("problem 9"));
    let output = checker(&["part1", "--junit", "/no/such/folder/junit.xml"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/folder"));
}

#[test]
fn svg_is_a_picture_of_one_scenario() {
    let args = [
        "report",
        &ran().run,
        "--format",
        "svg",
        "--scenario",
        "part1-regains",
    ];
    let picture = stdout(&checker(&args));
    assert!(picture.starts_with("<svg "), "{picture}");
    assert!(picture.ends_with("</svg>\n"));
    for shown in [
        "n1",
        "n3",
        "Ping{from: n1, count: 1}",
        "Count = ",
        "lost",
        "PASSED",
    ] {
        assert!(picture.contains(shown), "{shown} is not in the picture");
    }
    assert_eq!(
        picture.matches("<g").count(),
        picture.matches("</g>").count()
    );
}

#[test]
fn shiviz_log_has_clocks_that_grow_and_that_know_the_sender() {
    let args = [
        "report",
        &ran().run,
        "--format",
        "shiviz",
        "--scenario",
        "regains",
    ];
    let log = stdout(&checker(&args));
    let mut lines = log.lines();
    assert_eq!(lines.next(), Some(checker::report::shiviz::PARSER));
    assert_eq!(lines.next(), Some(""));
    let mut last = std::collections::BTreeMap::<String, serde_json::Map<String, Value>>::new();
    let mut sent = std::collections::BTreeMap::<(String, String), Vec<Value>>::new();
    let mut received = 0;
    while let (Some(head), Some(event)) = (lines.next(), lines.next()) {
        let (host, clock) = head.split_once(' ').unwrap();
        let clock: serde_json::Map<String, Value> = serde_json::from_str(clock).unwrap();
        let before = last.entry(host.to_owned()).or_default();
        let own = |of: &serde_json::Map<String, Value>| of.get(host).and_then(Value::as_u64);
        assert_eq!(own(&clock), Some(own(before).unwrap_or(0) + 1), "{head}");
        for (node, count) in before.iter() {
            assert!(clock[node].as_u64() >= count.as_u64(), "{head}");
        }
        let (_, what) = event.split_once(" s ").unwrap();
        if let Some((to, label)) = what
            .strip_prefix("to ")
            .and_then(|what| what.split_once(": "))
        {
            let key = (to.to_owned(), format!("{host}: {label}"));
            sent.entry(key).or_default().push(clock[host].clone());
        } else if let Some(what) = what.strip_prefix("from ") {
            let (from, _) = what.split_once(": ").unwrap();
            let sends = sent.get_mut(&(host.to_owned(), what.to_owned())).unwrap();
            let send = sends.remove(0);
            assert!(
                clock[from].as_u64() >= send.as_u64(),
                "{head} does not know {send}"
            );
            received += 1;
        }
        *before = clock;
    }
    assert!(received > 5, "{log}");
}

#[test]
fn json_of_a_run_has_its_traces() {
    let args = [
        "report",
        &ran().run,
        "--format",
        "json",
        "--scenario",
        "regains",
    ];
    let json: Value = serde_json::from_slice(&checker(&args).stdout).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["scenarios"].as_array().unwrap().len(), 1);
    assert!(
        json["scenarios"][0]["traces"][0]["events"]
            .as_array()
            .unwrap()
            .len()
            > 10
    );
}

#[test]
fn unknown_runs_and_scenarios_are_named_with_a_remedy() {
    let complaint = |args: &[&str]| {
        let output = checker(args);
        assert_eq!(output.status.code(), Some(4), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(complaint(&["report", "20200101-000000-part1"]).contains("report --list"));
    let known = complaint(&["report", &ran().run, "--format", "svg", "--scenario", "x"]);
    assert!(known.contains("part1-regains"), "{known}");
    let nodes = complaint(&["logs", "n9", "--run", &ran().run]);
    assert!(nodes.contains("n1, n2, n3"), "{nodes}");
    assert!(complaint(&["report", "--part", "part9"]).contains("part1, part2"));
}

#[test]
fn logs_name_the_scenario_and_the_time() {
    let args = [
        "logs",
        "n2",
        "--run",
        &ran().run,
        "--scenario",
        "regains",
        "--stdout",
    ];
    let logs = stdout(&checker(&args));
    let mut lines = logs.lines();
    let heading = lines.next().unwrap();
    assert!(
        heading.starts_with("n2 in part1-regains (problem 3: "),
        "{heading}"
    );
    let first = lines.next().unwrap();
    assert!(
        first.contains(" s  out  node n2@127.0.0.1 is ready"),
        "{first}"
    );
    let list = stdout(&checker(&["logs", "--list", "--run", &ran().run]));
    assert!(
        list.contains("passed         part1-regains: n1 n2 n3"),
        "{list}"
    );
}

#[test]
fn completions_and_man_page_know_the_parts() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&checker(&["shell", "completions", shell]));
        assert!(script.contains("part4"), "{shell}");
        // Elvish and PowerShell complete commands and flags, not what stands behind them.
        let values = !["elvish", "powershell"].contains(&shell);
        assert_eq!(script.contains("part1-regains"), values, "{shell}");
    }
    let page = stdout(&checker(&["shell", "man"]));
    assert!(page.contains(".TH checker 1"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    checker(&["shell", "man", "--output", folder.path().to_str().unwrap()]);
    assert!(folder.path().join("checker-part1.1").is_file());
}
