//! The links in Redis: what was stored here outlives every node.
//!
//! All nodes use one store, and each of its commands is atomic: whatever two nodes do at the same
//! time, one of them comes first. That is why [`Store::claim`] can give a code to one URL only,
//! with no further agreement between the nodes.
//!
//! | key | value |
//! |---|---|
//! | `link:CODE` | [`Link::to_text`] |
//! | `due:MILLISECONDS:CODE` | nothing: says that the link of that code ends then |
//! | `member:NODE` | nothing: says that the node is a member (part 4) |
//!
//! Keys of links have no expiry in Redis: an expired link stays, and is known to be expired, until
//! somebody sweeps it away.

use std::fmt;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, Pipeline, RedisError};
use runtime::NodeName;
use tokio::time::timeout;

use crate::link::{Code, Link, now};

/// How long a command waits for its answer, all tries together.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(800);

/// How long one try to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_millis(300);

/// How often a command is sent again when its connection turns out to be lost. Every command here
/// may be sent twice: it leads to the same.
const RETRIES: u32 = 2;

/// Deletes a key if it has that value: in one step, so that nobody can put a new value there
/// in between. (Redis manual, `SET`: "Patterns".)
const COMPARE_AND_DELETE: &str = r#"if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end"#;

/// The store, as one node sees it. Cloning is cheap; all clones share one connection, on which
/// commands do not wait for each other's answers.
#[derive(Clone)]
pub struct Store {
    connection: ConnectionManager,
    prefix: String,
}

/// Why the store gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// There was no connection: what was asked has not happened, and will not.
    Unreachable(String),
    /// The answer did not come: what was asked may have happened, or may yet.
    NoAnswer(String),
    /// The store refused the command, or what is stored is not what we store.
    Refused(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Unreachable(why) => write!(f, "the store cannot be reached: {why}"),
            StoreError::NoAnswer(why) => write!(f, "the store did not answer: {why}"),
            StoreError::Refused(why) => write!(f, "the store refused: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}

/// What came of an attempt to claim a code.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Claim {
    /// The code is this link's, since now.
    Claimed(Code),
    /// The URL has this code already, with this link.
    Known(Code, Link),
    /// The code is another URL's.
    Taken,
}

impl Store {
    /// The store at a URL, `redis://127.0.0.1:6379`. It need not be up: the first command connects.
    ///
    /// `prefix` is what all keys begin with. It should be free of `*`, `?`, `[` and `\`.
    ///
    /// # Errors
    /// A sentence, when that is not the URL of a Redis server.
    pub fn at(url: &str, prefix: &str) -> Result<Store, String> {
        let client = Client::open(url)
            .map_err(|error| format!("{url} is not the URL of a Redis server: {error}"))?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN))
            .set_number_of_retries(0);
        let connection = ConnectionManager::new_lazy_with_config(client, config)
            .map_err(|error| format!("cannot use {url}: {error}"))?;
        Ok(Store {
            connection,
            prefix: prefix.to_owned(),
        })
    }

    /// Reads a link, which may be expired.
    ///
    /// # Errors
    /// [`StoreError`], within [`ANSWER_WITHIN`].
    pub async fn get(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        let mut ask = redis::pipe();
        ask.cmd("GET").arg(self.link_key(code));
        let (text,): (Option<String>,) = self.run(&ask).await?;
        text.map(|text| read(code, &text)).transpose()
    }

    /// Stores a link under the first of some codes, unless that is another URL's (`SET NX`), or
    /// the URL has one of the codes already; links that are expired do not count.
    ///
    /// To claim one code for a link, whatever else its URL has, give only that one.
    ///
    /// # Errors
    /// [`StoreError`], within [`ANSWER_WITHIN`]. After [`StoreError::NoAnswer`] the code may be
    /// claimed or not; to ask again does no harm.
    ///
    /// # Panics
    /// When `codes` is empty.
    pub async fn claim(&self, codes: &[Code], link: &Link) -> Result<Claim, StoreError> {
        let [code, others @ ..] = codes else {
            panic!("claim needs a code");
        };
        let same = |other: &Link| other.url == link.url && !other.is_expired(now());
        loop {
            let mut ask = redis::pipe();
            if let Some(end) = link.expires_at {
                // First, so that no link with an end is ever without it. Alone it means nothing.
                ask.cmd("SET").arg(self.due_key(end, code)).arg("").ignore();
            }
            ask.cmd("SET")
                .arg(self.link_key(code))
                .arg(link.to_text())
                .arg("NX");
            let keys: Vec<String> = codes.iter().map(|code| self.link_key(code)).collect();
            ask.cmd("MGET").arg(&keys);
            let (set, texts): (Option<String>, Vec<Option<String>>) = self.run(&ask).await?;
            let is_new = set.is_some();
            let mut links = Vec::new();
            for (code, text) in codes.iter().zip(&texts) {
                links.push(text.as_deref().map(|text| read(code, text)).transpose()?);
            }
            // The URL got a later code when others had the first, and they are gone since.
            let known = others.iter().zip(&links[1..]).find_map(|(code, link)| {
                let link = link.as_ref().filter(|link| same(link))?;
                Some(Claim::Known(code.clone(), link.clone()))
            });
            match (&links[0], known) {
                (_, Some(known)) => {
                    if is_new {
                        self.remove(code, link).await?;
                    }
                    return Ok(known);
                }
                _ if is_new => return Ok(Claim::Claimed(code.clone())),
                (Some(stored), _) if same(stored) => {
                    return Ok(Claim::Known(code.clone(), stored.clone()));
                }
                (Some(stored), _) if stored.is_expired(now()) => {
                    self.remove(code, stored).await?;
                }
                (Some(_), _) => return Ok(Claim::Taken),
                // Swept between the two commands.
                (None, _) => {}
            }
        }
    }

    /// Removes a link, if it is still this one. Says whether it was.
    ///
    /// # Errors
    /// [`StoreError`], within [`ANSWER_WITHIN`].
    pub async fn remove(&self, code: &Code, link: &Link) -> Result<bool, StoreError> {
        let mut ask = redis::pipe();
        ask.cmd("EVAL")
            .arg(COMPARE_AND_DELETE)
            .arg(1)
            .arg(self.link_key(code))
            .arg(link.to_text());
        if let Some(end) = link.expires_at {
            ask.cmd("DEL").arg(self.due_key(end, code)).ignore();
        }
        let (removed,): (u64,) = self.run(&ask).await?;
        Ok(removed > 0)
    }

    /// The links in the store that are expired: work for a sweeper.
    ///
    /// # Errors
    /// [`StoreError`], within [`ANSWER_WITHIN`] for each page of keys.
    pub async fn expired(&self) -> Result<Vec<(Code, Link)>, StoreError> {
        let mut expired = Vec::new();
        for name in self.names("due:").await? {
            let Some((end, code)) = name.split_once(':') else {
                continue;
            };
            let (Ok(end), Ok(code)) = (end.parse::<u64>(), code.parse::<Code>()) else {
                continue;
            };
            if end > now() {
                continue;
            }
            match self.get(&code).await? {
                Some(link) if link.expires_at == Some(end) => expired.push((code, link)),
                // It was swept, or a creation came to nothing: the note alone is left.
                _ => {
                    let mut ask = redis::pipe();
                    ask.cmd("DEL").arg(self.due_key(end, &code)).ignore();
                    let () = self.run(&ask).await?;
                }
            }
        }
        Ok(expired)
    }

    /// Adds a node to the members. To add one twice is the same as to add it once.
    ///
    /// # Errors
    /// [`StoreError`], within [`ANSWER_WITHIN`].
    pub async fn add_member(&self, node: &NodeName) -> Result<(), StoreError> {
        let mut ask = redis::pipe();
        ask.cmd("SET")
            .arg(format!("{}member:{node}", self.prefix))
            .arg("")
            .ignore();
        self.run(&ask).await
    }

    /// The members, in no order; one may come twice.
    ///
    /// # Errors
    /// [`StoreError`], within [`ANSWER_WITHIN`] for each page of keys.
    pub async fn members(&self) -> Result<Vec<NodeName>, StoreError> {
        let names = self.names("member:").await?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// What follows after a beginning in the keys that have it.
    async fn names(&self, kind: &str) -> Result<Vec<String>, StoreError> {
        let start = format!("{}{kind}", self.prefix);
        let (mut names, mut cursor) = (Vec::new(), "0".to_owned());
        loop {
            let mut ask = redis::pipe();
            ask.cmd("SCAN")
                .arg(&cursor)
                .arg("MATCH")
                .arg(format!("{start}*"))
                .arg("COUNT")
                .arg(1000);
            let ((next, page),): ((String, Vec<String>),) = self.run(&ask).await?;
            names.extend(
                page.iter()
                    .filter_map(|key| key.strip_prefix(&start))
                    .map(str::to_owned),
            );
            if next == "0" {
                return Ok(names);
            }
            cursor = next;
        }
    }

    fn link_key(&self, code: &Code) -> String {
        format!("{}link:{code}", self.prefix)
    }

    fn due_key(&self, end: u64, code: &Code) -> String {
        format!("{}due:{end}:{code}", self.prefix)
    }

    async fn run<T: FromRedisValue>(&self, ask: &Pipeline) -> Result<T, StoreError> {
        let tries = async {
            let mut tries = 0;
            loop {
                let mut connection = self.connection.clone();
                match ask.query_async::<T>(&mut connection).await {
                    Err(error) if connection_was_lost(&error) && tries < RETRIES => tries += 1,
                    answer => return answer.map_err(told),
                }
            }
        };
        match timeout(ANSWER_WITHIN, tries).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::NoAnswer(format!(
                "not within {} ms",
                ANSWER_WITHIN.as_millis()
            ))),
        }
    }
}

fn connection_was_lost(error: &RedisError) -> bool {
    (error.is_connection_dropped() || error.is_connection_refusal() || error.is_io_error())
        && !error.is_timeout()
}

fn told(error: RedisError) -> StoreError {
    if error.is_connection_refusal() {
        StoreError::Unreachable(error.to_string())
    } else if error.is_io_error() || error.is_timeout() || error.is_connection_dropped() {
        StoreError::NoAnswer(error.to_string())
    } else {
        StoreError::Refused(error.to_string())
    }
}

fn read(code: &Code, text: &str) -> Result<Link, StoreError> {
    Link::from_text(text).ok_or_else(|| {
        StoreError::Refused(format!("what is stored under link:{code} is not a link"))
    })
}
