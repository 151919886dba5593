//! What the checker says to programs: JSON, a stream of it, JUnit, and other formats of a report.
//!
//! All of it is tried on two real runs of part 1, in the course's own folder: of the solution, and of
//! a program with two mistakes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Duration;

use checker::manifest::PARTS;
use grader::dev::variants::Variant;
use grader::part_report::{CodePlace, Graded, PartReport, Refused, Unwritten};
use grader::sources::Sources;
use report::json::JsonReport;
use serde_json::Value;
use testkit::exploration::Plan;
use testkit::trace::{Change, Event, Fate, Kind, Message, StoreMode, Trace, Violation, What};
use testkit::verdict::{
    Counterexample, Diagnosis, Explored, Failure, Outcome, ProblemResult, Standing, Verdict, World,
};

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

/// What one run left: its exit code, its JSON, its JUnit file, and its name.
struct Ran {
    code: i32,
    json: Value,
    junit: String,
    run: String,
}

impl Ran {
    fn of(args: &[&str]) -> Ran {
        let folder = tempfile::tempdir().unwrap();
        let junit = folder.path().join("junit.xml");
        let to_file = ["--json", "--junit", junit.to_str().unwrap()];
        let output = checker(&[args, &to_file[..]].concat());
        let json: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let run = json["parts"][0]["run"].as_str();
        let run = run.unwrap_or_else(|| panic!("nothing was run: {json:#}"));
        Ran {
            code: output.status.code().unwrap(),
            run: run.rsplit('/').next().unwrap().to_owned(),
            junit: std::fs::read_to_string(junit).unwrap(),
            json,
        }
    }

    /// The outcomes of all problems.
    fn outcomes(&self) -> Vec<Value> {
        outcomes_in(&self.json)
    }
}

fn outcomes_in(json: &Value) -> Vec<Value> {
    let problems = json["parts"][0]["problems"].as_array().unwrap();
    let of = |problem: &Value| problem["outcomes"].as_array().unwrap().clone();
    problems.iter().flat_map(of).collect()
}

/// A run of problem 3 of the solution, made once.
fn ran() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| Ran::of(&["part1", "--solution", "--problem", "3", "--seed", "7"]))
}

/// A run of two near-misses in one program, made once: the one of the example.
fn failed() -> &'static Ran {
    static FAILED: OnceLock<Ran> = OnceLock::new();
    FAILED.get_or_init(|| {
        let mut sources = Sources::read(&root().join("solutions/part1_ping_pong")).unwrap();
        for mistake in ["late_answer_overwrites", "expects_every_answer"] {
            let file = root().join(format!(
                "checker/parts/part1_ping_pong/near_misses/{mistake}.rs"
            ));
            let text = std::fs::read_to_string(file).unwrap();
            sources = Variant::parse(mistake, &text)
                .unwrap()
                .apply(&sources)
                .unwrap();
        }
        let submission = tempfile::tempdir().unwrap();
        sources.files.remove("lib.rs");
        sources.write(&submission.path().join("src")).unwrap();
        let submission = submission.path().to_str().unwrap();
        let problems = ["--problem", "2", "--problem", "3", "--seed", "7"];
        Ran::of(&[&["part1", "--submission", submission], &problems[..]].concat())
    })
}

#[test]
fn submission_with_code_outside_of_the_gaps_is_graded() {
    let mut sources = Sources::read(&root().join("solutions/part1_ping_pong")).unwrap();
    let add = |text: &mut String, line: &str, added: &str| {
        assert!(text.contains(line), "{line}");
        *text = text.replace(line, &format!("{line}{added}"));
    };
    let protocol = sources.files.get_mut("protocol.rs").unwrap();
    add(
        protocol,
        "    TotalPings(Reply<u64>),\n",
        "    Mine(u64),\n",
    );
    let consumer = sources.files.get_mut("consumer.rs").unwrap();
    add(
        consumer,
        "    counts: BTreeMap<NodeName, u64>,\n",
        "    mine: u64,\n",
    );
    add(consumer, "Consumer { counts", ", mine: 0");
    add(
        consumer,
        "        match msg {\n",
        "            ConsumerMsg::Mine(mine) => self.mine = double(mine),\n",
    );
    consumer.push_str("\nfn double(mine: u64) -> u64 {\n    2 * mine\n}\n");
    sources.files.remove("lib.rs");
    let submission = tempfile::tempdir().unwrap();
    sources.write(&submission.path().join("src")).unwrap();
    let submission = submission.path().to_str().unwrap();
    let ran = Ran::of(&["part1", "--submission", submission, "--problem", "1"]);
    assert_eq!(ran.code, 0, "{:#}", ran.json);
}

/// The names of all fields of a value, `parts[].problems[].points` say.
fn fields(of: &Value, path: &str, into: &mut BTreeSet<String>) {
    match of {
        Value::Object(map) => {
            for (name, value) in map {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                into.insert(path.clone());
                // What is in a fact is the part's own, and faults go by many words.
                if name != "fact" && name != "faults" {
                    fields(value, &path, into);
                }
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

/// What differs between two runs of one program: times, folders, and what was left out in the example.
fn without_what_differs(mut outcome: Value) -> Value {
    let fields = outcome.as_object_mut().unwrap();
    for name in ["seconds", "sketch", "repeats", "folder"] {
        fields.remove(name);
    }
    if let Some(said) = fields.get_mut("stderr") {
        said.as_object_mut().unwrap().remove("lines");
    }
    if let Some(place) = fields.get_mut("place") {
        place.as_object_mut().unwrap().remove("line");
    }
    outcome
}

#[test]
fn example_of_the_result_is_what_the_checker_says() {
    let mut shown = example("The result").remove(0);
    let mut real = failed().json.clone();
    let (of_example, of_run) = (outcomes_in(&shown), failed().outcomes());
    for outcome in of_example {
        let same = of_run
            .iter()
            .find(|real| real["scenario"] == outcome["scenario"]);
        let same = same.unwrap_or_else(|| panic!("there is no {}", outcome["scenario"]));
        assert_eq!(
            without_what_differs(outcome),
            without_what_differs(same.clone()),
            "docs/JSON.md shows on the left what is on the right"
        );
    }
    for json in [&mut shown, &mut real] {
        let part = &mut json["parts"][0];
        part["graded"]["submission"] = Value::Null;
        part["run"] = Value::Null;
        // Where bubblewrap is not installed, it says so, and a note warns.
        part["isolation"] = Value::Null;
        part["notes"] = Value::Null;
        for problem in part["problems"].as_array_mut().unwrap() {
            problem["outcomes"] = Value::Null;
        }
    }
    assert_eq!(
        shown, real,
        "docs/JSON.md shows on the left what is on the right"
    );
}

/// A report that has all that a report can have.
fn everything() -> (Vec<PartReport>, Vec<String>) {
    let failure = Failure {
        place: Some(testkit::verdict::Place {
            file: "src/consumer.rs".into(),
            line: Some(1),
        }),
        diagnosis: Some(Diagnosis {
            mistake: "m".into(),
            suggests: "s".into(),
            because: "b".into(),
            training: "t".into(),
            hint: 1,
            hint_of: None,
        }),
        training: Some("t".into()),
        counterexample: Some(Box::new(Counterexample {
            steps: vec!["s".into()],
            of: 2,
            tried: 3,
            minimal: true,
            script: vec!["s".into()],
            plan: Plan {
                nodes: vec!["n1".into()],
                steps: Vec::new(),
            },
        })),
        ..Failure::new("step", "seen", "expected")
            .because("why")
            .evidence("known besides")
            .fact(&"fact")
            .node("n1")
            .sketch(vec!["line".into()])
            .stderr("n1", vec!["line".into()])
    };
    let verdicts = [
        Verdict::Passed {
            property: "p".into(),
        },
        Verdict::Failed(Box::new(failure)),
        Verdict::NotWritten {
            gap: "TODO(1)".into(),
        },
        Verdict::Inconclusive { why: "w".into() },
    ];
    let outcomes = verdicts.map(|verdict| Outcome {
        scenario: "part1-twice".into(),
        title: "t".into(),
        problem: 1,
        verdict,
        observations: vec!["o".into()],
        duration: Duration::ZERO,
        repeats: vec!["r".into()],
        seed: 7,
        world: World::Processes,
        schedules: 25,
        explored: Some(Explored::default()),
        unsimulated: Some("u".into()),
        folder: Some("f".into()),
    });
    let new = |graded| PartReport::new(&PARTS[0], graded, 7, 1);
    let mut graded = new(Graded::Submission("s".into()));
    graded.run = Some("run".into());
    graded.isolation = Some("bubblewrap".into());
    graded.simulated = true;
    graded.unwritten = vec![Unwritten {
        problem: 1,
        gap: 1,
        file: "f".into(),
        line: 1,
    }];
    graded.conclude(vec![ProblemResult::new(
        1,
        "Broadcast",
        false,
        outcomes.into(),
    )]);
    let mut refused = new(Graded::Exercise);
    refused.refuse(Refused::DoesNotCompile {
        rendered: vec!["r".into()],
        places: vec![CodePlace {
            file: "f".into(),
            line: Some(1),
            editable: true,
        }],
    });
    let mut breaks_rules = new(Graded::Solution);
    breaks_rules.refuse(Refused::BreaksRules(vec!["r".into()]));
    (vec![graded, refused, breaks_rules], vec!["t".into()])
}

/// A section of the document.
fn section(heading: &str) -> String {
    let document = document();
    let behind = document.split(&format!("## {heading}\n")).nth(1);
    let behind = behind.unwrap_or_else(|| panic!("docs/JSON.md has no section {heading}"));
    behind.split("\n## ").next().unwrap().to_owned()
}

/// The words in backticks in a text.
fn quoted(text: &str) -> BTreeSet<String> {
    let words = text.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

/// The first cells of all tables in a text, and what stands behind each.
fn rows(text: &str) -> Vec<(&str, &str)> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once(" | ")).collect()
}

/// The names of all fields of a value, however deep they are.
fn names(of: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    fields(of, "", &mut paths);
    let name = |path: &String| path.rsplit('.').next().unwrap_or_default().to_owned();
    paths.iter().map(name).collect()
}

#[test]
fn each_field_of_the_result_is_explained_and_no_other() {
    let (parts, troubles) = everything();
    let report = JsonReport::new(Standing::CheckerFault, &parts, &troubles);
    let known = names(&serde_json::to_value(report).unwrap());
    let section = section("The result");
    let (_, text) = section.split_once("\n```\n").unwrap();
    let explained = quoted(text);
    for name in &known {
        let is_value = ["submission"].contains(&name.as_str());
        assert!(
            explained.contains(name) || is_value,
            "{name} is not explained"
        );
    }
    for (cell, _) in rows(text) {
        for name in quoted(&format!("`{cell}")) {
            assert!(known.contains(&name), "nothing has {name}");
        }
    }
    for ran in [ran(), failed()] {
        let unknown: Vec<_> = names(&ran.json).difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "{unknown:?} is in a real run only");
    }
}

#[test]
fn each_field_of_the_list_is_explained_and_no_other() {
    let list: Value = serde_json::from_slice(&checker(&["list", "--json"]).stdout).unwrap();
    assert_eq!(list["schema"], 1);
    let known = names(&list);
    let text = section("The list");
    let explained = quoted(&text);
    for name in known.iter().filter(|name| *name != "schema") {
        assert!(explained.contains(name), "{name} is not explained");
    }
    for (cell, _) in rows(&text) {
        for name in quoted(&format!("`{cell}")) {
            assert!(known.contains(&name), "nothing has {name}");
        }
    }
}

/// One event of each kind, with all that it can have.
fn every_event() -> Vec<What> {
    let text = || "t".to_owned();
    let (from, to) = ("n1".to_owned(), "n2".to_owned());
    let (a, b) = (from.clone(), to.clone());
    vec![
        What::Step {
            text: text(),
            fact: None,
        },
        What::Message(Box::new(Message {
            from: from.clone(),
            to: to.clone(),
            kind: Kind::Call,
            server: Some(text()),
            brief: Some(text()),
            name: Some(text()),
            label: text(),
            body: Some(1.into()),
            call: Some(1),
            connection: 1,
            clock: 1,
            bytes: 1,
            fate: Fate::Delivered,
            delivered_us: Some(1),
        })),
        What::Opened {
            connection: 1,
            from: from.clone(),
            to: to.clone(),
        },
        What::Closed {
            connection: 1,
            by: Some(from.clone()),
        },
        What::Refused {
            from: from.clone(),
            to: to.clone(),
        },
        What::Partition {
            a: a.clone(),
            b: b.clone(),
        },
        What::Blackhole {
            from: from.clone(),
            to: to.clone(),
        },
        What::Delay {
            from: from.clone(),
            to,
            base_us: 1,
            jitter_us: 1,
        },
        What::Healed {
            a: Some(a),
            b: Some(b),
        },
        What::Process {
            node: from.clone(),
            change: Change::Killed,
            server: None,
            text: text(),
        },
        What::Request {
            node: from.clone(),
            question: text(),
            answer: text(),
            took_us: Some(1),
        },
        What::StoreFault {
            nodes: vec![text()],
            mode: StoreMode::Slow,
            delay_us: None,
            text: text(),
        },
        What::Store {
            node: from,
            command: text(),
            key: Some(text()),
            args: vec![],
            forwarded: true,
        },
        What::Note { text: text() },
    ]
}

#[test]
fn each_field_of_a_kept_run_is_explained_and_no_other() {
    let text = section("A kept run");
    let explained: Vec<(&str, &str)> = rows(&text);
    let of_message = text.split("A `message` has").nth(1).unwrap();
    let mut known = BTreeSet::new();
    for what in every_event() {
        let event = serde_json::to_value(Event { at_us: 1, what }).unwrap();
        let kind = event["event"].as_str().unwrap().to_owned();
        let row = explained
            .iter()
            .find(|(cell, _)| *cell == format!("{kind}`"));
        let (_, about) = row.unwrap_or_else(|| panic!("{kind} is not explained"));
        let about = if kind == "message" { of_message } else { about };
        for name in event.as_object().unwrap().keys() {
            let is_everywhere = ["at_us", "event"].contains(&name.as_str());
            assert!(
                is_everywhere || quoted(about).contains(name),
                "{name} of {kind} is not explained"
            );
        }
        known.insert(kind);
    }
    let trace = Trace {
        violation: Some(Violation {
            at_us: 1,
            node: Some("n1".into()),
            seen: "s".into(),
        }),
        ..Trace::default()
    };
    known.extend(names(&serde_json::to_value(trace).unwrap()));
    for (cell, _) in explained {
        for name in quoted(&format!("`{cell}")) {
            let is_heading = name == "event";
            assert!(known.contains(&name) || is_heading, "nothing has {name}");
        }
    }
    for ran in [ran(), failed()] {
        let json = stdout(&checker(&["report", &ran.run, "--format", "json"]));
        let json: Value = serde_json::from_str(&json).unwrap();
        let traces = json["scenarios"].as_array().unwrap();
        let traces = traces
            .iter()
            .flat_map(|one| one["traces"].as_array().unwrap());
        for event in traces.flat_map(|trace| trace["events"].as_array().unwrap()) {
            assert!(known.contains(event["event"].as_str().unwrap()), "{event}");
        }
    }
}

#[test]
fn points_are_summed_up() {
    let json = &ran().json;
    assert_eq!(json["schema"], 1);
    assert_eq!(json["exit_code"], 0);
    assert_eq!(json["points"]["earned"], 10);
    assert_eq!(json["points"]["of"], 10);
    assert_eq!(json["points"]["earned_by_scenario"], 10.0);
    let failed = &failed().json["parts"][0]["problems"][1];
    assert_eq!(
        (&failed["scenarios"], &failed["scenarios_passed"]),
        (&3.into(), &2.into())
    );
    assert_eq!(
        (&failed["earned"], &failed["earned_by_scenario"]),
        (&0.into(), &6.67.into())
    );
    assert_eq!(json["parts"][0]["problems"][0]["earned"], 10);
}

#[test]
fn trainers_table_tells_what_each_part_is_worth() {
    let guide = std::fs::read_to_string(root().join("docs/TRAINER.md")).unwrap();
    for part in PARTS.iter() {
        let of = |optional| -> u32 {
            let problems = part.problems.iter().filter(|of| of.optional == optional);
            problems.map(|problem| u32::from(problem.points)).sum()
        };
        let row = format!("| part {} | {} | {} |", part.number, of(false), of(true));
        assert!(guide.contains(&row), "docs/TRAINER.md lacks {row}");
    }
}

#[test]
fn junit_has_a_suite_for_the_problem_and_a_case_for_each_scenario() {
    let outcomes = ran().outcomes();
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

/// What the schemas of Jenkins and Surefire allow: an element, its attributes, and what is in it.
const JUNIT: [(&str, &[&str], &[&str]); 9] = [
    (
        "testsuites",
        &["name", "tests", "failures", "errors", "time"],
        &["testsuite"],
    ),
    (
        "testsuite",
        &["name", "tests", "failures", "errors", "skipped", "time"],
        &["properties", "testcase"],
    ),
    ("properties", &[], &["property"]),
    ("property", &["name", "value"], &[]),
    (
        "testcase",
        &["name", "classname", "time"],
        &["failure", "error", "skipped", "system-out"],
    ),
    ("failure", &["message", "type"], &[]),
    ("error", &["message", "type"], &[]),
    ("skipped", &["message"], &[]),
    ("system-out", &[], &[]),
];

/// What must be there.
const REQUIRED: [(&str, &[&str]); 5] = [
    (
        "testsuite",
        &["name", "tests", "failures", "errors", "skipped"],
    ),
    ("property", &["name", "value"]),
    ("testcase", &["name", "time"]),
    ("failure", &["type"]),
    ("error", &["type"]),
];

#[track_caller]
fn check_junit(xml: &str) {
    let mut within: Vec<&str> = Vec::new();
    // No text and no attribute holds a bracket: they are escaped.
    for tag in xml.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        if tag.starts_with('?') {
            continue;
        }
        if let Some(ended) = tag.strip_prefix('/') {
            assert_eq!(within.pop(), Some(ended));
            continue;
        }
        let (inner, is_empty) = match tag.strip_suffix('/') {
            Some(inner) => (inner, true),
            None => (tag, false),
        };
        let (name, rest) = inner.split_once(' ').unwrap_or((inner, ""));
        let of = |name: &str| JUNIT.iter().find(|(known, ..)| *known == name).copied();
        let (_, attributes, _) = of(name).unwrap_or_else(|| panic!("<{name}> is not known"));
        match within.last() {
            None => assert_eq!(name, "testsuites"),
            Some(parent) => {
                let (.., children) = of(parent).unwrap();
                assert!(children.contains(&name), "<{name}> in <{parent}>");
            }
        }
        // Values hold no quotes either: each second piece is the name of an attribute.
        let names = rest.split('"').step_by(2);
        let names = names.map(|name| name.trim().trim_end_matches('='));
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        for attribute in &names {
            assert!(attributes.contains(attribute), "{attribute} of <{tag}>");
        }
        let required = REQUIRED.iter().find(|(known, _)| *known == name);
        for attribute in required.map_or(&[][..], |(_, required)| *required) {
            assert!(names.contains(attribute), "no {attribute} in <{tag}>");
        }
        if !is_empty {
            within.push(name);
        }
    }
    assert!(within.is_empty(), "{within:?} is not ended");
}

#[test]
fn junit_file_keeps_to_the_schemas_of_platforms() {
    check_junit(&ran().junit);
    check_junit(&failed().junit);
    let (parts, troubles) = everything();
    check_junit(&report::junit::xml(&parts, &troubles).unwrap());
}

#[test]
fn program_with_mistakes_fails_in_all_formats() {
    let failed = failed();
    assert_eq!(failed.code, 1);
    assert_eq!(failed.json["exit_code"], 1);
    assert_eq!(failed.json["points"]["earned"], 0);
    let verdict = |outcome: &Value| outcome["verdict"] == "failed";
    let count = failed.outcomes().iter().filter(|of| verdict(of)).count();
    assert!(count >= 2, "{}", failed.json);
    assert_eq!(failed.junit.matches("<failure ").count(), count);
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
fn stream_that_nobody_reads_ends_the_run_and_says_so() {
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
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "The run was ended, because nothing reads the stream any longer.\n"
    );
    assert_eq!(output.status.code(), Some(4));
}

/// A run of part 1 that gets SIGTERM once something is known of it. What it says on stdout, and its
/// exit code. (The other signals may be ignored, if this test was started so.)
fn ended_by_signal(json_file: &Path, args: &[&str]) -> (String, i32) {
    let child = Command::new(env!("CARGO_BIN_EXE_checker"))
        .args(["part1", "--solution", "--seed", "7", "--json-file"])
        .arg(json_file)
        .args(args)
        .current_dir(root())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let is_there = || std::fs::read(json_file).is_ok_and(|text| text.starts_with(b"{"));
    // It may have to be built first.
    let came = (0..15_000).any(|_| {
        std::thread::park_timeout(Duration::from_millis(20));
        is_there()
    });
    assert!(came, "nothing is known");
    let so_far: Value = serde_json::from_slice(&std::fs::read(json_file).unwrap()).unwrap();
    assert_eq!(so_far["complete"], false);
    assert!(!outcomes_in(&so_far).is_empty());
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("The run was ended by signal"), "{stderr}");
    (stdout(&output), output.status.code().unwrap())
}

#[test]
fn run_that_is_ended_by_a_signal_says_what_it_knows_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let [file, junit] = ["a.json", "a.xml"].map(|name| folder.path().join(name));
    let old = "x".repeat(6420);
    std::fs::write(&file, &old).unwrap();
    std::fs::write(&junit, &old).unwrap();
    let args = ["--json", "--junit", junit.to_str().unwrap()];
    let (said, code) = ended_by_signal(&file, &args);
    let json: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), said);
    assert_eq!(
        (&json["complete"], json["exit_code"].as_i64()),
        (&false.into(), Some(code.into()))
    );
    assert_eq!(code, 2);
    let outcomes = outcomes_in(&json);
    let of = |verdict: &str| {
        outcomes
            .iter()
            .filter(|of| of["verdict"] == verdict)
            .count()
    };
    assert!(of("passed") > 0 && of("inconclusive") > 0, "{said}");
    assert_eq!(of("passed") + of("inconclusive"), outcomes.len());
    for outcome in outcomes.iter().filter(|of| of["verdict"] == "inconclusive") {
        let why = outcome["why"].as_str().unwrap();
        assert!(why.starts_with("ended by signal (SIGTERM)"), "{why}");
    }
    assert_eq!(json["points"]["of"], 40, "all that was ordered is counted");
    let junit = std::fs::read_to_string(junit).unwrap();
    check_junit(&junit);
    assert_eq!(junit.matches("<testcase ").count(), outcomes.len());
    let run = json["parts"][0]["run"].as_str().unwrap();
    assert!(Path::new(run).join("report.html").is_file());
    let name = run.rsplit('/').next().unwrap();
    let kept = stdout(&checker(&["report", name, "--format", "json"]));
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept["report"]["problems"], json["parts"][0]["problems"]);

    std::fs::remove_file(&file).unwrap();
    let (said, code) = ended_by_signal(&file, &["--stream"]);
    let end: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&end["event"], &end["complete"]),
        (&"end".into(), &false.into())
    );
    assert_eq!(end["exit_code"], code);

    std::fs::remove_file(&file).unwrap();
    let (said, _) = ended_by_signal(&file, &[]);
    assert!(said.contains("scenarios were not finished"), "{said}");
    assert!(said.contains("nded by signal (SIGTERM)"), "{said}");
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
    assert!(complaint(&["report", "part9"]).contains("report --list"));
    let known = complaint(&["report", &ran().run, "--format", "json", "--scenario", "x"]);
    assert!(known.contains("part1-regains"), "{known}");
    let nodes = complaint(&["logs", "n9", "--run", &ran().run]);
    assert!(nodes.contains("n1, n2, n3"), "{nodes}");
    assert!(complaint(&["report", "--list", "part9"]).contains("report --list"));
}

#[test]
fn runs_are_named_by_their_parts() {
    // Other tests of this course may make runs meanwhile: what they have in common is the part.
    ran();
    let page = stdout(&checker(&["report", "part1"]));
    // Of two that began in one second, the second has a number.
    let folder = page.trim_end().strip_suffix("/report.html").unwrap();
    let name = folder.rsplit('/').next().unwrap();
    assert!(name.contains("-part1"), "{page}");
    let listed = stdout(&checker(&["report", "--list", "part1"]));
    assert!(
        listed.contains(name) && listed.lines().all(|line| line.contains("-part1")),
        "{listed}"
    );
    let scenarios = stdout(&checker(&["logs", "--list", "--run", "part1"]));
    assert!(scenarios.contains("-part1"), "{scenarios}");
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
