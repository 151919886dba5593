//! The store that the nodes of a cluster use: what is done to it on purpose, what was asked of it,
//! and what is in it.
//!
//! Each node gets to the store by a proxy of its own, which can refuse it, keep it waiting, and
//! writes down each of its commands. The checker's own way goes past all proxies.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::store::{Command, Log, Mode, Proxy};
use redis::AsyncCommands;

use super::trace::micros;
use super::{Cluster, lock};
use runtime::gate::Streams;

use crate::scenario::{Stop, Told};
use crate::simulation::StoreInMemory;
use crate::store::{RunStore, Stores};
use crate::trace::{StoreMode, What};
use crate::trouble::{Result, Trouble, While};

/// The store of a cluster, the beginning of all its keys, and a proxy for each node.
pub(super) struct Share {
    backing: Backing,
    /// What all keys of the cluster begin with.
    prefix: String,
    log: Arc<Log>,
}

enum Backing {
    Real {
        store: Arc<RunStore>,
        ways: Mutex<Ways>,
    },
    Simulated(StoreInMemory),
}

#[derive(Default)]
struct Ways {
    proxies: BTreeMap<String, Proxy>,
    /// What was decided for each node, also before it was first started.
    modes: BTreeMap<String, Mode>,
}

/// The verdict when the store of a cluster has ended.
pub(super) fn store_ended() -> Stop {
    Stop::inconclusive(
        "The store ended while the program used it. Without a store, the checker cannot grade.",
    )
}

/// Commands that nodes gave to the store, in the order in which they came, to be narrowed down:
/// `cluster.store_commands(mark).by("n1").named("GET").key("link:abc").len()`. Keys are without
/// the cluster's prefix.
#[derive(Debug, Clone)]
pub struct Commands(Vec<Command>);

impl Share {
    pub(super) async fn of(stores: &Stores) -> Result<Share> {
        let store = stores.open().await?;
        let prefix = store.new_prefix()?;
        Ok(Share {
            backing: Backing::Real {
                store,
                ways: Mutex::default(),
            },
            prefix,
            log: Arc::default(),
        })
    }

    /// A store within a simulation.
    pub(super) fn simulated(streams: &Streams) -> Share {
        let log = Arc::default();
        Share {
            backing: Backing::Simulated(StoreInMemory::new(streams, Arc::clone(&log))),
            prefix: "course:".to_owned(),
            log,
        }
    }

    /// The flags of a node that serves HTTP and gets to the store by its proxy.
    pub(super) async fn flags(&self, node: &str) -> Result<[String; 6]> {
        let url = match &self.backing {
            Backing::Real { store, ways } => {
                let known = lock(ways).proxies.get(node).map(Proxy::address);
                let way = match known {
                    Some(way) => way,
                    None => self.open_way(node, store, ways).await?,
                };
                store.url_by(way.port())
            }
            Backing::Simulated(store) => {
                format!("redis://127.0.0.1:{}", store.port_for(node))
            }
        };
        Ok([
            "--http".to_owned(),
            "0".to_owned(),
            "--store".to_owned(),
            url,
            "--store-prefix".to_owned(),
            self.prefix.clone(),
        ])
    }

    async fn open_way(
        &self,
        node: &str,
        store: &RunStore,
        ways: &Mutex<Ways>,
    ) -> Result<SocketAddr> {
        let log = Arc::clone(&self.log);
        let proxy = Proxy::start(node, store.address(), log)
            .await
            .or_trouble(|| format!("stand between {node} and the store"))?;
        let way = proxy.address();
        let mut ways = lock(ways);
        if let Some(mode) = ways.modes.get(node) {
            proxy.set(*mode);
        }
        ways.proxies.insert(node.to_owned(), proxy);
        Ok(way)
    }

    /// Whether nodes have given more commands than can be remembered.
    pub(super) fn is_flooded(&self) -> bool {
        self.log.overflowed()
    }

    /// Takes away what the cluster has left in a store that goes on.
    pub(super) async fn clear(&self) {
        if let Backing::Real { store, .. } = &self.backing
            && store.is_foreign()
        {
            // The end of the run tries again.
            let _ = store.clear(&self.prefix).await;
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        match &self.backing {
            Backing::Real { store, .. } => store.is_gone(),
            Backing::Simulated(_) => false,
        }
    }

    /// The verdict when the store does not answer us. It did at the beginning, and only the nodes have
    /// used it since.
    fn ails(&self, trouble: &Trouble) -> Stop {
        match self.is_gone() {
            true => store_ended(),
            false => Stop::inconclusive(format!(
                "The store did not answer the checker while the program used it: the checker {trouble}."
            )),
        }
    }

    fn set(&self, node: &str, mode: Mode) {
        match &self.backing {
            Backing::Real { ways, .. } => {
                let mut ways = lock(ways);
                if let Some(proxy) = ways.proxies.get(node) {
                    proxy.set(mode);
                }
                ways.modes.insert(node.to_owned(), mode);
            }
            Backing::Simulated(store) => store.set(node, mode),
        }
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        match &self.backing {
            Backing::Real { store, .. } => {
                let got: redis::RedisResult<Option<Vec<u8>>> = store.connection().get(key).await;
                got.or_trouble(|| format!("read {key} in the store"))
            }
            Backing::Simulated(store) => Ok(store.get(key).map(|value| value.to_vec())),
        }
    }

    async fn put(&self, key: &str, value: &str) -> Result<()> {
        match &self.backing {
            Backing::Real { store, .. } => {
                let set: redis::RedisResult<()> = store.connection().set(key, value).await;
                set.or_trouble(|| format!("write {key} in the store"))
            }
            Backing::Simulated(store) => store.put(key, value).map_err(Trouble::new),
        }
    }

    async fn delete(&self, key: &str) -> Result<bool> {
        match &self.backing {
            Backing::Real { store, .. } => {
                let deleted: redis::RedisResult<i64> = store.connection().del(key).await;
                let deleted = deleted.or_trouble(|| format!("delete {key} in the store"))?;
                Ok(deleted > 0)
            }
            Backing::Simulated(store) => Ok(store.remove(key)),
        }
    }

    async fn keys(&self, beginning: &str) -> Result<Vec<String>> {
        match &self.backing {
            Backing::Real { store, .. } => store.keys(beginning).await,
            Backing::Simulated(store) => Ok(store.keys(beginning)),
        }
    }

    fn whole(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

impl Cluster<'_> {
    /// The store refuses nodes: their connections close, and it accepts no new ones.
    pub fn store_refused(&self, nodes: impl IntoIterator<Item = impl AsRef<str>>) {
        self.set_modes(nodes, Mode::Refuse, |nodes| {
            format!("the store refuses {nodes}")
        });
    }

    /// The store is paused for nodes: it accepts their commands, and does nothing.
    pub fn store_stalled(&self, nodes: impl IntoIterator<Item = impl AsRef<str>>) {
        self.set_modes(nodes, Mode::Stall, |nodes| {
            format!("the store is paused for {nodes}")
        });
    }

    /// The store does what nodes ask, and its answers do not come.
    pub fn store_answers_stalled(&self, nodes: impl IntoIterator<Item = impl AsRef<str>>) {
        self.set_modes(nodes, Mode::StallAnswers, |nodes| {
            format!("the store executes commands, but its answers do not reach {nodes}")
        });
    }

    /// The store answers nodes only after some time.
    pub fn store_slow(&self, nodes: impl IntoIterator<Item = impl AsRef<str>>, by: Duration) {
        self.set_modes(nodes, Mode::Slow(by), |nodes| {
            format!("the store answers {nodes} {} ms late", by.as_millis())
        });
    }

    /// The store is again as it should be for nodes.
    pub fn store_back(&self, nodes: impl IntoIterator<Item = impl AsRef<str>>) {
        self.set_modes(nodes, Mode::Open, |nodes| {
            format!("the store is back for {nodes}")
        });
    }

    /// The store works for all nodes, if there is one.
    pub(crate) fn mend_store(&self) {
        if self.share.is_some() {
            self.store_back(self.everyone());
        }
    }

    fn set_modes(
        &self,
        nodes: impl IntoIterator<Item = impl AsRef<str>>,
        mode: Mode,
        in_words: impl FnOnce(String) -> String,
    ) {
        let share = self.share();
        let mut names = Vec::new();
        for node in nodes {
            share.set(node.as_ref(), mode);
            names.push(node.as_ref().to_owned());
        }
        let all: BTreeSet<&String> = names.iter().collect();
        let everyone = self.everyone();
        let text = match &names[..] {
            [only] => only.clone(),
            _ if everyone.iter().all(|node| all.contains(node)) => "everyone".to_owned(),
            [others @ .., last] => format!("{} and {last}", others.join(", ")),
            [] => "no node".to_owned(),
        };
        let delay_us = match mode {
            Mode::Slow(delay) => Some(micros(delay)),
            _ => None,
        };
        let mode = match mode {
            Mode::Open => StoreMode::Back,
            Mode::Refuse => StoreMode::Refused,
            Mode::Stall => StoreMode::Stalled,
            Mode::StallAnswers => StoreMode::AnswersStalled,
            Mode::Slow(_) => StoreMode::Slow,
        };
        self.write_down(What::StoreFault {
            nodes: names,
            mode,
            delay_us,
            text: in_words(text),
        });
    }

    /// A mark after all commands that nodes have given so far.
    pub fn store_mark(&self) -> u64 {
        self.share().log.mark()
    }

    /// The commands that nodes have given since a mark; 0 means all.
    pub fn store_commands(&self, since: u64) -> Commands {
        let share = self.share();
        let bare = |text: String| match text.strip_prefix(&share.prefix) {
            Some(bare) => bare.to_owned(),
            None => text,
        };
        let commands = share.log.since(since).into_iter().map(|command| Command {
            key: command.key.map(bare),
            args: command.args.into_iter().map(bare).collect(),
            ..command
        });
        Commands(commands.collect())
    }

    /// What is stored under a key, past all faults.
    ///
    /// # Errors
    /// Inconclusive, when the store does not answer.
    pub async fn store_get(&self, key: &str) -> std::result::Result<Option<String>, Stop> {
        let share = self.share();
        let got = share.get(&share.whole(key)).await;
        let got = got.map_err(|trouble| share.ails(&trouble))?;
        Ok(got.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Stores a value under a key, past all faults.
    ///
    /// # Errors
    /// Inconclusive, when the store does not answer.
    pub async fn store_set(&self, key: &str, value: &str) -> Told {
        let share = self.share();
        let set = share.put(&share.whole(key), value).await;
        set.map_err(|trouble| share.ails(&trouble))
    }

    /// Deletes a key, past all faults. Says whether it was there.
    ///
    /// # Errors
    /// Inconclusive, when the store does not answer.
    pub async fn store_delete(&self, key: &str) -> std::result::Result<bool, Stop> {
        let share = self.share();
        let deleted = share.delete(&share.whole(key)).await;
        deleted.map_err(|trouble| share.ails(&trouble))
    }

    /// The keys that begin so, in order; all of the cluster's for an empty beginning.
    ///
    /// # Errors
    /// Inconclusive, when the store does not answer.
    pub async fn store_keys(&self, beginning: &str) -> std::result::Result<Vec<String>, Stop> {
        let share = self.share();
        let keys = share.keys(&share.whole(beginning)).await;
        let keys = keys.map_err(|trouble| share.ails(&trouble))?;
        let bare = keys
            .iter()
            .filter_map(|key| key.strip_prefix(&share.prefix));
        Ok(bare.map(str::to_owned).collect())
    }

    fn share(&self) -> &Share {
        self.share
            .as_ref()
            .expect("a scenario that speaks of the store has Options::with_store()")
    }
}

impl Commands {
    /// Those that pass a look.
    pub fn filter(self, look: impl Fn(&Command) -> bool) -> Commands {
        Commands(self.0.into_iter().filter(look).collect())
    }

    /// Those that a node gave.
    pub fn by(self, node: &str) -> Commands {
        self.filter(|command| command.node == node)
    }

    /// Those of a name: `GET`.
    pub fn named(self, name: &str) -> Commands {
        self.filter(|command| command.name.eq_ignore_ascii_case(name))
    }

    /// Those about a key.
    pub fn key(self, key: &str) -> Commands {
        self.filter(|command| command.key.as_deref() == Some(key))
    }

    /// Those about keys that begin so.
    pub fn key_starts(self, beginning: &str) -> Commands {
        let starts = |key: &String| key.starts_with(beginning);
        self.filter(|command| command.key.as_ref().is_some_and(starts))
    }

    /// Those that got to the store.
    pub fn forwarded(self) -> Commands {
        self.filter(|command| command.forwarded)
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each.
    pub fn iter(&self) -> impl Iterator<Item = &Command> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(node: &str, name: &str, key: Option<&str>, forwarded: bool) -> Command {
        Command {
            node: node.into(),
            name: name.into(),
            key: key.map(Into::into),
            args: Vec::new(),
            forwarded,
            number: 0,
            at: tokio::time::Instant::now(),
        }
    }

    #[test]
    fn commands_are_narrowed_down() {
        let all = Commands(vec![
            command("n1", "GET", Some("link:abc"), true),
            command("n1", "GET", Some("due:17:abc"), true),
            command("n2", "GET", Some("link:abc"), false),
            command("n2", "PING", None, true),
        ]);
        let count = |commands: Commands| commands.len();
        assert_eq!(count(all.clone().by("n1")), 2);
        assert_eq!(count(all.clone().named("get")), 3);
        assert_eq!(count(all.clone().key("link:abc")), 2);
        assert_eq!(count(all.clone().key("link:abc").forwarded()), 1);
        assert_eq!(count(all.clone().key_starts("due:")), 1);
        assert_eq!(count(all.clone().key_starts("")), 3);
        assert!(all.clone().by("n3").is_empty());
        assert_eq!(all.iter().count(), 4);
    }
}
