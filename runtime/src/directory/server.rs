//! The directory's serving side.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Hello, Request, Response, VERSION, put};
use crate::name::NodeName;
use crate::net::ConnError;
use crate::net::frames::{TcpReader, TcpWriter, halves};
use crate::wire;

/// How many names there may be at a time, one a connection. Together with the connections of
/// [`UNREGISTERED`] clients they leave some of the 1,024 files that a process usually may open.
const NAMES: usize = if cfg!(test) { 40 } else { 512 };

/// How many connections may belong to clients that have not registered. Such a client cannot take
/// the room of registered ones, nor can names take away the room that lookups need.
const UNREGISTERED: usize = 256;

/// How many connections may wait to be accepted. The operating system drops what goes beyond, and
/// the client dials again only after a second; so this is more than what we refuse ourselves.
const BACKLOG: u32 = 1024;

/// How long a connection without a registration may take for its next request. It counts to the
/// *end* of the request: a client that sends a byte now and then gains nothing.
const IDLE: Duration = Duration::from_secs(5);

/// How long after a directory's start a node that says it had its name before gets it back from
/// one that has only just taken it.
const YOUNG: Duration = Duration::from_secs(2);

/// What a directory does with its entries besides keeping them.
///
/// The checker answers a lookup with the address of its switchboard, so that every frame between
/// two nodes passes through it. The methods are called in the order in which things happen, while
/// the directory's table is locked: they must be quick and must not ask the directory.
pub trait Resolve: Send + Sync + 'static {
    /// What `asker` (`None`: a client that is no node) is told about `wanted`, which registered
    /// as listening at `registered`.
    fn answer(
        &self,
        asker: Option<&NodeName>,
        wanted: &NodeName,
        registered: SocketAddr,
    ) -> SocketAddr {
        let _ = (asker, wanted);
        registered
    }

    /// Whether a client may register `name` as listening at `address`, with that proof of a cookie.
    fn admits(&self, name: &NodeName, address: &str, proof: &[u8]) -> bool {
        let _ = (name, address, proof);
        true
    }

    /// A node has registered.
    fn registered(&self, name: &NodeName, address: SocketAddr) {
        let _ = (name, address);
    }

    /// A node's registration has ended.
    fn gone(&self, name: &NodeName) {
        let _ = name;
    }

    /// A connection was refused because there are too many.
    fn crowded(&self) {}
}

/// Answers each lookup with what was registered: the ordinary directory.
#[derive(Debug, Clone, Copy, Default)]
pub struct AsRegistered;

impl Resolve for AsRegistered {}

/// A directory that is being served. Dropping it closes its port and all its connections.
#[derive(Debug)]
pub struct DirectoryServer {
    address: SocketAddr,
    /// The accepting task, which owns the tasks of all connections.
    _serving: JoinSet<()>,
}

impl DirectoryServer {
    /// Serves a directory at `address` (port 0: any free port).
    ///
    /// # Errors
    /// What the operating system says against listening there.
    pub async fn bind(address: SocketAddr, resolve: Arc<dyn Resolve>) -> io::Result<Self> {
        Self::bind_settling(address, resolve, Duration::ZERO).await
    }

    /// Serves a directory that follows one that died.
    ///
    /// The nodes that were registered there will register here, but not all in the same moment.
    /// For the time `settling`, no new node gets a name that one of them may have, and a name that
    /// is not there yet is not yet reported as missing.
    pub(crate) async fn bind_settling(
        address: SocketAddr,
        resolve: Arc<dyn Resolve>,
        settling: Duration,
    ) -> io::Result<Self> {
        let listener = listen(address)?;
        let address = listener.local_addr()?;
        let now = Instant::now();
        let directory = Arc::new(Directory {
            resolve,
            settled: now + settling,
            grown_up: now + YOUNG,
            table: Mutex::default(),
            room_for_names: Arc::new(Semaphore::new(NAMES)),
        });
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, directory));
        Ok(DirectoryServer {
            address,
            _serving: serving,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

struct Directory {
    resolve: Arc<dyn Resolve>,
    settled: Instant,
    grown_up: Instant,
    table: Mutex<Table>,
    room_for_names: Arc<Semaphore>,
}

#[derive(Default)]
struct Table {
    entries: BTreeMap<NodeName, Entry>,
    next: u64,
}

struct Entry {
    /// Which registration of the name this is: an old one that ends must not take a new one along.
    number: u64,
    address: SocketAddr,
    /// Whether it had the name before, from a directory that died.
    again: bool,
    /// Tells its connection that the name goes to a node that had it before.
    evicted: Arc<Notify>,
}

impl Directory {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register(
        self: &Arc<Self>,
        name: &NodeName,
        address: SocketAddr,
        again: bool,
    ) -> Option<Registered> {
        let mut table = self.table();
        if let Some(entry) = table.entries.get(name) {
            let stolen = again && !entry.again && Instant::now() < self.grown_up;
            if !stolen {
                return None;
            }
            entry.evicted.notify_one();
            self.resolve.gone(name);
        }
        let number = table.next;
        table.next += 1;
        let evicted = Arc::new(Notify::new());
        table.entries.insert(
            name.clone(),
            Entry {
                number,
                address,
                again,
                evicted: evicted.clone(),
            },
        );
        self.resolve.registered(name, address);
        Some(Registered {
            directory: self.clone(),
            name: name.clone(),
            number,
            evicted,
        })
    }

    fn lookup(&self, asker: Option<&NodeName>, wanted: &NodeName) -> Option<SocketAddr> {
        let table = self.table();
        let entry = table.entries.get(wanted)?;
        Some(self.resolve.answer(asker, wanted, entry.address))
    }

    fn list(&self) -> Vec<(NodeName, String)> {
        self.table()
            .entries
            .iter()
            .map(|(name, entry)| (name.clone(), entry.address.to_string()))
            .collect()
    }

    async fn settle(&self) {
        sleep_until(self.settled).await;
    }
}

/// A registration; dropped with the task of its connection, however that ends.
struct Registered {
    directory: Arc<Directory>,
    name: NodeName,
    number: u64,
    evicted: Arc<Notify>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut table = self.directory.table();
        if table
            .entries
            .get(&self.name)
            .is_some_and(|entry| entry.number == self.number)
        {
            table.entries.remove(&self.name);
            self.directory.resolve.gone(&self.name);
        }
    }
}

/// Listens as `TcpListener::bind` does, but with a longer queue.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, directory: Arc<Directory>) {
    let unregistered = Arc::new(Semaphore::new(UNREGISTERED));
    let mut sessions = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            Some(_) = sessions.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Most likely out of file descriptors: trying again at once would only waste time.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        match unregistered.clone().try_acquire_owned() {
            Ok(newcomer) => {
                let session = Session::new(stream, directory.clone(), newcomer);
                sessions.spawn(session.run());
            }
            Err(_) => {
                directory.resolve.crowded();
                refuse_crowd(stream);
            }
        }
    }
}

/// Says that there are too many, if that can be said without waiting, and closes.
fn refuse_crowd(stream: TcpStream) {
    let mut batch = BytesMut::new();
    put(
        &mut batch,
        &Response::Refused("the directory has too many connections at the moment".into()),
    );
    let _ = stream.try_write(&batch);
}

/// One connection to the directory.
struct Session {
    reader: TcpReader,
    writer: TcpWriter,
    directory: Arc<Directory>,
    /// The client's room: among the newcomers, and among the names once it has registered.
    room: OwnedSemaphorePermit,
    registered: Option<Registered>,
}

impl Session {
    fn new(stream: TcpStream, directory: Arc<Directory>, newcomer: OwnedSemaphorePermit) -> Self {
        let (reader, writer) = halves(stream);
        Session {
            reader,
            writer,
            directory,
            room: newcomer,
            registered: None,
        }
    }

    async fn run(mut self) {
        let Some(greeting) = self.next_request().await else {
            return;
        };
        if let Err(why) = understood(&greeting) {
            return self.refuse(why).await;
        }
        if !self.answer(Response::Welcome(VERSION)).await {
            return;
        }
        while let Some(frame) = self.next_request().await {
            let request = match wire::decode(&frame) {
                Ok(request) => request,
                Err(error) => {
                    return self
                        .refuse(format!("the request was not understood: {error}"))
                        .await;
                }
            };
            let going_on = match self.carry_out(request).await {
                Ok(response) => self.answer(response).await,
                Err(why) => return self.refuse(why).await,
            };
            if !going_on {
                return;
            }
        }
    }

    /// The next request; `None` when the client left, was too slow, or lost its name to its owner.
    async fn next_request(&mut self) -> Option<Bytes> {
        let received = match &self.registered {
            Some(registered) => {
                tokio::select! {
                    biased;
                    () = registered.evicted.notified() => return None,
                    received = self.reader.recv() => received,
                }
            }
            None => timeout(IDLE, self.reader.recv()).await.ok()?,
        };
        match received {
            Ok(frame) => Some(frame),
            Err(ConnError::TooLong { limit, .. }) => {
                self.refuse(format!(
                    "this is the directory of a host's nodes, and what you sent is not one of its requests, which have \
                     at most {limit} bytes"
                ))
                .await;
                None
            }
            Err(_) => None,
        }
    }

    async fn carry_out(&mut self, request: Request) -> Result<Response, String> {
        match request {
            Request::Register {
                name,
                address,
                again,
                proof,
            } => {
                if !self.directory.resolve.admits(&name, &address, &proof) {
                    return Err(format!(
                        "{name} does not prove the cookie of the cluster that this directory is for"
                    ));
                }
                let address = address
                    .parse()
                    .map_err(|_| format!("{address:?} is not an IP address and port"))?;
                if self.registered.is_some() {
                    return Err("this connection has already registered a name".into());
                }
                if !again {
                    self.directory.settle().await;
                }
                let room = self.directory.room_for_names.clone().try_acquire_owned();
                let room = room.map_err(|_| {
                    format!("there are already {NAMES} names, and there is no room for another")
                })?;
                Ok(match self.directory.register(&name, address, again) {
                    Some(registered) => {
                        self.registered = Some(registered);
                        self.room = room;
                        Response::Registered
                    }
                    None => Response::NameTaken,
                })
            }
            Request::Lookup { asker, name } => {
                let mut found = self.directory.lookup(asker.as_ref(), &name);
                if found.is_none() {
                    self.directory.settle().await;
                    found = self.directory.lookup(asker.as_ref(), &name);
                }
                Ok(Response::Address(found.map(|address| address.to_string())))
            }
            Request::List => {
                self.directory.settle().await;
                Ok(Response::Names(self.directory.list()))
            }
        }
    }

    /// Sends a response; `false` when the client does not take it.
    async fn answer(&mut self, response: Response) -> bool {
        let mut batch = BytesMut::new();
        put(&mut batch, &response);
        matches!(timeout(IDLE, self.writer.send(batch)).await, Ok(Ok(())))
    }

    /// Sends the reason, and closes so that the client can read it: closing with unread bytes would make
    /// the operating system throw away what we said.
    async fn refuse(&mut self, why: String) {
        self.registered = None;
        tracing::warn!("the directory refused {}: {why}", self.reader.peer());
        if self.answer(Response::Refused(why)).await {
            self.writer.finish().await;
            let _ = timeout(Duration::from_secs(1), self.reader.discard(64 * 1024)).await;
        }
    }
}

/// Whether a connection's first message comes from a client of ours.
fn understood(greeting: &[u8]) -> Result<(), String> {
    match wire::decode::<Hello>(greeting) {
        Ok(Hello { directory: VERSION }) => Ok(()),
        Ok(Hello { directory }) => Err(format!(
            "this directory speaks version {VERSION} of its protocol and you speak {directory}; build both programs \
             from the same version of the course"
        )),
        Err(_) => {
            Err("this is the directory of a host's nodes, and you do not speak its protocol".into())
        }
    }
}
