//! What the command says, and the codes with which it exits.

use assert_cmd::Command;
use checker::manifest::PARTS;

fn checker() -> Command {
    let mut checker = Command::cargo_bin("checker").unwrap();
    checker
        .env("NO_COLOR", "1")
        .env_remove("CARGO")
        .env("COLUMNS", "100");
    checker
}

/// Runs the checker outside of any course: the exit code, what it printed, what it complained.
fn outside(args: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = checker()
        .args(args)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        text.replace(
            &folder.path().canonicalize().unwrap().display().to_string(),
            "FOLDER",
        )
    };
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn help_explains_the_exit_codes() {
    let (code, stdout, _) = outside(&["help"]);
    assert_eq!(code, 0);
    let mut shown = stdout.clone();
    for part in PARTS.iter() {
        let line = format!(
            "  {:<10}Grades part {}, {}\n",
            part.name, part.number, part.title
        );
        assert!(stdout.contains(&line), "no {line:?} in {stdout}");
        if part.number > 1 {
            shown = shown.replace(&line, "");
        }
    }
    insta::assert_snapshot!(shown, @"
    Grades the exercises of Distributed Systems Training in Rust: starts real clusters of your code,
    breaks them, and explains what it sees

    Usage: checker [OPTIONS]
           checker [OPTIONS] <COMMAND>

    Commands:
      part1     Grades part 1, Ping pong
      all       Grades all parts, one after another
      watch     Grades your current problem each time you save; so does `checker` alone
      list      Lists the parts and their problems, with your results
      hint      Shows the next hint for your current problem, or for another
      reset     Restores the stub of one problem or of a whole part
      diff      Shows your code beside the solution, gap by gap
      report    Shows the report of a run, or writes it in another format
      logs      Shows what a node printed
      play      Starts a cluster that you can break by hand
      explore   Looks for stories that break your code, or replays one
      update    Gets a newer version of the course, and keeps what you wrote
      doctor    Checks whether this machine can run the course, and says what to repair
      store     Runs a store for nodes that you start by hand, until Ctrl-C
      grade     Grades a folder of submissions: marks, feedback, and a page of the class
      platform  Grades one submission for a course platform, in its format
      shell     Writes completions for a shell, or the manual page
      dev       For authors of the course
      help      Print this message or the help of the given subcommand(s)

    Options:
          --color <WHEN>  Whether to use colors; `auto` does at a terminal, unless NO_COLOR is set
                          [default: auto] [possible values: auto, always, never]
      -h, --help          Print help
      -V, --version       Print version

    Exit codes:
      0  passed: every problem that counts is solved
      1  failed: a claim did not hold, or the code does not compile
      2  inconclusive: a fault had no effect, or the machine was too slow to tell
      3  not written: a gap is not filled yet
      4  checker fault: the checker itself failed, or its command line was wrong
    If several apply, 4 comes before 1, 1 before 2, and 2 before 3. Optional problems do not count,
    unless --problem names them.
    ");
}

#[test]
fn help_of_a_part_explains_its_flags() {
    let (code, stdout, _) = outside(&["part1", "--help"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(stdout, @"
    Grades part 1, Ping pong

    Usage: checker part1 [OPTIONS]

    Options:
          --solution          Grades the course's own solution
          --submission <DIR>  Grades a copy of the exercise's folder, anywhere
          --problem <N>       Grades only this problem; may be given several times
          --seed <NUMBER>     Repeats the choices of an earlier run, which printed this number
          --repeat <N>        Runs everything this many times, each time with the next seed [default: 1]
          --world <WORLD>     Where the nodes run: processes, simulated (in one process, in virtual
                              time), or both. A submission runs on processes only [default: both]
          --seeds <N>         How many times each scenario is simulated, each time with another seed; if
                              not given, as many as take about 3 s
          --explore <N>       How many random stories are simulated for each problem that passed, or
                              off; if not given, as many as take about 2 s
          --store <STORE>     The store of parts 3 and 4: auto, embedded, redis, or redis://HOST:PORT
                              [default: auto]
          --isolation <WHEN>  Whether bubblewrap isolates a submission: auto (where it is installed),
                              required or off [default: auto]
          --json              Prints the result as JSON, see docs/JSON.md
          --stream            Prints each event when it happens, as JSON, one per line
          --json-file <FILE>  Also writes the result as JSON to a file, after each scenario
          --junit <FILE>      Also writes the result as JUnit XML, for a course platform
      -v, --verbose           Also shows each step, and the compiler's warnings
          --color <WHEN>      Whether to use colors; `auto` does at a terminal, unless NO_COLOR is set
                              [default: auto] [possible values: auto, always, never]
      -h, --help              Print help
    ");
}

/// A list of parts that shows the first one only, after a look at whether it names all of them.
pub(crate) fn but_for_later_parts(list: &str) -> String {
    let blocks: Vec<&str> = list.split("\n\n").collect();
    for (part, block) in PARTS.iter().zip(&blocks) {
        let names = format!("{:<9}{}", part.name, part.title);
        assert!(block.starts_with(&names), "{block}");
        for problem in part.problems {
            let line = format!("{:>2}. {}", problem.number, problem.title);
            assert!(block.contains(&line), "no {line:?} in {block}");
        }
    }
    assert_eq!(blocks.len(), PARTS.len() + 1, "{list}");
    format!("{}\n\n…\n\n{}", blocks[0], blocks[PARTS.len()])
}

#[test]
fn list_names_parts_and_problems() {
    let (code, stdout, _) = outside(&["list"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(but_for_later_parts(&stdout), @r#"
    part1    Ping pong
             exercises/part1_ping_pong, training/part1.md
         1. Broadcast
         2. Ask everyone
         3. Crash
         4. Netsplit
         5. A crash during the split  optional
         6. The producer crashes      optional

    …

    To see what you have solved, run this in the folder of the course.
    "#);
}

#[track_caller]
fn check_wrong_use(args: &[&str], complaint: &str) {
    let (code, stdout, stderr) = outside(args);
    assert_eq!(code, 4, "{stderr}");
    assert_eq!(stdout, "");
    assert!(stderr.contains(complaint), "{stderr}");
}

#[test]
fn wrong_use_exits_with_4() {
    check_wrong_use(&[], "could not");
    check_wrong_use(&["part99"], "part99");
    check_wrong_use(&["part1", "--sead", "1"], "--seed");
    check_wrong_use(&["part1", "--seed", "x"], "invalid value 'x'");
    check_wrong_use(&["part1", "--repeat", "0"], "--repeat");
    check_wrong_use(
        &["part1", "--solution", "--submission", "."],
        "cannot be used with",
    );
    check_wrong_use(&["part1", "--problem", "9"], "its problems are 1 to 6");
    check_wrong_use(&["part1", "--store", "oracle"], "redis://HOST:PORT");
    check_wrong_use(
        &["store", "--store", "redis://gold"],
        "must already be running",
    );
}

#[test]
fn outside_of_a_course_the_remedy_is_told() {
    let (code, _, stderr) = outside(&["part1"]);
    assert_eq!(code, 4);
    insta::assert_snapshot!(stderr, @r#"
    error: could not find the course from FOLDER: change to the folder that you cloned, or to any folder below it, and run this again
    "#);
}

#[test]
fn guard_without_a_checker_ends_at_once() {
    let (code, _, stderr) = outside(&["guard"]);
    assert!(code == 0 || code == 4, "{code} {stderr}");
}

/// The exit code, and what was complained, when stdout goes there and nobody reads it.
fn unread(args: &[&str], stdout: std::process::Stdio) -> (i32, String) {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("checker"))
        .env("NO_COLOR", "1")
        .args(args)
        .stdin(std::process::Stdio::null())
        .stdout(stdout)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

#[test]
fn closed_pipe_changes_no_exit_code_and_a_full_disk_is_told() {
    let commands: [&[&str]; 4] = [&["list"], &["list", "--json"], &["shell", "man"], &["help"]];
    for args in commands {
        let (code, said) = unread(args, std::process::Stdio::piped());
        assert_eq!((code, said.as_str()), (0, ""), "{args:?}");
    }
    for args in commands.into_iter().chain([&["store", "--port", "0"][..]]) {
        let Ok(full) = std::fs::File::create("/dev/full") else {
            return;
        };
        let (code, said) = unread(args, full.into());
        assert_eq!(code, 4, "{args:?}: {said}");
        assert!(
            said.starts_with("error: could not write to stdout: "),
            "{args:?}: {said}"
        );
    }
}

#[test]
fn pipe_is_refused_as_a_result_file_before_anything_is_run() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    for flag in ["--json-file", "--junit"] {
        let (code, _, stderr) = outside(&["part1", flag, pipe.to_str().unwrap()]);
        assert_eq!(code, 4);
        assert!(
            stderr.ends_with("it is a pipe, and a plain file is needed\n"),
            "{stderr}"
        );
    }
}

#[test]
fn store_that_cannot_be_one_is_refused_before_anything_is_built_and_its_password_is_not_told() {
    for url in ["redis://:word@", "rediss://:word@gold", "http://:word@gold"] {
        let (code, stdout, stderr) = outside(&["part1", "--store", url]);
        assert_eq!((code, stdout.as_str()), (4, ""));
        assert_eq!(
            stderr,
            "error: could not use the store that --store names: it is redis://HOST:PORT, without TLS\n"
        );
    }
}

#[test]
fn command_that_begins_like_the_typed_one_is_suggested_first() {
    let (code, _, stderr) = outside(&["pat1"]);
    assert_eq!(code, 4);
    let place = |command: &str| stderr.find(&format!("'{command}'"));
    assert!(
        place("part1") < place("update") || place("update").is_none(),
        "{stderr}"
    );
    assert!(place("part1").is_some(), "{stderr}");
}
