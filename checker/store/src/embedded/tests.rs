//! What the state machine promises, with a clock that the test sets.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::commands::Session;
use super::database::{Database, Entry};
use super::reply::{Protocol, Reply};
use super::{COMPARE_AND_DELETE, COMPARE_AND_SET};

/// A database, one session, and a clock.
struct Store {
    database: Database,
    session: Session,
    now: Instant,
}

impl Store {
    fn new() -> Store {
        Store {
            database: Database::default(),
            session: Session::new(1),
            now: Instant::now(),
        }
    }

    fn run(&mut self, command: &[&str]) -> Reply {
        let command: Vec<Bytes> = command
            .iter()
            .map(|word| Bytes::copy_from_slice(word.as_bytes()))
            .collect();
        self.database.execute(&mut self.session, self.now, &command)
    }

    #[track_caller]
    fn check(&mut self, line: &str, expected: Reply) {
        let command: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(self.run(&command), expected, "{line}");
    }

    fn wait(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
    }
}

fn bulk(text: &'static str) -> Reply {
    Reply::bulk(text)
}

#[test]
fn expired_key_is_gone_for_every_command() {
    let mut store = Store::new();
    for (line, expected) in [
        ("GET lock", Reply::Null),
        ("EXISTS lock", Reply::Integer(0)),
        ("DEL lock", Reply::Integer(0)),
        ("TTL lock", Reply::Integer(-2)),
        ("DBSIZE", Reply::Integer(0)),
        ("SETNX lock other", Reply::Integer(1)),
        ("SET lock other NX", Reply::OK),
        ("SET lock other XX", Reply::Null),
        ("EXPIRE lock 5", Reply::Integer(0)),
        ("MGET lock", Reply::Array(vec![Reply::Null])),
        (
            "SCAN 0",
            Reply::Array(vec![bulk("0"), Reply::Array(vec![])]),
        ),
    ] {
        store.check("FLUSHDB", Reply::OK);
        store.check("SET lock mine PX 100", Reply::OK);
        store.wait(99);
        store.check("GET lock", bulk("mine"));
        store.check("PTTL lock", Reply::Integer(1));
        store.wait(1);
        store.check(line, expected);
    }
}

#[test]
fn set_takes_the_expiry_away_unless_it_is_to_be_kept() {
    let mut store = Store::new();
    store.check("SET k a PX 100", Reply::OK);
    store.check("SET k b KEEPTTL", Reply::OK);
    store.check("PTTL k", Reply::Integer(100));
    store.check("SET k c", Reply::OK);
    store.check("PTTL k", Reply::Integer(-1));
}

#[test]
fn expire_with_no_time_left_deletes() {
    let mut store = Store::new();
    store.check("SET k a", Reply::OK);
    store.check("EXPIRE k -1", Reply::Integer(1));
    store.check("EXISTS k", Reply::Integer(0));
}

#[test]
fn lock_is_released_only_by_its_holder() {
    let mut store = Store::new();
    store.check("SET lock mine NX PX 100", Reply::OK);
    assert_eq!(
        store.run(&["EVAL", COMPARE_AND_DELETE, "1", "lock", "other"]),
        Reply::Integer(0)
    );
    store.check("GET lock", bulk("mine"));
    assert_eq!(
        store.run(&["EVAL", COMPARE_AND_DELETE, "1", "lock", "mine"]),
        Reply::Integer(1)
    );
    store.check("GET lock", Reply::Null);
    // A lock that has expired and is held by another is not ours to release.
    store.check("SET lock mine NX PX 100", Reply::OK);
    store.wait(100);
    store.check("SET lock other NX PX 100", Reply::OK);
    assert_eq!(
        store.run(&["EVAL", COMPARE_AND_DELETE, "1", "lock", "mine"]),
        Reply::Integer(0)
    );
    store.check("GET lock", bulk("other"));
}

#[test]
fn value_is_replaced_only_if_it_is_still_the_one_that_was_read() {
    let mut store = Store::new();
    store.check("SET k read PX 100", Reply::OK);
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
    store.check("EXISTS none", Reply::Integer(0));
    // As after every plain SET, the expiry is gone.
    store.wait(100);
    store.check("GET k", bulk("new"));
}

#[test]
fn script_is_recognised_however_it_is_laid_out() {
    let variants = [
        "if redis.call(\"get\",KEYS[1]) == ARGV[1] then return redis.call(\"del\",KEYS[1]) else return 0 end",
        "if redis.call('get', KEYS[1]) == ARGV[1] then\n  return redis.call('del', KEYS[1])\nelse\n  return 0\nend\n",
        "\tif redis.call(\"get\",KEYS[1])==ARGV[1] then return redis.call(\"del\",KEYS[1]) else return 0 end",
    ];
    for script in variants {
        let mut store = Store::new();
        store.check("SET k v", Reply::OK);
        assert_eq!(
            store.run(&["EVAL", script, "1", "k", "v"]),
            Reply::Integer(1),
            "{script}"
        );
    }
}

#[test]
fn other_scripts_are_refused_by_name() {
    let mut store = Store::new();
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
    let mut store = Store::new();
    store.check("SET k zero", Reply::OK);
    store.check("SELECT 15", Reply::OK);
    store.check("GET k", Reply::Null);
    store.check("SET k fifteen", Reply::OK);
    store.check("FLUSHDB", Reply::OK);
    store.check("SELECT 0", Reply::OK);
    store.check("GET k", bulk("zero"));
    store.check("FLUSHALL", Reply::OK);
    store.check("DBSIZE", Reply::Integer(0));
}

#[test]
fn full_memory_refuses_writes_and_expired_entries_make_room() {
    let (now, key) = (Instant::now(), |name: &str| {
        Bytes::copy_from_slice(name.as_bytes())
    });
    let entry = |expires| Entry {
        value: Bytes::from(vec![0; 500]),
        expires,
    };
    let mut database = Database::with_limit(1_500);
    let soon = now + Duration::from_millis(10);
    assert_eq!(database.put(0, &key("a"), entry(None), now), Ok(()));
    assert_eq!(database.put(1, &key("b"), entry(Some(soon)), now), Ok(()));
    let refused = database.put(0, &key("c"), entry(None), now);
    assert!(refused.is_err_and(|text| text.starts_with("OOM ")));
    assert!(!database.exists(0, &key("c"), now));
    assert_eq!(
        database.put(0, &key("a"), entry(None), now),
        Ok(()),
        "in place of itself"
    );
    assert_eq!(database.put(0, &key("c"), entry(None), soon), Ok(()));
    assert!(database.remove(0, &key("a"), soon));
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
        stream.write_all(b"PING\r\n").await.unwrap();
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
        let _ = stream.write_all(b"PING\r\n").await;
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
        let mut store = Store::new();
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
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let mut out = BytesMut::new();
            reply.write(protocol, &mut out);
            let read = match protocol {
                Protocol::Resp2 => redis_protocol::resp2::decode::decode(&out).unwrap().unwrap().1,
                Protocol::Resp3 => {
                    redis_protocol::resp3::decode::complete::decode(&out).unwrap().unwrap().1
                }
            };
            prop_assert_eq!(read, out.len());
        }
    }
}

fn replies() -> impl Strategy<Value = Reply> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..20).prop_map(Reply::bulk);
    let leaf = prop_oneof![
        Just(Reply::OK),
        Just(Reply::Null),
        "[ -~\r\n]{0,20}".prop_map(|text| Reply::Error(format!("ERR {text}"))),
        any::<i64>().prop_map(Reply::Integer),
        bytes(),
        "[ -~\r\n]{0,20}".prop_map(Reply::Verbatim),
    ];
    leaf.prop_recursive(2, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Reply::Array),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..3).prop_map(|pairs| {
                let pairs = pairs.into_iter();
                Reply::Map(
                    pairs
                        .map(|(key, value)| (Reply::bulk(key), value))
                        .collect(),
                )
            }),
        ]
    })
}
