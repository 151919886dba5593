//! The connections of the HTTP interface: how many there may be, and for how long.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use runtime::Gate;
use runtime::gate::{self, Listening};
use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

/// How long a connection may stay without a new request. It is idle, or its request does not come,
/// or its answer is not read.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// The most connections, however many files a process may have open.
const MAX_CONNECTIONS: usize = 4096;

/// The pause after a connection could not be accepted, as when there is no file left for it.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The shortest pause between two lines about connections in the output.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// What connections are allowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many there may be at a time.
    connections: usize,
    /// How long one may stay without a new request.
    silence: Duration,
}

impl Limits {
    /// Half of the files that this process may have open are left for the connections between nodes, the
    /// directory and the store, however many connections come.
    pub(super) fn of_this_process() -> Limits {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let half = usize::try_from(files / 2).unwrap_or(usize::MAX);
        Limits {
            connections: half.clamp(1, MAX_CONNECTIONS),
            silence: REQUEST_TIMEOUT,
        }
    }
}

/// Where connections come from.
pub(super) enum Listener {
    Tcp(TcpListener),
    /// Of a simulated node.
    Memory(Listening),
}

enum Stream {
    Tcp(TcpStream),
    Memory(DuplexStream),
}

impl Listener {
    /// Listens on a port of 127.0.0.1; 0 takes any that is free.
    pub(super) async fn bind(port: u16) -> io::Result<Listener> {
        match Gate::current() {
            Some(gate) => Ok(Listener::Memory(gate.streams().listen())),
            None => TcpListener::bind((Ipv4Addr::LOCALHOST, port))
                .await
                .map(Listener::Tcp),
        }
    }

    /// The port that it has.
    pub(super) fn port(&self) -> io::Result<u16> {
        match self {
            Listener::Tcp(listener) => Ok(listener.local_addr()?.port()),
            Listener::Memory(listening) => Ok(listening.port()),
        }
    }

    async fn accept(&mut self) -> io::Result<(Stream, SocketAddr)> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                Ok((Stream::Tcp(stream), from))
            }
            Listener::Memory(listening) => {
                let from = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                Ok((Stream::Memory(listening.accept().await), from))
            }
        }
    }
}

/// Serves HTTP until it is dropped, and all connections with it. At the limit, connections that are
/// idle are closed, so that a client that only opens them keeps no other out.
pub(super) async fn serve(mut listener: Listener, routes: Router, limits: Limits) {
    let Limits {
        connections: limit,
        silence,
    } = limits;
    let is_full = Arc::new(Notify::new());
    let (mut open, mut said) = (JoinSet::new(), None);
    let mut say = |what: &str| {
        if said.is_none_or(|said: Instant| said.elapsed() >= LOG_INTERVAL) {
            warn!("{what}");
            said = Some(Instant::now());
        }
    };
    loop {
        tokio::select! { biased;
            Some(_) = open.join_next() => {}
            accepted = listener.accept(), if open.len() < limit => match accepted {
                Ok((stream, from)) => {
                    let (routes, full) = (routes.clone(), is_full.clone());
                    match stream {
                        Stream::Tcp(stream) => open.spawn(talk(stream, from, routes, full, silence)),
                        Stream::Memory(stream) => gate::spawn(
                            Gate::current().as_ref(),
                            &mut open,
                            talk(stream, from, routes, full, silence),
                        ),
                    };
                    if open.len() == limit {
                        say(&format!("{limit} HTTP connections are open, the most that this node takes; it closes those that are idle"));
                        is_full.notify_waiters();
                    }
                }
                Err(error) => {
                    say(&format!("cannot accept an HTTP connection: {error}"));
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

/// Answers the requests of one connection until it ends, or is to end.
async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    from: SocketAddr,
    routes: Router,
    is_full: Arc<Notify>,
    longest: Duration,
) {
    let (routes, begun) = (TowerToHyperService::new(routes), Notify::new());
    let service = service_fn(|mut request: hyper::Request<_>| {
        begun.notify_one();
        request.extensions_mut().insert(ConnectInfo(from));
        routes.call(request)
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut silence = pin!(sleep(longest));
    loop {
        tokio::select! { biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    debug!("an HTTP connection failed: {error}");
                }
                return;
            }
            () = begun.notified() => silence.as_mut().reset(Instant::now() + longest),
            () = is_full.notified() => connection.as_mut().graceful_shutdown(),
            () = silence.as_mut() => {
                debug!("an HTTP connection is closed, as no request has begun on it for a while");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
