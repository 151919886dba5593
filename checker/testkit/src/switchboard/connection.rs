//! One connection through the switchboard, from the node that dialed to the one that is meant.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use runtime::NodeName;
use runtime::net::ConnError;
use runtime::net::faults::{ConnectionId, Fate};
use runtime::net::frames::{TcpReader, TcpWriter, halves};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::Wiring;
use super::lane::{Lane, Next};
use crate::network::HANDSHAKE;

/// The longest frame that is passed on: more than a node takes.
const LONGEST: usize = 64 << 20;

/// How long connecting to a node of this machine may take.
const DIAL: Duration = Duration::from_secs(5);

/// How long a node that was told that the other end closed may go on sending. What it still
/// says reaches nobody, but closing on it would take away what it has yet to read.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A connection. End 0 dialed, end 1 was dialed; lane 0 is what end 0 sends.
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) lanes: [Lane; 2],
    names: [NodeName; 2],
    frames: [AtomicUsize; 2],
    goodbye: AtomicBool,
    closed: AtomicBool,
    cut: Notify,
}

impl Connection {
    /// Who sends what the lane of this end carries, and to whom.
    pub(super) fn names(&self, end: usize) -> (&NodeName, &NodeName) {
        (&self.names[end], &self.names[1 - end])
    }

    pub(super) fn is_between(&self, a: &NodeName, b: &NodeName) -> bool {
        matches!(&self.names, [one, other] if (one, other) == (a, b) || (one, other) == (b, a))
    }

    pub(super) fn in_flight(&self) -> usize {
        self.lanes.iter().map(Lane::in_flight).sum()
    }

    /// Closes it for both ends at once.
    pub(super) fn cut(&self) {
        self.cut.notify_one();
    }

    pub(super) fn wake(&self) {
        self.lanes.iter().for_each(Lane::wake);
    }

    /// Whether this closing is the first.
    pub(super) fn close_first(&self) -> bool {
        !self.closed.swap(true, Ordering::Relaxed)
    }

    /// Counts a frame of an end, and says which it was.
    pub(super) fn count(&self, end: usize, goodbye: bool) -> usize {
        if goodbye {
            self.goodbye.store(true, Ordering::Relaxed);
        }
        self.frames[end].fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether the handshake was done, and no node then closed the connection on purpose.
    pub(super) fn was_link(&self) -> bool {
        let over = |end: usize| self.frames[end].load(Ordering::Relaxed) > HANDSHAKE;
        (over(0) || over(1)) && !self.goodbye.load(Ordering::Relaxed)
    }
}

/// Carries a connection from its first byte to its end.
pub(super) async fn carry(wiring: Arc<Wiring>, stream: TcpStream, from: NodeName, to: NodeName) {
    let connection = {
        let mut state = wiring.state();
        let Some(id) = state.faults.open(&from, &to) else {
            return;
        };
        let connection = Arc::new(Connection {
            id,
            lanes: [Lane::new(), Lane::new()],
            names: [from, to],
            frames: Default::default(),
            goodbye: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            cut: Notify::new(),
        });
        state.connections.insert(id, Arc::clone(&connection));
        connection
    };
    let carrier = Carrier {
        wiring: &wiring,
        connection: &connection,
    };
    tokio::select! { biased;
        () = connection.cut.notified() => {}
        () = carrier.run(stream) => {}
    }
    let mut state = wiring.state();
    state.connections.remove(&connection.id);
    if connection.close_first() {
        state.faults.closed(connection.id, None);
    }
}

struct Carrier<'a> {
    wiring: &'a Wiring,
    connection: &'a Connection,
}

impl Carrier<'_> {
    async fn run(&self, stream: TcpStream) {
        let (mut from_dialler, to_dialler) = halves(stream);
        from_dialler.set_limit(LONGEST);
        let Some(wanted) = self.reach(&mut from_dialler).await else {
            return;
        };
        let (mut from_wanted, to_wanted) = halves(wanted);
        from_wanted.set_limit(LONGEST);

        let taking = async {
            let passed = tokio::join!(
                self.take_in(0, &mut from_dialler),
                self.take_in(1, &mut from_wanted)
            );
            // A close that was passed on arrives after all that was sent before it.
            if passed != (false, false) {
                std::future::pending::<()>().await;
            }
        };
        let giving = async {
            tokio::select! {
                () = self.give_out(0, to_wanted) => {}
                () = self.give_out(1, to_dialler) => {}
            }
        };
        tokio::pin!(taking);
        tokio::select! { biased;
            () = giving => {}
            () = &mut taking => return,
        }
        let _ = timeout(LAST_WORDS, taking).await;
    }

    /// Connects to the node that is wanted, as soon as there is a frame for it.
    async fn reach(&self, from_dialler: &mut TcpReader) -> Option<TcpStream> {
        loop {
            let Some(body) = self.receive(0, from_dialler).await else {
                self.wiring.closed(self.connection, 0);
                return None;
            };
            if matches!(
                self.wiring.take(self.connection, 0, body),
                Fate::Deliver | Fate::Duplicate
            ) {
                break;
            }
        }
        let (from, to) = self.connection.names(0);
        let place = self.wiring.state().places.get(to).copied()?;
        match timeout(DIAL, TcpStream::connect(place)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                let text = format!(
                    "the connection from {from} to {to} was not made: connecting to {place}: {error}"
                );
                self.wiring.state().faults.record_mut().note(text);
                None
            }
            Err(_) => None,
        }
    }

    /// Reads what an end sends until it closes. Says whether that is passed on.
    async fn take_in(&self, end: usize, reader: &mut TcpReader) -> bool {
        let (from, to) = self.connection.names(end);
        let lane = &self.connection.lanes[end];
        loop {
            lane.room(|| self.wiring.state().faults.is_blackhole(from, to))
                .await;
            if self.wiring.state().floods(from) {
                // Nothing can be learned from more of it, and the machine is for others as well.
                // The sender blocks as soon as its line is full, and the story is ended.
                std::future::pending::<()>().await;
            }
            match self.receive(end, reader).await {
                Some(body) => drop(self.wiring.take(self.connection, end, body)),
                None => {
                    let passed = self.wiring.closed(self.connection, end);
                    if passed {
                        lane.push_close();
                    }
                    return passed;
                }
            }
        }
    }

    async fn receive(&self, end: usize, reader: &mut TcpReader) -> Option<bytes::Bytes> {
        match reader.recv().await {
            Ok(body) => Some(body),
            Err(error) => {
                if matches!(error, ConnError::TooLong { .. }) {
                    let (from, to) = self.connection.names(end);
                    self.wiring
                        .state()
                        .faults
                        .record_mut()
                        .note(format!("{from} broke its connection to {to}: {error}"));
                }
                None
            }
        }
    }

    /// Writes what is due to the other end, until the sender closed.
    async fn give_out(&self, end: usize, mut writer: TcpWriter) {
        let lane = &self.connection.lanes[end];
        let mut gone = false;
        loop {
            match lane.next().await {
                Next::Close => break writer.finish().await,
                Next::Batch(batch, entries) => {
                    let bytes = batch.len();
                    // A receiver that is gone is noticed where it is read from. Until its close
                    // may be passed on, what is sent to it is lost in silence.
                    gone = gone || writer.send(batch).await.is_err();
                    if !gone {
                        let mut state = self.wiring.state();
                        if state.connections.contains_key(&self.connection.id) {
                            entries
                                .into_iter()
                                .for_each(|entry| state.faults.delivered(entry));
                        }
                    }
                    lane.written(bytes);
                }
            }
        }
    }
}
