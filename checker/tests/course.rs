//! The commands around the grading: what stands where, hints, starting over, comparing, updating.
//! Each test has a course of its own, with stubs that nobody has touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use checker::journal::fingerprint;
use checker::manifest::PARTS;
use checker::updating;
use grader::course::Course;
use grader::part_report::{Graded, PartReport};
use grader::runs::Run;
use grader::sources::Sources;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use testkit::verdict::{Diagnosis, Failure, Outcome, ProblemResult, Verdict, World};
use walkdir::WalkDir;

use crate::command_line::but_for_later_parts;

const PRODUCER: &str = "exercises/part1_ping_pong/src/producer.rs";
const CONSUMER: &str = "exercises/part1_ping_pong/src/consumer.rs";

/// A course that is as a learner gets it.
struct Fresh {
    folder: TempDir,
}

/// What a command said.
struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

impl Fresh {
    fn course() -> Fresh {
        let folder = tempfile::tempdir().unwrap();
        let fresh = Fresh { folder };
        for file in ["Cargo.toml", "TRAINING.md", ".gitignore"] {
            fs::copy(root().join(file), fresh.at(file)).unwrap();
        }
        for part in PARTS.iter() {
            for kind in ["checker/stubs", "solutions"] {
                copy(
                    &root().join(kind).join(part.folder),
                    &fresh.at(kind).join(part.folder),
                );
            }
            copy(
                &fresh.at("checker/stubs").join(part.folder),
                &fresh.at("exercises").join(part.folder),
            );
        }
        fresh
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    fn change(&self, path: &str, from: &str, to: &str) {
        let text = self.text(path);
        assert!(text.contains(from), "{path} has no {from:?}");
        self.write(path, &text.replacen(from, to, 1));
    }

    fn journal(&self, text: &str) {
        self.write(".checker/progress.json", text);
    }

    fn checker(&self, args: &[&str]) -> Said {
        self.checker_at(80, args)
    }

    fn checker_at(&self, columns: u16, args: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_checker"))
            .args(args)
            .current_dir(self.folder.path())
            .env("NO_COLOR", "1")
            .env("COLUMNS", columns.to_string())
            .env_remove("CARGO")
            .env_remove("CLICOLOR_FORCE")
            .envs(author())
            .output()
            .unwrap();
        self.said(&output)
    }

    fn said(&self, output: &Output) -> Said {
        let folder = self.folder.path().canonicalize().unwrap();
        let text = |bytes: &[u8]| {
            let text =
                String::from_utf8_lossy(bytes).replace(&folder.display().to_string(), "FOLDER");
            without_dates(&text)
        };
        Said {
            code: output.status.code().unwrap(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    fn git(&self, args: &[&str]) -> String {
        git(self.folder.path(), args)
    }

    /// All backups, by the paths of their files, without the date.
    fn backups(&self) -> BTreeMap<String, String> {
        let backups = self.at(".checker/backups");
        let files = WalkDir::new(&backups).into_iter().filter_map(Result::ok);
        files
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let name = entry
                    .path()
                    .strip_prefix(&backups)
                    .unwrap()
                    .display()
                    .to_string();
                (
                    name[16..].to_owned(),
                    fs::read_to_string(entry.path()).unwrap(),
                )
            })
            .collect()
    }
}

impl Said {
    #[track_caller]
    fn out(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    #[track_caller]
    fn refusal(self) -> String {
        assert_eq!(self.code, 4, "{}{}", self.stdout, self.stderr);
        self.stderr
    }
}

fn author() -> [(&'static str, &'static str); 7] {
    [
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.org"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.org"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_SYSTEM", "/dev/null"),
        ("GIT_CEILING_DIRECTORIES", "/"),
    ]
}

fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .envs(author())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

fn copy(from: &Path, to: &Path) {
    for entry in WalkDir::new(from).into_iter().map(Result::unwrap) {
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Dates and times of backups, as they differ from run to run.
fn without_dates(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("backups/2") {
        let (before, date) = rest.split_at(at + "backups/".len());
        out.push_str(before);
        out.push_str("DATE");
        rest = &date[15..];
    }
    out + rest
}

fn first_lines(text: &str, lines: usize) -> String {
    text.lines().take(lines).collect::<Vec<_>>().join("\n")
}

/// Progress of part 1: problem 1 passed, 2 failed, both two hours and a half ago.
fn some_progress() -> String {
    let at = Timestamp::now() - SignedDuration::from_mins(150);
    format!(
        r#"{{"parts": {{"part1": {{
            "1": {{"standing": "passed", "at": "{at}", "seed": 7}},
            "2": {{"standing": "failed", "at": "{at}", "seed": 7}}
        }}}}}}"#
    )
}

/// Writes something into gaps 1 and 2 of part 1.
fn solve_some(fresh: &Fresh) {
    let solved = |name: &str| root().join("solutions/part1_ping_pong/src").join(name);
    fs::copy(solved("producer.rs"), fresh.at(PRODUCER)).unwrap();
    fs::copy(solved("consumer.rs"), fresh.at(CONSUMER)).unwrap();
}

/// A list whose sums over all parts have names, so that a new part changes nothing.
fn without_totals(list: &str) -> String {
    let problems = || PARTS.iter().flat_map(|part| part.problems);
    let sum = |optional: bool| {
        let of_kind = problems().filter(|problem| problem.optional == optional);
        of_kind
            .map(|problem| u32::from(problem.points))
            .sum::<u32>()
    };
    let all = format!(" of {} points, and ", sum(false));
    let some = format!(" of {} for optional problems", sum(true));
    let list = list.replace(&all, " of ALL points, and ");
    list.replace(&some, " of SOME for optional problems")
}

#[test]
fn fresh_course_lists_everything_as_not_written() {
    let fresh = Fresh::course();
    let list = without_totals(&fresh.checker(&["list"]).out());
    insta::assert_snapshot!(but_for_later_parts(&list), @"
    part1    Ping pong                                                0 of 40 points
             exercises/part1_ping_pong, training/part1.md
    → ·  1. Broadcast                 not written
      ·  2. Ask everyone              not written
      ·  3. Crash                     not written
      ·  4. Netsplit                  not written
      ·  5. A crash during the split  not written, optional
      ·  6. The producer crashes      not written, optional

    …

    0 of ALL points, and 0 of SOME for optional problems.
    Next: read training/part1.md#problem-1-broadcast
    and solve it, then run
      checker part1 --problem 1
    ");
}

#[test]
fn list_fits_a_narrow_terminal() {
    let fresh = Fresh::course();
    solve_some(&fresh);
    fresh.journal(&some_progress());
    let list = fresh.checker_at(60, &["list"]).out();
    insta::assert_snapshot!(first_lines(&list, 8), @r##"
    part1    Ping pong                           10 of 40 points
             exercises/part1_ping_pong, training/part1.md
      ✓  1. Broadcast                 passed 2 hours ago
    → ✗  2. Ask everyone              failed 2 hours ago
      ?  3. Crash                     never run
      ?  4. Netsplit                  never run
      ?  5. A crash during the split  never run, optional
      ?  6. The producer crashes      never run, optional
    "##);
    for args in [
        &["list"][..],
        &["hint"],
        &["hint", "--all"],
        &["diff", "part1", "--peek"],
    ] {
        let said = fresh.checker_at(60, args).out();
        let long = said
            .lines()
            .find(|line| line.chars().count() > 60 && !line.trim_start().starts_with("git diff"));
        assert_eq!(long, None, "{args:?}");
    }
}

#[test]
fn list_tells_what_became_of_the_problems() {
    let fresh = Fresh::course();
    solve_some(&fresh);
    fresh.journal(&some_progress());
    let list = without_totals(&fresh.checker(&["list"]).out());
    let end: Vec<&str> = list.lines().rev().take(3).collect();
    insta::assert_snapshot!(format!(
        "{}\n…\n{}\n{}\n{}",
        first_lines(&list, 8),
        end[2],
        end[1],
        end[0]
    ), @"
    part1    Ping pong                                               10 of 40 points
             exercises/part1_ping_pong, training/part1.md
      ✓  1. Broadcast                 passed 2 hours ago
    → ✗  2. Ask everyone              failed 2 hours ago
      ?  3. Crash                     never run
      ?  4. Netsplit                  never run
      ?  5. A crash during the split  never run, optional
      ?  6. The producer crashes      never run, optional
    …
    10 of ALL points, and 0 of SOME for optional problems.
    Next: change it (`checker hint` shows a hint), then run
      checker part1 --problem 2
    ");
}

#[test]
fn list_is_printed_as_json_for_tools() {
    let fresh = Fresh::course();
    let list: serde_json::Value =
        serde_json::from_str(&fresh.checker(&["list", "--json"]).out()).unwrap();
    assert_eq!(list["schema"], 1);
    assert_eq!(list["at"]["problem"], 1);
    assert_eq!(list["parts"][0]["problems"][0]["state"], "not_written");
    assert_eq!(list["points"]["earned"], 0);
}

#[test]
fn journal_that_is_garbage_is_as_good_as_none() {
    for garbage in ["", "{", "[1, 2]", "{\"parts\": 3}", "\u{0}\u{1}"] {
        let fresh = Fresh::course();
        fresh.journal(garbage);
        let list = fresh.checker(&["list"]).out();
        assert!(list.contains("not written"), "{list}");
        fresh.checker(&["hint"]).out();
    }
}

#[test]
fn journal_that_cannot_be_written_keeps_nobody_from_anything() {
    let fresh = Fresh::course();
    // A file where the folder should be is in the way of root as well.
    fresh.write(".checker", "");
    fresh.checker(&["list"]).out();
    assert!(fresh.checker(&["hint"]).out().contains("Hint 1 of 3"));
    assert!(
        fresh.checker(&["hint"]).out().contains("Hint 1 of 3"),
        "nothing was remembered"
    );
}

#[test]
fn hints_come_one_by_one_and_are_repeated_on_request() {
    let fresh = Fresh::course();
    insta::assert_snapshot!(fresh.checker(&["hint"]).out(), @"
    part1, problem 1, Broadcast

    Hint 1 of 3: a nudge

      There are two gaps, one in each file. In the consumer, ask yourself what
      happens when the same ping arrives twice. In the producer, ask yourself which
      process waits for which.

    2 hints remain. To show the next, run
      checker hint part1 --problem 1
    ");
    let second = fresh.checker(&["hint"]).out();
    assert!(
        second.contains("Hint 2 of 3") && second.contains("One hint remains"),
        "{second}"
    );
    let again = fresh.checker(&["hint", "--again"]).out();
    assert!(again.contains("Hint 1") && again.contains("Hint 2") && !again.contains("Hint 3 of"));
    insta::assert_snapshot!(fresh.checker(&["hint"]).out(), @r##"
    part1, problem 1, Broadcast

    Hint 3 of 3: nearly the code

      Consumer: take the entry of `from` in `self.counts`, or begin with 0. Set it
      to the greater of its value and `count`.

      Producer: add 1 to `self.count`. Make a `Ping` from `ctx.name()` (cloned) and
      the count. `ctx.abcast` it to `CONSUMER`, and `.await` that. Then send the
      count with `reply.send`. `abcast` can return an error, and this is one of the
      rare places where you may ignore an error: why?

    There are no more hints. Read training/part1.md#problem-1-broadcast again, or
    talk to a colleague about it.
    "##);
    let last = fresh.checker(&["hint"]).out();
    assert!(last.contains("this is the last one again"), "{last}");
    let other = fresh
        .checker(&["hint", "part2", "--problem", "3", "--all"])
        .out();
    assert!(other.contains("All hints") && other.contains("Hint 3 of 3"));
}

#[test]
fn hint_of_a_problem_that_is_not_there_is_refused() {
    let fresh = Fresh::course();
    insta::assert_snapshot!(fresh.checker(&["hint", "part1", "--problem", "9"]).refusal(), @"error: could not find problem 9 in part1: its problems are 1 to 6");
    assert!(
        fresh
            .checker(&["hint", "part9"])
            .refusal()
            .contains("part1, part2, part3, part4")
    );
}

#[test]
fn reset_without_a_terminal_wants_to_be_sure() {
    let fresh = Fresh::course();
    solve_some(&fresh);
    let said = fresh.checker(&["reset", "part1"]);
    insta::assert_snapshot!(said.refusal(), @"error: could not ask, because this is not a terminal: `--yes` says that you are sure");
    assert!(!fresh.text(PRODUCER).contains("TODO(1)"));
    assert!(fresh.backups().is_empty());
}

#[test]
fn reset_puts_back_the_gaps_of_one_problem() {
    let fresh = Fresh::course();
    solve_some(&fresh);
    fresh.journal(&some_progress());
    let before = fresh.text(CONSUMER);
    insta::assert_snapshot!(fresh
            .checker(&["reset", "part1", "--problem", "3", "--yes"])
            .out(), @r##"
    This puts the gaps of problem 3 of part1 back to what the course gave, in
      exercises/part1_ping_pong/src/consumer.rs
    The gaps of the other problems stay, later ones as well; so does what you wrote
    outside of the gaps.
    Done. What was there is in
      .checker/backups/DATE-reset-part1-problem3
    To bring it back, run in the folder of the course
      cp -R .checker/backups/DATE-reset-part1-problem3/exercises .
    Next:
      checker part1 --problem 3
    "##);
    let after = fresh.text(CONSUMER);
    assert!(
        after.contains("TODO(3)") && !after.contains("TODO(1)"),
        "{after}"
    );
    assert_eq!(
        fresh.backups()[&format!("reset-part1-problem3/{CONSUMER}")],
        before
    );
    let again = fresh
        .checker(&["reset", "part1", "--problem", "3", "--yes"])
        .out();
    insta::assert_snapshot!(again, @"The gaps of problem 3 are as the course gave them. Nothing was changed.");
}

const FIELD: &str = "    counts: BTreeMap<NodeName, u64>,\n";
const ARM: &str =
    "            ConsumerMsg::TotalPings(reply) => reply.send(self.counts.values().sum()),\n";

/// Adds to the consumer, outside of its gaps: a field, a message, a function.
fn add_outside_of_the_gaps(fresh: &Fresh) {
    fresh.change(CONSUMER, FIELD, &format!("{FIELD}    mine: u64,\n"));
    let arm = "            ConsumerMsg::Mine => self.mine += 1,\n";
    fresh.change(CONSUMER, ARM, &format!("{ARM}{arm}"));
    let text = fresh.text(CONSUMER);
    fresh.write(CONSUMER, &format!("{text}\nfn mine() {{}}\n"));
}

#[track_caller]
fn has_what_was_added(text: &str) {
    for added in [
        "    mine: u64,\n",
        "ConsumerMsg::Mine => self.mine += 1,\n",
        "fn mine() {}\n",
    ] {
        assert!(text.contains(added), "{added:?} is not in\n{text}");
    }
}

#[test]
fn reset_of_a_problem_keeps_what_was_added_outside_of_its_gaps() {
    let fresh = Fresh::course();
    solve_some(&fresh);
    add_outside_of_the_gaps(&fresh);
    fresh
        .checker(&["reset", "part1", "--problem", "3", "--yes"])
        .out();
    let after = fresh.text(CONSUMER);
    has_what_was_added(&after);
    assert!(!after.contains("fn catch_up"), "{after}");
}

#[test]
fn reset_puts_back_a_whole_part_and_the_way_back_works() {
    let fresh = Fresh::course();
    solve_some(&fresh);
    fresh.write("exercises/part1_ping_pong/src/mine.rs", "// mine\n");
    fresh.change(
        "exercises/part1_ping_pong/src/lib.rs",
        "//!",
        "//! mine\n//!",
    );
    let solved = fresh.text(PRODUCER);
    let said = fresh.checker(&["reset", "part1", "--yes"]).out();
    insta::assert_snapshot!(said, @r##"
    This puts all of part1 back to what the course gave, in
      exercises/part1_ping_pong/src/consumer.rs
      exercises/part1_ping_pong/src/lib.rs (given)
      exercises/part1_ping_pong/src/producer.rs
    What you added to these files is removed, too; files that you added stay.
    Done. What was there is in
      .checker/backups/DATE-reset-part1
    To bring it back, run in the folder of the course
      cp -R .checker/backups/DATE-reset-part1/exercises .
    Next:
      checker part1
    "##);
    let stub = |file: &str| {
        fs::read_to_string(fresh.at("checker/stubs/part1_ping_pong").join(file)).unwrap()
    };
    assert_eq!(fresh.text(PRODUCER), stub("src/producer.rs"));
    assert_eq!(
        fresh.text("exercises/part1_ping_pong/src/lib.rs"),
        stub("src/lib.rs")
    );
    assert_eq!(
        fresh.text("exercises/part1_ping_pong/src/mine.rs"),
        "// mine\n"
    );
    let folder = fs::read_dir(fresh.at(".checker/backups"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let back = format!("cp -R {}/exercises .", folder.path().display());
    let done = Command::new("sh")
        .args(["-c", &back])
        .current_dir(fresh.folder.path())
        .status()
        .unwrap();
    assert!(done.success());
    assert_eq!(fresh.text(PRODUCER), solved);
}

#[test]
fn what_became_of_a_problem_comes_back_with_its_code() {
    let fresh = Fresh::course();
    solve_some(&fresh);
    just_run(&fresh, "passed");
    let state = || {
        fresh
            .checker(&["list"])
            .out()
            .lines()
            .nth(2)
            .unwrap()
            .to_owned()
    };
    fresh.checker(&["reset", "part1", "--yes"]).out();
    assert_eq!(state(), "→ ·  1. Broadcast                 not written");
    let mut backups = fs::read_dir(fresh.at(".checker/backups")).unwrap();
    let backup = backups.next().unwrap().unwrap().path();
    let done = Command::new("sh")
        .args(["-c", &format!("cp -R {}/exercises .", backup.display())])
        .current_dir(fresh.folder.path())
        .status();
    assert!(done.unwrap().success());
    assert_eq!(
        state(),
        "  ✓  1. Broadcast                 passed 5 minutes ago"
    );
}

#[test]
fn list_leads_on_when_a_part_is_done() {
    let fresh = Fresh::course();
    let entry = r#"{"standing": "passed", "at": "2026-11-25T12:00:00Z", "seed": 7}"#;
    let entries = [1, 2, 3, 4].map(|number| format!(r#""{number}": {entry}"#));
    fresh.journal(&format!(
        r#"{{"at": ["part1", 4], "parts": {{"part1": {{{}}}}}}}"#,
        entries.join(", ")
    ));
    let list = fresh.checker(&["list"]).out();
    let end: Vec<&str> = list.lines().rev().take(3).collect();
    assert_eq!(end[0], "  checker part2 --problem 1");
    assert_eq!(end[2], "Next: read training/part2.md#problem-1-local");
}

#[test]
fn reset_of_given_files_keeps_what_was_written() {
    let fresh = Fresh::course();
    solve_some(&fresh);
    fresh.write("exercises/part1_ping_pong/src/lib.rs", "nonsense");
    let solved = fresh.text(PRODUCER);
    fresh.checker(&["reset", "part1", "--given", "--yes"]).out();
    assert_eq!(fresh.text(PRODUCER), solved);
    assert!(
        fresh
            .text("exercises/part1_ping_pong/src/lib.rs")
            .contains("pub mod")
    );
}

#[test]
fn reset_of_a_problem_whose_markers_are_gone_changes_nothing() {
    let fresh = Fresh::course();
    fresh.change(CONSUMER, "// ── end 1", "");
    let before = fresh.text(CONSUMER);
    insta::assert_snapshot!(fresh
            .checker(&["reset", "part1", "--problem", "1", "--yes"])
            .refusal(), @"error: could not find the markers of gap 1 in exercises/part1_ping_pong/src/consumer.rs: line 54 opens a gap inside the gap of line 41. Put the lines `// ── gap 1: …` and `// ── end 1` back, or reset the whole part");
    assert_eq!(fresh.text(CONSUMER), before);
}

#[test]
fn diff_of_what_has_not_passed_wants_a_peek() {
    let fresh = Fresh::course();
    insta::assert_snapshot!(fresh
            .checker(&["diff", "part1", "--problem", "1"])
            .refusal(), @"error: could not show the solution: problem 1 of part1 has not passed yet. `checker hint` says less; `--peek` shows the solution anyway");
}

#[test]
fn diff_shows_gaps_one_below_the_other_or_side_by_side() {
    let fresh = Fresh::course();
    solve_some(&fresh);
    fresh.change(CONSUMER, ".max(", ".min(");
    fresh.journal(&some_progress());
    insta::assert_snapshot!(fresh.checker(&["diff", "part1", "--problem", "1"]).out(), @"
    - yours, + the solution

    exercises/part1_ping_pong/src/consumer.rs

      gap 1: count a ping, line 40

      // We keep the number and add nothing to it. So a ping that comes twice counts
      // once, and the next ping makes up for a lost one. The higher number wins,
    … because
      // a ping that comes later need not be newer.
      let latest = self.counts.entry(from).or_default();
    - *latest = count.min(*latest);
    + *latest = count.max(*latest);

    exercises/part1_ping_pong/src/producer.rs

      gap 1: broadcast, line 42: the same.

    Only the gaps are compared. To compare whole files, run
      git diff --no-index exercises/part1_ping_pong/src solutions/part1_ping_pong/src
    ");
    insta::assert_snapshot!(fresh
            .checker_at(120, &["diff", "part1", "--problem", "1"])
            .out(), @"
    yours                                                      │ the solution

    exercises/part1_ping_pong/src/consumer.rs

      gap 1: count a ping, line 40

    // We keep the number and add nothing to it. So a ping     │ // We keep the number and add nothing to it. So a ping
    that comes twice counts                                    │ that comes twice counts
    // once, and the next ping makes up for a lost one. The    │ // once, and the next ping makes up for a lost one. The
    higher number wins, because                                │ higher number wins, because
    // a ping that comes later need not be newer.              │ // a ping that comes later need not be newer.
    let latest = self.counts.entry(from).or_default();         │ let latest = self.counts.entry(from).or_default();
    *latest = count.min(*latest);                              ┃ *latest = count.max(*latest);

    exercises/part1_ping_pong/src/producer.rs

      gap 1: broadcast, line 42: the same.

    Only the gaps are compared. To compare whole files, run
      git diff --no-index exercises/part1_ping_pong/src solutions/part1_ping_pong/src
    ");
    let all = fresh.checker(&["diff", "part1"]).out();
    assert!(
        all.contains("problem 3 has not passed yet; `--peek` shows it"),
        "{all}"
    );
}

#[test]
fn diff_tells_of_code_outside_of_the_gaps() {
    let fresh = Fresh::course();
    let diff = || {
        fresh
            .checker(&["diff", "part1", "--problem", "3", "--peek"])
            .out()
    };
    let told = "Outside of the gaps, your file differs from the course's.";
    assert!(!diff().contains(told));
    add_outside_of_the_gaps(&fresh);
    assert!(diff().contains(told));
}

#[test]
fn diff_explains_markers_that_are_gone() {
    let fresh = Fresh::course();
    fresh.change(CONSUMER, "// ── end 1", "");
    let said = fresh
        .checker(&["diff", "part1", "--problem", "1", "--peek"])
        .out();
    assert!(
        said.contains("do not match: line") && said.contains("checker reset part1"),
        "{said}"
    );
}

#[test]
fn color_is_used_when_it_is_wanted() {
    let fresh = Fresh::course();
    let colored = |args: &[&str]| fresh.checker(args).out().contains('\u{1b}');
    assert!(!colored(&["list"]));
    assert!(colored(&["list", "--color", "always"]));
    assert!(colored(&["--color=always", "list"]));
    assert!(!colored(&["list", "--color", "never"]));
    assert!(colored(&["--color", "always", "help"]));
}

// Updates.

/// The course as upstream, and a learner's clone of it.
fn upstream_and_clone() -> (Fresh, Fresh) {
    let upstream = Fresh::course();
    upstream.git(&["init", "--quiet", "--initial-branch", "main"]);
    upstream.git(&["add", "."]);
    upstream.git(&["commit", "--quiet", "-m", "The course"]);
    let folder = tempfile::tempdir().unwrap();
    let from = upstream.folder.path().display().to_string();
    git(folder.path(), &["clone", "--quiet", &from, "."]);
    (upstream, Fresh { folder })
}

/// A newer version: something given has changed around gap 1, gap 3 has another title, there is a
/// gap that was not there, and a file outside of the exercises.
fn release(upstream: &Fresh) {
    upstream.change(
        CONSUMER,
        "/// The consumer of one node.",
        "/// The consumer of one node. It is new.",
    );
    upstream.change(
        CONSUMER,
        "ConsumerMsg::Ping { from, count } => {",
        "ConsumerMsg::Ping { from, count } => {\n                // Given, and new.",
    );
    upstream.change(
        CONSUMER,
        "// ── gap 3: functions that help to catch up\n// ── end 3\n",
        "// ── gap 4: a new one\n// TODO(4): new.\n// ── end 4\n",
    );
    upstream.change(CONSUMER, "gap 1: count a ping", "gap 1: keep a ping");
    upstream.change("Cargo.toml", "version = \"0.1.0\"", "version = \"0.2.0\"");
    upstream.write("docs/NEW.md", "new\n");
    upstream.git(&["add", "."]);
    upstream.git(&["commit", "--quiet", "-m", "A newer version"]);
}

#[test]
fn update_brings_a_new_version_and_keeps_the_gaps() {
    let (upstream, clone) = upstream_and_clone();
    assert_eq!(
        clone.checker(&["update"]).out(),
        "The course is up to date.\n"
    );
    solve_some(&clone);
    clone.change(
        CONSUMER,
        "// ── gap 3: functions that help to catch up\n",
        "// ── gap 3: functions that help to catch up\nfn mine() {}\n",
    );
    clone.write("exercises/part1_ping_pong/src/mine.rs", "// mine\n");
    let before = clone.text(CONSUMER);
    release(&upstream);
    insta::assert_snapshot!(clone.checker(&["update"]).out(), @r##"
    Updated. The course has version 0.2.0 now; CHANGELOG.md says what is new.

    The new versions of these files hold what you wrote:
      exercises/part1_ping_pong/src/consumer.rs

    These gaps are new:
      gap 4: a new one, in exercises/part1_ping_pong/src/consumer.rs

    This could not be kept where it was:
    - exercises/part1_ping_pong/src/consumer.rs: gap 3: functions that help to catch
      up is no longer there. What you had in it is in the backup, under gaps/.

    What was there before is in
      .checker/backups/DATE-update
    To bring it back, run in the folder of the course
      cp -R .checker/backups/DATE-update/exercises .

    Next: `checker list`.
    "##);
    let after = clone.text(CONSUMER);
    assert!(
        after.contains("It is new.") && after.contains("// Given, and new."),
        "{after}"
    );
    assert!(
        after.contains(".max("),
        "the gap is filled although it has a new title: {after}"
    );
    assert!(after.contains("// TODO(4): new."), "{after}");
    assert_eq!(
        clone.text("exercises/part1_ping_pong/src/mine.rs"),
        "// mine\n"
    );
    assert_eq!(clone.text("docs/NEW.md"), "new\n");
    let backups = clone.backups();
    assert_eq!(backups[&format!("update/{CONSUMER}")], before);
    assert!(backups[&format!("update/gaps/{CONSUMER}")].contains("fn mine() {}"));
    assert_eq!(
        clone.git(&["rev-parse", "HEAD"]),
        upstream.git(&["rev-parse", "HEAD"])
    );
    let status = clone.git(&["status", "--porcelain"]);
    assert!(
        status.lines().all(|line| line.contains("exercises/")),
        "{status}"
    );
}

#[test]
fn update_keeps_what_was_added_outside_of_the_gaps() {
    let (upstream, clone) = upstream_and_clone();
    solve_some(&clone);
    add_outside_of_the_gaps(&clone);
    release(&upstream);
    // Beside two of the additions.
    upstream.change(CONSUMER, FIELD, &format!("{FIELD}    theirs: u64,\n"));
    upstream.change(CONSUMER, ARM, &ARM.replace("sum()", "max()"));
    upstream.git(&["commit", "--quiet", "-am", "More"]);
    let said = clone.checker(&["update"]).out();
    assert!(!said.contains("outside of the gaps"), "{said}");
    let after = clone.text(CONSUMER);
    has_what_was_added(&after);
    for theirs in ["It is new.", "theirs: u64,", "values().max()"] {
        assert!(after.contains(theirs), "{theirs:?} is not in\n{after}");
    }
}

#[test]
fn update_takes_out_the_marks_of_room_and_keeps_what_stood_there() {
    let (upstream, clone) = upstream_and_clone();
    let room = "    // ── gap 0: fields of your own\n    // ── end 0\n";
    upstream.change(CONSUMER, FIELD, &format!("{FIELD}{room}"));
    upstream.git(&["commit", "--quiet", "-am", "Room"]);
    clone.git(&["pull", "--quiet"]);
    let mine = room.replace("own\n", "own\n    mine: u64,\n");
    clone.write(CONSUMER, &clone.text(CONSUMER).replace(room, &mine));
    upstream.change(CONSUMER, room, "");
    release(&upstream);
    let said = clone.checker(&["update"]).out();
    assert!(!said.contains("could not be kept"), "{said}");
    let after = clone.text(CONSUMER);
    assert!(
        after.contains(&format!("{FIELD}    mine: u64,\n}}")),
        "{after}"
    );
    assert!(!after.contains("gap 0"), "{after}");
}

#[test]
fn update_keeps_the_commits_of_the_learner() {
    let (upstream, clone) = upstream_and_clone();
    solve_some(&clone);
    clone.git(&["commit", "--quiet", "-am", "Mine"]);
    let mine = clone.git(&["rev-parse", "HEAD"]);
    release(&upstream);
    let theirs = upstream.git(&["rev-parse", "HEAD"]);
    clone.checker(&["update"]).out();
    for commit in [&mine, &theirs] {
        clone.git(&["merge-base", "--is-ancestor", commit, "HEAD"]);
    }
    assert_eq!(
        clone.git(&["status", "--porcelain"]),
        "",
        "all of it is committed"
    );
    assert!(clone.text(CONSUMER).contains("It is new.") && clone.text(CONSUMER).contains(".max("));
    assert_eq!(
        clone.checker(&["update"]).out(),
        "The course is up to date.\n"
    );
}

#[test]
fn interrupted_update_is_ended_by_the_next_one() {
    for steps in 1..=3 {
        let (upstream, clone) = upstream_and_clone();
        solve_some(&clone);
        release(&upstream);
        let course = Course::find(clone.folder.path()).unwrap();
        clone.git(&["fetch", "--quiet"]);
        let plan = updating::plan(&course, Some("origin/main"))
            .unwrap()
            .unwrap();
        plan.back_up(&course).unwrap();
        if steps > 1 {
            plan.write_exercises(&course).unwrap();
        }
        if steps > 2 {
            plan.write_others().unwrap();
        }
        clone.checker(&["update"]).out();
        let after = clone.text(CONSUMER);
        assert!(
            after.contains("It is new.") && after.contains(".max("),
            "{after}"
        );
        assert_eq!(
            clone.git(&["rev-parse", "HEAD"]),
            upstream.git(&["rev-parse", "HEAD"])
        );
        assert_eq!(clone.text("docs/NEW.md"), "new\n");
    }
}

#[test]
fn update_takes_the_course_from_a_folder() {
    let (upstream, clone) = upstream_and_clone();
    clone.git(&["remote", "remove", "origin"]);
    release(&upstream);
    insta::assert_snapshot!(clone.checker(&["update"]).refusal(), @"error: could not update: the branch main has no upstream, so the checker does not know where the course comes from. `--from` names a folder or a branch, such as `--from origin/main`; or tell git with `git branch --set-upstream-to origin/main`");
    let from = upstream.folder.path().display().to_string();
    clone.checker(&["update", "--from", &from]).out();
    assert_eq!(clone.text("docs/NEW.md"), "new\n");
    assert!(
        clone
            .checker(&["update", "--from", "nowhere"])
            .refusal()
            .contains("neither a folder nor")
    );
}

#[test]
fn update_refuses_what_it_cannot_handle() {
    let (upstream, clone) = upstream_and_clone();
    release(&upstream);
    clone.change("TRAINING.md", "# The course", "# My course");
    insta::assert_snapshot!(clone.checker(&["update"]).refusal(), @r##"
    Fetching from origin …
    error: could not update: these files outside of exercises/ were changed and are not committed:
      TRAINING.md
    Commit them, or put them back with `git restore FILE` (move away files that git does not track); then run this again
    "##);
    clone.git(&["restore", "TRAINING.md"]);
    clone.write("docs/NEW.md", "my own\n");
    let refused = clone.checker(&["update"]).refusal();
    assert!(refused.contains("docs/NEW.md"), "{refused}");
    fs::remove_file(clone.at("docs/NEW.md")).unwrap();
    clone.git(&["switch", "--quiet", "--detach"]);
    insta::assert_snapshot!(clone.checker(&["update"]).refusal(), @"error: could not update: this clone is on no branch (git calls it a detached HEAD). Switch to your branch with `git switch main`, or create one here with `git switch -c mine`");
    clone.git(&["switch", "--quiet", "main"]);
    fs::write(
        clone.at(".git/MERGE_HEAD"),
        clone.git(&["rev-parse", "HEAD"]),
    )
    .unwrap();
    insta::assert_snapshot!(clone.checker(&["update"]).refusal(), @"error: could not update: a merge is in progress in this clone. End it first, with `git merge --continue` or `git merge --abort`");
    fs::remove_file(clone.at(".git/MERGE_HEAD")).unwrap();
    clone.change("Cargo.toml", "version = \"0.1.0\"", "version = \"0.1.1\"");
    clone.git(&["commit", "--quiet", "-am", "Mine"]);
    let refused = clone.checker(&["update"]).refusal();
    assert!(
        refused.contains("both changed these files") && refused.contains("Cargo.toml"),
        "{refused}"
    );
    assert_eq!(clone.backups().len(), 0);
}

#[test]
fn update_of_a_course_that_is_no_clone_is_refused() {
    insta::assert_snapshot!(Fresh::course().checker(&["update"]).refusal(), @"error: could not update: FOLDER is not a clone of the course's repository, so there is nothing to fetch from. Clone the course again, and copy your exercises/ over");
}

#[test]
fn edits_outside_of_the_gaps_are_merged_or_named() {
    let (upstream, clone) = upstream_and_clone();
    clone.change(
        CONSUMER,
        "use std::collections::BTreeMap;",
        "use std::collections::{BTreeMap, BTreeSet};",
    );
    clone.change(PRODUCER, "//! ", "//! Mine: ");
    upstream.change(PRODUCER, "//! ", "//! Theirs: ");
    release(&upstream);
    let said = clone.checker(&["update"]).out();
    assert!(clone.text(CONSUMER).contains("{BTreeMap, BTreeSet}"));
    assert!(clone.text(PRODUCER).contains("//! Theirs: "));
    assert!(said.contains("outside of the gaps"), "{said}");
    assert!(clone.backups()[&format!("update/{PRODUCER}")].contains("//! Mine: "));
}

/// A journal in which problem 1 has the standing and was run with the code as it is now.
fn just_run(fresh: &Fresh, standing: &str) {
    let course = Course::find(fresh.folder.path()).unwrap();
    let sources = Sources::read(&course.exercise(&PARTS[0])).unwrap();
    let code = fingerprint(&PARTS[0].problems[0], &sources);
    let at = Timestamp::now() - SignedDuration::from_mins(5);
    fresh.journal(&format!(
        r#"{{"parts": {{"part1": {{"1": {{"standing": "{standing}", "at": "{at}", "seed": 7, "code": "{code}"}}}}}}}}"#
    ));
}

#[test]
fn code_that_was_changed_since_the_last_run_is_told() {
    let fresh = Fresh::course();
    solve_some(&fresh);
    just_run(&fresh, "passed");
    let line = |fresh: &Fresh| {
        fresh
            .checker(&["list"])
            .out()
            .lines()
            .nth(2)
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        line(&fresh),
        "  ✓  1. Broadcast                 passed 5 minutes ago"
    );
    fresh.change(CONSUMER, "// ── gap 1", "// A comment.\n// ── gap 1");
    fresh.change(CONSUMER, "// ── end 3", "let more = 1;\n// ── end 3");
    assert_eq!(
        line(&fresh),
        "  ✓  1. Broadcast                 passed 5 minutes ago"
    );
    fresh.change(CONSUMER, ".max(", ".min(");
    assert_eq!(
        line(&fresh),
        "  ✓  1. Broadcast                 passed 5 minutes ago, changed since"
    );
    let stub = fresh.text("checker/stubs/part1_ping_pong/src/consumer.rs");
    fresh.write(CONSUMER, &stub);
    fresh.write(
        PRODUCER,
        &fresh.text("checker/stubs/part1_ping_pong/src/producer.rs"),
    );
    assert_eq!(
        line(&fresh),
        "  ·  1. Broadcast                 not written"
    );
}

#[test]
fn hint_says_which_one_fits_what_the_last_run_saw() {
    let fresh = Fresh::course();
    solve_some(&fresh);
    just_run(&fresh, "failed");
    let mut failure = Failure::new("a step", "n2 shows 2", "n2 shows 1");
    failure.diagnosis = Some(Diagnosis {
        mistake: "counts-deliveries".into(),
        suggests: "the consumer counts how many pings arrive".into(),
        because: "a ping came twice, and the count is one too high".into(),
        training: "training/part1.md#problem-1-broadcast".into(),
        hint: 2,
        hint_of: None,
    });
    let outcome = Outcome {
        scenario: "part1-twice".into(),
        title: "a ping is delivered twice".into(),
        problem: 1,
        verdict: Verdict::Failed(Box::new(failure)),
        observations: Vec::new(),
        duration: Duration::from_millis(700),
        repeats: Vec::new(),
        seed: 7,
        world: World::Processes,
        schedules: 0,
        explored: None,
        unsimulated: None,
        folder: None,
    };
    let mut report = PartReport::new(&PARTS[0], Graded::Exercise, 7, 1);
    report.conclude(vec![ProblemResult::new(
        1,
        "Broadcast",
        false,
        vec![outcome],
    )]);
    let course = Course::find(fresh.folder.path()).unwrap();
    keep(&course, &report);
    let first = fresh.checker(&["hint"]).out();
    insta::assert_snapshot!(first.split_once("which.\n\n").unwrap().1, @"
    Your last run failed. The consumer counts how many pings arrive. The evidence: a
    ping came twice, and the count is one too high. Hint 2, the next one, is about
    that. See training/part1.md#problem-1-broadcast.

    2 hints remain. To show the next, run
      checker hint part1 --problem 1
    ");
    let again = fresh.checker(&["hint", "--all"]).out();
    let words: Vec<&str> = again.split_whitespace().collect();
    assert!(words.join(" ").contains("`--again` repeats it"), "{again}");
}

/// Keeps a run that ended with a report.
fn keep(course: &Course, report: &PartReport) -> Run {
    let begun = Run::begin(course, "part1").unwrap();
    begun.save(report).unwrap();
    let run = (*begun).clone();
    begun.end();
    run
}

#[test]
fn nonsense_in_the_newest_run_leads_to_the_run_before_it() {
    let fresh = Fresh::course();
    let course = Course::find(fresh.folder.path()).unwrap();
    let outcome = Outcome {
        scenario: "part1-twice".into(),
        title: "a ping is delivered twice".into(),
        problem: 1,
        verdict: Verdict::Passed {
            property: "It holds.".into(),
        },
        observations: Vec::new(),
        duration: Duration::from_millis(700),
        repeats: Vec::new(),
        seed: 7,
        world: World::Processes,
        schedules: 0,
        explored: None,
        unsimulated: None,
        folder: Some("run-1/part1-twice-1".into()),
    };
    let mut report = PartReport::new(&PARTS[0], Graded::Exercise, 7, 1);
    report.conclude(vec![ProblemResult::new(
        1,
        "Broadcast",
        false,
        vec![outcome],
    )]);
    let before = keep(&course, &report);
    let tries = before.path().join("run-1/part1-twice-1");
    fs::create_dir_all(&tries).unwrap();
    fs::write(tries.join("n1@127.0.0.1.stdout.log"), "a line\n").unwrap();
    for nonsense in ["", "{", "[1, 2]", "{\"part\": 1}", "\u{0}\u{fffd}"] {
        let newest = keep(&course, &report);
        fs::write(newest.path().join("run.json"), nonsense).unwrap();
        for args in [
            &["report"][..],
            &["report", "part1", "--format", "json"],
            &["logs", "n1"],
            &["logs", "--list"],
        ] {
            let said = fresh.checker(args);
            assert_eq!(said.code, 0, "{args:?}: {}", said.stderr);
            let earlier = format!("So this report is of an earlier run, {}.", before.name());
            assert!(said.stderr.contains(&earlier), "{args:?}: {}", said.stderr);
        }
        let named = fresh.checker(&["report", &newest.name()]);
        assert_eq!(named.code, 4, "who asks for that one gets no other");
        let list = fresh.checker(&["report", "--list"]).out();
        assert!(list.contains("cannot be read"), "{list}");
    }
    // What is no run of ours does not stand in the way either.
    fs::create_dir_all(course.root.join(".checker/runs/zzz")).unwrap();
    assert_eq!(fresh.checker(&["logs", "n1"]).code, 0);
}
