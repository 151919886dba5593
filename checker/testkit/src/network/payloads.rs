//! What the messages said that passed lately, for the pictures that explain a failure.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use runtime::net::faults::{ConnectionId, FrameSeen};
use runtime::{NodeName, wire};

/// How many messages are remembered.
const MESSAGES: usize = 8192;

/// Longer ones are not: they would not fit into a picture.
const LONGEST: usize = 4096;

/// The last short messages. The record only knows their names.
#[derive(Default)]
pub struct Payloads {
    frames: BTreeMap<Key, Bytes>,
    order: VecDeque<Key>,
}

/// A sender's clock never shows the same time twice.
type Key = (ConnectionId, NodeName, u64);

impl Payloads {
    /// The payload of a message in the record, if it is still remembered.
    pub fn of(&self, seen: &FrameSeen) -> Option<Bytes> {
        let body = self
            .frames
            .get(&(seen.connection, seen.from.clone(), seen.clock))?;
        wire::read_frame(body.clone())
            .ok()
            .map(|frame| frame.payload)
    }

    pub(crate) fn keep(
        &mut self,
        connection: ConnectionId,
        from: &NodeName,
        clock: u64,
        body: &Bytes,
    ) {
        if body.len() > LONGEST {
            return;
        }
        let key = (connection, from.clone(), clock);
        // A copy: the frame is a slice of a large buffer, which would live as long as it does.
        self.frames
            .insert(key.clone(), Bytes::copy_from_slice(body));
        self.order.push_back(key);
        if self.order.len() > MESSAGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.frames.remove(&oldest);
        }
    }
}
