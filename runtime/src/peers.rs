//! The other nodes, and the way from a name to a connection.
//!
//! There is at most one connection between two nodes. As either side may dial at any time, two
//! rules keep it so:
//!
//! - While *both* connections are pending, the one that the node with the greater name dialed
//!   goes on, and the other one is refused ("simultaneous").
//! - A newly authenticated connection replaces an *established* one: the other node would not dial
//!   if it still had the old connection. So a restarted node is never turned away because of a
//!   connection that only this side still has.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use rand::RngExt;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use crate::error::{ConnectError, ConnectionLoss};
pub(crate) use crate::handshake::Intent;
use crate::handshake::{self, HandshakeError, Identity, Refusal};
use crate::line::{self, Line};
use crate::name::NodeName;
use crate::net::{Conn, DialError};
use crate::node::{Inner, NodeEvent};
use crate::wire::Header;

/// The shortest pause between two tries to reach a lost node again; it doubles from there.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// How many nodes the runtime dials at a time by itself, without a request.
///
/// Nodes that start together all hear of each other in the same moment. If each dialed all the
/// others at once, thirty nodes would ask one directory nine hundred times in a few milliseconds:
/// the operating system would drop what it cannot queue, and dial again only a second later.
pub(crate) const MAX_DIALS: usize = 4;

/// How long a node that does not answer can keep the next one from being dialed.
const DIAL_TURN: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(crate) struct Peers(Mutex<BTreeMap<NodeName, Peer>>);

/// What this node knows of another one.
#[derive(Default)]
struct Peer {
    way: Way,
    /// It was disconnected on purpose, so only an explicit request connects it again.
    parted: bool,
    /// A task tries to reach it again.
    retrying: bool,
}

#[derive(Default)]
enum Way {
    #[default]
    None,
    Opening(Arc<Line>, Phase),
    Open(Arc<Line>),
}

impl Way {
    fn line(&self) -> Option<&Arc<Line>> {
        match self {
            Way::None => None,
            Way::Opening(line, _) | Way::Open(line) => Some(line),
        }
    }

    fn is_over(&self, line: &Line) -> bool {
        self.line().is_some_and(|ours| ours.id() == line.id())
    }
}

/// How far a pending connection has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// We dial, and have not proven yet who we are: the attempt can still be taken back.
    Dialing,
    /// We have proven who we are, and wait to be accepted.
    Proving,
    /// We were refused because the other side dials too: its connection will arrive.
    Yielding,
    /// We have accepted the other side's connection and are telling it so.
    Accepting,
}

impl Inner {
    /// The line to a node; if there is none, one begins to open.
    pub(crate) fn line_to(self: &Arc<Self>, to: &NodeName, intent: Intent) -> Arc<Line> {
        let mut peers = self.peers.0.lock().unwrap();
        let peer = peers.entry(to.clone()).or_default();
        if intent == Intent::Asked {
            peer.parted = false;
        }
        if let Some(line) = peer.way.line() {
            return line.clone();
        }
        let line = self.new_line(to);
        if self.is_stopped() {
            line.close(ConnectError::Lost(ConnectionLoss::Stopped));
            return line;
        }
        peer.way = Way::Opening(line.clone(), Phase::Dialing);
        drop(peers);
        self.spawn(self.clone().dial(line.clone(), intent));
        line
    }

    /// The open line to a node, if there is one.
    pub(crate) fn open_line(&self, to: &NodeName) -> Option<Arc<Line>> {
        match self.peers.0.lock().unwrap().get(to)?.way {
            Way::Open(ref line) => Some(line.clone()),
            _ => None,
        }
    }

    /// The open lines to all nodes that are not hidden, in the order of their names.
    pub(crate) fn visible_lines(&self) -> Vec<Arc<Line>> {
        let peers = self.peers.0.lock().unwrap();
        let open = peers.values().filter_map(|peer| match &peer.way {
            Way::Open(line) if !line.is_hidden() => Some(line.clone()),
            _ => None,
        });
        open.collect()
    }

    /// Closes the connection to a node on purpose. Says whether there was one.
    pub(crate) fn part(self: &Arc<Self>, from: &NodeName) -> bool {
        let line = {
            let mut peers = self.peers.0.lock().unwrap();
            let peer = peers.entry(from.clone()).or_default();
            peer.parted = true;
            peer.way.line().cloned()
        };
        let Some(line) = line else { return false };
        let loss = ConnectionLoss::Disconnected;
        let parted = line.part(ConnectError::Lost(loss.clone()), self.clock.stamp());
        if parted {
            self.let_go(&line, loss);
        }
        parted
    }

    /// Takes in a connection that another node opened.
    pub(crate) async fn accept(self: Arc<Self>, mut conn: Conn) {
        let me = self.identity();
        let (nonce, cookie) = (self.nonce(), self.config.cookie.clone());
        let caller = conn.reader.peer();
        let mut reserved = None;
        let (inner, place) = (&self, &mut reserved);
        let decide = |identity: Identity, intent| async move {
            *place = Some(inner.reserve(identity, intent).await?);
            Ok(())
        };
        let shaken = timeout(
            self.config.handshake_timeout,
            handshake::accept(&mut conn, &me, &cookie, nonce, decide),
        )
        .await;
        match shaken.unwrap_or(Err(HandshakeError::Timeout)) {
            Ok(identity) => {
                let Some(reserved) = reserved else { return };
                self.establish(&reserved.line, conn, identity);
            }
            Err(error) => {
                // Simultaneous connects and repeated tries are part of normal life.
                match &error {
                    HandshakeError::WeRefused(
                        Refusal::Simultaneous | Refusal::Parted | Refusal::Stopping,
                    )
                    | HandshakeError::Superseded => {
                        debug!(node = %self.name(), "a connection from {caller} was not taken: {error}");
                    }
                    _ => warn!(node = %self.name(), "refused a connection from {caller}: {error}"),
                }
            }
        }
    }

    /// Dials a node for a line, until the line is open or has failed.
    async fn dial(self: Arc<Self>, line: Arc<Line>, intent: Intent) {
        let attempt = timeout(
            self.config.handshake_timeout,
            self.shake_hands(&line, intent),
        )
        .await;
        let error = match attempt {
            Ok(Ok((conn, identity))) => return self.establish(&line, conn, identity),
            Ok(Err(error)) => error,
            Err(_) => ConnectError::Handshake(HandshakeError::Timeout),
        };
        match error {
            ConnectError::Handshake(HandshakeError::Superseded) => return,
            ConnectError::Handshake(HandshakeError::Refused(Refusal::Simultaneous))
                if self.advance(&line, Phase::Proving, Phase::Yielding) =>
            {
                let _ = timeout(self.config.handshake_timeout, line.opened()).await;
            }
            _ => {}
        }
        self.give_up(&line, error);
    }

    async fn shake_hands(
        &self,
        line: &Line,
        intent: Intent,
    ) -> Result<(Conn, Identity), ConnectError> {
        let mut conn = self
            .config
            .net
            .dial(self.name(), line.peer())
            .await
            .map_err(ConnectError::Dial)?;
        let may_prove = || self.advance(line, Phase::Dialing, Phase::Proving);
        let (me, cookie) = (self.identity(), &self.config.cookie);
        let identity = handshake::initiate(
            &mut conn,
            &me,
            line.peer(),
            cookie,
            intent,
            self.nonce(),
            may_prove,
        )
        .await;
        Ok((conn, identity.map_err(ConnectError::Handshake)?))
    }

    /// Moves a pending connection from one phase to the next, unless the other side's took over.
    fn advance(&self, line: &Line, from: Phase, to: Phase) -> bool {
        let mut peers = self.peers.0.lock().unwrap();
        match peers.get_mut(line.peer()).map(|peer| &mut peer.way) {
            Some(Way::Opening(ours, phase)) if ours.id() == line.id() && *phase == from => {
                *phase = to;
                line.stepped();
                true
            }
            _ => false,
        }
    }

    /// A pending connection that we dialed has failed.
    fn give_up(self: &Arc<Self>, line: &Arc<Line>, error: ConnectError) {
        {
            let mut peers = self.peers.0.lock().unwrap();
            let Entry::Occupied(mut entry) = peers.entry(line.peer().clone()) else {
                return;
            };
            match &entry.get().way {
                Way::Opening(ours, phase)
                    if ours.id() == line.id() && *phase != Phase::Accepting => {}
                _ => return,
            }
            entry.get_mut().way = Way::None;
            if !entry.get().parted && !entry.get().retrying {
                entry.remove();
            }
        }
        debug!(node = %self.name(), "could not connect {}: {error}", line.peer());
        line.close(error);
        self.watches_lost(line);
    }

    /// Decides whether a node that has proven who it is may connect, and keeps its place.
    async fn reserve(
        self: &Arc<Self>,
        theirs: Identity,
        intent: Intent,
    ) -> Result<Reserved, Refusal> {
        if theirs.name == *self.name() {
            return Err(Refusal::SameName);
        }
        loop {
            let mut progress = {
                let mut peers = self.peers.0.lock().unwrap();
                if self.is_stopped() {
                    return Err(Refusal::Stopping);
                }
                let peer = peers.entry(theirs.name.clone()).or_default();
                if peer.parted && intent == Intent::Automatic {
                    return Err(Refusal::Parted);
                }
                peer.parted = false;
                match &mut peer.way {
                    Way::Opening(_, Phase::Dialing | Phase::Proving)
                        if *self.name() > theirs.name =>
                    {
                        return Err(Refusal::Simultaneous);
                    }
                    // Our own proof is under way. The other side decides on it before we decide
                    // on theirs: only one of the two can wait for the other.
                    Way::Opening(line, Phase::Proving | Phase::Accepting) => line.progress(),
                    Way::Opening(line, phase @ (Phase::Dialing | Phase::Yielding)) => {
                        *phase = Phase::Accepting;
                        return Ok(Reserved {
                            inner: self.clone(),
                            line: line.clone(),
                        });
                    }
                    way => {
                        let line = self.new_line(&theirs.name);
                        let old =
                            std::mem::replace(way, Way::Opening(line.clone(), Phase::Accepting));
                        drop(peers);
                        if let Way::Open(old) = old {
                            self.lost(&old, ConnectionLoss::Replaced);
                        }
                        return Ok(Reserved {
                            inner: self.clone(),
                            line,
                        });
                    }
                }
            };
            let _ = progress.changed().await;
        }
    }

    /// Puts an authenticated connection to use.
    fn establish(self: &Arc<Self>, line: &Arc<Line>, conn: Conn, theirs: Identity) {
        let mesh = {
            let mut peers = self.peers.0.lock().unwrap();
            let Some(peer) = peers.get_mut(line.peer()) else {
                return;
            };
            if self.is_stopped() || !peer.way.is_over(line) || line.is_closed() {
                return;
            }
            peer.way = Way::Open(line.clone());
            let hidden = theirs.hidden;
            line.open(theirs);
            // Under the lock, so that no other connection's news can come in between.
            self.announce(line, NodeEvent::Up(line.peer().clone()));
            let others = |(name, peer): (&NodeName, &Peer)| match &peer.way {
                Way::Open(other) if !other.is_hidden() && other.id() != line.id() => {
                    Some(name.clone())
                }
                _ => None,
            };
            (!hidden && !self.config.hidden)
                .then(|| peers.iter().filter_map(others).collect::<Vec<_>>())
        };
        info!(node = %self.name(), "{} is up", line.peer());
        let Conn { mut reader, writer } = conn;
        reader.set_limit(self.config.frame_limit);
        if let Some(mesh) = mesh.filter(|mesh| !mesh.is_empty()) {
            line.push(self.clock.stamp(), &Header::Mesh(mesh), &Bytes::new());
        }
        self.spawn(line::write(line.clone(), writer, self.config.tick_time));
        let (inner, line) = (self.clone(), line.clone());
        self.spawn(async move {
            let deliver = |frame| inner.deliver(&line, frame);
            let loss = line::read(line.clone(), reader, inner.config.tick_time, deliver).await;
            inner.lost(&line, loss);
        });
    }

    /// A line is gone. Only the first report counts; returns whether it was this one.
    pub(crate) fn lost(self: &Arc<Self>, line: &Arc<Line>, loss: ConnectionLoss) -> bool {
        let first = line.close(ConnectError::Lost(loss.clone()));
        if first {
            self.let_go(line, loss);
        }
        first
    }

    /// Handles the loss of a line. Called once, by the code that closed it.
    fn let_go(self: &Arc<Self>, line: &Arc<Line>, loss: ConnectionLoss) {
        let again = {
            let mut peers = self.peers.0.lock().unwrap();
            let peer = peers.entry(line.peer().clone()).or_default();
            if peer.way.is_over(line) {
                peer.way = Way::None;
            }
            if loss == ConnectionLoss::Disconnected {
                peer.parted = true;
            }
            if line.identity().is_some() {
                self.announce(line, NodeEvent::Down(line.peer().clone(), loss.clone()));
            }
            !peer.parted
                && !line.is_hidden()
                && !matches!(loss, ConnectionLoss::Replaced | ConnectionLoss::Stopped)
        };
        info!(node = %self.name(), "{} is down: {loss}", line.peer());
        self.watches_lost(line);
        if again {
            self.keep_trying(line.peer());
        }
    }

    /// Connects the nodes that another node is connected to: so the mesh becomes full.
    ///
    /// Each node begins with the names that come after its own. So of two nodes that hear of each
    /// other in the same moment, mostly only one dials.
    pub(crate) fn join_mesh(self: &Arc<Self>, nodes: Vec<NodeName>) {
        let (after, before): (Vec<_>, Vec<_>) =
            nodes.into_iter().partition(|name| name > self.name());
        let ring = after.into_iter().chain(before);
        for name in ring.filter(|name| name != self.name()) {
            let known = {
                let peers = self.peers.0.lock().unwrap();
                peers
                    .get(&name)
                    .is_some_and(|peer| peer.parted || peer.way.line().is_some())
            };
            if !known {
                self.keep_trying(&name);
            }
        }
    }

    /// Tries to reach a node, again and again with growing pauses, until there is a connection.
    ///
    /// The pauses are random within their bounds ("full jitter"), or all the nodes that lost one
    /// at the same time would also come back at the same time.
    fn keep_trying(self: &Arc<Self>, name: &NodeName) {
        {
            let mut peers = self.peers.0.lock().unwrap();
            let peer = peers.entry(name.clone()).or_default();
            if std::mem::replace(&mut peer.retrying, true) {
                return;
            }
        }
        let (inner, name) = (self.clone(), name.clone());
        self.spawn(async move {
            let cap = inner.config.backoff_cap();
            let mut bound = FIRST_PAUSE.min(cap);
            loop {
                let turn = inner.dials.acquire().await;
                if !inner.still_wanted(&name) {
                    break;
                }
                let line = inner.line_to(&name, Intent::Automatic);
                let _ = timeout(DIAL_TURN, line.opened()).await;
                drop(turn);
                match line.opened().await {
                    Ok(()) => break,
                    // We must not dial: it knows us, and does not want to be connected.
                    Err(ConnectError::Handshake(HandshakeError::Refused(Refusal::Parted))) => break,
                    Err(ConnectError::Dial(DialError::NoSuchNode(_))) => bound = cap,
                    Err(_) => {}
                }
                let pause = inner.rng.lock().unwrap().random_range(bound / 2..=bound);
                sleep(pause).await;
                bound = (bound * 2).min(cap);
            }
            if let Some(peer) = inner.peers.0.lock().unwrap().get_mut(&name) {
                peer.retrying = false;
            }
        });
    }

    fn still_wanted(&self, name: &NodeName) -> bool {
        let peers = self.peers.0.lock().unwrap();
        !self.is_stopped()
            && peers
                .get(name)
                .is_some_and(|peer| !peer.parted && !matches!(peer.way, Way::Open(_)))
    }

    fn new_line(&self, to: &NodeName) -> Arc<Line> {
        Line::new(to.clone(), self.numbers.next(), self.config.frame_limit)
    }

    /// All lines, open or opening.
    pub(crate) fn all_lines(&self) -> Vec<Arc<Line>> {
        self.peers
            .0
            .lock()
            .unwrap()
            .values()
            .filter_map(|peer| peer.way.line().cloned())
            .collect()
    }
}

/// The place of a connection that was accepted and is not established yet. Unless it becomes one,
/// the place is given back, however the handshake ends.
struct Reserved {
    inner: Arc<Inner>,
    line: Arc<Line>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let abandoned = {
            let mut peers = self.inner.peers.0.lock().unwrap();
            match peers.get_mut(self.line.peer()) {
                Some(peer) if matches!(&peer.way, Way::Opening(line, Phase::Accepting) if line.id() == self.line.id()) =>
                {
                    peer.way = Way::None;
                    true
                }
                _ => false,
            }
        };
        if abandoned {
            self.line
                .close(ConnectError::Handshake(HandshakeError::Timeout));
            self.inner.watches_lost(&self.line);
        }
    }
}
