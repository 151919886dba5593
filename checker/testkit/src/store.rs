//! The stores of a run: what they are, and how one is started for each cluster that needs it.
//!
//! Each cluster has a store of its own, so that nothing is left in it from another one, and nothing
//! that a program does to it is felt elsewhere. Only a store that a user named by its URL is there
//! once for all of them, which have their own beginnings of keys in it.
//!
//! Nodes never speak to it directly: each has a proxy of its own before it, see
//! [`cluster`](crate::cluster).

mod foreground;
mod redis_server;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::store::Embedded;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncConnectionConfig, ConnectionAddr};
use runtime::terminal::visible;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::guard::{Child, Guard};
use crate::run_dir::RunDir;
use crate::screen::shortened;
use crate::trouble::{Result, Trouble, While};
pub use foreground::serve;
use redis_server::RedisServer;

/// How long the store may take for what takes it less than a millisecond.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which store the user wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StoreChoice {
    /// What REDIS_URL names; else a redis-server of the run's own, if one is installed; else the
    /// embedded one.
    #[default]
    Auto,
    /// The same, without REDIS_URL.
    OfTheRun,
    /// The one in the checker's own process.
    Embedded,
    /// A redis-server of the run's own.
    Redis,
    /// A server that runs already.
    Url(String),
}

impl FromStr for StoreChoice {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "auto" => Ok(StoreChoice::Auto),
            "embedded" => Ok(StoreChoice::Embedded),
            "redis" => Ok(StoreChoice::Redis),
            // Whether it is one is said by `check`, which does not repeat the password in it.
            url if url.contains("://") || url.contains('@') => Ok(StoreChoice::Url(url.to_owned())),
            _ => Err("it must be auto, embedded, redis or redis://HOST:PORT".into()),
        }
    }
}

/// What a choice comes to on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Plan {
    Url {
        url: String,
        named_by: &'static str,
    },
    Private {
        program: PathBuf,
        /// Whether another store will do if it does not start.
        or_embedded: bool,
    },
    Embedded {
        why: &'static str,
    },
}

impl StoreChoice {
    /// Whether a server can be at the URL that is named, if one is: that is known before anything is built.
    ///
    /// # Errors
    /// When it is not the URL of a Redis server.
    pub fn check(&self) -> Result<()> {
        match self {
            StoreChoice::Url(url) => opened(url, "--store").map(drop),
            _ => Ok(()),
        }
    }

    /// The choice for a run in a network of its own, from which no other store can be reached.
    ///
    /// # Errors
    /// When another one is wanted by its URL.
    pub fn of_the_run(self) -> Result<StoreChoice> {
        match self {
            StoreChoice::Auto => Ok(StoreChoice::OfTheRun),
            StoreChoice::Url(url) => Err(Trouble::new(format!(
                "could not use the store {url}: an isolated submission runs in a network of its own, from which it \
                 cannot be reached; leave out --store, or grade with --isolation off"
            ))),
            own => Ok(own),
        }
    }

    /// What the choice comes to on this machine, as a fragment: "a private redis-server
    /// (/usr/bin/redis-server)". A server that runs already is asked whether it answers.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn try_out(&self) -> Result<String> {
        Ok(match self.plan()? {
            Plan::Url { url, named_by } => RunStore::foreign(&url, named_by).await?.about,
            Plan::Private { program, .. } => {
                format!("a private redis-server ({})", program.display())
            }
            Plan::Embedded { why } => format!("the embedded one{why}"),
        })
    }

    fn plan(&self) -> Result<Plan> {
        let url = std::env::var("REDIS_URL").ok();
        self.plan_with(url, on_path("redis-server"))
    }

    /// `url` is what REDIS_URL says, `server` is where a redis-server is installed.
    fn plan_with(&self, url: Option<String>, server: Option<PathBuf>) -> Result<Plan> {
        let url = url.filter(|url| !url.trim().is_empty());
        match (self, url, server) {
            (StoreChoice::Auto, Some(url), _) => Ok(Plan::Url {
                url,
                named_by: "the variable REDIS_URL",
            }),
            (StoreChoice::Url(url), ..) => Ok(Plan::Url {
                url: url.clone(),
                named_by: "--store",
            }),
            (StoreChoice::Auto | StoreChoice::OfTheRun | StoreChoice::Redis, _, Some(program)) => {
                Ok(Plan::Private {
                    program,
                    or_embedded: *self != StoreChoice::Redis,
                })
            }
            (StoreChoice::Redis, _, None) => Err(Trouble::new(
                "could not find a redis-server on the PATH: install one, or use --store embedded",
            )),
            (StoreChoice::Auto, None, None) | (StoreChoice::OfTheRun, _, None) => {
                Ok(Plan::Embedded {
                    why: ", because no redis-server is installed",
                })
            }
            (StoreChoice::Embedded, ..) => Ok(Plan::Embedded { why: "" }),
        }
    }
}

/// The stores of a run, each started when it is asked for. All clones mean the same ones.
#[derive(Clone)]
pub struct Stores(Arc<Lazy>);

struct Lazy {
    choice: StoreChoice,
    guard: Guard,
    folder: PathBuf,
    /// How many servers were started, for the names of their folders.
    servers: AtomicU64,
    /// What came of starting the first one.
    first: OnceCell<Result<First>>,
}

#[derive(Clone)]
struct First {
    about: String,
    /// What led to it; the later ones are started likewise.
    plan: Plan,
    /// The store itself, if all share it.
    foreign: Option<Arc<RunStore>>,
}

impl Stores {
    /// No store is started yet.
    pub fn new(choice: StoreChoice, guard: &Guard, run: &RunDir) -> Stores {
        Stores(Arc::new(Lazy {
            choice,
            guard: guard.clone(),
            folder: run.path().to_owned(),
            servers: AtomicU64::new(0),
            first: OnceCell::new(),
        }))
    }

    /// A store for a cluster, once it is up: an empty one of its own, or the one that was named by its
    /// URL. If the first one did not come up, that is told again, without another try.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn open(&self) -> Result<Arc<RunStore>> {
        let mut opened = None;
        let first = self.0.first.get_or_init(async || {
            let (store, plan) = self.0.start_first().await?;
            let store = opened.insert(Arc::new(store));
            Ok(First {
                about: store.about.clone(),
                plan,
                foreign: store.is_foreign().then(|| Arc::clone(store)),
            })
        });
        let first = first.await.as_ref().map_err(Clone::clone)?;
        match opened.or_else(|| first.foreign.clone()) {
            Some(store) => Ok(store),
            None => self.0.start(&first.plan).await.map(Arc::new),
        }
    }

    /// What the stores were, as a sentence; nothing if none was needed.
    pub fn note(&self) -> Option<String> {
        let first = self.0.first.get()?.as_ref().ok()?;
        let mut note = format!("The store was {}.", first.about);
        if self.0.choice == StoreChoice::OfTheRun && std::env::var_os("REDIS_URL").is_some() {
            note += " The one that REDIS_URL names was not used: an isolated submission cannot reach it.";
        }
        Some(note)
    }

    /// Why there is no store, if one was needed and did not come up.
    pub fn trouble(&self) -> Option<Trouble> {
        self.0.first.get()?.as_ref().err().cloned()
    }

    /// Takes away what tries have left that were broken off, where all share a store. To be called when
    /// their nodes are gone.
    pub async fn close(&self) {
        if let Some(Ok(First {
            foreign: Some(store),
            ..
        })) = self.0.first.get()
        {
            for prefix in store.prefixes() {
                // What cannot be reached any more cannot be cleaned either.
                let _ = store.clear(&prefix).await;
            }
        }
    }
}

impl Lazy {
    /// Starts the first store, and says which plan led to it.
    async fn start_first(&self) -> Result<(RunStore, Plan)> {
        let plan = self.choice.plan()?;
        match (self.start(&plan).await, plan) {
            (Ok(store), plan) => Ok((store, plan)),
            (
                Err(_),
                Plan::Private {
                    or_embedded: true, ..
                },
            ) => {
                let why = ", because the installed redis-server did not start";
                let plan = Plan::Embedded { why };
                Ok((self.start(&plan).await?, plan))
            }
            (Err(trouble), _) => Err(trouble),
        }
    }

    async fn start(&self, plan: &Plan) -> Result<RunStore> {
        match plan {
            Plan::Url { url, named_by } => RunStore::foreign(url, named_by).await,
            Plan::Embedded { why } => RunStore::embedded(why).await,
            Plan::Private { program, .. } => {
                let number = self.servers.fetch_add(1, Ordering::Relaxed) + 1;
                let folder = self.folder.join(format!("redis-{number}"));
                RunStore::private(program, &self.guard, &folder).await
            }
        }
    }
}

/// A store that runs.
pub struct RunStore {
    about: String,
    /// Where it really is, and what its URL is, with credentials if there are any.
    address: SocketAddr,
    url: String,
    connection: ConnectionManager,
    /// The beginnings of keys that were given out and not cleared yet.
    prefixes: Mutex<BTreeSet<String>>,
    kind: Kind,
}

enum Kind {
    Foreign,
    Private(Child),
    Embedded { _server: Embedded },
}

impl RunStore {
    async fn foreign(url: &str, named_by: &str) -> Result<RunStore> {
        let (client, host, port) = opened(url, named_by)?;
        let reach = || format!("reach the Redis server at {host}:{port}, which {named_by} names");
        let address = tokio::net::lookup_host((host.as_str(), port))
            .await
            .or_trouble(reach)?
            .min_by_key(SocketAddr::is_ipv6)
            .ok_or_else(|| Trouble::new(format!("could not {}: unknown host", reach())))?;
        let version = match version(&client).await {
            Ok(version) => version,
            Err(error) => {
                return Err(match foreign_answer(address).await {
                    Some(said) => Trouble::new(format!(
                        "could not use the store that {named_by} names: what answers at {host}:{port} is not a Redis \
                         server; {said}"
                    )),
                    None => Trouble::new(format!("could not {}: {}", reach(), in_words(&error))),
                });
            }
        };
        let about = format!("the Redis server {version} at {host}:{port}, which {named_by} names");
        RunStore::new(about, address, url.to_owned(), Kind::Foreign).await
    }

    async fn private(program: &Path, guard: &Guard, folder: &Path) -> Result<RunStore> {
        let RedisServer {
            child,
            address,
            version,
        } = RedisServer::start(program, guard, folder, None).await?;
        let about = format!("a private redis-server ({version})");
        let kind = Kind::Private(child);
        RunStore::new(about, address, format!("redis://{address}"), kind).await
    }

    async fn embedded(why: &str) -> Result<RunStore> {
        let server = Embedded::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .or_trouble(|| "start the embedded store")?;
        let address = server.address();
        let about = format!("the embedded one{why}");
        let kind = Kind::Embedded { _server: server };
        RunStore::new(about, address, format!("redis://{address}"), kind).await
    }

    async fn new(about: String, address: SocketAddr, url: String, kind: Kind) -> Result<RunStore> {
        let connect = || format!("connect to {about}");
        let client = redis::Client::open(url.as_str()).or_trouble(connect)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1);
        let connection = client.get_connection_manager_with_config(config).await;
        let connection = connection.or_trouble(connect)?;
        Ok(RunStore {
            about,
            address,
            url,
            connection,
            prefixes: Mutex::default(),
            kind,
        })
    }

    /// What it is, as a fragment: "a private redis-server (7.0.15)".
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Where it really is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL for a client that reaches it by another port of this host.
    pub fn url_by(&self, port: u16) -> String {
        let url = redis::parse_redis_url(&self.url).and_then(|mut url| {
            url.set_host(Some("127.0.0.1")).ok()?;
            url.set_port(Some(port)).ok()?;
            Some(url.to_string())
        });
        url.unwrap_or_else(|| format!("redis://127.0.0.1:{port}"))
    }

    /// Whether it was there before the run, and will be there after it.
    pub fn is_foreign(&self) -> bool {
        matches!(self.kind, Kind::Foreign)
    }

    /// Whether it has ended, though nobody told it to.
    pub fn is_gone(&self) -> bool {
        matches!(&self.kind, Kind::Private(child) if child.ending().is_some())
    }

    /// A beginning for keys that nobody else has.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn new_prefix(&self) -> Result<String> {
        let random =
            getrandom::u64().or_trouble(|| "get random numbers from the operating system")?;
        let prefix = format!("course-{random:016x}:");
        self.lock().insert(prefix.clone());
        Ok(prefix)
    }

    /// A connection of the checker's own, past all proxies.
    pub fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }

    /// All keys that begin so.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        // Else a part of it would be taken for a pattern.
        let escaped: String = prefix
            .chars()
            .flat_map(|letter| {
                let special = matches!(letter, '*' | '?' | '[' | ']' | '\\' | '^');
                special.then_some('\\').into_iter().chain([letter])
            })
            .collect();
        let (mut keys, mut cursor) = (BTreeSet::new(), 0_u64);
        loop {
            let (next, some): (u64, Vec<Vec<u8>>) = redis::cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg(format!("{escaped}*"))
                .arg("COUNT")
                .arg(1000)
                .query_async(&mut self.connection())
                .await
                .or_trouble(|| format!("list the keys in the store ({})", self.about))?;
            keys.extend(
                some.iter()
                    .map(|key| String::from_utf8_lossy(key).into_owned()),
            );
            cursor = next;
            if cursor == 0 {
                return Ok(keys.into_iter().collect());
            }
        }
    }

    /// Deletes all keys that begin so, and gives the prefix back.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn clear(&self, prefix: &str) -> Result<()> {
        for some in self.keys(prefix).await?.chunks(500) {
            let deleted = redis::cmd("DEL")
                .arg(some)
                .query_async::<i64>(&mut self.connection())
                .await;
            deleted.or_trouble(|| format!("delete keys in the store ({})", self.about))?;
        }
        self.lock().remove(prefix);
        Ok(())
    }

    fn prefixes(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.prefixes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client for the server at a URL, with its host and port. What the URL says is told nobody, as a password
/// may be in it.
fn opened(url: &str, named_by: &str) -> Result<(redis::Client, String, u16)> {
    let client = redis::Client::open(url).ok();
    let address = client.and_then(|client| match client.get_connection_info().addr().clone() {
        ConnectionAddr::Tcp(host, port) if !host.is_empty() => Some((client, host, port)),
        _ => None,
    });
    address.ok_or_else(|| {
        Trouble::new(format!(
            "could not use the store that {named_by} names: it is redis://HOST:PORT, without TLS"
        ))
    })
}

/// An error of the client, as text for people.
fn in_words(error: &redis::RedisError) -> String {
    let answers = error.clone().into_server_errors();
    let first = answers.as_ref().and_then(|answers| answers.first());
    match first.map(|(_, answer)| answer.code()) {
        Some("NOAUTH") => "it requires a password".to_owned(),
        Some("WRONGPASS") => "it refused the password".to_owned(),
        _ if error.kind() == redis::ErrorKind::AuthenticationFailed => {
            "it refused the password".to_owned()
        }
        _ => error.to_string(),
    }
}

/// What a server answers to a PING, as a fragment, if it is not what a Redis server would answer.
async fn foreign_answer(address: SocketAddr) -> Option<String> {
    const QUOTED: usize = 60;
    let mut answer = [0; 256];
    let asked = async {
        let mut connection = TcpStream::connect(address).await?;
        connection.write_all(b"PING\r\n").await?;
        connection.read(&mut answer).await
    };
    let length = match timeout(PATIENCE, asked).await {
        Ok(Ok(length)) => length,
        Ok(Err(_)) => return None,
        Err(_) => return Some("it accepts the connection, but does not answer".to_owned()),
    };
    let answer = String::from_utf8_lossy(&answer[..length]);
    let line = answer.lines().next().unwrap_or_default();
    match line.chars().next() {
        None => Some("it closes the connection without an answer".to_owned()),
        Some('+' | '-') => None,
        Some(_) => Some(format!("it said `{}`", visible(&shortened(line, QUOTED)))),
    }
}

/// Asks a server for its version.
async fn version(client: &redis::Client) -> redis::RedisResult<String> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    let connection = client.get_multiplexed_async_connection_with_config(&config);
    let mut connection = connection.await?;
    redis::cmd("PING")
        .query_async::<String>(&mut connection)
        .await?;
    // Not every user may ask for it.
    let info: String = redis::cmd("INFO")
        .arg("server")
        .query_async(&mut connection)
        .await
        .unwrap_or_default();
    let version = info
        .lines()
        .find_map(|line| line.strip_prefix("redis_version:"));
    Ok(version.unwrap_or("of unknown version").trim().to_owned())
}

/// Where a program is installed.
fn on_path(program: &str) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        std::fs::metadata(path)
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(is_program)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "/usr/bin/redis-server";

    #[track_caller]
    fn check(choice: &str, url: Option<&str>, server: Option<&str>, expected: &str) {
        let choice: StoreChoice = choice.parse().unwrap();
        let plan = choice.plan_with(url.map(Into::into), server.map(Into::into));
        let said = match plan {
            Ok(Plan::Url { url, named_by }) => format!("{url} by {named_by}"),
            Ok(Plan::Private { or_embedded, .. }) => format!("private, {or_embedded}"),
            Ok(Plan::Embedded { why }) => format!("embedded{why}"),
            Err(trouble) => trouble.to_string(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn store_is_chosen_by_flag_then_variable_then_what_is_installed() {
        let url = Some("redis://127.0.0.1:6379");
        check(
            "auto",
            None,
            None,
            "embedded, because no redis-server is installed",
        );
        check("auto", None, Some(SERVER), "private, true");
        check("auto", Some(" "), Some(SERVER), "private, true");
        check(
            "auto",
            url,
            Some(SERVER),
            "redis://127.0.0.1:6379 by the variable REDIS_URL",
        );
        let of_the_run = StoreChoice::Auto.of_the_run().unwrap();
        let plan = of_the_run.plan_with(url.map(Into::into), None);
        assert!(matches!(plan, Ok(Plan::Embedded { .. })), "{plan:?}");
        check("embedded", url, Some(SERVER), "embedded");
        check("redis", url, Some(SERVER), "private, false");
        check(
            "redis",
            url,
            None,
            "could not find a redis-server on the PATH: install one, or use --store embedded",
        );
        check("redis://gold", url, Some(SERVER), "redis://gold by --store");
        for url in [
            "rediss://:word@gold",
            "redis://:word@",
            "redis://gold:99999",
            "x@y",
        ] {
            let refused = url.parse::<StoreChoice>().unwrap().check();
            let said = refused.unwrap_err().to_string();
            assert!(said.contains("--store") && !said.contains("word"), "{said}");
        }
        let good: StoreChoice = "redis://:word@gold:7000/2".parse().unwrap();
        good.check().unwrap();
        assert!("".parse::<StoreChoice>().is_err());
    }

    /// A server that gives every connection this answer, and what is told of it.
    #[track_caller]
    fn check_answer(answer: &'static str, expected: Option<&str>) {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut connection, _) = server.accept().unwrap();
            let _ = std::io::Read::read(&mut connection, &mut [0; 64]);
            let _ = std::io::Write::write_all(&mut connection, answer.as_bytes());
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        assert_eq!(
            runtime.block_on(foreign_answer(address)).as_deref(),
            expected
        );
    }

    #[test]
    fn what_answers_and_is_no_redis_server_is_quoted() {
        check_answer(
            "HTTP/1.1 400 Bad Request\r\nServer: x\r\n",
            Some("it said `HTTP/1.1 400 Bad Request`"),
        );
        check_answer("", Some("it closes the connection without an answer"));
        check_answer("+PONG\r\n", None);
        check_answer("-NOAUTH Authentication required.\r\n", None);
    }
}
