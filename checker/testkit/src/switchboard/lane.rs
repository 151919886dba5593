//! One direction of a connection: what was read from the sender and waits for the receiver.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use runtime::net::faults::EntryId;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How many bytes may wait before we stop reading from the sender, which then has to wait as it
/// would before any slow receiver.
const ROOM: usize = 4 << 20;

/// How many bytes are written at once.
const BATCH: usize = 256 << 10;

/// A frame under way, without its length prefix, and its place in the record.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) body: Bytes,
    pub(super) entry: EntryId,
}

/// A queue in which nothing overtakes what came before it.
pub(super) struct Lane {
    queue: Mutex<Queue>,
    readable: Notify,
    writable: Notify,
}

struct Queue {
    items: VecDeque<Item>,
    /// Waiting, or being written.
    bytes: usize,
    writing: usize,
    /// When the last item may be delivered.
    last: Instant,
}

struct Item {
    due: Instant,
    /// `None`: the sender closed.
    parcel: Option<Parcel>,
}

/// What is to be written next.
pub(super) enum Next {
    /// Frames with their prefixes, and their places in the record.
    Batch(BytesMut, Vec<EntryId>),
    /// The sender closed.
    Close,
}

impl Lane {
    pub(super) fn new() -> Self {
        Lane {
            queue: Mutex::new(Queue {
                items: VecDeque::new(),
                bytes: 0,
                writing: 0,
                last: Instant::now(),
            }),
            readable: Notify::new(),
            writable: Notify::new(),
        }
    }

    /// Puts a frame under way, behind all that are.
    pub(super) fn push(&self, parcel: Parcel, delay: Duration) {
        self.put(Some(parcel), delay);
    }

    /// Tells the receiver, after all that is under way, that the sender closed.
    pub(super) fn push_close(&self) {
        self.put(None, Duration::ZERO);
    }

    /// How many frames wait or are being written.
    pub(super) fn in_flight(&self) -> usize {
        let queue = self.queue();
        queue.writing
            + queue
                .items
                .iter()
                .filter(|item| item.parcel.is_some())
                .count()
    }

    /// Waits until there is room, or none is needed.
    pub(super) async fn room(&self, not_needed: impl Fn() -> bool) {
        while self.queue().bytes >= ROOM && !not_needed() {
            self.writable.notified().await;
        }
    }

    /// Makes [`room`](Self::room) look again.
    pub(super) fn wake(&self) {
        self.writable.notify_one();
    }

    /// What is due next. To be followed by [`written`](Self::written).
    pub(super) async fn next(&self) -> Next {
        loop {
            let due = {
                let mut queue = self.queue();
                match queue.items.front() {
                    None => None,
                    Some(item) if item.due > Instant::now() => Some(item.due),
                    Some(_) => return queue.take_due(),
                }
            };
            match due {
                None => self.readable.notified().await,
                Some(due) => sleep_until(due).await,
            }
        }
    }

    /// What [`next`](Self::next) gave is written, or given up.
    pub(super) fn written(&self, bytes: usize) {
        let mut queue = self.queue();
        queue.bytes = queue.bytes.saturating_sub(bytes);
        queue.writing = 0;
        drop(queue);
        self.writable.notify_one();
    }

    fn put(&self, parcel: Option<Parcel>, delay: Duration) {
        let mut queue = self.queue();
        queue.last = queue.last.max(Instant::now() + delay);
        queue.bytes += parcel.as_ref().map_or(0, |parcel| parcel.body.len() + 4);
        let due = queue.last;
        queue.items.push_back(Item { due, parcel });
        drop(queue);
        self.readable.notify_one();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn take_due(&mut self) -> Next {
        let now = Instant::now();
        let mut batch = BytesMut::new();
        let mut entries = Vec::new();
        while let Some(item) = self.items.pop_front_if(|item| item.due <= now) {
            let Some(Parcel { body, entry }) = item.parcel else {
                if entries.is_empty() {
                    return Next::Close;
                }
                self.items.push_front(item);
                break;
            };
            // A frame was read with a limit far below what the prefix can hold.
            batch.put_u32(u32::try_from(body.len()).unwrap_or(u32::MAX));
            batch.put_slice(&body);
            entries.push(entry);
            if batch.len() >= BATCH {
                break;
            }
        }
        self.writing = entries.len();
        Next::Batch(batch, entries)
    }
}
