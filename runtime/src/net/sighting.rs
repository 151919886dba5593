//! What an observer can see of a frame without knowing the program.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::record::Kind;
use crate::name::NodeName;
use crate::wire::{self, Header, Target};

/// How many unanswered calls are remembered, to find the call that an answer belongs to.
const CALLS: usize = 65_536;

/// What rules and records want to know of a frame.
pub(super) struct Sighting {
    pub(super) kind: Kind,
    pub(super) server: Option<String>,
    pub(super) message: Option<String>,
    pub(super) call: Option<u64>,
    pub(super) clock: u64,
    pub(super) is_bookkeeping: bool,
    pub(super) payload: Bytes,
}

impl Sighting {
    fn unknown() -> Self {
        Sighting {
            kind: Kind::Other,
            server: None,
            message: None,
            call: None,
            clock: 0,
            is_bookkeeping: true,
            payload: Bytes::new(),
        }
    }
}

/// The calls that wait for an answer: an answer only carries the number of its call.
#[derive(Debug, Default)]
pub(super) struct Calls {
    waiting: BTreeMap<(NodeName, NodeName, u64), Asked>,
    /// Oldest first, also of those that were answered since.
    order: VecDeque<(NodeName, NodeName, u64)>,
}

#[derive(Debug)]
struct Asked {
    server: Option<String>,
    message: Option<String>,
    is_bookkeeping: bool,
}

impl Calls {
    /// Reads a frame's header, and of its message only the name.
    pub(super) fn identify(&mut self, from: &NodeName, to: &NodeName, body: &Bytes) -> Sighting {
        let Ok(frame) = wire::read_frame(body.clone()) else {
            return Sighting::unknown();
        };
        let mut seen = Sighting {
            kind: kind_of(&frame.header),
            server: None,
            message: None,
            call: None,
            clock: frame.clock,
            is_bookkeeping: frame.header.is_bookkeeping(),
            payload: frame.payload,
        };
        match frame.header {
            Header::Cast(target) => {
                seen.server = server_name(target);
                seen.message = variant(&seen.payload);
            }
            Header::Call(target, number) => {
                seen.server = server_name(target);
                seen.message = variant(&seen.payload);
                seen.call = Some(number);
                self.remember(from, to, number, &seen);
            }
            Header::Answer(number) | Header::NoAnswer(number, _) => {
                seen.call = Some(number);
                self.attribute(to, from, number, &mut seen);
            }
            _ => {}
        }
        seen
    }

    fn remember(&mut self, caller: &NodeName, called: &NodeName, number: u64, seen: &Sighting) {
        let key = (caller.clone(), called.clone(), number);
        let asked = Asked {
            server: seen.server.clone(),
            message: seen.message.clone(),
            is_bookkeeping: seen.is_bookkeeping,
        };
        self.waiting.insert(key.clone(), asked);
        self.order.push_back(key);
        if self.order.len() > CALLS
            && let Some(oldest) = self.order.pop_front()
        {
            self.waiting.remove(&oldest);
        }
    }

    /// Says whose answer it is. One to a call that was not seen is left alone by rules: it might
    /// belong to the runtime.
    fn attribute(
        &mut self,
        caller: &NodeName,
        called: &NodeName,
        number: u64,
        seen: &mut Sighting,
    ) {
        match self
            .waiting
            .remove(&(caller.clone(), called.clone(), number))
        {
            Some(asked) => {
                seen.server = asked.server;
                seen.message = asked.message;
                seen.is_bookkeeping = asked.is_bookkeeping;
            }
            None => seen.is_bookkeeping = true,
        }
    }
}

fn server_name(target: Target) -> Option<String> {
    match target {
        Target::Name(name) => Some(name),
        Target::Process(..) => None,
    }
}

fn kind_of(header: &Header) -> Kind {
    match header {
        Header::Cast(_) => Kind::Cast,
        Header::Call(..) => Kind::Call,
        Header::Answer(_) => Kind::Answer,
        Header::NoAnswer(..) => Kind::NoAnswer,
        Header::Tick => Kind::Tick,
        Header::Watch(..) | Header::Unwatch(_) | Header::Ended(..) => Kind::Watch,
        Header::Exit(..) => Kind::Exit,
        Header::Mesh(_) => Kind::Mesh,
        Header::Goodbye => Kind::Goodbye,
        #[allow(unreachable_patterns, reason = "kinds may be added to the protocol")]
        _ => Kind::Other,
    }
}

/// The variant of an enum in CBOR: its name alone, or a map with its name as the only key.
///
/// Only the first bytes are looked at, so that a message of a megabyte costs no more than others.
fn variant(payload: &[u8]) -> Option<String> {
    let text = match payload {
        [0xa1, rest @ ..] => rest,
        all => all,
    };
    let name = match text {
        [head @ 0x60..=0x77, rest @ ..] => rest.get(..usize::from(head - 0x60)),
        [0x78, length, rest @ ..] => rest.get(..usize::from(*length)),
        _ => None,
    };
    std::str::from_utf8(name?).ok().map(str::to_owned)
}
