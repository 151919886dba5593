//! Nodes on sockets of the operating system, found through a directory.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use super::frames::halves;
pub(crate) use super::frames::{TcpReader, TcpWriter};
use super::registration::{Place, Registered};
use super::{Conn, ConnReader, ConnWriter, DialError, ListenError};
use crate::cookie::Cookie;
use crate::directory::{self, DirectoryError};
use crate::name::NodeName;

/// How long opening a connection may take.
const DIAL: Duration = Duration::from_secs(5);

/// How long a dialing node waits for a directory that is changing hands.
const CHANGING_HANDS: Duration = Duration::from_millis(500);

/// How nodes find each other over TCP, and where they listen.
///
/// By default, a node listens on loopback only. You have to ask for more
/// with [`listening_on`](Self::listening_on): before you do, read in the course what a cookie does *not*
/// protect.
#[derive(Clone, Debug)]
pub struct TcpNet {
    ip: IpAddr,
    port: Option<u16>,
    directory: DirectoryMode,
}

/// Where the directory is, and who serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryMode {
    /// On each host at this port, served by the first node there. When that node dies, another
    /// one of the host takes over.
    Shared {
        /// The same one for every node of the cluster.
        port: u16,
    },
    /// Here, whatever the hosts in names say, and served by another program.
    At(SocketAddr),
}

impl Default for TcpNet {
    fn default() -> Self {
        Self::new()
    }
}

impl TcpNet {
    /// Loopback, any free port, and the shared directory at this user's port.
    pub fn new() -> Self {
        Self::with(DirectoryMode::Shared {
            port: default_directory_port(),
        })
    }

    /// As [`new`](Self::new), but the environment variable `DIRECTORY_PORT`, where it is set,
    /// says at which port the shared directory is. It is the only place that reads it.
    ///
    /// # Errors
    /// [`ListenError::Failed`] when the variable is not a port.
    pub fn from_env() -> Result<Self, ListenError> {
        let Ok(text) = std::env::var("DIRECTORY_PORT") else {
            return Ok(Self::new());
        };
        match text.parse() {
            Ok(port) if port != 0 => Ok(Self::with(DirectoryMode::Shared { port })),
            _ => Err(ListenError::Failed(format!(
                "DIRECTORY_PORT is {text:?}, which is not a port (1 to 65535)"
            ))),
        }
    }

    /// Loopback, any free port, and a directory of your choice.
    pub fn with(directory: DirectoryMode) -> Self {
        TcpNet {
            ip: Ipv4Addr::LOCALHOST.into(),
            port: None,
            directory,
        }
    }

    /// Listens on this address of the machine instead of loopback.
    #[must_use]
    pub fn listening_on(self, ip: IpAddr) -> Self {
        TcpNet { ip, ..self }
    }

    /// Listens at this port instead of any free one.
    #[must_use]
    pub fn at_port(self, port: u16) -> Self {
        TcpNet {
            port: Some(port),
            ..self
        }
    }

    /// Where the directory is, and who serves it.
    pub fn directory(&self) -> DirectoryMode {
        self.directory
    }

    /// The address of the directory in which nodes of this host are found: `127.0.0.1`,
    /// `localhost`, `db.example`.
    ///
    /// # Errors
    /// [`DialError::Unreachable`] when the host has no known address.
    pub async fn directory_of(&self, host: &str) -> Result<SocketAddr, DialError> {
        match self.directory {
            DirectoryMode::At(address) => Ok(address),
            DirectoryMode::Shared { port } => match resolve(host).await {
                Ok(ip) => Ok(SocketAddr::new(ip, port)),
                Err(error) => Err(DialError::Unreachable(format!(
                    "no address is known for the host {host}: {error}"
                ))),
            },
        }
    }

    pub(super) async fn listen(
        &self,
        me: &NodeName,
        cookie: &Cookie,
    ) -> Result<TcpListening, ListenError> {
        let place = self.place(me).await?;
        let wanted = SocketAddr::new(self.ip, self.port.unwrap_or(0));
        let listener = TcpListener::bind(wanted).await.map_err(|error| {
            ListenError::Failed(format!("listening at {wanted} for {me}: {error}"))
        })?;
        let mut address = listener.local_addr().map_err(|error| {
            ListenError::Failed(format!("listening at {wanted} for {me}: {error}"))
        })?;
        if address.ip().is_unspecified() {
            // "Any address of this machine" is no place to connect to. The name's host is.
            address.set_ip(place.directory.ip());
        }
        let registered = Registered::take(place, me.clone(), address, cookie.clone()).await?;
        Ok(TcpListening {
            listener,
            address,
            _registered: registered,
        })
    }

    pub(super) async fn dial(&self, me: &NodeName, to: &NodeName) -> Result<Conn, DialError> {
        let directory = self.directory_of(to.host()).await?;
        let address = self.look_up(directory, me, to).await?;
        let stream = match timeout(DIAL, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                return Err(DialError::Unreachable(format!(
                    "connecting to {to} at {address}: {error}"
                )));
            }
            Err(_) => {
                let seconds = DIAL.as_secs();
                return Err(DialError::Unreachable(format!(
                    "{to} at {address} did not answer within {seconds} s"
                )));
            }
        };
        if stream.local_addr().is_ok_and(|own| own == address) {
            return Err(DialError::Unreachable(format!(
                "connecting to {to} at {address}: nothing listens there"
            )));
        }
        Ok(conn(stream))
    }

    /// Asks the directory, and waits a little while it changes hands on this machine.
    async fn look_up(
        &self,
        directory: SocketAddr,
        me: &NodeName,
        to: &NodeName,
    ) -> Result<SocketAddr, DialError> {
        let give_up = Instant::now() + CHANGING_HANDS;
        let may_change =
            matches!(self.directory, DirectoryMode::Shared { .. }) && me.host() == to.host();
        loop {
            match directory::lookup(directory, Some(me), to).await {
                Ok(Some(address)) => return Ok(address),
                Ok(None) => return Err(DialError::NoSuchNode(to.clone())),
                Err(DirectoryError::NobodyThere(_) | DirectoryError::Failed(_))
                    if may_change && Instant::now() < give_up =>
                {
                    sleep(Duration::from_millis(10)).await;
                }
                Err(error) => return Err(DialError::Unreachable(error.to_string())),
            }
        }
    }

    /// Where `me` registers, and whether it serves the directory there when nobody else does.
    async fn place(&self, me: &NodeName) -> Result<Place, ListenError> {
        let port = match self.directory {
            DirectoryMode::At(directory) => {
                return Ok(Place {
                    directory,
                    embed: false,
                });
            }
            DirectoryMode::Shared { port } => port,
        };
        let host = me.host();
        let ip = resolve(host).await.map_err(|error| {
            ListenError::Failed(format!(
                "no address is known for the host {host} of {me}: {error}"
            ))
        })?;
        if !is_local(ip) {
            return Err(ListenError::Failed(format!(
                "{me} names the host {host} ({ip}), which is not this machine; use a name with an address of this \
                 machine, for instance {}@127.0.0.1",
                me.short()
            )));
        }
        if self.ip.is_loopback() && !ip.is_loopback() {
            return Err(ListenError::Failed(format!(
                "{me} could not be reached under its name: it listens on loopback only, and {host} is {ip}; listen on \
                 {ip} if other machines should reach it, or call it {}@127.0.0.1",
                me.short()
            )));
        }
        Ok(Place {
            directory: SocketAddr::new(ip, port),
            embed: true,
        })
    }
}

/// The port of the shared directory, unless another is given: each user of a host has one of
/// their own, so that two people in one room, on one machine, do not meet by accident.
///
/// It lies below the ports that operating systems give out by themselves.
pub fn default_directory_port() -> u16 {
    20_000 + u16::try_from(rustix::process::getuid().as_raw() % 10_000).expect("less than 10000")
}

/// The address of a host. Every name for loopback is the same place.
async fn resolve(host: &str) -> io::Result<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let ip = match bare.parse::<IpAddr>() {
        Ok(ip) => ip,
        Err(_) => {
            let found: Vec<IpAddr> = tokio::net::lookup_host((bare, 0))
                .await?
                .map(|address| address.ip())
                .collect();
            let preferred = found.iter().find(|ip| ip.is_ipv4()).or(found.first());
            *preferred.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?
        }
    };
    Ok(if ip.is_loopback() && ip.is_ipv4() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        ip
    })
}

/// Whether an address is one of this machine's: only then can a node listen there.
fn is_local(ip: IpAddr) -> bool {
    ip.is_loopback() || std::net::UdpSocket::bind((ip, 0)).is_ok()
}

fn conn(stream: TcpStream) -> Conn {
    let (reader, writer) = halves(stream);
    Conn {
        reader: ConnReader::Tcp(reader),
        writer: ConnWriter::Tcp(writer),
    }
}

/// A listening socket and the registration of its name.
pub(crate) struct TcpListening {
    listener: TcpListener,
    address: SocketAddr,
    _registered: Registered,
}

impl TcpListening {
    pub(super) async fn accept(&mut self) -> Conn {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return conn(stream),
                Err(error) => {
                    tracing::warn!("a connection could not be accepted: {error}");
                    // Out of file descriptors, most likely: trying again at once would burn time.
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }
}

#[cfg(test)]
mod tests;
