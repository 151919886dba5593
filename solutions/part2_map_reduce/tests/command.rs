//! `map-reduce run` as a person runs it: real processes, real files.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::time::{sleep, timeout};

const TEXT: &str = "the end of the beginning\nis not the beginning of the end\n";

/// A folder with a text, in which all that the command leaves behind would be seen.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("text"), TEXT.repeat(3)).unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        Place(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// The command with these arguments, separated by spaces.
    fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_map-reduce-solution"));
        command
            .arg("run")
            .args(args.split(' '))
            .current_dir(self.path())
            .env("TMPDIR", self.path().join("tmp"))
            .stdin(Stdio::null());
        command
    }

    /// A slow job that has begun, and the ids of its nodes' processes.
    async fn slow(&self) -> (Child, Vec<String>) {
        let args = "--input text --output out --split-kib 1 --map-ms 60000 --nodes 2";
        let mut command = tokio::process::Command::from(self.command(args));
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut ids = Vec::new();
        while ids.len() < 2 {
            let line = lines.next_line().await.unwrap().expect("two process ids");
            ids.push(line.rsplit(' ').next().unwrap().to_owned());
        }
        let is_partial = |name: &String| name.starts_with("out.partial-");
        self.until(|place| place.left().iter().any(is_partial))
            .await;
        (child, ids)
    }

    /// What there is beside the text, in the folder for temporary files too.
    fn left(&self) -> Vec<String> {
        let names = |folder: &Path| -> Vec<String> {
            let files = fs::read_dir(folder).unwrap();
            files
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .filter(|name| name != "text" && name != "tmp")
                .collect()
        };
        [names(self.path()), names(&self.path().join("tmp"))].concat()
    }

    /// Waits for something that takes no time, and gives a busy machine all it may need.
    async fn until(&self, claim: impl Fn(&Place) -> bool) {
        let waited = timeout(Duration::from_secs(60), async {
            while !claim(self) {
                sleep(Duration::from_millis(10)).await;
            }
        });
        waited.await.expect("it comes true");
    }
}

fn signal(signal: &str, process: &str) {
    let sent = Command::new("kill").args([signal, process]).status();
    assert!(sent.unwrap().success(), "kill {signal} {process}");
}

/// Whether a process of this id runs. A zombie does not.
fn runs(id: &str) -> bool {
    let shown = Command::new("ps").args(["-o", "stat=", "-p", id]).output();
    let state = String::from_utf8(shown.unwrap().stdout).unwrap();
    !state.trim().is_empty() && !state.starts_with('Z')
}

#[track_caller]
fn refused(output: Output, code: i32, expected: &str) {
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(expected), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn words_of_a_small_file_are_counted() {
    let place = Place::new();
    let output = place
        .command("--input text --output out/ --nodes 2")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{complaints}");
    assert_eq!(complaints, "");
    assert!(said.contains("records         6\n"), "{said}");
    assert!(said.contains("distinct keys   6\n"), "{said}");

    let mut counted = BTreeMap::new();
    for file in fs::read_dir(place.path().join("out")).unwrap() {
        for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let (word, count) = line.split_once('\t').unwrap();
            counted.insert(word.to_owned(), count.parse().unwrap());
        }
    }
    let expected = [
        ("the", 12),
        ("end", 6),
        ("of", 6),
        ("beginning", 6),
        ("is", 3),
        ("not", 3),
    ];
    let expected = expected.map(|(word, count)| (word.to_owned(), count));
    assert_eq!(counted, BTreeMap::<String, u64>::from(expected));
    assert_eq!(place.left(), ["out"]);
}

#[test]
fn files_of_a_word_are_listed_by_the_names_that_were_given() {
    let place = Place::new();
    fs::write(place.path().join("other"), "the other\n").unwrap();
    let done = place
        .command("--job index --input other text --output out --partitions 1")
        .output();
    assert!(done.unwrap().status.success());
    let listed = fs::read_to_string(place.path().join("out/part-00000")).unwrap();
    assert!(listed.contains("the\tother\ttext\n"), "{listed}");
    assert!(listed.contains("end\ttext\n"), "{listed}");
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_started() {
    let place = Place::new();
    fs::create_dir(place.path().join("full")).unwrap();
    let refuse = |args: &str, code, expected: &str| {
        refused(place.command(args).output().unwrap(), code, expected);
    };
    refuse("--input text --output full", 1, "full already exists");
    refuse(
        "--input text nowhere --output out",
        1,
        "nowhere cannot be read",
    );
    refuse("--input full --output out", 1, "full cannot be read");
    let mkfifo = Command::new("mkfifo")
        .arg(place.path().join("pipe"))
        .status();
    assert!(mkfifo.unwrap().success());
    refuse("--input pipe --output out", 1, "pipe cannot be read");
    fs::remove_file(place.path().join("pipe")).unwrap();
    if cfg!(target_os = "linux") {
        refuse(
            "--input /proc/cpuinfo --output out",
            1,
            "/proc/cpuinfo cannot be read: its length is not the one that the system reports",
        );
    }
    std::os::unix::fs::symlink("nowhere", place.path().join("link")).unwrap();
    refuse("--input text --output link", 1, "link already exists");
    fs::remove_file(place.path().join("link")).unwrap();
    refuse(
        "--input text --output -",
        1,
        "For a file of this name, write ./-",
    );
    refuse("--input text", 2, "--output <DIR>");
    refuse("--input text --output out --nodes 0", 2, "--nodes");
    assert_eq!(place.left(), ["full"]);
}

#[test]
fn path_that_is_not_utf_8_is_refused_and_not_panicked_at() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let name = std::ffi::OsStr::from_bytes(b"te\xffxt");
    if fs::write(place.path().join(name), TEXT).is_err() {
        return; // This file system has none.
    }
    let mut command = place.command("--output out --input");
    let output = command.arg(name).output().unwrap();
    refused(output, 1, "cannot be used: its path is not UTF-8.");
}

#[test]
fn job_that_is_done_counts_though_its_report_is_not_read() {
    let place = Place::new();
    let done = |output: &str, stdout: Stdio| {
        let mut command = place.command(&format!("--input text --output {output} --nodes 1"));
        let mut child = command
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    assert_eq!(done("unread", Stdio::piped()), (Some(0), String::new()));
    if let Ok(full) = fs::File::create("/dev/full") {
        let (code, said) = done("full", full.into());
        assert_eq!(code, Some(4), "{said}");
        assert!(
            said.starts_with("The job is done, and its output is in "),
            "{said}"
        );
        assert!(place.path().join("full/part-00000").is_file());
    }
}

#[test]
fn node_runs_on_though_it_cannot_say_that_it_is_ready() {
    let place = Place::new();
    let ended = |stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_map-reduce-solution"));
        command
            .args(["--name", "n1@127.0.0.1", "--cookie", "secret"])
            .arg("--exit-with-stdin")
            .env("DIRECTORY_PORT", "11990")
            .env("SCRATCH_DIR", place.path().join("tmp"))
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        said
    };
    assert!(!ended(Stdio::piped()).contains("could not say"));
    if let Ok(full) = fs::File::create("/dev/full") {
        let said = ended(full.into());
        assert!(
            said.contains("n1@127.0.0.1 could not say that it is ready: "),
            "{said}"
        );
    }
}

#[tokio::test]
async fn command_that_is_killed_leaves_no_node_and_no_output() {
    let place = Place::new();
    let (mut command, nodes) = place.slow().await;
    assert!(nodes.iter().all(|node| runs(node)));
    command.kill().await.unwrap();
    place.until(|_| !nodes.iter().any(|node| runs(node))).await;
    assert!(!place.path().join("out").exists());
    // The nodes have removed what was theirs. The folder around it was the command's.
    let scratch = fs::read_dir(place.path().join("tmp")).unwrap().next();
    let left = fs::read_dir(scratch.unwrap().unwrap().path()).unwrap();
    let mut left = left.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert!(left.all(|name| name.ends_with(".log")));
}

#[tokio::test]
async fn command_that_is_interrupted_leaves_nothing() {
    for kind in ["-INT", "-TERM", "-HUP"] {
        let place = Place::new();
        let (mut command, nodes) = place.slow().await;
        signal(kind, &command.id().unwrap().to_string());
        assert_eq!(command.wait().await.unwrap().code(), Some(130));
        assert!(!nodes.iter().any(|node| runs(node)));
        assert_eq!(place.left(), [""; 0]);
    }
}

#[tokio::test]
async fn job_is_lost_with_the_first_node_alone() {
    let place = Place::new();
    let (mut command, nodes) = place.slow().await;
    let mut complaints = BufReader::new(command.stderr.take().unwrap()).lines();
    signal("-KILL", &nodes[1]);
    let said = complaints.next_line().await.unwrap().unwrap();
    assert!(said.starts_with("n2 ended"), "{said}");
    signal("-KILL", &nodes[0]);
    let said = complaints.next_line().await.unwrap().unwrap();
    assert!(said.starts_with("n1 managed the job and ended"), "{said}");
    assert_eq!(command.wait().await.unwrap().code(), Some(1));
    assert_eq!(place.left(), [""; 0]);
}
