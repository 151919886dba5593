//! The embedded store answers as Redis does.
//!
//! The same questions go to both, as bytes and through the client that the course uses, in both
//! versions of the protocol. Where no `redis-server` is installed, the embedded store is held to
//! what Redis answered when this was written.

#[path = "conformance/cases/mod.rs"]
mod cases;

use std::net::SocketAddr;
use std::time::Duration;

use crate::servers;
use crate::wire::{self, Wire};
use cases::{Answer, Case};
use redis::aio::ConnectionManager;
use redis::{ProtocolVersion, Value};
use tokio::io::AsyncWriteExt;

/// Fails if the answer is not the one that is expected.
#[track_caller]
fn check(who: &str, case: &Case, command: &[&str], answer: &[u8], expected: Answer, resp3: bool) {
    let answer = String::from_utf8_lossy(answer).into_owned();
    let asked = format!("{who}, {}, {command:?}", case.name);
    match expected {
        Answer::Both(expected) => assert_eq!(answer, expected, "{asked}"),
        Answer::Each(_, expected) if resp3 => assert_eq!(answer, expected, "{asked}"),
        Answer::Each(expected, _) => assert_eq!(answer, expected, "{asked}"),
        Answer::Like(part) => assert!(answer.contains(part), "{asked}: {answer:?} has no {part:?}"),
    }
}

#[tokio::test]
async fn answers_are_the_same_to_the_byte() {
    for server in servers::all().await {
        for resp3 in [false, true] {
            for case in cases::all() {
                let mut wire = if resp3 {
                    Wire::connect3(server.address()).await.unwrap()
                } else {
                    Wire::connect(server.address()).await.unwrap()
                };
                wire.call(&["FLUSHALL"]).await.unwrap();
                for (command, expected) in case.steps {
                    let answer = wire.call(command).await.unwrap();
                    check(server.name(), case, command, &answer, *expected, resp3);
                }
            }
        }
    }
}

#[tokio::test]
async fn pipelined_answers_come_in_order() {
    for server in servers::all().await {
        for case in cases::all() {
            let mut wire = Wire::connect(server.address()).await.unwrap();
            wire.call(&["FLUSHALL"]).await.unwrap();
            let all: Vec<u8> = case
                .steps
                .iter()
                .flat_map(|(command, _)| wire::encode(command))
                .collect();
            wire.stream.write_all(&all).await.unwrap();
            for (command, expected) in case.steps {
                let answer = wire.answer().await.unwrap();
                check(server.name(), case, command, &answer, *expected, false);
            }
        }
    }
}

async fn manager(address: SocketAddr, protocol: ProtocolVersion) -> ConnectionManager {
    let url = match protocol {
        ProtocolVersion::RESP3 => format!("redis://{address}/?protocol=resp3"),
        _ => format!("redis://{address}/"),
    };
    let client = redis::Client::open(url).unwrap();
    client.get_connection_manager().await.unwrap()
}

/// What the client makes of the bytes of an answer.
fn understood(bytes: &str) -> Result<Value, String> {
    let value = redis::parse_redis_value(bytes.as_bytes()).unwrap();
    value.extract_error().map_err(|error| error.to_string())
}

#[tokio::test]
async fn client_of_the_course_gets_the_same_answers() {
    for server in servers::all().await {
        for protocol in [ProtocolVersion::RESP2, ProtocolVersion::RESP3] {
            let resp3 = matches!(protocol, ProtocolVersion::RESP3);
            let mut manager = manager(server.address(), protocol).await;
            for case in cases::all().filter(|case| !case.wire_only) {
                let flushed: Value = redis::cmd("FLUSHALL")
                    .query_async(&mut manager)
                    .await
                    .unwrap();
                assert_eq!(flushed, Value::Okay);
                for (command, expected) in case.steps {
                    let mut question = redis::cmd(command[0]);
                    question.arg(&command[1..]);
                    let answer = question.query_async::<Value>(&mut manager).await;
                    let answer = answer.map_err(|error| error.to_string());
                    let expected = match expected {
                        Answer::Both(expected) => understood(expected),
                        Answer::Each(_, expected) if resp3 => understood(expected),
                        Answer::Each(expected, _) => understood(expected),
                        Answer::Like(_) => {
                            assert!(answer.is_ok(), "{} {command:?} {answer:?}", server.name());
                            continue;
                        }
                    };
                    assert_eq!(
                        answer,
                        expected,
                        "{} {} {command:?}",
                        server.name(),
                        case.name
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn key_is_gone_when_its_time_is_over() {
    for server in servers::all().await {
        let mut wire = Wire::connect(server.address()).await.unwrap();
        wire.call(&["SET", "lock", "mine", "PX", "30", "NX"])
            .await
            .unwrap();
        // No waiting for a fixed time: the lock is asked for until it is free.
        let begun = tokio::time::Instant::now();
        while wire.call(&["SET", "lock", "other", "NX"]).await.unwrap() != b"+OK\r\n" {
            assert!(begun.elapsed() < wire::PATIENCE, "{}", server.name());
        }
        assert!(
            begun.elapsed() >= Duration::from_millis(20),
            "{}",
            server.name()
        );
        assert_eq!(
            wire.call(&["GET", "lock"]).await.unwrap(),
            b"$5\r\nother\r\n"
        );
    }
}

#[tokio::test]
async fn scan_meets_all_keys() {
    for server in servers::all().await {
        let mut manager = manager(server.address(), ProtocolVersion::RESP3).await;
        let mut expected: Vec<String> = (0..1_000).map(|number| format!("link:{number}")).collect();
        for key in &expected {
            let _: () = redis::cmd("SET")
                .arg(key)
                .arg(1)
                .query_async(&mut manager)
                .await
                .unwrap();
        }
        let _: () = redis::cmd("SET")
            .arg("lock")
            .arg(1)
            .query_async(&mut manager)
            .await
            .unwrap();
        let (mut cursor, mut found) = (0_u64, Vec::new());
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor)
                .arg("MATCH")
                .arg("link:*")
                .arg("COUNT")
                .arg(7);
            let (next, keys): (u64, Vec<String>) = scan.query_async(&mut manager).await.unwrap();
            found.extend(keys);
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        found.sort();
        found.dedup();
        expected.sort();
        assert_eq!(found, expected, "{}", server.name());
    }
}

#[tokio::test]
async fn quit_is_answered_and_closes() {
    for server in servers::all().await {
        let mut wire = Wire::connect(server.address()).await.unwrap();
        wire.stream
            .write_all(b"PING\r\nQUIT\r\nPING\r\n")
            .await
            .unwrap();
        assert_eq!(wire.rest().await, b"+PONG\r\n+OK\r\n", "{}", server.name());
    }
}

#[tokio::test]
async fn inline_commands_are_answered() {
    for server in servers::all().await {
        let mut wire = Wire::connect(server.address()).await.unwrap();
        wire.stream
            .write_all(b"\r\nSET k 'a b'\r\n  get \"k\"\nEXISTS k \t none\r\n")
            .await
            .unwrap();
        for expected in ["+OK\r\n", "$3\r\na b\r\n", ":1\r\n"] {
            let answer = String::from_utf8(wire.answer().await.unwrap()).unwrap();
            assert_eq!(answer, expected, "{}", server.name());
        }
    }
}

#[tokio::test]
async fn garbage_gets_an_error_and_a_closed_connection() {
    for server in servers::all().await {
        for (sent, expected) in [
            (
                "*1\r\n:1\r\n",
                "-ERR Protocol error: expected '$', got ':'\r\n",
            ),
            (
                "*1\r\n*1\r\n*1\r\n",
                "-ERR Protocol error: expected '$', got '*'\r\n",
            ),
            (
                "*x\r\n",
                "-ERR Protocol error: invalid multibulk length\r\n",
            ),
            (
                "*2147483648\r\n",
                "-ERR Protocol error: invalid multibulk length\r\n",
            ),
            (
                "*1\r\n$-5\r\n",
                "-ERR Protocol error: invalid bulk length\r\n",
            ),
            (
                "*1\r\n$99999999999\r\n",
                "-ERR Protocol error: invalid bulk length\r\n",
            ),
            (
                "GET \"a\r\n",
                "-ERR Protocol error: unbalanced quotes in request\r\n",
            ),
            (
                "*1\r\n$4\r\nPING\r\n*1\r\n+\r\n",
                "+PONG\r\n-ERR Protocol error: expected '$', got '+'\r\n",
            ),
        ] {
            let mut wire = Wire::connect(server.address()).await.unwrap();
            wire.stream.write_all(sent.as_bytes()).await.unwrap();
            let answer = String::from_utf8(wire.rest().await).unwrap();
            assert_eq!(answer, expected, "{} {sent:?}", server.name());
        }
    }
}
