//! A node's place in the directory: taken once, and kept when the directory changes hands.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::ListenError;
use crate::cookie::Cookie;
use crate::directory::{AsRegistered, DirectoryError, DirectoryServer, Registration};
use crate::name::NodeName;

/// How long a starting node tries to get its name.
const TAKING: Duration = Duration::from_secs(5);

/// Pause before the directory is tried again while it changes hands.
const AGAIN: Duration = Duration::from_millis(5);

/// Longest pause between attempts to get a lost name back.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long a directory that follows a dead one waits for the nodes that were registered there.
const SETTLING: Duration = Duration::from_millis(300);

/// Where a node registers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) directory: SocketAddr,
    /// Whether to serve the directory there when nobody does.
    pub(super) embed: bool,
}

/// A registered name. Dropping it gives the name back, and ends the directory if it was served
/// here; another node of the host will take over.
pub(super) struct Registered {
    /// Keeps the registration; the directory, if we serve it, lives in there too.
    _keeping: JoinSet<()>,
}

impl Registered {
    /// Takes the name and keeps it until dropped.
    pub(super) async fn take(
        place: Place,
        name: NodeName,
        listens: SocketAddr,
        cookie: Cookie,
    ) -> Result<Self, ListenError> {
        let mut claim = Claim {
            place,
            name,
            listens,
            cookie,
            server: None,
        };
        let registration = claim.make(false).await.map_err(|error| match error {
            DirectoryError::NameTaken(name) => ListenError::NameTaken(name),
            other => ListenError::Failed(other.to_string()),
        })?;
        let mut keeping = JoinSet::new();
        keeping.spawn(claim.keep(registration));
        Ok(Registered { _keeping: keeping })
    }
}

/// What a node wants of the directory, and the directory itself if this node serves it.
struct Claim {
    place: Place,
    name: NodeName,
    listens: SocketAddr,
    cookie: Cookie,
    server: Option<DirectoryServer>,
}

impl Claim {
    /// Registers, at the directory that is there or at one of our own.
    ///
    /// All nodes of the host may be doing the same in this moment. The operating system decides:
    /// only one can listen at the port, and the others find it there when they try again.
    async fn make(&mut self, again: bool) -> Result<Registration, DirectoryError> {
        let give_up = Instant::now() + TAKING;
        loop {
            let directory = self.place.directory;
            let made =
                Registration::make(directory, &self.name, self.listens, again, &self.cookie).await;
            let error = match made {
                Ok(registration) => return Ok(registration),
                Err(error @ (DirectoryError::NameTaken(_) | DirectoryError::NotADirectory(..))) => {
                    return Err(error);
                }
                Err(error) => error,
            };
            if Instant::now() > give_up {
                return Err(error);
            }
            if matches!(error, DirectoryError::NobodyThere(_)) && self.place.embed {
                self.serve(again).await?;
            } else {
                sleep(AGAIN).await;
            }
        }
    }

    async fn serve(&mut self, again: bool) -> Result<(), DirectoryError> {
        let settling = if again { SETTLING } else { Duration::ZERO };
        let directory = self.place.directory;
        match DirectoryServer::bind_settling(directory, Arc::new(AsRegistered), settling).await {
            Ok(server) => {
                tracing::debug!("{} serves the directory at {directory}", self.name);
                self.server = Some(server);
            }
            // Another node was quicker: it is to be found there now.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => sleep(AGAIN).await,
            Err(error) => {
                return Err(DirectoryError::Failed(format!(
                    "serving the directory at {directory}: {error}"
                )));
            }
        }
        Ok(())
    }

    /// Registers again whenever the registration is lost, forever.
    async fn keep(mut self, mut registration: Registration) {
        loop {
            registration.lost().await;
            // Should the directory be ours, it did not end: it gave the name to its older owner.
            registration = self.regain().await;
        }
    }

    async fn regain(&mut self) -> Registration {
        let mut pause = Duration::from_millis(20);
        let mut told = false;
        loop {
            match self.make(true).await {
                Ok(registration) => {
                    if told {
                        tracing::info!("{} is registered with the directory again", self.name);
                    }
                    return registration;
                }
                Err(error) if !told && pause > Duration::from_millis(200) => {
                    tracing::error!("{} cannot be found by others for now: {error}", self.name);
                    told = true;
                }
                Err(_) => {}
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
