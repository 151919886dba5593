//! The tools that come with Redis work with the embedded store, where they are installed.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use crate::servers;

/// Runs `redis-cli` with these arguments and this input, and returns what it prints.
fn redis_cli(address: SocketAddr, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("redis-cli")
        .args(["-p", &address.port().to_string()])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_cli_prints_the_same() {
    if !servers::installed("redis-cli") {
        let _ = writeln!(std::io::stderr(), "there is no redis-cli here");
        return;
    }
    let printed: Vec<_> = servers::all()
        .await
        .into_iter()
        .map(|server| {
            let at = server.address();
            let lines = "SET a 1\nGET a\nGET none\nMGET a none\nDEL a b\nSELECT 3\nSET c 1\n\
                         PEXPIRE c 100000\nTTL c\nnonsense x\nSET c\nCONFIG GET save\n";
            let mut printed = redis_cli(at, &[], lines);
            printed += &redis_cli(at, &["-3"], lines);
            printed += &redis_cli(at, &["SET", "link:b", "2"], "");
            printed += &redis_cli(at, &["--scan", "--pattern", "link:*"], "");
            printed += &redis_cli(
                at,
                &["EVAL", store::COMPARE_AND_DELETE, "1", "link:b", "2"],
                "",
            );
            printed += &redis_cli(at, &["-x", "SET", "long"], &"x".repeat(100_000));
            printed += &redis_cli(at, &["GET", "long"], "");
            printed
        })
        .collect();
    assert!(
        printed[0].contains("\"a\"") || printed[0].contains("OK"),
        "{}",
        printed[0]
    );
    assert!(
        printed.windows(2).all(|pair| pair[0] == pair[1]),
        "{printed:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_benchmark_runs_to_its_end() {
    if !servers::installed("redis-benchmark") {
        let _ = writeln!(std::io::stderr(), "there is no redis-benchmark here");
        return;
    }
    let server = store::Embedded::start(([127, 0, 0, 1], 0).into())
        .await
        .unwrap();
    let output = Command::new("redis-benchmark")
        .args(["-p", &server.address().port().to_string()])
        .args([
            "-q",
            "-n",
            "2000",
            "-c",
            "20",
            "-P",
            "4",
            "-t",
            "set,get,ping",
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success() && err.is_empty(), "{out} {err}");
    for name in ["PING_INLINE", "SET", "GET"] {
        assert!(out.contains(&format!("{name}: ")), "{out}");
    }
}
