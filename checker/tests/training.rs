//! What the course's text says is true: its commands are understood, they print what is shown
//! below them, and whatever the text points at is there.
//!
//! In what a learner reads, a block marked `console` holds commands (lines that begin with
//! `$ `) and, below each, what it prints; `…` stands for what differs. Blocks marked `text` hold
//! what cannot be run here: two windows, a debugger, pictures. (A command in them that ends with a
//! backslash goes on in the next line.)

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use checker::manifest::PARTS;
use grader::part_report::{Graded, PartReport};
use report::markdown;
use report::terminal::render;
use runtime::{CallError, ExitReason, NodeName};
use testkit::hints::{self, HINTS};
use testkit::part::{Part, Problem};
use testkit::verdict::{Outcome, ProblemResult, Standing, Verdict, World};
use walkdir::WalkDir;

const CHECKER: &str = env!("CARGO_BIN_EXE_checker");

/// The table of contents of the book.
const SUMMARY: &str = "training/SUMMARY.md";

/// The documents, besides the book and the hints, that tell a learner what to do.
const TAUGHT: [&str; 2] = ["TRAINING.md", "README.md"];

/// The guide for those who teach. Its commands must be right, too.
const TRAINER: &str = "docs/TRAINER.md";

/// The documents for other readers. Their links must lead somewhere, too.
const OTHERS: [&str; 7] = [
    SUMMARY,
    TRAINER,
    "docs/AUTHORING.md",
    "CHANGELOG.md",
    "ARCHITECTURE.md",
    "docs/PROTOCOL.md",
    "docs/JSON.md",
];

/// As much as can be read at a sitting.
const MAX_WORDS_OF_A_CHAPTER: usize = 6_000;

/// What TRAINING.md and the book may have for each part, without the hints.
const MAX_WORDS_FOR_A_PART: usize = 7_000;

/// As much as a page that begins with an exercise may have.
const MAX_LINES_OF_THE_WAY_IN: usize = 300;

/// The folders of the course; a word that begins with one of them is a path.
const FOLDERS: [&str; 6] = [
    "checker/",
    "docs/",
    "exercises/",
    "runtime/",
    "solutions/",
    "training/",
];

/// The flags of cargo that the text uses. (Those of our own programs are looked up.)
const CARGO_FLAGS: [&str; 8] = [
    "--locked",
    "--no-deps",
    "--offline",
    "--open",
    "--path",
    "--test",
    "--workspace",
    "-p",
];

#[test]
fn console_blocks_hold_commands_of_known_shapes() {
    for command in commands() {
        for word in &command.words {
            let plain = word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./=@:".contains(c));
            assert!(
                plain,
                "{command}: {word:?} could mean more to a shell than it says"
            );
        }
        match kind(&command.words) {
            Some(Kind::Cargo) => check_cargo(&command.to_string(), &command.words),
            Some(Kind::Checker { .. }) => {}
            None => panic!("{command}: no command of a known shape; should its block be `text`?"),
        }
    }
}

#[test]
fn commands_of_the_checker_are_understood() {
    let mut understood = 0;
    for command in commands() {
        if let Some(Kind::Checker { args, quick: false }) = kind(&command.words) {
            check_understood(&command.to_string(), args);
            understood += 1;
        }
    }
    assert!(
        understood > 5,
        "only {understood} commands of the checker were found"
    );
    for document in taught() {
        for span in document.spans() {
            let words: Vec<&str> = span.split_whitespace().collect();
            if let ["cargo", "checker", args @ ..] = &words[..] {
                check_understood(&format!("{}: `{span}`", document.file), args);
            }
        }
    }
}

#[test]
fn quick_commands_print_what_is_shown() {
    let mut ran = 0;
    for command in commands() {
        let Some(Kind::Checker { args, quick: true }) = kind(&command.words) else {
            assert!(
                command.shown.is_empty(),
                "{command}: it is not run here, so show what it prints in a `text` block"
            );
            continue;
        };
        // What `list` prints depends on what was solved: here, nothing.
        let output = match args {
            ["list"] => checker_in(fresh_course().path(), args),
            _ => checker(args),
        };
        assert!(
            output.status.success(),
            "{command} failed:\n{}",
            everything(&output)
        );
        check_shown(&command.to_string(), &everything(&output), &command.shown);
        ran += 1;
    }
    assert!(ran >= 2, "only {ran} commands were run");
}

/// The test of one's own that the text shows is one of the solution's tests, so that it compiles and
/// passes.
#[test]
fn shown_test_of_ones_own_is_a_test_that_runs() {
    let text = file("training/logs_and_debugger.md");
    let test = root().join("solutions/part1_ping_pong/tests/own.rs");
    let test = fs::read_to_string(test).unwrap();
    let (_, shown) = test
        .split_once("// ── as the text shows it\n")
        .expect("the test says which part is shown");
    assert!(
        text.contains(&format!("```rust\n{shown}```")),
        "the text does not show the test as it is"
    );
}

/// README.md is one screen long, so this holds for the first part.
#[test]
fn readme_shows_what_a_solution_that_passes_prints() {
    let readme = Document::read("README.md");
    colored::control::set_override(false);
    let part = PARTS.first().expect("the course has a part");
    let page = render(&passed(part), &PARTS, "cargo checker");
    let heading = format!("Part {}, {}", part.number, part.title);
    let shown = readme.blocks.iter().find(|block| block.contains(&heading));
    let shown = shown.unwrap_or_else(|| panic!("README.md has no block with {heading:?}"));
    let lines: Vec<&str> = shown.lines.iter().map(String::as_str).collect();
    check_shown(&format!("README.md, {heading}"), &page, &lines);
    for problem in part.problems {
        let line = format!("problem {}, {}", problem.number, problem.title);
        assert!(shown.contains(&line), "README.md does not show {line:?}");
    }
}

#[test]
fn commands_in_text_name_packages_and_flags_that_exist() {
    let config = file(".cargo/config.toml");
    let mut ran = 0;
    for document in taught() {
        for line in document.text_lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let place = format!("{}: {line:?}", document.file);
            assert!(
                words.first() != Some(&"cargo") || !words.contains(&"\\"),
                "{place}: a backslash within a command"
            );
            match &words[..] {
                ["cargo", "node", flags @ ..] => {
                    assert!(
                        config.contains("\nnode = "),
                        "{place}: there is no alias `node`"
                    );
                    check_node_flags(&place, flags);
                }
                ["cargo", "run", "-p", package, "--", "run", flags @ ..] => {
                    check_package(&place, package);
                    check_run_flags(&place, package, flags);
                    ran += 1;
                }
                ["cargo", "run", "-p", package, "--", flags @ ..] => {
                    check_package(&place, package);
                    check_node_flags(&place, flags);
                }
                // A session, which goes on below the command.
                ["cargo", "checker", "play", ..] => check_understood(&place, &words[2..]),
                ["cargo", ..] => panic!("{place}: put it into a `console` block"),
                _ => {}
            }
        }
    }
    assert!(ran >= 2, "only {ran} commands `run` were found");
}

#[test]
fn flags_in_prose_exist() {
    let commands = [
        "part1", "watch", "list", "hint", "reset", "diff", "report", "logs", "play", "update",
        "shell",
    ];
    let help: String = commands
        .iter()
        .map(|command| everything(&checker(&[command, "--help"])))
        .collect();
    for document in taught() {
        for span in document.spans() {
            let flag = span.split([' ', '=']).next().unwrap_or_default();
            if flag.starts_with("--") {
                let of_checker = help.split([' ', ',', '\n']).any(|word| word == flag);
                let of_run = is_flag_in(&file(RUN_COMMAND), flag);
                assert!(
                    of_checker || is_node_flag(flag) || of_run,
                    "{}: neither the checker nor a node nor the command `run` knows `{flag}`",
                    document.file
                );
            }
        }
    }
}

#[test]
fn commands_of_the_shell_exist() {
    let shell = sources("runtime/shell/src");
    let mut typed = 0;
    for document in taught() {
        for line in document.text_lines() {
            if let Some((_, command)) = line.split_once("@127.0.0.1> ") {
                let name = command.split(' ').next().unwrap_or_default();
                assert!(
                    shell.contains(&format!("name: \"{name}\"")),
                    "{}: the shell has no command {name:?}",
                    document.file
                );
                typed += 1;
            }
        }
    }
    assert!(typed > 10, "only {typed} lines of the shell were found");
}

#[test]
fn paths_that_are_mentioned_exist() {
    for document in taught() {
        let blocks = document.blocks.iter().flat_map(|block| &block.lines);
        for text in document.spans().iter().chain(blocks) {
            for word in text.split_whitespace() {
                let word = word
                    .trim_matches(|c: char| ",:;()\"'".contains(c))
                    .trim_end_matches('.');
                let is_path = FOLDERS.iter().any(|folder| word.starts_with(folder));
                if is_path || word.contains(".md") {
                    check_target(document.file, &format!("/{word}"));
                }
            }
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let others = OTHERS.into_iter().map(Document::read);
    for document in taught().into_iter().chain(others) {
        for target in document.link_targets() {
            if !target.starts_with("https://") {
                check_target(document.file, &target);
            }
        }
    }
}

/// That each picture which the text names is there, [`links_lead_somewhere`] says.
#[test]
fn text_shows_every_picture() {
    let targets: BTreeSet<String> = chapters()
        .into_iter()
        .flat_map(|chapter| Document::read(chapter).link_targets())
        .collect();
    let mut pictures = 0;
    for entry in fs::read_dir(root().join("training/img")).unwrap() {
        let name = format!("img/{}", entry.unwrap().file_name().display());
        assert!(targets.contains(&name), "no chapter shows {name}");
        pictures += 1;
    }
    assert!(pictures > 10, "only {pictures} pictures were found");
}

#[test]
fn table_of_contents_has_every_chapter_once() {
    let mut listed = chapters();
    listed.sort_unstable();
    let mut there: Vec<String> = fs::read_dir(root().join("training"))
        .unwrap()
        .map(|entry| format!("training/{}", entry.unwrap().file_name().display()))
        .filter(|path| path.ends_with(".md") && path != SUMMARY)
        .collect();
    there.sort_unstable();
    assert_eq!(listed, there);
}

#[test]
fn chapter_can_be_read_at_a_sitting() {
    for chapter in chapters() {
        let words = words_of(chapter);
        assert!(
            words <= MAX_WORDS_OF_A_CHAPTER,
            "{chapter} has {words} words"
        );
    }
}

#[test]
fn whole_text_has_at_most_7_000_words_for_each_part() {
    let words: usize = chapters().into_iter().map(words_of).sum();
    let words = words + words_of("TRAINING.md");
    let most = MAX_WORDS_FOR_A_PART * PARTS.len();
    assert!(words <= most, "the text has {words} words");
}

#[test]
fn way_in_is_short() {
    let lines = file("TRAINING.md").lines().count();
    assert!(lines <= MAX_LINES_OF_THE_WAY_IN, "it has {lines} lines");
}

/// Wherever a failure, a list or a hint sends the learner.
#[test]
fn checker_leads_to_sections_that_exist() {
    for part in PARTS.iter() {
        check_target(part.name, &format!("/{}", part.chapter));
        let problems = part.problems.iter().map(|problem| problem.anchor);
        let mistakes = part.mistakes.iter().map(|mistake| mistake.training);
        for anchor in problems.chain(mistakes) {
            check_target(part.name, &format!("/{}", part.section(anchor)));
        }
    }
}

/// In comments, in what a scenario says of its failure, in what tests expect.
#[test]
fn sections_that_sources_name_exist() {
    let folders = ["checker", "exercises", "runtime", "solutions"];
    let files = folders.into_iter().flat_map(|folder| {
        let all = WalkDir::new(root().join(folder));
        // A template speaks of the chapter that a new part will have.
        let is_of_course = |entry: &walkdir::DirEntry| !entry.path().ends_with("checker/template");
        all.into_iter()
            .filter_entry(is_of_course)
            .filter_map(Result::ok)
    });
    let mut named = 0;
    for entry in files {
        let path = entry.path();
        let is_source = path
            .extension()
            .is_some_and(|it| it == "rs" || it == "toml");
        if !is_source {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for behind in text.split("training/").skip(1) {
            let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && !"_-.#".contains(c));
            let name = behind[..end.unwrap_or(behind.len())].trim_end_matches('.');
            if name.contains(".md") {
                check_target(&path.to_string_lossy(), &format!("/training/{name}"));
                named += 1;
            }
        }
    }
    assert!(named > 10, "only {named} places were found");
}

#[test]
fn every_part_has_its_chapter_and_every_problem_its_section() {
    for part in PARTS.iter() {
        let chapter = Document::read(part.chapter);
        let heading = format!("Part {}: {}", part.number, part.title);
        let whole = chapter.section(&heading);
        for editable in part.editable {
            let path = format!("exercises/{}/{editable}", part.folder);
            assert!(whole.contains(&path), "{heading} does not name {path}");
        }
        for problem in part.problems {
            let heading = format!("Problem {}: {}", problem.number, problem.title);
            assert_eq!(slug(&heading), problem.anchor, "the anchor of {heading}");
            let section = chapter.section(&heading);
            let command = format!(
                "\n$ cargo checker {} --problem {}\n",
                part.name, problem.number
            );
            assert!(
                section.contains(&command),
                "{heading} does not say how to grade it"
            );
            let hint = format!(
                "`cargo checker hint {} --problem {}`",
                part.name, problem.number
            );
            assert!(
                section.contains(&hint),
                "{heading} does not say how to see a hint"
            );
            let hints = format!(
                "(../checker/parts/{}/hints.md#{})",
                part.folder, problem.anchor
            );
            assert!(
                section.contains(&hints),
                "{heading} has no link to its hints"
            );
            let optional = section.contains("\nOptional.");
            assert_eq!(
                optional, problem.optional,
                "whether {heading} says that it is optional"
            );
        }
    }
}

#[test]
fn every_problem_has_three_hints_from_vague_to_plain() {
    for (part, problem) in problems() {
        let hints = hints::of(part, problem);
        assert_eq!(hints.len(), HINTS, "{} {}", part.name, problem.anchor);
        assert!(hints.iter().all(|hint| !hint.text.is_empty()));
    }
}

#[test]
fn no_hint_shows_a_mark_of_its_markdown() {
    colored::control::set_override(false);
    for (part, problem) in problems() {
        for hint in hints::of(part, problem) {
            let shown = markdown::render(&hint.text, 78);
            // Code is shown as it stands: in blocks, and between backticks.
            let lines = shown.lines().filter(|line| !line.starts_with("    "));
            let lines: Vec<&str> = lines.collect();
            let words = lines.join(" ");
            let words: String = words.split('`').step_by(2).collect();
            for mark in ["*", "](", "**", "<", "&"] {
                assert!(
                    !words.contains(mark),
                    "{mark} in {} {}:\n{shown}",
                    part.name,
                    problem.anchor
                );
            }
        }
    }
}

#[test]
fn table_of_verdicts_tells_the_exit_codes() {
    let training = Document::read("training/grading.md");
    for standing in [
        Standing::Passed,
        Standing::Failed,
        Standing::Inconclusive,
        Standing::NotWritten,
        Standing::CheckerFault,
    ] {
        let row = format!("\n| {} | {} | ", standing.word(), standing.exit_code());
        assert!(training.text.contains(&row), "there is no row {row:?}");
    }
}

#[test]
fn table_of_call_errors_is_complete_and_right() {
    let training = Document::read("training/part1.md");
    let node: NodeName = "n1@sim".parse().unwrap();
    let why = String::new;
    for error in [
        CallError::NotConnected(node.clone(), why()),
        CallError::NoProcess(node.clone()),
        CallError::NotUnderstood(why()),
        CallError::Unsendable(why()),
        CallError::Stopped,
        CallError::Timeout(node.clone()),
        CallError::NodeDown(node),
        CallError::Exited(ExitReason::Killed),
        CallError::NoReply,
        CallError::BadAnswer(why()),
    ] {
        let begin = format!("| `{}` |", variant(&error));
        let row = training.text.lines().find(|line| line.starts_with(&begin));
        let row = row.unwrap_or_else(|| panic!("there is no row {begin}"));
        let answer = row
            .trim_end_matches('|')
            .rsplit('|')
            .next()
            .unwrap_or_default()
            .trim();
        assert_eq!(answer != "no", error.may_have_happened(), "{row}");
    }
}

#[test]
fn functions_of_the_runtime_that_are_mentioned_exist() {
    let runtime = sources("runtime/src");
    let mut mentioned = BTreeSet::new();
    for document in taught() {
        for span in document.spans() {
            let call = ["ctx.", "node."]
                .iter()
                .find_map(|of| span.strip_prefix(of));
            if let Some(call) = call {
                let name = call
                    .split(|c: char| !is_identifier(c))
                    .next()
                    .unwrap_or_default();
                mentioned.insert(name.to_owned());
            }
        }
    }
    assert!(mentioned.len() > 10, "only these were found: {mentioned:?}");
    for name in mentioned {
        let there = [format!("fn {name}("), format!("fn {name}<")]
            .iter()
            .any(|it| runtime.contains(it));
        assert!(there, "the runtime has no function `{name}`");
    }
}

#[test]
fn shown_line_fits_only_what_it_stands_for() {
    for (line, shown, fit) in [
        ("passed in 1.2 s", "passed in 1.2 s", true),
        ("passed in 1.2 s", "passed in … s", true),
        ("passed in 1.2 s, twice", "passed in … s", false),
        ("passed in 1.2 s, twice", "passed in …", true),
        ("failed in 1.2 s", "passed in …", false),
        ("passed", "pass", false),
    ] {
        assert_eq!(fits(line, shown), fit, "{line:?} {shown:?}");
    }
}

// The checks.

/// A command for cargo itself: its flags are known, and what it names is there.
#[track_caller]
fn check_cargo(place: &str, words: &[&str]) {
    for (at, word) in words.iter().enumerate() {
        if word.starts_with('-') {
            assert!(
                CARGO_FLAGS.contains(word),
                "{place}: {word} is not among the known flags"
            );
        }
        let after = words.get(at + 1);
        match (*word, after) {
            ("-p", Some(package)) => check_package(place, package),
            ("--path", Some(path)) => assert!(root().join(path).exists(), "{place}: no {path}"),
            ("-p" | "--path", None) => panic!("{place}: {word} of what?"),
            _ => {}
        }
    }
}

#[track_caller]
fn check_package(place: &str, package: &str) {
    let line = format!("\nname = \"{package}\"\n");
    let ours = |entry: &walkdir::DirEntry| entry.file_name() != "target";
    let found = WalkDir::new(root())
        .max_depth(3)
        .into_iter()
        .filter_entry(ours)
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name() == "Cargo.toml")
        .any(|entry| fs::read_to_string(entry.path()).is_ok_and(|text| text.contains(&line)));
    assert!(found, "{place}: there is no package {package}");
}

#[track_caller]
fn check_node_flags(place: &str, words: &[&str]) {
    for flag in words.iter().filter(|word| word.starts_with("--")) {
        assert!(is_node_flag(flag), "{place}: a node does not know {flag}");
    }
}

/// The program of a part has a command `run`, which knows these flags, and gets those without which
/// it does nothing.
#[track_caller]
fn check_run_flags(place: &str, package: &str, words: &[&str]) {
    let folder = folder_of(package);
    let folder = folder.unwrap_or_else(|| panic!("{place}: {package} is no program of a part"));
    let main = file(&format!("{folder}/src/main.rs"));
    assert!(
        main.contains("== \"run\""),
        "{place}: {package} has no command `run`"
    );
    let command = file(RUN_COMMAND);
    for (at, flag) in words.iter().enumerate() {
        if !flag.starts_with("--") {
            continue;
        }
        assert!(
            is_flag_in(&command, flag),
            "{place}: `run` does not know {flag}"
        );
        let value = words.get(at + 1);
        assert!(
            value.is_some_and(|value| !value.starts_with("--")),
            "{place}: {flag} has no value"
        );
    }
    for needed in ["--input", "--output"] {
        assert!(words.contains(&needed), "{place}: there is no {needed}");
    }
}

/// The command line is read up to `--help`, which ends it: so nothing is run, but what stands
/// before it must be right.
#[track_caller]
fn check_understood(place: &str, args: &[&str]) {
    let args: Vec<&str> = match args {
        // `help` is a command that takes no flags.
        ["help"] => args.to_vec(),
        _ => args.iter().copied().chain(["--help"]).collect(),
    };
    let output = checker(&args);
    assert!(
        output.status.success(),
        "{place} is not understood:\n{}",
        everything(&output)
    );
}

/// Each line that is shown appears, in this order; other lines may stand between them.
#[track_caller]
fn check_shown<S: AsRef<str>>(place: &str, output: &str, shown: &[S]) {
    let mut lines = output.lines();
    for wanted in shown {
        let wanted = wanted.as_ref().trim_end();
        assert!(
            lines.any(|line| fits(line.trim_end(), wanted)),
            "{place}: this line is shown, and does not appear where it should:\n{wanted}\nin:\n{output}"
        );
    }
}

/// A target as it stands in a link: `#anchor`, `file` or `file#anchor`. A slash begins a path from the
/// top of the course.
#[track_caller]
fn check_target(from: &str, target: &str) {
    let (path, anchor) = match target.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (target, None),
    };
    let beside = Path::new(from).parent().unwrap_or(Path::new(""));
    let path = match path.strip_prefix('/') {
        Some(path) => PathBuf::from(path),
        None if path.is_empty() => PathBuf::from(from),
        None => beside.join(path),
    };
    let whole = root().join(&path);
    assert!(whole.exists(), "{from}: there is no {}", path.display());
    if let Some(anchor) = anchor {
        let anchors = Document::parse("", fs::read_to_string(&whole).unwrap()).anchors();
        assert!(
            anchors.contains(anchor),
            "{from}: {} has no section {anchor}",
            path.display()
        );
    }
}

/// Whether a line is what is shown, in which `…` stands for anything.
fn fits(line: &str, shown: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty() || shown.ends_with('…')
}

fn is_node_flag(flag: &str) -> bool {
    [
        file("runtime/src/launch.rs"),
        file("runtime/shell/src/main.rs"),
        // Those of the nodes of parts 3 and 4.
        file("runtime/shortener/src/lib.rs"),
    ]
    .iter()
    .any(|source| is_flag_in(source, flag))
}

/// Whether the source of a command line has a field for this flag, behind an attribute that makes
/// it one.
fn is_flag_in(source: &str, flag: &str) -> bool {
    let name = flag.trim_start_matches('-').replace('-', "_");
    let fields = [format!("{name}: "), format!("pub {name}: ")];
    let mut before = "";
    source.lines().map(str::trim).any(|line| {
        let is_arg = before.starts_with("#[arg(long");
        before = line;
        is_arg && fields.iter().any(|field| line.starts_with(field.as_str()))
    })
}

/// The source of the command `run` of part 2.
const RUN_COMMAND: &str = "runtime/batch/src/command.rs";

/// The folder of the program of a part.
fn folder_of(package: &str) -> Option<String> {
    PARTS.iter().find_map(|part| match package {
        _ if package == part.package => Some(format!("checker/stubs/{}", part.folder)),
        _ if package == part.solution_package => Some(format!("solutions/{}", part.folder)),
        _ => None,
    })
}

/// What a call error is called. A `match`, so that a new one must be entered here.
fn variant(error: &CallError) -> &'static str {
    match error {
        CallError::NotConnected(..) => "NotConnected",
        CallError::NoProcess(..) => "NoProcess",
        CallError::NotUnderstood(..) => "NotUnderstood",
        CallError::Unsendable(..) => "Unsendable",
        CallError::Stopped => "Stopped",
        CallError::Timeout(..) => "Timeout",
        CallError::NodeDown(..) => "NodeDown",
        CallError::Exited(..) => "Exited",
        CallError::NoReply => "NoReply",
        CallError::BadAnswer(..) => "BadAnswer",
    }
}

/// The report of a part whose solution passed.
fn passed(part: &'static Part) -> PartReport {
    let mut report = PartReport::new(part, Graded::Solution, 7, 1);
    let outcome = |problem| Outcome {
        scenario: "a-scenario".into(),
        title: "a scenario".into(),
        problem,
        verdict: Verdict::Passed {
            property: "something holds".into(),
        },
        observations: Vec::new(),
        duration: Duration::from_millis(100),
        repeats: Vec::new(),
        seed: 7,
        world: World::Processes,
        schedules: 0,
        explored: None,
        unsimulated: None,
        folder: None,
    };
    let results = part.problems.iter().map(|problem| {
        let outcomes = part
            .scenarios
            .iter()
            .filter(|scenario| scenario.problem == problem.number)
            .map(|_| outcome(problem.number))
            .collect();
        ProblemResult::new(problem.number, problem.title, problem.optional, outcomes)
    });
    report.conclude(results.collect());
    report
}

// The documents.

/// A document, taken apart.
struct Document {
    file: &'static str,
    text: String,
    /// Level, text, and the line's number from 0.
    headings: Vec<(usize, String, usize)>,
    /// What stands outside of blocks, cut at empty lines.
    paragraphs: Vec<String>,
    blocks: Vec<Block>,
}

/// A fenced block.
struct Block {
    language: String,
    /// The number of its first line, as editors count.
    first: usize,
    lines: Vec<String>,
}

impl Block {
    fn contains(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.contains(text))
    }
}

impl Document {
    fn read(name: &'static str) -> Document {
        Document::parse(name, file(name))
    }

    fn parse(file: &'static str, text: String) -> Document {
        let (mut headings, mut paragraphs, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
        let mut paragraph = String::new();
        let mut block: Option<Block> = None;
        for (number, line) in text.lines().enumerate() {
            if let Some(language) = line.strip_prefix("```") {
                match block.take() {
                    Some(done) => blocks.push(done),
                    None => {
                        block = Some(Block {
                            language: language.trim().to_owned(),
                            first: number + 2,
                            lines: Vec::new(),
                        });
                    }
                }
            } else if let Some(open) = &mut block {
                open.lines.push(line.to_owned());
            } else {
                if line.starts_with('#') {
                    let title = line.trim_start_matches('#');
                    headings.push((line.len() - title.len(), title.trim().to_owned(), number));
                }
                if line.trim().is_empty() {
                    paragraphs.push(std::mem::take(&mut paragraph));
                } else {
                    paragraph.push_str(line);
                    paragraph.push('\n');
                }
            }
        }
        assert!(block.is_none(), "{file}: the last block is not closed");
        paragraphs.push(paragraph);
        Document {
            file,
            text,
            headings,
            paragraphs,
            blocks,
        }
    }

    /// What stands between backticks in the prose, in one line each.
    fn spans(&self) -> Vec<String> {
        let mut spans = Vec::new();
        for paragraph in &self.paragraphs {
            let pieces: Vec<&str> = paragraph.split('`').collect();
            assert!(
                pieces.len() % 2 == 1,
                "{}: a backtick is alone in:\n{paragraph}",
                self.file
            );
            let quoted = pieces.iter().skip(1).step_by(2);
            spans.extend(quoted.map(|span| span.replace('\n', " ")));
        }
        spans
    }

    /// The lines of all blocks marked `text`. One that ends with a backslash, as a shell knows it,
    /// goes on in the next.
    fn text_lines(&self) -> Vec<String> {
        let blocks = self.blocks.iter().filter(|block| block.language == "text");
        let text = blocks.flat_map(|block| block.lines.iter().map(|line| format!("{line}\n")));
        let text: String = text.collect();
        text.replace("\\\n", " ")
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn link_targets(&self) -> Vec<String> {
        let mut targets = Vec::new();
        for paragraph in &self.paragraphs {
            for after in paragraph.split("](").skip(1) {
                let target = after.split(')').next().unwrap_or_default();
                targets.push(target.to_owned());
            }
        }
        targets
    }

    fn anchors(&self) -> BTreeSet<String> {
        let mut anchors = BTreeSet::new();
        for (_, title, _) in &self.headings {
            let anchor = slug(title);
            assert!(
                anchors.insert(anchor),
                "{}: two sections are called {title:?}",
                self.file
            );
        }
        anchors
    }

    /// A section with its heading, up to the next one of its level or above.
    #[track_caller]
    fn section(&self, title: &str) -> String {
        let place = self
            .headings
            .iter()
            .position(|(_, other, _)| other == title);
        let place = place.unwrap_or_else(|| panic!("{} has no section {title:?}", self.file));
        let (level, _, begin) = self.headings[place];
        let end = self.headings[place + 1..]
            .iter()
            .find(|(other, _, _)| *other <= level)
            .map_or(usize::MAX, |(_, _, line)| *line);
        let lines = self
            .text
            .lines()
            .skip(begin)
            .take(end.saturating_sub(begin));
        lines.map(|line| format!("{line}\n")).collect()
    }
}

/// The anchor that GitHub and mdBook give a heading.
fn slug(title: &str) -> String {
    title
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn taught() -> Vec<Document> {
    let hints = PARTS
        .iter()
        .map(|part| &*format!("checker/parts/{}/hints.md", part.folder).leak());
    let files = TAUGHT.into_iter().chain(chapters()).chain(hints);
    files.map(Document::read).collect()
}

/// The files of the book, in its order.
fn chapters() -> Vec<&'static str> {
    let targets = Document::read(SUMMARY).link_targets();
    // The test ends soon; until then the names may stay.
    let files = targets
        .iter()
        .map(|target| &*format!("training/{target}").leak());
    files.collect()
}

/// Pictures are not read.
fn words_of(path: &str) -> usize {
    let text = file(path);
    let lines = text.lines().filter(|line| !line.starts_with("!["));
    lines.flat_map(str::split_whitespace).count()
}

fn problems() -> impl Iterator<Item = (&'static Part, &'static Problem)> {
    PARTS
        .iter()
        .flat_map(|part| part.problems.iter().map(move |problem| (part, problem)))
}

// The commands.

/// A command of a `console` block.
struct Typed {
    file: &'static str,
    line: usize,
    words: Vec<&'static str>,
    /// What the text shows below it.
    shown: Vec<&'static str>,
}

impl std::fmt::Display for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: `{}`", self.file, self.line, self.words.join(" "))
    }
}

/// What this test makes of a command.
enum Kind<'a> {
    /// The checker, with these arguments, and whether they are done at once and change nothing.
    Checker {
        args: &'a [&'static str],
        quick: bool,
    },
    /// Cargo itself: not run here.
    Cargo,
}

fn kind<'a>(words: &'a [&'static str]) -> Option<Kind<'a>> {
    match words {
        ["cargo", "checker", args @ ..] => {
            let quick = matches!(args, ["list"] | ["help"] | [.., "--help"]);
            Some(Kind::Checker { args, quick })
        }
        [
            "cargo",
            "build" | "doc" | "fetch" | "install" | "test" | "vendor",
            ..,
        ] => Some(Kind::Cargo),
        _ => None,
    }
}

fn commands() -> Vec<Typed> {
    let mut commands: Vec<Typed> = Vec::new();
    for document in taught().into_iter().chain([Document::read(TRAINER)]) {
        for block in document
            .blocks
            .into_iter()
            .filter(|block| block.language == "console")
        {
            let before = commands.len();
            for (number, line) in block.lines.into_iter().enumerate() {
                // The test ends soon; until then its words may stay.
                let line: &'static str = line.leak();
                match line.strip_prefix("$ ") {
                    Some(command) => commands.push(Typed {
                        file: document.file,
                        line: block.first + number,
                        words: command.split_whitespace().collect(),
                        shown: Vec::new(),
                    }),
                    None if commands.len() > before => {
                        let last = commands.last_mut().expect("one was pushed");
                        last.shown.push(line);
                    }
                    None => panic!("{}: {line:?} is shown before any command", document.file),
                }
            }
        }
    }
    commands
}

fn checker(args: &[&str]) -> Output {
    checker_in(&root(), args)
}

fn checker_in(folder: &Path, args: &[&str]) -> Output {
    Command::new(CHECKER)
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "80")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .expect("the checker can be run")
}

/// A course in which nobody has written anything yet, whatever was tried in the one at hand.
fn fresh_course() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::copy(root().join("Cargo.toml"), folder.path().join("Cargo.toml")).unwrap();
    let stubs = root().join("checker/stubs");
    for entry in WalkDir::new(&stubs).into_iter().map(Result::unwrap) {
        let inside = entry.path().strip_prefix(&stubs).unwrap();
        let to = folder.path().join("exercises").join(inside);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&to).unwrap();
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
    folder
}

fn everything(output: &Output) -> String {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    said(&output.stdout) + &said(&output.stderr)
}

// The course.

pub(crate) fn root() -> PathBuf {
    let checker = Path::new(env!("CARGO_MANIFEST_DIR"));
    checker
        .parent()
        .expect("the checker lies in the course")
        .to_owned()
}

#[track_caller]
fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All Rust sources below a folder.
fn sources(folder: &str) -> String {
    let mut all = String::new();
    for entry in WalkDir::new(root().join(folder))
        .into_iter()
        .filter_map(Result::ok)
    {
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "rs")
        {
            all += &fs::read_to_string(entry.path()).unwrap();
        }
    }
    assert!(!all.is_empty(), "there are no sources in {folder}");
    all
}

fn is_identifier(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
