//! `checker watch` at a terminal of its own, and without one.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use rustix::process::{Pid, Signal, kill_process};

use crate::pseudo_terminal::{PseudoTerminal, SavedModes};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A course with part 1 alone, which the tests use one after the other: to build it takes a while the
/// first time.
struct TestCourse {
    folder: PathBuf,
    _lock: File,
}

impl TestCourse {
    /// The course as a learner finds it, with nothing solved.
    fn fresh() -> TestCourse {
        let above = Path::new(env!("CARGO_TARGET_TMPDIR")).join("watch");
        fs::create_dir_all(&above).unwrap();
        let lock = File::create(above.join("lock")).unwrap();
        lock.lock().unwrap();
        let folder = above.join("course");
        for old in [
            folder.join("exercises"),
            folder.join(".checker"),
            folder.join("tmp"),
        ] {
            let _ = fs::remove_dir_all(old);
        }
        fs::create_dir_all(folder.join("tmp")).unwrap();
        let root = Path::new(ROOT).canonicalize().unwrap();
        write_if_new(&folder.join("Cargo.toml"), manifest(&root).as_bytes());
        let versions = fs::read(root.join("Cargo.lock")).unwrap();
        write_if_new(&folder.join("Cargo.lock"), &versions);
        let course = TestCourse {
            folder,
            _lock: lock,
        };
        for file in ["Cargo.toml", "src/lib.rs", "src/main.rs"] {
            let to = course.folder.join("exercises/part1_ping_pong").join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            let stub = root.join("checker/stubs/part1_ping_pong").join(file);
            fs::copy(stub, to).unwrap();
        }
        for copied in ["solutions/part1_ping_pong", "checker/stubs/part1_ping_pong"] {
            copy_folder(&root.join(copied), &course.folder.join(copied));
        }
        for file in ["src/producer.rs", "src/consumer.rs", "src/protocol.rs"] {
            course.save(file, &stub(file));
        }
        course
    }

    /// Saves a file of the exercise.
    fn save(&self, file: &str, text: &str) {
        fs::write(
            self.folder.join("exercises/part1_ping_pong").join(file),
            text,
        )
        .unwrap();
    }

    /// Saves the solution of part 1, with one change.
    fn save_solution(&self, from: &str, to: &str) {
        for file in ["src/protocol.rs", "src/consumer.rs"] {
            self.save(file, &solution(file));
        }
        let producer = solution("src/producer.rs");
        assert!(producer.contains(from), "the solution has changed: {from}");
        self.save("src/producer.rs", &producer.replace(from, to));
    }

    fn checker(&self, args: &[&str]) -> Command {
        let mut checker = Command::new(cargo_bin("checker"));
        self.set_up(&mut checker);
        checker.args(args);
        checker
    }

    fn set_up(&self, command: &mut Command) {
        command
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("../target"))
            .env("TMPDIR", self.folder.join("tmp"))
            .env("NO_COLOR", "1")
            .env("TERM", "xterm")
            .env_remove("CARGO")
            .env_remove("TERM_PROGRAM")
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("BROWSER");
    }

    /// What runs have left in the folder for temporary files, and the kept ones that are not over.
    #[track_caller]
    fn nothing_is_left(&self) {
        let left: Vec<_> = fs::read_dir(self.folder.join("tmp")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        let runs = fs::read_dir(self.folder.join(".checker/runs")).unwrap();
        for run in runs.map(|run| run.unwrap().path()) {
            assert!(
                run.join("run.json").is_file(),
                "{} is not over",
                run.display()
            );
        }
    }

    fn terminal(&self, columns: u16, args: &[&str]) -> PseudoTerminal {
        let mut terminal = PseudoTerminal::open(columns, 24);
        terminal.start(&cargo_bin("checker"), args, |command| self.set_up(command));
        terminal
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn write_if_new(file: &Path, content: &[u8]) {
    if fs::read(file).ok().as_deref() != Some(content) {
        fs::write(file, content).unwrap();
    }
}

/// The course's manifest with the exercise of part 1 alone; its packages are where they are.
fn manifest(root: &Path) -> String {
    let text = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let mut manifest: toml::Table = text.parse().unwrap();
    let workspace = manifest["workspace"].as_table_mut().unwrap();
    workspace.insert("members".into(), vec!["exercises/part1_ping_pong"].into());
    workspace.remove("default-members");
    let dependencies = workspace["dependencies"].as_table_mut().unwrap();
    for (_, dependency) in dependencies.iter_mut() {
        if let Some(path) = dependency.get_mut("path") {
            *path = root
                .join(path.as_str().unwrap())
                .display()
                .to_string()
                .into();
        }
    }
    toml::to_string(&manifest).unwrap()
}

/// A file of the stub, which nobody has edited.
fn stub(file: &str) -> String {
    fs::read_to_string(
        Path::new(ROOT)
            .join("checker/stubs/part1_ping_pong")
            .join(file),
    )
    .unwrap()
}

fn solution(file: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join("solutions/part1_ping_pong").join(file)).unwrap()
}

/// What differs from run to run, made the same.
fn settled(screen: &str) -> String {
    let lines = screen.lines().map(|line| {
        let line = line.trim_end();
        if line.starts_with("Report: ") {
            return "Report: REPORT".to_owned();
        }
        let Some(took) = line.strip_prefix("Took ") else {
            return line.to_owned();
        };
        let is_figure = |letter: char| letter.is_ascii_digit() || letter == '.';
        let took = took.trim_start_matches(is_figure);
        match took.split_once("seed ") {
            Some((before, after)) => {
                let after = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
                format!("Took T{before}seed S{after}")
            }
            None => format!("Took T{took}"),
        }
    });
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// The producer answers a number that no ping has.
const WRONG: (&str, &str) = ("reply.send(self.count);", "reply.send(self.count + 1);");

#[test]
fn learner_goes_from_the_stub_to_the_next_problem() {
    let course = TestCourse::fresh();
    let mut terminal = course.terminal(80, &[]);
    let screen = terminal.shows("TODO(1) is not written yet");
    insta::assert_snapshot!(settled(&screen), @"
    Part 1, Ping pong: problem 1, Broadcast
    ▶ 1 Broadcast   · 2 Ask everyone   · 3 Crash   · 4 Netsplit
    · 5 A crash during the split   · 6 The producer crashes

    Took T s, seed S. Waiting for a save.

    TODO(1) is not written yet.

      exercises/part1_ping_pong/src/producer.rs:32
      exercises/part1_ping_pong/src/consumer.rs:42
      training/part1.md#problem-1-broadcast

    Report: REPORT
    h hint · r run again · s same seed · o report · l list · ? keys · q quit
    ");
    terminal.press("h");
    insta::assert_snapshot!(settled(&terminal.shows("Hint 1 of 3")), @"
    Part 1, Ping pong: problem 1, Broadcast
    ▶ 1 Broadcast   · 2 Ask everyone   · 3 Crash   · 4 Netsplit
    · 5 A crash during the split   · 6 The producer crashes

    Took T s, seed S. Waiting for a save.

    Hint 1 of 3: a nudge

      There are two gaps, one in each file. In the consumer, ask yourself what
      happens when the same ping arrives twice. In the producer, ask yourself which
      process waits for which.

      h shows the next hint, v the verdict.

    Report: REPORT
    v verdict · h hint · r run again · s same seed · o report · l list · ? keys
    · q quit
    ");
    terminal.press("h");
    terminal.shows("Hint 2 of 3");
    terminal.press("n");
    terminal.shows("Problem 1 has not passed yet");
    terminal.press("l");
    terminal.shows("Part 4, A better link shortener");
    terminal.press("?");
    let keys = settled(&terminal.shows("put the stub of this problem back"));
    assert!(keys.lines().count() <= 24, "{keys}");
    insta::assert_snapshot!(keys, @"
    Part 1, Ping pong: problem 1, Broadcast
    ▶ 1 Broadcast   · 2 Ask everyone   · 3 Crash   · 4 Netsplit
    · 5 A crash during the split   · 6 The producer crashes

    Took T s, seed S. Waiting for a save.

      h     the next hint
      r     run again with a fresh seed: faults at other times
      s     run again with the same seed
      f     everything; scroll up for what does not fit
      v     back to the verdict; so does Esc
      o     open the report of the run in a browser
      e     open the editor of --edit-cmd at this place
      l     the problems of the course
      n p   the next problem, once this one passes; the previous
      d     your code beside the solution, once this one passes
      x     put the stub of this problem back; asks first
      q     quit; so does Ctrl-C
      A save runs the problem again: with the same seed after a failure, else with a
      fresh one.

    Report: REPORT
    v verdict · h hint · r run again · s same seed · o report · l list · ? keys
    · q quit
    ");

    course.save_solution(WRONG.0, WRONG.1);
    terminal.shows("FAILED: ");
    terminal.press("n");
    terminal.shows("Problem 1 has not passed yet");
    terminal.press("d");
    terminal.shows("d shows the solution beside yours once it has");

    course.save_solution("self.count += 1;", "self.count += not_there;");
    terminal.shows("The code does not compile");
    terminal.shows("exercises/part1_ping_pong/src/producer.rs:");
    course.save_solution("", "");
    terminal.shows("PASSED: ");
    terminal.shows("n next problem");
    terminal.press("r");
    terminal.shows("running: ");
    let again = terminal.shows("PASSED: ");
    assert!(
        again.contains("problem 1, Broadcast"),
        "it never goes on by itself: {again}"
    );
    course.save_solution("self.count += 1;", "self.count += not_there;");
    let broken = terminal.shows("The code does not compile");
    assert!(broken.contains("▶✗ 1 Broadcast"), "{broken}");
    course.save_solution("", "");
    let again = terminal.shows("PASSED: ");
    assert!(again.contains("▶✓ 1 Broadcast"), "{again}");
    terminal.press("n");
    terminal.shows("problem 2, Ask everyone");
    terminal.press("p");
    terminal.shows("problem 1, Broadcast");
    terminal.shows("PASSED: ");
    terminal.press("d");
    terminal.shows("gap 1: broadcast");
    terminal.press("x");
    let question = terminal.shows("Put the stub of problem 1 back?");
    let question: Vec<&str> = question.trim_end().lines().rev().take(3).collect();
    insta::assert_snapshot!(question.into_iter().rev().collect::<Vec<_>>().join("\n"), @"
    Put the stub of problem 1 back? What is there now goes to a backup. y/N
    n next problem · d diff · h hint · r run again · s same seed · o report · l list
    · ? keys · q quit
    ");
    terminal.press("n");
    terminal.shows("Nothing was changed.");
    terminal.press("xy");
    let screen = terminal.shows("TODO(1) is not written yet");
    assert!(screen.contains("backup"), "{screen}");
    terminal.press("q");
    assert_eq!(terminal.ended(), Some(0));
    assert_eq!(terminal.modes(), terminal.modes_before());
    course.nothing_is_left();
}

#[test]
fn compile_error_is_shown_from_its_beginning_on_a_narrow_screen() {
    let course = TestCourse::fresh();
    course.save_solution("self.count += 1;", "self.count += not_there;");
    let mut terminal = course.terminal(60, &["watch", "part1"]);
    let screen = terminal.shows("The code does not compile");
    assert!(
        screen.lines().all(|line| line.chars().count() <= 60),
        "{screen}"
    );
    // What the compiler says below differs from version to version.
    let screen = settled(&screen);
    let ours = screen.split("\nerror[").next().unwrap_or_default();
    insta::assert_snapshot!(ours, @"
    Part 1, Ping pong: problem 1, Broadcast
    ▶✗ 1 Broadcast   · 2 Ask everyone   · 3 Crash   · 4 Netsplit
    · 5 A crash during the split   · 6 The producer crashes

    Took T s. Waiting for a save.

    The code does not compile: 1 error. Nothing was run.
      exercises/part1_ping_pong/src/producer.rs:47
    ");
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), Some(0));
    assert_eq!(terminal.modes(), terminal.modes_before());
}

#[test]
fn failure_shows_its_verdict_first_and_in_full_when_asked() {
    let course = TestCourse::fresh();
    course.save_solution(WRONG.0, WRONG.1);
    let mut terminal = course.terminal(80, &["watch", "part1", "--problem", "1", "--poll"]);
    let screen = terminal.shows("FAILED: ");
    for field in ["step", "seen", "required", "Report: "] {
        assert!(screen.contains(field), "{field}: {screen}");
    }
    terminal.press("f");
    terminal.shows("Any key goes back.");
    terminal.press("v");
    terminal.shows("FAILED: ");
    terminal.press("o");
    terminal.shows("There is no browser here. The report is");
    kill_process(terminal.process(), Signal::TERM).unwrap();
    assert_eq!(terminal.ended(), Some(0));
    assert_eq!(terminal.modes(), terminal.modes_before());
    course.nothing_is_left();
}

#[test]
fn change_during_a_run_stops_that_run_and_starts_the_next() {
    let course = TestCourse::fresh();
    course.save_solution("", "");
    let mut terminal = course.terminal(80, &[]);
    terminal.shows("running: ");
    course.save_solution(WRONG.0, WRONG.1);
    let screen = terminal.shows_one_of(&["FAILED: ", "PASSED: "]);
    assert!(
        screen.contains("FAILED: "),
        "the run of the old code was shown: {screen}"
    );
    // Once more while building, and end in the middle of it all.
    course.save_solution("", "");
    terminal.shows("building ping-pong");
    course.save_solution("self.count += 1;", "self.count += 2;");
    terminal.shows("running: ");
    terminal.press("q");
    assert_eq!(terminal.ended(), Some(0));
    course.nothing_is_left();
}

#[test]
fn terminal_is_as_it_was_after_kill_9() {
    let course = TestCourse::fresh();
    let mut terminal = course.terminal(80, &[]);
    terminal.shows("TODO(1) is not written yet");
    assert_ne!(
        terminal.modes(),
        terminal.modes_before(),
        "keys come without Enter"
    );
    kill_process(terminal.process(), Signal::KILL).unwrap();
    assert_eq!(terminal.ended(), None);
    // The guard makes the cursor visible after it has set the modes.
    terminal.was_sent("\x1b[?25h");
    assert_eq!(terminal.modes(), terminal.modes_before());
}

#[test]
fn terminal_that_somebody_else_has_set_is_left_alone() {
    let course = TestCourse::fresh();
    let mut terminal = course.terminal(80, &[]);
    terminal.shows("TODO(1) is not written yet");
    let theirs: SavedModes = terminal.set_raw();
    kill_process(terminal.process(), Signal::KILL).unwrap();
    assert_eq!(terminal.ended(), None);
    terminal.hung_up_by_all();
    assert_eq!(terminal.modes(), theirs);
}

#[test]
fn without_a_terminal_each_change_is_reported_in_lines() {
    let course = TestCourse::fresh();
    let mut watch = course
        .checker(&["watch"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = watch.stdout.take().unwrap();
    let mut lines = BufReader::new(stdout).lines().map(Result::unwrap);
    let first = lines.by_ref().next().unwrap();
    assert_eq!(
        first,
        "Watching exercises/part1_ping_pong, problem 1, Broadcast, until Ctrl-C."
    );
    assert!(
        lines
            .by_ref()
            .any(|line| line.contains("TODO(1) is not written yet"))
    );
    let consumer = course
        .folder
        .join("exercises/part1_ping_pong/src/consumer.rs");
    fs::write(&consumer, format!("{} {{", stub("src/consumer.rs"))).unwrap();
    assert!(
        lines
            .by_ref()
            .any(|line| line == "Changed: exercises/part1_ping_pong/src/consumer.rs.")
    );
    assert!(
        lines
            .by_ref()
            .any(|line| line.contains("The code does not compile."))
    );
    let pid = Pid::from_child(&watch);
    kill_process(pid, Signal::TERM).unwrap();
    let rest: Vec<String> = lines.collect();
    assert!(!rest.iter().any(|line| line.contains('\u{1b}')), "{rest:?}");
    assert_eq!(watch.wait().unwrap().code(), Some(0));
    course.nothing_is_left();
}

#[test]
fn without_a_terminal_it_ends_with_whoever_started_it() {
    let course = TestCourse::fresh();
    let watch = course
        .checker(&["watch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Closes the pipe, and waits.
    let output = watch.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("TODO(1) is not written yet"), "{text}");
    assert_eq!(output.status.code(), Some(0));
    course.nothing_is_left();
}

#[test]
#[ignore = "measures, on a machine with nothing else to do: `cargo test -p checker --test all -- --ignored --nocapture watch::verdict_comes`"]
fn verdict_comes_at_most_4_s_after_a_save() {
    const SAVES: usize = 9;
    let mut all = Vec::new();
    let course = TestCourse::fresh();
    for problem in ["1", "2", "3", "4"] {
        course.save_solution("", "");
        let args = ["watch", "part1", "--problem", problem];
        let mut watch = course
            .checker(&args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = watch.stdout.take().unwrap();
        let mut lines = BufReader::new(stdout).lines().map(Result::unwrap);
        let mut times = Vec::new();
        lines
            .by_ref()
            .find(|line| line.contains("Report: "))
            .unwrap();
        for save in 0..SAVES {
            // One line more each time, which the compiler cannot leave out.
            let counts = format!("self.count += 1; let _ = std::hint::black_box({save});");
            let begun = tokio::time::Instant::now();
            course.save_solution("self.count += 1;", &counts);
            lines
                .by_ref()
                .find(|line| line.contains("Report: "))
                .unwrap();
            times.push(begun.elapsed());
        }
        kill_process(Pid::from_child(&watch), Signal::TERM).unwrap();
        watch.wait().unwrap();
        times.sort();
        println!(
            "problem {problem}: {:.1?} in the median of {times:.1?}",
            times[SAVES / 2]
        );
        all.append(&mut times);
    }
    all.sort();
    let median = all[all.len() / 2];
    println!("all: {median:.1?} in the median");
    assert!(median <= std::time::Duration::from_secs(4));
}

#[test]
fn unknown_part_and_problem_are_named() {
    let course = TestCourse::fresh();
    for (args, complaint) in [
        (["watch", "part9"].as_slice(), "part9"),
        (
            &["watch", "part1", "--problem", "9"],
            "could not find problem 9 in part1",
        ),
    ] {
        let output = course.checker(args).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{stderr}");
        assert!(stderr.contains(complaint), "{stderr}");
    }
}
