//! What the commands promise.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::database::Database;
use super::reply::Reply;
use super::{COMPARE_AND_DELETE, COMPARE_AND_SET};

/// A database, and one connection.
#[derive(Default)]
struct Store {
    database: Database,
    space: usize,
}

impl Store {
    fn run(&mut self, command: &[&str]) -> Reply {
        let words = command.iter();
        let words = words.map(|word| Bytes::copy_from_slice(word.as_bytes()));
        let command: Vec<Bytes> = words.collect();
        self.database.execute(&mut self.space, &command)
    }

    #[track_caller]
    fn check(&mut self, line: &str, expected: Reply) {
        let command: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(self.run(&command), expected, "{line}");
    }
}

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

fn bulk(text: &'static str) -> Reply {
    Reply::bulk(text)
}

#[test]
fn value_is_deleted_only_if_it_is_still_the_one_that_was_read() {
    let mut store = Store::default();
    store.check("SET k read", Reply::OK);
    for (key, old, deleted) in [("none", "", 0), ("k", "other", 0), ("k", "read", 1)] {
        assert_eq!(
            store.run(&["EVAL", COMPARE_AND_DELETE, "1", key, old]),
            Reply::Integer(deleted),
            "{key}: {old}"
        );
    }
    store.check("GET k", Reply::Null);
}

#[test]
fn option_of_set_that_is_not_known_is_named() {
    let mut store = Store::default();
    let Reply::Error(text) = store.run(&["SET", "k", "v", "NX", "PX", "100"]) else {
        panic!("it was carried out");
    };
    assert!(text.contains("'PX'"), "{text}");
    store.check("GET k", Reply::Null);
}

#[test]
fn value_is_replaced_only_if_it_is_still_the_one_that_was_read() {
    let mut store = Store::default();
    store.check("SET k read", Reply::OK);
    for (key, old, new, replaced) in [
        ("none", "", "new", 0),
        ("k", "other", "new", 0),
        ("k", "read", "new", 1),
        ("k", "read", "newer", 0),
    ] {
        assert_eq!(
            store.run(&["EVAL", COMPARE_AND_SET, "1", key, old, new]),
            Reply::Integer(replaced),
            "{key}: {old} by {new}"
        );
    }
    store.check("GET none", Reply::Null);
    store.check("GET k", bulk("new"));
}

#[test]
fn other_scripts_are_refused_by_name() {
    let mut store = Store::default();
    let others = [
        "return 1",
        "",
        // Deletes what is not ours.
        "if redis.call(\"get\",KEYS[1]) ~= ARGV[1] then return redis.call(\"del\",KEYS[1]) else return 0 end",
        "ifredis.call(\"get\",KEYS[1]) == ARGV[1] then return redis.call(\"del\",KEYS[1]) else return 0 end",
    ];
    for script in others {
        let Reply::Error(text) = store.run(&["EVAL", script, "1", "k", "v"]) else {
            panic!("{script} was run");
        };
        assert!(text.contains("two scripts only"), "{text}");
    }
}

#[test]
fn databases_are_separate() {
    let mut store = Store::default();
    store.check("SET k zero", Reply::OK);
    store.check("SELECT 15", Reply::OK);
    store.check("GET k", Reply::Null);
    store.check("SET k fifteen", Reply::OK);
    store.check("SELECT 0", Reply::OK);
    store.check("GET k", bulk("zero"));
    store.check("FLUSHALL", Reply::OK);
    store.check("GET k", Reply::Null);
    store.check("SELECT 15", Reply::OK);
    store.check("GET k", Reply::Null);
}

#[test]
fn full_memory_refuses_writes_until_something_is_removed() {
    let key = |name: &str| Bytes::copy_from_slice(name.as_bytes());
    let value = Bytes::from(vec![0; 500]);
    let mut database = Database::with_limit(1_500);
    assert_eq!(database.put(0, &key("a"), &value), Ok(()));
    assert_eq!(database.put(1, &key("b"), &value), Ok(()));
    let refused = database.put(0, &key("c"), &value);
    assert!(refused.is_err_and(|text| text.starts_with("OOM ")));
    assert_eq!(database.get(0, &key("c")), None);
    let in_its_place = database.put(0, &key("a"), &value);
    assert_eq!(in_its_place, Ok(()));
    assert!(database.remove(1, &key("b")));
    assert_eq!(database.put(0, &key("c"), &value), Ok(()));
    assert!(database.remove(0, &key("a")));
    database.clear(0);
    assert_eq!(database.used(), 0);
}

#[tokio::test]
async fn connections_over_the_limit_are_told_so_and_closed() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(super::serve(listener, 2));
    let mut served = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(PING).await.unwrap();
        stream.read_exact(&mut [0; 7]).await.unwrap();
        served.push(stream);
    }
    let mut answer = String::new();
    let mut third = TcpStream::connect(address).await.unwrap();
    third.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "-ERR max number of clients reached\r\n");
    // One goes, and there is room for another.
    served.pop();
    loop {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let _ = stream.write_all(PING).await;
        let mut answer = [0; 7];
        if stream.read_exact(&mut answer).await.is_ok() && &answer == b"+PONG\r\n" {
            break;
        }
    }
    server.abort();
}

proptest! {
    #[test]
    fn scan_meets_each_lasting_key_once(
        lasting in prop::collection::btree_set("[a-z]{1,4}", 0..60),
        passing in prop::collection::vec("[A-Z]{1,3}", 0..40),
        counts in prop::collection::vec(1_usize..15, 1..10),
    ) {
        let mut store = Store::default();
        for key in &lasting {
            store.run(&["SET", key, "v"]);
        }
        let (mut cursor, mut met, mut step) = ("0".to_owned(), Vec::new(), 0);
        loop {
            // Keys come and go between the steps.
            if !passing.is_empty() {
                store.run(&["SET", &passing[step % passing.len()], "v"]);
                store.run(&["DEL", &passing[(step * 7 + 3) % passing.len()]]);
            }
            let count = counts[step % counts.len()].to_string();
            let reply = store.run(&["SCAN", &cursor, "COUNT", &count]);
            let Reply::Array(parts) = reply else { panic!("no array: {reply:?}") };
            let [Reply::Bulk(next), Reply::Array(keys)] = &parts[..] else { panic!("{parts:?}") };
            for key in keys {
                let Reply::Bulk(key) = key else { panic!("{key:?}") };
                met.push(String::from_utf8(key.to_vec()).unwrap());
            }
            cursor = String::from_utf8(next.to_vec()).unwrap();
            step += 1;
            if cursor == "0" {
                break;
            }
        }
        met.retain(|key| lasting.contains(key));
        prop_assert_eq!(met.len(), lasting.len(), "a key was met twice or not at all");
        prop_assert_eq!(met.into_iter().collect::<BTreeSet<_>>(), lasting);
    }

    #[test]
    fn answers_are_understood_by_another_implementation(reply in replies()) {
        let mut out = BytesMut::new();
        reply.write(&mut out);
        let (_, read) = redis_protocol::resp2::decode::decode(&out).unwrap().unwrap();
        prop_assert_eq!(read, out.len());
    }
}

fn replies() -> impl Strategy<Value = Reply> {
    let leaf = prop_oneof![
        Just(Reply::OK),
        Just(Reply::Null),
        "[ -~\r\n]{0,20}".prop_map(|text| Reply::Error(format!("ERR {text}"))),
        any::<i64>().prop_map(Reply::Integer),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Reply::bulk),
    ];
    leaf.prop_recursive(2, 16, 4, |inner| {
        prop::collection::vec(inner, 0..4).prop_map(Reply::Array)
    })
}
