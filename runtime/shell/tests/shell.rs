//! The shell as a learner uses it: several of them, each a process, driven over pipes.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long to wait for what must happen. Long, for a busy machine; never waited for in full
/// unless the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// One user: a home directory, in which the cookie will lie, and a directory of nodes.
struct User {
    home: TempDir,
    directory_port: u16,
}

impl User {
    fn new() -> Self {
        User {
            home: tempfile::tempdir().unwrap(),
            directory_port: free_port(),
        }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_node"));
        command
            .args(["--name", &format!("{name}@127.0.0.1")])
            .env_remove("COOKIE_FILE")
            .env("HOME", self.home.path())
            .env("DIRECTORY_PORT", self.directory_port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn shell(&self, name: &str, args: &[&str]) -> Shell {
        let mut child = self.command(name).args(args).spawn().unwrap();
        let (send, lines) = mpsc::channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let send_too = send.clone();
        std::thread::spawn(move || forward(BufReader::new(out), &send));
        std::thread::spawn(move || forward(BufReader::new(err), &send_too));
        Shell {
            name: name.to_owned(),
            stdin: child.stdin.take(),
            child,
            lines,
            seen: Vec::new(),
            looked: 0,
        }
    }

    /// A shell that has started.
    fn node(&self, name: &str, args: &[&str]) -> Shell {
        let mut shell = self.shell(name, args);
        shell.sees("This is ");
        shell
    }
}

fn forward(from: impl BufRead, to: &mpsc::Sender<String>) {
    for line in from.lines().map_while(Result::ok) {
        let _ = to.send(line);
    }
}

/// A port that no other test of this run takes, below those that the system gives out by itself.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 11_000 + u16::try_from(std::process::id() % 800).unwrap() * 10;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// One shell; killed when the test ends, however it ends.
struct Shell {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    seen: Vec<String>,
    /// How many of the seen lines an expectation has gone past.
    looked: usize,
}

impl Shell {
    fn types(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap();
        stdin.flush().unwrap();
    }

    /// Waits for a line that contains the text, later than what was seen before. Returns it.
    #[track_caller]
    fn sees(&mut self, text: &str) -> String {
        loop {
            while self.looked < self.seen.len() {
                self.looked += 1;
                let line = &self.seen[self.looked - 1];
                if line.contains(text) {
                    return line.clone();
                }
            }
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.push(line),
                Err(error) => {
                    let why = match error {
                        RecvTimeoutError::Timeout => "did not show",
                        RecvTimeoutError::Disconnected => "ended without showing",
                    };
                    panic!(
                        "{} {why} {text:?}. It showed:\n{}",
                        self.name,
                        self.seen.join("\n")
                    );
                }
            }
        }
    }

    /// Types a command that prints one line, again and again until that line contains the text:
    /// for what becomes true a moment later.
    #[track_caller]
    fn types_until(&mut self, command: &str, text: &str) {
        for _ in 0..600 {
            self.types(command);
            if self.sees("").contains(text) {
                return;
            }
            self.types("wait 50ms");
        }
        panic!("{} never answered {text:?} to {command:?}", self.name);
    }

    /// Looks again at everything from the beginning: for lines whose order is not given.
    fn looks_back(&mut self) -> &mut Self {
        self.looked = 0;
        self
    }

    #[track_caller]
    fn has_not_seen(&mut self, text: &str) {
        while let Ok(line) = self.lines.try_recv() {
            self.seen.push(line);
        }
        if let Some(line) = self.seen.iter().find(|line| line.contains(text)) {
            panic!("{} showed {line:?}", self.name);
        }
    }

    /// Ends its input and waits for the end.
    fn finishes(&mut self) -> ExitStatus {
        drop(self.stdin.take());
        self.child.wait().unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn gold_and_silver_see_each_other() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    let mut silver = user.node("silver", &[]);
    silver.types("connect gold");
    silver.sees("Connected to gold@127.0.0.1.");
    gold.sees("silver@127.0.0.1 is up.");
    gold.types("list");
    gold.sees("silver@127.0.0.1");
    gold.types("ping silver");
    gold.sees("silver@127.0.0.1 is there");
    gold.types("disconnect silver");
    gold.sees("silver@127.0.0.1 is down: it was disconnected on purpose.");
    silver.sees("gold@127.0.0.1 is down: it was disconnected on purpose.");
}

#[test]
fn a_third_node_meets_the_other_one_too() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    let _silver = user.node("silver", &["--connect", "gold@127.0.0.1"]);
    gold.sees("silver@127.0.0.1 is up.");
    let mut copper = user.node("copper", &[]);
    copper.types("connect silver");
    copper.sees("gold@127.0.0.1 is up.");
    gold.sees("copper@127.0.0.1 is up.");
    copper.types("nodes");
    copper.sees("copper@127.0.0.1  127.0.0.1:");
    copper.sees("gold@127.0.0.1  127.0.0.1:");
}

#[test]
fn a_hidden_node_is_listed_on_request_only() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    let mut ghost = user.node("ghost", &["--hidden"]);
    ghost.types("connect gold");
    ghost.sees("Connected to gold@127.0.0.1.");
    gold.types("list");
    gold.sees("This node is connected to no other.");
    // The one that dialed knows first that there is a connection.
    gold.types_until("list all", "ghost@127.0.0.1 (hidden)");
    gold.has_not_seen("ghost@127.0.0.1 is up.");
}

#[test]
fn a_wrong_cookie_is_refused_on_both_sides() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    let mut lead = user.node("lead", &["--cookie", "not gold's"]);
    lead.types("connect gold");
    lead.sees("Not connected to gold@127.0.0.1: the other node has a different cookie");
    gold.sees("refused a connection from");
    gold.types("list");
    gold.sees("This node is connected to no other.");
}

#[test]
fn users_with_different_cookies_do_not_meet() {
    let me = User::new();
    let you = User {
        directory_port: me.directory_port,
        ..User::new()
    };
    let mut gold = me.node("gold", &[]);
    let mut silver = you.node("silver", &[]);
    silver.types("connect gold");
    silver.sees("a different cookie");
    gold.sees("refused a connection from");
}

#[test]
fn users_with_different_directories_do_not_meet() {
    let (me, you) = (User::new(), User::new());
    let _gold = me.node("gold", &[]);
    let mut silver = you.node("silver", &[]);
    silver.types("connect gold");
    silver.sees("Not connected to gold@127.0.0.1:");
}

#[test]
fn a_killed_node_is_seen_by_the_others_at_once() {
    let user = User::new();
    // With a tick time longer than this test's patience, only the closed connection can tell.
    let args = ["--tick-time", "300"];
    let gold = user.node("gold", &args);
    let args = [&args[..], &["--connect", "gold@127.0.0.1"]].concat();
    let mut silver = user.node("silver", &args);
    silver.sees("Connected to gold");
    silver.types("monitor gold");
    silver.sees("Monitor 1:");
    gold.signal(Signal::KILL);
    silver.sees("gold@127.0.0.1 is down: the connection was closed.");
    silver
        .looks_back()
        .sees("Down (monitor 1): gold@127.0.0.1:");
    // Gold served the directory. Who follows it is open, and so is how soon silver is in it again.
    let mut copper = user.node("copper", &[]);
    copper.types_until("connect silver", "Connected to silver@127.0.0.1.");
}

#[test]
fn a_paused_node_is_down_after_the_tick_time_and_comes_back() {
    let user = User::new();
    let args = ["--tick-time", "1"];
    let mut gold = user.node("gold", &args);
    let mut silver = user.node("silver", &args);
    gold.types("connect silver");
    gold.sees("Connected to silver@127.0.0.1.");
    silver.signal(Signal::STOP);
    gold.sees("silver@127.0.0.1 is down: nothing was heard from it for the tick time.");
    silver.signal(Signal::CONT);
    gold.sees("silver@127.0.0.1 is up.");
    silver.sees("gold@127.0.0.1 is down:");
    silver.sees("gold@127.0.0.1 is up.");
}

#[test]
fn a_taken_name_ends_the_shell_with_a_sentence() {
    let user = User::new();
    let _gold = user.node("gold", &[]);
    let mut again = user.shell("gold", &[]);
    again.sees("The node did not start: another living node is already called gold@127.0.0.1.");
    assert_eq!(again.child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_mailbox_shows_casts_and_answers_calls() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    let mut silver = user.node("silver", &[]);
    gold.types("register inbox");
    gold.sees("The mailbox inbox is open.");
    silver.types("send gold inbox Ping {\"count\": 3}");
    gold.sees("inbox got {\"Ping\":{\"count\":3}}");
    silver.types("call gold inbox Get \"a\"");
    gold.sees("inbox got call 1, {\"Get\":[\"a\",null]}");
    gold.types("reply 1 {\"found\": [1, 2.5, null]}");
    silver.sees("{\"found\":[1,2.5,null]}");
    silver.types("broadcast inbox Hello");
    gold.sees("inbox got \"Hello\"");
    silver.types("servers gold");
    silver.sees("inbox");
}

#[test]
fn a_mailbox_can_be_talked_to_from_its_own_node() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    gold.types("register inbox");
    gold.types("send gold inbox Hello");
    gold.sees("inbox got \"Hello\"");
    gold.types("call gold inbox Total within 200ms");
    gold.sees("inbox got call 1, {\"Total\":null}");
    gold.sees("It may have happened: no answer from gold@127.0.0.1 in time.");
}

#[test]
fn a_failed_call_says_whether_it_may_have_happened() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    let mut silver = user.node("silver", &[]);
    silver.types("call copper inbox Total");
    silver.sees("It did not happen: could not connect to copper@127.0.0.1:");
    silver.types("call gold inbox Total");
    silver.sees("It did not happen: gold@127.0.0.1 has no such process.");
    gold.types("register inbox");
    gold.sees("The mailbox inbox is open.");
    silver.types("call gold inbox Total within 20s");
    gold.sees("inbox got call 1,");
    gold.types("unregister inbox");
    silver.sees("It may have happened: the process ended before it answered:");
    gold.types("reply");
    gold.sees("No call waits for an answer.");
}

#[test]
fn a_monitor_tells_that_a_server_was_killed() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    let mut silver = user.node("silver", &[]);
    gold.types("register inbox");
    gold.sees("The mailbox inbox is open.");
    silver.types("monitor gold inbox");
    silver.types("monitor gold nobody");
    silver.sees("Down (monitor 2): nobody at gold@127.0.0.1: there is no such process.");
    silver.types("crash gold inbox");
    silver.sees("Down (monitor 1): inbox at gold@127.0.0.1: it was killed.");
    silver.types("demonitor");
    silver.sees("Nothing is monitored.");
}

#[test]
fn a_script_ends_with_its_input() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    gold.types("connect");
    gold.types("conect silver");
    gold.types("help connect");
    gold.types("whoami");
    let status = gold.finishes();
    assert!(status.success());
    gold.sees("The usage is: connect NODE.");
    gold.sees("There is no command \"conect\".");
    gold.sees("connect NODE");
    gold.sees("gold@127.0.0.1");
    gold.sees("creation");
}

#[test]
fn the_cookie_is_shown_on_request_only() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    let file = user
        .home
        .path()
        .join(".distributed-systems-training-cookie");
    let cookie = std::fs::read_to_string(&file).unwrap();
    gold.types("cookie");
    gold.sees(&format!("The cookie is in {}", file.display()));
    gold.has_not_seen(cookie.trim());
    gold.types("cookie show");
    gold.sees(cookie.trim());
}

#[test]
fn what_a_stranger_sends_cannot_move_the_cursor() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    gold.types("register inbox");
    gold.types("send gold inbox \"\\u001b[2J\\u009b2J\"");
    let shown = gold.sees("inbox got");
    assert!(!shown.contains(char::is_control), "{shown:?}");
}

#[test]
fn a_mailbox_in_a_group_is_a_member_everywhere_until_its_node_is_lost() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    let mut silver = user.node("silver", &[]);
    gold.types("register inbox");
    gold.types("join choir inbox");
    gold.sees("inbox is a member of choir now.");
    silver.types("connect gold");
    silver.sees("Connected to gold@127.0.0.1.");
    silver.looks_back().sees("gold@127.0.0.1 is up.");
    silver.types_until("members choir", " at gold@127.0.0.1");
    silver.types("groups");
    silver.sees("choir");
    gold.signal(Signal::KILL);
    silver.sees("gold@127.0.0.1 is down:");
    silver.types_until("members choir", "choir has no members that can be reached.");
}

#[test]
fn a_global_name_has_one_owner() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    let mut silver = user.node("silver", &[]);
    silver.types("connect gold");
    silver.sees("Connected to gold@127.0.0.1.");
    gold.sees("silver@127.0.0.1 is up.");
    gold.types("register inbox");
    gold.types("global register leader inbox");
    gold.sees("inbox is known as leader in the whole cluster.");
    silver.types("global whereis leader");
    silver.sees("at gold@127.0.0.1.");
    silver.types("register mine");
    silver.types("global register leader mine");
    silver.sees("Not registered: the name is taken by");
    silver.types("global unregister leader");
    silver.sees("No process is known as leader anymore.");
    silver.types("global register leader mine");
    silver.sees("mine is known as leader in the whole cluster.");
    gold.types("global");
    gold.sees("at silver@127.0.0.1");
    gold.types("global whereis");
    gold.sees("The usage is: global [ACTION NAME].");
}

#[test]
fn the_former_order_and_words_are_understood_with_a_hint() {
    let user = User::new();
    let mut gold = user.node("gold", &[]);
    let mut silver = user.node("silver", &[]);
    gold.types("register inbox");
    gold.sees("From another node: send gold inbox Hello");
    // Silver is not connected to gold yet: the directory knows which of the words is a node.
    silver.types("send inbox gold Hello");
    silver.sees("The node comes first: `send gold inbox …`.");
    silver.sees("Sent to inbox at gold@127.0.0.1.");
    silver.types("kill gold");
    silver.sees("A node is ended where it runs: with `exit`, Ctrl-C or kill -9.");
    silver.types("monitor inbox gold");
    silver.sees("The node comes first: `monitor gold inbox`.");
    silver.types("kill inbox gold");
    silver.sees("`kill` is for whole nodes, in `checker play`; this crashes the server.");
    silver.sees("Down (monitor 1): inbox at gold@127.0.0.1: it was killed.");
    silver.types("sleep 0.01");
    silver.sees("`sleep` is called `wait` here.");
}

#[test]
fn output_that_cannot_be_written_is_told_and_a_closed_pipe_is_not() {
    let user = User::new();
    let ended = |stdout: Stdio| {
        let mut child = user.command("gold").stdout(stdout).spawn().unwrap();
        drop(child.stdout.take());
        writeln!(child.stdin.take().unwrap(), "help").unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    assert_eq!(ended(Stdio::piped()), (Some(0), String::new()));
    if let Ok(full) = std::fs::File::create("/dev/full") {
        let (code, said) = ended(full.into());
        assert_eq!(code, Some(4), "{said}");
        assert!(
            said.starts_with("Some of the output could not be written: "),
            "{said}"
        );
    }
}
