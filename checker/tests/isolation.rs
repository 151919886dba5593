//! What a submission reaches while it is graded.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use checker::manifest::PARTS;
use grader::sources::Sources;
use serde_json::Value;
use tempfile::TempDir;
use testkit::isolation::Isolation;

const CHECKER: &str = env!("CARGO_BIN_EXE_checker");

/// A right program of part 1 whose nodes try to connect to a port, and say in which network they are.
fn nosy(port: u16) -> TempDir {
    let mut sources = Sources::read(&root().join("solutions/part1_ping_pong")).unwrap();
    sources.files.remove("lib.rs");
    let consumer = sources.files.get_mut("consumer.rs").unwrap();
    let start = "        ctx.watch_nodes();\n";
    assert!(consumer.contains(start));
    *consumer = consumer.replace(start, &format!("{start}pry();\n"));
    consumer.push_str(&format!(
        "fn pry() {{
            let _ = std::net::TcpStream::connect((\"127.0.0.1\", {port}));
            eprintln!(\"I am in {{}}.\", std::fs::read_link(\"/proc/self/ns/net\").unwrap().display());
        }}\n"
    ));
    let folder = tempfile::tempdir().unwrap();
    sources.write(&folder.path().join("src")).unwrap();
    folder
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Grades it, and returns the report with the networks that its nodes were in.
fn graded(submission: &Path, isolation: &str) -> (Value, BTreeSet<String>) {
    let output = Command::new(CHECKER)
        .args(["part1", "--problem", "1", "--seed", "7", "--json"])
        .args(["--isolation", isolation, "--submission"])
        .arg(submission)
        .current_dir(root())
        .output()
        .unwrap();
    let json: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let run = json["parts"][0]["run"].as_str();
    let run = run.unwrap_or_else(|| panic!("nothing was run: {json:#}"));
    let page = std::fs::read_to_string(Path::new(run).join("report.html")).unwrap();
    let named = page.split("I am in net:[").skip(1);
    let networks = named.filter_map(|rest| Some(rest.split_once(']')?.0.to_owned()));
    (json, networks.collect())
}

/// Whether a machine has all walls: the checker looks at it in the same way.
fn all_walls() -> bool {
    let found = Command::new(CHECKER).args(["guard", "--network"]).output();
    Isolation::find() == Isolation::Bubblewrap && found.is_ok_and(|found| found.status.success())
}

#[test]
fn submission_reaches_neither_the_machine_nor_another_submission() {
    if !all_walls() {
        runtime::terminal::note("skipped: this machine cannot isolate submissions");
        return;
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let submission = nosy(port);
    let at_once = std::thread::scope(|scope| {
        let begun = [(); 2].map(|()| scope.spawn(|| graded(submission.path(), "required")));
        begun.map(|one| one.join().unwrap())
    });
    let own = std::fs::read_link("/proc/self/ns/net").unwrap();
    let own = own.display().to_string();
    let mut all = BTreeSet::new();
    for (json, networks) in at_once {
        assert_eq!(json["standing"], "passed", "{json:#}");
        assert_eq!(json["parts"][0]["isolation"], "bubblewrap");
        assert_eq!(networks.len(), 1, "{networks:?}");
        all.extend(networks);
    }
    assert_eq!(all.len(), 2, "both were in the same network: {all:?}");
    assert!(all.iter().all(|network| !own.contains(network.as_str())));
    let nobody = listener.accept().map_err(|error| error.kind());
    assert_eq!(nobody.err(), Some(ErrorKind::WouldBlock));

    // Without walls it comes through, so that the above means something.
    let (json, networks) = graded(submission.path(), "off");
    assert_eq!(json["parts"][0]["isolation"], "none");
    assert!(
        networks
            .iter()
            .all(|network| own.contains(network.as_str()))
    );
    assert!(listener.accept().is_ok());
}

#[test]
fn isolated_submission_can_use_no_store_elsewhere() {
    if !all_walls() {
        return;
    }
    let submission = tempfile::tempdir().unwrap();
    let output = Command::new(CHECKER)
        .args(["part3", "--store", "redis://127.0.0.1:1", "--submission"])
        .arg(submission.path())
        .current_dir(root())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = "could not use the store redis://127.0.0.1:1: an isolated submission runs in a network of its own";
    assert!(
        said.contains(expected) && said.contains("--isolation off"),
        "{said}"
    );
}

/// Part 2 shares files between nodes, parts 3 and 4 have stores: what each needs lies within the walls.
#[test]
fn solution_of_each_part_passes_within_the_walls() {
    if !all_walls() {
        runtime::terminal::note("skipped: this machine cannot isolate submissions");
        return;
    }
    for part in PARTS.iter() {
        let sources = Sources::read(&root().join("solutions").join(part.folder)).unwrap();
        let submission = tempfile::tempdir().unwrap();
        sources.write(&submission.path().join("src")).unwrap();
        let output = Command::new(CHECKER)
            .args([part.name, "--problem", "1", "--seed", "7", "--json"])
            .args(["--isolation", "required", "--submission"])
            .arg(submission.path())
            .current_dir(root())
            .output()
            .unwrap();
        let json: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {output:?}"));
        assert_eq!(json["standing"], "passed", "{}: {json:#}", part.name);
        assert_eq!(json["parts"][0]["isolation"], "bubblewrap");
    }
}
