//! The network between the nodes of a cluster: one proxy that all their connections go through.
//!
//! The nodes find each other through a directory that we serve. It answers a lookup of n2 by n1
//! with a port of ours, one for each pair, so that we know who dials whom before the first byte.
//! What arrives there is passed on frame by frame: judged by the table of faults, recorded, and
//! then delivered, dropped, doubled, delayed or held. So faults are made outside the learner's
//! program, for any program, and whatever crosses between two nodes is seen.
//!
//! - The manager, the checker's own node, gets true addresses: its way to the nodes is past all
//!   faults.
//! - A node is only connected when there is a frame for it. A dial into a blackhole hangs, and
//!   its target hears nothing of it.
//! - A frame that is not understood is passed on as it is: to judge it is the receiver's affair.
//! - No connection that lost a byte lives on after the fault: `heal` closes it.

mod connection;
mod lane;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use runtime::directory::{self, DirectoryServer, Resolve};
use runtime::net::faults::{ConnectionId, Event, Fate, FaultTable, Held, Kind};
use runtime::net::faults::{Order, Record, Rule, RuleId};
use runtime::{Cookie, NodeName};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::network::{Books, HANDSHAKE, Network, Payloads};
use crate::trouble::{Result, While};
use connection::Connection;
use lane::Parcel;

/// So many messages are read from one node. A story ends long before, as a flood; but until
/// the story looks, the machine must stay usable.
const MAX_READ: u64 = 100_000;

/// The network between the nodes of one cluster. Dropping it closes all its connections.
pub struct Switchboard {
    wiring: Arc<Wiring>,
    directory: DirectoryServer,
}

impl Switchboard {
    /// A network without nodes and without faults, for nodes that know the cookie. What is drawn by
    /// lot is drawn from `seed`.
    ///
    /// # Errors
    /// When the system does not let us listen on loopback.
    pub async fn start(manager: NodeName, cookie: Cookie, seed: u64) -> Result<Switchboard> {
        let wiring = Arc::new(Wiring {
            manager,
            cookie,
            state: Mutex::new(State {
                faults: FaultTable::new(seed),
                places: BTreeMap::new(),
                doors: BTreeMap::new(),
                serving: JoinSet::new(),
                connections: BTreeMap::new(),
                held: Held::default(),
                books: Books::default(),
            }),
        });
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let resolve = Arc::new(Signposts(Arc::clone(&wiring)));
        let directory = DirectoryServer::bind(any_port, resolve)
            .await
            .or_trouble(|| "serve the directory of the cluster")?;
        Ok(Switchboard { wiring, directory })
    }

    /// Where the nodes' directory is.
    pub fn directory(&self) -> SocketAddr {
        self.directory.address()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.wiring.state()
    }
}

impl Network for Switchboard {
    fn is_registered(&self, name: &NodeName) -> bool {
        self.state().places.contains_key(name)
    }

    fn partition(&self, a: &NodeName, b: &NodeName) {
        let mut state = self.state();
        state.books.excuse(a, b);
        state.faults.partition(a, b);
        state.cut_between(a, b);
    }

    fn blackhole(&self, from: &NodeName, to: &NodeName) {
        let mut state = self.state();
        state.books.excuse(from, to);
        state.faults.blackhole(from, to);
        // A reader that waits for room need not wait any longer: nothing will be kept.
        for connection in state.connections.values() {
            connection.wake();
        }
    }

    fn delay(&self, from: &NodeName, to: &NodeName, base: Duration, jitter: Duration) {
        self.state().faults.delay(from, to, base, jitter);
    }

    fn heal(&self, a: &NodeName, b: &NodeName) {
        let mut state = self.state();
        let broken = state.faults.heal(a, b);
        state.cut_all(broken);
    }

    fn heal_all(&self) {
        let mut state = self.state();
        let broken = state.faults.heal_all();
        state.cut_all(broken);
    }

    fn is_cut(&self, a: &NodeName, b: &NodeName) -> bool {
        self.state().faults.is_cut(a, b)
    }

    fn add_rule(&self, rule: Rule) -> RuleId {
        self.state().faults.add_rule(rule)
    }

    fn remove_rule(&self, rule: RuleId) -> usize {
        self.state().faults.remove_rule(rule)
    }

    fn hits(&self, rule: RuleId) -> usize {
        self.state().faults.hits(rule)
    }

    fn held(&self, rule: RuleId) -> usize {
        self.state().held.count(rule)
    }

    fn release(&self, rule: RuleId, order: &Order) -> usize {
        let mut state = self.state();
        let released = state.held.release(rule, order);
        let mut sent = 0;
        for HeldFrame {
            connection,
            end,
            parcel,
        } in released
        {
            if let Some(connection) = state.connections.get(&connection) {
                connection.lanes[end].push(parcel, Duration::ZERO);
                sent += 1;
            }
        }
        state.faults.released(sent);
        sent
    }

    fn note(&self, text: &str) -> u64 {
        let mut state = self.state();
        let record = state.faults.record_mut();
        record.note(text);
        record.forgotten() + record.entries().len() as u64 - 1
    }

    // The network delivers nothing meanwhile.
    fn look(&self, look: &mut dyn FnMut(&Record, &Payloads)) {
        let state = self.state();
        look(state.faults.record(), &state.books.payloads);
    }

    fn open_books(&self, look: &mut dyn FnMut(&mut Books)) {
        look(&mut self.state().books);
    }

    fn in_flight(&self) -> usize {
        self.state()
            .connections
            .values()
            .map(|connection| connection.in_flight())
            .sum()
    }
}

impl Drop for Switchboard {
    fn drop(&mut self) {
        // The doors know the wiring, so nobody else would end them.
        let doors = std::mem::take(&mut self.state().serving);
        drop(doors);
    }
}

/// What the directory, the doors and the connections share.
struct Wiring {
    manager: NodeName,
    /// What a node must know to get its name.
    cookie: Cookie,
    state: Mutex<State>,
}

struct State {
    faults: FaultTable,
    /// Where each living node really listens.
    places: BTreeMap<NodeName, SocketAddr>,
    /// Where each node finds each other one, so far as it asked.
    doors: BTreeMap<(NodeName, NodeName), SocketAddr>,
    /// The tasks behind the doors, which own those of their connections.
    serving: JoinSet<()>,
    connections: BTreeMap<ConnectionId, Arc<Connection>>,
    held: Held<HeldFrame>,
    books: Books,
}

struct HeldFrame {
    connection: ConnectionId,
    end: usize,
    parcel: Parcel,
}

impl Wiring {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The port where `from` finds `to`; a listener begins to serve it with the first question.
    fn door(self: &Arc<Self>, from: &NodeName, to: &NodeName) -> SocketAddr {
        let mut state = self.state();
        let pair = (from.clone(), to.clone());
        if let Some(&address) = state.doors.get(&pair) {
            return address;
        }
        match open_door() {
            Ok((listener, address)) => {
                state
                    .serving
                    .spawn(serve(Arc::clone(self), listener, pair.clone()));
                state.doors.insert(pair, address);
                address
            }
            Err(error) => {
                let trouble = format!(
                    "the checker could not listen for the connection from {from} to {to}: {error}"
                );
                state.faults.record_mut().note(trouble);
                // Nobody can listen there, so the dial fails. The true address would be a way
                // past all faults.
                SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
            }
        }
    }

    /// A node sent a frame: decides what becomes of it, and sees to it.
    fn take(&self, connection: &Connection, end: usize, body: Bytes) -> Fate {
        let mut state = self.state();
        if !state.connections.contains_key(&connection.id) {
            return Fate::Drop;
        }
        let (from, to) = connection.names(end);
        let judgment = state.faults.judge(connection.id, from, to, &body);
        state.notice(connection, end, &body);
        let parcel = Parcel {
            body,
            entry: judgment.entry,
        };
        match judgment.fate {
            Fate::Drop | Fate::Swallow => {}
            Fate::Deliver => connection.lanes[end].push(parcel, judgment.delay),
            Fate::Duplicate => {
                connection.lanes[end].push(parcel.clone(), judgment.delay);
                connection.lanes[end].push(parcel, judgment.delay);
            }
            Fate::Hold(rule) => state.held.keep(
                rule,
                HeldFrame {
                    connection: connection.id,
                    end,
                    parcel,
                },
            ),
        }
        judgment.fate
    }

    /// A node closed its end. Says whether the other one may learn of it.
    fn closed(&self, connection: &Connection, end: usize) -> bool {
        let mut state = self.state();
        if !state.connections.contains_key(&connection.id) {
            return false;
        }
        let (by, to) = connection.names(end);
        if connection.close_first() {
            state.faults.closed(connection.id, Some(by));
            if connection.was_link() {
                state.books.lost(by, to);
            }
        }
        state.faults.passes_close(connection.id, by, to)
    }
}

impl State {
    /// Whether a node has sent so much that no more of it is read.
    fn floods(&self, node: &NodeName) -> bool {
        self.books.sent_by(node) > MAX_READ
    }

    /// Takes note of a frame that was just judged, and so is the last one in the record.
    fn notice(&mut self, connection: &Connection, end: usize, body: &Bytes) {
        let Some(Event::Frame(seen)) = self.faults.record().last() else {
            return;
        };
        self.books.frame(seen, body);
        let kind = seen.kind;
        let nth = connection.count(end, kind == Kind::Goodbye);
        if kind == Kind::Other && nth > HANDSHAKE {
            let (from, to) = connection.names(end);
            let text = format!(
                "{from} sent {to} something that is not a frame ({} bytes)",
                body.len()
            );
            self.faults.record_mut().note(text);
        }
    }

    fn cut_between(&mut self, a: &NodeName, b: &NodeName) {
        let cut: Vec<ConnectionId> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.is_between(a, b))
            .map(|(&id, _)| id)
            .collect();
        self.cut_all(cut);
    }

    /// Closes connections for both ends at once; what is under way is lost.
    fn cut_all(&mut self, connections: Vec<ConnectionId>) {
        for id in connections {
            if let Some(connection) = self.connections.remove(&id) {
                connection.cut();
                if connection.close_first() {
                    self.faults.closed(id, None);
                }
            }
        }
    }
}

/// What the directory is told to answer.
struct Signposts(Arc<Wiring>);

impl Resolve for Signposts {
    fn answer(
        &self,
        asker: Option<&NodeName>,
        wanted: &NodeName,
        registered: SocketAddr,
    ) -> SocketAddr {
        match asker {
            Some(asker) if *asker != self.0.manager && *wanted != self.0.manager => {
                self.0.door(asker, wanted)
            }
            _ => registered,
        }
    }

    fn admits(&self, name: &NodeName, address: &str, proof: &[u8]) -> bool {
        directory::proves(&self.0.cookie, name, address, proof)
    }

    fn registered(&self, name: &NodeName, address: SocketAddr) {
        self.0.state().places.insert(name.clone(), address);
    }

    fn gone(&self, name: &NodeName) {
        self.0.state().places.remove(name);
    }

    fn crowded(&self) {
        self.0.state().books.crowd();
    }
}

/// Listens without waiting: the directory asks for it in the middle of an answer.
fn open_door() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Takes what arrives at the door of a pair of nodes.
async fn serve(wiring: Arc<Wiring>, listener: TcpListener, (from, to): (NodeName, NodeName)) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! { biased;
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection::carry(
                    Arc::clone(&wiring),
                    stream,
                    from.clone(),
                    to.clone(),
                ));
            }
            // Most likely out of file descriptors: trying again at once would only waste time.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

#[cfg(test)]
mod tests;
