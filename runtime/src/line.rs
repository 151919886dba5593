//! One connection to one other node, and how a node learns that the other is gone.
//!
//! What is sent over it arrives in order and at most once: frames that are lost with the connection
//! are not sent again, because neither side can know which of them arrived.
//!
//! There are two ways to learn that the other node is gone. The connection *closes*: the other process
//! ended, or the network said so; that is seen at once. Or there is *silence*: the machine lost
//! its power, the cable was cut, the process is paused. Then no event happens here at all, and
//! only a clock can tell. So each side sends a tick when it has had nothing else to send for a
//! while, and gives the other up when it has heard nothing, ticks included, for the *tick time*.
//! Either way the verdict is a guess: the other node may be alive and well behind a broken
//! network, and think the same of us.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::error::{ConnectError, ConnectionLoss};
use crate::handshake::Identity;
use crate::name::NodeName;
use crate::net::{ConnError, ConnReader, ConnWriter};
use crate::wire::{self, Batch, Frame, Header, NoAnswer, Target};

/// A sender waits while more than this many bytes wait to be written.
const ROOM: usize = 4 << 20;

/// Silence is judged in this many steps, so that one long pause of *this* process, which delays
/// all its clocks, is one step and not the whole tick time.
const STEPS: u32 = 4;

/// How long a connection that is closed on purpose may take to send what is still waiting.
const FLUSH: Duration = Duration::from_secs(1);

/// What may be sent to one node, from the first wish to connect until the connection is gone.
///
/// The line exists before its connection does: what is sent meanwhile waits here. When the
/// connection is made the line *opens*; when it fails or is lost the line *closes*, for good. A
/// later connection to the same node is another line.
pub(crate) struct Line {
    peer: NodeName,
    id: u64,
    frame_limit: usize,
    identity: OnceLock<Identity>,
    out: Mutex<Outbox>,
    /// Wakes the writer: there is something to write, or the line closed.
    written: Notify,
    /// Wakes senders that wait for room.
    room: Notify,
    closed: AtomicBool,
    state: watch::Sender<LineState>,
    calls: Mutex<BTreeMap<u64, oneshot::Sender<Answer>>>,
    /// Processes here that the other node watches: number of the watch → serial, and whether
    /// they are linked.
    pub(crate) watched: Mutex<BTreeMap<u64, (u64, bool)>>,
}

/// The result of a call, as its caller learns it.
pub(crate) enum Answer {
    /// A value from this node.
    Value(Box<dyn Any + Send>),
    /// A value that came over a connection.
    Encoded(Bytes),
    /// Notice from the called node that there will be no answer.
    None(NoAnswer),
    /// The connection was lost, or was never made.
    Lost(NotReached),
}

/// How far a call got before its connection failed.
#[derive(Debug, Clone)]
pub(crate) enum NotReached {
    /// No connection was made: the call did not leave this node.
    NotConnected(String),
    /// There was a connection, and the call may have gone through it.
    Down,
}

#[derive(Default)]
struct Outbox {
    batch: Batch,
    closed: bool,
}

/// How far a line has got.
#[derive(Debug, Clone)]
pub(crate) enum LineState {
    Opening,
    Open,
    Closed(ConnectError),
}

impl Line {
    pub(crate) fn new(peer: NodeName, id: u64, frame_limit: usize) -> Arc<Self> {
        Arc::new(Line {
            peer,
            id,
            frame_limit,
            identity: OnceLock::new(),
            out: Mutex::default(),
            written: Notify::new(),
            room: Notify::new(),
            closed: AtomicBool::new(false),
            state: watch::Sender::new(LineState::Opening),
            calls: Mutex::default(),
            watched: Mutex::default(),
        })
    }

    pub(crate) fn peer(&self) -> &NodeName {
        &self.peer
    }

    /// Tells this line from earlier and later ones to the same node.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The node at the other end, once it has proved its identity.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.get()
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.identity().is_some_and(|identity| identity.hidden)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The most bytes that a payload may have: the limit for frames, less room for a header.
    pub(crate) fn longest_payload(&self) -> usize {
        self.frame_limit - 1024
    }

    /// Appends a frame to what waits to be written. False if the line is closed.
    pub(crate) fn push(&self, clock: u64, header: &Header, payload: &Bytes) -> bool {
        let mut out = self.out.lock().unwrap();
        if out.closed {
            return false;
        }
        let was_empty = !out.batch.has_remaining();
        out.batch.put_frame(clock, header, payload);
        drop(out);
        if was_empty {
            self.written.notify_one();
        }
        true
    }

    /// Sends a call; its fate comes over `caller`, whatever it is.
    pub(crate) fn push_call(
        &self,
        call: u64,
        clock: u64,
        to: Target,
        payload: &Bytes,
        caller: oneshot::Sender<Answer>,
    ) {
        self.calls.lock().unwrap().insert(call, caller);
        if !self.push(clock, &Header::Call(to, call), payload) {
            self.fail_calls();
        }
    }

    /// The caller no longer waits: a late answer will be dropped.
    pub(crate) fn forget_call(&self, call: u64) {
        self.calls.lock().unwrap().remove(&call);
    }

    pub(crate) fn answer_call(&self, call: u64, answer: Answer) {
        if let Some(caller) = self.calls.lock().unwrap().remove(&call) {
            let _ = caller.send(answer);
        }
    }

    /// Waits until there is room for more to be written. A closed line always has room: what is sent
    /// over it is lost anyway.
    pub(crate) async fn has_room(&self) {
        loop {
            let notified = self.room.notified();
            {
                let out = self.out.lock().unwrap();
                if out.closed || out.batch.remaining() < ROOM {
                    return;
                }
            }
            notified.await;
        }
    }

    /// Waits until the line is open.
    pub(crate) async fn opened(&self) -> Result<(), ConnectError> {
        let mut state = self.state.subscribe();
        let state = state
            .wait_for(|state| !matches!(state, LineState::Opening))
            .await;
        match state.as_deref() {
            Ok(LineState::Closed(error)) => Err(error.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err(ConnectError::Lost(ConnectionLoss::Stopped)),
        }
    }

    pub(crate) fn open(&self, identity: Identity) {
        let _ = self.identity.set(identity);
        self.state.send_replace(LineState::Open);
    }

    /// How far it gets from here on: every step on the way, and the end of it.
    pub(crate) fn progress(&self) -> watch::Receiver<LineState> {
        self.state.subscribe()
    }

    /// A step toward a connection was made: callers that follow the progress look again.
    pub(crate) fn stepped(&self) {
        self.state.send_modify(|_| {});
    }

    /// Closes the line and fails its calls. Only the first closing counts; returns whether it was
    /// this one.
    pub(crate) fn close(&self, why: ConnectError) -> bool {
        self.close_after(why, |_| {})
    }

    /// Closes the line on purpose, with a goodbye as the last that is sent.
    ///
    /// Both happen in one step. If the goodbye were sent first, the other node could answer it by closing
    /// the connection, and this node would take that for the cause of the loss. If the line were closed
    /// first, the writer could finish before the goodbye exists.
    pub(crate) fn part(&self, why: ConnectError, clock: u64) -> bool {
        self.close_after(why, |batch| {
            batch.put_frame(clock, &Header::Goodbye, &Bytes::new());
        })
    }

    fn close_after(&self, why: ConnectError, last_words: impl FnOnce(&mut Batch)) -> bool {
        {
            let mut out = self.out.lock().unwrap();
            if self.closed.swap(true, Ordering::AcqRel) {
                return false;
            }
            last_words(&mut out.batch);
            out.closed = true;
        }
        self.state.send_replace(LineState::Closed(why));
        self.fail_calls();
        self.written.notify_one();
        self.room.notify_waiters();
        true
    }

    fn fail_calls(&self) {
        let why = match (&*self.state.borrow(), self.identity()) {
            (LineState::Closed(ConnectError::Lost(_)), Some(_)) => NotReached::Down,
            (LineState::Closed(error), _) => NotReached::NotConnected(error.to_string()),
            (LineState::Opening | LineState::Open, _) => return,
        };
        for (_, caller) in std::mem::take(&mut *self.calls.lock().unwrap()) {
            let _ = caller.send(Answer::Lost(why.clone()));
        }
    }

    async fn closing(&self) {
        let mut state = self.state.subscribe();
        let _ = state
            .wait_for(|state| matches!(state, LineState::Closed(_)))
            .await;
    }

    fn take_output(&self) -> Batch {
        std::mem::take(&mut self.out.lock().unwrap().batch)
    }
}

/// Writes what is pushed into the line, many frames at a time, and ticks when there is nothing.
pub(crate) async fn write(line: Arc<Line>, mut writer: ConnWriter, tick_time: Duration) {
    let mut ticks = interval(tick_time / STEPS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said_something = false;
    while !line.is_closed() {
        let batch = line.take_output();
        if batch.has_remaining() {
            said_something = true;
            tokio::select! { biased;
                sent = writer.send(batch) => if sent.is_err() { return }, // The reader will say why.
                () = line.closing() => return,
            }
            line.room.notify_waiters();
            continue;
        }
        tokio::select! { biased;
            () = line.written.notified() => {}
            _ = ticks.tick() => {
                if !said_something {
                    line.push(0, &Header::Tick, &Bytes::new());
                }
                said_something = false;
            }
        }
    }
    // A connection that is closed on purpose first delivers what it was given, its goodbye above
    // all. Why it is closed is known a moment after it is.
    line.closing().await;
    let on_purpose = matches!(
        &*line.state.borrow(),
        LineState::Closed(ConnectError::Lost(ConnectionLoss::Disconnected))
    );
    let rest = line.take_output();
    if on_purpose && rest.has_remaining() {
        let _ = timeout(FLUSH, writer.send(rest)).await;
    }
}

/// Reads frames and hands each to `deliver`, until the connection is lost; returns how.
pub(crate) async fn read(
    line: Arc<Line>,
    mut reader: ConnReader,
    tick_time: Duration,
    mut deliver: impl FnMut(Frame) -> Result<(), ConnectionLoss>,
) -> ConnectionLoss {
    let mut steps = interval(tick_time / STEPS);
    // After a pause of this process the first step comes at once and the next ones in due time:
    // meanwhile the socket is drained, and what waited in it has been heard.
    steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    steps.reset();
    let mut silent_steps = 0;
    loop {
        tokio::select! { biased;
            () = line.closing() => return ConnectionLoss::Stopped, // Closed from this side: the closer said why.
            received = reader.recv() => {
                silent_steps = 0;
                let frame = match received {
                    Ok(bytes) => wire::read_frame(bytes),
                    Err(error @ ConnError::TooLong { .. }) => return ConnectionLoss::Protocol(error.to_string()),
                    Err(error) => return ConnectionLoss::Closed(error.to_string()),
                };
                match frame {
                    // A line that has been replaced meanwhile delivers nothing anymore.
                    Ok(_) if line.is_closed() => return ConnectionLoss::Replaced,
                    Ok(frame) => if let Err(loss) = deliver(frame) { return loss },
                    Err(malformed) => return ConnectionLoss::Protocol(malformed.to_string()),
                }
            }
            _ = steps.tick() => {
                silent_steps += 1;
                if silent_steps > STEPS {
                    return ConnectionLoss::Silence;
                }
            }
        }
    }
}

/// Numbers that are unique within one start of a node: lines, processes, calls, watches.
#[derive(Debug, Default)]
pub(crate) struct Numbers(AtomicU64);

impl Numbers {
    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}
