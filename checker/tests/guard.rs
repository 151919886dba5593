//! Nothing that a run started may outlive it, and what a child does wrong is named.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use testkit::guard::{Child, Ending, Guard, Limits, Program, Signal, Stream};
use testkit::isolation::Isolation;
use testkit::ready::NotReady;
use testkit::run_dir::RunDir;
use tokio::time::{Instant, sleep};

const CHECKER: &str = env!("CARGO_BIN_EXE_checker");

/// Generous, for a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(20);

fn guarded() -> (RunDir, Guard) {
    let run = RunDir::create().unwrap();
    let guard = Guard::start(Path::new(CHECKER), &run).unwrap();
    (run, guard)
}

/// A node written in the language of the shell.
fn shell(name: &str, script: &str) -> Program {
    Program::node(name, "/bin/sh").args(["-c", script])
}

/// Whether a process exists and is not merely waiting to be buried by its parent.
fn lives(pid: i32) -> bool {
    let output = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8(output.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < SOON, "not within {SOON:?}: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn stderr_of(child: &Child) -> Vec<String> {
    child.ended().await;
    child.last_stderr_lines(20)
}

#[tokio::test]
async fn ready_line_is_noticed_and_read() {
    let (_run, guard) = guarded();
    let node = guard.spawn(shell(
        "n1",
        "echo hello; echo 'node n1 is ready (listening on 127.0.0.1:7) [sources ab]'; exec sleep 1000",
    ));
    let ready = node.ready(SOON, Some("ab")).await.unwrap();
    assert_eq!(ready.address.as_deref(), Some("127.0.0.1:7"));
    let other = node.ready(SOON, Some("cd")).await.unwrap_err();
    assert_eq!(
        other,
        NotReady::OtherSources {
            expected: "cd".into(),
            seen: Some("ab".into())
        }
    );
    assert!(node.pid().is_some_and(lives));
    assert_eq!(node.kill().await.unwrap(), Ending::Signal(9));
    guard.shutdown().await;
}

#[tokio::test]
async fn node_that_says_nothing_is_too_late() {
    let (_run, guard) = guarded();
    let node = guard.spawn(shell("n1", "echo 'node n2 is ready'; exec sleep 1000"));
    let within = Duration::from_millis(300);
    assert_eq!(
        node.ready(within, None).await,
        Err(NotReady::TooLate(within))
    );
    guard.shutdown().await;
}

#[tokio::test]
async fn node_that_ends_first_is_named_with_its_last_words() {
    let (_run, guard) = guarded();
    let node = guard.spawn(shell("n1", "echo first >&2; echo last >&2; exit 101"));
    assert_eq!(
        node.ready(SOON, None).await,
        Err(NotReady::Ended(Ending::Code(101)))
    );
    assert_eq!(stderr_of(&node).await, ["first", "last"]);
    guard.shutdown().await;
}

#[tokio::test]
async fn program_that_is_not_there_is_not_started() {
    let (_run, guard) = guarded();
    let node = guard.spawn(Program::node("n1", "/no/such/program"));
    let why = node.ready(SOON, None).await.unwrap_err();
    assert!(
        matches!(&why, NotReady::NotStarted(why) if why.contains("/no/such/program")),
        "{why:?}"
    );
    guard.shutdown().await;
}

#[tokio::test]
async fn second_start_under_a_name_has_logs_of_its_own() {
    let (_run, guard) = guarded();
    let first = guard.spawn(shell("n1", "echo one >&2"));
    assert_eq!(stderr_of(&first).await, ["one"]);
    let second = guard.spawn(shell("n1", "echo two >&2"));
    assert_eq!(stderr_of(&second).await, ["two"]);
    guard.shutdown().await;
}

#[tokio::test]
async fn flood_on_stderr_is_ended_and_named() {
    let (_run, guard) = guarded();
    let limit = 200_000;
    let node = guard.spawn(
        shell(
            "n1",
            "while :; do echo 'the same line again and again' >&2; done",
        )
        .limits(Limits {
            log: limit,
            ..Limits::default()
        }),
    );
    assert_eq!(
        node.ended().await,
        Ending::Flooded {
            stream: Stream::Stderr,
            limit
        }
    );
    assert_eq!(std::fs::metadata(node.stderr_file()).unwrap().len(), limit);
    guard.shutdown().await;
}

#[tokio::test]
async fn too_much_in_its_folder_is_ended_and_named() {
    let (run, guard) = guarded();
    let scratch = run.folder("scratch").unwrap();
    let limit = 4 << 20;
    let script = "i=0; while :; do head -c 1000000 /dev/zero > f$i; i=$((i+1)); sleep 0.1; done";
    let node = shell("n1", script).cwd(&scratch).fills(&scratch);
    let node = guard.spawn(node.limits(Limits {
        disk: limit,
        ..Limits::default()
    }));
    let ending = node.ended().await;
    assert_eq!(ending, Ending::OverDisk { limit });
    assert_eq!(
        ending.to_string(),
        "wrote over 4 MB to its folder, including files that it deleted but holds open, and was killed for it"
    );
    guard.shutdown().await;
}

#[tokio::test]
async fn too_much_memory_is_ended_and_named() {
    let (_run, guard) = guarded();
    let limit = 64 << 20;
    // The shell keeps what it reads in a variable: 256 MB, and it stays alive with it.
    let script = "x=$(head -c 268435456 /dev/zero | tr '\\0' x); read forever";
    let node = guard.spawn(shell("n1", script).limits(Limits {
        memory: limit,
        ..Limits::default()
    }));
    let ending = node.ended().await;
    let Ending::OverMemory { held, limit: named } = ending else {
        panic!("{ending}")
    };
    assert!(held > limit && named == limit, "{held} {named}");
    assert!(node.peak_memory() >= held);
    guard.shutdown().await;
}

#[tokio::test]
async fn paused_child_stands_still_until_resumed() {
    let (_run, guard) = guarded();
    let node = guard.spawn(shell(
        "n1",
        "echo 'node n1 is ready'; while :; do echo x >&2; sleep 0.01; done",
    ));
    node.ready(SOON, None).await.unwrap();
    let written = || std::fs::metadata(node.stderr_file()).unwrap().len();
    eventually("the child writes", || written() > 0).await;
    for _ in 0..3 {
        node.pause().await.unwrap();
        let state = Command::new("ps")
            .args(["-o", "stat=", "-p", &node.pid().unwrap().to_string()])
            .output()
            .unwrap();
        assert!(state.stdout.starts_with(b"T"), "{state:?}");
        node.resume().await.unwrap();
        let before = written();
        eventually("the child writes again", || written() > before).await;
    }
    node.pause().await.unwrap();
    assert_eq!(node.kill().await.unwrap(), Ending::Signal(9));
    assert!(node.signal(Signal::Continue).await.is_err());
    guard.shutdown().await;
}

#[tokio::test]
async fn dropped_child_goes_with_what_it_started() {
    let (_run, guard) = guarded();
    let node = guard.spawn(shell(
        "n1",
        "sleep 1000 & echo $! >&2; echo 'node n1 is ready'; wait",
    ));
    node.ready(SOON, None).await.unwrap();
    let grandchild: i32 = node.last_stderr_lines(1)[0].parse().unwrap();
    let pid = node.pid().unwrap();
    assert!(lives(pid) && lives(grandchild));
    drop(node);
    eventually("both are gone", || !lives(pid) && !lives(grandchild)).await;
    guard.shutdown().await;
}

#[tokio::test]
async fn what_a_child_started_goes_when_the_child_exits() {
    let (_run, guard) = guarded();
    let node = guard.spawn(shell("n1", "sleep 1000 & echo $! >&2; exit 3"));
    assert_eq!(node.ended().await, Ending::Code(3));
    let grandchild: i32 = node.last_stderr_lines(1)[0].parse().unwrap();
    eventually("the grandchild is gone", || !lives(grandchild)).await;
    guard.shutdown().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_left_its_group_goes_as_soon_as_it_is_an_orphan() {
    let (run, guard) = guarded();
    let escaped = run.path().join("pid");
    let script = format!(
        "setsid sh -c 'echo $$ > {0}.new; mv {0}.new {0}; exec sleep 1000' & sleep 1000",
        escaped.display()
    );
    let node = guard.spawn(shell("n1", &script));
    eventually("it says who it is", || escaped.exists()).await;
    let pid: i32 = std::fs::read_to_string(&escaped)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert!(lives(pid));
    node.kill().await.unwrap();
    eventually("it is gone", || !lives(pid)).await;
    guard.shutdown().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_and_threads_of_what_a_child_starts_count_as_its_own() {
    let (_run, guard) = guarded();
    let limits = Limits {
        memory: 64 << 20,
        tasks: 20,
        ..Limits::default()
    };
    let heavy = "sh -c 'x=$(head -c 268435456 /dev/zero | tr \"\\\\0\" x); read forever' & wait";
    let node = guard.spawn(shell("n1", heavy).limits(limits));
    let ending = node.ended().await;
    assert!(matches!(ending, Ending::OverMemory { .. }), "{ending}");
    let many = "i=0; while [ $i -lt 40 ]; do sleep 1000 & i=$((i+1)); done; wait";
    let node = guard.spawn(shell("n2", many).limits(Limits {
        tasks: 20,
        ..Limits::default()
    }));
    let ending = node.ended().await;
    assert!(
        matches!(ending, Ending::OverTasks { seen, limit: 20 } if seen > 20),
        "{ending}"
    );
    guard.shutdown().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn nothing_outlives_a_guard_that_is_killed() {
    let (run, guard) = guarded();
    let escaped = run.path().join("pid");
    let script = format!(
        "echo $PPID >&2; setsid sh -c 'echo $$ > {0}.new; mv {0}.new {0}; exec sleep 1000 < /dev/null' & \
         exec sleep 1000 < /dev/null",
        escaped.display()
    );
    let node = guard.spawn(shell("n1", &script));
    eventually("it says who it is", || escaped.exists()).await;
    let pid: i32 = std::fs::read_to_string(&escaped)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let guard_pid = node.last_stderr_lines(1)[0].clone();
    assert!(
        Command::new("kill")
            .args(["-9", &guard_pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(node.ended().await, Ending::GuardLost);
    let own = node.pid().unwrap();
    eventually("both are gone", || !lives(own) && !lives(pid)).await;
}

#[tokio::test]
async fn only_the_given_main_knows_the_key() {
    let (_run, guard) = guarded();
    // The code of a learner runs after the given main has read what is only for it.
    let main = "read cookie; read key; echo \"cookie $cookie\" >&2; ";
    let honest =
        format!("{main} echo \"node n1 is ready [sources ab] [key $key]\"; exec sleep 1000");
    let node = guard.spawn(shell("n1", &honest).secrets("chocolate").unwrap());
    node.ready(SOON, Some("ab")).await.unwrap();
    assert_eq!(node.last_stderr_lines(1), ["cookie chocolate"]);
    let forged = format!(
        "{main} echo 'node n2 is ready [sources ab] [key 0]'; echo 'node n2 is ready [sources ab]'; exec sleep 1000"
    );
    let node = guard.spawn(shell("n2", &forged).secrets("chocolate").unwrap());
    let within = Duration::from_millis(300);
    assert_eq!(
        node.ready(within, Some("ab")).await,
        Err(NotReady::TooLate(within))
    );
    guard.shutdown().await;
}

/// A script in a sandbox, if the machine has any.
fn walled_in(run: &RunDir, script: &str) -> Option<Program> {
    let sandbox = Isolation::find().nodes(Path::new("/srv/course"))?;
    let scratch = run.folder("scratch").unwrap();
    let program = shell("n1", script)
        .env("SCRATCH_DIR", &scratch)
        .cwd(&scratch);
    Some(program.sandboxed(Some(sandbox.write(&scratch))))
}

#[tokio::test]
async fn sandbox_shows_its_own_folder_and_no_other_process() {
    let (run, guard) = guarded();
    let secret = run.path().join("secret");
    std::fs::write(&secret, "x").unwrap();
    let script = format!(
        "ls {0} /etc/passwd /home /root >&2; ls /proc | grep -c '^[0-9]' >&2; (: > /tmp/x); (: > /dev/shm/x); \
         echo mine > $SCRATCH_DIR/own && cat own >&2",
        secret.display()
    );
    let Some(program) = walled_in(&run, &script) else {
        return;
    };
    let node = guard.spawn(program);
    assert_eq!(node.ended().await, Ending::Code(0));
    let said = node.last_stderr_lines(20);
    let missing = said
        .iter()
        .filter(|line| line.contains("No such file"))
        .count();
    assert_eq!(missing, 4, "{said:?}");
    let refused = said
        .iter()
        .filter(|line| line.contains("annot create"))
        .count();
    assert_eq!(refused, 2, "{said:?}");
    assert!(
        said.iter()
            .any(|line| line.parse::<u32>().is_ok_and(|seen| seen < 6)),
        "{said:?}"
    );
    assert_eq!(said.last().unwrap(), "mine");
    guard.shutdown().await;
}

#[tokio::test]
async fn child_in_a_sandbox_is_paused_resumed_and_killed_like_any_other() {
    let (run, guard) = guarded();
    let script = "echo 'node n1 is ready'; while :; do echo x >&2; sleep 0.01; done";
    let Some(program) = walled_in(&run, script) else {
        return;
    };
    let node = guard.spawn(program);
    node.ready(SOON, None).await.unwrap();
    let written = || std::fs::metadata(node.stderr_file()).unwrap().len();
    eventually("the child writes", || written() > 0).await;
    for _ in 0..3 {
        node.pause().await.unwrap();
        // What it wrote before may still be on its way to the file.
        sleep(Duration::from_millis(50)).await;
        let before = written();
        sleep(Duration::from_millis(100)).await;
        assert_eq!(written(), before);
        node.resume().await.unwrap();
        eventually("the child writes again", || written() > before).await;
    }
    assert_eq!(node.kill().await.unwrap(), Ending::Signal(9));
    let Some(program) = walled_in(&run, "kill -6 $$") else {
        return;
    };
    assert_eq!(guard.spawn(program).ended().await, Ending::Signal(6));
    guard.shutdown().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn nothing_in_a_sandbox_outlives_its_guard() {
    let (run, guard) = guarded();
    let script =
        "setsid env -i sleep 987654 & env -i setsid sleep 987654 & echo 'node n1 is ready'; wait";
    let Some(program) = walled_in(&run, script) else {
        return;
    };
    let node = guard.spawn(program);
    node.ready(SOON, None).await.unwrap();
    let sleepers = || {
        let output = Command::new("pgrep")
            .args(["-f", "sleep 987654"])
            .output()
            .unwrap();
        output
            .stdout
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .count()
    };
    eventually("they run", || sleepers() >= 2).await;
    let parent = Command::new("ps")
        .args(["-o", "ppid=", "-p", &node.pid().unwrap().to_string()])
        .output()
        .unwrap();
    let parent = String::from_utf8(parent.stdout).unwrap().trim().to_owned();
    assert!(
        Command::new("kill")
            .args(["-9", &parent])
            .status()
            .unwrap()
            .success()
    );
    eventually("they are gone", || sleepers() == 0).await;
}

#[tokio::test]
async fn line_that_the_program_made_up_is_not_taken_for_the_ready_line() {
    let (_run, guard) = guarded();
    let script =
        "echo 'node n1 is ready'; sleep 0.1; echo 'node n1 is ready [sources ab]'; exec sleep 1000";
    let node = guard.spawn(shell("n1", script));
    let ready = node.ready(SOON, Some("ab")).await.unwrap();
    assert_eq!(ready.sources.as_deref(), Some("ab"));
}

#[tokio::test]
async fn lost_guard_is_named_and_nodes_see_their_stdin_close() {
    let (run, guard) = guarded();
    let node = guard.spawn(shell(
        "n1",
        "echo $PPID >&2; echo 'node n1 is ready'; read forever; exit 0",
    ));
    node.ready(SOON, None).await.unwrap();
    let guard_pid = node.last_stderr_lines(1)[0].clone();
    let pid = node.pid().unwrap();
    assert!(
        Command::new("kill")
            .args(["-9", &guard_pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(node.ended().await, Ending::GuardLost);
    assert!(
        node.kill()
            .await
            .is_ok_and(|ending| ending == Ending::GuardLost)
    );
    eventually("the node is gone", || !lives(pid)).await;
    let late = guard.spawn(shell("n2", "exit 0"));
    assert_eq!(late.ended().await, Ending::GuardLost);
    drop(run);
}

#[tokio::test]
async fn shutdown_leaves_no_process_and_no_folder() {
    let (run, guard) = guarded();
    let node = guard.spawn(shell(
        "n1",
        "trap '' TERM HUP INT; echo 'node n1 is ready'; while :; do sleep 1000; done",
    ));
    node.ready(SOON, None).await.unwrap();
    let pid = node.pid().unwrap();
    guard.shutdown().await;
    assert!(!lives(pid));
    assert!(!run.path().exists());
}

/// Not a test by itself: plays the checker that is killed in the tests below.
#[test]
fn victim() {
    if std::env::var_os("PLAY_THE_VICTIM").is_none() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (run, guard) = guarded();
        let plain = guard.spawn(shell("plain", "echo 'node plain is ready'; exec sleep 1000"));
        let stopped = guard.spawn(shell("stopped", "echo 'node stopped is ready'; while :; do sleep 0.1; done"));
        let parent = guard.spawn(shell(
            "parent",
            "trap '' TERM HUP INT; sleep 1000 & echo $! >&2; echo 'node parent is ready'; wait; sleep 1000",
        ));
        for node in [&plain, &stopped, &parent] {
            node.ready(SOON, None).await.unwrap();
        }
        stopped.pause().await.unwrap();
        let grandchild = parent.last_stderr_lines(1)[0].clone();
        let pids: Vec<String> =
            [&plain, &stopped, &parent].iter().map(|node| node.pid().unwrap().to_string()).collect();
        println!("\nvictim {} {grandchild} {}", pids.join(" "), run.path().display());
        std::future::pending::<()>().await;
    });
}

/// Lets a checker start a cluster, ends that checker by `signal`, and waits until nothing is left.
async fn check_nothing_is_left_after(signal: &str) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["guard::victim", "--exact", "--nocapture"])
        .env("PLAY_THE_VICTIM", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(victim.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("victim ") {
        line.clear();
        assert!(
            said.read_line(&mut line).unwrap() > 0,
            "the victim ended early"
        );
    }
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let (pids, folder) = words.split_at(words.len() - 1);
    let pids: Vec<i32> = pids.iter().map(|pid| pid.parse().unwrap()).collect();
    let folder = PathBuf::from(folder[0]);
    assert_eq!(pids.len(), 4);
    assert!(pids.iter().all(|&pid| lives(pid)) && folder.is_dir());

    assert!(
        Command::new("kill")
            .args([signal, &victim.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    // Where SIGINT is ignored, as in the background of a script, it stays so for the victim.
    eventually(&format!("the victim ends after {signal}"), || {
        victim.try_wait().unwrap().is_some()
    })
    .await;
    for pid in pids {
        eventually(&format!("process {pid} is gone after {signal}"), || {
            !lives(pid)
        })
        .await;
    }
    eventually("the run's folder is gone", || !folder.exists()).await;
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
}

#[tokio::test]
async fn nothing_is_left_when_the_checker_is_killed() {
    check_nothing_is_left_after("-KILL").await;
}

#[tokio::test]
async fn nothing_is_left_after_ctrl_c() {
    check_nothing_is_left_after("-INT").await;
}
