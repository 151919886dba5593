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
                         nonsense x\nSET c\n";
            let mut printed = redis_cli(at, &[], lines);
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
