//! The way from one node to its store, which can be made to fail.

mod connection;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use crate::log::Log;

/// Further connections are closed at once.
const CONNECTION_LIMIT: usize = 1_000;
/// As many connections as may wait to be accepted.
const BACKLOG: u32 = 1024;

/// What a [`Proxy`] does with the commands and answers that come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Everything passes.
    #[default]
    Open,
    /// As if the store's process were gone: connections are closed, new ones refused. A command
    /// that was not forwarded before never is.
    Refuse,
    /// Silence, and nothing happens: connections stay and new ones are made, but commands are
    /// swallowed. When the mode changes, connections that swallowed something are closed, and what
    /// they swallowed is lost. It never happened.
    Stall,
    /// Silence, but it happens: commands are forwarded, answers are withheld. When the mode
    /// changes, connections that withheld something are closed, and nobody is ever told.
    StallAnswers,
    /// What arrives is forwarded after this time. Commands that arrive together wait together.
    Slow(Duration),
}

/// Stands between one node and its store, records what passes, and fails on request.
///
/// A fault of the store that one node sees and another does not cannot be made in the store: each
/// node gets a proxy of its own. Commands are read from the client's bytes and written to a
/// [`Log`]; answers pass unread. A command that is not on data (`SHUTDOWN`, `CONFIG`, a script of
/// one's own) never gets to the store: an unknown one goes in its place, and the node is answered an
/// error.
///
/// [`set`](Proxy::set) takes effect before it returns: after it, no command is handed to the store
/// and no answer to the node under the mode before, and to connect is refused or not as the new
/// mode says. Existing connections are closed a moment later where the mode says so. What the
/// proxy has not yet read when the mode changes is treated as sent afterwards: to be sure that a
/// command was swallowed, wait until it is in the log.
///
/// All connections are closed when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: AbortHandle,
}

/// What the connections of a proxy share.
struct Shared {
    node: String,
    backend: SocketAddr,
    log: Arc<Log>,
    /// Locked while bytes are handed on, so that no change of mode comes in between. Never locked
    /// by one who holds the log's lock.
    state: Mutex<State>,
    /// Tells that the epoch has changed.
    changed: watch::Sender<()>,
    door: Door,
}

struct State {
    mode: Mode,
    /// How often the mode has changed.
    epoch: u64,
    /// The last epoch in which all connections had to go.
    refused: Option<u64>,
    stopped: bool,
    /// There is none while connections are refused.
    listener: Option<TcpListener>,
    /// Who waits for a connection, and must know when the listener changes.
    accepting: Option<Waker>,
}

impl Proxy {
    /// Starts a proxy on a free port of 127.0.0.1, open, for this node to reach this store.
    ///
    /// Must be called within a tokio runtime, which then runs it. The store need not be there yet:
    /// a client's connection is closed if the store cannot be reached.
    ///
    /// # Errors
    ///
    /// If no port can be listened on.
    pub async fn start(
        node: impl Into<String>,
        backend: SocketAddr,
        log: Arc<Log>,
    ) -> io::Result<Proxy> {
        let (door, listener) = Door::open()?;
        let address = door.address;
        let state = State {
            mode: Mode::Open,
            epoch: 0,
            refused: None,
            stopped: false,
            listener: Some(listener),
            accepting: None,
        };
        let shared = Arc::new(Shared {
            node: node.into(),
            backend,
            log,
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
            door,
        });
        let server = tokio::spawn(serve(Arc::clone(&shared))).abort_handle();
        Ok(Proxy {
            address,
            shared,
            server,
        })
    }

    /// Where it listens, in every mode: the same port opens again after it was refused.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the mode, from now on and for all connections.
    pub fn set(&self, mode: Mode) {
        let mut state = self.shared.state();
        if state.mode == mode {
            return;
        }
        state.mode = mode;
        state.epoch += 1;
        if mode == Mode::Refuse {
            state.refused = Some(state.epoch);
        }
        self.shared.adjust_listener(&mut state);
        drop(state);
        self.shared.changed.send_replace(());
    }

    /// The mode that was set last; [`Mode::Open`] to begin with.
    pub fn mode(&self) -> Mode {
        self.shared.state().mode
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.stopped = true;
        state.listener = None;
        drop(state);
        self.server.abort();
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("node", &self.shared.node)
            .field("address", &self.address)
            .field("mode", &self.mode())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens or does not, as the mode demands.
    fn adjust_listener(&self, state: &mut State) {
        if state.mode == Mode::Refuse || state.stopped {
            state.listener = None;
        } else if state.listener.is_none() {
            // Without the port, the one who accepts tries again.
            match self.door.listen() {
                Ok(listener) => state.listener = Some(listener),
                Err(error) => {
                    tracing::warn!(%error, address = %self.door.address, "cannot open again");
                }
            }
        }
        if let Some(waker) = state.accepting.take() {
            waker.wake();
        }
    }

    /// The next connection, and the epoch in which it began.
    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, u64)>> {
        let mut state = self.state();
        state.accepting = Some(context.waker().clone());
        match &state.listener {
            Some(listener) => listener
                .poll_accept(context)
                .map_ok(|(stream, _)| (stream, state.epoch)),
            None if state.mode == Mode::Refuse || state.stopped => Poll::Pending,
            None => Poll::Ready(Err(io::ErrorKind::AddrInUse.into())),
        }
    }
}

async fn serve(shared: Arc<Shared>) {
    // Dropped with this task, and ends all connections then.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = poll_fn(|context| shared.poll_accept(context)) => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((client, epoch)) if connections.len() < CONNECTION_LIMIT => {
                connections.spawn(connection::run(Arc::clone(&shared), client, epoch));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, node = shared.node, "the proxy cannot accept a connection");
                sleep(Duration::from_millis(20)).await;
                shared.adjust_listener(&mut shared.state());
            }
        }
    }
}

/// A port that can be closed and opened again without losing it.
///
/// While it is closed, a socket that is bound to the port and does not listen keeps others from
/// getting it, and those who connect are refused as by a dead server. Some systems do not let a
/// second socket have the same address; there the port is held by nothing while it is closed.
struct Door {
    address: SocketAddr,
    runtime: Handle,
    _holder: Option<TcpSocket>,
}

impl Door {
    fn open() -> io::Result<(Door, TcpListener)> {
        let holder = socket((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = holder.local_addr()?;
        let mut door = Door {
            address,
            runtime: Handle::current(),
            _holder: Some(holder),
        };
        let listener = match door.listen() {
            Ok(listener) => listener,
            Err(_) => {
                door._holder = None;
                door.listen()?
            }
        };
        Ok((door, listener))
    }

    fn listen(&self) -> io::Result<TcpListener> {
        let _runtime = self.runtime.enter();
        socket(self.address)?.listen(BACKLOG)
    }
}

fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
