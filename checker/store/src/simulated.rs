//! The embedded store in memory, with the faults of the proxies, for a simulation.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::commands::{in_its_place, is_permitted};
use crate::embedded::{Database, Reply};
use crate::log::Log;
use crate::proxy::Mode;
use crate::request::Reader;

/// A store within a simulation, and the ways of the nodes to it.
///
/// The faults are those of a [`Proxy`](crate::Proxy), and so is what is written to the log.
pub struct Simulated {
    database: Mutex<Database>,
    log: Arc<Log>,
    ways: Mutex<BTreeMap<String, watch::Sender<Way>>>,
}

#[derive(Clone, Copy, Default)]
struct Way {
    mode: Mode,
    /// How often the mode has changed.
    epoch: u64,
}

impl Simulated {
    /// An empty store, whose nodes' commands are written to a log.
    pub fn new(log: Arc<Log>) -> Simulated {
        Simulated {
            database: Mutex::default(),
            log,
            ways: Mutex::default(),
        }
    }

    /// Changes what happens to the commands of a node and to their answers.
    pub fn set(&self, node: &str, mode: Mode) {
        self.way(node).send_if_modified(|way| {
            let changes = way.mode != mode;
            if changes {
                way.mode = mode;
                way.epoch += 1;
            }
            changes
        });
    }

    /// Serves a connection of a node until one side ends it.
    pub async fn serve(&self, node: &str, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut connection = Connection {
            store: self,
            node,
            changes: self.way(node).subscribe(),
            stream,
            listening: true,
            space: 0,
            reader: Reader::default(),
            queue: VecDeque::new(),
            tainted: None,
        };
        // An error here is the node's going away, which needs no word.
        let _ = connection.run().await;
    }

    /// What is stored under a key, past all faults.
    pub fn get(&self, key: &str) -> Option<Bytes> {
        lock(&self.database).get(0, &bytes(key)).cloned()
    }

    /// Stores a value under a key, past all faults.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn put(&self, key: &str, value: &str) -> Result<(), String> {
        lock(&self.database).put(0, &bytes(key), &bytes(value))
    }

    /// Deletes a key, past all faults, and says whether it was there.
    pub fn remove(&self, key: &str) -> bool {
        lock(&self.database).remove(0, &bytes(key))
    }

    /// All keys that begin so, in order.
    pub fn keys(&self, beginning: &str) -> Vec<String> {
        let database = lock(&self.database);
        let (_, keys) = database.scan(0, 0, usize::MAX);
        let mut keys: Vec<String> = keys
            .iter()
            .map(|key| String::from_utf8_lossy(key).into_owned())
            .filter(|key| key.starts_with(beginning))
            .collect();
        keys.sort_unstable();
        keys
    }

    fn way(&self, node: &str) -> watch::Sender<Way> {
        lock(&self.ways).entry(node.to_owned()).or_default().clone()
    }
}

struct Connection<'a, S> {
    store: &'a Simulated,
    node: &'a str,
    changes: watch::Receiver<Way>,
    stream: S,
    /// Whether the node may send more.
    listening: bool,
    /// The number of the database that is selected.
    space: usize,
    reader: Reader,
    /// The commands that the store has not executed, and when each arrived.
    queue: VecDeque<(Instant, Vec<Bytes>)>,
    /// The epoch in which it swallowed a command or withheld an answer, which it may not outlive.
    tainted: Option<u64>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<'_, S> {
    async fn run(&mut self) -> io::Result<()> {
        while !self.is_over() {
            self.take_commands().await?;
            let Some(due) = self.settle() else {
                if !self.listening && self.queue.is_empty() {
                    return Ok(());
                }
                self.wait(None).await?;
                continue;
            };
            match due <= Instant::now() {
                true => self.execute().await?,
                false => self.wait(Some(due)).await?,
            }
        }
        self.forget_queue();
        Ok(())
    }

    /// Queues the commands that have arrived.
    async fn take_commands(&mut self) -> io::Result<()> {
        loop {
            match self.reader.take() {
                Ok(None) => return Ok(()),
                Ok(Some(request)) if request.arguments.is_empty() => {}
                Ok(Some(request)) => self.queue.push_back((Instant::now(), request.arguments)),
                Err(text) => {
                    let mut answer = BytesMut::new();
                    Reply::Error(format!("ERR {text}")).write(&mut answer);
                    self.stream.write_all_buf(&mut answer).await?;
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
        }
    }

    /// Adapts to the mode, and says when the first command in the queue may be executed.
    fn settle(&mut self) -> Option<Instant> {
        let Way { mode, epoch } = self.way();
        let (arrived, _) = self.queue.front()?;
        match mode {
            Mode::Refuse | Mode::Stall => {
                self.tainted = Some(epoch);
                self.forget_queue();
                None
            }
            Mode::Slow(delay) => Some(*arrived + delay),
            Mode::Open | Mode::StallAnswers => Some(*arrived),
        }
    }

    /// Waits for a change of the mode, for more commands, and for the time at which the first is due.
    async fn wait(&mut self, due: Option<Instant>) -> io::Result<()> {
        let due_in_time = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            changed = self.changes.changed() => {
                changed.map_err(|_| io::ErrorKind::ConnectionAborted)?;
            }
            () = due_in_time => {}
            read = self.stream.read_buf(self.reader.buffer()), if self.listening => {
                // A node that is gone may have sent commands before, and those still happen.
                self.listening = read? > 0;
            }
        }
        Ok(())
    }

    /// Executes the first command in the queue, and answers as the mode says.
    async fn execute(&mut self) -> io::Result<()> {
        let Some((_, arguments)) = self.queue.pop_front() else {
            return Ok(());
        };
        let permitted = is_permitted(&arguments);
        let reply = {
            // Locked before the store acts: who sees an effect finds its command in the log.
            self.record(&arguments, permitted);
            let mut database = lock(&self.store.database);
            match permitted {
                true => database.execute(&mut self.space, &arguments),
                false => {
                    let mut instead = Reader::default();
                    instead
                        .buffer()
                        .extend_from_slice(&in_its_place(&arguments[0]));
                    match instead.take() {
                        Ok(Some(request)) => database.execute(&mut self.space, &request.arguments),
                        _ => Reply::Error("ERR unknown command".to_owned()),
                    }
                }
            }
        };
        let Way { mode, epoch } = self.way();
        if mode == Mode::StallAnswers {
            self.tainted = Some(epoch);
            return Ok(());
        }
        let mut answer = BytesMut::new();
        reply.write(&mut answer);
        self.stream.write_all_buf(&mut answer).await
    }

    /// Empties the queue, and records of its commands that they never reached the store.
    fn forget_queue(&mut self) {
        for (_, arguments) in std::mem::take(&mut self.queue) {
            self.record(&arguments, false);
        }
    }

    fn record(&self, arguments: &[Bytes], forwarded: bool) {
        self.store
            .log
            .lock()
            .record(self.node, arguments, forwarded);
    }

    fn way(&mut self) -> Way {
        *self.changes.borrow_and_update()
    }

    /// Whether a change since ended it.
    fn is_over(&mut self) -> bool {
        let way = self.way();
        way.mode == Mode::Refuse || self.tainted.is_some_and(|epoch| epoch != way.epoch)
    }
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
