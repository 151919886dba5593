//! The embedded store answers as Redis does.
//!
//! The same questions go to both, as bytes and through the client that the course uses. Where no `redis-server` is installed, the embedded store is held to
//! what Redis answered when this was written.

#[path = "conformance/cases/mod.rs"]
mod cases;

use std::net::SocketAddr;

use crate::servers;
use crate::wire::{self, Wire};
use cases::{Answer, Case};
use redis::Value;
use redis::aio::ConnectionManager;
use tokio::io::AsyncWriteExt;

/// Fails if the answer is not the one that is expected.
#[track_caller]
fn check(who: &str, case: &Case, command: &[&str], answer: &[u8], expected: Answer) {
    let answer = String::from_utf8_lossy(answer).into_owned();
    let asked = format!("{who}, {}, {command:?}", case.name);
    match expected {
        Answer::Is(expected) => assert_eq!(answer, expected, "{asked}"),
        Answer::Has(part) => assert!(answer.contains(part), "{asked}: {answer:?} has no {part:?}"),
    }
}

#[tokio::test]
async fn answers_are_the_same_to_the_byte() {
    for server in servers::all().await {
        for case in cases::all() {
            let mut wire = Wire::connect(server.address()).await.unwrap();
            wire.call(&["FLUSHALL"]).await.unwrap();
            for (command, expected) in case.steps {
                let answer = wire.call(command).await.unwrap();
                check(server.name(), case, command, &answer, *expected);
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
                check(server.name(), case, command, &answer, *expected);
            }
        }
    }
}

async fn manager(address: SocketAddr) -> ConnectionManager {
    let client = redis::Client::open(format!("redis://{address}/")).unwrap();
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
        let mut manager = manager(server.address()).await;
        for case in cases::all().filter(|case| !case.wire_only) {
            let flushed = redis::cmd("FLUSHALL").query_async(&mut manager).await;
            assert_eq!(flushed, Ok(Value::Okay));
            for (command, expected) in case.steps {
                let mut question = redis::cmd(command[0]);
                question.arg(&command[1..]);
                let answer = question.query_async::<Value>(&mut manager).await;
                let answer = answer.map_err(|error| error.to_string());
                let asked = format!("{} {} {command:?}", server.name(), case.name);
                match expected {
                    Answer::Is(expected) => assert_eq!(answer, understood(expected), "{asked}"),
                    Answer::Has(_) => assert!(answer.is_ok(), "{asked} {answer:?}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn scan_meets_all_keys() {
    for server in servers::all().await {
        let mut manager = manager(server.address()).await;
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
