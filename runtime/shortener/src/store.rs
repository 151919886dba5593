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
//! a sweeper removes it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{Client, ErrorKind, FromRedisValue, Pipeline, RedisError};
use runtime::NodeName;
use tokio::time::{Instant, timeout_at};

use crate::link::{Code, Link, now, url_of_the_web};
use connection::Connection;

mod connection;

/// How long an operation waits for the store, all its commands and tries together.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(800);

/// How often a command is sent again when its connection has been lost. Every command here
/// may be sent twice: the result is the same.
const RETRIES: u32 = 2;

/// Deletes a key if it has that value: in one step, so that nobody can put a new value there
/// in between. (Redis manual, `SET`: "Patterns".)
const COMPARE_AND_DELETE: &str = r#"if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end"#;

/// Writes a value if the key still has the one that was read: in one step, for the same reason.
const COMPARE_AND_SET: &str = r#"if redis.call("get",KEYS[1]) == ARGV[1] then redis.call("set",KEYS[1],ARGV[2]) return 1 else return 0 end"#;

/// The store, as one node sees it. Cloning is cheap; all clones share one connection, on which
/// commands do not wait for each other's answers.
#[derive(Clone)]
pub struct Store {
    connection: Arc<Connection>,
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

/// The result of an attempt to claim a code.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Claim {
    /// The code belongs to this link from now on.
    Claimed(Code),
    /// The URL has this code already, with this link, whose expiry is the later of two: the one
    /// that it had, and the one that was asked for.
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
        // What stands there is not said: a password may be in it.
        let client = Client::open(url).map_err(
            |_| "the store's URL is not one of a Redis server, such as redis://127.0.0.1:6379",
        )?;
        Ok(Store {
            connection: Arc::new(Connection::to(client)),
            prefix: prefix.to_owned(),
        })
    }

    /// Reads a link, which may be expired.
    ///
    /// # Errors
    /// [`StoreError`], within [`ANSWER_WITHIN`].
    pub async fn get(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        self.read(code, in_time()).await
    }

    async fn read(&self, code: &Code, by: Instant) -> Result<Option<Link>, StoreError> {
        let mut ask = redis::pipe();
        ask.cmd("GET").arg(self.link_key(code));
        let (value,): (Option<Vec<u8>>,) = self.run(&ask, by).await?;
        value.map(|value| as_link(code, value)).transpose()
    }

    /// Stores a link under the first of some codes, unless that is another URL's (`SET NX`), or
    /// the URL has one of the codes already; links that are expired do not count. If the URL
    /// has a link that expires earlier than this one, that link gets the later expiry.
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
        assert!(!codes.is_empty(), "claim needs a code");
        let by = in_time();
        loop {
            // No result: another client changed the value between the read and the write.
            if let Some(claim) = self.try_claim(codes, link, by).await? {
                return Ok(claim);
            }
        }
    }

    /// Claims a code, if what is stored does not change meanwhile.
    async fn try_claim(
        &self,
        codes: &[Code],
        link: &Link,
        by: Instant,
    ) -> Result<Option<Claim>, StoreError> {
        let mut ask = redis::pipe();
        self.note_end(&mut ask, &codes[0], link);
        ask.cmd("SET")
            .arg(self.link_key(&codes[0]))
            .arg(link.to_text())
            .arg("NX");
        let keys: Vec<String> = codes.iter().map(|code| self.link_key(code)).collect();
        ask.cmd("MGET").arg(&keys);
        let (set, values): (Option<String>, Vec<Option<Vec<u8>>>) = self.run(&ask, by).await?;
        let is_new = set.is_some();
        let stored: Vec<Option<Result<Link, StoreError>>> = codes
            .iter()
            .zip(values)
            .map(|(code, value)| value.map(|value| as_link(code, value)))
            .collect();
        // The URL got a later code while the first ones were taken, and those links have since gone.
        let places = (1..codes.len()).chain((!is_new).then_some(0));
        let mut known = places.filter_map(|place| match &stored[place] {
            Some(Ok(other)) if other.url == link.url && !other.is_expired(now()) => {
                Some((&codes[place], other))
            }
            _ => None,
        });
        if let Some((code, known)) = known.next() {
            if is_new {
                self.compare_and_delete(&codes[0], link, by).await?;
            }
            return self.prolong(code, known, link, by).await;
        }
        match &stored[0] {
            _ if is_new => Ok(Some(Claim::Claimed(codes[0].clone()))),
            Some(Ok(old)) if old.is_expired(now()) => {
                self.compare_and_delete(&codes[0], old, by).await?;
                Ok(None)
            }
            Some(Ok(_)) => Ok(Some(Claim::Taken)),
            Some(Err(why)) => Err(why.clone()),
            // Swept between the two commands. Or the value is a list, for example, and not text; then this fails.
            None => {
                self.read(&codes[0], by).await?;
                Ok(None)
            }
        }
    }

    /// Gives a link that exists the expiry that was asked for, if that is later.
    async fn prolong(
        &self,
        code: &Code,
        known: &Link,
        asked: &Link,
        by: Instant,
    ) -> Result<Option<Claim>, StoreError> {
        if !asked.outlives(known) {
            return Ok(Some(Claim::Known(code.clone(), known.clone())));
        }
        let mut ask = redis::pipe();
        self.note_end(&mut ask, code, asked);
        ask.cmd("EVAL")
            .arg(COMPARE_AND_SET)
            .arg(1)
            .arg(self.link_key(code))
            .arg(known.to_text())
            .arg(asked.to_text());
        let (replaced,): (u64,) = self.run(&ask, by).await?;
        Ok((replaced > 0).then(|| Claim::Known(code.clone(), asked.clone())))
    }

    /// Adds to some commands the note for the sweeper that a link ends. It comes before the link,
    /// so that no link with an end is ever without it; alone it means nothing.
    fn note_end(&self, ask: &mut Pipeline, code: &Code, link: &Link) {
        if let Some(end) = link.expires_at {
            ask.cmd("SET").arg(self.due_key(end, code)).arg("").ignore();
        }
    }

    /// Removes a link, if it is still this one. Says whether it was.
    ///
    /// # Errors
    /// [`StoreError`], within [`ANSWER_WITHIN`].
    pub async fn remove(&self, code: &Code, link: &Link) -> Result<bool, StoreError> {
        self.compare_and_delete(code, link, in_time()).await
    }

    async fn compare_and_delete(
        &self,
        code: &Code,
        link: &Link,
        by: Instant,
    ) -> Result<bool, StoreError> {
        let mut ask = redis::pipe();
        ask.cmd("EVAL")
            .arg(COMPARE_AND_DELETE)
            .arg(1)
            .arg(self.link_key(code))
            .arg(link.to_text());
        if let Some(end) = link.expires_at {
            ask.cmd("DEL").arg(self.due_key(end, code)).ignore();
        }
        let (removed,): (u64,) = self.run(&ask, by).await?;
        Ok(removed > 0)
    }

    /// The links in the store that are expired: work for a sweeper. What is stored there and is not
    /// a link stays, and keeps no other from being swept.
    ///
    /// # Errors
    /// [`StoreError`], within [`ANSWER_WITHIN`] for each page of keys, and for each link.
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
            match self.get(&code).await {
                Ok(Some(link)) if link.expires_at == Some(end) => expired.push((code, link)),
                // The link was swept or got a later expiry, or its creation failed: only the note is left.
                Ok(_) => {
                    let mut ask = redis::pipe();
                    let note = format!("{}due:{name}", self.prefix);
                    ask.cmd("DEL").arg(note).ignore();
                    let () = self.run(&ask, in_time()).await?;
                }
                Err(StoreError::Refused(_)) => {}
                Err(why) => return Err(why),
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
        self.run(&ask, in_time()).await
    }

    /// The members, in no order; one may come twice.
    ///
    /// # Errors
    /// [`StoreError`], within [`ANSWER_WITHIN`] for each page of keys.
    pub async fn members(&self) -> Result<Vec<NodeName>, StoreError> {
        let names = self.names("member:").await?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// The rest of each key that begins with this prefix. We write no key that is not UTF-8.
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
            let ((next, page),): ((String, Vec<Vec<u8>>),) = self.run(&ask, in_time()).await?;
            let keys = page.iter().filter_map(|key| std::str::from_utf8(key).ok());
            names.extend(
                keys.filter_map(|key| key.strip_prefix(&start))
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

    /// Asks the store, and waits for its answer until a certain time.
    async fn run<T: FromRedisValue>(&self, ask: &Pipeline, by: Instant) -> Result<T, StoreError> {
        let mut used = None;
        let tries = async {
            let mut tries = 0;
            loop {
                let connected = self.connection.get().await;
                let (number, mut connection) =
                    connected.map_err(|error| StoreError::Unreachable(in_words(&error)))?;
                used = Some(number);
                match ask.query_async::<T>(&mut connection).await {
                    Err(error) if connection_failed(&error) => {
                        self.connection.forget(number);
                        if tries >= RETRIES {
                            return Err(StoreError::NoAnswer(in_words(&error)));
                        }
                        tries += 1;
                    }
                    answer => {
                        return answer.map_err(|error| StoreError::Refused(in_words(&error)));
                    }
                }
            }
        };
        match timeout_at(by, tries).await {
            Ok(answer) => answer,
            Err(_) => {
                // It may be the store that is slow, or the connection that is dead.
                used.inspect(|number| self.connection.forget(*number));
                Err(StoreError::NoAnswer(format!(
                    "not within {} ms",
                    ANSWER_WITHIN.as_millis()
                )))
            }
        }
    }
}

/// Until when an operation that begins now waits.
fn in_time() -> Instant {
    Instant::now() + ANSWER_WITHIN
}

/// Whether an error is about the connection: anything but an answer of the store's.
fn connection_failed(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error()
}

/// An error of the client, for a visitor to read: its own words speak of pipelines and codes.
fn in_words(error: &RedisError) -> String {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return "it refused the password".to_owned();
    }
    let answers = error.clone().into_server_errors();
    let Some((_, answer)) = answers.as_ref().and_then(|answers| answers.first()) else {
        return error.to_string();
    };
    match (answer.code(), answer.details()) {
        ("NOAUTH", _) => "it requires a password".to_owned(),
        ("WRONGPASS", _) => "it refused the password".to_owned(),
        ("NOPERM", _) => "it does not allow this command to its user".to_owned(),
        ("LOADING", _) => "it is still loading its data".to_owned(),
        ("READONLY", _) => "it is a read-only replica".to_owned(),
        (_, Some(why)) => why.to_owned(),
        (code, None) => code.to_owned(),
    }
}

fn as_link(code: &Code, value: Vec<u8>) -> Result<Link, StoreError> {
    let text = String::from_utf8(value).ok();
    let link = text.and_then(|text| Link::from_text(&text));
    // Another program may have put it there: no link of ours leads elsewhere than to the web.
    let ours = link.filter(|link| url_of_the_web(&link.url).is_ok());
    ours.ok_or_else(|| {
        StoreError::Refused(format!("what is stored under link:{code} is not a link"))
    })
}
