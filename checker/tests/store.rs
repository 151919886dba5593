//! The store of a run: how it is started, how tries are kept apart in it, and what is left behind.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use redis::AsyncCommands;
use testkit::guard::Guard;
use testkit::run_dir::RunDir;
use testkit::store::{RunStore, StoreChoice, Stores};
use tokio::time::{Duration, Instant, sleep};

const CHECKER: &str = env!("CARGO_BIN_EXE_checker");

struct Run {
    stores: Stores,
    guard: Guard,
    _folder: RunDir,
}

fn run(choice: StoreChoice) -> Run {
    let folder = RunDir::create().unwrap();
    let guard = Guard::start(Path::new(CHECKER), &folder).unwrap();
    Run {
        stores: Stores::new(choice, &guard, &folder),
        guard,
        _folder: folder,
    }
}

fn redis_is_installed() -> bool {
    let found = Command::new("redis-server").arg("--version").output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        runtime::terminal::note("skipped: no redis-server is installed");
    }
    found
}

async fn fill(store: &RunStore, keys: &[&str]) {
    for key in keys {
        let set: redis::RedisResult<()> = store.connection().set(*key, "x").await;
        set.unwrap();
    }
}

#[track_caller]
fn is_reachable(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[tokio::test]
async fn each_cluster_has_a_server_of_its_own_that_ends_with_it_and_with_the_run() {
    if !redis_is_installed() {
        return;
    }
    let run = run(StoreChoice::Redis);
    assert_eq!(run.stores.note(), None, "nobody has asked for it");
    let (first, second) = tokio::join!(run.stores.open(), run.stores.open());
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.address(), second.address());
    fill(&first, &["a"]).await;
    assert!(second.keys("").await.unwrap().is_empty());
    let port = second.address().port();
    drop(second);
    ends(port).await;
    let note = run.stores.note().unwrap();
    assert!(
        note.starts_with("The store was a private redis-server ("),
        "{note}"
    );
    assert!(!first.is_foreign() && !first.is_gone());
    assert_eq!(first.url_by(17), "redis://127.0.0.1:17");
    run.guard.shutdown().await;
    ends(first.address().port()).await;
    // The guard hears of an end a little after the port is free.
    let begun = Instant::now();
    while !first.is_gone() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it is not gone");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until nobody listens there any more.
async fn ends(port: u16) {
    let begun = Instant::now();
    while is_reachable(port) {
        assert!(begun.elapsed() < Duration::from_secs(10), "it goes on");
        sleep(Duration::from_millis(20)).await;
    }
}

#[track_caller]
fn check_prefix(prefix: &str) {
    let random = prefix
        .strip_prefix("course-")
        .and_then(|rest| rest.strip_suffix(':'));
    assert!(random.is_some_and(|random| random.len() == 16), "{prefix}");
}

async fn keeps_tries_apart(store: &RunStore) {
    let (mine, other) = (store.new_prefix().unwrap(), store.new_prefix().unwrap());
    check_prefix(&mine);
    assert_ne!(mine, other);
    let key = |prefix: &str, key: &str| format!("{prefix}{key}");
    fill(
        store,
        &[
            &key(&mine, "link:b"),
            &key(&mine, "link:a"),
            &key(&mine, "due:1:a"),
            &key(&mine, "link*x"),
            &key(&other, "link:a"),
        ],
    )
    .await;
    let links = store.keys(&key(&mine, "link:")).await.unwrap();
    assert_eq!(links, [key(&mine, "link:a"), key(&mine, "link:b")]);
    let stars = store.keys(&key(&mine, "link*")).await.unwrap();
    assert_eq!(stars, [key(&mine, "link*x")], "a star is a star");
    store.clear(&mine).await.unwrap();
    assert!(store.keys(&mine).await.unwrap().is_empty());
    assert_eq!(store.keys(&other).await.unwrap().len(), 1);
}

#[tokio::test]
async fn tries_are_kept_apart_in_the_embedded_store() {
    let run = run(StoreChoice::Embedded);
    let store = run.stores.open().await.unwrap();
    assert_eq!(
        run.stores.note().unwrap(),
        "The store was the embedded one."
    );
    keeps_tries_apart(&store).await;
    run.guard.shutdown().await;
}

#[tokio::test]
async fn tries_are_kept_apart_in_a_redis_server() {
    if !redis_is_installed() {
        return;
    }
    let run = run(StoreChoice::Redis);
    keeps_tries_apart(&run.stores.open().await.unwrap()).await;
    run.guard.shutdown().await;
}

#[tokio::test]
async fn more_keys_than_one_answer_holds_are_cleared() {
    let run = run(StoreChoice::Auto);
    let store = run.stores.open().await.unwrap();
    let prefix = store.new_prefix().unwrap();
    let mut many = redis::pipe();
    for number in 0..3000 {
        many.set(format!("{prefix}{number}"), "x").ignore();
    }
    let set: redis::RedisResult<()> = many.query_async(&mut store.connection()).await;
    set.unwrap();
    assert_eq!(store.keys(&prefix).await.unwrap().len(), 3000);
    store.clear(&prefix).await.unwrap();
    assert!(store.keys(&prefix).await.unwrap().is_empty());
    run.guard.shutdown().await;
}

#[tokio::test]
async fn foreign_store_is_left_as_it_was_found() {
    if !redis_is_installed() {
        return;
    }
    let owner = run(StoreChoice::Redis);
    let owned = owner.stores.open().await.unwrap();
    fill(&owned, &["theirs", "course-theirs:link:a"]).await;

    let port = owned.address().port();
    let url = format!("redis://localhost:{port}/0");
    let guest = run(StoreChoice::Url(url));
    let store = guest.stores.open().await.unwrap();
    assert!(store.is_foreign());
    assert_eq!(store.url_by(17), "redis://127.0.0.1:17/0");
    let note = guest.stores.note().unwrap();
    let (server, at) = (
        "The store was the Redis server ",
        format!(" at localhost:{port}, which --store names."),
    );
    assert!(note.starts_with(server) && note.ends_with(&at), "{note}");
    let prefix = store.new_prefix().unwrap();
    fill(&store, &[&format!("{prefix}link:a")]).await;
    // The try is broken off.
    guest.guard.shutdown().await;
    guest.stores.close().await;

    assert_eq!(
        owned.keys("").await.unwrap(),
        ["course-theirs:link:a", "theirs"]
    );
    owner.guard.shutdown().await;
}

#[tokio::test]
async fn store_that_cannot_be_reached_is_named() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let run = run(StoreChoice::Url(format!("redis://127.0.0.1:{port}")));
    let begun = Instant::now();
    let Err(trouble) = run.stores.open().await else {
        panic!("nothing is there")
    };
    assert!(begun.elapsed() < Duration::from_secs(4));
    let trouble = trouble.to_string();
    let reach =
        format!("could not reach the Redis server at 127.0.0.1:{port}, which --store names: ");
    assert!(trouble.starts_with(&reach), "{trouble}");
    assert_eq!(run.stores.trouble().unwrap().to_string(), trouble);
    assert_eq!(run.stores.note(), None);
}

#[tokio::test]
async fn store_that_needs_tls_is_refused() {
    let run = run(StoreChoice::Url("rediss://127.0.0.1:1".into()));
    assert!(run.stores.open().await.is_err());
}

/// Starts `checker store`, and kills it at the end: as Ctrl-C does, but with no word.
struct Foreground {
    process: std::process::Child,
    /// It has more to say than the first line, and must have a reader.
    _said: BufReader<std::process::ChildStdout>,
}

impl Foreground {
    fn start(kind: &str, port: u16) -> (Foreground, String) {
        let mut process = Command::new(CHECKER)
            .args(["store", "--port", &port.to_string(), "--store", kind])
            .env_remove("REDIS_URL")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let foreground = Foreground {
            process,
            _said: said,
        };
        (foreground, line.trim_end().to_owned())
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn runs_in_the_foreground(kind: &str, about: &str) {
    let (foreground, line) = Foreground::start(kind, 0);
    let (said, url) = line.split_once(", at ").unwrap();
    assert!(said.starts_with(about), "{line}");
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let pong: String = redis::cmd("PING")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(pong, "PONG");

    let port: u16 = url.rsplit_once(':').unwrap().1.parse().unwrap();
    let taken = Command::new(CHECKER)
        .args(["store", "--port", &port.to_string(), "--store", kind])
        .output()
        .unwrap();
    assert_eq!(taken.status.code(), Some(4));
    let said = String::from_utf8(taken.stderr).unwrap();
    assert!(
        said.contains(&format!("127.0.0.1:{port}")) && said.contains("--port"),
        "{said}"
    );

    drop(foreground);
    let begun = Instant::now();
    while is_reachable(port) {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "it outlives the checker"
        );
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn embedded_store_runs_in_the_foreground() {
    runs_in_the_foreground("embedded", "The store is the embedded one").await;
}

#[tokio::test]
async fn redis_server_runs_in_the_foreground_and_dies_with_it() {
    if redis_is_installed() {
        runs_in_the_foreground("redis", "The store is a private redis-server (").await;
    }
}
