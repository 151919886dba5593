//! A class is graded. Few submissions are built here: most cannot be graded or are missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use grader::sources::Sources;
use serde_json::Value;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A folder with submissions, and one for the results.
struct Class {
    folder: TempDir,
}

impl Class {
    fn new() -> Class {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        Class { folder }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// A submission with a build script, which is refused unbuilt.
    fn refused(&self, student: &str) {
        let solution = root().join("solutions/part1_ping_pong");
        let folder = self.at("in").join(student);
        let mut sources = Sources::read(&solution).unwrap();
        sources.files.remove("lib.rs");
        sources.write(&folder.join("src")).unwrap();
        fs::write(folder.join("build.rs"), "fn main() {}").unwrap();
    }

    /// The stub, which is built, and of which nothing else is run than the first scenario of each problem.
    fn stub(&self, student: &str) {
        let mut sources = Sources::read(&root().join("checker/stubs/part1_ping_pong")).unwrap();
        sources.files.remove("lib.rs");
        sources
            .write(&self.at("in").join(student).join("src"))
            .unwrap();
    }

    /// The solution, with code of a student's own where its consumer starts.
    fn solution_with(&self, student: &str, code: &str) {
        const AT: &str = "ctx.watch_nodes();";
        let mut sources = Sources::read(&root().join("solutions/part1_ping_pong")).unwrap();
        sources.files.remove("lib.rs");
        let consumer = sources.files.get_mut("consumer.rs").unwrap();
        assert!(consumer.contains(AT));
        *consumer = consumer.replace(AT, &format!("{AT} {code}"));
        sources
            .write(&self.at("in").join(student).join("src"))
            .unwrap();
    }

    fn grade(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_checker"))
            .args(["grade", "--parts", "part1", "--isolation", "auto"])
            .arg(self.at("in"))
            .args(args)
            .current_dir(root())
            .output()
            .unwrap()
    }

    fn results(&self, out: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.at(out).join("results.jsonl")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn class_is_graded_once_and_resumed_without_work() {
    let class = Class::new();
    class.stub("ada");
    class.refused("bob");
    fs::create_dir_all(class.at("in/carol")).unwrap();
    fs::write(class.at("in/dan.zip"), "no zip file").unwrap();
    let out = class.at("out");
    let first = class.grade(&["--out", path(&out)]);
    let said = String::from_utf8(first.stderr).unwrap();
    assert_eq!(first.status.code(), Some(0), "{said}");
    assert!(said.contains("ada part1: not written"), "{said}");

    let results = class.results("out");
    let standings: Vec<(&str, &str)> = results
        .iter()
        .map(|one| {
            (
                one["student"].as_str().unwrap(),
                one["standing"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("ada", "not_written"),
        ("bob", "failed"),
        ("carol", "not_written"),
        ("dan", "failed"),
    ];
    assert_eq!(standings, expected);
    assert!(results.iter().all(|one| one["final"] == true));
    assert_eq!(results[2]["parts"][0]["handed_in"], false);
    let csv = fs::read_to_string(out.join("grades.csv")).unwrap();
    assert_eq!(csv.lines().count(), 5);

    // No page names the machine, the seed or another student.
    let seed = results[0]["parts"][0]["seed"].to_string();
    for one in &results {
        let page = fs::read_to_string(out.join(one["feedback"].as_str().unwrap())).unwrap();
        for hidden in [path(class.folder.path()), path(root()), &seed, "/tmp/"] {
            assert!(
                !page.contains(hidden),
                "{hidden} is in the page of {}",
                one["student"]
            );
        }
        let others = ["ada", "bob", "carol", "dan"].into_iter();
        for other in others.filter(|other| one["student"] != *other) {
            assert!(!page.contains(&format!("{other}<")), "{other}");
        }
    }

    let again = class.grade(&["--out", path(&out)]);
    assert_eq!(again.status.code(), Some(4));
    assert!(
        String::from_utf8(again.stderr)
            .unwrap()
            .contains("--resume continues")
    );
    let ledger = || {
        fs::read_to_string(out.join("ledger.jsonl"))
            .unwrap()
            .lines()
            .count()
    };
    assert_eq!(ledger(), 1);
    let resumed = class.grade(&["--out", path(&out), "--resume"]);
    assert_eq!(resumed.status.code(), Some(0));
    assert_eq!(
        (ledger(), resumed.stderr.len()),
        (1, 0),
        "nothing has changed"
    );
}

#[test]
fn hostile_submissions_cost_only_their_own_marks() {
    let class = Class::new();
    class.solution_with("ada", "");
    class.solution_with("bob", "loop { eprintln!(\"{}\", \"x\".repeat(1000)); }");
    class.solution_with("carol", "");
    class.solution_with(
        "dan",
        "loop { let _ = std::process::Command::new(\"sleep\").arg(\"1000\").spawn(); }",
    );
    class.solution_with("eve", "let x: u64 = \"no\";");
    class.solution_with("frank", "loop { std::hint::spin_loop(); }");
    let policy = class.at("policy.toml");
    fs::write(&policy, "attempts = 1\n").unwrap();
    let out = class.at("out");
    let args = [
        "--jobs",
        "2",
        "--policy",
        path(&policy),
        "--out",
        path(&out),
    ];
    let done = class.grade(&args);
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(0), "{said}");
    for one in class.results("out") {
        let expected = match one["student"].as_str().unwrap() {
            "ada" | "carol" => ("passed", 40),
            _ => ("failed", 0),
        };
        let standing = one["standing"].as_str().unwrap();
        assert_eq!(
            (standing, one["earned"].as_f64().unwrap()),
            (expected.0, f64::from(expected.1)),
            "{}: {said}",
            one["student"]
        );
        assert_eq!(one["final"], true, "{}", one["student"]);
    }
}

#[test]
fn shards_are_merged_into_one_class() {
    let class = Class::new();
    for student in ["ada", "bob", "carol"] {
        class.refused(student);
    }
    let outs = ["1/2", "2/2"].map(|shard| {
        let out = class.at(&format!("out-{}", &shard[..1]));
        let done = class.grade(&["--shard", shard, "--out", path(&out)]);
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        out
    });
    let all = class.at("all");
    let merge = |shards: &[&Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
        command
            .args(["grade", "merge"])
            .args(shards)
            .arg("--out")
            .arg(&all);
        command.current_dir(root()).output().unwrap()
    };
    let twice = merge(&[&outs[0], &outs[0]]);
    assert_eq!(twice.status.code(), Some(4));
    let merged = merge(&[&outs[0], &outs[1]]);
    assert_eq!(merged.status.code(), Some(0), "{merged:?}");
    let students: Vec<Value> = class
        .results("all")
        .iter()
        .map(|one| one["student"].clone())
        .collect();
    assert_eq!(students, ["ada", "bob", "carol"]);
    for student in students {
        let page = format!("feedback/{}.html", student.as_str().unwrap());
        assert!(all.join(page).is_file());
    }
    assert!(all.join("class.html").is_file());
}

#[test]
fn platform_gets_its_file_for_what_is_refused() {
    let class = Class::new();
    class.refused("ada");
    let results = class.at("results.json");
    let done = Command::new(env!("CARGO_BIN_EXE_checker"))
        .args(["platform", "gradescope", "--part", "part1", "--submission"])
        .arg(class.at("in/ada"))
        .arg("--results")
        .arg(&results)
        .current_dir(root())
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let result: Value = serde_json::from_slice(&fs::read(&results).unwrap()).unwrap();
    assert_eq!(result["score"], 0);
    assert!(result["output"].as_str().unwrap().contains("build.rs"));
}
