//! `checker play`: clusters that are broken by commands, from a file or from standard input.
//!
//! The nodes run the solutions. Each experiment in docs/experiments is carried out, and stands in
//! the text as it is there.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use rustix::process::{Signal, kill_process};

use crate::pseudo_terminal::PseudoTerminal;

fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap().to_owned()
}

/// What a cluster that was played with has left: the exit code, and all that was printed.
struct Played {
    code: i32,
    stdout: String,
    stderr: String,
}

fn play(args: &[&str], typed: &str) -> Played {
    let mut checker = Command::cargo_bin("checker").unwrap();
    let output = checker
        .env("NO_COLOR", "1")
        .current_dir(root())
        .arg("play")
        .args(args)
        .write_stdin(typed)
        .output()
        .unwrap();
    Played {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What a script of the solution prints behind the welcome, whose seed is given.
fn solution(part: &str, typed: &str) -> Played {
    play(
        &[part, "--solution", "--seed", "7", "--store", "embedded"],
        typed,
    )
}

impl Played {
    #[track_caller]
    fn passed(self) -> String {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        self.stdout
    }

    /// The complaint about the last command, in a script that must fail there.
    #[track_caller]
    fn complaint(self) -> String {
        assert_eq!(self.code, 1, "{}\n{}", self.stdout, self.stderr);
        let (_, last) = self.stdout.rsplit_once("part1> ").unwrap();
        let (_, complaint) = last.split_once('\n').unwrap();
        complaint.trim_end().to_owned()
    }
}

/// What comes after a command in what was printed, up to the next command.
#[track_caller]
fn answer<'a>(printed: &'a str, command: &str) -> &'a str {
    let (_, after) = printed
        .split_once(&format!("> {command}\n"))
        .unwrap_or_else(|| panic!("{command} is not in:\n{printed}"));
    after.split("\npart").next().unwrap().trim_end()
}

#[test]
fn network_of_part_1_is_broken_and_mended_by_hand() {
    let printed = solution(
        "part1",
        "\
call n1 producer SendPing
call n2 consumer Counts
expect \"n1@127.0.0.1\":1 within 10s
partition n1 | n2 n3
rules
call n1 producer AskEveryone
heal
blackhole n1 -> n2
delay n1 n3 20ms 10ms
rules
heal n1 n2
rules
heal
rules
",
    )
    .passed();
    insta::assert_snapshot!(printed, @r#"
    n1, n2 and n3 run the solution of part 1, Ping pong.
    After 5 s of silence, a node is declared down. The seed is 7.
    part1> call n1 producer SendPing
    1
    part1> call n2 consumer Counts
    {"n1@127.0.0.1":1,"n2@127.0.0.1":0,"n3@127.0.0.1":0}
    part1> expect "n1@127.0.0.1":1 within 10s
    As expected.
    part1> partition n1 | n2 n3
    n1 is cut off from n2 and n3.
    part1> rules
    n1 and n2 are cut off
    n1 and n3 are cut off
    part1> call n1 producer AskEveryone
    {"totals":{"n1@127.0.0.1":1},"failed":{}}
    part1> heal
    The network is whole again. All connections are up again.
    part1> blackhole n1 -> n2
    What goes from n1 to n2 vanishes.
    No node can notice before 5 s have passed.
    part1> delay n1 n3 20ms 10ms
    What is sent between n1 and n3 comes 20 ms later,
    and up to 10 ms more.
    part1> rules
    n1 -> n2 vanishes
    n1 -> n3 comes 20 ms to 30 ms later
    n3 -> n1 comes 20 ms to 30 ms later
    part1> heal n1 n2
    n1 and n2 can reach each other again. All connections are up again.
    part1> rules
    n1 -> n3 comes 20 ms to 30 ms later
    n3 -> n1 comes 20 ms to 30 ms later
    part1> heal
    The network is whole again. All connections are up again.
    part1> rules
    There is no fault.
    "#);
}

#[test]
fn messages_are_lost_doubled_and_kept_back() {
    let printed = solution(
        "part1",
        "\
drop Ping n1 -> n2 once
dup Ping to n3
hold answers 100%
watch Ping
call n1 producer SendPing
wait
watch
rules
clear 3
clear
hold Ping n1 n2
call n1 producer SendPing
call n2 consumer TotalPings
expect 0
release 4
call n2 consumer TotalPings
expect 2 within 10s
rules
clear 4
send n2 consumer Ping{from: \"n9@127.0.0.1\", count: 40}
call n2 consumer TotalPings within 2s
expect 42 within 10s
expect not 41
",
    )
    .passed();
    let rules = answer(&printed, "rules");
    insta::assert_snapshot!(rules, @r#"
    1. the network drops the next Ping from n1 to n2
       it has acted on 1
    2. the network doubles each Ping to n3
       it has acted on 1
    3. the network holds back each answer
       it has acted on 0
    "#);
    let watched = answer(&printed, "call n1 producer SendPing");
    for line in [
        "n1 -> n2  Ping{from: n1, count: 1}  (lost)",
        "n1 -> n3  Ping{from: n1, count: 1}  (comes twice)",
    ] {
        assert!(printed.contains(line), "{line} is not in:\n{watched}");
    }
    let released = answer(&printed, "release 4");
    assert_eq!(released, "One message is released.");
}

#[test]
fn nodes_of_part_1_are_ended_paused_and_started_by_hand() {
    let printed = solution(
        "part1",
        "\
servers n1
kill n2
nodes
restart n2
pause n3
try call n3 consumer TotalPings within 500ms
resume n3
call n3 consumer TotalPings
expect 0 within 10s
start n4
crash n1 consumer
disconnect n1 n2
connect n1 n2
nodes
logs n4 1
quit
kill n1
",
    )
    .passed();
    // How many messages were sent meanwhile depends on the system's scheduling.
    let counted = |line: &str| match line.split_once(" sent ") {
        Some((before, _)) => format!("{before} sent …, got …\n"),
        None => format!("{line}\n"),
    };
    let shown: String = printed.lines().map(counted).collect();
    let (shown, logs) = shown.split_once("part1> logs n4 1\n").unwrap();
    insta::assert_snapshot!(shown, @"
    n1, n2 and n3 run the solution of part 1, Ping pong.
    After 5 s of silence, a node is declared down. The seed is 7.
    part1> servers n1
    consumer
    producer
    part1> kill n2
    n2 is gone, and remembers nothing.
    part1> nodes
    n1   running  sent …, got …
         lists n3
    n2   ended    sent …, got …
    n3   running  sent …, got …
         lists n1
    part1> restart n2
    n2 is up, and connected.
    part1> pause n3
    n3 is paused.
    The others list it until 5 s have passed.
    part1> try call n3 consumer TotalPings within 500ms
    n3's consumer did not answer `TotalPings` within 0.5 s.
    part1> resume n3
    n3 resumes.
    part1> call n3 consumer TotalPings
    0
    part1> expect 0 within 10s
    As expected.
    part1> start n4
    n4 is up, and connected.
    part1> crash n1 consumer
    n1's consumer has crashed.
    part1> disconnect n1 n2
    n1 and n2 are disconnected.
    part1> connect n1 n2
    n1 and n2 are connected.
    part1> nodes
    n1   running  sent …, got …
         lists n2, n3 and n4
    n2   running  sent …, got …
         lists n1, n3 and n4
    n3   running  sent …, got …
         lists n1, n2 and n4
    n4   running  sent …, got …
         lists n1, n2 and n3
    ");
    assert!(logs.contains("n4@127.0.0.1"), "{logs}");
    assert!(logs.ends_with("part1> quit\n"), "{logs}");
}

#[test]
fn node_that_ends_by_itself_is_told_and_can_be_started_again() {
    // Its supervisor gives up when one of its children crashes too often. Each time, it must have
    // been started again first.
    let runs = "try call n2 consumer TotalPings\nexpect not runs no server within 5s\n";
    let crashes = format!("{runs}crash n2 consumer\n").repeat(3);
    // The last time it may have ended before it can say so.
    let typed = format!(
        "{crashes}{runs}try crash n2 consumer\nnodes\nexpect ended within 10s\nrestart n2\nnodes\nexpect not ended\n"
    );
    let printed = solution("part1", &typed).passed();
    assert!(printed.contains("n2 ended by itself: it "), "{printed}");
    assert!(
        printed.contains("`restart n2` starts it again."),
        "{printed}"
    );
}

#[test]
fn examples_in_the_help_on_the_network_are_understood() {
    let names = ["partition", "blackhole", "delay", "drop", "heal"];
    let typed = names.map(|name| format!("help {name}\n")).concat();
    let helped = solution("part1", &typed).passed();
    let examples: Vec<&str> = helped
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| names.iter().any(|name| line.starts_with(name)))
        // Behind some stands what they mean.
        .map(|line| line.split("  ").next().unwrap())
        .collect();
    assert!(examples.len() > 10, "{helped}");
    solution("part1", &examples.join("\n")).passed();
}

#[test]
fn answer_that_came_later_is_shown() {
    let printed = solution(
        "part1",
        "\
delay n1 -> n2 3s
call n1 producer SendPing
call n2 consumer TotalPings
expect 1 within 60s
expect 1 within 60s
",
    )
    .passed();
    let expected = answer(&printed, "expect 1 within 60s");
    assert_eq!(expected, "As expected, when asked again:\n1");
    assert!(printed.ends_with("\nAs expected.\n"), "{printed}");
}

#[test]
fn terminal_is_as_it_was_after_kill_9() {
    let mut terminal = PseudoTerminal::open(100, 40);
    let checker = cargo_bin("checker");
    let args = ["play", "part1", "--solution", "--nodes", "1"];
    terminal.start(&checker, &args, |program| {
        program.current_dir(root()).env("TERM", "xterm");
    });
    // The editor asks for this when it has taken the terminal.
    terminal.was_sent("\x1b[?2004h");
    assert_ne!(terminal.modes(), terminal.modes_before());
    kill_process(terminal.process(), Signal::KILL).unwrap();
    assert_eq!(terminal.ended(), None);
    // The guard makes it ready after it has set the modes.
    terminal.was_sent("\x1b[?2004l\x1b[?25h");
    assert_eq!(terminal.modes(), terminal.modes_before());
}

#[test]
fn byte_that_is_not_utf8_spoils_its_line_and_nothing_else() {
    let mut terminal = PseudoTerminal::open(100, 40);
    let args = ["play", "part1", "--solution", "--nodes", "1"];
    terminal.start(&cargo_bin("checker"), &args, |program| {
        program.current_dir(root()).env("TERM", "xterm");
    });
    terminal.was_sent("\x1b[?2004h");
    terminal.press(b"kill \xff n1\r");
    terminal.shows("A byte of this line is not UTF-8, so the line is ignored.");
    terminal.press("nodes\r");
    terminal.shows("n1   running");
    // A line, and not Ctrl-D: the terminal itself would take that between two prompts.
    terminal.press("quit\r");
    assert_eq!(terminal.ended(), Some(0));
}

#[test]
fn complaints_are_sentences_and_end_a_script() {
    let check = |typed: &str, expected: &str| {
        let played = solution("part1", &format!("{typed}\nkill n1\n"));
        assert_eq!(played.complaint(), expected, "{typed}");
    };
    check(
        "kill n9",
        "There is no node \"n9\"; there are n1, n2 and n3.",
    );
    check(
        "kill n2\nkill n2",
        "n2 is not running; `restart n2` starts it again.",
    );
    check("pause n2\npause n2", "n2 is paused; run `resume n2` first.");
    check(
        "delay n1 n2 200",
        "\"200\" is not a time: write 200ms, 2s or 1m.",
    );
    check(
        "delay 1500ms n2 -> n1",
        "The nodes come first: `delay n2 -> n1 1500ms`.",
    );
    check(
        "drop 200%",
        "\"200%\" is not a percentage: write 10%, for example.",
    );
}

#[test]
fn words_of_the_shell_are_understood_with_a_hint() {
    let printed = solution(
        "part1",
        "\u{feff}# from an editor that marks what is UTF-8\ncall consumer n1 TotalPings\nkill consumer n1\nsleep 0.1\nlist\n",
    )
    .passed();
    let hint = "The node comes first: `call n1 consumer …`.\n0";
    assert_eq!(answer(&printed, "call consumer n1 TotalPings"), hint);
    let crashed = "\
`kill` ends a whole node; this crashes the server.
The node comes first: `crash n1 consumer`.
n1's consumer has crashed.";
    assert_eq!(answer(&printed, "kill consumer n1"), crashed);
    assert_eq!(
        answer(&printed, "sleep 0.1"),
        "`sleep` is called `wait` here."
    );
    assert!(answer(&printed, "list").starts_with("`list` is called `nodes` here.\nn1   running"));
}

#[test]
fn script_of_any_editor_is_read_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script.txt");
    let args = ["part1", "--solution", "--script", script.to_str().unwrap()];
    fs::write(&script, "\u{feff}servers n1\r\n").unwrap();
    let printed = play(&args, "").passed();
    assert_eq!(answer(&printed, "servers n1"), "consumer\nproducer");
    fs::write(&script, b"\xff\xfes\0").unwrap();
    let refused = play(&args, "");
    assert_eq!(refused.code, 4);
    assert!(
        refused.stderr.contains("it is UTF-16; save it as UTF-8"),
        "{}",
        refused.stderr
    );
}

#[test]
fn each_wrong_command_has_its_complaint() {
    let tries = [
        "conect n1",
        "partition",
        "partition n1 -> n2",
        "partition n1 | n1",
        "blackhole n1 n2 n3",
        "delay n1 n2",
        "delay n1 n2 1h",
        "drop Ping n1 -> n9",
        "drop 0 times",
        "clear 5",
        "resume n1",
        "start n2",
        "start n4@elsewhere",
        "start ../n4",
        "crash n1 nobody",
        "call n1 nobody TotalPings",
        "call n1 consumer NoSuchMessage",
        "call n1 consumer",
        "send n1 consumer Ping{from}",
        "connect n1 n1",
        "expect nothing of it",
        "keep JOB",
        "store refuse n1",
        "curl n1 /",
        "logs n1 many",
        "script /no/such/file",
        "script",
        "help nothing",
        "wait forever",
    ];
    let typed: String = tries.map(|line| format!("try {line}\n")).concat();
    let printed = solution("part1", &typed).passed();
    let (_, tried) = printed.split_once("part1> try").unwrap();
    insta::assert_snapshot!(format!("part1> try{tried}"), @r#"
    part1> try conect n1
    There is no command "conect". Type `help` for a list.
    part1> try partition
    The usage is: partition NODES | NODES. `help partition` says more.
    part1> try partition n1 -> n2
    A partition has no direction: write `partition n1 | n2`,
    or `blackhole n1 -> n2`.
    part1> try partition n1 | n1
    n1 cannot be on both sides.
    part1> try blackhole n1 n2 n3
    The usage is: blackhole NODES. `help blackhole` says more.
    part1> try delay n1 n2
    The usage is: delay [NODES] TIME. `help delay` says more.
    part1> try delay n1 n2 1h
    "1h" is not a time: write 200ms, 2s or 1m.
    part1> try drop Ping n1 -> n9
    There is no node "n9"; there are n1, n2 and n3.
    part1> try drop 0 times
    "0" is not a number.
    part1> try clear 5
    There is no rule 5; `rules` lists all of them.
    part1> try resume n1
    n1 is not paused.
    part1> try start n2
    There is already a node n2.
    part1> try start n4@elsewhere
    "n4@elsewhere" is not a name for a node; n6 would be one.
    part1> try start ../n4
    "../n4" is not a name for a node; n6 would be one.
    part1> try crash n1 nobody
    The checker could not crash n1's nobody: it was not running.
    part1> try call n1 nobody TotalPings
    n1 runs no server called `nobody`
    part1> try call n1 consumer NoSuchMessage
    n1's consumer does not understand that: unknown variant `NoSuchMessage`, expected one of `Ping`, `Counts`, `TotalPings`
    part1> try call n1 consumer
    The message is missing. Write the name of a variant, such as Reset, or JSON, such as {"Add":5}.
    part1> try send n1 consumer Ping{from}
    Ping{from} is not a message: a colon is missing after the name of a field. Write texts in quotes, and a message like Ping{count: 5}, {"Add":5} or Add 5.
    part1> try connect n1 n1
    A node has no connection to itself.
    part1> try expect nothing of it
    The answer does not contain nothing of it.
    The answer to `call n1 consumer` is:
    The message is missing. Write the name of a variant, such as Reset, or JSON, such as {"Add":5}.
    part1> try keep JOB
    $JOB stands for that answer.
    part1> try store refuse n1
    The nodes of this part use no store.
    part1> try curl n1 /
    The nodes of this part do not serve HTTP.
    part1> try logs n1 many
    "many" is not a number of lines.
    part1> try script /no/such/file
    The file /no/such/file cannot be read: No such file or directory (os error 2).
    part1> try script
    The usage is: script FILE. `help script` says more.
    part1> try help nothing
    There is no command "nothing"; `help` lists them all.
    part1> try wait forever
    "forever" is not a time: write 200ms, 2s or 1m.
    "#);
}

#[test]
fn part_3_is_asked_over_http_while_its_store_is_broken() {
    let printed = solution(
        "part3",
        "\
curl n1 / url=https://example.org/ code=ice
curl n2 /ice
expect location: https://example.org/ within 10s
store keys
store refuse n2 n3
curl n2 /unknown
store slow 300ms n1
rules
store back
rules
kill n3
restart n3
call n3 cache Peek(\"ice\")
try curl n1 /x y
try curl n1 /ü
try store get nothing
",
    )
    .passed();
    let digits = |c: char| c.is_ascii_digit();
    let mut shown = String::new();
    for line in printed.lines() {
        match line.split_once("http://127.0.0.1:") {
            Some((before, port)) => {
                let rest = port.trim_start_matches(digits);
                shown.push_str(&format!("{before}http://127.0.0.1:PORT{rest}\n"));
            }
            None => shown.push_str(&format!("{line}\n")),
        }
    }
    insta::assert_snapshot!(shown, @r#"
    n1, n2 and n3 run the solution of part 3, Link shortener.
    After 5 s of silence, a node is declared down. The seed is 7.
    The store was the embedded one.
      n1  http://127.0.0.1:PORT/
      n2  http://127.0.0.1:PORT/
      n3  http://127.0.0.1:PORT/
    In another window, or in a browser:
      curl -i -d url=https://example.org/ http://127.0.0.1:PORT/
    part3> curl n1 / url=https://example.org/ code=ice
    201
    location: /ice
    ice
    part3> curl n2 /ice
    302
    location: https://example.org/
    part3> expect location: https://example.org/ within 10s
    As expected.
    part3> store keys
    link:ice
    part3> store refuse n2 n3
    The store refuses n2 and n3.
    part3> curl n2 /unknown
    503
    retry-after: 1
    the store cannot be reached: Connection refused (os error 111)
    part3> store slow 300ms n1
    The store is 300 ms late for n1.
    part3> rules
    the store is 300 ms late for n1
    the store refuses n2
    the store refuses n3
    part3> store back
    The store is back for n1, n2 and n3.
    part3> rules
    There is no fault.
    part3> kill n3
    n3 is gone, and remembers nothing.
    part3> restart n3
    n3 is up, and connected. It serves http://127.0.0.1:PORT/
    part3> call n3 cache Peek("ice")
    {"url":"https://example.org/","expires_at":null}
    part3> try curl n1 /x y
    The usage is: curl NODE PATH [FIELD=…]. `help curl` says more.
    part3> try curl n1 /ü
    "/ü" is not a path: write a character that is not ASCII like this: %C3%A4.
    part3> try store get nothing
    There is no key "nothing".
    "#);
}

#[test]
fn script_that_fails_says_in_which_line() {
    let folder = tempfile::tempdir().unwrap();
    let (outer, inner) = (folder.path().join("outer"), folder.path().join("inner"));
    fs::write(&outer, format!("# all\nscript {}\n", inner.display())).unwrap();
    fs::write(&inner, "call n1 producer Count\n\nexpect 1\n").unwrap();
    let script = outer.to_str().unwrap();
    let played = play(&["part1", "--solution", "--script", script], "");
    assert_eq!(played.code, 1, "{}", played.stdout);
    let (_, complaint) = played.stdout.split_once("> expect 1\n").unwrap();
    let complaint = complaint.replace(&folder.path().display().to_string(), "FOLDER");
    insta::assert_snapshot!(complaint, @"
    The answer does not contain 1.
    The answer to `call n1 producer Count` is:
    0
    That was line 3 of FOLDER/inner.
    That was line 2 of FOLDER/outer.
    ");
}

#[test]
fn script_that_calls_itself_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("self");
    fs::write(&file, format!("script {}\n", file.display())).unwrap();
    let script = file.to_str().unwrap();
    let played = play(
        &["part1", "--solution", "--nodes", "1", "--script", script],
        "",
    );
    assert_eq!(played.code, 1);
    assert!(played.stdout.contains("does it call itself?"));
}

#[test]
fn what_cannot_be_played_is_told_before_anything_is_built() {
    let check = |args: &[&str], complaint: &str| {
        let played = play(args, "");
        assert_eq!(played.code, 4, "{}", played.stderr);
        assert!(played.stderr.contains(complaint), "{}", played.stderr);
        assert!(!played.stderr.contains("Building"), "{}", played.stderr);
    };
    check(&["part9"], "could not find part9: the parts are part1");
    check(&["part1", "--nodes", "0"], "--nodes");
    check(&["part1", "--script", "/no/such/file"], "/no/such/file");
}

#[test]
fn page_of_what_happened_is_kept_with_its_trace() {
    let printed = solution("part1", "call n1 producer SendPing\nwait\ntrace\n").passed();
    let page = Path::new(printed.lines().last().unwrap());
    assert!(page.ends_with("report.html"), "{printed}");
    let run = page.parent().unwrap();
    let verdicts = fs::read_to_string(run.join("run.json")).unwrap();
    assert!(verdicts.contains("by_hand"), "{verdicts}");
    let trace = fs::read_to_string(run.join("run-1/by_hand-1/trace-1.json")).unwrap();
    assert!(trace.contains("Ping{from: n1, count: 1}"));
    fs::remove_dir_all(run).unwrap();
}

/// The experiments, by the names of their files.
fn experiments() -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(root().join("docs/experiments")).unwrap();
    let mut all: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    all.sort();
    assert!(all.len() >= 4);
    all
}

#[track_caller]
fn check_experiment(part: &str) {
    for (name, path) in experiments() {
        if !name.starts_with(part) {
            continue;
        }
        let script = path.to_str().unwrap();
        let args = [
            part,
            "--solution",
            "--store",
            "embedded",
            "--script",
            script,
        ];
        let played = play(&args, "");
        let (stdout, stderr) = (&played.stdout, &played.stderr);
        assert_eq!(played.code, 0, "{name}:\n{stdout}\n{stderr}");
    }
}

#[test]
fn experiments_of_part_1_show_what_they_promise() {
    check_experiment("part1");
}

#[test]
fn experiments_of_part_2_show_what_they_promise() {
    check_experiment("part2");
}

#[test]
fn experiments_of_part_3_show_what_they_promise() {
    check_experiment("part3");
}

#[test]
fn experiments_of_part_4_show_what_they_promise() {
    check_experiment("part4");
}

/// In the text, each command of an experiment stands behind the prompt, in the order of the file.
#[test]
fn experiments_stand_in_the_text_as_in_their_files() {
    for (name, path) in experiments() {
        let part = name.split('-').next().unwrap();
        let chapter = format!("training/{part}.md");
        let training = fs::read_to_string(root().join(&chapter)).unwrap();
        let command = format!("checker play {part} --solution --script docs/experiments/{name}");
        assert!(training.contains(&command), "{chapter} has no {command}");
        let text = fs::read_to_string(path).unwrap();
        let mut rest = training.as_str();
        let commands = text.lines().filter(|line| !line.is_empty());
        for line in commands.filter(|line| !line.starts_with('#')) {
            let typed = format!("{part}> {line}\n");
            let place = rest.find(&typed);
            let place = place.unwrap_or_else(|| panic!("{name}: {chapter} lacks {typed}"));
            rest = &rest[place + typed.len()..];
        }
    }
}
