//! One connection of a node, and the one to the store that belongs to it.

use std::collections::VecDeque;
use std::future::pending;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Mode, Shared, State};
use crate::commands::{in_its_place, is_permitted};
use crate::request::{Reader, Request};

/// No more is read from the node while so many commands, or so many bytes of them, wait.
const QUEUE_LIMIT: usize = 16_384;
const QUEUE_BYTES: usize = 1024 * 1024;
/// How many commands are handed on in one piece.
const BATCH: usize = 64;
/// How many bytes of answers are taken at once.
const ANSWERS: usize = 64 * 1024;
/// How long the store may take to work off what it was sent when nobody waits for the answers.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves a node's connection, which was accepted in this epoch, until one side ends it.
pub(super) async fn run(shared: Arc<Shared>, client: TcpStream, born: u64) {
    let mut changed = shared.changed.subscribe();
    let must_close = || shared.state().refused.is_some_and(|epoch| epoch > born);
    let backend = loop {
        if must_close() {
            return;
        }
        tokio::select! {
            biased;
            _ = changed.changed() => {}
            backend = TcpStream::connect(shared.backend) => match backend {
                Ok(backend) => break backend,
                Err(error) => {
                    tracing::debug!(%error, node = shared.node, "the store cannot be reached");
                    return;
                }
            },
        }
    };
    let _ = client.set_nodelay(true);
    let _ = backend.set_nodelay(true);
    let mut connection = Connection {
        shared,
        changed,
        born,
        tainted: None,
        client: Some(client),
        listening: true,
        backend,
        telling: true,
        reader: Reader::default(),
        queue: VecDeque::new(),
        queued: 0,
        written: 0,
        answers: BytesMut::new(),
        last_words: None,
    };
    while connection.step().await.is_ok() {}
    connection.finish().await;
}

struct Connection {
    shared: Arc<Shared>,
    changed: watch::Receiver<()>,
    /// The epoch in which it was accepted.
    born: u64,
    /// The epoch in which it swallowed a command or withheld an answer, which it may not outlive.
    tainted: Option<u64>,
    /// The node; `None` when it can take no more answers.
    client: Option<TcpStream>,
    /// Whether the node may send more.
    listening: bool,
    backend: TcpStream,
    /// Whether the store may be sent more.
    telling: bool,
    reader: Reader,
    queue: VecDeque<Waiting>,
    /// The bytes in the queue.
    queued: usize,
    /// How much of the first command in the queue is already written.
    written: usize,
    answers: BytesMut,
    /// What the node is told when all else is done: it broke the protocol, which the store need
    /// not see.
    last_words: Option<String>,
}

/// A command that is not yet forwarded, or not wholly.
struct Waiting {
    request: Request,
    arrived: Instant,
    /// Whether it is what the node sent, and not what stands in its place.
    permitted: bool,
}

/// The connection has ended: both sides are to be closed.
struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Over {
        Over
    }
}

impl Connection {
    /// Does the next thing that can be done.
    async fn step(&mut self) -> Result<(), Over> {
        let due = self.settle()?;
        if !self.listening && self.queue.is_empty() && self.telling {
            // The node has sent its last. Its answers may still come.
            self.backend.shutdown().await?;
            self.telling = false;
        }
        let now = Instant::now();
        let may_forward = due.is_some_and(|due| due <= now);
        let may_read =
            self.listening && self.queue.len() < QUEUE_LIMIT && self.queued < QUEUE_BYTES;
        let client = self.client.as_ref();
        tokio::select! {
            biased;
            _ = self.changed.changed() => {}
            ready = self.backend.writable(), if may_forward => {
                ready?;
                self.forward()?;
            }
            () = at(due), if due.is_some() && !may_forward => {}
            ready = writable(client), if !self.answers.is_empty() => {
                ready?;
                self.deliver()?;
            }
            ready = self.backend.readable(), if self.answers.is_empty() => {
                ready?;
                self.read_answers()?;
            }
            ready = readable(client), if may_read => {
                ready?;
                self.read_commands()?;
            }
        }
        Ok(())
    }

    /// Adapts to the mode, and says when the first command in the queue may be forwarded.
    fn settle(&mut self) -> Result<Option<Instant>, Over> {
        let shared = Arc::clone(&self.shared);
        let state = shared.state();
        self.check(&state)?;
        if state.mode == Mode::Stall {
            self.swallow(&state);
        }
        Ok(self
            .queue
            .front()
            .and_then(|first| due(state.mode, first.arrived)))
    }

    fn check(&self, state: &State) -> Result<(), Over> {
        let refused = state.refused.is_some_and(|epoch| epoch > self.born);
        let outlived = self.tainted.is_some_and(|epoch| epoch != state.epoch);
        if refused || outlived || state.stopped {
            Err(Over)
        } else {
            Ok(())
        }
    }

    /// Loses what waits in the queue.
    fn swallow(&mut self, state: &State) {
        if !self.queue.is_empty() {
            self.tainted = Some(state.epoch);
            self.forget_queue();
        }
    }

    /// Empties the queue, and records of its commands that they never reached the store.
    fn forget_queue(&mut self) {
        let mut log = self.shared.log.lock();
        for waiting in self.queue.drain(..) {
            log.record(&self.shared.node, &waiting.request.arguments, false);
        }
        self.queued = 0;
    }

    fn read_commands(&mut self) -> Result<(), Over> {
        let Some(client) = &self.client else {
            return Err(Over);
        };
        match client.try_read_buf(self.reader.buffer()) {
            // A node that is gone may have sent commands before, and those still happen.
            Ok(0) => self.listening = false,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(_) => {
                self.listening = false;
                self.client = None;
            }
            Ok(_) => {}
        }
        let shared = Arc::clone(&self.shared);
        let state = shared.state();
        self.check(&state)?;
        if state.mode == Mode::Stall {
            if !self.listening {
                return Err(Over);
            }
            // Even half a command: the other half may come later.
            self.tainted = Some(state.epoch);
        }
        let arrived = Instant::now();
        loop {
            match self.reader.take() {
                Ok(None) => return Ok(()),
                Ok(Some(request)) if request.arguments.is_empty() => {}
                Ok(Some(mut request)) => {
                    let permitted = is_permitted(&request.arguments);
                    if !permitted {
                        request.raw = in_its_place(&request.arguments[0]);
                    }
                    self.queued += request.raw.len();
                    self.queue.push_back(Waiting {
                        request,
                        arrived,
                        permitted,
                    });
                }
                Err(text) => {
                    self.listening = false;
                    self.last_words = Some(format!("-ERR {text}\r\n"));
                    return Ok(());
                }
            }
        }
    }

    /// Hands commands to the store, as many as it takes now.
    fn forward(&mut self) -> Result<(), Over> {
        let shared = Arc::clone(&self.shared);
        let state = shared.state();
        self.check(&state)?;
        let now = Instant::now();
        let mut batch = Vec::with_capacity(BATCH.min(self.queue.len()));
        for waiting in self.queue.iter().take(BATCH) {
            if due(state.mode, waiting.arrived).is_none_or(|due| due > now) {
                break;
            }
            let skipped = if batch.is_empty() { self.written } else { 0 };
            batch.push(IoSlice::new(&waiting.request.raw[skipped..]));
        }
        if batch.is_empty() {
            return Ok(());
        }
        // Locked before the store can act: who sees an effect finds its command in the log.
        let mut log = shared.log.lock();
        match self.backend.try_write_vectored(&batch) {
            Ok(length) => self.written += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        while let Some(first) = self.queue.front() {
            let length = first.request.raw.len();
            if self.written < length {
                break;
            }
            log.record(&shared.node, &first.request.arguments, first.permitted);
            self.written -= length;
            self.queued -= length;
            self.queue.pop_front();
            if state.mode == Mode::StallAnswers {
                self.tainted = Some(state.epoch);
            }
        }
        Ok(())
    }

    fn read_answers(&mut self) -> Result<(), Over> {
        self.answers.reserve(ANSWERS);
        match self.backend.try_read_buf(&mut self.answers) {
            Ok(0) => match self.last_words.take() {
                Some(words) => {
                    self.answers.extend_from_slice(words.as_bytes());
                    Ok(())
                }
                None => Err(Over),
            },
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error.into()),
            _ => {
                if self.client.is_none() {
                    self.answers.clear();
                }
                Ok(())
            }
        }
    }

    /// Hands answers to the node, or withholds them.
    fn deliver(&mut self) -> Result<(), Over> {
        let shared = Arc::clone(&self.shared);
        let state = shared.state();
        self.check(&state)?;
        if state.mode == Mode::StallAnswers {
            self.tainted = Some(state.epoch);
            self.answers.clear();
            return Ok(());
        }
        let Some(client) = &self.client else {
            self.answers.clear();
            return Ok(());
        };
        match client.try_write(&self.answers) {
            Ok(length) => self.answers.advance(length),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => {
                self.client = None;
                self.listening = false;
                self.answers.clear();
            }
        }
        Ok(())
    }

    /// Closes both sides. What the store was sent, it may work off: closing a socket on which
    /// answers arrive would reset it, and the store could lose commands that were forwarded.
    async fn finish(mut self) {
        self.forget_queue();
        self.client = None;
        if self.telling && self.backend.shutdown().await.is_err() {
            return;
        }
        let _ = timeout(DRAIN, async {
            while self.backend.readable().await.is_ok() {
                self.answers.clear();
                if self.read_answers().is_err() {
                    break;
                }
            }
        })
        .await;
    }
}

/// When a command may be forwarded; `None` if not in this mode.
fn due(mode: Mode, arrived: Instant) -> Option<Instant> {
    match mode {
        Mode::Open | Mode::StallAnswers => Some(arrived),
        Mode::Slow(delay) => arrived.checked_add(delay),
        Mode::Refuse | Mode::Stall => None,
    }
}

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

async fn readable(client: Option<&TcpStream>) -> io::Result<()> {
    match client {
        Some(client) => client.readable().await,
        None => pending().await,
    }
}

async fn writable(client: Option<&TcpStream>) -> io::Result<()> {
    match client {
        Some(client) => client.writable().await,
        // Answers to nobody can be thrown away at any time.
        None => Ok(()),
    }
}
